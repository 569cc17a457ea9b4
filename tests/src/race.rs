//! The cases of the ledger's contract in which sixteen workers race while answers of writes are lost: lines of one
//! entry, and the real fulfilment with the sandbox's Wix.
#![expect(
    clippy::unwrap_used,
    reason = "assertions of tests, in a library only to be shared by them"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::ledger::{Entry, Ledger, Stored};
use reseller_hooks::order::OrderEvent;
use reseller_hooks::time::{Clock, Timestamp};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::between::{Faults, TestLedger};
use crate::ledger_contract::WRITERS;
use crate::sim::Rng;
use crate::world::{Order, Paid, SkewedWorker, World, violations};

/// Where all chance of these cases comes from.
const SEED: u64 = 16;

/// What any two clocks of these cases are apart at the most: the setting's default, `LEASE_SKEW_SECONDS`.
const SKEW_MILLIS: i64 = 5_000;

type Worker<L> = SkewedWorker<TestLedger<L, Faults>>;

/// Each writer puts its own lines into one entry, and looks whether they are there already before it tries again.
pub async fn no_line_of_many_writers_is_lost_or_doubled_when_answers_are_lost<L: Ledger + 'static>(ledgers: Vec<L>) {
    const EACH: usize = 5;
    let start = Arc::new(Barrier::new(WRITERS));
    let mut writers = JoinSet::new();
    for (number, ledger) in (0..).zip(ledgers) {
        let ledger = TestLedger::new(ledger, Faults::by_seed(SEED + number));
        let start = Arc::clone(&start);
        writers.spawn(async move {
            start.wait().await;
            for line in 0..EACH {
                put_in(&ledger, &format!("{number}-{line}")).await;
            }
            ledger
        });
    }
    let ledgers = writers.join_all().await;
    let lost: u64 = ledgers.iter().map(|ledger| ledger.between().lost()).sum();
    assert!(lost > 0, "no answer was lost: nothing was tried");
    let last = ledgers[0].inner().load("shopify/1").await.unwrap().unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in last.body.lines() {
        *counts.entry(line).or_default() += 1;
    }
    assert_eq!(counts.len(), 80);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(last.rev, 80);
}

async fn put_in(ledger: &impl Ledger, line: &str) {
    let mut tries = 0;
    loop {
        let Ok(current) = ledger.load("shopify/1").await else {
            continue;
        };
        let (rev, body) = current.map_or((0, String::new()), |entry| (entry.rev, entry.body));
        if body.lines().any(|found| found == line) {
            return;
        }
        tries += 1;
        let next = Entry {
            key: "shopify/1".to_owned(),
            body: format!("{body}{line}\n"),
            rev: rev + 1,
            write_id: format!("{line}/{tries}"),
            due_at: None,
            attention_since: None,
        };
        // The same write again, as the functions do, until there is an answer.
        while ledger.store(&next).await.is_err() {}
    }
}

/// Wix ignores keys and shows packages late, so that nothing but the ledger keeps two workers from buying the same.
pub async fn sixteen_workers_with_clocks_apart_and_lost_answers_buy_exactly_once<L: Ledger + 'static>(ledgers: Vec<L>) {
    const ORDERS: usize = 12;
    let world = World::unkind(Duration::from_secs(20));
    let mut chance = Rng::new(SEED);
    let workers: Vec<Arc<Worker<L>>> = (0..)
        .zip(ledgers)
        .map(|(number, ledger)| Arc::new(worker(&world, ledger, number, &mut chance)))
        .collect();

    // Half of the orders are in the ledger before they are paid: there the race is for a later revision.
    for number in (0..ORDERS).step_by(2) {
        deliver(&workers[0], &placed(number).event()).await;
    }
    let mut rush = JoinSet::new();
    let start = Arc::new(Barrier::new(WRITERS));
    for worker in &workers {
        let (worker, start, clock) = (Arc::clone(worker), Arc::clone(&start), world.clock.clone());
        let deliveries = deliveries(ORDERS, &mut chance);
        rush.spawn(async move {
            start.wait().await;
            for event in deliveries {
                deliver(&worker, &event).await;
                clock.advance(Duration::from_millis(50));
            }
        });
    }
    rush.join_all().await;
    sweep_until_nothing_is_due(&world, &workers).await;

    let lost: u64 = workers.iter().map(|worker| worker.ledger().between().lost()).sum();
    assert!(lost > 0, "no answer was lost: nothing was tried");
    let ledger = workers[0].ledger().inner();
    assert_eq!(ledger.attention(10).await.unwrap(), []);
    take_over(&world, ledger).await;
    assert_eq!(violations(&world), Vec::<String>::new());
    // All packages there ever were, and not only what is alive.
    assert_eq!(world.packages(), (ORDERS, ORDERS));
    for number in 0..ORDERS {
        let units = units(number);
        let bought = Paid::of(&world, &key(number));
        assert_eq!((bought.base, bought.vouchers), (units, units), "{}", key(number));
    }
}

fn worker<L: Ledger>(world: &World, ledger: L, number: u64, chance: &mut Rng) -> Worker<L> {
    // The first two are as far apart as they may be.
    let ahead = match number {
        0 => -SKEW_MILLIS / 2,
        1 => SKEW_MILLIS / 2,
        _ => i64::try_from(chance.below(SKEW_MILLIS.unsigned_abs())).unwrap() - SKEW_MILLIS / 2,
    };
    world.skewed_worker(TestLedger::new(ledger, Faults::by_seed(SEED + number)), ahead)
}

fn key(number: usize) -> String {
    format!("shopify/{}", 7_001 + number)
}

/// Every third order has two units.
fn units(number: usize) -> usize {
    if number % 3 == 2 { 2 } else { 1 }
}

fn placed(number: usize) -> Order {
    Order::new(&key(number)).line("1", "PLAN", u32::try_from(units(number)).unwrap())
}

/// Everything that happened to all orders, in an order of its own: each is paid, and every third one is then given the
/// storefront's reference.
fn deliveries(orders: usize, chance: &mut Rng) -> Vec<OrderEvent> {
    let mut events = Vec::new();
    for number in 0..orders {
        let paid = placed(number).paid();
        events.push(paid.event());
        if number % 3 == 0 {
            events.push(paid.reference(&format!("PO-{number}")).event());
        }
    }
    for at in (1..events.len()).rev() {
        let other = chance.below(u64::try_from(at).unwrap() + 1);
        events.swap(at, usize::try_from(other).unwrap());
    }
    events
}

fn deadline(clock: &impl Clock) -> Timestamp {
    clock.now() + Duration::from_secs(58)
}

/// As the queue does: what could not be stored comes again.
async fn deliver<L: Ledger>(worker: &Worker<L>, event: &OrderEvent) {
    for _ in 0..50 {
        if worker.accept(event, deadline(worker.clock())).await.is_ok() {
            return;
        }
    }
    panic!("{} was not stored in fifty deliveries", event.key);
}

/// All workers take up what is due, at the same time, again and again.
async fn sweep_until_nothing_is_due<L: Ledger + 'static>(world: &World, workers: &[Arc<Worker<L>>]) {
    let far = Timestamp::from_millis(i64::MAX / 2);
    for _ in 0..200 {
        let due = workers[0].ledger().inner().due(far, 1).await.unwrap();
        let Some(first) = due.first() else {
            return;
        };
        // So much later that the slowest clock sees it too.
        let skew = Duration::from_millis(SKEW_MILLIS.unsigned_abs());
        let next = (first.at + skew).max(world.clock.now() + Duration::from_secs(1));
        world.clock.set(next);
        let mut sweeps = JoinSet::new();
        for worker in workers {
            let worker = Arc::clone(worker);
            sweeps.spawn(async move { worker.sweep(deadline(worker.clock())).await.unwrap() });
        }
        sweeps.join_all().await;
    }
    panic!(
        "still not settled: {:?}",
        workers[0].ledger().inner().due(far, 100).await
    );
}

/// The entries, for the checks, which ask a ledger in memory.
async fn take_over(world: &World, ledger: &impl Ledger) {
    let mut after: Option<String> = None;
    loop {
        let page = ledger.scan(after.as_deref(), 100).await.unwrap();
        let Some(last) = page.last() else { return };
        after = Some(last.key.clone());
        for entry in page {
            let first = Entry { rev: 1, ..entry };
            assert_eq!(world.ledger.store(&first).await.unwrap(), Stored::Written);
        }
    }
}
