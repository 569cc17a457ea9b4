//! What goes back: refunds, disputes and warnings, of one-time payments and of subscriptions.

use super::bodies::{
    changed, charge, dispute, event, first, invoice, invoice_payment, line, paid, refund, subscription,
};
use super::{DAY, MONTH, PLACED, Shop, case};
use serde_json::{Value, json};

const SKU: &str = "PREMIUM-1Y";

fn bought() -> Shop {
    bought_with("")
}

fn bought_with(defaults: &str) -> Shop {
    let shop = Shop::with(defaults);
    shop.told(&paid());
    assert_eq!(shop.has(SKU), (1, 1));
    shop
}

/// A subscription whose first invoice was paid by `pi_sub`.
fn subscribed(defaults: &str) -> Shop {
    let shop = Shop::with(defaults);
    shop.told(&first("price_basic"))
        .told(&invoice_payment("pi_sub", "in_1"));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
    shop
}

fn warning(created: i64, actionable: bool) -> Value {
    let object = json!({
        "id": "issfr_1", "object": "radar.early_fraud_warning", "actionable": actionable, "charge": "ch_of_pi_1", "created": created,
        "fraud_type": "made_with_stolen_card", "livemode": true, "payment_intent": "pi_1",
    });
    event("radar.early_fraud_warning.created", created, object)
}

#[test]
fn a_whole_refund_takes_the_product_back_without_a_word() {
    for told in [
        vec![charge("refunded", PLACED + DAY, "pi_1", 8000, 8000)],
        vec![
            refund("created", PLACED + DAY, "pi_1", "succeeded"),
            charge("refunded", PLACED + DAY, "pi_1", 8000, 8000),
        ],
        vec![
            charge("refunded", PLACED + DAY, "pi_1", 8000, 8000),
            refund("updated", PLACED + DAY, "pi_1", "succeeded"),
        ],
    ] {
        let shop = bought();
        for event in &told {
            shop.told(event);
        }
        assert_eq!(shop.has(SKU), (1, 0));
        shop.calm("pi_1");
    }
}

#[test]
fn a_refund_told_before_the_payment_buys_nothing() {
    let shop = Shop::new();
    shop.told(&charge("refunded", PLACED + DAY, "pi_1", 8000, 8000))
        .told(&paid());
    assert_eq!(shop.has(SKU), (0, 0));
    shop.calm("pi_1");
}

#[test]
fn a_one_time_order_with_an_invoice_is_refunded_without_attention() {
    let shop = Shop::new();
    let bodies = case(include_str!("cases/one_time_with_invoice_refunded.json"));
    shop.told(&bodies[0]);
    assert_eq!(shop.has(SKU), (1, 1));
    shop.told(&bodies[1]);
    assert_eq!(shop.has(SKU), (1, 0));
    shop.calm("pi_8061");

    // With the payment joined to the invoice, before and after.
    let shop = bought();
    shop.told(&invoice_payment("pi_1", "in_9"));
    shop.told(&charge("refunded", PLACED + DAY, "pi_1", 8000, 8000));
    assert_eq!(shop.has(SKU), (1, 0));
    shop.calm("pi_1").unknown("in_9");

    let shop = Shop::new();
    shop.told(&invoice_payment("pi_1", "in_9")).told(&paid());
    shop.told(&charge("refunded", PLACED + DAY, "pi_1", 8000, 8000));
    assert_eq!(shop.has(SKU), (1, 0));
    shop.calm("pi_1").unknown("in_9");
}

#[test]
fn a_part_that_is_refunded_takes_nothing_back_and_is_seen() {
    for told in [
        charge("refunded", PLACED + DAY, "pi_1", 8000, 1000),
        changed(
            refund("created", PLACED + DAY, "pi_1", "succeeded"),
            &json!({ "amount": 1000 }),
        ),
    ] {
        let shop = bought();
        shop.told(&told);
        assert_eq!(shop.has(SKU), (1, 1));
        assert!(!shop.attention("pi_1").is_empty());
    }
}

#[test]
fn a_refund_that_fails_later_is_seen_and_nothing_is_bought_again() {
    let shop = Shop::new();
    for body in case(include_str!("cases/refund_failed_later.json")) {
        shop.told(&body);
    }
    shop.until(PLACED + 20 * DAY);
    assert_eq!(shop.has(SKU).0, 1, "never bought again");
    assert!(!shop.attention("pi_2001").is_empty());

    // In whatever order it is told.
    let shop = bought();
    shop.told(&refund("failed", PLACED + 5 * DAY, "pi_1", "failed"));
    shop.told(&charge("refunded", PLACED + DAY, "pi_1", 8000, 8000));
    assert_eq!(shop.has(SKU), (1, 1), "held");
    assert!(!shop.attention("pi_1").is_empty());

    // As old API versions tell it, the charge with its only refund: it is undone, and said.
    let shop = bought();
    let listed = json!({ "refunds": { "object": "list", "data": [{ "id": "re_of_pi_1", "object": "refund", "amount": 8000 }], "has_more": false } });
    shop.told(&changed(charge("refunded", PLACED + DAY, "pi_1", 8000, 8000), &listed));
    assert_eq!(shop.has(SKU), (1, 0));
    let mut failed = refund("updated", PLACED + 5 * DAY, "pi_1", "failed");
    failed["type"] = "charge.refund.updated".into();
    shop.told(&failed);
    assert_eq!(shop.has(SKU), (1, 1));
    assert!(!shop.attention("pi_1").is_empty());
}

#[test]
fn a_refund_under_way_takes_nothing_back_yet() {
    let shop = bought();
    shop.told(&refund("created", PLACED + DAY, "pi_1", "pending"));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.told(&refund("updated", PLACED + 3 * DAY, "pi_1", "canceled"));
    shop.until(PLACED + 4 * DAY);
    assert_eq!(shop.has(SKU), (1, 1));
}

#[test]
fn a_dispute_is_seen_and_takes_nothing_back_by_itself() {
    let shop = Shop::new();
    for body in case(include_str!("cases/chargeback.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has(SKU), (1, 1));
    assert!(!shop.attention("pi_1401").is_empty());

    // Won: over.
    let shop = bought();
    shop.told(&dispute("created", PLACED + DAY, "pi_1", "needs_response"));
    assert!(!shop.attention("pi_1").is_empty());
    shop.told(&dispute("closed", PLACED + MONTH, "pi_1", "won"));
    shop.told(&dispute("updated", PLACED + 2 * DAY, "pi_1", "under_review"));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.calm("pi_1");

    // Prevented, and what went back is told by itself.
    let shop = bought();
    shop.told(&dispute("created", PLACED + DAY, "pi_1", "prevented"));
    shop.calm("pi_1");
}

#[test]
fn a_dispute_takes_back_where_the_catalog_says_so() {
    let shop = bought_with("on_dispute = \"take_back\"");
    shop.told(&dispute("created", PLACED + DAY, "pi_1", "needs_response"));
    assert_eq!(shop.has(SKU), (1, 0));
    shop.told(&dispute("funds_reinstated", PLACED + MONTH, "pi_1", "won"));
    assert_eq!(shop.has(SKU), (1, 1));

    let shop = bought_with("on_dispute = \"take_back\"");
    shop.told(&dispute("closed", PLACED + MONTH, "pi_1", "lost"));
    assert_eq!(shop.has(SKU), (1, 0));

    // An inquiry moves no money, until it becomes a dispute.
    let shop = bought_with("on_dispute = \"take_back\"");
    shop.told(&dispute("created", PLACED + DAY, "pi_1", "warning_needs_response"));
    assert_eq!(shop.has(SKU), (1, 1));
    shop.told(&dispute("updated", PLACED + 2 * DAY, "pi_1", "needs_response"));
    assert_eq!(shop.has(SKU), (1, 0));
}

#[test]
fn inquiries_and_early_warnings_never_take_back() {
    for policy in ["attention", "take_back"] {
        let shop = bought_with(&format!("on_dispute = \"{policy}\""));
        shop.told(&warning(PLACED + DAY, true));
        assert_eq!(shop.has(SKU), (1, 1));
        assert!(!shop.attention("pi_1").is_empty(), "{policy}");
        shop.told(&warning(PLACED + DAY, false));
        shop.told(&dispute("created", PLACED + 2 * DAY, "pi_1", "warning_under_review"));
        shop.told(&dispute("closed", PLACED + 90 * DAY, "pi_1", "warning_closed"));
        assert_eq!(shop.has(SKU), (1, 1));
        shop.calm("pi_1");
    }
}

#[test]
fn reversals_of_what_is_not_ours_are_nothing() {
    let shop = Shop::new();
    shop.told(&charge("refunded", PLACED, "pi_9", 8000, 8000))
        .unknown("pi_9");
    shop.told(&charge("refunded", PLACED, "pi_8", 8000, 1000))
        .unknown("pi_8");
    shop.told(&refund("failed", PLACED, "pi_7", "failed")).unknown("pi_7");
    shop.told(&dispute("created", PLACED, "pi_6", "needs_response"))
        .unknown("pi_6");
    let other = json!({ "payment_intent": "pi_5" });
    shop.told(&changed(warning(PLACED, true), &other)).unknown("pi_5");
    // Without an intent: the charge is all there is.
    let of_charge = json!({ "payment_intent": null });
    shop.told(&changed(
        dispute("created", PLACED, "pi_4", "needs_response"),
        &of_charge,
    ))
    .unknown("ch_of_pi_4");

    // Of an invoice that is no subscription's, and of a subscription that sells coffee.
    shop.told(&invoice_payment("pi_9", "in_9"))
        .unknown("pi_9")
        .unknown("in_9");
}

#[test]
fn a_refund_of_a_subscriptions_payment_finds_it() {
    let refunded = charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000);
    let shop = subscribed("");
    shop.told(&refunded);
    // Which periods go back, and whether it goes on, is not said: it stays, and a person is told.
    assert_eq!(shop.has("price_basic"), (1, 1));
    assert!(!shop.attention("sub_1").is_empty());
    shop.unknown("pi_sub").unknown("in_1");

    // The refund comes before the payment is joined.
    let shop = Shop::new();
    shop.told(&first("price_basic"))
        .told(&refunded)
        .told(&invoice_payment("pi_sub", "in_1"));
    assert_eq!(shop.has("price_basic"), (1, 1));
    assert!(!shop.attention("sub_1").is_empty());

    // All joined before the invoice says whose it is.
    let shop = Shop::new();
    shop.told(&invoice_payment("pi_sub", "in_1"))
        .told(&refunded)
        .told(&first("price_basic"));
    assert!(!shop.attention("sub_1").is_empty());
    shop.sound();
}

#[test]
fn a_dispute_of_a_subscriptions_payment_finds_it() {
    let disputed = dispute("created", PLACED + DAY, "pi_sub", "needs_response");
    let shop = subscribed("");
    shop.told(&disputed);
    assert_eq!(shop.has("price_basic"), (1, 1));
    assert!(!shop.attention("sub_1").is_empty());
    shop.told(&dispute("closed", PLACED + MONTH, "pi_sub", "won"))
        .calm("sub_1");

    let shop = subscribed("on_dispute = \"take_back\"");
    shop.told(&disputed);
    assert_eq!(shop.has("price_basic"), (1, 0));

    // Of a later period.
    let shop = subscribed("");
    let cycle = invoice(
        "in_2",
        "subscription_cycle",
        PLACED + MONTH,
        vec![line("si_1", "price_basic", 1, 1000)],
    );
    shop.told(&cycle).told(&invoice_payment("pi_2", "in_2"));
    shop.told(&dispute("created", PLACED + MONTH + DAY, "pi_2", "needs_response"));
    assert!(!shop.attention("sub_1").is_empty());
}

#[test]
fn an_end_after_a_refund_of_a_subscription_takes_back_and_is_calm() {
    let shop = subscribed("");
    shop.told(&charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000));
    let items = vec![super::bodies::item("si_1", "price_basic", 1)];
    shop.told(&subscription("deleted", PLACED + DAY, "canceled", items));
    assert_eq!(shop.has("price_basic"), (1, 0));
}

#[test]
fn a_refund_of_a_subscription_that_nobody_joins_is_seen() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let of_subscription = json!({ "description": "Subscription creation" });
    shop.told(&changed(
        charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000),
        &of_subscription,
    ));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("pi_sub", "REFUND_OF_UNKNOWN_SUBSCRIPTION");
}

#[test]
fn statuses_that_are_not_known_are_kept_for_a_person() {
    let shop = bought();
    for strange in [
        refund("updated", PLACED + DAY, "pi_1", "reversed"),
        dispute("updated", PLACED + DAY, "pi_1", "settled"),
    ] {
        assert_eq!(shop.answer(&strange), reseller_hooks::webhook::Disposition::Parked);
    }
    assert_eq!(shop.has(SKU), (1, 1));
}

#[test]
fn a_dispute_whose_charge_is_expanded_finds_the_payment() {
    let shop = bought();
    let charge = json!({ "id": "ch_of_pi_1", "object": "charge", "payment_intent": "pi_1" });
    let expanded = json!({ "charge": charge, "payment_intent": null });
    shop.told(&changed(
        dispute("created", PLACED + DAY, "pi_1", "needs_response"),
        &expanded,
    ));
    shop.seen("pi_1", "DISPUTE_OPEN");
    let shop = bought();
    shop.told(&changed(
        refund("created", PLACED + DAY, "pi_1", "succeeded"),
        &expanded,
    ));
    assert!(!shop.attention("pi_1").is_empty());
}
