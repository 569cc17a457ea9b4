//! How what an order, a sweep and an audit cost grows with what there is: counts, which are the same on every machine, and
//! time, which a measurement prints.
#![expect(clippy::unwrap_used, reason = "a measurement for tests")]

mod vast;

use std::time::{Duration, Instant};

use reseller_hooks::fulfilment::audit::AuditRequest;
use reseller_hooks::fulfilment::{Settings, Tally};
use reseller_hooks::time::Clock;

use crate::world::{KEY, Order, World, poll_through};
pub use vast::DIFFERS;
use vast::{Vast, VastWix};

/// What an order cost that nothing disturbed.
#[derive(Debug, Clone, Copy)]
pub struct OrderCost {
    pub tally: Tally,
    /// How large its record is in the end.
    pub bytes: usize,
    /// Hearing of it and buying all of it.
    pub took: Duration,
}

/// An order of so many lines with so many units each, of an SKU of the world's catalog.
pub fn order(sku: &str, lines: u32, units: u32) -> OrderCost {
    let world = World::kind();
    let mut order = Order::new(KEY);
    for line in 1..=lines {
        order = order.line(&line.to_string(), sku, units);
    }
    let event = order.paid().event();
    let begun = Instant::now();
    let outcome = world.deliver(&event).unwrap();
    let took = begun.elapsed();
    world.needs_nobody();
    OrderCost {
        tally: outcome.tally,
        bytes: world.entry(KEY).body.len(),
        took,
    }
}

/// What a sweep cost.
#[derive(Debug, Clone, Copy)]
pub struct SweepCost {
    pub settled: u32,
    pub tally: Tally,
    /// How many lines of the index were read.
    pub listed: u64,
    pub took: Duration,
}

/// A sweep over so many due orders, in a ledger of so many settled ones beside them.
pub fn sweep(due: u32, settled: u64) -> SweepCost {
    let mut world = World::kind();
    let ledger = Vast::of(settled, &world);
    world.settings.paused = true;
    let accept = |world: &World, number: u32| {
        let event = Order::new(&format!("shopify/due-{number}"))
            .line("1", "MAIL", 1)
            .paid()
            .event();
        let worker = world.worker_over(world.port(), ledger.clone(), world.clock.clone());
        poll_through(worker.accept(&event, world.deadline())).unwrap();
    };
    for number in 0..due {
        accept(&world, number);
        // Three a second, so that some have not waited for long.
        world.clock.advance(Duration::from_millis(333));
    }
    world.settings.paused = false;
    world.clock.advance(Duration::from_secs(60));
    let worker = world.worker_over(world.port(), ledger.clone(), world.clock.clone());
    let begun = Instant::now();
    let sweep = poll_through(worker.sweep(world.deadline())).unwrap();
    SweepCost {
        settled: sweep.settled,
        tally: sweep.tally,
        listed: ledger.listed(),
        took: begun.elapsed(),
    }
}

/// What the daily audit cost until it came to its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditCost {
    pub runs: u32,
    pub packages: u64,
    pub pages: u32,
    pub tally: Tally,
    pub findings: u64,
    /// How much simulated time the runs had, in all.
    pub simulated: Duration,
    pub took: Duration,
}

/// How long a page takes that the audit reads.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A hundred packages of Wix's.
    pub wix: Duration,
    /// Fifty records of the ledger.
    pub ledger: Duration,
}

impl Pace {
    /// As it is expected in production.
    pub const ORDINARY: Self = Self {
        wix: Duration::from_millis(400),
        ledger: Duration::from_millis(10),
    };
}

/// Run after run of the daily audit, over so many records with a package each. Of every [`DIFFERS`] packages one has ended.
pub fn audit(packages: u64, pace: Pace) -> AuditCost {
    let mut world = World::kind();
    world.settings = Settings::default();
    let ledger = Vast::of(packages, &world).at_pace(pace);
    let wix = VastWix::of(packages, &world).at_pace(pace);
    let mut cost = AuditCost::default();
    let begun = Instant::now();
    loop {
        let started = world.clock.now();
        let worker = world.worker_over(wix.port(&world), ledger.clone(), world.clock.clone());
        let deadline = started + Duration::from_secs(898);
        let summary = poll_through(worker.audit(AuditRequest::default(), deadline)).unwrap();
        assert!(summary.stopped.is_none(), "{summary:?}");
        cost.runs += 1;
        cost.packages += summary.packages;
        cost.pages += summary.pages;
        cost.tally += summary.tally;
        cost.findings += summary.findings();
        cost.simulated += world.clock.now().since(started);
        assert!(cost.runs < 1_000, "it does not come on: {summary:?}");
        if summary.finished {
            cost.took = begun.elapsed();
            return cost;
        }
    }
}
