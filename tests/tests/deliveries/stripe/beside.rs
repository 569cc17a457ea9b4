//! What a checkout sells beside a subscription: a price that is billed once, in the subscription's first invoice.

use super::bodies::{added, changed, charge, first, invoice, invoice_payment, item, line, subscription};
use super::{DAY, MONTH, PLACED, Shop};
use serde_json::{Value, json};

const ONCE: &str = "PREMIUM-1Y";

fn with(mut invoice: Value, line: Value) -> Value {
    let lines = invoice["data"]["object"]["lines"]["data"].as_array_mut();
    lines.expect("a list").push(line);
    invoice
}

/// The same line as it was before API version 2025-03-31.
fn old(id: &str, price: &str) -> Value {
    json!({
        "id": format!("il_{id}"), "object": "line_item", "amount": 8000, "currency": "usd", "invoice_item": id, "metadata": {},
        "period": { "start": PLACED, "end": PLACED }, "plan": null, "proration": false, "quantity": 1, "subscription": "sub_1",
        "price": { "id": price, "object": "price", "recurring": null, "type": "one_time", "unit_amount": 8000 }, "type": "invoiceitem",
    })
}

#[test]
fn a_price_that_is_billed_once_is_bought_beside_the_subscription() {
    for beside in [added("ii_1", ONCE, 1, 8000), old("ii_1", ONCE)] {
        let shop = Shop::new();
        let both = with(first("price_basic"), beside);
        shop.told(&subscription(
            "created",
            PLACED,
            "active",
            vec![item("si_1", "price_basic", 1)],
        ));
        shop.told(&both);
        let mut again = both.clone();
        again["type"] = "invoice.payment_succeeded".into();
        shop.told(&again);
        assert_eq!((shop.has("price_basic"), shop.has(ONCE)), ((1, 1), (1, 1)));
        // It is neither renewed nor ended with the subscription.
        let renewal = vec![line("si_1", "price_basic", 1, 1000)];
        shop.told(&invoice("in_2", "subscription_cycle", PLACED + MONTH, renewal));
        shop.told(&subscription(
            "deleted",
            PLACED + MONTH + DAY,
            "canceled",
            vec![item("si_1", "price_basic", 1)],
        ));
        assert_eq!((shop.has("price_basic"), shop.has(ONCE)), ((1, 0), (1, 1)));
        shop.calm("sub_1").calm("ii_1");
    }
}

#[test]
fn several_units_and_several_prices_are_each_bought_once() {
    let shop = Shop::new();
    let first = with(
        with(first("price_basic"), added("ii_1", ONCE, 2, 16000)),
        added("ii_2", ONCE, 1, 8000),
    );
    shop.told(&first);
    assert_eq!(shop.has(ONCE).0, 3);
    assert_eq!(shop.has("price_basic").0, 1);
}

#[test]
fn a_credit_or_a_part_of_a_period_is_nothing_beside_the_subscription() {
    let credit = added("ii_1", ONCE, 1, -8000);
    let mut part = added("ii_2", ONCE, 1, 4000);
    part["parent"]["invoice_item_details"]["proration"] = true.into();
    let mut old_part = old("ii_3", "price_basic");
    old_part["proration"] = true.into();
    old_part["subscription_item"] = "si_1".into();
    let shop = Shop::new();
    shop.told(&with(with(with(first("price_basic"), credit), part), old_part));
    assert_eq!((shop.has("price_basic"), shop.has(ONCE)), ((1, 1), (0, 0)));
    shop.calm("sub_1");
}

#[test]
fn a_fee_that_is_not_in_the_catalog_is_what_unknown_sku_says() {
    let catalog = reseller_hooks_tests::deployment::catalog_of(&super::SKUS, "ignore");
    let shop = Shop::selling(&catalog);
    shop.told(&with(first("price_basic"), added("ii_1", "price_setup_fee", 1, 500)));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1").unknown("ii_1");

    let shop = Shop::new();
    shop.told(&with(first("price_basic"), added("ii_1", "price_setup_fee", 1, 500)));
    assert!(!shop.attention("ii_1").is_empty());
}

#[test]
fn an_invoice_that_was_refunded_is_shown_at_the_subscription() {
    let shop = Shop::new();
    shop.told(&with(first("price_basic"), added("ii_1", ONCE, 1, 8000)));
    shop.told(&invoice_payment("pi_sub", "in_1"));
    shop.told(&charge("refunded", PLACED + DAY, "pi_sub", 9000, 9000));
    // Which of the two went back is not said.
    assert_eq!((shop.has("price_basic"), shop.has(ONCE)), ((1, 1), (1, 1)));
    assert!(!shop.attention("sub_1").is_empty());
}

#[test]
fn an_open_invoice_buys_nothing_beside_the_subscription() {
    let shop = Shop::new();
    let open = with(first("price_basic"), added("ii_1", ONCE, 1, 8000));
    shop.not_meant(&changed(open, &json!({ "status": "open", "amount_paid": 0 })));
    assert_eq!(shop.has(ONCE), (0, 0));
}

#[test]
fn a_line_that_names_an_item_of_the_subscription_is_bought_once() {
    let shop = Shop::new();
    let mut both = first("price_basic");
    both["data"]["object"]["lines"]["data"][0]["parent"]["invoice_item_details"] = json!({});
    shop.told(&both);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.unknown("il_si_1_price_basic_1000").calm("sub_1");
}
