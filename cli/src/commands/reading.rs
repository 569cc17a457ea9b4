//! Bodies of a storefront that come from a person and not from the storefront: read by the same adapters as a delivery, and
//! good for questions only, because nobody has signed them.

use http::HeaderMap;
use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::storefront::{Delivery, FieldNames, Host, Outcome, ReceiveError, ShopKeys, read_unverified, sign};
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::field_names;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::words::text;

/// Signs nothing that anybody would take; the headers of a delivery are made with it.
const NO_SECRET: &str = "whsec_bm9ib2R5IGV2ZXIgdGFrZXMgdGhpcyBzZWNyZXQ=";

/// What a body comes to.
pub(super) enum Read {
    Events(Vec<OrderEvent>),
    /// Nothing for us, and why.
    Nothing(String),
    /// It would be parked, and why.
    NotUnderstood(String),
}

/// The names of properties, from the catalog that is deployed or from another one.
pub(super) async fn names(backend: &Backend, other: Option<&str>) -> Result<FieldNames, Failure> {
    let asked;
    let catalog = match other {
        Some(other) => other,
        None => {
            asked = backend.ask(&json!({ "catalog": {} })).await?;
            text(&asked, "catalog")
        }
    };
    field_names(catalog).map_err(|reason| {
        Failure::new(format_args!("the catalog cannot be used: {reason}")).hint("reseller catalog check FILE")
    })
}

/// The topic of a changed order, where the storefront says it beside the body.
pub(super) const fn usual_topic(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Shopify => "orders/updated",
        StorefrontKind::Woocommerce => "order.updated",
        StorefrontKind::Stripe | StorefrontKind::Standard | StorefrontKind::Wix => "",
    }
}

/// Reads a body as a delivery of the storefront.
pub(super) fn read(
    kind: StorefrontKind,
    shop: Option<&str>,
    topic: &str,
    body: &str,
    names: &FieldNames,
    now: Timestamp,
) -> Result<Read, Failure> {
    let name = shop.map(str::parse).transpose();
    let name = name.map_err(|error| Failure::with(Exit::Usage, format_args!("--shop: {error}")))?;
    let wrapped;
    let payload = if kind == StorefrontKind::Wix {
        let site = shop.ok_or_else(|| {
            Failure::with(Exit::Usage, "an order of Wix is known by its site, too")
                .hint("say --shop with the ID of the app's instance, as it stands in the orders' keys: wix/SITE/ORDER")
        })?;
        let event_type = sign::wix_event_type(body)
            .ok_or_else(|| Failure::new("this is no event of Wix: it has no entityFqdn and slug"))?;
        wrapped = json!({ "data": body, "instanceId": site, "eventType": event_type }).to_string();
        wrapped.as_bytes()
    } else {
        body.as_bytes()
    };
    let mut headers = HeaderMap::new();
    for (name, value) in sign::sign(kind, NO_SECRET, payload, topic, now).map_err(Failure::new)? {
        headers.insert(name, value.parse().map_err(Failure::new)?);
    }
    let delivery = Delivery {
        headers: &headers,
        body: payload,
        received_at: now,
    };
    let keys = ShopKeys {
        hosts: named_hosts(kind, body),
        ..ShopKeys::new(if kind == StorefrontKind::Wix { None } else { name }, Vec::new())
    };
    Ok(match read_unverified(kind, &delivery, &keys, payload, names) {
        Ok(Outcome::Events(events)) => Read::Events(events.into_iter().map(|(event, _)| event).collect()),
        Ok(Outcome::Nothing(reason)) => Read::Nothing(reason.into_owned()),
        Err(ReceiveError::NotUnderstood { reason } | ReceiveError::Malformed { reason }) => Read::NotUnderstood(reason),
        Err(error @ ReceiveError::Unverified(_)) => Read::NotUnderstood(error.to_string()),
    })
}

/// The hosts that a body of `WooCommerce` names. Whether it is the shop's own or a copy's is looked at when it is delivered, with
/// the secret's hosts.
fn named_hosts(kind: StorefrontKind, body: &str) -> Vec<Host> {
    if kind != StorefrontKind::Woocommerce {
        return Vec::new();
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let addresses = ["/_links/self/0/href", "/payment_url"].map(|member| body.pointer(member).and_then(Value::as_str));
    let hosts = addresses.into_iter().flatten().map(str::parse);
    hosts.filter_map(Result::ok).collect()
}

/// Events as a question takes them.
pub(super) fn as_values(events: &[OrderEvent]) -> Result<Vec<Value>, Failure> {
    let parsed = events.iter().map(|event| serde_json::from_str(&event.to_json()));
    parsed.collect::<Result<_, _>>().map_err(Failure::new)
}
