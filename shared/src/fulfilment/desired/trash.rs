//! Whether the order lies in the shop's trash. `WooCommerce` dates no deletion, so only our receipts tell: its deliveries
//! run later and in batches, and a deletion and a living body that come close to each other say nothing.

use std::time::Duration;

use super::Desired;
use crate::time::Timestamp;

/// How long a deletion and a living body must be apart before one of them counts: deliveries overtake each other.
pub(super) const TRASH_APART: Duration = Duration::from_secs(120);

/// Whether the order lies in the shop's trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trash {
    Alive,
    /// A deletion and a living body came too close to each other, or the deletion too short a time ago.
    Unclear,
    Over,
}

impl Desired {
    /// Whether time alone will say that the order is in the trash.
    pub(super) fn trash_is_settling(&self, now: Timestamp) -> bool {
        match (self.trashed, self.alive) {
            (Some(trashed), Some(alive)) => alive + TRASH_APART < trashed && now < trashed + TRASH_APART,
            (Some(trashed), None) => now < trashed + TRASH_APART,
            (None, _) => false,
        }
    }

    pub(super) fn trash(&self, now: Timestamp) -> Trash {
        match (self.trashed, self.alive) {
            (None, _) => Trash::Alive,
            (Some(trashed), Some(alive)) if alive > trashed + TRASH_APART => Trash::Alive,
            (Some(trashed), Some(alive)) if alive + TRASH_APART >= trashed => Trash::Unclear,
            (Some(trashed), _) if now < trashed + TRASH_APART => Trash::Unclear,
            (Some(_), _) => Trash::Over,
        }
    }
}
