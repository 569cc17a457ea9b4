//! What Wix stores say, from the signed token to what Wix and the ledger then hold.

mod lines;
mod payments;
mod subscriptions;

use reseller_hooks::order::StorefrontKind::Wix;

use super::shop::{Body, Shop};

/// The order of the samples: two plans of one line, for one site.
const KEY: &str = "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77";
/// Where the order stands in an event.
const ORDER: &str = "/actionEvent/body/order";

fn shop(skus: &[&str]) -> Shop {
    Shop::selling(Wix, skus)
}

/// Two plans, paid.
fn paid() -> Body {
    let body = Body::of(include_str!(
        "../../../../events/wix/order_payment_status_updated_paid.json"
    ));
    let line = body.at("/actionEvent/body/order/lineItems/0");
    body.with("/actionEvent/body/order/lineItems", vec![line])
}

/// The same event with other values in its order, by their names.
fn changed(body: Body, updated: &str, values: &serde_json::Value) -> Body {
    let values = values.as_object().expect("an object");
    let body = body.with(&format!("{ORDER}/updatedDate"), updated);
    values.iter().fold(body, |body, (name, value)| {
        body.with(&format!("{ORDER}/{name}"), value.clone())
    })
}

fn key(id: &str) -> String {
    format!("wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/{id}")
}
