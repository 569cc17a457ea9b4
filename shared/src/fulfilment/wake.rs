//! The earliest time at which there is something to do.

use crate::time::Timestamp;

/// Collects the times at which something is due.
pub(crate) struct Wake {
    now: Timestamp,
    earliest: Option<Timestamp>,
}

impl Wake {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { now, earliest: None }
    }

    /// `true` when `at` has come; else it is remembered.
    pub(crate) fn is_due(&mut self, at: Timestamp) -> bool {
        if at <= self.now {
            return true;
        }
        self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
        false
    }

    /// The earliest time that has not come.
    pub(crate) const fn earliest(&self) -> Option<Timestamp> {
        self.earliest
    }
}
