//! The words in which scenarios are told: one order, what is struck, who works on it and how far, and how it must end.

use std::collections::BTreeSet;
use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::audit::{AuditRequest, AuditSummary};
use reseller_hooks::fulfilment::{AcceptError, OrderOutcome, Switch, Switched};
use reseller_hooks::ledger::{Entry, Ledger, Stored};
use reseller_hooks::order::OrderEvent;
use reseller_hooks::time::{Clock, Timestamp};
use serde_json::Value;
use wix_sandbox::{
    Effect, Failure, FaultRule, ForeignInstance, ForeignPackage, Guid, InstanceChange, Operation, Status,
};

use super::{Order, Paid, Run, World, poll_through, violations};

/// The order of most scenarios.
pub const KEY: &str = "shopify/5324830114101";
/// The external ID of its first base package.
pub const FIRST: &str = "rh-shopify-5324830114101-b1";
/// Another site.
pub const OTHER_SITE: &str = "c10cf845-bf18-4c10-8428-c4e5c7a39744";
/// The product of the SKU `PLAN`.
pub const PREMIUM: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
/// Its voucher's product.
pub const DOMAIN: &str = "040639ae-277e-4a73-a4d2-1b6801b92f45";
/// The product of the SKUs `MAIL`, `ENDS`, `KEPT` and `SITED`.
pub const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
/// Another product that Wix sells.
pub const OTHER_PRODUCT: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
/// The product of the SKU `WRONG`, which Wix does not have.
pub const NOT_SOLD: &str = "11111111-2222-4333-8444-555555555555";
/// An hour.
pub const HOUR: Duration = Duration::from_secs(3_600);
/// A day.
pub const DAY: Duration = Duration::from_secs(86_400);

/// The order of most scenarios, paid, with so many units of an SKU.
pub fn ordered(sku: &str, units: u32) -> Order {
    Order::new(KEY).line("1", sku, units).paid()
}

/// So many paid instances and vouchers that are alive.
pub const fn paid(base: usize, vouchers: usize) -> Paid {
    Paid { base, vouchers }
}

/// Strikes this call, the next time and never again.
pub fn once(operation: Operation, effect: Effect) -> FaultRule {
    times(1, operation, effect)
}

/// Strikes this call, but not the first so many times.
pub fn after(skip: u32, operation: Operation, effect: Effect) -> FaultRule {
    FaultRule {
        skip,
        ..once(operation, effect)
    }
}

/// Strikes this call so many times.
pub fn times(times: u32, operation: Operation, effect: Effect) -> FaultRule {
    FaultRule {
        times,
        ..FaultRule::on(operation, effect)
    }
}

/// Strikes this call every time.
pub fn always(operation: Operation, effect: Effect) -> FaultRule {
    times(u32::MAX, operation, effect)
}

/// Wix refuses, with this code.
pub fn refused(code: &str) -> Effect {
    Effect::RejectCode { code: code.to_owned() }
}

/// Nothing is done, and the answer is this status.
pub const fn fails(status: u16) -> Effect {
    Effect::ErrorBefore { status, code: None }
}

/// It is done, and the answer takes so long.
pub const fn stalls(ms: u64) -> Effect {
    Effect::Stall { ms, commit: true }
}

/// What is created has this status from the beginning.
pub fn born(status: Status) -> Effect {
    let failure = (status == Status::Failed).then(|| Failure {
        code: "DELIVERY_TIMEOUT".to_owned(),
        message: String::new(),
    });
    Effect::NewInstances {
        status,
        failure,
        after_ms: 0,
    }
}

/// Somebody makes an instance this.
pub fn becomes(status: Status) -> InstanceChange {
    InstanceChange {
        status: Some(status),
        ..InstanceChange::default()
    }
}

/// Somebody moves an instance to a site, or takes it off its site.
pub fn moves(site: Option<&str>) -> InstanceChange {
    InstanceChange {
        site_id: Some(site.map(|site| site.parse().expect("a site"))),
        ..InstanceChange::default()
    }
}

/// A package of one instance that somebody else makes.
pub fn foreign(product: &str, account: &str, external_id: Option<&str>, created: Timestamp) -> ForeignPackage {
    ForeignPackage {
        account_id: account.parse().expect("an account"),
        parent_account_id: None,
        external_id: external_id.map(str::to_owned),
        created_ms: Some(created.as_millis()),
        instances: vec![ForeignInstance {
            catalog_product_id: product.parse().expect("a product"),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    }
}

/// What a worker hears of: an event, or the order as it is now.
pub trait Told {
    /// As an event.
    fn told(&self) -> OrderEvent;
}

impl Told for OrderEvent {
    fn told(&self) -> OrderEvent {
        self.clone()
    }
}

impl Told for Order {
    fn told(&self) -> OrderEvent {
        self.event()
    }
}

/// A worker that hears of something.
pub type Hearing = Run<'static, Result<OrderOutcome, AcceptError>>;

impl World {
    /// A worker that nothing disturbs hears of this.
    #[track_caller]
    pub fn hears(&self, told: &impl Told) -> OrderOutcome {
        self.deliver(&told.told()).expect("the ledger answers")
    }

    /// A worker hears of this, and goes no step yet.
    pub fn begins(&self, told: &impl Told) -> Hearing {
        self.begins_within(told, self.deadline())
    }

    /// The same with another deadline.
    pub fn begins_within(&self, told: &impl Told, deadline: Timestamp) -> Hearing {
        let (worker, event) = (self.worker(), told.told());
        Run::new(async move { worker.accept(&event, deadline).await })
    }

    /// The same, and it goes on until it has written down what it is about to do.
    pub fn begins_and_writes(&self, told: &impl Told) -> Hearing {
        let mut run = self.begins(told);
        run.until(|| !self.ledger.entries().is_empty());
        run
    }

    /// The same, and it goes on until Wix has got so many creates.
    pub fn begins_and_creates(&self, told: &impl Told, creates: u64) -> Hearing {
        let mut run = self.begins(told);
        run.until(|| self.calls(Operation::CreatePackage) >= creates);
        run
    }

    /// An operator retries the order, and what is due then is worked off.
    pub fn retries(&self) {
        self.retry(&KEY.parse().expect("a key"));
        self.settle();
    }

    /// The same, and what has ended is bought again.
    pub fn replaces(&self) {
        self.replace(&KEY.parse().expect("a key"));
        self.settle();
    }

    /// An operator closes every problem of the order.
    pub fn closes(&self) {
        let key = KEY.parse().expect("a key");
        for problem in self.problems(KEY) {
            self.close(&key, &problem.id).expect("it can be closed");
        }
    }

    /// An audit that is given so much time.
    pub fn audit_for(&self, request: AuditRequest, time: Duration) -> AuditSummary {
        let deadline = self.clock.now() + time;
        poll_through(self.worker().audit(request, deadline)).expect("the ledger answers")
    }

    /// The daily audit.
    pub fn audit(&self) -> AuditSummary {
        self.audit_for(AuditRequest::default(), Duration::from_secs(898))
    }

    /// From now on the catalog is [`CATALOG`](super::CATALOG) with another text where it has this one first.
    pub fn change_catalog(&mut self, from: &str, to: &str) {
        assert!(super::CATALOG.contains(from), "{from} is not in the catalog");
        self.catalog = Catalog::from_toml(&super::CATALOG.replacen(from, to, 1)).expect("a good catalog");
    }

    /// Somebody puts this into the ledger as the record of an order that is due.
    pub fn write(&self, key: &str, body: &str) -> Entry {
        let before = self.ledger.entries().into_iter().find(|entry| entry.key == key);
        let rev = before.map_or(1, |before| before.rev + 1);
        let entry = Entry {
            key: key.to_owned(),
            body: body.to_owned(),
            rev,
            write_id: format!("by hand {rev}"),
            due_at: Some(self.clock.now()),
            attention_since: None,
        };
        let stored = poll_through(self.ledger.store(&entry));
        assert_eq!(stored.expect("memory does not fail"), Stored::Written);
        entry
    }

    /// Somebody edits the record of the order.
    pub fn edit_record(&self, edit: impl FnOnce(&mut Value)) {
        let mut record = serde_json::from_str(&self.entry(KEY).body).expect("the record is JSON");
        edit(&mut record);
        self.write(KEY, &record.to_string());
    }

    /// Somebody changes an instance at Wix.
    pub fn change(&self, instance: Guid, change: InstanceChange) {
        let now = self.clock.now().as_millis();
        self.look().set_instance(now, instance, change).expect("it is there");
    }

    /// Somebody changes every instance at Wix.
    pub fn change_all(&self, change: &InstanceChange) {
        let all: Vec<Guid> = self.look().instances().map(|(_, instance)| instance.id).collect();
        all.into_iter()
            .for_each(|instance| self.change(instance, change.clone()));
    }

    /// The first paid instance.
    pub fn base(&self) -> Guid {
        let wix = self.look();
        let mut bases = wix.instances().filter(|(_, instance)| instance.reference.is_none());
        bases.next().expect("something is bought").1.id
    }

    /// Somebody makes a package at Wix.
    pub fn insert(&self, package: ForeignPackage) -> Guid {
        self.look().insert_package(self.clock.now().as_millis(), package)
    }

    /// Somebody makes a package of a mailbox with the external ID of the order's first.
    pub fn insert_twin(&self, account: &str, created: Timestamp) -> Guid {
        self.insert(foreign(EMAIL, account, Some(FIRST), created))
    }

    /// The first package is gone from Wix.
    pub fn delete_package(&self) {
        let now = self.clock.now().as_millis();
        let mut wix = self.look();
        let first = wix.packages().next().expect("something is bought").id;
        wix.delete_package(now, first).expect("it is there");
    }

    /// How many instances are alive and on a site.
    pub fn sites(&self) -> usize {
        let wix = self.look();
        wix.instances()
            .filter(|(_, i)| i.site_id.is_some() && i.status.is_alive())
            .count()
    }

    /// How many paid instances of the order are alive.
    pub fn bases(&self) -> usize {
        Paid::of(self, KEY).base
    }

    /// The products of all instances, the oldest first.
    pub fn products(&self) -> Vec<String> {
        let wix = self.look();
        wix.instances().map(|(_, i)| i.catalog_product_id.to_string()).collect()
    }

    /// The accounts that have packages.
    pub fn accounts(&self) -> BTreeSet<Guid> {
        self.look().packages().map(|package| package.account_id).collect()
    }

    /// How many calls with an idempotency key Wix got, and how many keys.
    pub fn keys(&self) -> (usize, usize) {
        let wix = self.look();
        let keys: Vec<_> = wix.calls().filter_map(|call| call.idempotency_key.as_ref()).collect();
        let distinct: BTreeSet<_> = keys.iter().collect();
        (keys.len(), distinct.len())
    }

    /// The external IDs of all packages, sorted.
    pub fn external_ids(&self) -> Vec<String> {
        let wix = self.look();
        let mut tags: Vec<_> = wix.packages().filter_map(|p| p.external_id.clone()).collect();
        tags.sort();
        tags
    }

    /// Somebody resumes a restored ledger.
    pub fn resumes(&self) -> Switched {
        let switch = Switch {
            pauses: false,
            by: "jane".to_owned(),
            reason: "restored and audited".to_owned(),
        };
        poll_through(self.worker().switch(&switch)).expect("the switch can be turned")
    }

    /// The ID of the package with an external ID.
    pub fn package_with(&self, external_id: &str) -> String {
        let wix = self.look();
        let mut packages = wix.packages();
        let found = packages.find(|package| package.external_id.as_deref() == Some(external_id));
        found.expect("Wix has the package").id.to_string()
    }

    /// The order has so many paid instances and vouchers.
    #[track_caller]
    pub fn has(&self, base: usize, vouchers: usize) {
        assert_eq!(Paid::of(self, KEY), paid(base, vouchers));
    }

    /// The invariants hold.
    #[track_caller]
    pub fn holds(&self) {
        assert_eq!(violations(self), Vec::<String>::new());
    }

    /// The order needs nobody.
    #[track_caller]
    pub fn needs_nobody(&self) {
        assert_eq!(self.attention(KEY), Vec::<String>::new());
    }

    /// The invariants hold, and the order needs nobody.
    #[track_caller]
    pub fn is_quiet(&self) {
        self.needs_nobody();
        self.holds();
    }

    /// The order has so many paid instances and vouchers, needs nobody, and the invariants hold.
    #[track_caller]
    pub fn ends_with(&self, base: usize, vouchers: usize) {
        self.has(base, vouchers);
        self.is_quiet();
    }

    /// The order of one `MAIL` was bought once, and all is well.
    #[track_caller]
    pub fn ends_with_one_mail(&self) {
        assert_eq!(self.packages(), (1, 0));
        self.ends_with(1, 0);
    }

    /// What is not as it must be of an order: the invariants, what it has, and what is in attention.
    pub fn wrong(&self, key: &str, expected: Paid) -> Vec<String> {
        let mut wrong = violations(self);
        let has = Paid::of(self, key);
        if has != expected {
            wrong.push(format!("{key}: {has:?} instead of {expected:?}"));
        }
        wrong.extend(self.attention(key));
        wrong
    }
}
