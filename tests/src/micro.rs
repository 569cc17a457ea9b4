//! The parts of an ordinary order's way, each by itself and as often as told: what `cargo xtask bench --micro` counts the
//! instructions of.
#![expect(clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;

use http::HeaderMap;
use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::{OrderRecord, Settings, decide};
use reseller_hooks::ids::AccountId;
use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::storefront::{Delivery, FieldNames, Key, Outcome, ShopKeys, receive};
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::field_names;
use reseller_hooks::wix::{Call, CreatePackage, decode_package};
use serde_json::{Value, json};

use crate::post::{self, Post};
use crate::world::{CATALOG, KEY, OWN, Order, START, World};

const SAMPLE: &str = include_str!("../../events/shopify/orders_paid.json");

/// What each does.
pub const PARTS: [(&str, &str); 10] = [
    (
        "verify",
        "a delivery of Shopify's whose signature is wrong: what verifying takes",
    ),
    ("receive", "the same, signed: verified, read, and made an event"),
    ("event", "the event as JSON, and read again"),
    ("merge", "the event into a new record"),
    (
        "decide",
        "what is next for the record: a plan is frozen, and a purchase is due",
    ),
    ("write", "a settled record as JSON"),
    ("read", "and read again"),
    ("encode", "a call of Create Package: its path and body"),
    ("decode", "its answer"),
    (
        "random",
        "the first random bytes of the library that TLS uses: one that gathers its own entropy takes millions",
    ),
];

/// Does a part so many times; `None`: there is no such part.
pub fn run(part: &str, times: usize) -> Option<()> {
    let all = Parts::new();
    for _ in 0..times {
        match part {
            "verify" => assert!(all.receive(&all.forged).is_none()),
            "receive" => assert!(black_box(all.receive(&all.signed)).is_some()),
            "event" => drop(black_box(
                OrderEvent::from_json(black_box(&all.event.to_json())).unwrap(),
            )),
            "merge" => {
                let mut record = OrderRecord::new(all.event.key.clone());
                assert!(black_box(&mut record).apply(black_box(&all.event)));
            }
            "decide" => {
                let mut record = all.heard.clone();
                assert!(black_box(all.decide(black_box(&mut record))));
            }
            "write" => drop(black_box(black_box(&all.settled).to_json())),
            "read" => drop(black_box(OrderRecord::from_json(black_box(&all.body)).unwrap())),
            "encode" => drop(black_box((all.create.path(), all.create.body().unwrap()))),
            "decode" => {
                let answer = black_box(all.answer.as_bytes());
                drop(black_box(
                    decode_package(CreatePackage::OPERATION, 200, None, answer).unwrap(),
                ));
            }
            "random" => {
                let mut bytes = [0; 32];
                let provider = rustls::crypto::ring::default_provider();
                provider.secure_random.fill(black_box(&mut bytes)).unwrap();
            }
            _ => return None,
        }
    }
    Some(())
}

/// What the parts work on.
struct Parts {
    shop: ShopKeys,
    names: FieldNames,
    catalog: Catalog,
    own: AccountId,
    signed: Post,
    forged: Post,
    event: OrderEvent,
    heard: OrderRecord,
    settled: OrderRecord,
    body: String,
    create: CreatePackage,
    answer: String,
}

impl Parts {
    fn new() -> Self {
        let kind = StorefrontKind::Shopify;
        let signed = Post::sample(kind, "orders/paid", SAMPLE, START);
        let mut forged = signed.clone();
        let other: HeaderMap = post::signed(kind, "another secret", signed.body.as_bytes(), "orders/paid", START);
        forged.headers = other;
        let world = World::kind();
        let event = Order::new(KEY).line("1", "PLAN", 1).paid().event();
        world.deliver(&event).unwrap();
        let body = world.entry(KEY).body;
        let mut heard = OrderRecord::new(event.key.clone());
        heard.apply(&event);
        let product = json!({ "catalogProductId": "00ba7923-2655-402a-852d-2b2100568bcf", "countryCode": "US" });
        let create = json!({
            "idempotencyKey": "7b0f3c9c-0a2b-5e55-9d0c-6d5a1f1b7c11",
            "externalId": "rh-shopify-9007199254740993-b1",
            "products": [product],
        });
        Self {
            shop: ShopKeys::new(None, vec![Key::new(kind, post::secret(kind)).unwrap()]),
            names: field_names(CATALOG).unwrap(),
            catalog: Catalog::from_toml(CATALOG).unwrap(),
            own: OWN.parse().unwrap(),
            signed,
            forged,
            settled: OrderRecord::from_json(&body).unwrap(),
            event,
            heard,
            body,
            create: serde_json::from_value(create).unwrap(),
            answer: answer().to_string(),
        }
    }

    /// What it is understood as; `None`: the signature does not fit.
    fn receive(&self, post: &Post) -> Option<Outcome> {
        let delivery = Delivery {
            headers: &post.headers,
            body: post.body.as_bytes(),
            received_at: START,
        };
        receive(
            StorefrontKind::Shopify,
            &delivery,
            std::slice::from_ref(&self.shop),
            &self.names,
        )
        .ok()
    }

    fn decide(&self, record: &mut OrderRecord) -> bool {
        let now: Timestamp = START;
        decide(record, &self.catalog, &self.own, &Settings::default(), now).is_ok()
    }
}

fn answer() -> Value {
    json!({ "package": {
        "id": "6e21b56a-85a2-4b2a-8a31-b35490be98b5",
        "accountId": OWN,
        "externalId": "rh-shopify-9007199254740993-b1",
        "createdDate": "2026-03-02T17:00:00.000Z",
        "updatedDate": "2026-03-02T17:00:00.000Z",
        "productInstances": [{
            "instanceId": "9b8ed299-e752-4f5a-828f-e202a6b9701f",
            "catalogProductId": "00ba7923-2655-402a-852d-2b2100568bcf",
            "status": "ENABLED",
            "countryCode": "US",
            "createdDate": "2026-03-02T17:00:00.000Z",
            "updatedDate": "2026-03-02T17:00:00.000Z",
            "billingInfo": { "type": "RECURRING", "cycleDuration": { "unit": "YEAR", "count": 1 } },
        }],
    }})
}
