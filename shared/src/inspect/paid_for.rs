//! What the reseller pays Wix for and no live order covers. Wix's services have no end until somebody cancels them, so that
//! what is forgotten is paid for month by month. Foreign packages are not here: the ledger does not know them, the audit does.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{InspectError, Inspector, MOST};
use crate::fulfilment::OrderRecord;
use crate::fulfilment::record::{Entitled, HeldPackage, Instance, Kind};
use crate::ledger::Ledger;
use crate::time::{Clock, Timestamp};

/// How many entries are read at a time.
const PAGE: usize = 200;

/// What is paid for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaidFor {
    /// The packages with something alive that no live order covers, the oldest first.
    pub holdings: Vec<Holding>,
    /// Time or room ran out: there may be more.
    pub more: bool,
}

/// Products of one package for which all is alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Whose it is.
    pub order: String,
    /// The package at Wix.
    pub package: String,
    /// How many products of it.
    pub products: u32,
    /// Why nobody is served by them.
    pub why: Why,
    /// Since when the package is there.
    pub since: Timestamp,
}

/// Why something is paid for and serves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The order does not want it any more, and the catalog says to keep or only to unassign it.
    KeptAfterTheEnd,
    /// It was created beside the one that the order has.
    Surplus,
    /// It is wanted, and on no site yet.
    Floating,
    /// It was alive when its order's data was erased. Nobody looks whether it is still.
    Erased,
}

impl<L: Ledger, C: Clock, Q> Inspector<L, C, Q> {
    pub(super) async fn paid_for(&self, deadline: Timestamp) -> Result<PaidFor, InspectError> {
        let mut found = PaidFor::default();
        let mut after: Option<String> = None;
        loop {
            if found.holdings.len() >= MOST || self.clock.now() >= deadline {
                found.more = true;
                break;
            }
            let entries = self.ledger.scan(after.as_deref(), PAGE).await?;
            let Some(last) = entries.last() else { break };
            after = Some(last.key.clone());
            let records = entries
                .iter()
                .filter_map(|entry| OrderRecord::from_json(&entry.body).ok());
            found
                .holdings
                .extend(records.flat_map(|record| of(&record, self.clock.now())));
        }
        found.holdings.sort_by_key(|holding| (holding.why, holding.since));
        Ok(found)
    }
}

/// What of an order is paid for and serves nobody. Vouchers are free, and not counted.
fn of(record: &OrderRecord, now: Timestamp) -> Vec<Holding> {
    if let Some(erased) = record.erased() {
        let alive = erased.alive.iter().map(|(package, products)| Holding {
            order: record.key().to_string(),
            package: package.to_string(),
            products: *products,
            why: Why::Erased,
            since: erased.at,
        });
        return alive.collect();
    }
    let entitled = Entitled::of(record, now);
    let mut counts: BTreeMap<(String, Why), (u32, Timestamp)> = BTreeMap::new();
    let mut add = |held: &HeldPackage, why: Why| {
        let count = counts
            .entry((held.id().to_string(), why))
            .or_insert((0, held.created_at()));
        count.0 += 1;
    };
    for (purchase, held) in record
        .packages()
        .filter(|(purchase, _)| purchase.id().kind == Kind::Base)
    {
        for (item, instance) in purchase
            .items()
            .iter()
            .zip(held.instances())
            .filter(|(_, i)| lives(held, i))
        {
            if !entitled.keeps(*item) {
                add(held, Why::KeptAfterTheEnd);
            } else if instance.site().is_none() {
                add(held, Why::Floating);
            }
        }
    }
    for surplus in record
        .surplus()
        .iter()
        .filter(|surplus| surplus.of().kind == Kind::Base)
    {
        for _ in surplus
            .held()
            .instances()
            .iter()
            .filter(|instance| lives(surplus.held(), instance))
        {
            add(surplus.held(), Why::Surplus);
        }
    }
    let holdings = counts.into_iter().map(|((package, why), (products, since))| Holding {
        order: record.key().to_string(),
        package,
        products,
        why,
        since,
    });
    holdings.collect()
}

fn lives(held: &HeldPackage, instance: &Instance) -> bool {
    !held.is_gone() && !instance.has_ended()
}
