//! A test order, from the storefront's address through webhook, queue and worker into the ledger. It buys nothing, whatever
//! the catalog says: it is canceled, not paid, and has no units. Each storefront has one such order, whose record grows no
//! new neighbours however often it is sent.

use std::time::Duration;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::of_failure;
use crate::backend::Backend;
use crate::commands::secrets::Check;
use crate::commands::send::Signer;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::number;

/// How often the ledger is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Far above the IDs that Shopify and WooCommerce have come to.
const NUMBER: &str = "900000000000000001";
const NAME: &str = "reseller-doctor";

/// One delivery.
struct TestOrder {
    key: String,
    topic: &'static str,
    body: Value,
    signer: Signer,
}

/// A check or two for each storefront that has keys.
pub(super) async fn of(backend: &Backend, document: Option<&SecretString>, wait: u64, out: &mut Out<'_>) -> Vec<Check> {
    let document = document.and_then(|document| serde_json::from_str::<Value>(document.expose_secret()).ok());
    let Some(document) = document else {
        return vec![Check::unseen(
            "no test order was delivered: it is signed with the storefronts' secret, which was not read",
        )];
    };
    let mut checks = Vec::new();
    for kind in StorefrontKind::ALL {
        if document.pointer(&format!("/storefronts/{kind}")).is_none() {
            continue;
        }
        match order(&document, kind, SystemClock.now()) {
            Some(order) => checks.extend(through(backend, kind, &order, wait, out).await),
            None if kind == StorefrontKind::Wix => checks.push(Check::unseen(
                "wix: only Wix can sign a delivery; change an order in the shop, such as by a note, and look with `reseller order list`",
            )),
            None => {}
        }
    }
    checks
}

fn order(document: &Value, kind: StorefrontKind, now: Timestamp) -> Option<TestOrder> {
    let signer = Signer::any(document, kind)?;
    let (id, topic, body) = match kind {
        StorefrontKind::Shopify => (NUMBER, "orders/cancelled", shopify(now)),
        StorefrontKind::Woocommerce => (NUMBER, "order.updated", woocommerce(now)),
        StorefrontKind::Stripe => ("pi_resellerdoctor", "", stripe(now)),
        StorefrontKind::Standard => (NAME, "", standard(now)),
        StorefrontKind::Wix => return None,
    };
    Some(TestOrder {
        key: format!("{}/{id}", signer.path),
        topic,
        body,
        signer,
    })
}

fn shopify(now: Timestamp) -> Value {
    json!({
        "id": 900_000_000_000_000_001_u64, "name": NAME, "test": false, "financial_status": "voided",
        "cancelled_at": now, "created_at": now, "updated_at": now, "refunds": [],
        "line_items": [{ "id": 1, "sku": NAME, "quantity": 0, "current_quantity": 0 }],
    })
}

fn woocommerce(now: Timestamp) -> Value {
    let time = now.to_string();
    let time = time.trim_end_matches('Z');
    json!({
        "id": 900_000_000_000_000_001_u64, "parent_id": 0, "number": NAME, "status": "cancelled", "payment_method": "",
        "total": "0.00", "date_created_gmt": time, "date_modified_gmt": time, "date_paid_gmt": null, "refunds": [],
        "line_items": [],
    })
}

fn stripe(now: Timestamp) -> Value {
    json!({
        "id": format!("evt_resellerdoctor{}", now.as_millis()), "object": "event", "type": "payment_intent.canceled",
        "created": now.as_secs(), "livemode": true,
        "data": { "object": {
            "id": "pi_resellerdoctor", "object": "payment_intent", "amount": 1, "amount_received": 0,
            "capture_method": "manual", "created": now.as_secs(), "livemode": true, "metadata": {}, "status": "canceled",
        } },
    })
}

fn standard(now: Timestamp) -> Value {
    json!({
        "type": "order.canceled", "timestamp": now,
        "data": { "id": NAME, "created_at": now, "updated_at": now, "status": "canceled", "payment": "unpaid", "lines": [] },
    })
}

async fn through(
    backend: &Backend,
    kind: StorefrontKind,
    order: &TestOrder,
    wait: u64,
    out: &mut Out<'_>,
) -> Vec<Check> {
    let before = match revision(backend, &order.key).await {
        Ok(before) => before,
        Err(failure) => return vec![of_failure(&format!("{kind}: the ledger does not answer: "), &failure)],
    };
    let mut checks = Vec::new();
    let body = order.body.to_string();
    let now = SystemClock.now();
    match order.signer.deliver(backend, order.topic, &body, now).await {
        Ok((200, _)) => checks.push(Check::well(format!("a signed delivery to {kind} is taken (200)"))),
        Ok((status, line)) => {
            let remedy = match status {
                401 => "webhook has another secret than was read here: wait a minute after a change, then look again",
                _ => "see *Deliveries are answered 5xx* in docs/operate.md",
            };
            return vec![Check::bad(
                format!("a signed delivery to {kind} is answered {status}: {line}"),
                remedy,
            )];
        }
        Err(failure) => return vec![of_failure(&format!("a signed delivery to {kind}: "), &failure)],
    }
    let end = now + Duration::from_secs(wait);
    loop {
        out.progress(format_args!("waiting for the test order {}", order.key));
        match revision(backend, &order.key).await {
            Ok(after) if after > before => {
                checks.push(bought_nothing(backend, kind, &order.key).await);
                return checks;
            }
            Ok(_) if SystemClock.now() < end => tokio::time::sleep(LOOK_AGAIN).await,
            Ok(_) => {
                checks.push(Check::bad(
                    format!(
                        "{kind}: the test order {} did not reach the ledger in {wait} s",
                        order.key
                    ),
                    match backend {
                        Backend::Local(_) => {
                            "no worker runs on these queues: `cargo xtask demo --keep` prints the --local=FILE whose queues it works off; for others see the README in local/"
                        }
                        Backend::Aws(_) => {
                            "the worker order-canceled does not take it: reseller logs --since 5, reseller dead list"
                        }
                    },
                ));
                return checks;
            }
            Err(failure) => {
                checks.push(of_failure(&format!("{kind}: the ledger does not answer: "), &failure));
                return checks;
            }
        }
    }
}

/// How often the record was written; 0 where there is none.
async fn revision(backend: &Backend, key: &str) -> Result<u64, Failure> {
    match backend.ask(&json!({ "show": key })).await {
        Ok(record) => Ok(number(&record, "rev")),
        Err(failure) if failure.exit == Exit::NotFound => Ok(0),
        Err(failure) => Err(failure),
    }
}

async fn bought_nothing(backend: &Backend, kind: StorefrontKind, key: &str) -> Check {
    match backend.ask(&json!({ "story": key })).await {
        Ok(story) => {
            let has_nothing = story.get("units").and_then(Value::as_array).is_none_or(Vec::is_empty);
            if has_nothing && number(&story, "could_buy") == 0 {
                Check::well(format!(
                    "{kind}: a canceled test order went through queue, worker and ledger, and bought nothing"
                ))
            } else {
                Check::bad(
                    format!("{kind}: the test order {key} is one that something could be bought for"),
                    format!("reseller order show {key}"),
                )
            }
        }
        Err(failure) => of_failure(&format!("{kind}: the test order {key}: "), &failure),
    }
}
