use super::super::testing::{
    NOW, deliver, event, header_map, nothing, parked, received, secret, shops, signed, snapshot, units, with,
};
use super::super::{Key, OrderQueue, Outcome};
use super::*;
use crate::order::{Paid, Snapshot, StorefrontKind};

const KIND: StorefrontKind = StorefrontKind::Stripe;
const SESSION: &str = include_str!("../../../events/stripe/checkout_session_completed.json");
const UNPAID: &str = include_str!("../../../events/stripe/checkout_session_completed_unpaid.json");
const ASYNC: &str = include_str!("../../../events/stripe/checkout_session_async_payment_succeeded.json");
const SUBSCRIPTION_SESSION: &str = include_str!("../../../events/stripe/checkout_session_completed_subscription.json");
const TEST_MODE: &str = include_str!("../../../events/stripe/checkout_session_completed_test_mode.json");
const INVOICE: &str = include_str!("../../../events/stripe/invoice_paid_first.json");
const OLD_INVOICE: &str = include_str!("../../../events/stripe/invoice_paid_first_old_api.json");
const RENEWAL: &str = include_str!("../../../events/stripe/invoice_paid_renewal.json");
const DELETED: &str = include_str!("../../../events/stripe/customer_subscription_deleted.json");
const REFUND: &str = include_str!("../../../events/stripe/charge_refunded.json");
const PARTIAL: &str = include_str!("../../../events/stripe/charge_refunded_partial.json");
const SUBSCRIPTION_REFUND: &str = include_str!("../../../events/stripe/charge_refunded_of_subscription.json");

#[test]
fn the_hmac_of_the_published_vector_is_ours() {
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"test_secret"),
        br#"{"obj1":"hello","obj2":"world"}"#,
    );
    let published = from_hex("bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363").unwrap();
    assert_eq!(tag.as_ref(), published);
    // The whole text of the secret is the key, `whsec_` included.
    assert_eq!(
        Key::new(KIND, "whsec_test").unwrap().secret(),
        Some(b"whsec_test".as_slice())
    );
}

fn signature_of(time: &str, body: &[u8], secret: &str) -> String {
    let mut message = format!("{time}.").into_bytes();
    message.extend_from_slice(body);
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes()),
        &message,
    );
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn post(header: &str) -> Result<Outcome, ReceiveError> {
    let headers = header_map(&[("stripe-signature", header)]);
    received(KIND, &headers, SESSION.as_bytes(), &shops(KIND))
}

#[test]
fn any_v1_counts_and_v0_never() {
    let now = NOW.as_secs().to_string();
    let good = signature_of(&now, SESSION.as_bytes(), secret(KIND));
    let other = signature_of(&now, SESSION.as_bytes(), "whsec_other");
    assert!(post(&format!("t={now},v1={good}")).is_ok());
    assert!(post(&format!("t={now}, v1={other}, v1={good}, v0={other}")).is_ok());
    for header in [
        format!("t={now},v0={good}"),
        format!("t={now}"),
        format!("v1={good}"),
        format!("t={now},v1={other}"),
        format!("t={now},v1={good}0"),
        format!("t={now},v1=é"),
        String::new(),
    ] {
        assert!(matches!(post(&header), Err(ReceiveError::Unverified(_))), "{header}");
    }
}

#[test]
fn old_and_future_times_are_refused_beyond_300_seconds() {
    for (offset, taken) in [(300, true), (-300, true), (301, false), (-301, false)] {
        let time = (NOW.as_secs() + offset).to_string();
        let signature = signature_of(&time, SESSION.as_bytes(), secret(KIND));
        let outcome = post(&format!("t={time},v1={signature}"));
        assert_eq!(outcome.is_ok(), taken, "{offset}");
        if !taken {
            assert_eq!(outcome, Err(ReceiveError::Unverified(VerifyError::Stale)));
        }
    }
    let signature = signature_of("soon", SESSION.as_bytes(), secret(KIND));
    assert!(post(&format!("t=soon,v1={signature}")).is_err());
}

#[test]
fn one_byte_changed_anywhere_fails() {
    let headers = signed(KIND, SESSION.as_bytes(), "");
    for at in 0..SESSION.len() {
        let mut body = SESSION.as_bytes().to_vec();
        body[at] ^= 1;
        assert_eq!(
            received(KIND, &headers, &body, &shops(KIND)),
            Err(ReceiveError::Unverified(VerifyError::BadSignature)),
            "byte {at}"
        );
    }
}

#[test]
fn a_paid_session_takes_its_product_from_the_metadata() {
    for body in [SESSION, ASYNC] {
        let (event, trigger) = event(deliver(KIND, body.as_bytes(), ""));
        assert_eq!(event.key.to_string(), "stripe/pi_3SamplePayment");
        assert_eq!(trigger, OrderQueue::OrderPaid);
        let order = event.snapshot().unwrap();
        assert!(order.paid == Paid::Full);
        assert_eq!(units(order), [2]);
        assert_eq!(order.lines[0].id, "1");
        assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "PREMIUM-1Y");
        assert_eq!(
            order.fields.account.as_deref(),
            Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
        );
        assert_eq!(
            order.fields.site.as_deref(),
            Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
        );
        assert_eq!(order.fields.country.as_deref(), Some("US"));
        assert_eq!(order.fields.external_id, None);
    }
}

#[test]
fn the_client_reference_is_a_reference_where_the_catalog_names_it_and_never_a_product() {
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
    let order = snapshot(super::super::receive(KIND, &delivery, &shops(KIND), &names));
    assert_eq!(order.fields.external_id.as_deref(), Some("CART-88"));
    let body = with(SESSION, "\"wix_sku\"", "\"other\"");
    assert_eq!(
        nothing(deliver(KIND, &body, "")),
        "a session without wix_sku in its metadata"
    );
}

#[test]
fn an_unpaid_session_waits_for_its_payment() {
    nothing(deliver(KIND, UNPAID.as_bytes(), ""));
}

#[test]
fn a_session_that_costs_nothing_is_paid() {
    let body = with(SESSION, "\"paid\"", "\"no_payment_required\"");
    let body = with(std::str::from_utf8(&body).unwrap(), "\"pi_3SamplePayment\"", "null");
    let (event, _) = event(deliver(KIND, &body, ""));
    assert!(event.snapshot().unwrap().paid == Paid::Full);
    assert_eq!(event.key.to_string(), "stripe/cs_live_a1SampleSession");
}

#[test]
fn a_quantity_that_is_none_is_parked_and_an_absent_one_is_one() {
    for wrong in ["\"two\"", "\"-1\"", "\"1.5\"", "\"99999999999\""] {
        let body = with(
            SESSION,
            "\"wix_quantity\": \"2\"",
            &format!("\"wix_quantity\": {wrong}"),
        );
        assert!(parked(deliver(KIND, &body, "")).contains("wix_quantity"), "{wrong}");
    }
    let body = with(SESSION, "\"wix_quantity\"", "\"other\"");
    assert_eq!(units(&snapshot(deliver(KIND, &body, ""))), [1]);
}

fn assert_is_the_subscription(order: &Snapshot) {
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(units(order), [2]);
    assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "price_1SamplePremium1Y");
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
    assert_eq!(order.fields.external_id.as_deref(), Some("sub_1SampleSubscription"));
}

#[test]
fn one_subscription_is_one_order_however_many_events_tell_of_it() {
    nothing(deliver(KIND, SUBSCRIPTION_SESSION.as_bytes(), ""));
    nothing(deliver(KIND, RENEWAL.as_bytes(), ""));
    let succeeded = with(INVOICE, "\"invoice.paid\"", "\"invoice.payment_succeeded\"");
    for body in [INVOICE.as_bytes(), OLD_INVOICE.as_bytes(), &succeeded] {
        let (event, trigger) = event(deliver(KIND, body, ""));
        assert_eq!(event.key.to_string(), "stripe/sub_1SampleSubscription");
        assert_eq!(trigger, OrderQueue::OrderPaid);
        assert_is_the_subscription(event.snapshot().unwrap());
        assert_eq!(event.snapshot().unwrap().lines[0].id, "il_1SampleLine");
    }
}

#[test]
fn only_the_first_invoice_of_a_subscription_creates_anything() {
    for reason in [
        "subscription_cycle",
        "subscription_update",
        "subscription_threshold",
        "manual",
    ] {
        let body = with(INVOICE, "\"subscription_create\"", &format!("\"{reason}\""));
        nothing(deliver(KIND, &body, ""));
    }
    let body = with(
        INVOICE,
        "\"subscription\": \"sub_1SampleSubscription\"",
        "\"subscription\": null",
    );
    nothing(deliver(KIND, &body, ""));
}

#[test]
fn prorations_and_credits_are_no_lines() {
    let body = with(INVOICE, "\"proration\": false", "\"proration\": true");
    assert!(snapshot(deliver(KIND, &body, "")).lines.is_empty());
    let body = with(OLD_INVOICE, "\"proration\": false", "\"proration\": true");
    assert!(snapshot(deliver(KIND, &body, "")).lines.is_empty());
    let body = with(INVOICE, "\"amount\": 16000", "\"amount\": -16000");
    assert!(snapshot(deliver(KIND, &body, "")).lines.is_empty());
}

#[test]
fn an_invoice_that_is_cut_or_has_no_quantity_says_so() {
    let body = with(INVOICE, "\"has_more\": false", "\"has_more\": true");
    assert_eq!(snapshot(deliver(KIND, &body, "")).notices.len(), 1);
    let body = with(INVOICE, "\"quantity\": 2", "\"quantity\": null");
    let order = snapshot(deliver(KIND, &body, ""));
    assert_eq!(units(&order), [0]);
    assert_eq!(order.notices.len(), 1);
}

#[test]
fn an_invoice_that_is_not_paid_does_not_pay_for_the_order() {
    let body = with(INVOICE, "\"status\": \"paid\"", "\"status\": \"open\"");
    assert!(snapshot(deliver(KIND, &body, "")).paid != Paid::Full);
}

#[test]
fn the_end_of_a_subscription_cancels_its_order() {
    let updated = with(
        DELETED,
        "customer.subscription.deleted",
        "customer.subscription.updated",
    );
    for body in [DELETED.as_bytes(), &updated] {
        let (event, trigger) = event(deliver(KIND, body, ""));
        assert_eq!(event.key.to_string(), "stripe/sub_1SampleSubscription");
        assert_eq!(trigger, OrderQueue::OrderCanceled);
        let order = event.snapshot().unwrap();
        assert!(order.ended.is_some());
        assert_eq!(order.version.time.to_string(), "2026-03-06T12:26:41Z");
    }
    let going_on = with(
        std::str::from_utf8(&updated).unwrap(),
        "\"status\": \"canceled\"",
        "\"status\": \"past_due\"",
    );
    nothing(deliver(KIND, &going_on, ""));
}

#[test]
fn a_whole_refund_cancels_the_order_of_its_payment_and_a_part_takes_nothing_back() {
    let (event, trigger) = event(deliver(KIND, REFUND.as_bytes(), ""));
    assert_eq!(event.key.to_string(), "stripe/pi_3SamplePayment");
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert!(event.snapshot().unwrap().ended.is_some());
    nothing(deliver(KIND, PARTIAL.as_bytes(), ""));
}

#[test]
fn a_refund_of_a_subscriptions_charge_cannot_be_mapped_and_is_shown() {
    let with_invoice = with(
        REFUND,
        "\"metadata\": {}",
        "\"metadata\": {}, \"invoice\": \"in_1SampleFirst\"",
    );
    for body in [SUBSCRIPTION_REFUND.as_bytes(), &with_invoice] {
        let (event, trigger) = event(deliver(KIND, body, ""));
        assert_eq!(trigger, OrderQueue::OrderCanceled);
        let order = event.snapshot().unwrap();
        assert!(order.ended.is_none());
        let sentence = &order.notices.first().unwrap().sentence;
        assert!(sentence.starts_with("Charge ch_3Sample"), "{sentence}");
    }
}

#[test]
fn references_may_be_expanded() {
    let body = with(
        SESSION,
        "\"payment_intent\": \"pi_3SamplePayment\"",
        "\"payment_intent\": {\"object\": \"payment_intent\", \"id\": \"pi_3SamplePayment\"}",
    );
    assert_eq!(
        event(deliver(KIND, &body, "")).0.key.to_string(),
        "stripe/pi_3SamplePayment"
    );
}

#[test]
fn test_mode_is_ignored_unless_the_secret_says_otherwise() {
    assert_eq!(
        nothing(deliver(KIND, TEST_MODE.as_bytes(), "")),
        "an event of Stripe's test mode"
    );
    let mut shops = shops(KIND);
    shops[0].accept_test = true;
    let headers = signed(KIND, TEST_MODE.as_bytes(), "");
    assert!(matches!(
        received(KIND, &headers, TEST_MODE.as_bytes(), &shops),
        Ok(Outcome::Events(_))
    ));
}

#[test]
fn a_time_that_no_queue_could_carry_is_parked() {
    // The queue's JSON has times as text, which ends with the year 9999.
    for event in [SESSION, INVOICE, DELETED, REFUND] {
        let mut event: serde_json::Value = serde_json::from_str(event).unwrap();
        let last = event.clone();
        event["created"] = 253_402_300_800_i64.into();
        let reason = parked(deliver(KIND, event.to_string().as_bytes(), ""));
        assert_eq!(reason, "at created: a value that cannot be used");
        event = last;
        event["data"]["object"]["created"] = i64::MIN.into();
        let reason = parked(deliver(KIND, event.to_string().as_bytes(), ""));
        assert_eq!(reason, "at data.object.created: a value that cannot be used");
    }
}

#[test]
fn other_events_mean_nothing_and_broken_ones_are_parked() {
    nothing(deliver(
        KIND,
        &with(SESSION, "checkout.session.completed", "payout.paid"),
        "",
    ));
    parked(deliver(KIND, b"{}", ""));
    let reason = parked(deliver(
        KIND,
        &with(SESSION, "\"payment_status\"", "\"status_of_payment\""),
        "",
    ));
    assert_eq!(reason, "at data.object: missing field `payment_status`");
}

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for body in [SESSION, INVOICE, REFUND, DELETED] {
        let json = event(deliver(KIND, body.as_bytes(), "")).0.to_json();
        for personal in ["Buyer", "example.com", "Example Street", "Springfield", "62701"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
    }
}
