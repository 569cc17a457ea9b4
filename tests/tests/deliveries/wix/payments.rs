//! Paid, not paid, given back, and what nobody can tell.

use super::super::shop::Shop;
use super::{Body, KEY, Wix, changed, paid, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

const LATER: &str = "2026-03-05T10:00:00.000Z";

#[test]
fn an_order_is_bought_when_it_is_paid_and_approved_and_not_before() {
    for values in [
        json!({ "paymentStatus": "PARTIALLY_PAID" }),
        json!({ "paymentStatus": "AUTHORIZED" }),
        json!({ "paymentStatus": "PENDING_MERCHANT" }),
        json!({ "paymentStatus": "DECLINED" }),
        json!({ "paymentStatus": "CANCELED" }),
        json!({ "status": "INITIALIZED" }),
        json!({ "status": "PENDING" }),
    ] {
        let shop = shop(&["PREMIUM-1Y"]);
        let waiting = changed(paid(), "2026-03-02T14:14:08.000Z", &values);
        shop.told("", &waiting).has("PREMIUM-1Y", 0, 0).calm(KEY);
        shop.told("", &paid()).has("PREMIUM-1Y", 2, 1).calm(KEY);
    }
}

#[test]
fn an_order_that_was_never_paid_is_answered_and_no_more() {
    for status in ["NOT_PAID", "PENDING"] {
        let waiting = changed(paid(), "2026-03-02T14:14:08.000Z", &json!({ "paymentStatus": status }));
        shop(&["PREMIUM-1Y"]).nothing("", &waiting);
    }
}

#[test]
fn a_paid_order_that_is_open_again_keeps_what_was_paid() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    let open = changed(paid(), LATER, &json!({ "paymentStatus": "PARTIALLY_PAID" }))
        .with("/actionEvent/body/order/lineItems/0/quantity", 5);
    shop.at("2026-03-05T10:00:05Z")
        .told("", &open)
        .has("PREMIUM-1Y", 2, 1)
        .calm(KEY);
}

fn refunded(status: &str, units: u64) -> Body {
    changed(paid(), LATER, &json!({ "paymentStatus": status }))
        .with("/actionEvent/body/order/lineItems/0/refundQuantity", units)
}

#[test]
fn refunded_units_are_taken_back_and_a_refund_in_full_is_all() {
    let catalog = catalog_of(&["PREMIUM-1Y"], "attention").replace("\"unassign\"", "\"cancel\"");
    for (status, units, alive) in [
        ("PARTIALLY_REFUNDED", 1, 1),
        ("FULLY_REFUNDED", 2, 0),
        ("FULLY_REFUNDED", 0, 0),
    ] {
        let shop = Shop::with_catalog(Wix, &catalog);
        shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
        shop.at("2026-03-05T10:00:05Z")
            .told("", &refunded(status, units))
            .has("PREMIUM-1Y", alive, alive)
            .calm(KEY);
    }
}

#[test]
fn an_order_first_heard_of_as_given_back_is_nothing() {
    for body in [
        refunded("FULLY_REFUNDED", 2),
        changed(paid(), LATER, &json!({ "status": "CANCELED" })),
        changed(paid(), LATER, &json!({ "status": "REJECTED" })),
    ] {
        shop(&["PREMIUM-1Y"]).told("", &body).has("PREMIUM-1Y", 0, 0).calm(KEY);
    }
}
