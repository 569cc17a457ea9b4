//! The invariants: what must hold of Wix and the ledger when nothing moves any more, whatever happened before. Wix's own
//! data is the witness; the record is what is questioned.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::catalog::OnCancel;
use reseller_hooks::fulfilment::record::{Done, Instance as Known, Item, Kind, OrderRecord, Purchase, PurchaseState};
use reseller_hooks::fulfilment::step::{Step, next_step};
use reseller_hooks::fulfilment::{Attention, attention, derive};
use reseller_hooks::ledger::Entry;
use reseller_hooks::time::Clock;
use reseller_hooks::wix::Status;
use wix_sandbox::{Guid, Instance, Package};

use super::World;

/// What an order has at Wix that is alive: (paid instances, voucher instances).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Instances that cost money.
    pub base: usize,
    /// Instances that come free.
    pub vouchers: usize,
}

impl Paid {
    /// What an order has.
    pub fn of(world: &World, key: &str) -> Self {
        let packages = packages_of(world, &world.record(key));
        let alive = packages
            .iter()
            .flat_map(|package| &package.instances)
            .filter(|i| i.status.is_alive());
        let (vouchers, base): (Vec<_>, Vec<_>) = alive.partition(|instance| instance.reference.is_some());
        Self {
            base: base.len(),
            vouchers: vouchers.len(),
        }
    }
}

/// Everything that is not as promised, one sentence each; empty when all is well. Call it when nothing moves any more.
pub fn violations(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    // Where the audit stands is no order.
    let entries = world.ledger.entries().into_iter();
    for entry in entries.filter(|entry| entry.key.contains('/')) {
        match OrderRecord::from_json(&entry.body) {
            Ok(record) => found.extend(Checked::new(world, &entry, &record).violations()),
            Err(error) => found.push(format!("I7 {}: {error}", entry.key)),
        }
    }
    found
}

/// The packages at Wix that were made for an order: what has an external ID that was derived for it, and what its
/// record points at.
pub fn packages_of(world: &World, record: &OrderRecord) -> Vec<Package> {
    let any = derive::external_id(&record.key, Kind::Base, 1).expect("an external ID");
    let prefix = any.as_str().trim_end_matches("b1").to_owned();
    let known: BTreeSet<String> = holders(record).map(|(_, done, _)| done.package.to_string()).collect();
    let wix = world.look();
    let ours = |package: &&Package| {
        let tagged = package.external_id.as_deref().is_some_and(|id| id.starts_with(&prefix));
        tagged || known.contains(&package.id.to_string())
    };
    wix.packages().filter(ours).cloned().collect()
}

/// Every package that a record points at: the purchase that it was created for, and whether it is surplus.
fn holders(record: &OrderRecord) -> impl Iterator<Item = (Option<&Purchase>, &Done, bool)> {
    let held = record.packages().map(|(purchase, done)| (Some(purchase), done, false));
    let surplus = record.actual.surplus.iter().map(|surplus| {
        let made_for = |p: &&Purchase| p.kind == surplus.kind && p.ordinal == surplus.ordinal;
        (record.actual.purchases.iter().find(made_for), &surplus.done, true)
    });
    held.chain(surplus)
}

struct Checked<'a> {
    entry: &'a Entry,
    record: &'a OrderRecord,
    problems: Vec<Attention>,
    step: Step,
    packages: Vec<Package>,
    instances: BTreeMap<Guid, (Guid, Instance)>,
    found: Vec<String>,
}

impl<'a> Checked<'a> {
    fn new(world: &World, entry: &'a Entry, record: &'a OrderRecord) -> Self {
        let packages = packages_of(world, record);
        let instances = packages
            .iter()
            .flat_map(|package| {
                package
                    .instances
                    .iter()
                    .map(|i| (i.id, (package.account_id, i.clone())))
            })
            .collect();
        Self {
            entry,
            record,
            problems: attention(record, &world.settings),
            step: next_step(record, &world.settings, world.clock.now()),
            packages,
            instances,
            found: Vec::new(),
        }
    }

    fn violations(mut self) -> Vec<String> {
        self.once();
        self.wanted();
        self.taken_back();
        self.awake();
        self.found
    }

    fn broken(&mut self, invariant: &str, what: &str) {
        self.found.push(format!("{invariant} {}: {what}", self.entry.key));
    }

    /// Whether attention names it.
    fn is_in_attention(&self, what: &str) -> bool {
        self.problems.iter().any(|problem| problem.what == what)
    }

    /// I1: one paid instance for a unit, one voucher for a reference; no package and no instance counts twice.
    fn once(&mut self) {
        let mut held = BTreeSet::new();
        let mut twice = Vec::new();
        for (_, done, _) in holders(self.record) {
            if !held.insert(done.package.to_string()) {
                twice.push(format!("two purchases hold package {}", done.package));
            }
            for instance in &done.instances {
                if !held.insert(instance.id.to_string()) {
                    twice.push(format!("two units hold instance {}", instance.id));
                }
            }
        }
        let mut planned: BTreeMap<String, usize> = BTreeMap::new();
        for item in self.planned_items() {
            if let Some(plan) = self.record.component(item) {
                *planned.entry(plan.product.catalog_product_id.to_string()).or_default() += 1;
            }
        }
        let mut paid: BTreeMap<String, usize> = BTreeMap::new();
        let mut references: BTreeMap<Guid, usize> = BTreeMap::new();
        for (_, instance) in self.instances.values().filter(|(_, i)| i.status.is_alive()) {
            match instance.reference {
                Some(reference) => *references.entry(reference).or_default() += 1,
                None => *paid.entry(instance.catalog_product_id.to_string()).or_default() += 1,
            }
        }
        for (product, count) in paid {
            let most = planned.get(&product).copied().unwrap_or(0);
            if count > most {
                twice.push(format!("{count} paid instances of {product} for {most} units"));
            }
        }
        for (reference, count) in references.into_iter().filter(|(_, count)| *count > 1) {
            twice.push(format!("{count} vouchers for {reference}"));
        }
        for what in twice {
            self.broken("I1", &what);
        }
    }

    /// Every item that has a plan to buy, wanted or not.
    fn planned_items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for (index, line) in (0_u32..).zip(&self.record.actual.lines) {
            let planned: u32 = line.runs.iter().map(|run| run.count).sum();
            for unit in 1..=planned {
                let components = (0..).take_while(|at| self.record.component(Item(index, unit, *at)).is_some());
                items.extend(components.map(|at| Item(index, unit, at)));
            }
        }
        items
    }

    /// I2: every wanted unit has what its plan says, or attention says why not; the record knows every package.
    fn wanted(&mut self) {
        for item in self.record.wanted_items() {
            for kind in [Kind::Base, Kind::Voucher] {
                if let Err(what) = self.has(kind, item)
                    && !self.is_explained(kind, item)
                {
                    self.broken("I2", &format!("{kind:?} of {item:?}: {what}"));
                }
            }
        }
        let known: BTreeSet<String> = holders(self.record)
            .map(|(_, done, _)| done.package.to_string())
            .collect();
        let lost: Vec<String> = self
            .packages
            .iter()
            .filter(|package| !known.contains(&package.id.to_string()))
            .map(|package| format!("no record points at package {} ({:?})", package.id, package.external_id))
            .collect();
        if self.entry.due_at.is_none() {
            for what in lost {
                self.broken("I2", &what);
            }
        }
    }

    /// Whether an item has, at Wix, what its plan says.
    fn has(&self, kind: Kind, item: Item) -> Result<(), String> {
        let Some(plan) = self.record.component(item) else {
            return Ok(());
        };
        let product = match kind {
            Kind::Base => &plan.product,
            Kind::Voucher => match &plan.voucher {
                Some(voucher) => &voucher.product,
                None => return Ok(()),
            },
        };
        let known = self.record.instance(kind, item).ok_or("nothing is bought")?;
        let (account, shown) = self.at_wix(known).ok_or("the instance is not at Wix")?;
        if account.to_string() != plan.account.as_str() {
            return Err(format!("it belongs to {account}, not {}", plan.account));
        }
        if shown.catalog_product_id.to_string() != product.catalog_product_id.as_str() {
            return Err(format!("it is product {}", shown.catalog_product_id));
        }
        if !shown.status.is_alive() {
            return Err(format!("it is {:?}", shown.status));
        }
        let site = shown.site_id.map(|site| site.to_string());
        if site.as_deref() != product.site_id.as_ref().map(|site| site.as_str()) {
            return Err(format!("it is on {site:?}, not on {:?}", product.site_id));
        }
        if kind == Kind::Voucher {
            // One that was replaced since counts too: its voucher is the unit's, and there is no second one.
            let bases: Vec<String> = self
                .record
                .packages()
                .filter(|(purchase, _)| purchase.kind == Kind::Base)
                .flat_map(|(purchase, done)| purchase.items.iter().zip(&done.instances))
                .filter(|(held, _)| **held == item)
                .map(|(_, base)| base.id.to_string())
                .collect();
            if !shown.reference.is_some_and(|named| bases.contains(&named.to_string())) {
                return Err(format!("it names {:?}, not one of {bases:?}", shown.reference));
            }
        }
        Ok(())
    }

    fn at_wix(&self, known: &Known) -> Option<&(Guid, Instance)> {
        self.instances.get(&known.id.as_str().parse::<Guid>().ok()?)
    }

    /// Whether attention says why an item has not what it should, or what it waits for has a time.
    fn is_explained(&self, kind: Kind, item: Item) -> bool {
        let holder = self.record.actual.purchases.iter().find(|purchase| {
            let gave_up = match &purchase.state {
                PurchaseState::Done(done) => purchase
                    .items
                    .iter()
                    .zip(&done.instances)
                    .any(|(held, instance)| *held == item && instance.given_up),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => false,
            };
            purchase.kind == kind && purchase.items.contains(&item) && !gave_up
        });
        if let Some(purchase) = holder {
            return match &purchase.state {
                PurchaseState::Done(done) => self.is_in_attention(&format!("package {}", done.package)),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => self.is_in_attention(&match kind {
                    Kind::Base => format!("base package b{}", purchase.ordinal),
                    Kind::Voucher => format!("voucher package v{}", purchase.ordinal),
                }),
            };
        }
        if kind == Kind::Base {
            return false;
        }
        // A voucher that was not begun: its reference is not there, is over, or is not ready yet.
        match self.record.instance(Kind::Base, item) {
            None => self.is_explained(Kind::Base, item),
            Some(base) => match base.status {
                Status::AwaitingAction | Status::Unknown(_) => self.entry.due_at.is_some(),
                Status::Failed | Status::Canceled => self.is_explained(Kind::Base, item),
                Status::Pending | Status::Enabled => false,
            },
        }
    }

    /// I3: nothing that is not wanted is on a site, or alive where it should have ended.
    fn taken_back(&mut self) {
        let mut left = Vec::new();
        for (purchase, done, surplus) in holders(self.record) {
            let Some(purchase) = purchase else {
                left.push(format!("package {} was made for no purchase", done.package));
                continue;
            };
            for (at, known) in done.instances.iter().enumerate() {
                let Some((_, shown)) = self.at_wix(known).filter(|(_, shown)| shown.status.is_alive()) else {
                    continue;
                };
                let item = if surplus {
                    purchase.items.first()
                } else {
                    purchase.items.get(at)
                };
                let Some((item, plan)) = item.and_then(|item| Some((*item, self.record.component(*item)?))) else {
                    continue;
                };
                let wanted = if surplus {
                    self.record.wants_any(purchase)
                } else {
                    self.record.wants(item) && !known.given_up
                };
                let rests = wanted
                    || match plan.on_cancel {
                        OnCancel::Keep => true,
                        OnCancel::Unassign => shown.site_id.is_none(),
                        OnCancel::Cancel => false,
                    };
                if !rests && !self.is_in_attention(&format!("package {}", done.package)) {
                    left.push(format!(
                        "{} is not wanted, and {:?} on {:?}",
                        known.id, shown.status, shown.site_id
                    ));
                }
            }
        }
        for what in left {
            self.broken("I3", &what);
        }
    }

    /// I4: what is left to do has a time. I5: one problem is one attention, and the index has it.
    fn awake(&mut self) {
        if self.step != Step::Rest && self.entry.due_at.is_none() {
            let what = format!("there is something to do ({:?}), and nothing will wake it", self.step);
            self.broken("I4", &what);
        }
        if self.problems.is_empty() == self.entry.attention_since.is_some() {
            let what = format!(
                "the index says {:?}, the record {:?}",
                self.entry.attention_since, self.problems
            );
            self.broken("I5", &what);
        }
        let distinct: BTreeSet<_> = self.problems.iter().map(|p| (&p.what, &p.code, &p.advice)).collect();
        if distinct.len() < self.problems.len() {
            self.broken("I5", "a problem is shown twice");
        }
    }
}
