//! A storm in virtual time: thousands of deliveries, half of them repetitions, in a few minutes, at a Wix that lets 200
//! calls a minute through. The workers are the real ones, batches, deadlines and fulfilment; what is counted is Wix's own
//! count of calls.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::fulfilment::Fulfilment;
use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::worker::{batch, own_deadline};
use reseller_hooks_tests::sim::Rng;
use reseller_hooks_tests::world::{Order, VirtualClock, WixPort, World};
use serde_json::{Value, json};
use wix_sandbox::Operation;

type Worker = Fulfilment<WixPort, Arc<MemoryLedger>, VirtualClock>;

/// How many orders there are.
const ORDERS: u64 = 1_200;

/// Every fifth order gets the storefront's reference.
const REFERENCED: u64 = 240;

/// Two for each order, and one more for each package that is tagged.
const CALLS_NEEDED: u64 = 2 * ORDERS + 2 * REFERENCED;

/// As in the deployment: two for each of three queues, and `reconcile`.
const WORKERS: usize = 6;

/// Deliveries a second, far more than Wix's limit lets through.
const PER_SECOND: usize = 10;

struct Storm {
    world: World,
    workers: Vec<Worker>,
    reconcile: Worker,
    queue: VecDeque<Value>,
    minutes: u64,
}

impl Storm {
    /// `share` is what each process may call in a minute.
    fn new(share: u32) -> Self {
        let world = World::new(wix_sandbox::Config::default());
        assert_eq!(world.look().config().rate_limit_per_minute, Some(200));
        let worker = || {
            let (ledger, clock) = (Arc::clone(&world.ledger), world.clock.clone());
            let (secret, timeout) = (world.secret.clone(), world.settings.wix_timeout);
            let port = world
                .transport()
                .port(secret, clock.clone(), timeout, NonZeroU32::new(share));
            Fulfilment::new(port, ledger, clock, Ok(world.catalog.clone()), world.settings.clone())
        };
        Self {
            workers: (0..WORKERS).map(|_| worker()).collect(),
            reconcile: worker(),
            world,
            queue: VecDeque::new(),
            minutes: 0,
        }
    }

    /// Everything is delivered, worked off, and settled.
    async fn blow(&mut self) {
        const LONGEST_MINUTES: u64 = 24 * 60;
        let mut arriving = deliveries();
        let begun = self.world.clock.now();
        let mut next_sweep = begun;
        loop {
            for delivery in arriving.drain(..PER_SECOND.min(arriving.len())) {
                self.queue.push_back(delivery);
            }
            for worker in 0..WORKERS {
                self.batch(worker).await;
            }
            if self.world.clock.now() >= next_sweep {
                next_sweep = self.world.clock.now() + Duration::from_secs(60);
                self.reconcile.sweep(self.deadline(55)).await.unwrap();
            }
            self.minutes = self.world.clock.now().since(begun).as_secs() / 60;
            if arriving.is_empty() && self.queue.is_empty() && self.is_settled().await {
                return;
            }
            assert!(self.minutes < LONGEST_MINUTES, "not settled within a day");
            if arriving.is_empty() && self.queue.is_empty() {
                self.world.clock.set(next_sweep);
            } else {
                self.world.clock.advance(Duration::from_secs(1));
            }
        }
    }

    async fn batch(&mut self, worker: usize) {
        let messages: Vec<Value> = self.queue.drain(..10.min(self.queue.len())).collect();
        if messages.is_empty() {
            return;
        }
        let event = serde_json::from_value(json!({ "Records": messages })).unwrap();
        let deadline = self.deadline(60);
        let report = batch::handle(&self.workers[worker], &self.world.clock, event, deadline).await;
        let again = messages.into_iter().filter(|message| {
            let id = message["messageId"].as_str().unwrap();
            report.failed.iter().any(|failed| failed == id)
        });
        self.queue.extend(again);
    }

    fn deadline(&self, timeout: u64) -> Timestamp {
        let now = self.world.clock.now();
        let lambdas = now + Duration::from_secs(timeout);
        own_deadline(u64::try_from(lambdas.as_millis()).unwrap(), now)
    }

    async fn is_settled(&self) -> bool {
        let far = Timestamp::from_millis(i64::MAX / 2);
        self.world.ledger.due(far, 1).await.unwrap().is_empty()
    }

    /// Calls to Wix: those that were let through, and those that were throttled.
    fn calls(&self) -> (u64, u64) {
        let wix = self.world.look();
        let operations = [
            Operation::CreatePackage,
            Operation::GetPackage,
            Operation::QueryPackages,
            Operation::UpdateExternalId,
            Operation::AssignProductInstance,
            Operation::UnassignProductInstance,
            Operation::CancelProductInstance,
        ];
        let counts = operations.map(|operation| wix.count(operation));
        let throttled = counts.iter().map(|count| count.throttled).sum();
        (
            counts.iter().map(|count| count.calls).sum::<u64>() - throttled,
            throttled,
        )
    }

    /// Nothing is lost and nothing is there twice: of every order one package, and one voucher package, told apart by
    /// the names that they must have.
    async fn verify(&self) {
        assert_eq!(self.world.ledger.attention(10).await.unwrap(), []);
        let wix = self.world.look();
        let mut found: Vec<&str> = wix
            .packages()
            .filter_map(|package| package.external_id.as_deref())
            .collect();
        let names = (0..ORDERS).flat_map(|number| match number % 5 {
            0 => [format!("PO-{number}"), format!("PO-{number}-v1")],
            _ => ["b1", "v1"].map(|kind| format!("rh-shopify-{}-{kind}", 1_000 + number)),
        });
        let mut owed: Vec<String> = names.collect();
        found.sort_unstable();
        owed.sort_unstable();
        assert_eq!(found, owed);
        assert!(wix.packages().all(|package| package.instances.len() == 1));
    }
}

/// All deliveries, each twice, as messages: shuffled within some hundred places.
fn deliveries() -> Vec<Value> {
    let mut events = Vec::new();
    for number in 0..ORDERS {
        let paid = Order::new(&format!("shopify/{}", 1_000 + number))
            .line("1", "PLAN", 1)
            .paid();
        events.push(paid.event());
        if number % 5 == 0 {
            events.push(paid.reference(&format!("PO-{number}")).event());
        }
    }
    let mut chance = Rng::new(5);
    let mut placed = Vec::new();
    for (at, event) in (0..).zip(events) {
        let body = serde_json::to_string(&event).unwrap();
        placed.push((at + chance.below(5), body.clone()));
        placed.push((at + chance.below(400), body));
    }
    placed.sort();
    let message = |(number, (_, body)): (usize, (u64, String))| json!({ "messageId": number.to_string(), "body": body, "eventSource": "aws:sqs" });
    placed.into_iter().enumerate().map(message).collect()
}

#[tokio::test(start_paused = true)]
async fn a_storm_within_the_shares_takes_exactly_the_calls_that_it_needs() {
    let mut storm = Storm::new(25);
    storm.blow().await;
    storm.verify().await;
    assert_eq!(storm.calls(), (CALLS_NEEDED, 0));
    // The workers are done with the deliveries within minutes; `reconcile` is left alone with the rest, at its share.
    assert!(storm.minutes <= CALLS_NEEDED / 25, "{} minutes", storm.minutes);
}

#[tokio::test(start_paused = true)]
async fn a_storm_whose_shares_are_too_large_is_throttled_and_does_not_spin() {
    let mut storm = Storm::new(180);
    storm.blow().await;
    storm.verify().await;
    let (answered, throttled) = storm.calls();
    assert_eq!(answered, CALLS_NEEDED);
    assert!(throttled > 0, "Wix was never asked too much");
    // An order that meets the limit is left alone for a while, and a sweep ends at the first.
    let most = CALLS_NEEDED / 20;
    assert!(
        throttled <= most,
        "{throttled} throttled calls in {} minutes",
        storm.minutes
    );
}
