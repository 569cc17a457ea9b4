//! The invariants: what must hold of Wix and the ledger when nothing moves any more, whatever happened before.

use std::collections::BTreeMap;

use reseller_hooks::catalog::OnCancel;
use reseller_hooks::fulfilment::record::{Item, Kind, OrderRecord};
use reseller_hooks::fulfilment::step::{Step, next_step};
use reseller_hooks::fulfilment::{attention, derive};
use reseller_hooks::time::Clock;
use wix_sandbox::{Instance, Package};

use super::World;

/// What an order has at Wix that is alive: (paid instances, voucher instances).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Instances that cost money.
    pub base: usize,
    /// Instances that come free.
    pub vouchers: usize,
}

/// Everything that is not as promised, one sentence each; empty when all is well. Call it when nothing moves any more.
pub fn violations(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    // Where the audit stands is no order.
    let orders = world
        .ledger
        .entries()
        .into_iter()
        .filter(|entry| entry.key.contains('/'));
    for entry in orders {
        let record = match OrderRecord::from_json(&entry.body) {
            Ok(record) => record,
            Err(error) => {
                found.push(format!("{}: {error}", entry.key));
                continue;
            }
        };
        let order = Checked {
            world,
            record: &record,
            packages: packages_of(world, &record),
        };
        order.once(&mut found);
        order.as_wished(&mut found);
        order.taken_back(&mut found);
        let step = next_step(&record, &world.settings, world.clock.now());
        if step != Step::Rest && entry.due_at.is_none() {
            found.push(format!(
                "I4 {}: there is something to do ({step:?}), and nothing will wake it",
                entry.key
            ));
        }
        let problems = attention(&record, &world.settings);
        if problems.is_empty() == entry.attention_since.is_some() {
            found.push(format!(
                "I5 {}: the index says {:?}, the record {problems:?}",
                entry.key, entry.attention_since
            ));
        }
    }
    found
}

/// The packages at Wix that were made for an order.
fn packages_of(world: &World, record: &OrderRecord) -> Vec<Package> {
    let any = derive::external_id(&record.key, Kind::Base, 1).expect("an external ID");
    let prefix = any.as_str().trim_end_matches("b1").to_owned();
    let wix = world.look();
    let ours = |package: &&Package| {
        let tagged = package.external_id.as_deref().is_some_and(|id| id.starts_with(&prefix));
        tagged || record.knows(&package.id.to_string().parse().expect("a package ID"))
    };
    wix.packages().filter(ours).cloned().collect()
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

struct Checked<'a> {
    world: &'a World,
    record: &'a OrderRecord,
    packages: Vec<Package>,
}

impl Checked<'_> {
    fn key(&self) -> String {
        self.record.key.to_string()
    }

    /// I1: one paid instance for a unit, one voucher for a reference.
    fn once(&self, found: &mut Vec<String>) {
        let mut units: BTreeMap<String, usize> = BTreeMap::new();
        for (index, line) in (0_u32..).zip(&self.record.facts.lines) {
            let planned: u32 = line.runs.iter().map(|run| run.count).sum();
            for unit in 1..=planned {
                for component in 0.. {
                    let Some(plan) = self.record.component(Item(index, unit, component)) else {
                        break;
                    };
                    *units.entry(plan.product.catalog_product_id.to_string()).or_default() += 1;
                }
            }
        }
        let mut paid: BTreeMap<String, usize> = BTreeMap::new();
        let mut references: BTreeMap<String, usize> = BTreeMap::new();
        for instance in self
            .packages
            .iter()
            .flat_map(|package| &package.instances)
            .filter(|i| i.status.is_alive())
        {
            match instance.reference {
                Some(reference) => *references.entry(reference.to_string()).or_default() += 1,
                None => *paid.entry(instance.catalog_product_id.to_string()).or_default() += 1,
            }
        }
        for (product, count) in paid {
            let most = units.get(&product).copied().unwrap_or(0);
            if count > most {
                found.push(format!(
                    "I1 {}: {count} paid instances of {product} for {most} units",
                    self.key()
                ));
            }
        }
        for (reference, count) in references.into_iter().filter(|(_, count)| *count > 1) {
            found.push(format!("I1 {}: {count} vouchers for {reference}", self.key()));
        }
    }

    fn at_wix(&self, id: &str) -> Option<&Instance> {
        self.packages
            .iter()
            .flat_map(|package| &package.instances)
            .find(|instance| instance.id.to_string() == id)
    }

    /// I2: every wanted unit has what its plan says, or the order is in attention.
    fn as_wished(&self, found: &mut Vec<String>) {
        if !attention(self.record, &self.world.settings).is_empty() {
            return;
        }
        for item in self.record.wanted_items() {
            let Some(plan) = self.record.component(item) else {
                continue;
            };
            let mut kinds = vec![(Kind::Base, plan.product.site_id.clone())];
            kinds.extend(
                plan.voucher
                    .as_ref()
                    .map(|voucher| (Kind::Voucher, voucher.product.site_id.clone())),
            );
            for (kind, site) in kinds {
                let instance = self.record.instance(kind, item);
                let shown = instance.and_then(|instance| self.at_wix(instance.id.as_str()));
                match shown {
                    Some(shown) if !shown.status.is_alive() => {
                        found.push(format!("I2 {}: {kind:?} of {item:?} is {:?}", self.key(), shown.status));
                    }
                    Some(shown) if shown.site_id.map(|id| id.to_string()) != site.as_ref().map(ToString::to_string) => {
                        found.push(format!(
                            "I2 {}: {kind:?} of {item:?} is on {:?}, not {site:?}",
                            self.key(),
                            shown.site_id
                        ));
                    }
                    Some(_) => {}
                    None => found.push(format!("I2 {}: no {kind:?} for {item:?}", self.key())),
                }
            }
        }
    }

    /// I3: nothing that is not wanted is on a site, or alive where it should have ended.
    fn taken_back(&self, found: &mut Vec<String>) {
        if !attention(self.record, &self.world.settings).is_empty() {
            return;
        }
        let wanted: Vec<String> = self
            .record
            .wanted_items()
            .into_iter()
            .flat_map(|item| [Kind::Base, Kind::Voucher].map(|kind| self.record.instance(kind, item)))
            .flatten()
            .map(|instance| instance.id.to_string())
            .collect();
        let policies: Vec<OnCancel> = (0_u32..)
            .zip(&self.record.facts.lines)
            .filter_map(|(index, _)| self.record.component(Item(index, 1, 0)))
            .map(|plan| plan.on_cancel)
            .collect();
        for instance in self.packages.iter().flat_map(|package| &package.instances) {
            if wanted.contains(&instance.id.to_string()) || !instance.status.is_alive() {
                continue;
            }
            if policies.iter().all(|policy| *policy == OnCancel::Cancel) && !policies.is_empty() {
                found.push(format!("I3 {}: {} is alive and not wanted", self.key(), instance.id));
            }
            if policies.iter().all(|policy| *policy == OnCancel::Unassign) && instance.site_id.is_some() {
                found.push(format!(
                    "I3 {}: {} is on a site and not wanted",
                    self.key(),
                    instance.id
                ));
            }
        }
    }
}
