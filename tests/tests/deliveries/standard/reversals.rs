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
fn a_refund_takes_back_when_its_money_went_and_not_while_it_is_pending() {
    let shop = canceling();
    shop.told("", &refund("pending")).has("PREMIUM-1Y", 2, 1);
    shop.told("", &refund("succeeded")).has("PREMIUM-1Y", 1, 1);
    shop.told("", &refund("pending")).has("PREMIUM-1Y", 1, 1).calm(KEY);
}

#[test]
fn a_refund_that_fails_later_makes_the_units_wanted_again() {
    let shop = shop(&["PREMIUM-1Y"]);
    let one = paid().with("/data/lines/0/units", 1);
    shop.told("", &one).has("PREMIUM-1Y", 1, 1);
    shop.told("", &refund("succeeded")).has("PREMIUM-1Y", 1, 0);
    shop.told("", &refund("failed"))
        .has("PREMIUM-1Y", 1, 1)
        .needs(KEY, &["REFUND_FAILED"]);
    shop.told("", &refund("succeeded")).has("PREMIUM-1Y", 1, 1);
}

#[test]
fn a_refund_of_an_amount_needs_a_person_and_one_of_no_product_does_not() {
    let amount = Body::of(include_str!(
        "../../../../events/standard/order_refund_of_an_amount.json"
    ));
    let shop = canceling();
    shop.told("", &amount)
        .has("PREMIUM-1Y", 2, 1)
        .needs(KEY, &["REFUND_UNCLEAR"]);
    let of_none = amount.with("/data/lines", json!([]));
    canceling().nothing("", &of_none);
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

fn dispute(state: &str) -> Body {
    Body::of(include_str!("../../../../events/standard/dispute_open.json")).with("/data/state", state)
}

#[test]
fn a_dispute_needs_a_person_until_it_is_won() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    shop.told("", &dispute("open"))
        .has("PREMIUM-1Y", 2, 1)
        .needs(KEY, &["DISPUTE_OPEN"]);
    shop.told("", &dispute("won")).has("PREMIUM-1Y", 2, 1).calm(KEY);
}

#[test]
fn a_dispute_takes_back_where_the_catalog_says_so_and_an_inquiry_never() {
    let defaults = "on_dispute = \"take_back\"";
    let shop = Shop::with_defaults(Standard, &["PREMIUM-1Y"], defaults);
    shop.told("", &paid())
        .told("", &dispute("lost"))
        .has("PREMIUM-1Y", 2, 0);
    let shop = Shop::with_defaults(Standard, &["PREMIUM-1Y"], defaults);
    let inquiry = Body::of(include_str!("../../../../events/standard/dispute_inquiry.json"));
    shop.told("", &paid()).told("", &inquiry).has("PREMIUM-1Y", 2, 1);
}
