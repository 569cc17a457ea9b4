//! First payments, renewals, and what is none of ours.

use super::*;

#[test]
fn the_first_payment_buys_once_whichever_event_tells_first() {
    let created = subscription("created", PLACED, "incomplete", basic(1));
    let going = active(PLACED + 4, basic(1));
    let succeeded = {
        let mut succeeded = first("price_basic");
        succeeded["type"] = "invoice.payment_succeeded".into();
        succeeded
    };
    let told = [created, going, first("price_basic"), succeeded];
    // Each of them first, and the others after it in this order.
    for start in 0..told.len() {
        let shop = Shop::new();
        for step in 0..told.len() {
            shop.told(&told[(start + step) % told.len()]);
        }
        assert_eq!(shop.has("price_basic"), (1, 1), "{start}");
        shop.until(PLACED + 2 * DAY).calm("sub_1");
        assert_eq!(shop.has("price_basic"), (1, 1), "{start}");
    }
}

#[test]
fn a_first_invoice_that_is_prorated_is_bought() {
    let shop = Shop::new();
    for body in case(include_str!("../cases/first_invoice_prorated.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1001");

    // With the subscription beside it, and two units.
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(2)));
    let lines = vec![proration("si_1", "price_basic", 2, 734, PLACED)];
    shop.told(&invoice("in_1", "subscription_create", PLACED, lines));
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");
}

#[test]
fn a_first_payment_at_the_billing_anchor_is_bought_then_and_once() {
    // No invoice before the anchor, not even one of zero.
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(1)));
    shop.until(PLACED + 10 * DAY);
    assert_eq!(shop.has("price_basic"), (0, 0));
    let anchored = |number| {
        invoice(
            &format!("in_{number}"),
            "subscription_cycle",
            PLACED + 20 * DAY + number * MONTH,
            basic_line(1),
        )
    };
    shop.told(&anchored(0));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.told(&anchored(1)).told(&anchored(2));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn renewals_buy_nothing() {
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "incomplete", basic(2)));
    shop.told(&first_of("price_basic", 2));
    let bought = shop.has("price_basic");
    assert_eq!(bought.0, 2);
    for number in 1..4 {
        shop.told(&cycle(number, basic_line(2)));
        shop.told(&active(PLACED + number * MONTH + 8, basic(2)));
    }
    assert_eq!(shop.has("price_basic"), bought);
    shop.calm("sub_1");

    // Without any event of the subscription itself.
    let shop = Shop::new();
    shop.told(&first("price_basic"))
        .told(&cycle(1, basic_line(1)))
        .told(&cycle(2, basic_line(1)));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_subscription_first_heard_of_by_a_renewal_waits_for_a_person() {
    // Its first delivery may have been lost.
    let shop = Shop::new();
    shop.told(&cycle(1, basic_line(1)));
    assert_eq!(shop.has("price_basic"), (0, 0));
    assert!(!shop.attention("sub_1").is_empty());

    // The same with the subscription beside it, months old.
    let shop = Shop::new();
    shop.told(&active(PLACED + MONTH - HOUR, basic(1)))
        .told(&cycle(1, basic_line(1)));
    assert_eq!(shop.has("price_basic"), (0, 0));
    assert!(!shop.attention("sub_1").is_empty());
    // The first invoice comes late after all: bought, and nobody is needed.
    shop.told(&first("price_basic"));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_subscription_from_before_not_before_is_held_without_alarm() {
    let late = catalog_of(&SKUS, "attention").replace("2015-01-01", "2026-03-15");
    let shop = Shop::selling(&late);
    shop.told(&active(PLACED + MONTH - HOUR, basic(1)))
        .told(&cycle(1, basic_line(1)));
    assert_eq!(shop.has("price_basic"), (0, 0));
    shop.calm("sub_1");
}

#[test]
fn a_subscription_of_other_prices_is_none_of_ours() {
    let ignoring = catalog_of(&SKUS, "ignore");
    let shop = Shop::selling(&ignoring);
    shop.told(&subscription(
        "created",
        PLACED,
        "active",
        vec![item("si_1", "price_coffee", 1)],
    ));
    shop.told(&first("price_coffee"));
    let paused = json!({ "pause_collection": { "behavior": "void" } });
    shop.told(&changed(
        active(PLACED + DAY, vec![item("si_1", "price_coffee", 2)]),
        &paused,
    ));
    shop.until(PLACED + 5 * DAY).unknown("sub_1");
    assert_eq!(shop.has("price_basic"), (0, 0));
}

#[test]
fn a_status_that_is_not_known_is_kept_for_a_person() {
    let shop = Shop::new();
    let strange = subscription("updated", PLACED + DAY, "hibernating", basic(1));
    assert_eq!(shop.answer(&strange), reseller_hooks::webhook::Disposition::Parked);
}

#[test]
fn an_invoice_without_a_subscription_means_nothing() {
    let shop = Shop::new();
    shop.not_meant(&changed(first("price_basic"), &json!({ "parent": null })));
    let manual = changed(
        first("price_basic"),
        &json!({ "parent": { "quote_details": null, "subscription_details": null } }),
    );
    shop.not_meant(&of_version(manual, "2026-01-28.clover"));
    shop.not_meant(&event(
        "customer.created",
        PLACED,
        json!({ "id": "cus_1", "object": "customer" }),
    ));
    assert_eq!(shop.has("price_basic"), (0, 0));
}
