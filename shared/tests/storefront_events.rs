//! The sample events are what the functions take: requests that verify with the documented test secrets, and messages
//! that are order events, in the folder of the worker that they go to.

#![cfg(feature = "storefront")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail it"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::storefront::{
    Delivery, FieldNames, OrderQueue, Outcome, ReceiveError, StorefrontSecrets, VerifyError, receive,
};
use reseller_hooks::time::Timestamp;
use serde_json::Value;

#[path = "../examples/make_events.rs"]
#[expect(dead_code, reason = "only what it makes is of interest here, and it is not written")]
mod make_events;

/// What the samples come to is in `events/`: else run `make_events`.
#[test]
fn the_events_are_those_that_are_made_of_the_samples() {
    let mut made: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, text) in make_events::files().unwrap() {
        let file = events().join(&path);
        let there = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(there, text, "{path}");
        made.insert(file);
    }
    for folder in OrderQueue::ALL.map(OrderQueue::as_str) {
        for entry in fs::read_dir(events().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert!(made.contains(&path), "{} is made by nobody", path.display());
        }
    }
}

fn events() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(events().join(path)).unwrap()).unwrap()
}

/// As `webhook` would, long after the sample was made.
fn post(file: &str) -> Result<Outcome, ReceiveError> {
    let secrets = StorefrontSecrets::from_json(&json("secrets.json")["storefronts"]).unwrap();
    let request = json(&format!("webhook/{file}.json"));
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let kind: StorefrontKind = text("/pathParameters/storefront").parse().unwrap();
    let headers: HeaderMap = request["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::try_from(value.as_str().unwrap()).unwrap();
            (HeaderName::try_from(name.as_str()).unwrap(), value)
        })
        .collect();
    let body = if request["isBase64Encoded"] == true {
        STANDARD.decode(text("/body")).unwrap()
    } else {
        text("/body").into_bytes()
    };
    let delivery = Delivery {
        headers: &headers,
        body: &body,
        received_at: Timestamp::from_secs(1_900_000_000),
    };
    receive(kind, &delivery, &secrets.shops(kind, None), &FieldNames::default())
}

#[test]
fn sample_requests_verify_with_the_test_secrets_and_go_where_they_should() {
    for (file, expected) in [
        ("shopify-orders-paid", OrderQueue::OrderPaid),
        ("shopify-orders-paid-base64", OrderQueue::OrderPaid),
        ("shopify-orders-paid-unknown-sku", OrderQueue::OrderPaid),
        ("shopify-orders-cancelled", OrderQueue::OrderCanceled),
        ("shopify-refunds-create", OrderQueue::OrderCanceled),
        ("woocommerce-order-processing", OrderQueue::OrderPaid),
        ("woocommerce-custom-domain", OrderQueue::OrderPaid),
        ("woocommerce-order-cancelled", OrderQueue::OrderCanceled),
        ("woocommerce-order-deleted", OrderQueue::OrderCanceled),
        ("wix-order-paid", OrderQueue::OrderPaid),
        ("wix-order-canceled", OrderQueue::OrderCanceled),
    ] {
        match post(file) {
            Ok(Outcome::Events(events)) => assert!(events.iter().all(|(_, queue)| *queue == expected), "{file}"),
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn the_other_sample_requests_are_ignored_parked_and_refused() {
    for file in ["shopify-test-notification", "woocommerce-ping-base64"] {
        assert!(matches!(post(file), Ok(Outcome::Nothing(_))), "{file}");
    }
    let parked = post("woocommerce-rest-error");
    assert!(matches!(parked, Err(ReceiveError::NotUnderstood { .. })), "{parked:?}");
    assert_eq!(
        post("shopify-orders-paid-bad-signature"),
        Err(ReceiveError::Unverified(VerifyError::BadSignature))
    );
}

#[test]
fn sample_messages_are_order_events_without_personal_data() {
    for folder in OrderQueue::ALL.map(OrderQueue::as_str) {
        let mut files = 0;
        for entry in fs::read_dir(events().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let event: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let body = event.pointer("/Records/0/body").and_then(Value::as_str).unwrap();
            OrderEvent::from_json(body).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for personal in ["Buyer", "example.com", "Example Street", "Springfield"] {
                assert!(!body.contains(personal), "{personal} in {}", path.display());
            }
            files += 1;
        }
        assert!(files > 0, "{folder}");
    }
}

#[test]
fn every_sample_of_our_own_format_follows_its_published_schema() {
    // The schema lists what the code reads; this finds a name that one of the two forgot.
    let schema: Value = serde_json::from_str(include_str!("../../docs/order-event.schema.json")).unwrap();
    for entry in fs::read_dir(events().join("standard")).unwrap() {
        let path = entry.unwrap().path();
        let event: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let Some(kind) = event["type"].as_str() else { continue };
        let definition = match kind {
            "order.refunded" => "refund",
            "dispute.updated" => "dispute",
            "subscription.updated" => "subscription",
            _ => "order",
        };
        let known = |pointer: &str| schema.pointer(pointer).and_then(Value::as_object).unwrap();
        let allowed = known(&format!("/$defs/{definition}/properties"));
        for name in event["data"].as_object().unwrap().keys() {
            assert!(allowed.contains_key(name), "{name} of {}", path.display());
        }
        let required = schema["$defs"][definition]["required"].as_array().unwrap();
        for name in required {
            assert!(
                event["data"].get(name.as_str().unwrap()).is_some(),
                "{name} of {}",
                path.display()
            );
        }
    }
}
