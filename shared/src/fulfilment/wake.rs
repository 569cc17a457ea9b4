//! The earliest time at which there is something to do.

use crate::time::Timestamp;

/// Collects the times at which something is due.
pub(crate) struct Wake {
    now: Timestamp,
    earliest: Option<Timestamp>,
    by_plan: Option<Timestamp>,
}

impl Wake {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            now,
            earliest: None,
            by_plan: None,
        }
    }

    /// `true` when `at` has come; else it is remembered.
    pub(crate) fn is_due(&mut self, at: Timestamp) -> bool {
        if at <= self.now {
            return true;
        }
        self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
        false
    }

    /// The same for a look that is made by plan, of an order that waits for nothing of ours.
    pub(crate) fn is_due_by_plan(&mut self, at: Timestamp) -> bool {
        if at <= self.now {
            return true;
        }
        self.by_plan = Some(self.by_plan.map_or(at, |earliest| earliest.min(at)));
        false
    }

    /// The earliest time that has not come, and whether all such times are looks by plan.
    pub(crate) fn earliest(&self) -> Option<(Timestamp, bool)> {
        match (self.earliest, self.by_plan) {
            (None, by_plan) => by_plan.map(|at| (at, true)),
            (Some(at), by_plan) => Some((by_plan.map_or(at, |by_plan| by_plan.min(at)), false)),
        }
    }
}
