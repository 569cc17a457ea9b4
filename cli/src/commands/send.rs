//! `send`: a sample delivery, signed as the storefront would sign it.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::sign;
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::as_json;
use crate::arguments::Send;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;

pub(super) async fn run(backend: &Backend, options: &Send, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let kind = options.whose.storefront;
    if kind == StorefrontKind::Wix {
        return Err(Failure::with(
            Exit::Usage,
            "a delivery of Wix is signed with Wix's own key, which nobody else has",
        )
        .hint("change an order in the Wix shop, such as by a note: Wix then sends it"));
    }
    let body = std::fs::read_to_string(&options.event)
        .map_err(|error| Failure::with(Exit::NotFound, format_args!("{}: {error}", options.event.display())))?;
    let now = SystemClock.now();
    let body = if options.as_it_is {
        body
    } else {
        sign::as_of(&body, now)
    };
    let document = backend.storefront_secrets().await?;
    let document: Value = serde_json::from_str(document.expose_secret())
        .map_err(|_| Failure::new("the storefronts' secret is no JSON document: `reseller` cannot sign with it"))?;
    let signer = Signer::of(&document, kind, options.whose.shop.as_deref())?;
    let (status, line) = signer.deliver(backend, &options.topic, &body, now).await?;
    if !as_json(out, &json!({ "schema": 1, "status": status, "answer": line }))? {
        out.line(format_args!("{status} {line}"))?;
    }
    match status {
        200 => Ok(Exit::Done),
        401 => Err(Failure::new("the delivery was not taken for the storefront's own").hint("compare the secrets")),
        _ => Err(Failure::new(format_args!("the delivery was answered {status}"))),
    }
}

/// Signs as a storefront does, and delivers to its address.
pub(super) struct Signer {
    kind: StorefrontKind,
    /// The address below `/webhooks/`, which is how keys of its orders begin, too.
    pub(super) path: String,
    secret: String,
    /// The shop that WooCommerce says it is.
    host: Option<String>,
}

impl Signer {
    /// With the first secret of a storefront's entry, or of a shop's in it.
    pub(super) fn of(document: &Value, kind: StorefrontKind, shop: Option<&str>) -> Result<Self, Failure> {
        let entry = document.pointer(&format!("/storefronts/{kind}"));
        let entry = match shop {
            Some(shop) => entry.and_then(|entry| entry.get("shops")?.get(shop)),
            None => entry,
        };
        let first = |name: &str| entry.and_then(|entry| entry.get(name)?.as_array()?.first()?.as_str());
        let secret = first("secrets").map(str::trim).ok_or_else(|| {
            Failure::with(
                Exit::NotFound,
                format_args!("the storefronts' secret has no secret of {kind}"),
            )
            .hint("put it there (docs/deploy.md, step 5)")
        })?;
        Ok(Self {
            kind,
            path: shop.map_or_else(|| kind.to_string(), |shop| format!("{kind}/{shop}")),
            secret: secret.to_owned(),
            host: first("hosts").map(str::to_owned),
        })
    }

    /// The same with whichever shop there is.
    pub(super) fn any(document: &Value, kind: StorefrontKind) -> Option<Self> {
        let shops = document.pointer(&format!("/storefronts/{kind}/shops"));
        let shop = shops.and_then(|shops| shops.as_object()?.keys().next());
        let of_shop = || Self::of(document, kind, Some(shop?)).ok();
        Self::of(document, kind, None).ok().or_else(of_shop)
    }

    /// Delivers a body: the status, and the line that the storefront gets.
    pub(super) async fn deliver(
        &self,
        backend: &Backend,
        topic: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<(u16, String), Failure> {
        let headers = sign::sign(self.kind, &self.secret, body.as_bytes(), topic, now);
        let mut headers = headers.map_err(Failure::new)?;
        if let Some(host) = &self.host {
            for (name, value) in &mut headers {
                if *name == "x-wc-webhook-source" {
                    *value = format!("https://{host}/");
                }
            }
        }
        backend.deliver(&self.path, &headers, body.to_owned()).await
    }
}
