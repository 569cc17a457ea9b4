//! What shops say in our own format, and what BigCommerce says in the same envelope.

mod bigcommerce;
mod orders;
mod reversals;
mod subscriptions;

use reseller_hooks::order::StorefrontKind::Standard;

use super::shop::{Body, Shop};

/// The sample order: two plans of one line, for one site.
const KEY: &str = "standard/1001";

fn shop(skus: &[&str]) -> Shop {
    Shop::selling(Standard, skus)
}

fn paid() -> Body {
    // The second line of the sample has no SKU, which these shops would show.
    let body = Body::of(include_str!("../../../../events/standard/order_paid.json"));
    let line = body.at("/data/lines/0");
    body.with("/data/lines", vec![line])
}
