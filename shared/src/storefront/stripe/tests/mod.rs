//! What Stripe's samples are read as. What becomes of it at Wix stands in `tests/tests/deliveries/stripe`.

mod one_time;
mod signature;
mod subscriptions;

use super::super::testing::{NOW, deliver, header_map, nothing, parked, received, secret, shops, signed, units, with};
use super::super::{Key, OrderQueue, Outcome};
use super::*;
use crate::order::{OrderEvent, Snapshot, StorefrontKind};

const KIND: StorefrontKind = StorefrontKind::Stripe;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../../../events/stripe/", $name, ".json"))
    };
}
use sample;

const SESSION: &str = sample!("checkout_session_completed");
const INVOICE: &str = sample!("invoice_paid_first");
const REFUND: &str = sample!("charge_refunded");

/// What a sample states, with its queue.
fn told(body: &[u8]) -> Vec<(OrderEvent, OrderQueue)> {
    match deliver(KIND, body, "").unwrap() {
        Outcome::Events(events) => events,
        Outcome::Nothing(reason) => panic!("nothing: {reason}"),
    }
}

/// The keys and the statements of a sample.
fn statements(body: &str) -> Vec<(String, Statement)> {
    let told = told(body.as_bytes()).into_iter();
    told.map(|(event, _)| (event.key.to_string(), event.says)).collect()
}

/// The only statement of a body, which is a snapshot.
fn snapshot(body: &[u8]) -> Snapshot {
    let mut told = told(body);
    assert_eq!(told.len(), 1, "{told:?}");
    let Statement::Snapshot(snapshot) = told.remove(0).0.says else {
        panic!("no snapshot")
    };
    snapshot
}

#[test]
fn test_mode_is_ignored_unless_the_secret_says_otherwise() {
    const TEST_MODE: &str = sample!("checkout_session_completed_test_mode");
    assert_eq!(
        nothing(deliver(KIND, TEST_MODE.as_bytes(), "")),
        "an event of Stripe's test mode"
    );
    let mut shops = shops(KIND);
    shops[0].accept_test = true;
    let headers = signed(KIND, TEST_MODE.as_bytes(), "");
    let taken = received(KIND, &headers, TEST_MODE.as_bytes(), &shops);
    assert!(matches!(taken, Ok(Outcome::Events(_))), "{taken:?}");
}

#[test]
fn a_time_that_no_queue_could_carry_is_parked() {
    // The queue's JSON has times as text, which ends with the year 9999.
    for sample in [SESSION, INVOICE, sample!("customer_subscription_deleted")] {
        let mut event: serde_json::Value = serde_json::from_str(sample).unwrap();
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
    let payout = with(SESSION, "checkout.session.completed", "payout.paid");
    nothing(deliver(KIND, &payout, ""));
    nothing(deliver(KIND, sample!("thin_event").as_bytes(), ""));
    nothing(deliver(KIND, sample!("invoice_payment_failed").as_bytes(), ""));
    nothing(deliver(KIND, sample!("checkout_session_expired").as_bytes(), ""));
    parked(deliver(KIND, b"{}", ""));
    let body = with(SESSION, "\"payment_status\"", "\"status_of_payment\"");
    let reason = parked(deliver(KIND, &body, ""));
    assert_eq!(reason, "at data.object: missing field `payment_status`");
}

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for body in [SESSION, INVOICE, REFUND, sample!("customer_subscription_deleted")] {
        for (event, _) in told(body.as_bytes()) {
            let json = event.to_json();
            for personal in ["Buyer", "example.com", "Example Street", "Springfield", "62701"] {
                assert!(!json.contains(personal), "{personal} in {json}");
            }
        }
    }
}
