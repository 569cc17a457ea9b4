//! One-time payments: nothing is bought until all of it is paid, by whichever event says so.

use super::bodies::{changed, charge, intent, invoice_payment, paid, session};
use super::{DAY, HOUR, PLACED, SKUS, Shop, case};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

const SKU: &str = "PREMIUM-1Y";

/// A catalog that names what the product costs.
fn priced() -> Shop {
    let catalog = catalog_of(&SKUS, "attention");
    let price = "sku = \"PREMIUM-1Y\"\nprice = { amount = 8000, currency = \"USD\" }";
    Shop::selling(&catalog.replace("sku = \"PREMIUM-1Y\"", price))
}

#[test]
fn a_payment_captured_by_hand_is_bought_when_it_is_captured() {
    let shop = Shop::new();
    let bodies = case(include_str!("cases/manual_capture.json"));
    shop.told(&bodies[0]);
    assert_eq!(shop.has(SKU).0, 0, "authorised only");
    shop.told(&bodies[1]);
    assert_eq!(shop.has(SKU).0, 1);
    shop.calm("pi_1901");

    // Told by the charge, before the session, and twice.
    for told in [
        [
            session("completed", PLACED + 9, "unpaid"),
            charge("captured", PLACED + DAY, "pi_1", 8000, 0),
        ],
        [
            charge("captured", PLACED + DAY, "pi_1", 8000, 0),
            session("completed", PLACED + 9, "unpaid"),
        ],
        [
            intent("succeeded", PLACED + DAY, 8000),
            session("completed", PLACED + 9, "unpaid"),
        ],
    ] {
        let shop = Shop::new();
        shop.told(&told[0]);
        assert_eq!(shop.has(SKU), (0, 0));
        shop.told(&told[1]).told(&told[0]).told(&told[1]);
        assert_eq!(shop.has(SKU), (1, 1));
        shop.calm("pi_1");
    }
}

#[test]
fn an_authorisation_alone_buys_nothing() {
    let shop = Shop::new();
    shop.told(&session("completed", PLACED + 9, "unpaid"));
    shop.until(PLACED + 5 * DAY);
    assert_eq!(shop.has(SKU), (0, 0));
    shop.calm("pi_1");
    shop.told(&charge("expired", PLACED + 7 * DAY, "pi_1", 0, 8000));
    shop.told(&intent("canceled", PLACED + 7 * DAY, 0));
    shop.until(PLACED + 9 * DAY);
    assert_eq!(shop.has(SKU), (0, 0));
    shop.calm("pi_1");
}

#[test]
fn a_part_that_is_captured_buys_nothing_and_is_seen() {
    for part in [
        intent("succeeded", PLACED + DAY, 4000),
        charge("captured", PLACED + DAY, "pi_1", 4000, 4000),
    ] {
        let shop = Shop::new();
        shop.told(&session("completed", PLACED + 9, "unpaid")).told(&part);
        assert_eq!(shop.has(SKU), (0, 0));
        shop.seen("pi_1", "PAID_IN_PART");
    }
}

#[test]
fn an_intent_that_is_canceled_is_not_paid_by_a_late_word() {
    let shop = Shop::new();
    shop.told(&intent("canceled", PLACED + DAY, 0));
    shop.told(&session("completed", PLACED + 9, "unpaid"));
    assert_eq!(shop.has(SKU), (0, 0));
    shop.calm("pi_1");
}

#[test]
fn payments_of_others_are_not_even_kept() {
    let shop = Shop::new();
    let at_once = json!({ "capture_method": "automatic_async", "id": "pi_2" });
    shop.not_meant(&changed(intent("succeeded", PLACED, 8000), &at_once));
    shop.not_meant(&changed(intent("canceled", PLACED, 0), &at_once));
    // Of an invoice, as old API versions say.
    shop.not_meant(&changed(
        intent("succeeded", PLACED, 8000),
        &json!({ "invoice": "in_9" }),
    ));
    shop.told(&changed(intent("succeeded", PLACED, 8000), &json!({ "id": "pi_3" })));
    shop.unknown("pi_3");
}

#[test]
fn a_payment_that_takes_days_is_bought_when_it_came() {
    let shop = Shop::new();
    shop.told(&session("completed", PLACED + 9, "unpaid"));
    assert_eq!(shop.has(SKU), (0, 0));
    shop.told(&session("async_payment_succeeded", PLACED + 3 * DAY, "paid"));
    assert_eq!(shop.has(SKU), (1, 1));
    // The first word again.
    shop.told(&session("completed", PLACED + 9, "unpaid"));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("pi_1");

    let shop = Shop::new();
    shop.told(&session("completed", PLACED + 9, "unpaid"));
    shop.told(&session("async_payment_failed", PLACED + 3 * DAY, "unpaid"));
    shop.until(PLACED + 5 * DAY);
    assert_eq!(shop.has(SKU), (0, 0));
    shop.calm("pi_1");
}

#[test]
fn a_session_that_expires_means_nothing() {
    let shop = Shop::new();
    let left = json!({ "status": "expired", "payment_intent": null });
    shop.not_meant(&changed(session("expired", PLACED + DAY, "unpaid"), &left));
    assert_eq!(shop.has(SKU), (0, 0));
}

#[test]
fn a_session_that_costs_nothing_is_paid() {
    let shop = Shop::new();
    let free = json!({ "payment_intent": null, "amount_subtotal": 8000, "amount_total": 0 });
    shop.told(&changed(session("completed", PLACED + 9, "no_payment_required"), &free));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("cs_1");
}

#[test]
fn a_payment_status_that_is_not_known_is_kept_for_a_person() {
    let shop = Shop::new();
    let strange = session("completed", PLACED + 9, "paid_in_part");
    assert_eq!(shop.answer(&strange), reseller_hooks::webhook::Disposition::Parked);
    assert_eq!(shop.has(SKU), (0, 0));
}

#[test]
fn an_adjusted_quantity_is_seen_where_the_catalog_has_the_price() {
    let shop = priced();
    for body in case(include_str!("cases/adjustable_quantity.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has(SKU), (0, 0), "paid for three, and the metadata says one");
    assert!(!shop.attention("pi_1101").is_empty());

    // As many as the metadata says.
    let shop = priced();
    let three = json!({ "amount_subtotal": 24000, "metadata": { "wix_sku": SKU, "wix_quantity": "3" } });
    shop.told(&changed(paid(), &three));
    assert_eq!(shop.has(SKU).0, 3);
    shop.calm("pi_1");

    // A coupon changes the total, and not the subtotal.
    let shop = priced();
    shop.told(&changed(paid(), &json!({ "amount_total": 4000 })));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("pi_1");

    // Less than the price.
    let shop = priced();
    shop.told(&changed(paid(), &json!({ "amount_subtotal": 1000 })));
    assert_eq!(shop.has(SKU), (0, 0));
    assert!(!shop.attention("pi_1").is_empty());
}

#[test]
fn a_price_in_another_currency_cannot_be_compared_and_is_seen() {
    let shop = priced();
    shop.told(&changed(paid(), &json!({ "currency": "eur" })));
    assert_eq!(shop.has(SKU), (0, 0));
    assert!(!shop.attention("pi_1").is_empty());

    // Adaptive Pricing before 2025-03-31 says what it was in the seller's currency.
    let shop = priced();
    let adapted = json!({
        "currency": "eur", "amount_subtotal": 7400,
        "currency_conversion": { "amount_subtotal": 8000, "amount_total": 8000, "fx_rate": "1.08", "source_currency": "usd" },
    });
    shop.told(&changed(paid(), &adapted));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("pi_1");
}

#[test]
fn what_the_buyer_writes_never_chooses_a_product() {
    let shop = Shop::new();
    let written = json!({ "client_reference_id": SKU, "metadata": {} });
    shop.not_meant(&changed(paid(), &written));
    assert_eq!(shop.has(SKU), (0, 0));
}

#[test]
fn an_invoice_of_a_one_time_payment_moves_no_order() {
    // The session has an invoice, and its payment is joined to it: the order stays under its intent.
    let shop = Shop::new();
    let with_invoice = changed(paid(), &json!({ "invoice": "in_9" }));
    for told in [
        [invoice_payment("pi_1", "in_9"), with_invoice.clone()],
        [with_invoice, invoice_payment("pi_1", "in_9")],
    ] {
        shop.told(&told[0]).told(&told[1]);
    }
    shop.until(PLACED + HOUR);
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("pi_1").unknown("in_9");
}
