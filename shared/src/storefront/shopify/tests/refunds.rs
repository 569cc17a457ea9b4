//! What takes an order back, and renewals.

use super::*;

#[test]
fn current_quantity_after_a_refund_is_the_live_units_and_the_refund_is_counted() {
    let (event, trigger) = event(deliver(KIND, REFUNDED_ONE.as_bytes(), "orders/updated"));
    let order = event.snapshot().unwrap();
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(units(order), [2, 1, 1]);
    assert_eq!(order.refunds.iter().collect::<Vec<_>>(), ["1099511627776123"]);
    assert!(
        order.paid == Paid::Full && order.ended.is_none(),
        "partially refunded with nothing outstanding is fully paid"
    );
}

#[test]
fn without_current_quantity_the_refunds_in_the_order_are_taken_off() {
    let order = snapshot(deliver(KIND, OLD_API.as_bytes(), "orders/updated"));
    assert_eq!(units(&order), [2, 1, 1]);
    assert_eq!(
        order.paid,
        Paid::Unclear,
        "without total_outstanding it is not known that all is paid"
    );
}

#[test]
fn partially_refunded_with_something_outstanding_is_not_fully_paid() {
    let body = with(
        REFUNDED_ONE,
        "\"total_outstanding\": \"0.00\"",
        "\"total_outstanding\": \"10.00\"",
    );
    assert!(snapshot(deliver(KIND, &body, "orders/updated")).paid != Paid::Full);
    let body = with(
        REFUNDED_ONE,
        "\"total_outstanding\": \"0.00\"",
        "\"total_outstanding\": 0.0",
    );
    assert!(
        snapshot(deliver(KIND, &body, "orders/updated")).paid == Paid::Full,
        "a price may be a number"
    );
}

#[test]
fn an_edit_down_goes_to_order_canceled() {
    let body = with(PAID, "\"current_quantity\": 3", "\"current_quantity\": 1");
    let (event, trigger) = event(deliver(KIND, &body, "orders/updated"));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(units(event.snapshot().unwrap()), [1, 1, 1]);
}

#[test]
fn a_canceled_order_goes_to_order_canceled_under_any_topic() {
    for topic in ["orders/cancelled", "orders/updated", "orders/paid"] {
        let (event, trigger) = event(deliver(KIND, CANCELLED.as_bytes(), topic));
        let order = event.snapshot().unwrap();
        assert_eq!(order.ended, Some(Ended::TERMINAL), "{topic}");
        assert_eq!(units(order), [0, 0, 0]);
        assert_eq!(trigger, OrderQueue::OrderCanceled, "{topic}");
    }
}

#[test]
fn an_order_canceled_before_it_was_paid_is_told_too() {
    let body = with(
        PENDING,
        "\"cancelled_at\": null",
        "\"cancelled_at\": \"2026-03-02T09:20:00-05:00\"",
    );
    let (event, trigger) = event(deliver(KIND, &body, "orders/cancelled"));
    assert!(event.snapshot().unwrap().ended.is_some());
    assert_eq!(trigger, OrderQueue::OrderCanceled);
}

#[test]
fn wholly_refunded_says_that_all_of_it_was_given_back() {
    let body = with(
        PAID,
        "\"financial_status\": \"paid\"",
        "\"financial_status\": \"refunded\"",
    );
    let order = snapshot(deliver(KIND, &body, "orders/updated"));
    assert!(order.refunded_all && order.paid == Paid::No && order.ended.is_none());
}

#[test]
fn a_refund_names_its_order_by_order_id_and_its_lines() {
    let (event, trigger) = event(deliver(KIND, REFUND.as_bytes(), "refunds/create"));
    assert_eq!(event.key.to_string(), "shopify/9007199254740993");
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let Statement::Refund(refund) = event.says else {
        panic!("not a refund")
    };
    assert_eq!(
        (refund.id.as_str(), refund.state),
        ("1099511627776123", RefundState::Succeeded)
    );
    assert_eq!(refund.lines, Some(BTreeMap::from([("9007199254740995".to_owned(), 1)])));
}

#[test]
fn a_refund_of_an_amount_names_no_lines_and_one_of_shipping_says_nothing() {
    let Statement::Refund(refund) = event(deliver(KIND, REFUND_AMOUNT.as_bytes(), "refunds/create")).0.says else {
        panic!("not a refund")
    };
    assert_eq!(refund.lines, None);
    nothing(deliver(KIND, REFUND_SHIPPING.as_bytes(), "refunds/create"));
}

#[test]
fn a_refund_is_as_far_as_its_transactions_agree() {
    let status = "\"status\": \"success\"";
    for (becomes, state) in [
        ("\"status\": \"success\"", RefundState::Succeeded),
        ("\"status\": \"pending\"", RefundState::Pending),
        ("\"status\": \"failure\"", RefundState::Failed),
        ("\"status\": \"error\"", RefundState::Failed),
        ("\"status\": \"unheard of\"", RefundState::Pending),
        ("\"status\": null", RefundState::Pending),
        ("\"status\": \"failure\", \"kind\": \"capture\"", RefundState::Succeeded),
        (
            "\"status\": \"success\" }, { \"status\": \"failure\"",
            RefundState::Pending,
        ),
    ] {
        let body = with(REFUND, status, becomes);
        let body = String::from_utf8(body).unwrap();
        // The test of another kind writes it once more: the earlier one goes.
        let body = if becomes.contains("kind") {
            body.replacen("\"kind\": \"refund\",", "", 1)
        } else {
            body
        };
        let Statement::Refund(refund) = event(deliver(KIND, body.as_bytes(), "refunds/create")).0.says else {
            panic!("not a refund")
        };
        assert_eq!(refund.state, state, "{becomes}");
    }
}

#[test]
fn a_refund_that_failed_is_put_back_into_the_lines_and_told_by_itself() {
    let events = says(REFUND_FAILED, "orders/updated");
    let order = events[1].snapshot().unwrap();
    assert_eq!(units(order), [3, 1, 1]);
    assert!(order.refunds.is_empty() && order.unmapped_refunds.is_empty());
    let Statement::Refund(refund) = &events[0].says else {
        panic!("not a refund")
    };
    assert_eq!(refund.state, RefundState::Failed);
    assert_eq!((events.len(), &events[1].key), (2, &events[0].key));
}

#[test]
fn a_renewal_is_told_by_its_source_and_never_by_a_tag_alone() {
    let renewal = &says(RENEWAL, "orders/paid")[0];
    assert!(renewal.snapshot().unwrap().renews.is_some());
    let tagged = RENEWAL.replace("subscription_contract_checkout_one", "web");
    let tagged = &says(&tagged, "orders/paid")[0];
    let order = tagged.snapshot().unwrap();
    assert_eq!((order.renews.as_deref(), order.paid), (None, Paid::Unclear));
    assert_eq!(order.notices.len(), 1);
    let first = &says(FIRST, "orders/paid")[0];
    let order = first.snapshot().unwrap();
    assert_eq!((order.renews.as_deref(), order.paid), (None, Paid::Full));
    let sold: Vec<bool> = order.lines.iter().map(|line| line.subscription).collect();
    assert_eq!(sold, [true, false]);
}

#[test]
fn a_refund_of_the_test_notifications_order_is_ignored() {
    let body = with(
        REFUND,
        "\"order_id\": 9007199254740993",
        "\"order_id\": 820982911946154508",
    );
    assert_eq!(
        nothing(deliver(KIND, &body, "refunds/create")),
        "Shopify's test notification"
    );
}
