//! What Shopify's shops say, from the signed body to what Wix and the ledger then hold.

mod lines;
mod payments;
mod reversals;
mod subscriptions;

use reseller_hooks::order::StorefrontKind::Shopify;

use super::shop::{Body, Shop};

/// The sample order: three plans of one line, for one site.
const KEY: &str = "shopify/9007199254740993";

fn shop(skus: &[&str]) -> Shop {
    Shop::selling(Shopify, skus)
}

fn paid() -> Body {
    // Two lines of the sample have no SKU, which these shops would show.
    let body = Body::of(include_str!("../../../../events/shopify/orders_paid.json"));
    let line = body.at("/line_items/0");
    body.with("/line_items", vec![line])
}

/// The same order at a later time of the shop.
fn later(body: Body, updated_at: &str) -> Body {
    body.with("/updated_at", updated_at)
}
