//! The guards at the edge: what protects the webhook from deliveries that are not the storefront's or not of now, and a
//! batch from one of its messages. From the request to the sandbox of Wix, all of it in process.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use reseller_hooks::catalog::Catalog;
use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::{VerificationGuards, sign};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::worker::batch::{self, BatchGuards};
use reseller_hooks_tests::between::{Between, Fault, LedgerCall, TestLedger};
use reseller_hooks_tests::door::{Door, Message};
use reseller_hooks_tests::post::{WIX_INSTANCE, WIX_PRIVATE_KEY, WIX_PUBLIC_KEY, signed};
use reseller_hooks_tests::world::{Order, World};
use serde_json::json;

use super::is_needed;

const SECRET: &str = "whsec_b3VyIG93biBzZWNyZXQ=";
const GUESSED: &str = "whsec_Z3Vlc3NlZA==";

/// The catalog that the samples in `events/` are made for.
const CATALOG: &str = include_str!("../../../catalog/catalog.toml");

/// A request that has been sent, and can be sent again by anybody who has seen it.
struct Sent {
    kind: StorefrontKind,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    /// A sample as if it happened now, signed with this secret; by Wix with its own key.
    fn now(kind: StorefrontKind, topic: &str, sample: &str, secret: &str, now: Timestamp) -> Self {
        // Without its site, which takes one product of a kind, and would refuse what is bought twice.
        let sample = sample.replace("wix_site_id", "colour");
        let sample = sample.replace("price_1SamplePremium1Y", "PREMIUM-1Y");
        let body = sign::as_of(&sample, now);
        let headers = signed(kind, secret, body.as_bytes(), topic, now);
        let body = if kind == StorefrontKind::Wix {
            let event_type = format!("wix.ecom.v1.order_{topic}");
            sign::wix_jwt(WIX_PRIVATE_KEY, &event_type, WIX_INSTANCE, &body, now).unwrap()
        } else {
            body
        };
        Self {
            kind,
            headers,
            body: body.into_bytes(),
        }
    }
}

fn secret_document() -> String {
    let own = json!({ "secrets": [SECRET] });
    json!({ "storefronts": {
        "shopify": own, "stripe": own, "standard": own,
        "woocommerce": { "secrets": [SECRET], "hosts": ["sample.example.com"] },
        "wix": { "public_keys": [WIX_PUBLIC_KEY], "sites": [WIX_INSTANCE] },
    }})
    .to_string()
}

fn world(mut world: World) -> World {
    world.catalog = Catalog::from_toml(CATALOG).unwrap();
    world
}

/// Delivers a request and lets the workers do what it brought; the answer's status.
fn deliver(world: &World, secret: &str, guards: VerificationGuards, sent: &Sent) -> u16 {
    let door = Door::new(secret, world.clock.clone(), guards);
    let (answer, stored) = door.post(&format!("/webhooks/{}", sent.kind), &sent.headers, &sent.body);
    let messages: Vec<String> = stored
        .into_iter()
        .filter(|(queue, _): &Message| *queue != "parked")
        .map(|(_, message)| message)
        .collect();
    if !messages.is_empty() {
        let ledger = world.yielding();
        assert_eq!(
            consumed(world, ledger, messages, BatchGuards::default()),
            Vec::<String>::new()
        );
    }
    world.settle();
    answer.status().as_u16()
}

/// Has a queue's messages worked on until they are consumed, five times at most, as SQS does; what is left are dead
/// letters.
fn consumed(world: &World, ledger: impl Ledger + Clone, mut messages: Vec<String>, guards: BatchGuards) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for _ in 0..5 {
        let engine = world.worker_over(world.port(), ledger.clone(), world.clock.clone());
        let records: Vec<_> = (0..)
            .zip(&messages)
            .map(|(at, body): (usize, _)| json!({ "messageId": at.to_string(), "body": body }))
            .collect();
        let event = serde_json::from_value(json!({ "Records": records })).unwrap();
        let work = batch::handle_with_guards(&engine, &world.clock, event, world.deadline(), guards);
        // An invocation that fails consumes none of its messages.
        if let Ok(report) = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work))) {
            let mut at = 0;
            messages.retain(|_| {
                at += 1;
                report.failed.contains(&(at - 1).to_string())
            });
        }
        if messages.is_empty() {
            break;
        }
        // The visibility timeout.
        world.clock.advance(Duration::from_secs(360));
    }
    messages
}

/// A paid sample of each storefront, signed by somebody who does not have the key.
fn forged(kind: StorefrontKind, now: Timestamp) -> Sent {
    let (topic, sample) = match kind {
        StorefrontKind::Shopify => ("orders/paid", include_str!("../../../events/shopify/orders_paid.json")),
        StorefrontKind::Woocommerce => (
            "order.updated",
            include_str!("../../../events/woocommerce/order_updated_processing.json"),
        ),
        StorefrontKind::Stripe => (
            "",
            include_str!("../../../events/stripe/checkout_session_completed.json"),
        ),
        StorefrontKind::Standard => ("", include_str!("../../../events/standard/order_paid.json")),
        StorefrontKind::Wix => (
            "payment_status_updated",
            include_str!("../../../events/wix/order_payment_status_updated_paid.json"),
        ),
    };
    let mut forged = Sent::now(kind, topic, sample, GUESSED, now);
    if kind == StorefrontKind::Wix {
        // The signature of another token of that app, which anybody can have who has the app.
        let other = Sent::now(kind, topic, "{}", GUESSED, now);
        let (token, other) = (
            String::from_utf8(forged.body).unwrap(),
            String::from_utf8(other.body).unwrap(),
        );
        let (claims, signature) = (token.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
        forged.body = format!("{claims}.{signature}").into_bytes();
    }
    forged
}

#[test]
fn without_the_signature_check_anybody_orders_packages() {
    for kind in StorefrontKind::ALL {
        is_needed(
            |guards: &mut VerificationGuards| guards.signature_check = false,
            |guards| {
                let world = world(World::kind());
                let status = deliver(&world, &secret_document(), guards, &forged(kind, world.clock.now()));
                let bought = world.packages();
                (status != 401 || bought != (0, 0)).then(|| format!("{kind}: {status}, {bought:?}"))
            },
        );
    }
}

/// A shop gets a name because there is a second one, and keeps its secret. That makes other orders of its old ones,
/// which is why nobody shall do it; and anybody who has a delivery of last year can send it again. It is signed, it is of
/// an order that the ledger does not know, and whose package has an external ID that nobody looks for.
#[test]
fn without_the_replay_tolerance_a_renamed_shop_buys_last_years_order() {
    is_needed(
        |guards: &mut VerificationGuards| guards.replay_tolerance = false,
        |guards| {
            let world = world(World::kind());
            let sample = include_str!("../../../events/standard/order_paid.json");
            let sent = Sent::now(StorefrontKind::Standard, "", sample, SECRET, world.clock.now());
            let first = deliver(&world, &secret_document(), guards, &sent);
            assert_eq!((first, world.packages()), (200, (1, 1)));

            world.clock.advance(Duration::from_secs(365 * 86_400));
            let shops = json!({ "north": { "secrets": [SECRET] }, "south": { "secrets": ["whsec_c291dGg="] } });
            let renamed = json!({ "storefronts": { "standard": { "shops": shops } } }).to_string();
            let again = deliver(&world, &renamed, guards, &sent);
            let bought = world.packages();
            (again != 401 || bought != (1, 1)).then(|| format!("{again}, {bought:?}"))
        },
    );
}

/// The ledger was lost, and a new one knows nothing. An order of last year is looked up before it is bought, but its
/// packages were tagged with the shop's own reference: they are not found by ours, and no key is remembered so long.
#[test]
fn without_the_replay_tolerance_a_lost_ledger_buys_last_years_order() {
    for (kind, topic, sample) in [
        (
            StorefrontKind::Stripe,
            "",
            include_str!("../../../events/stripe/invoice_paid_first.json"),
        ),
        (
            StorefrontKind::Standard,
            "",
            include_str!("../../../events/standard/order_updated_reference.json"),
        ),
        (
            StorefrontKind::Wix,
            "updated",
            include_str!("../../../events/wix/order_updated_reference.json"),
        ),
    ] {
        is_needed(
            |guards: &mut VerificationGuards| guards.replay_tolerance = false,
            |guards| {
                let mut world = world(World::unkind(Duration::ZERO));
                let sent = Sent::now(kind, topic, sample, SECRET, world.clock.now());
                let first = deliver(&world, &secret_document(), guards, &sent);
                assert_eq!((first, world.packages().0), (200, 1), "{kind}");

                world.clock.advance(Duration::from_secs(365 * 86_400));
                world.ledger = Arc::new(MemoryLedger::new());
                let again = deliver(&world, &secret_document(), guards, &sent);
                let bought = world.packages().0;
                (again != 401 || bought != 1).then(|| format!("{kind}: {again}, {bought} packages"))
            },
        );
    }
}

const POISON: &str = "shopify/666";

/// Reading the entry of one order panics.
#[derive(Clone)]
struct Poison;

impl Between for Poison {
    async fn before(&self, call: LedgerCall<'_>) -> Fault {
        assert_ne!(call, LedgerCall::Load(POISON), "a bug that only this order meets");
        Fault::None
    }
}

/// Ten orders in one batch, of which one makes the worker panic, as often as it comes.
#[test]
fn without_the_catch_of_a_panic_one_order_kills_its_whole_batch() {
    is_needed(
        |guards: &mut BatchGuards| guards.per_record_panic = false,
        |guards| {
            let world = World::kind();
            let paid = |key: &str| Order::new(key).line("1", "MAIL", 1).paid().event().to_json();
            let mut messages = vec![paid(POISON)];
            messages.extend((1..10).map(|order| paid(&format!("shopify/{order}"))));
            let ledger = TestLedger::new(world.yielding(), Poison);
            let dead = consumed(&world, ledger, messages, guards);
            world.settle();
            let bought = world.packages();
            (dead != [paid(POISON)] || bought != (9, 0)).then(|| format!("{} dead letters, {bought:?}", dead.len()))
        },
    );
}
