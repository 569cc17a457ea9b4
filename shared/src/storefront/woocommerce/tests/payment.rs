//! Whether an order is paid, over, refunded or ignored.

use super::*;

#[test]
fn a_processing_order_is_paid() {
    let (event, trigger) = event(deliver(KIND, PROCESSING.as_bytes(), "order.updated"));
    assert_eq!(event.key.to_string(), "woocommerce/1727");
    assert_eq!(trigger, OrderQueue::OrderPaid);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(
        order.version.time.to_string(),
        "2026-03-02T14:14:09Z",
        "a time without Z is UTC"
    );
    assert_eq!(order.created_at.to_string(), "2026-03-02T14:14:05Z");
    assert_eq!(units(order), [2, 1]);
    assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "PREMIUM-1Y");
    assert_eq!(order.lines[1].sku, None, "a blank SKU is none");
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(
        order.lines[0].fields.site.as_deref(),
        Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
}

#[test]
fn completed_by_hand_is_paid_although_date_paid_is_null() {
    assert!(snapshot(deliver(KIND, BY_HAND.as_bytes(), "order.updated")).paid == Paid::Full);
}

#[test]
fn cash_on_delivery_is_not_paid_while_it_is_processing_and_is_when_it_is_completed() {
    let processing = snapshot(deliver(KIND, CASH.as_bytes(), "order.updated"));
    assert!(processing.paid != Paid::Full && processing.ended.is_none());
    let completed = with(CASH, "\"status\": \"processing\"", "\"status\": \"completed\"");
    assert!(snapshot(deliver(KIND, &completed, "order.updated")).paid == Paid::Full);
    let dated = with(
        CASH,
        "\"date_paid_gmt\": null",
        "\"date_paid_gmt\": \"2026-03-04T10:00:00\"",
    );
    assert_eq!(
        snapshot(deliver(KIND, &dated, "order.updated")).paid,
        Paid::No,
        "a date of payment is history"
    );
}

#[test]
fn without_a_payment_method_nobody_knows_whether_processing_means_paid() {
    let garbled = with(CASH, "\"payment_method\"", "\"payment_methud\"");
    let reason = parked(deliver(KIND, &garbled, "order.updated"));
    assert_eq!(reason, "at the top: missing field `payment_method`");
}

#[test]
fn another_method_is_paid_while_it_is_processing_even_without_a_date() {
    let free = with(CASH, "\"payment_method\": \"cod\"", "\"payment_method\": \"\"");
    assert!(snapshot(deliver(KIND, &free, "order.updated")).paid == Paid::Full);
}

#[test]
fn a_custom_status_is_unclear_unless_the_reseller_names_it_as_paid() {
    let custom = with(PROCESSING, "\"status\": \"processing\"", "\"status\": \"wc-packed\"");
    assert_eq!(snapshot(deliver(KIND, &custom, "order.updated")).paid, Paid::Unclear);
    let names = FieldNames {
        paid_statuses: vec!["packed".to_owned()],
        ..FieldNames::default()
    };
    let headers = signed(KIND, &custom, "order.updated");
    let delivery = Delivery {
        headers: &headers,
        body: &custom,
        received_at: NOW,
    };
    let named = receive(KIND, &delivery, &shops(KIND), &names);
    assert_eq!(snapshot(named).paid, Paid::Full);
    let prefixed = with(BY_HAND, "\"status\": \"completed\"", "\"status\": \"wc-completed\"");
    assert_eq!(snapshot(deliver(KIND, &prefixed, "order.updated")).paid, Paid::Full);
}

#[test]
fn a_pending_order_is_nothing_to_do() {
    nothing(deliver(KIND, PENDING.as_bytes(), "order.created"));
}

#[test]
fn cancelled_refunded_failed_and_trashed_orders_are_canceled() {
    for status in ["cancelled", "refunded", "failed", "trash"] {
        let body = with(
            PROCESSING,
            "\"status\": \"processing\"",
            &format!("\"status\": \"{status}\""),
        );
        let (event, trigger) = event(deliver(KIND, &body, "order.updated"));
        let order = event.snapshot().unwrap();
        assert!(order.ended.is_some() && order.paid != Paid::Full, "{status}");
        assert_eq!(trigger, OrderQueue::OrderCanceled);
    }
    assert!(
        snapshot(deliver(KIND, CANCELLED.as_bytes(), "order.updated"))
            .ended
            .is_some()
    );
    let refunded = snapshot(deliver(KIND, REFUNDED.as_bytes(), "order.updated"));
    assert!(refunded.ended.is_some() && refunded.notices.is_empty());
}

#[test]
fn a_deleted_order_is_in_the_trash_as_of_the_time_of_receipt() {
    let (event, trigger) = event(deliver(KIND, DELETED.as_bytes(), "order.deleted"));
    assert_eq!(event.key.to_string(), "woocommerce/1727");
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(event.says, Statement::Trashed);
    assert_eq!(event.received_at, NOW);
}

#[test]
fn an_order_without_any_date_is_parked() {
    let body = String::from_utf8(with(
        PROCESSING,
        "\"date_modified_gmt\": \"2026-03-02T14:14:09\"",
        "\"date_modified_gmt\": null",
    ))
    .unwrap();
    let order = snapshot(deliver(KIND, body.as_bytes(), "order.updated"));
    assert_eq!(order.version.time.to_string(), "2026-03-02T14:14:05Z");
    let body = with(
        &body,
        "\"date_created_gmt\": \"2026-03-02T14:14:05\"",
        "\"date_created_gmt\": null",
    );
    parked(deliver(KIND, &body, "order.updated"));
}

#[test]
fn refunds_that_come_to_the_total_are_all_of_it() {
    let refunds = |amounts: &[&str]| {
        let refunds: Vec<_> = (1..)
            .zip(amounts)
            .map(|(id, total): (u32, _)| json!({"id": id, "total": total}))
            .collect();
        snapshot(deliver(
            KIND,
            &edited(PROCESSING, &[("/total", json!("80.00")), ("/refunds", json!(refunds))]),
            "order.updated",
        ))
    };
    let some = refunds(&["-30.00", "-49.99"]);
    assert!(!some.refunded_all);
    assert_eq!(some.unmapped_refunds.len(), 2);
    let all = refunds(&["-30.00", "-50"]);
    assert!(all.refunded_all && all.unmapped_refunds.is_empty());
    assert!(
        !refunds(&["-30.00", "lots"]).refunded_all,
        "what cannot be read is not all"
    );
    assert!(
        refunds(&[]).unmapped_refunds.is_empty(),
        "a refund that was deleted is gone"
    );
}

#[test]
fn test_orders_are_ignored_unless_the_shop_takes_them() {
    for (name, value) in [
        ("_wcpay_mode", "test"),
        ("_ppcp_paypal_payment_mode", "sandbox"),
        ("_mollie_payment_mode", "Test"),
        ("_wc_stripe_mode", "test"),
    ] {
        let body = changed("/meta_data", json!([{"id": 1, "key": name, "value": value}]));
        assert_eq!(nothing(deliver(KIND, &body, "order.updated")), "a test order", "{name}");
        let mut shops = shops(KIND);
        shops[0].accept_test = true;
        let headers = signed(KIND, &body, "order.updated");
        assert_eq!(snapshot(received(KIND, &headers, &body, &shops)).paid, Paid::Full);
    }
    for (name, value) in [
        ("_wcpay_mode", "prod"),
        ("_other_mode", "test"),
        ("_ppcp_paypal_payment_mode", "live"),
    ] {
        let body = changed("/meta_data", json!([{"id": 1, "key": name, "value": value}]));
        assert_eq!(
            snapshot(deliver(KIND, &body, "order.updated")).paid,
            Paid::Full,
            "{name}"
        );
    }
}
