//! Refunds and disputes, and what undoes them.

use super::super::shop::Shop;
use super::{Body, KEY, Standard, paid, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

fn refund(state: &str) -> Body {
    Body::of(include_str!("../../../../events/standard/order_refund_pending.json")).with("/data/state", state)
}

fn canceling() -> Shop {
    let catalog = catalog_of(&["PREMIUM-1Y"], "ignore").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::with_catalog(Standard, &catalog);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    shop
}

#[test]
fn a_refund_of_the_whole_order_takes_everything_back() {
    let whole = Body::of(include_str!("../../../../events/standard/order_refund_whole.json"));
    canceling().told("", &whole).has("PREMIUM-1Y", 0, 0).calm(KEY);
    // Heard before the order.
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &whole)
        .told("", &paid())
        .has("PREMIUM-1Y", 0, 0)
        .calm(KEY);
    // With lines it contradicts itself.
    shop.parked("", &whole.with("/data/lines", json!([{ "id": "1", "units": 1 }])));
}

#[test]
fn a_refund_without_a_word_about_lines_is_parked() {
    shop(&["PREMIUM-1Y"]).parked("", &refund("succeeded").without("/data/lines"));
}
