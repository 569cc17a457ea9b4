//! Deliveries of storefronts. Unsigned, or changed after signing, they are refused; rightly signed, they become a
//! well-formed event, nothing, or something for a person, and nothing of the buyer is told in any of the three.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::queue::{MAX_MESSAGE_BYTES, parked};
use reseller_hooks::storefront::{
    Delivery, FieldNames, Key, Outcome, ReceiveError, ShopKeys, read_unverified, receive, sign,
};
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::Route;
use serde_json::json;

use crate::{events, taint};

const PUBLIC_KEY: &str = include_str!("../../../events/wix/test-public-key.pem");
const PRIVATE_KEY: &str = include_str!("../../../events/wix/test-private-key.pem");
const INSTANCE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";
/// 2026-03-10T00:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_773_100_800);

/// The names of members that hold what is the buyer's own.
const PERSONAL: [&str; 30] = [
    "addressLine",
    "addressLine1",
    "address1",
    "address2",
    "address_1",
    "address_2",
    "browser_ip",
    "buyerEmail",
    "city",
    "company",
    "contact_email",
    "customer_email",
    "customer_ip_address",
    "customer_note",
    "email",
    "firstName",
    "first_name",
    "formattedAddress",
    "lastName",
    "last_name",
    "line1",
    "line2",
    "name",
    "note",
    "phone",
    "postalCode",
    "postal_code",
    "postcode",
    "receipt_email",
    "zip",
];

/// The names of members whose values a reason may tell: what kind of thing it is, and which.
const TOLD: [&str; 16] = [
    "charge",
    "code",
    "eventType",
    "id",
    "invoice",
    "orderId",
    "order_id",
    "parent",
    "payment_intent",
    "scope",
    "slug",
    "subscription",
    "subscription_details",
    "entityFqdn",
    "entityId",
    "type",
];

/// Any body under the topics that are read differently.
pub fn shopify(input: &[u8]) {
    check(
        StorefrontKind::Shopify,
        &[
            "orders/paid",
            "orders/updated",
            "refunds/create",
            "disputes/create",
            "subscription_contracts/cancel",
            "subscription_billing_attempts/success",
        ],
        input,
    );
}

/// Any body under the topics that are read differently.
pub fn woocommerce(input: &[u8]) {
    check(
        StorefrontKind::Woocommerce,
        &[
            "order.updated",
            "order.deleted",
            "subscription.updated",
            "subscription.deleted",
        ],
        input,
    );
}

/// Any body.
pub fn stripe(input: &[u8]) {
    check(StorefrontKind::Stripe, &[""], input);
}

/// Any body.
pub fn standard(input: &[u8]) {
    check(StorefrontKind::Standard, &[""], input);
}

const fn secret(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Standard => "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==",
        StorefrontKind::Wix => PUBLIC_KEY,
        StorefrontKind::Shopify | StorefrontKind::Woocommerce | StorefrontKind::Stripe => "a secret for tests",
    }
}

/// One shop, which takes test orders as real ones: so more of a body is read.
fn shop(kind: StorefrontKind) -> ShopKeys {
    let key = Key::new(kind, secret(kind)).expect("the key is whole");
    ShopKeys {
        accept_test: true,
        hosts: vec!["sample.example.com".parse().expect("a host")],
        ..ShopKeys::new(None, vec![key])
    }
}

fn wix_shop() -> &'static ShopKeys {
    static SHOP: OnceLock<ShopKeys> = OnceLock::new();
    SHOP.get_or_init(|| shop(StorefrontKind::Wix))
}

fn headers(headers: &[(&'static str, String)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, String)| {
        let value = HeaderValue::try_from(value).expect("a signature is printable");
        (HeaderName::from_static(name), value)
    };
    headers.iter().map(header).collect()
}

fn post(kind: StorefrontKind, headers: &HeaderMap, body: &[u8], shop: &ShopKeys) -> Result<Outcome, ReceiveError> {
    let delivery = Delivery {
        headers,
        body,
        received_at: NOW,
    };
    receive(kind, &delivery, std::slice::from_ref(shop), &FieldNames::default())
}

fn check(kind: StorefrontKind, topics: &[&str], input: &[u8]) {
    let shop = shop(kind);
    route(kind, input);
    refused_as_header(kind, input, &shop);
    refused_when_changed(kind, topics.first().unwrap_or(&""), input, &shop);
    for topic in topics {
        let signed = sign::sign(kind, secret(kind), input, topic, NOW).expect("the secret is whole");
        let signed = headers(&signed);
        let outcome = post(kind, &signed, input, &shop);
        assert!(
            !matches!(
                outcome,
                Err(ReceiveError::Unverified(_) | ReceiveError::Malformed { .. })
            ),
            "{kind} refuses what is rightly signed: {outcome:?}"
        );
        well_formed(kind, &signed, input, &outcome);
        if let Ok(Outcome::Events(_)) = outcome {
            let strict = ShopKeys {
                accept_test: false,
                ..shop.clone()
            };
            let as_real = post(kind, &signed, input, &strict);
            assert!(
                as_real == outcome || matches!(as_real, Ok(Outcome::Nothing(_))),
                "{kind}: whether tests are taken changed an order: {as_real:?}, {outcome:?}"
            );
        }
        tells_nothing(input, &|body| {
            let signed = sign::sign(kind, secret(kind), body, topic, NOW).expect("the secret is whole");
            post(kind, &headers(&signed), body, &shop)
        });
    }
}

/// The path of a request is the sender's, too.
fn route(kind: StorefrontKind, input: &[u8]) {
    let Some(shop) = std::str::from_utf8(input).ok().filter(|shop| shop.len() < 200) else {
        return;
    };
    if let Some(route) = Route::parse(&Method::POST, &format!("/webhooks/{kind}/{shop}")) {
        assert_eq!(route.storefront, kind, "the route names another storefront");
        let name = route.shop.map(|shop| shop.to_string()).unwrap_or_default();
        assert_eq!(
            name,
            shop.strip_suffix('/').unwrap_or(shop),
            "the route names another shop"
        );
    }
}

/// The input in place of everything that is signed with: none of it proves anything.
fn refused_as_header(kind: StorefrontKind, input: &[u8], shop: &ShopKeys) {
    let body = br#"{"id":1}"#;
    let Ok(value) = HeaderValue::from_bytes(input) else {
        return;
    };
    let good = sign::sign(kind, secret(kind), body, "orders/paid", NOW).expect("the secret is whole");
    let good = headers(&good);
    for (name, right) in &good {
        let is_topic = name.as_str().ends_with("topic");
        let is_signed_with = name.as_str().contains("signature")
            || name.as_str().contains("hmac")
            || (kind == StorefrontKind::Standard && name.as_str().starts_with("webhook-"));
        let mut changed = good.clone();
        changed.insert(name.clone(), value.clone());
        let outcome = post(kind, &changed, body, shop);
        if is_signed_with && !same(&value, right) {
            assert!(
                matches!(outcome, Err(ReceiveError::Unverified(_))),
                "{kind} believed the header {name}: {outcome:?}"
            );
        } else if is_topic {
            assert!(!matches!(outcome, Ok(Outcome::Events(_))), "{kind}: {outcome:?}");
        }
    }
}

/// Stripe's header may have spaces and other schemes around, and the others' spaces.
fn same(value: &HeaderValue, right: &HeaderValue) -> bool {
    match (value.to_str(), right.to_str()) {
        (Ok(value), Ok(right)) => right.split(',').all(|part| value.contains(part)),
        _ => false,
    }
}

/// With the signature of what it was, with that of another key, and with none. Whatever it says: what is not understood
/// is kept, and nobody shall fill our queues.
fn refused_when_changed(kind: StorefrontKind, topic: &str, body: &[u8], shop: &ShopKeys) {
    let signed = sign::sign(kind, secret(kind), body, topic, NOW).expect("the secret is whole");
    let signed = headers(&signed);
    let refused = |headers: &HeaderMap, body: &[u8], shop: &ShopKeys, what: &str| {
        let outcome = post(kind, headers, body, shop);
        assert!(
            matches!(outcome, Err(ReceiveError::Unverified(_))),
            "{kind} took {what}: {outcome:?}"
        );
    };
    let mut flipped = body.to_vec();
    let middle = body.len() / 2;
    match flipped.get_mut(middle) {
        Some(byte) => *byte ^= 1,
        None => flipped.push(b' '),
    }
    refused(&signed, &flipped, shop, "a changed body");
    let longer: Vec<u8> = body.iter().copied().chain([b' ']).collect();
    refused(&signed, &longer, shop, "a longer body");
    let other = Key::new(kind, "b3RoZXIgc2VjcmV0").expect("it is base64, too");
    refused(
        &signed,
        body,
        &ShopKeys::new(None, vec![other]),
        "what another key signed",
    );
    // The one request that wants a 200 and no signature, and means nothing.
    let is_ping = kind == StorefrontKind::Woocommerce && body.trim_ascii().starts_with(b"webhook_id=");
    if !is_ping {
        refused(&HeaderMap::new(), body, shop, "an unsigned body");
    }
}

/// What holds of every outcome of a rightly signed delivery.
fn well_formed(kind: StorefrontKind, headers: &HeaderMap, body: &[u8], outcome: &Result<Outcome, ReceiveError>) {
    match outcome {
        Ok(Outcome::Events(told)) => {
            assert!(!told.is_empty(), "no event, and no reason");
            for (event, queue) in told {
                assert_eq!(event.received_at, NOW, "the time of receipt is another");
                events::received(kind, event, *queue);
            }
        }
        Ok(Outcome::Nothing(reason)) => one_sentence(reason),
        Err(error @ ReceiveError::NotUnderstood { reason }) => {
            one_sentence(reason);
            assert!(
                !error.outward().contains(reason.as_str()),
                "the sender is told what is inside: {}",
                error.outward()
            );
            survives_parking(kind, headers, body, reason);
        }
        Err(error @ (ReceiveError::Unverified(_) | ReceiveError::Malformed { .. })) => one_sentence(&error.to_string()),
    }
}

/// A reason is a line in the logs.
fn one_sentence(reason: &str) {
    assert!(!reason.is_empty(), "there is no reason");
    assert!(
        !reason.chars().any(char::is_control),
        "a reason breaks its line: {reason:?}"
    );
    assert!(reason.chars().count() <= 600, "a reason is too long: {reason}");
}

fn survives_parking(kind: StorefrontKind, headers: &HeaderMap, body: &[u8], reason: &str) {
    let kept = headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let delivery = parked::ParkedDelivery {
        id: "a request".to_owned(),
        storefront: kind,
        shop: None,
        received_at: NOW,
        reason: reason.to_owned(),
        headers: kept.collect(),
        body: body.to_vec(),
    };
    let messages = parked::encode(&delivery);
    assert!(
        messages.iter().all(|message| message.len() <= MAX_MESSAGE_BYTES),
        "a parked delivery does not fit its queue"
    );
    let again = parked::decode(&messages).expect("a parked delivery is read back");
    assert_eq!(again.body, body, "a parked delivery lost its body");
}

/// What is the buyer's own is in no event, and no value at all is in a reason. `deliver` signs and delivers a body.
fn tells_nothing(body: &[u8], deliver: &dyn Fn(&[u8]) -> Result<Outcome, ReceiveError>) {
    let Ok(text) = std::str::from_utf8(body) else { return };
    // What stands at the top is an order's, and the name of an order is its number (`#2001`).
    let personal = |path: &[&str]| *path != ["name"] && path.last().is_some_and(|name| PERSONAL.contains(name));
    // A list stands for an object to serde, so that of its elements nobody knows which is the type.
    let not_told = |path: &[&str]| {
        path.last()
            .is_some_and(|name| *name != taint::ELEMENT && !TOLD.contains(name))
    };
    if let Some(marked) = taint::marked(text, &personal)
        && let Ok(Outcome::Events(events)) = deliver(marked.as_bytes())
    {
        for (event, _) in events {
            taint::assert_unmarked(&event.to_json(), "an event");
        }
    }
    if let Some(marked) = taint::marked(text, &not_told) {
        match deliver(marked.as_bytes()) {
            Ok(Outcome::Events(_)) => {}
            Ok(Outcome::Nothing(reason)) => taint::assert_unmarked(&reason, "a reason"),
            Err(error) => taint::assert_unmarked(&error.to_string(), "an error"),
        }
    }
}

/// Any token, and any content of a token. Signing one costs a hundred times what reading it does, so contents are read
/// behind the signature; one in sixty-four goes through it as well, and comes to the same.
pub fn wix_ecommerce(input: &[u8]) {
    route(StorefrontKind::Wix, input);
    token(input);
    content(input);
    if let Ok(domain_event) = std::str::from_utf8(input) {
        let slugs = ["order_payment_status_updated", "order_updated", "order_canceled"];
        let own = sign::wix_event_type(domain_event);
        let event_types = own.into_iter().chain(slugs.map(|slug| format!("wix.ecom.v1.{slug}")));
        for event_type in event_types.take(2) {
            content(&envelope(&event_type, domain_event));
            tells_nothing(input, &|body| {
                read(&envelope(&event_type, &String::from_utf8_lossy(body)))
            });
        }
    }
}

fn envelope(event_type: &str, domain_event: &str) -> Vec<u8> {
    json!({ "data": domain_event, "instanceId": INSTANCE, "eventType": event_type })
        .to_string()
        .into_bytes()
}

fn read(payload: &[u8]) -> Result<Outcome, ReceiveError> {
    let headers = HeaderMap::new();
    let delivery = Delivery {
        headers: &headers,
        body: b"",
        received_at: NOW,
    };
    read_unverified(
        StorefrontKind::Wix,
        &delivery,
        wix_shop(),
        payload,
        &FieldNames::default(),
    )
}

/// What the claim `data` holds.
fn content(payload: &[u8]) {
    let outcome = read(payload);
    well_formed(StorefrontKind::Wix, &HeaderMap::new(), payload, &outcome);
    let sum = payload
        .iter()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    if sum.is_multiple_of(64)
        && let Ok(text) = std::str::from_utf8(payload)
    {
        let claims = json!({ "data": text, "exp": NOW.as_secs() }).to_string();
        let token = sign::wix_token(PRIVATE_KEY, &claims).expect("the key is whole");
        let signed = post(StorefrontKind::Wix, &HeaderMap::new(), token.as_bytes(), wix_shop());
        assert_eq!(signed, outcome, "a token says another thing than its content");
        let mut changed = token.into_bytes();
        let at = changed.len() / 2;
        if let Some(byte) = changed.get_mut(at) {
            *byte = if *byte == b'A' { b'B' } else { b'A' };
        }
        let outcome = post(StorefrontKind::Wix, &HeaderMap::new(), &changed, wix_shop());
        assert!(
            matches!(outcome, Err(ReceiveError::Unverified(_))),
            "Wix took a changed token: {outcome:?}"
        );
    }
}

/// A token as it came: believed only where it is, to the last character, what the right key makes of its claims.
fn token(body: &[u8]) {
    let outcome = post(StorefrontKind::Wix, &HeaderMap::new(), body, wix_shop());
    if let Err(error @ ReceiveError::Unverified(_)) = &outcome {
        return one_sentence(&error.to_string());
    }
    let token = std::str::from_utf8(body)
        .expect("a token that was believed is text")
        .trim();
    let claims = token.split('.').nth(1).expect("a token that was believed has claims");
    let claims = URL_SAFE_NO_PAD
        .decode(claims)
        .expect("claims that were believed are base64");
    let claims = String::from_utf8(claims).expect("claims that were believed are text");
    let right = sign::wix_token(PRIVATE_KEY, &claims).expect("the key is whole");
    assert_eq!(token, right, "Wix took a token that its key did not sign");
    well_formed(StorefrontKind::Wix, &HeaderMap::new(), body, &outcome);
}
