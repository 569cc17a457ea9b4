//! Writes the events for `cargo lambda invoke` from the samples of the storefronts: requests to `webhook`, signed with
//! the test secrets, and SQS events for the workers.
//!
//! `cargo run -p reseller-hooks --features storefront --example make_events`. A test compares what it makes with what is
//! there.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::{Delivery, FieldNames, Outcome, StorefrontSecrets, receive, sign};
use reseller_hooks::time::Timestamp;
use serde_json::{Value, json};

/// 2026-03-02T14:14:10Z, five seconds after the sample orders were placed.
const NOW: Timestamp = Timestamp::from_secs(1_772_460_850);
const INSTANCE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";

/// File to write, sample, topic. What is signed with a time would be refused later, so there is none of it here.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("shopify-orders-paid", "shopify/orders_paid.json", "orders/paid"),
    ("shopify-orders-paid-base64", "shopify/orders_paid.json", "orders/paid"),
    (
        "shopify-orders-paid-bad-signature",
        "shopify/orders_paid.json",
        "orders/paid",
    ),
    (
        "shopify-orders-paid-unknown-sku",
        "shopify/orders_paid_unknown_sku.json",
        "orders/paid",
    ),
    (
        "shopify-orders-cancelled",
        "shopify/orders_cancelled.json",
        "orders/cancelled",
    ),
    (
        "shopify-refunds-create",
        "shopify/refunds_create.json",
        "refunds/create",
    ),
    (
        "shopify-test-notification",
        "shopify/test_notification.json",
        "orders/paid",
    ),
    (
        "woocommerce-order-processing",
        "woocommerce/order_updated_processing.json",
        "order.updated",
    ),
    (
        "woocommerce-order-cancelled",
        "woocommerce/order_updated_cancelled.json",
        "order.updated",
    ),
    (
        "woocommerce-order-deleted",
        "woocommerce/order_deleted.json",
        "order.deleted",
    ),
    (
        "woocommerce-custom-domain",
        "woocommerce/order_updated_processing.json",
        "order.updated",
    ),
    ("woocommerce-rest-error", "woocommerce/rest_error.json", "order.updated"),
    ("woocommerce-ping-base64", "woocommerce/ping.txt", ""),
    ("wix-order-paid", "wix/order_payment_status_updated_paid.json", ""),
    ("wix-order-canceled", "wix/order_canceled.json", ""),
];

/// Sample and topic; the folder is the one of the worker that it goes to.
const MESSAGES: &[(&str, &str, &str)] = &[
    ("shopify-orders-paid", "shopify/orders_paid.json", "orders/paid"),
    (
        "woocommerce-order-processing",
        "woocommerce/order_updated_processing.json",
        "order.updated",
    ),
    ("wix-order-paid", "wix/order_payment_status_updated_paid.json", ""),
    ("stripe-checkout-session", "stripe/checkout_session_completed.json", ""),
    ("stripe-invoice", "stripe/invoice_paid_first.json", ""),
    ("standard-order-paid", "standard/order_paid.json", ""),
    (
        "shopify-orders-cancelled",
        "shopify/orders_cancelled.json",
        "orders/cancelled",
    ),
    (
        "shopify-refunds-create",
        "shopify/refunds_create.json",
        "refunds/create",
    ),
    (
        "shopify-orders-updated-refunded-one",
        "shopify/orders_updated_refunded_one.json",
        "orders/updated",
    ),
    (
        "woocommerce-partial-refund",
        "woocommerce/order_updated_partial_refund.json",
        "order.updated",
    ),
    ("wix-order-refunded-one", "wix/order_updated_refunded_one.json", ""),
    (
        "stripe-subscription-deleted",
        "stripe/customer_subscription_deleted.json",
        "",
    ),
    ("stripe-charge-refunded", "stripe/charge_refunded.json", ""),
    ("standard-order-canceled", "standard/order_canceled.json", ""),
    (
        "shopify-orders-updated-reference",
        "shopify/orders_updated_reference.json",
        "orders/updated",
    ),
    ("wix-order-updated-reference", "wix/order_updated_reference.json", ""),
    (
        "standard-order-updated-reference",
        "standard/order_updated_reference.json",
        "",
    ),
];

type Anything<T> = Result<T, Box<dyn Error>>;

fn main() -> Anything<()> {
    for (path, text) in files()? {
        fs::write(events(&path), text)?;
        println!("events/{path}");
    }
    Ok(())
}

/// Every file with its place in `events/`.
pub(crate) fn files() -> Anything<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut add = |folder: &str, file: &str, event: &Value| -> Anything<()> {
        let text = format!("{}\n", serde_json::to_string_pretty(event)?);
        files.push((format!("{folder}/{file}.json"), text));
        Ok(())
    };
    for (file, sample, topic) in REQUESTS {
        add("webhook", file, &request(file, sample, topic)?)?;
    }
    for (file, sample, topic) in MESSAGES {
        let (folder, event) = message(sample, topic)?;
        add(folder, file, &event)?;
    }
    Ok(files)
}

/// A file of `events/`.
fn events(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events").join(path)
}

fn kind_of(sample: &str) -> Anything<StorefrontKind> {
    Ok(sample.split('/').next().unwrap_or_default().parse()?)
}

fn secret(kind: StorefrontKind) -> Anything<String> {
    let secrets: Value = serde_json::from_str(&fs::read_to_string(events("secrets.json"))?)?;
    let secret = secrets.pointer(&format!("/storefronts/{kind}/secrets/0"));
    Ok(secret.and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Headers and body as the storefront would send them.
fn signed(kind: StorefrontKind, sample: &str, topic: &str) -> Anything<(Vec<(&'static str, String)>, String)> {
    let mut body = fs::read_to_string(events(sample))?;
    if kind == StorefrontKind::Wix {
        let private_key = fs::read_to_string(events("wix/test-private-key.pem"))?;
        let event_type = sign::wix_event_type(&body).ok_or("the sample names no event")?;
        let envelope = json!({ "data": body, "instanceId": INSTANCE, "eventType": event_type }).to_string();
        // Without `exp`, so that the file does not expire.
        let claims = json!({ "data": envelope, "iat": NOW.as_secs() }).to_string();
        body = sign::wix_token(&private_key, &claims)?;
    }
    Ok((sign::sign(kind, &secret(kind)?, body.as_bytes(), topic, NOW)?, body))
}

/// A request as API Gateway's HTTP API hands it to a function (payload format 2.0).
fn request(file: &str, sample: &str, topic: &str) -> Anything<Value> {
    let kind = kind_of(sample)?;
    let (mut headers, mut body) = signed(kind, sample, topic)?;
    if topic.is_empty() && kind == StorefrontKind::Woocommerce {
        headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    }
    if file.ends_with("bad-signature") {
        body = body.replacen("\"paid\"", "\"Paid\"", 1);
    }
    let encoded = file.ends_with("base64");
    if encoded {
        body = STANDARD.encode(&body);
    }
    // A custom domain's mapping stays before the path.
    let mapping = if file.ends_with("custom-domain") { "/shop" } else { "" };
    let path = format!("{mapping}/webhooks/{kind}");
    let headers: serde_json::Map<String, Value> = headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    Ok(json!({
        "version": "2.0",
        "routeKey": "POST /webhooks/{storefront}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "sample",
            "domainName": "sample.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "sample",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "sample"
            },
            "requestId": format!("sample-{file}"),
            "routeKey": "POST /webhooks/{storefront}",
            "stage": "$default",
            "time": "02/Mar/2026:14:14:10 +0000",
            "timeEpoch": NOW.as_millis()
        },
        "pathParameters": { "storefront": kind.as_str() },
        "body": body,
        "isBase64Encoded": encoded
    }))
}

/// The worker's folder, and the event that SQS hands to it.
fn message(sample: &str, topic: &str) -> Anything<(&'static str, Value)> {
    let kind = kind_of(sample)?;
    let (headers, body) = signed(kind, sample, topic)?;
    let headers: HeaderMap = headers
        .into_iter()
        .map(|(name, value)| Ok((HeaderName::from_static(name), HeaderValue::try_from(value)?)))
        .collect::<Anything<_>>()?;
    let document: Value = serde_json::from_str(&fs::read_to_string(events("secrets.json"))?)?;
    let secrets = StorefrontSecrets::from_json(document.get("storefronts").unwrap_or(&Value::Null))?;
    let delivery = Delivery {
        headers: &headers,
        body: body.as_bytes(),
        received_at: NOW,
    };
    match receive(kind, &delivery, &secrets.shops(kind, None), &FieldNames::default())? {
        Outcome::Nothing(reason) => Err(format!("{sample} comes to nothing: {reason}").into()),
        Outcome::Events(events) => {
            let (_, queue) = events.first().ok_or("no event")?;
            let of_queue = events.iter().filter(|(_, of)| of == queue);
            let bodies: Vec<String> = of_queue.map(|(event, _)| event.to_json()).collect();
            Ok((queue.as_str(), sqs(queue.as_str(), &bodies)))
        }
    }
}

fn sqs(queue: &str, bodies: &[String]) -> Value {
    let record = |(at, body): (usize, &String)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-6619758{:05}", 30_000 + at),
            "receiptHandle": "sample",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": NOW.as_millis().to_string(),
                "SenderId": "AIDASAMPLE",
                "ApproximateFirstReceiveTimestamp": NOW.as_millis().to_string()
            },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-west-1:123456789012:{queue}"),
            "awsRegion": "eu-west-1"
        })
    };
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    json!({ "Records": records })
}
