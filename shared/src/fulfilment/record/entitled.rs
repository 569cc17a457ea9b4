//! Which units may be bought, and which are kept: the only two questions that are asked of the desired state about a
//! unit. Worked out once for a decision, so that an order of many lines costs in proportion.

use super::{Item, OrderRecord, Purchase};

/// What the order is entitled to, line by line.
#[derive(Debug, Clone)]
pub struct Entitled {
    /// By the index of the line in the record: units up to the first number may be bought, units up to the second one
    /// are not taken back.
    lines: Vec<(u32, u32)>,
}

impl Entitled {
    /// What the desired state of a record says.
    pub fn of(record: &OrderRecord) -> Self {
        let ids = record.lines().iter().map(|line| line.id().as_str());
        Self {
            lines: record.desired().entitlements(ids),
        }
    }

    /// How many units of a line may be bought, by its index.
    pub fn buy(&self, line: usize) -> u32 {
        self.lines.get(line).map_or(0, |(buy, _)| *buy)
    }

    /// Whether an item's unit may be bought, assigned and sent again.
    pub fn may_buy(&self, item: Item) -> bool {
        let line = usize::try_from(item.0).ok();
        line.is_some_and(|line| item.1 <= self.buy(line))
    }

    /// Whether an item's unit is left as it is; else what was bought for it is taken back.
    pub fn keeps(&self, item: Item) -> bool {
        let line = usize::try_from(item.0).ok().and_then(|line| self.lines.get(line));
        line.is_some_and(|(_, keep)| item.1 <= *keep)
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
