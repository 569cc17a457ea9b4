//! Every change of a value, and random changes of bytes, of every sample body. With its old signature a changed body is
//! never taken; signed anew, whatever it says now, it is answered without a panic, and never buys more of a product than
//! the unchanged body.
//!
//! `PROPTEST_CASES=100000 cargo test --all-features --test storefront_mutations` runs more random ones than the usual
//! 500 a sample (100 of Wix).

#![cfg(feature = "storefront")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "the helpers of a test may fail it"
)]

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reseller_hooks::order::{StorefrontKind, Wish};
use reseller_hooks::storefront::{Delivery, FieldNames, Key, Outcome, ReceiveError, ShopKeys, receive, sign};
use reseller_hooks::time::Timestamp;
use serde_json::Value;

const PUBLIC_KEY: &str = include_str!("../../events/wix/test-public-key.pem");
const PRIVATE_KEY: &str = include_str!("../../events/wix/test-private-key.pem");
const SECRET: &str = "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==";
const INSTANCE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";
/// 2026-03-10T00:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_773_100_800);

/// A sample: its topic, its body, and whether it may only lose by a change. It may gain where one word stands between
/// it and a purchase and any other word is allowed: a test order, an imported order, a status of `WooCommerce`.
struct Sample {
    topic: &'static str,
    body: &'static str,
    guarded: bool,
}

macro_rules! sample {
    ($path:literal, $topic:literal) => {
        Sample {
            topic: $topic,
            body: include_str!(concat!("../../events/", $path)),
            guarded: true,
        }
    };
    ($path:literal, $topic:literal, may_gain) => {
        Sample {
            topic: $topic,
            body: include_str!(concat!("../../events/", $path)),
            guarded: false,
        }
    };
}

/// One change of a body; places count round.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte at this place. Never a digit, nor in place of one: a number that grows is an order that grew.
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Cut(usize),
    /// A value of the JSON becomes this one.
    Value(usize, Value),
    /// A member of an object, or an element of a list, goes.
    Remove(usize),
    /// An element of a list comes twice.
    Repeat(usize),
}

/// What a value becomes: something of every type.
fn values() -> Vec<Value> {
    vec![
        Value::Null,
        Value::Bool(false),
        Value::from(0),
        Value::from(""),
        Value::Bool(true),
        Value::from(-1),
        Value::from(0.5),
        Value::from("\u{e9}\u{0}x"),
        Value::Array(Vec::new()),
        Value::Object(serde_json::Map::new()),
    ]
}

/// Every change of every place in the JSON.
fn all_structural(kind: StorefrontKind, body: &str) -> Vec<Change> {
    let mut paths = Vec::new();
    collect(&serde_json::from_str(body).unwrap(), String::new(), &mut paths);
    // A signature with RSA costs a hundred times one with HMAC: of these values there must be fewer.
    let most = if kind == StorefrontKind::Wix { 4 } else { usize::MAX };
    let at_each = |at: usize| {
        let values = values()
            .into_iter()
            .take(most)
            .map(move |value| Change::Value(at, value));
        values.chain([Change::Remove(at), Change::Repeat(at)])
    };
    (0..paths.len()).flat_map(at_each).collect()
}

fn changes() -> impl Strategy<Value = Change> {
    let byte = any::<u8>().prop_filter("digits are numbers", |byte| !byte.is_ascii_digit());
    let index = any::<usize>;
    let value = prop::sample::select(values());
    prop_oneof![
        (index(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (index(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        index().prop_map(Change::Delete),
        index().prop_map(Change::Cut),
        (index(), value).prop_map(|(at, value)| Change::Value(at, value)),
        index().prop_map(Change::Remove),
        index().prop_map(Change::Repeat),
    ]
}

/// The changed body; `None` where the change does not apply or would make a number grow.
fn changed(body: &[u8], change: &Change) -> Option<Vec<u8>> {
    let mut bytes = body.to_vec();
    match change {
        Change::Replace(at, byte) => {
            let at = at % bytes.len();
            if bytes[at].is_ascii_digit() {
                return None;
            }
            bytes[at] = *byte;
        }
        Change::Insert(at, byte) => bytes.insert(at % (bytes.len() + 1), *byte),
        Change::Delete(at) => {
            bytes.remove(at % bytes.len());
        }
        Change::Cut(at) => bytes.truncate(at % bytes.len()),
        Change::Value(..) | Change::Remove(_) | Change::Repeat(_) => {
            let mut json: Value = serde_json::from_slice(body).ok()?;
            let mut paths = Vec::new();
            collect(&json, String::new(), &mut paths);
            structural(&mut json, &paths, change)?;
            bytes = json.to_string().into_bytes();
        }
    }
    (bytes != body).then_some(bytes)
}

fn structural(json: &mut Value, paths: &[String], change: &Change) -> Option<()> {
    match change {
        Change::Value(at, value) => *json.pointer_mut(paths.get(at % paths.len())?)? = value.clone(),
        Change::Remove(at) | Change::Repeat(at) => {
            let path = paths.get(at % paths.len())?;
            let (parent, name) = path.rsplit_once('/')?;
            match json.pointer_mut(parent)? {
                Value::Object(members) if matches!(change, Change::Remove(_)) => {
                    members.remove(&name.replace("~1", "/").replace("~0", "~"))?;
                }
                Value::Array(elements) => {
                    let at: usize = name.parse().ok()?;
                    if matches!(change, Change::Remove(_)) {
                        elements.remove(at);
                    } else {
                        elements.push(elements[at].clone());
                    }
                }
                _ => return None,
            }
        }
        Change::Replace(..) | Change::Insert(..) | Change::Delete(_) | Change::Cut(_) => return None,
    }
    Some(())
}

fn collect(json: &Value, path: String, paths: &mut Vec<String>) {
    if let Some(members) = json.as_object() {
        for (name, value) in members {
            collect(
                value,
                format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
                paths,
            );
        }
    }
    for (at, value) in json.as_array().into_iter().flatten().enumerate() {
        collect(value, format!("{path}/{at}"), paths);
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

/// The request for a body, signed.
fn request(kind: StorefrontKind, body: &[u8], topic: &str) -> (HeaderMap, Vec<u8>) {
    if kind == StorefrontKind::Wix {
        let text = String::from_utf8_lossy(body);
        let event_type = format!("wix.ecom.v1.order_{topic}");
        let token = sign::wix_jwt(PRIVATE_KEY, &event_type, INSTANCE, &text, NOW).unwrap();
        return (HeaderMap::new(), token.into_bytes());
    }
    let headers = sign::sign(kind, SECRET, body, topic, NOW).unwrap();
    let headers = headers
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap()));
    (headers.collect(), body.to_vec())
}

fn post(kind: StorefrontKind, headers: &HeaderMap, body: &[u8]) -> Result<Outcome, ReceiveError> {
    let secret = if kind == StorefrontKind::Wix {
        PUBLIC_KEY
    } else {
        SECRET
    };
    let shops = [ShopKeys::new(None, vec![Key::new(kind, secret).unwrap()])];
    let delivery = Delivery {
        headers,
        body,
        received_at: NOW,
    };
    receive(kind, &delivery, &shops, &FieldNames::default())
}

/// What an order that says this would buy: the units of each SKU.
fn bought(outcome: &Result<Outcome, ReceiveError>) -> BTreeMap<String, u64> {
    let mut units = BTreeMap::new();
    if let Ok(Outcome::Event { event, .. }) = outcome
        && let Wish::Snapshot(order) = &event.wish
        && order.fully_paid
        && !order.canceled
    {
        for line in &order.lines {
            if let Some(sku) = &line.sku {
                *units.entry(sku.to_string()).or_default() += u64::from(line.units);
            }
        }
    }
    units
}

fn check(kind: StorefrontKind, samples: &[Sample]) {
    // 256 is proptest's own default: then nobody asked.
    let cases = match Config::default().cases {
        256 if kind == StorefrontKind::Wix => 100,
        256 => 500,
        asked => asked,
    };
    for sample in samples {
        let (headers, original) = request(kind, sample.body.as_bytes(), sample.topic);
        let unchanged = post(kind, &headers, &original);
        assert!(!matches!(unchanged, Err(ReceiveError::Unverified(_))), "{unchanged:?}");
        let most = bought(&unchanged);
        let config = Config {
            cases,
            failure_persistence: None,
            max_global_rejects: cases.saturating_mul(10),
            ..Config::default()
        };
        // What is signed differs from the sample only for Wix, whose token is checked apart.
        let is_refused = |body: &[u8]| {
            if body.trim_ascii() != original.trim_ascii() {
                let outcome = post(kind, &headers, body);
                prop_assert!(matches!(outcome, Err(ReceiveError::Unverified(_))), "{outcome:?}");
            }
            Ok(())
        };
        let holds = |change: &Change| {
            // Lines of Wix have no unique ID, so a line that comes twice is two lines.
            let repeated = matches!(change, Change::Repeat(_)) && kind == StorefrontKind::Wix;
            if let Some(body) = changed(sample.body.as_bytes(), change).filter(|_| !repeated) {
                is_refused(&body)?;
                let (headers, body) = request(kind, &body, sample.topic);
                let outcome = post(kind, &headers, &body);
                for (sku, units) in bought(&outcome) {
                    // A garbled SKU is none of the catalog.
                    if sample.guarded && (most.contains_key(&sku) || most.is_empty()) {
                        let most = most.get(&sku).copied().unwrap_or(0);
                        prop_assert!(units <= most, "{sku}: {units} instead of {most} after {change:?}");
                    }
                }
            }
            Ok(())
        };
        for change in all_structural(kind, sample.body) {
            if let Err(failure) = holds(&change) {
                panic!("{kind} {}: {failure}", sample.topic);
            }
        }
        let run = TestRunner::new(config).run(&changes(), |change| {
            if kind == StorefrontKind::Wix
                && let Some(token) = changed(&original, &change)
            {
                is_refused(&token)?;
            }
            holds(&change)
        });
        if let Err(failure) = run {
            panic!("{kind} {}: {failure}", sample.topic);
        }
    }
}

#[test]
fn changed_bodies_of_shopify_never_panic_and_never_buy_more() {
    check(
        StorefrontKind::Shopify,
        &[
            sample!("shopify/orders_paid.json", "orders/paid"),
            sample!("shopify/orders_updated_refunded_one.json", "orders/updated"),
            sample!("shopify/orders_updated_old_api.json", "orders/updated"),
            sample!("shopify/orders_updated_edit_up_unpaid.json", "orders/updated"),
            sample!("shopify/orders_updated_reference.json", "orders/updated"),
            sample!("shopify/orders_create_pending.json", "orders/create"),
            sample!("shopify/orders_cancelled.json", "orders/cancelled"),
            sample!("shopify/refunds_create.json", "refunds/create"),
            sample!("shopify/refunds_create_amount_only.json", "refunds/create"),
            sample!("shopify/orders_edited.json", "orders/edited"),
            sample!("shopify/test_notification.json", "orders/paid"),
            sample!("shopify/orders_paid_test_order.json", "orders/paid", may_gain),
        ],
    );
}

#[test]
fn changed_bodies_of_standard_webhooks_never_panic_and_never_buy_more() {
    check(
        StorefrontKind::Standard,
        &[
            sample!("standard/order_paid.json", ""),
            sample!("standard/order_created_unpaid.json", ""),
            sample!("standard/order_updated_reference.json", ""),
            sample!("standard/order_updated_refunded_one.json", ""),
            sample!("standard/order_refunded.json", ""),
            sample!("standard/order_canceled.json", ""),
            sample!("standard/bigcommerce_order_created.json", ""),
        ],
    );
}

#[test]
fn changed_bodies_of_woocommerce_never_panic_and_never_buy_more() {
    check(
        StorefrontKind::Woocommerce,
        &[
            sample!("woocommerce/order_updated_processing.json", "order.updated"),
            sample!("woocommerce/order_updated_completed_by_hand.json", "order.updated"),
            sample!("woocommerce/order_updated_partial_refund.json", "order.updated"),
            sample!("woocommerce/order_created_pending.json", "order.created"),
            sample!("woocommerce/order_updated_cancelled.json", "order.updated", may_gain),
            sample!("woocommerce/order_updated_refunded.json", "order.updated", may_gain),
            sample!("woocommerce/order_deleted.json", "order.deleted"),
            sample!("woocommerce/rest_error.json", "order.updated"),
        ],
    );
}

#[test]
fn changed_bodies_of_stripe_never_panic_and_never_buy_more() {
    check(
        StorefrontKind::Stripe,
        &[
            sample!("stripe/checkout_session_completed.json", ""),
            sample!("stripe/checkout_session_completed_unpaid.json", ""),
            sample!("stripe/checkout_session_completed_subscription.json", ""),
            sample!("stripe/checkout_session_async_payment_succeeded.json", ""),
            sample!("stripe/invoice_paid_first.json", ""),
            sample!("stripe/invoice_paid_first_old_api.json", ""),
            sample!("stripe/invoice_paid_renewal.json", ""),
            sample!("stripe/customer_subscription_deleted.json", ""),
            sample!("stripe/charge_refunded.json", ""),
            sample!("stripe/charge_refunded_partial.json", ""),
            sample!("stripe/charge_refunded_of_subscription.json", ""),
            sample!("stripe/checkout_session_completed_test_mode.json", "", may_gain),
        ],
    );
}

#[test]
fn changed_bodies_of_wix_never_panic_and_never_buy_more() {
    check(
        StorefrontKind::Wix,
        &[
            sample!("wix/order_payment_status_updated_paid.json", "payment_status_updated"),
            sample!("wix/order_approved_as_text.json", "approved"),
            sample!("wix/order_approved_not_paid.json", "approved"),
            sample!("wix/order_created_initialized.json", "created"),
            sample!("wix/order_updated_refunded_one.json", "updated"),
            sample!("wix/order_canceled.json", "canceled"),
            sample!("wix/order_updated_reference.json", "updated"),
            sample!("wix/order_updated_anonymized.json", "updated", may_gain),
            sample!("wix/order_created_imported.json", "created", may_gain),
        ],
    );
}
