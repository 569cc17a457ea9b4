//! What the tests of all storefronts share: a delivery as the storefront would send it, and short ways to ask what
//! came of it.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Delivery, FieldNames, Key, OrderQueue, Outcome, ReceiveError, ShopKeys, receive, sign};
use crate::order::{OrderEvent, Snapshot, StorefrontKind};
use crate::time::Timestamp;

pub(super) const PUBLIC_KEY: &str = include_str!("../../../events/wix/test-public-key.pem");
pub(super) const PRIVATE_KEY: &str = include_str!("../../../events/wix/test-private-key.pem");

/// 2026-03-10T00:00:00Z
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_773_100_800);

pub(super) const fn secret(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Shopify => "shpss_test",
        StorefrontKind::Woocommerce => "woo test secret",
        StorefrontKind::Stripe => "whsec_test",
        StorefrontKind::Standard => "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==",
        StorefrontKind::Wix => PUBLIC_KEY,
    }
}

pub(super) fn shops(kind: StorefrontKind) -> Vec<ShopKeys> {
    vec![ShopKeys::new(None, vec![Key::new(kind, secret(kind)).unwrap()])]
}

pub(super) fn header_map(headers: &[(&str, &str)]) -> HeaderMap {
    headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            )
        })
        .collect()
}

pub(super) fn signed(kind: StorefrontKind, body: &[u8], topic: &str) -> HeaderMap {
    sign::sign(kind, secret(kind), body, topic, NOW)
        .unwrap()
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap()))
        .collect()
}

pub(super) fn received(
    kind: StorefrontKind,
    headers: &HeaderMap,
    body: &[u8],
    shops: &[ShopKeys],
) -> Result<Outcome, ReceiveError> {
    let delivery = Delivery {
        headers,
        body,
        received_at: NOW,
    };
    receive(kind, &delivery, shops, &FieldNames::default())
}

/// The site of the Wix samples.
pub(super) const INSTANCE: &str = "3BBCABC7-ebb7-4fc8-8829-13ea0e142123";

/// A Wix sample as Wix would send it: the token, and its headers.
pub(super) fn wix_signed(domain_event: &str) -> String {
    let event_type = sign::wix_event_type(domain_event).unwrap();
    sign::wix_jwt(PRIVATE_KEY, &event_type, INSTANCE, domain_event, NOW).unwrap()
}

/// Signed and received, as it would be from a real storefront; for Wix, `body` is the domain event.
pub(super) fn deliver(kind: StorefrontKind, body: &[u8], topic: &str) -> Result<Outcome, ReceiveError> {
    if kind == StorefrontKind::Wix {
        let token = wix_signed(std::str::from_utf8(body).unwrap());
        return received(kind, &HeaderMap::new(), token.as_bytes(), &shops(kind));
    }
    received(kind, &signed(kind, body, topic), body, &shops(kind))
}

pub(super) fn event(outcome: Result<Outcome, ReceiveError>) -> (OrderEvent, OrderQueue) {
    match outcome.unwrap() {
        Outcome::Events(mut events) if events.len() == 1 => events.remove(0),
        Outcome::Events(events) => panic!("several events: {events:?}"),
        Outcome::Nothing(reason) => panic!("nothing: {reason}"),
    }
}

pub(super) fn snapshot(outcome: Result<Outcome, ReceiveError>) -> Snapshot {
    event(outcome).0.snapshot().unwrap().clone()
}

pub(super) fn nothing(outcome: Result<Outcome, ReceiveError>) -> String {
    match outcome.unwrap() {
        Outcome::Events(events) => panic!("events: {events:?}"),
        Outcome::Nothing(reason) => reason.into_owned(),
    }
}

/// Why it was parked.
pub(super) fn parked(outcome: Result<Outcome, ReceiveError>) -> String {
    match outcome.unwrap_err() {
        ReceiveError::NotUnderstood { reason } => reason,
        other @ (ReceiveError::Unverified(_) | ReceiveError::Malformed { .. }) => panic!("{other}"),
    }
}

/// The units of each line, in order.
pub(super) fn units(snapshot: &Snapshot) -> Vec<u32> {
    snapshot.lines.iter().map(|line| line.units).collect()
}

/// A sample with one text replaced, which must be in it.
pub(super) fn with(sample: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(sample.contains(from), "{from} is not in the sample");
    sample.replace(from, to).into_bytes()
}
