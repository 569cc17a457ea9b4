//! A whole world in process: the real fulfilment code, the sandbox's Wix, a ledger in memory and a clock that is moved
//! by hand. Every effect (a call to Wix, a read or a write of the ledger) has an await point before and after it, so
//! that a test can interleave workers, or drop one, at each of them.

mod clock;
mod events;
mod holdings;
mod invariants;
mod run;
mod scenario;
mod wix;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::ports::Wix;
use reseller_hooks::fulfilment::record::ProblemId;
use reseller_hooks::fulfilment::{
    AcceptError, Adopt, Adopted, Attention, By, Close, Closed, Fulfilment, OperatorError, OrderOutcome, OrderRecord,
    Release, Retry, Settings, Sweep,
};
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::ledger::{Entry, Ledger};
use reseller_hooks::order::{OrderEvent, OrderKey};
use reseller_hooks::time::{Clock, Timer, Timestamp};

use crate::between::{Fault, StoppingLedger, Stops};

pub use clock::{SkewedClock, VirtualClock};
pub use events::{Order, refund};
pub use holdings::Holding;
pub use invariants::{Paid, packages_of, violations};
pub use run::{Run, poll_through, yield_once};
pub use scenario::*;
pub use wix::{SandboxTransport, WixPort, WixSecret};

/// The account of the sandbox's default key.
pub const OWN: &str = "5a5db0c5-0000-4000-8000-000000000001";
/// A site.
pub const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
/// A sub-account.
pub const OTHER: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
/// When every world begins.
pub const START: Timestamp = Timestamp::from_secs(1_790_000_000);

/// So many calls a minute that no test meets the limit.
pub const PLENTY: u32 = 1_000_000;

/// The catalog of every world: a plan with a voucher, one without, two products in one, one that is canceled, one that
/// is kept, one that needs a site, one that Wix does not have; and two plans that follow a change of SKU or site.
pub const CATALOG: &str = r#"
[defaults]
not_before = "2026-01-01T00:00:00Z"
country = "US"
on_cancel = "unassign"
account_fields = ["wix_account_id"]
site_fields = ["wix_site_id"]
external_id_fields = ["wix_external_id"]
max_purchases_per_hour = 1_000_000

[[product]]
sku = "PLAN"
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[[product]]
sku = "MAIL"
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "MONTH", count = 1 }

[[product]]
sku = "ENDS"
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
on_cancel = "cancel"

[[product]]
sku = "KEPT"
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
on_cancel = "keep"

[[product]]
sku = "WRONG"
catalog_product_id = "11111111-2222-4333-8444-555555555555"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[[product]]
sku = "SITED"
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
needs_site = true

[[product]]
sku = "SMALL"
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "MONTH", count = 1 }
on_site_change = "move"
on_plan_change = "adjust"

[[product]]
sku = "LARGE"
catalog_product_id = "2c6db353-458a-41dd-b4f5-cb8a05be6bff"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
on_site_change = "move"
on_plan_change = "adjust"
[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#;

/// Read once: tests that crash everywhere make thousands of worlds.
static READ: LazyLock<Catalog> = LazyLock::new(|| Catalog::from_toml(CATALOG).expect("the world's catalog is good"));

/// The sandbox's Wix, shared by the workers of a world.
pub type SharedWix = Arc<Mutex<wix_sandbox::Wix>>;

/// Everything that outlives a worker.
pub struct World {
    /// The time.
    pub clock: VirtualClock,
    /// Wix.
    pub wix: SharedWix,
    /// The secret with the key for it.
    pub secret: WixSecret,
    /// The ledger.
    pub ledger: Arc<MemoryLedger>,
    /// What the workers are set to.
    pub settings: Settings,
    /// What they sell.
    pub catalog: Catalog,
    /// Wix's queries take no notice of their filter.
    pub careless: bool,
    /// While they are careless, they show no external IDs either.
    pub mute: bool,
    /// Where the workers stop at the ledger, and what becomes of their next writes.
    pub stops: Stops,
}

/// One worker.
pub type Worker = Fulfilment<WixPort, StoppingLedger, VirtualClock>;

/// One worker with a clock of its own.
pub type SkewedWorker<L = StoppingLedger> = Fulfilment<WixPort<SkewedClock>, L, SkewedClock>;

impl World {
    /// A world with a Wix of this configuration, at [`START`].
    pub fn new(config: wix_sandbox::Config) -> Self {
        Self::with_catalog(config, READ.clone())
    }

    /// The same with another catalog than [`CATALOG`].
    pub fn with_catalog(config: wix_sandbox::Config, catalog: Catalog) -> Self {
        Self {
            clock: VirtualClock::new(START),
            wix: Arc::new(Mutex::new(wix_sandbox::Wix::new(config))),
            secret: WixSecret::default(),
            ledger: Arc::new(MemoryLedger::new()),
            settings: Settings {
                // Most worlds stand still: a window would be full for good.
                calls_per_minute: PLENTY,
                ..Settings::default()
            },
            catalog,
            careless: false,
            mute: true,
            stops: Stops::default(),
        }
    }

    /// A world whose Wix keeps its word.
    pub fn kind() -> Self {
        Self::new(wix_sandbox::Config {
            rate_limit_per_minute: None,
            ..wix_sandbox::Config::default()
        })
    }

    /// A world whose Wix ignores idempotency keys and shows packages this late.
    pub fn unkind(query_delay: Duration) -> Self {
        Self::new(wix_sandbox::Config {
            rate_limit_per_minute: None,
            idempotency: wix_sandbox::Idempotency::Ignore,
            query_delay_ms: u64::try_from(query_delay.as_millis()).expect("a delay in milliseconds"),
            ..wix_sandbox::Config::default()
        })
    }

    /// A world whose Wix ignores idempotency keys and shows packages as late as may be: only lookups can save anything.
    pub fn late() -> Self {
        Self::unkind(Duration::from_secs(55))
    }

    /// A connection to Wix.
    pub fn transport(&self) -> SandboxTransport {
        let mut transport = SandboxTransport::new(Arc::clone(&self.wix), self.clock.clone());
        transport.careless = self.careless;
        transport
    }

    /// The port of a worker with this connection and this clock.
    pub fn port_over<C: Timer + Clone>(&self, transport: SandboxTransport, clock: C) -> WixPort<C> {
        transport.port(self.secret.clone(), clock, self.settings.wix_timeout)
    }

    /// The port of a worker, by the right time.
    pub fn port(&self) -> WixPort {
        self.port_over(self.transport(), self.clock.clone())
    }

    /// A worker, as it starts up with today's settings and catalog.
    pub fn worker(&self) -> Worker {
        let mut transport = self.transport();
        transport.mute = self.mute;
        let port = self.port_over(transport, self.clock.clone());
        self.worker_over(port, self.yielding(), self.clock.clone())
    }

    /// A worker with this port, this ledger and this clock.
    pub fn worker_over<W: Wix, L: Ledger, C: Timer>(&self, port: W, ledger: L, clock: C) -> Fulfilment<W, L, C> {
        let catalog = Ok(self.catalog.clone());
        Fulfilment::new(port, ledger, clock, catalog, self.settings.clone())
    }

    /// A worker whose clock is ahead of the time by so many milliseconds, or behind it.
    pub fn skewed_worker<L: Ledger>(&self, ledger: L, ahead: i64) -> SkewedWorker<L> {
        let right = self.clock.clone();
        let clock = SkewedClock { right, ahead };
        self.worker_over(self.port_over(self.transport(), clock.clone()), ledger, clock)
    }

    /// A worker's view of the ledger.
    pub fn yielding(&self) -> StoppingLedger {
        StoppingLedger::new(Arc::clone(&self.ledger), self.stops.clone())
    }

    /// When an invocation that starts now has to be done.
    pub fn deadline(&self) -> Timestamp {
        self.clock.now() + Duration::from_secs(58)
    }

    /// Delivers an event to a worker that nothing disturbs.
    pub fn deliver(&self, event: &OrderEvent) -> Result<OrderOutcome, AcceptError> {
        poll_through(self.worker().accept(event, self.deadline()))
    }

    /// One run of `reconcile`.
    pub fn sweep(&self) -> Sweep {
        poll_through(self.worker().sweep(self.deadline())).expect("the ledger answers")
    }

    /// `reconcile`'s retry of an order.
    pub fn retry(&self, key: &OrderKey) -> OrderOutcome {
        self.retry_with(key, &Retry::default())
    }

    /// The same, and what has ended is bought again.
    pub fn replace(&self, key: &OrderKey) -> OrderOutcome {
        let retry = Retry {
            replace: true,
            who: tester(),
        };
        self.retry_with(key, &retry)
    }

    fn retry_with(&self, key: &OrderKey, retry: &Retry) -> OrderOutcome {
        poll_through(self.worker().retry(key, retry, self.deadline())).expect("the order can be retried")
    }

    /// `reconcile`'s adoption of a package for a unit.
    pub fn adopt(
        &self,
        key: &OrderKey,
        line: &str,
        unit: u32,
        package: &str,
    ) -> Result<(Adopted, OrderOutcome), OperatorError> {
        let adopt = Adopt {
            line: line.to_owned(),
            unit,
            package: package.parse().expect("a package's ID"),
            who: tester(),
        };
        poll_through(self.worker().adopt(key, &adopt, self.deadline()))
    }

    /// `reconcile`'s release of an order.
    pub fn release(&self, key: &OrderKey) -> OrderOutcome {
        let release = Release {
            line: None,
            who: tester(),
        };
        poll_through(self.worker().release(key, &release, self.deadline())).expect("the order can be released")
    }

    /// `reconcile`'s closing of a problem.
    pub fn close(&self, key: &OrderKey, problem: &ProblemId) -> Result<Closed, OperatorError> {
        let close = Close {
            problem: problem.clone(),
            who: tester(),
        };
        poll_through(self.worker().close(key, &close))
    }

    /// Runs `reconcile` whenever something is due, until nothing is, for at most three days.
    pub fn settle(&self) {
        let end = self.clock.now() + Duration::from_secs(3 * 86_400);
        loop {
            let due = self.ledger.entries().iter().filter_map(|entry| entry.due_at).min();
            let Some(due) = due.filter(|due| *due <= end) else {
                return;
            };
            if due > self.clock.now() {
                self.clock.set(due);
            }
            let before: Vec<Option<Timestamp>> = self.ledger.entries().iter().map(|entry| entry.due_at).collect();
            self.sweep();
            let after: Vec<Option<Timestamp>> = self.ledger.entries().iter().map(|entry| entry.due_at).collect();
            if before == after {
                // Nothing moved: the schedule comes again a minute later.
                self.clock.advance(Duration::from_secs(60));
            }
        }
    }

    /// What becomes of the next writes of the ledger.
    pub fn next_writes(&self, fates: &[Fault]) {
        self.stops.next_writes(fates);
    }

    /// The sandbox, as it is now.
    pub fn look(&self) -> MutexGuard<'_, wix_sandbox::Wix> {
        let mut wix = self.wix.lock().unwrap_or_else(PoisonError::into_inner);
        wix.advance(self.clock.now().as_millis());
        wix
    }

    /// Strikes calls.
    pub fn strike(&self, rule: wix_sandbox::FaultRule) {
        self.look().add_fault(rule);
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: wix_sandbox::Operation) -> u64 {
        self.look().count(operation).calls
    }

    /// The record of an order.
    pub fn record(&self, key: &str) -> OrderRecord {
        let entry = self.entry(key);
        OrderRecord::from_json(&entry.body).expect("the record can be read")
    }

    /// The packages that an order's record points at.
    pub fn held(&self, key: &str) -> Vec<String> {
        let record = self.record(key);
        record.packages().map(|(_, done)| done.id().to_string()).collect()
    }

    /// How many purchases an order's record has.
    pub fn purchases(&self, key: &str) -> usize {
        self.record(key).purchases().len()
    }

    /// The ledger's entry of an order.
    pub fn entry(&self, key: &str) -> Entry {
        let entry = self.ledger.entries().into_iter().find(|entry| entry.key == key);
        entry.unwrap_or_else(|| panic!("the ledger has no order {key}"))
    }

    /// The codes of what is in attention for an order.
    pub fn attention(&self, key: &str) -> Vec<String> {
        self.problems(key).into_iter().map(|problem| problem.code).collect()
    }

    /// What is in attention for an order.
    pub fn problems(&self, key: &str) -> Vec<Attention> {
        reseller_hooks::fulfilment::attention(&self.record(key), &self.settings, self.clock.now())
    }

    /// Packages and instances at Wix: (base packages, voucher packages).
    pub fn packages(&self) -> (usize, usize) {
        let wix = self.look();
        let vouchers = wix
            .packages()
            .filter(|package| package.instances.iter().any(|i| i.reference.is_some()))
            .count();
        (wix.packages().count() - vouchers, vouchers)
    }
}

/// The operator of every world.
fn tester() -> By {
    By {
        by: "a tester".to_owned(),
        reason: "settled by hand".to_owned(),
    }
}
