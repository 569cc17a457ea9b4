//! Which units may be bought, and which are kept: the only questions that are asked of the desired state about a unit.
//! Worked out once for a decision, so that an order of many lines costs in proportion.

use super::{Item, OrderRecord, Purchase};
use crate::fulfilment::desired::{Desired, Entitlement, Entitlements, Policy};
use crate::time::Timestamp;

/// What the order is entitled to, by the index of the line in the record.
#[derive(Debug, Clone)]
pub struct Entitled(Vec<Entitlement>);

/// What the desired state says of every line.
pub(crate) fn entitlements(record: &OrderRecord, now: Timestamp) -> Entitlements {
    record.desired().entitlements(now, &record.policy())
}

/// When that changes by itself.
pub(crate) fn next_change(record: &OrderRecord, now: Timestamp) -> Option<Timestamp> {
    record.desired().next_change(now, &record.policy())
}

impl OrderRecord {
    /// What the catalog and the operator decided about things that a shop may mean either way.
    pub fn policy(&self) -> Policy {
        Policy {
            released: self.actual.switches.released,
            ..self.actual.policy
        }
    }

    /// The catalog of now.
    pub(crate) fn set_policy(&mut self, policy: Policy) {
        self.actual.policy = Policy {
            released: false,
            ..policy
        };
    }

    /// Merges what another record was told and that is about this order.
    pub(crate) fn take_in(&mut self, told: &Desired) {
        // What was erased is not brought back by the order that it belongs to.
        if self.erased().is_none() {
            self.desired.merge(told);
        }
    }
}

impl Entitled {
    /// What the desired state of a record says.
    pub fn of(record: &OrderRecord, now: Timestamp) -> Self {
        Self::from(record, &entitlements(record, now))
    }

    pub(crate) fn from(record: &OrderRecord, all: &Entitlements) -> Self {
        Self(record.lines().iter().map(|line| all.of(line.id())).collect())
    }

    fn line(&self, item: Item) -> Entitlement {
        let index = usize::try_from(item.0).ok();
        index.and_then(|index| self.0.get(index)).copied().unwrap_or_default()
    }

    /// How many units of a line may be bought, by its index.
    pub fn buy(&self, line: usize) -> u32 {
        self.0.get(line).map_or(0, |entitlement| entitlement.buy)
    }

    /// How many units of a line stay as they are, by its index.
    pub fn keep(&self, line: usize) -> u32 {
        self.0.get(line).map_or(0, |entitlement| entitlement.keep)
    }

    /// Whether an item's unit may be bought, assigned and sent again.
    pub fn may_buy(&self, item: Item) -> bool {
        item.1 <= self.line(item).buy
    }

    /// Whether an item's unit is left as it is; else what was bought for it is taken back.
    pub fn keeps(&self, item: Item) -> bool {
        item.1 <= self.line(item).keep
    }

    /// Whether what is taken back of an item may come back by itself, so that it is never canceled.
    pub fn may_come_back(&self, item: Item) -> bool {
        self.line(item).reversible
    }

    /// Whether any unit of a purchase may be bought.
    pub fn may_buy_any(&self, purchase: &Purchase) -> bool {
        purchase.items().iter().any(|item| self.may_buy(*item))
    }

    /// Whether every unit of a purchase may be bought.
    pub fn may_buy_all(&self, purchase: &Purchase) -> bool {
        purchase.items().iter().all(|item| self.may_buy(*item))
    }

    /// Whether any unit of a purchase is left as it is.
    pub fn keeps_any(&self, purchase: &Purchase) -> bool {
        purchase.items().iter().any(|item| self.keeps(*item))
    }
}
