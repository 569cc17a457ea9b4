//! What ends, comes back, or is overdue.

use super::*;

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
    for body in case(include_str!("../cases/subscription_unpaid.json")) {
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
