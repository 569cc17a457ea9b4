//! The invariants: what must hold of Wix and the ledger when nothing moves any more, whatever happened before. Wix's own
//! data is the witness; the record is what is questioned.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::catalog::OnCancel;
use reseller_hooks::fulfilment::record::{
    Attempt, Change, Closing, Entitled, HeldPackage, Holder, Instance as Known, Item, Kind, OrderRecord, Purchase,
};
use reseller_hooks::fulfilment::{Attention, Step, attention, decide, derive};
use reseller_hooks::ledger::Entry;
use reseller_hooks::time::Clock;
use serde_json::json;
use wix_sandbox::{Guid, Instance, Package};

use super::World;

mod explained;

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
            // Nothing is known of it any more but that it had ended.
            Ok(record) if record.erased().is_some() => {}
            Ok(record) => found.extend(Checked::new(world, &entry, &record).violations()),
            Err(error) => found.push(format!("I7 {}: {error}", entry.key)),
        }
    }
    found
}

/// The packages at Wix that were made for an order: what has an external ID that was derived for it, and what its
/// record points at.
pub fn packages_of(world: &World, record: &OrderRecord) -> Vec<Package> {
    let any = derive::external_id(record.key(), derive::FIRST).expect("an external ID");
    let prefix = any.as_str().trim_end_matches("b1").to_owned();
    let known: BTreeSet<String> = record.holdings().map(|(_, _, held)| held.id().to_string()).collect();
    let wix = world.look();
    let ours = |package: &&Package| {
        let tagged = package.external_id.as_deref().is_some_and(|id| id.starts_with(&prefix));
        tagged || known.contains(&package.id.to_string())
    };
    wix.packages().filter(ours).cloned().collect()
}

struct Checked<'a> {
    entry: &'a Entry,
    record: &'a OrderRecord,
    problems: Vec<Attention>,
    step: Step,
    entitled: Entitled,
    packages: Vec<Package>,
    instances: BTreeMap<Guid, (Guid, Instance)>,
    found: Vec<String>,
}

/// What a worker would do now.
fn next_step(world: &World, record: &OrderRecord) -> Step {
    let own = super::OWN.parse().expect("an account");
    let mut record = record.clone();
    let step = decide(&mut record, &world.catalog, &own, &world.settings, world.clock.now());
    step.expect("a record that can be")
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
            problems: attention(record, &world.settings, world.clock.now()),
            step: next_step(world, record),
            entitled: Entitled::of(record, world.clock.now()),
            packages,
            instances,
            found: Vec::new(),
        }
    }

    fn violations(mut self) -> Vec<String> {
        self.once();
        self.wanted();
        self.taken_back();
        self.moved_back();
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
        for (_, _, package) in self.record.holdings() {
            if !held.insert(package.id().to_string()) {
                twice.push(format!("two purchases hold package {}", package.id()));
            }
            for instance in package.instances() {
                if !held.insert(instance.id().to_string()) {
                    twice.push(format!("two units hold instance {}", instance.id()));
                }
            }
        }
        let mut planned: BTreeMap<String, usize> = BTreeMap::new();
        for item in self.planned_items() {
            if let Some(plan) = self.record.component(item) {
                // What is on its way to another product may be either, and is one of them.
                let shown = self.instance(Kind::Base, item).filter(|_| plan.adjusts > 0);
                let shown = shown.and_then(|known| self.at_wix(known));
                let product = shown.map(|(_, shown)| shown.catalog_product_id.to_string());
                // What is not seen yet was bought as the plan was then.
                let product = product.or_else(|| self.bought_for(item).filter(|_| plan.adjusts > 0));
                let planned_for = || plan.product.catalog_product_id.to_string();
                *planned.entry(product.unwrap_or_else(planned_for)).or_default() += 1;
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

    /// The product that was asked for an item.
    fn bought_for(&self, item: Item) -> Option<String> {
        let mut bases = self
            .record
            .purchases()
            .iter()
            .filter(|purchase| purchase.id().kind == Kind::Base);
        bases.find_map(|purchase| {
            let at = purchase.items().iter().position(|known| *known == item)?;
            Some(purchase.bought(at)?.catalog_product_id.to_string())
        })
    }

    /// Every item that has a plan to buy, wanted or not.
    fn planned_items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for (index, line) in (0_u32..).zip(self.record.lines()) {
            for unit in 1..=line.planned() {
                let components = (0..).take_while(|at| self.record.component(Item(index, unit, *at)).is_some());
                items.extend(components.map(|at| Item(index, unit, at)));
            }
        }
        items
    }

    /// I2: every wanted unit has what its plan says, or attention says why not; the record knows every package.
    fn wanted(&mut self) {
        let wanted = self.planned_items().into_iter();
        for item in wanted.filter(|item| self.entitled.may_buy(*item)).collect::<Vec<_>>() {
            for kind in [Kind::Base, Kind::Voucher] {
                if let Err(what) = self.has(kind, item)
                    && !self.is_explained(kind, item)
                {
                    self.broken("I2", &format!("{kind:?} of {item:?}: {what}"));
                }
            }
        }
        let holdings = self.record.holdings();
        let known: BTreeSet<String> = holdings.map(|(_, _, held)| held.id().to_string()).collect();
        let lost: Vec<String> = self
            .packages
            .iter()
            .filter(|package| !known.contains(&package.id.to_string()))
            .filter(|package| !self.is_asked_about(package.external_id.as_deref()))
            .map(|package| format!("no record points at package {} ({:?})", package.id, package.external_id))
            .collect();
        if self.entry.due_at.is_none() {
            for what in lost {
                self.broken("I2", &what);
            }
        }
    }

    /// Whether a purchase that may have made the package is shown as in doubt: lookups have an end, and a person's retry
    /// finds it.
    fn is_asked_about(&self, external_id: Option<&str>) -> bool {
        self.record.purchases().iter().any(|purchase| {
            let id = purchase.id();
            let own = derive::external_id(self.record.key(), id);
            let kind = if id.kind == Kind::Base { "base" } else { "voucher" };
            matches!(purchase.attempt(), Attempt::InDoubt(_))
                && own.is_some_and(|own| Some(own.as_str()) == external_id)
                && self.is_closed_or_shown(&format!("{kind} package {id}"))
        })
    }

    fn is_adopted(&self, kind: Kind, item: Item) -> bool {
        let mut held = self.record.packages().map(|(purchase, _)| purchase);
        held.any(|purchase| purchase.id().kind == kind && purchase.is_by_hand() && purchase.items().contains(&item))
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
        let known = self.instance(kind, item).ok_or("nothing is bought")?;
        let (account, shown) = self.at_wix(known).ok_or("the instance is not at Wix")?;
        if account.to_string() != plan.account.as_str() {
            return Err(format!("it belongs to {account}, not {}", plan.account));
        }
        if shown.catalog_product_id.to_string() != product.catalog_product_id.as_str() {
            return Err(format!("it is product {}", shown.catalog_product_id));
        }
        let billed = json!(shown.billing);
        if kind == Kind::Base && plan.adjusts > 0 && billed != json!(product.billing_info) {
            return Err(format!("it is billed {billed}"));
        }
        if !shown.status.is_alive() {
            return Err(format!("it is {:?}", shown.status));
        }
        let site = shown.site_id.map(|site| site.to_string());
        // What a person adopted for a unit that floats may be on a site: nothing takes it from there.
        let stays = product.site_id.is_none() && self.is_adopted(kind, item);
        if !stays && site.as_deref() != product.site_id.as_ref().map(|site| site.as_str()) {
            return Err(format!("it is on {site:?}, not on {:?}", product.site_id));
        }
        if kind == Kind::Voucher {
            // One that was replaced since counts too: its voucher is the unit's, and there is no second one.
            let bases: Vec<String> = self
                .record
                .packages()
                .filter(|(purchase, _)| purchase.id().kind == Kind::Base)
                .flat_map(|(purchase, held)| purchase.items().iter().zip(held.instances()))
                .filter(|(held, _)| **held == item)
                .map(|(_, base)| base.id().to_string())
                .collect();
            if !shown.reference.is_some_and(|named| bases.contains(&named.to_string())) {
                return Err(format!("it names {:?}, not one of {bases:?}", shown.reference));
            }
        }
        Ok(())
    }

    fn at_wix(&self, known: &Known) -> Option<&(Guid, Instance)> {
        self.instances.get(&known.id().as_str().parse::<Guid>().ok()?)
    }

    /// The instance that is bought for an item and was not replaced.
    fn instance(&self, kind: Kind, item: Item) -> Option<&'a Known> {
        let packages = self
            .record
            .packages()
            .filter(|(purchase, _)| purchase.id().kind == kind);
        let mut items = packages.flat_map(|(purchase, held)| purchase.items().iter().zip(held.instances()));
        let found = items.find(|(held, instance)| **held == item && !instance.is_replaced());
        found.map(|(_, instance)| instance)
    }

    /// I3: nothing that is not wanted is on a site, or alive where it should have ended.
    fn taken_back(&mut self) {
        let mut left = Vec::new();
        for (holder, _, held) in self.record.holdings() {
            let Some(purchase) = self.record.purchase_of(&holder) else {
                // Nobody knows which units it stands for, so it is shown for as long as it is alive.
                let what = format!("package {}", held.id());
                if held.is_alive() && !self.is_closed_or_shown(&what) {
                    left.push(format!("{what} was made for no purchase, and is not shown"));
                }
                continue;
            };
            left.extend(self.not_taken_back(&holder, purchase, held));
        }
        for what in left {
            self.broken("I3", &what);
        }
    }

    fn not_taken_back(&self, holder: &Holder, purchase: &Purchase, held: &HeldPackage) -> Vec<String> {
        let mut left = Vec::new();
        for (at, known) in held.instances().iter().enumerate() {
            let Some((_, shown)) = self.at_wix(known).filter(|(_, shown)| shown.status.is_alive()) else {
                continue;
            };
            let item = self.record.item_of(holder, purchase, at);
            let Some((item, plan)) = item.and_then(|item| Some((item, self.record.component(item)?))) else {
                continue;
            };
            let kept = match holder {
                Holder::Surplus(_) => self.entitled.keeps_any(purchase),
                Holder::Purchase(_) => self.entitled.keeps(item) && !known.is_replaced(),
            };
            let rests = kept
                || match plan.on_cancel {
                    OnCancel::Keep => true,
                    OnCancel::Unassign => shown.site_id.is_none(),
                    // What may come back by itself is only unassigned.
                    OnCancel::Cancel => self.entitled.may_come_back(item) && shown.site_id.is_none(),
                };
            let unanswered = |closing: &Closing| {
                closing.code == "UNANSWERED_CHANGE" && closing.what == format!("package {}", held.id())
            };
            let settled = known.is_closed()
                && (self.record.refusal_of(known).is_some() || self.record.closed().values().any(unanswered));
            if !rests && !settled && !self.is_in_attention(&format!("package {}", held.id())) {
                left.push(format!(
                    "{} is not wanted, and {:?} on {:?}",
                    known.id(),
                    shown.status,
                    shown.site_id
                ));
            }
        }
        left
    }

    /// I12: what floats because its move failed was assigned back to its old site, once.
    fn moved_back(&mut self) {
        let mut left = Vec::new();
        for (purchase, held) in self.record.packages() {
            // Where Wix does not say for days how it is, a person is told of that.
            if held.backoff().is_some() && self.is_closed_or_shown(&format!("package {}", held.id())) {
                continue;
            }
            for (item, known) in purchase.items().iter().zip(held.instances()) {
                let failed = known
                    .shift(Change::Move)
                    .is_some_and(|shift| shift.is_stuck() && !shift.was_returned());
                let floats = self
                    .at_wix(known)
                    .is_some_and(|(_, i)| i.status.is_alive() && i.site_id.is_none());
                if failed && floats && self.entitled.may_buy(*item) && self.entry.due_at.is_none() {
                    left.push(format!("{} floats, and its move has failed", known.id()));
                }
            }
        }
        for what in left {
            self.broken("I12", &what);
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
        let distinct: BTreeSet<_> = self.problems.iter().map(|problem| &problem.id).collect();
        if distinct.len() < self.problems.len() {
            self.broken("I5", "a problem is shown twice");
        }
    }
}
