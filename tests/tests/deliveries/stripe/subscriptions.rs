//! A subscription from its first invoice to its end: what renews, changes, or comes back buys nothing twice.

use super::bodies::{changed, event, first, first_of, invoice, item, line, of_version, proration, subscription};
use super::{DAY, HOUR, MONTH, PLACED, SKUS, Shop, case};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::{Value, json};

fn active(created: i64, items: Vec<Value>) -> Value {
    subscription("updated", created, "active", items)
}

fn basic(units: u32) -> Vec<Value> {
    vec![item("si_1", "price_basic", units)]
}

fn cycle(number: i64, lines: Vec<Value>) -> Value {
    invoice(
        &format!("in_cycle_{number}"),
        "subscription_cycle",
        PLACED + number * MONTH,
        lines,
    )
}

fn basic_line(units: u32) -> Vec<Value> {
    vec![line("si_1", "price_basic", units, 1000 * i64::from(units))]
}

/// A catalog in which an end cancels at Wix.
fn cancelling() -> Shop {
    Shop::selling(&catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\""))
}

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
    for body in case(include_str!("cases/first_invoice_prorated.json")) {
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
fn another_price_in_the_same_line_is_a_notice_once_it_is_paid() {
    let shop = Shop::new();
    for body in case(include_str!("cases/plan_upgrade_paid.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has("price_basic"), (1, 1));
    assert_eq!(shop.has("price_premium"), (0, 0));
    assert!(!shop.attention("sub_601").is_empty());

    // Told backwards nothing was bought before: what is paid now is bought at once.
    let shop = Shop::new();
    for body in case(include_str!("cases/plan_upgrade_paid.json")).iter().rev() {
        shop.told(body);
    }
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (0, 2));
    shop.calm("sub_601");

    // Back again and paid: as it was, and calm.
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    shop.told(&active(PLACED + DAY, vec![item("si_1", "price_premium", 1)]));
    let up = vec![
        proration("si_1", "price_basic", 1, -900, PLACED + DAY),
        proration("si_1", "price_premium", 1, 1900, PLACED + DAY),
    ];
    shop.told(&invoice("in_up", "subscription_update", PLACED + DAY, up));
    assert!(!shop.attention("sub_1").is_empty());
    shop.told(&active(PLACED + 2 * DAY, basic(1)));
    let down = vec![
        proration("si_1", "price_premium", 1, -1800, PLACED + 2 * DAY),
        proration("si_1", "price_basic", 1, 800, PLACED + 2 * DAY),
    ];
    shop.told(&invoice("in_down", "subscription_update", PLACED + 2 * DAY, down));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn more_units_are_bought_once_they_are_paid() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    shop.told(&active(PLACED + DAY, basic(3)));
    assert_eq!(shop.has("price_basic").0, 1, "not paid yet");
    let charged = vec![
        // A credit and a charge of one change: their quantities are never added up.
        proration("si_1", "price_basic", 1, -967, PLACED + DAY),
        proration("si_1", "price_basic", 3, 2900, PLACED + DAY),
    ];
    shop.told(&invoice("in_2", "subscription_update", PLACED + DAY, charged));
    assert_eq!(shop.has("price_basic").0, 3);
    shop.until(PLACED + 3 * DAY).calm("sub_1");

    // Billed only with the next renewal, as Stripe does by default.
    let shop = Shop::new();
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, basic(2)));
    shop.until(PLACED + 2 * DAY);
    assert_eq!(shop.has("price_basic").0, 1);
    assert!(!shop.attention("sub_1").is_empty(), "an hour unbilled");
    let renewal = vec![
        proration("si_1", "price_basic", 1, -967, PLACED + DAY),
        proration("si_1", "price_basic", 2, 1934, PLACED + DAY),
        line("si_1", "price_basic", 2, 2000),
    ];
    shop.told(&cycle(1, renewal));
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");
}

#[test]
fn unpaid_changes_count_where_the_catalog_says_so() {
    let shop = Shop::with("unpaid_changes = \"now\"");
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, basic(2)));
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");
}

#[test]
fn fewer_units_take_the_highest_back() {
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(3)));
    shop.told(&first_of("price_basic", 3));
    assert_eq!(shop.has("price_basic").0, 3);
    shop.told(&active(PLACED + DAY, basic(1)));
    // The first unit is the one on the site.
    assert_eq!(shop.has("price_basic"), (3, 1));
    shop.calm("sub_1");
    // An older invoice told late changes nothing.
    shop.told(&first_of("price_basic", 3));
    assert_eq!(shop.has("price_basic"), (3, 1));

    // An item that is gone.
    let shop = cancelling();
    let both = vec![item("si_1", "price_basic", 1), item("si_2", "price_premium", 1)];
    shop.told(&subscription("created", PLACED, "active", both));
    let lines = vec![
        line("si_1", "price_basic", 1, 1000),
        line("si_2", "price_premium", 1, 2000),
    ];
    shop.told(&invoice("in_1", "subscription_create", PLACED, lines));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 1));
    shop.told(&active(PLACED + DAY, basic(1)));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 0));
    shop.calm("sub_1");
}

#[test]
fn a_subscription_that_is_active_and_not_paid_buys_nothing() {
    // `send_invoice` makes it active before anybody has paid.
    let shop = Shop::new();
    let sent = json!({ "collection_method": "send_invoice" });
    shop.told(&changed(subscription("created", PLACED, "active", basic(1)), &sent));
    let open = changed(first("price_basic"), &json!({ "status": "open", "amount_paid": 0 }));
    shop.not_meant(&open);
    shop.until(PLACED + 10 * DAY);
    assert_eq!(shop.has("price_basic"), (0, 0));
    let late = changed(first("price_basic"), &json!({}));
    let mut late = late;
    late["created"] = (PLACED + 11 * DAY).into();
    shop.told(&late);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn an_unpaid_subscription_is_unassigned_and_comes_back_when_paid() {
    let shop = Shop::new();
    for body in case(include_str!("cases/subscription_unpaid.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has("price_basic"), (1, 0));
    shop.calm("sub_1301");

    // Even where an end cancels at Wix: it may come back.
    let shop = cancelling();
    shop.told(&first("price_basic"));
    shop.told(&subscription("updated", PLACED + 2 * MONTH, "unpaid", basic(1)));
    assert_eq!(shop.has("price_basic"), (1, 0));
    shop.told(&cycle(2, basic_line(1)));
    shop.told(&active(PLACED + 2 * MONTH + DAY, basic(1)));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn the_end_of_a_subscription_takes_everything_back() {
    for (status, what) in [
        ("canceled", "deleted"),
        ("canceled", "updated"),
        ("incomplete_expired", "updated"),
    ] {
        let shop = cancelling();
        shop.told(&first("price_basic"));
        shop.told(&subscription(what, PLACED + DAY, status, basic(1)));
        assert_eq!(shop.has("price_basic"), (0, 0), "{what} {status}");
        shop.calm("sub_1");
        // What was told before it and comes after it.
        shop.told(&active(PLACED + HOUR, basic(1))).told(&first("price_basic"));
        assert_eq!(shop.has("price_basic"), (0, 0), "{what} {status}");
    }
}

#[test]
fn an_end_at_the_periods_end_waits_for_it() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let planned = json!({ "cancel_at_period_end": true, "cancel_at": PLACED + MONTH, "canceled_at": PLACED + DAY });
    shop.told(&changed(active(PLACED + DAY, basic(1)), &planned));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.told(&subscription("deleted", PLACED + MONTH, "canceled", basic(1)));
    assert_eq!(shop.has("price_basic"), (1, 0));
    shop.calm("sub_1");
}

#[test]
fn an_invoice_paid_after_the_end_revives_nothing_and_is_seen() {
    let shop = cancelling();
    shop.told(&first("price_basic"));
    shop.told(&subscription("deleted", PLACED + MONTH + DAY, "canceled", basic(1)));
    shop.calm("sub_1");
    // The open invoice of the last period is paid after all.
    let mut late = cycle(1, basic_line(1));
    late["created"] = (PLACED + MONTH + 3 * DAY).into();
    shop.told(&late);
    assert_eq!(shop.has("price_basic"), (0, 0));
    assert!(!shop.attention("sub_1").is_empty());

    // One that was paid before the end and is told after it is no news.
    let shop = cancelling();
    shop.told(&first("price_basic"));
    shop.told(&subscription("deleted", PLACED + 2 * MONTH, "canceled", basic(1)));
    shop.told(&cycle(1, basic_line(1)));
    assert_eq!(shop.has("price_basic"), (0, 0));
    shop.calm("sub_1");
}

#[test]
fn overdue_and_failing_invoices_change_nothing() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let open = json!({ "status": "open", "amount_paid": 0 });
    for kind in [
        "invoice.payment_failed",
        "invoice.payment_action_required",
        "invoice.overdue",
        "invoice.finalized",
        "invoice.voided",
        "invoice.marked_uncollectible",
    ] {
        let mut failed = changed(cycle(1, basic_line(1)), &open);
        failed["type"] = kind.into();
        shop.not_meant(&failed);
    }
    shop.told(&subscription("updated", PLACED + MONTH + DAY, "past_due", basic(1)));
    shop.until(PLACED + MONTH + 5 * DAY);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_collection_that_is_paused_is_seen_as_long_as_it_is() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let paused = json!({ "pause_collection": { "behavior": "void", "resumes_at": null } });
    shop.told(&changed(active(PLACED + DAY, basic(1)), &paused));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("sub_1", "COLLECTION_PAUSED");
    shop.told(&active(PLACED + 2 * DAY, basic(1)));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_list_that_is_cut_takes_nothing_back_and_is_seen() {
    let cut = |mut body: Value, list: &str| {
        body["data"]["object"][list]["has_more"] = true.into();
        body
    };
    // An invoice with more lines than it shows: what it shows is bought.
    let shop = Shop::new();
    shop.told(&cut(first("price_basic"), "lines"));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("sub_1", "INVOICE_NOT_READ");

    // A subscription with more items than it shows: the one that is missing stays.
    let shop = Shop::new();
    let lines = vec![
        line("si_1", "price_basic", 1, 1000),
        line("si_2", "price_premium", 1, 2000),
    ];
    shop.told(&invoice("in_1", "subscription_create", PLACED, lines));
    shop.told(&cut(active(PLACED + DAY, basic(1)), "items"));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 1));
    shop.seen("sub_1", "ITEMS_NOT_READ");
}

#[test]
fn a_fraction_of_a_unit_buys_nothing_and_is_seen() {
    // From dahlia on `quantity` is cut, and only the decimal is right.
    let shop = Shop::new();
    let mut fraction = first_of("price_basic", 2);
    fraction["data"]["object"]["lines"]["data"][0]["quantity_decimal"] = "2.5".into();
    shop.told(&fraction);
    assert_eq!(shop.has("price_basic"), (0, 0));
    shop.seen("sub_1", "INVOICE_NOT_READ");

    let shop = Shop::new();
    let mut whole = first_of("price_basic", 2);
    whole["data"]["object"]["lines"]["data"][0]["quantity_decimal"] = "2.0".into();
    shop.told(&whole);
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");

    // In the subscription: what is there stays.
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let mut items = basic(1);
    items[0]["quantity_decimal"] = "0.5".into();
    shop.told(&active(PLACED + DAY, items));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("sub_1", "ITEMS_NOT_READ");
}

#[test]
fn a_metered_item_is_no_line() {
    let shop = Shop::new();
    let mut items = basic(1);
    items.push(json!({
        "id": "si_2", "object": "subscription_item", "metadata": {},
        "price": { "id": "price_usage", "object": "price", "recurring": { "usage_type": "metered" } },
    }));
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, items));
    assert_eq!(shop.has("price_basic"), (1, 1));
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
