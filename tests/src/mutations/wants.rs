//! What an order would buy after some events, asked of the real merge.

use std::collections::BTreeMap;

use reseller_hooks::fulfilment::OrderRecord;
use reseller_hooks::order::{OrderEvent, OrderKey};

/// How many units are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wants {
    of_sku: BTreeMap<String, u64>,
    /// Of lines with an SKU: nothing else can be bought.
    sold: u64,
    /// Of lines without an SKU too: a change may give them one.
    all: u64,
}

impl Wants {
    /// After these events, of all the orders that they are about.
    pub(super) fn after(events: &[&OrderEvent]) -> Self {
        let mut wants = Self::default();
        for record in merged(events).values() {
            for (line, units) in record.desired().live_lines() {
                let units = u64::from(units);
                wants.all += units;
                if let Some(sku) = &line.sku {
                    wants.sold += units;
                    *wants.of_sku.entry(sku.to_string()).or_default() += units;
                }
            }
        }
        wants
    }

    /// Lines that were left out because they are money, such as gift cards: a change may make products of them.
    pub(super) fn with_hidden(mut self, units: usize) -> Self {
        self.all += u64::try_from(units).expect("a number of lines");
        self
    }

    /// The greater of both, for each SKU.
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.sold = self.sold.max(other.sold);
        self.all = self.all.max(other.all);
        for (sku, units) in &other.of_sku {
            let mine = self.of_sku.entry(sku.clone()).or_default();
            *mine = (*mine).max(*units);
        }
        self
    }

    /// What of this is more than `most`; an SKU that `most` does not have is garbled, and none of the catalog.
    pub(super) fn beyond(&self, most: &Self) -> Option<String> {
        if self.sold > most.all {
            return Some(format!("{} units instead of {}", self.sold, most.all));
        }
        self.of_sku.iter().find_map(|(sku, units)| {
            let most = most.of_sku.get(sku)?;
            (units > most).then(|| format!("{units} of {sku} instead of {most}"))
        })
    }
}

/// The records of these events' orders, after all of them in this sequence.
pub(super) fn merged(events: &[&OrderEvent]) -> BTreeMap<OrderKey, OrderRecord> {
    let mut records = BTreeMap::new();
    for event in events {
        let record = records.entry(event.key.clone());
        record
            .or_insert_with(|| OrderRecord::new(event.key.clone()))
            .apply(event);
    }
    records
}
