//! One-time payments: sessions, captures and what goes back.

use super::*;
use crate::order::{Amount, Covers, Dispute, DisputeState, End, Ended, Refund, RefundState, Version};

const UNPAID: &str = sample!("checkout_session_completed_unpaid");
const ASYNC: &str = sample!("checkout_session_async_payment_succeeded");

fn refund(id: &str, state: RefundState, whole: bool) -> Statement {
    Statement::Refund(Refund {
        id: id.into(),
        state,
        lines: None,
        whole,
    })
}

fn of_payment(says: Statement) -> Vec<(String, Statement)> {
    vec![("stripe/pi_3SamplePayment".to_owned(), says)]
}

#[test]
fn a_paid_session_takes_its_product_from_the_metadata() {
    for body in [SESSION, ASYNC] {
        let (event, queue) = told(body.as_bytes()).remove(0);
        assert_eq!(event.key.to_string(), "stripe/pi_3SamplePayment");
        assert_eq!(queue, OrderQueue::OrderPaid);
        let order = event.snapshot().unwrap();
        assert_eq!(order.paid, Paid::Full);
        assert_eq!(units(order), [2]);
        assert_eq!(order.lines[0].id, "1");
        assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "PREMIUM-1Y");
        let amount = Amount {
            minor: 16_000,
            currency: "USD".into(),
        };
        assert_eq!(order.lines[0].amount, Some(amount));
        let fields = &order.fields;
        assert_eq!(fields.account.as_deref(), Some("2250b761-b31c-453b-885b-76e9fc04bdc6"));
        assert_eq!(fields.site.as_deref(), Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd"));
        assert_eq!(fields.country.as_deref(), Some("US"));
        assert_eq!(fields.external_id, None);
    }
}

#[test]
fn the_client_reference_is_a_reference_and_never_a_product() {
    let headers = signed(KIND, SESSION.as_bytes(), "");
    let delivery = Delivery {
        headers: &headers,
        body: SESSION.as_bytes(),
        received_at: NOW,
    };
    let names = FieldNames {
        external_id: vec!["client_reference_id".to_owned()],
        ..FieldNames::default()
    };
    let order =
        super::super::super::testing::snapshot(super::super::super::receive(KIND, &delivery, &shops(KIND), &names));
    assert_eq!(order.fields.external_id.as_deref(), Some("CART-88"));
    let body = with(SESSION, "\"wix_sku\"", "\"other\"");
    assert_eq!(
        nothing(deliver(KIND, &body, "")),
        "a session without wix_sku in its metadata"
    );
}

#[test]
fn an_unpaid_session_states_its_line_and_no_payment() {
    let order = snapshot(UNPAID.as_bytes());
    assert_eq!((order.paid, order.ended, units(&order)), (Paid::No, None, vec![2]));
    let failed = snapshot(sample!("checkout_session_async_payment_failed").as_bytes());
    assert_eq!((failed.paid, failed.ended), (Paid::No, Some(Ended::PLAIN)));
}

#[test]
fn a_session_that_costs_nothing_is_paid_and_known_by_itself() {
    let body = with(SESSION, "\"paid\"", "\"no_payment_required\"");
    let body = with(std::str::from_utf8(&body).unwrap(), "\"pi_3SamplePayment\"", "null");
    let (event, _) = told(&body).remove(0);
    assert_eq!(event.snapshot().unwrap().paid, Paid::Full);
    assert_eq!(event.key.to_string(), "stripe/cs_live_a1SampleSession");
}

#[test]
fn a_quantity_that_is_none_is_parked_and_an_absent_one_is_one() {
    for wrong in ["\"two\"", "\"-1\"", "\"1.5\"", "\"99999999999\""] {
        let quantity = format!("\"wix_quantity\": {wrong}");
        let body = with(SESSION, "\"wix_quantity\": \"2\"", &quantity);
        assert!(parked(deliver(KIND, &body, "")).contains("wix_quantity"), "{wrong}");
    }
    let body = with(SESSION, "\"wix_quantity\"", "\"other\"");
    assert_eq!(units(&snapshot(&body)), [1]);
}

#[test]
fn the_same_state_told_by_two_events_is_one() {
    // Another event at the same second: equal but for the time, which the version has.
    let at_once = with(ASYNC, "1772633649", "1772460849");
    assert_eq!(snapshot(&at_once), snapshot(SESSION.as_bytes()));
    assert_ne!(snapshot(UNPAID.as_bytes()).hash, snapshot(SESSION.as_bytes()).hash);
}

#[test]
fn a_capture_settles_its_order_and_a_part_of_it_does_not() {
    for whole in [sample!("payment_intent_succeeded"), sample!("charge_captured")] {
        assert_eq!(statements(whole), of_payment(Statement::Settled));
    }
    let part = statements(sample!("payment_intent_succeeded_in_part"));
    assert!(matches!(&part[0].1, Statement::Notice(notice) if notice.code == "PAID_IN_PART"));
}

#[test]
fn an_authorisation_that_is_over_ends_its_order() {
    let end = |cause: &str, ended| {
        Statement::End(End {
            cause: cause.into(),
            version: Version::at("2026-03-09T14:14:01Z".parse().unwrap()),
            ended: Some(ended),
            of: Covers::All,
        })
    };
    let canceled = end("payment_intent", Ended::TERMINAL);
    assert_eq!(statements(sample!("payment_intent_canceled")), of_payment(canceled));
    let expired = end("charge ch_3SampleCharge", Ended::PLAIN);
    assert_eq!(statements(sample!("charge_expired")), of_payment(expired));
}

#[test]
fn a_refund_says_how_far_it_is_and_a_charge_whether_all_went_back() {
    let whole = refund("ch_3SampleCharge", RefundState::Succeeded, true);
    assert_eq!(statements(REFUND), of_payment(whole));
    let part = refund("ch_3SampleCharge", RefundState::Succeeded, false);
    assert_eq!(statements(sample!("charge_refunded_partial")), of_payment(part));
    let created = refund("re_3SampleRefund", RefundState::Succeeded, false);
    assert_eq!(statements(sample!("refund_created")), of_payment(created));
    for failed in [sample!("refund_failed"), sample!("charge_refund_updated")] {
        let failed = statements(failed);
        assert_eq!(
            failed,
            of_payment(refund("re_3SampleRefund", RefundState::Failed, false))
        );
    }
}

#[test]
fn every_status_of_a_dispute_is_open_lost_or_won() {
    for (status, state, inquiry) in [
        ("needs_response", DisputeState::Open, false),
        ("under_review", DisputeState::Open, false),
        ("lost", DisputeState::Lost, false),
        ("won", DisputeState::Won, false),
        ("prevented", DisputeState::Won, false),
        ("warning_needs_response", DisputeState::Open, true),
        ("warning_under_review", DisputeState::Open, true),
        ("warning_closed", DisputeState::Won, true),
    ] {
        let body = with(
            sample!("charge_dispute_created"),
            "\"needs_response\"",
            &format!("{status:?}"),
        );
        let says = statements(std::str::from_utf8(&body).unwrap());
        let dispute = Dispute {
            id: "dp_3SampleDispute".into(),
            state,
            inquiry,
        };
        assert_eq!(says, of_payment(Statement::Dispute(dispute)), "{status}");
    }
    let lost = statements(sample!("charge_dispute_closed"));
    assert!(matches!(&lost[0].1, Statement::Dispute(dispute) if dispute.state == DisputeState::Lost));
    let warning = statements(sample!("radar_early_fraud_warning_created"));
    assert!(matches!(&warning[0].1, Statement::Dispute(dispute) if dispute.inquiry));
}

#[test]
fn references_may_be_expanded() {
    let expanded = "\"payment_intent\": {\"object\": \"payment_intent\", \"id\": \"pi_3SamplePayment\"}";
    for sample in [
        SESSION,
        REFUND,
        sample!("refund_created"),
        sample!("charge_dispute_created"),
    ] {
        let body = with(sample, "\"payment_intent\": \"pi_3SamplePayment\"", expanded);
        assert_eq!(told(&body)[0].0.key.to_string(), "stripe/pi_3SamplePayment");
    }
}
