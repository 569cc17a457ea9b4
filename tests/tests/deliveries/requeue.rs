//! A parked delivery that is delivered again: its kept bytes are verified as of the time at which they were received.

use reseller_hooks::order::OrderEvent;
use reseller_hooks::queue::parked::{self, ParkedDelivery};
use reseller_hooks::storefront::{VerificationGuards, sign};
use reseller_hooks_tests::door::Door;
use reseller_hooks_tests::prelude::*;
use serde_json::json;

const PAID: &str = include_str!("../../../events/standard/order_paid.json");
const SECRET: &str = "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==";

fn door(clock: &VirtualClock) -> Door<VirtualClock> {
    let document = json!({ "storefronts": { "standard": { "secrets": [SECRET] } } });
    Door::new(&document.to_string(), clock.clone(), VerificationGuards::default())
}

/// What was received at the beginning, and is as it is kept.
fn kept(body: &str) -> ParkedDelivery {
    let headers = sign::sign(StorefrontKind::Standard, SECRET, body.as_bytes(), "", START).unwrap();
    let delivery = ParkedDelivery {
        id: "8f5c7e0a".to_owned(),
        storefront: StorefrontKind::Standard,
        shop: None,
        received_at: START,
        reason: "an older version did not understand it".to_owned(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        body: body.as_bytes().to_vec(),
    };
    parked::decode(&parked::encode(&delivery)).unwrap()
}

#[test]
fn what_the_code_has_learnt_to_understand_is_taken_days_later() {
    let clock = VirtualClock::new(START);
    let door = door(&clock);
    clock.advance(5 * DAY);
    let kept = kept(PAID);
    let (answer, stored) = door.requeue(&kept);
    assert_eq!(answer.disposition, Disposition::Stored, "{answer:?}");
    let event = OrderEvent::from_json(&stored[0].1).unwrap();
    assert_eq!((stored[0].0, event.received_at), ("order-paid", START));

    // By the ordinary way in, its signature is too old.
    let mut headers = http::HeaderMap::new();
    for (name, value) in &kept.headers {
        let name: http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    let (answer, stored) = door.post("/webhooks/standard", &headers, &kept.body);
    assert_eq!((answer.disposition, stored.len()), (Disposition::Unverified, 0));
}

#[test]
fn what_was_changed_while_it_was_kept_is_refused() {
    let door = door(&VirtualClock::new(START));
    let changed = ParkedDelivery {
        body: PAID.replace("\"units\": 1", "\"units\": 9").into_bytes(),
        ..kept(PAID)
    };
    let later = ParkedDelivery {
        received_at: START + DAY,
        ..kept(PAID)
    };
    for wrong in [
        ParkedDelivery {
            body: [&changed.body[..], b" "].concat(),
            ..changed
        },
        later,
    ] {
        let (answer, stored) = door.requeue(&wrong);
        assert_eq!((answer.disposition, stored.len()), (Disposition::Unverified, 0));
    }
}

#[test]
fn what_is_still_not_understood_is_not_parked_once_more() {
    let door = door(&VirtualClock::new(START));
    let odd = kept("{ \"schema\": \"nobody's\" }");
    let (answer, stored) = door.requeue(&odd);
    assert_eq!((answer.disposition, stored.len()), (Disposition::Parked, 0));
    assert_eq!(answer.for_operator()["disposition"], "parked");
}
