//! `send`: a sample delivery, signed as the storefront would sign it.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::sign;
use reseller_hooks::time::{Clock as _, SystemClock};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::as_json;
use crate::arguments::Send;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;

pub(super) async fn run(backend: &Backend, options: &Send, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let kind = options.storefront;
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
    let secret = secret(&document, kind, options.shop.as_deref())?;
    let headers = sign::sign(kind, secret, body.as_bytes(), &options.topic, now).map_err(Failure::new)?;
    let path = match &options.shop {
        Some(shop) => format!("{kind}/{shop}"),
        None => kind.to_string(),
    };
    let (status, line) = backend.deliver(&path, &headers, body).await?;
    if !as_json(out, &json!({ "schema": 1, "status": status, "answer": line }))? {
        out.line(format_args!("{status} {line}"))?;
    }
    match status {
        200 => Ok(Exit::Done),
        401 => Err(Failure::new("the delivery was not taken for the storefront's own").hint("compare the secrets")),
        _ => Err(Failure::new(format_args!("the delivery was answered {status}"))),
    }
}

/// The first secret that a storefront's deliveries can be signed with, and the shop that it is of where there are several.
pub(super) fn signer(document: &Value, kind: StorefrontKind) -> Option<(Option<String>, String)> {
    if let Ok(secret) = secret(document, kind, None) {
        return Some((None, secret.to_owned()));
    }
    let shops = document.pointer(&format!("/storefronts/{kind}/shops"))?.as_object()?;
    let shop = shops.keys().next()?;
    let secret = secret(document, kind, Some(shop)).ok()?;
    Some((Some(shop.clone()), secret.to_owned()))
}

/// The first secret of a storefront's entry, or of a shop's in it.
fn secret<'a>(document: &'a Value, kind: StorefrontKind, shop: Option<&str>) -> Result<&'a str, Failure> {
    let entry = document.get("storefronts").and_then(|all| all.get(kind.as_str()));
    let entry = match shop {
        Some(shop) => entry.and_then(|entry| entry.get("shops")?.get(shop)),
        None => entry,
    };
    let secrets = entry.and_then(|entry| entry.get("secrets")?.as_array());
    let first = secrets.and_then(|secrets| secrets.first()?.as_str());
    first.map(str::trim).ok_or_else(|| {
        Failure::with(
            Exit::NotFound,
            format_args!("the storefronts' secret has no secret of {kind}"),
        )
        .hint("put it there (docs/deploy.md, step 5)")
    })
}
