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
fn a_payment_status_that_nobody_knows_buys_nothing_and_needs_a_person() {
    for values in [
        json!({ "paymentStatus": "CHARGED_LATER" }),
        json!({ "paymentStatus": "UNSPECIFIED" }),
        json!({ "status": "SOMETHING_NEW" }),
    ] {
        let shop = shop(&["PREMIUM-1Y"]);
        let unclear = changed(paid(), "2026-03-02T14:14:08.000Z", &values);
        shop.told("", &unclear)
            .has("PREMIUM-1Y", 0, 0)
            .needs(KEY, &["PAYMENT_UNCLEAR"]);
        shop.told("", &paid()).has("PREMIUM-1Y", 2, 1).calm(KEY);
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
fn a_refund_of_an_amount_takes_nothing_back_and_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    shop.at("2026-03-05T10:00:05Z")
        .told("", &refunded("PARTIALLY_REFUNDED", 0))
        .has("PREMIUM-1Y", 2, 1)
        .needs(KEY, &["REFUND_UNCLEAR"]);
}

#[test]
fn an_order_first_heard_of_with_a_refund_of_an_amount_is_not_bought() {
    let amount = Body::of(include_str!(
        "../../../../events/wix/order_updated_amount_refunded.json"
    ));
    let shop = Shop::with_catalog(Wix, &catalog_of(&["PREMIUM-1Y"], "ignore"));
    shop.at("2026-03-06T14:00:05Z")
        .told("", &amount)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["REFUND_UNCLEAR"]);
}

/// A unit is given back, and money beside it or not: the plan cost 80.00, and shipping 10.00.
fn refunded_with_prices(amount: &str) -> Body {
    let order = "/actionEvent/body/order";
    let balance = json!({ "balance": { "amount": "0" }, "refunded": { "amount": amount } });
    let price = format!("{order}/lineItems/0/totalPriceAfterTax");
    refunded("PARTIALLY_REFUNDED", 1)
        .with(&price, json!({ "amount": "160.00" }))
        .with(&format!("{order}/priceSummary/total"), json!({ "amount": "170.00" }))
        .with(&format!("{order}/balanceSummary"), balance)
}

/// What was told as a refund of an amount is not forgotten when a unit is given back after it: that unit is taken back, and
/// nothing is bought until a person says what the rest was for.
#[test]
fn an_amount_given_back_beside_a_unit_needs_a_person() {
    for (amount, bought, needs) in [
        ("80.00", 1, [].as_slice()),
        ("90.00", 1, &[]),
        ("100.00", 0, &["REFUND_UNCLEAR"]),
    ] {
        let shop = Shop::canceling(Wix, &["PREMIUM-1Y"]);
        shop.told("", &refunded_with_prices(amount))
            .has("PREMIUM-1Y", bought, bought)
            .needs(KEY, needs);
        let shop = Shop::canceling(Wix, &["PREMIUM-1Y"]);
        shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
        shop.at("2026-03-05T10:00:05Z")
            .told("", &refunded_with_prices(amount))
            .has("PREMIUM-1Y", 1, 1)
            .needs(KEY, needs);
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

#[test]
fn a_refund_that_failed_and_a_chargeback_are_shown() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    let failed = Body::of(include_str!(
        "../../../../events/wix/order_transactions_refund_failed.json"
    ));
    shop.at("2026-03-07T16:00:05Z")
        .told("", &failed)
        .has("PREMIUM-1Y", 2, 1)
        .needs(KEY, &["REFUND_FAILED"]);
    let completed = Body::of(include_str!(
        "../../../../events/wix/order_transactions_refund_completed.json"
    ));
    shop.nothing("", &completed);

    let shop = shop_with_dispute("APPROVED");
    shop.has("PREMIUM-1Y", 2, 1).needs(KEY, &["DISPUTE_LOST"]);
    shop_with_dispute("REVERSED").has("PREMIUM-1Y", 2, 1).calm(KEY);
}

fn shop_with_dispute(status: &str) -> Shop {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    let chargeback = json!({ "id": "cb-1", "status": status, "amount": { "amount": "160.00" } });
    let payment = json!({ "id": "p-1", "regularPaymentDetails": { "chargebacks": [chargeback] } });
    let transactions =
        json!({ "orderId": "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77", "payments": [payment], "refunds": [] });
    let event = Body::of(include_str!(
        "../../../../events/wix/order_transactions_refund_failed.json"
    ))
    .with("/slug", "details_updated")
    .with("/actionEvent/body", json!({ "orderTransactions": transactions }));
    shop.told("", &event);
    shop
}

#[test]
fn an_order_refunded_in_full_and_marked_paid_again_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    shop.at("2026-03-05T10:00:05Z")
        .told("", &refunded("FULLY_REFUNDED", 2))
        .has("PREMIUM-1Y", 2, 0)
        .calm(KEY);
    // Whatever the quantities say: whether it was paid again cannot be seen.
    for (at, units) in [("2026-03-06T10:00:00.000Z", 2), ("2026-03-07T10:00:00.000Z", 0)] {
        let again = changed(refunded("PAID", units), at, &json!({}));
        shop.told("", &again)
            .has("PREMIUM-1Y", 2, 0)
            .needs(KEY, &["PAID_AGAIN"]);
    }
}

#[test]
fn an_order_first_heard_of_as_paid_again_is_shown_whenever_the_refund_is_told() {
    let again = changed(paid(), "2026-03-06T10:00:00.000Z", &json!({}));
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &refunded("FULLY_REFUNDED", 2));
    shop.told("", &again)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["PAID_AGAIN"]);
}
