//! A move of an instance to another site, or its adjustment to another product: what it leaves, what it is to become, and
//! how far the call has come.
//!
//! In doubt, Get decides. It shows the target: done. It shows anything else: no proof before the settle time is over;
//! then the same request goes out again with the same key, at most twice. The transitions are in `shifting`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::compact::is_zero;
use super::goal::{Goal, Spec};
use crate::time::Timestamp;

/// How often the request was sent. Each stage is entered once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sends {
    /// Once.
    #[serde(rename = "1")]
    First,
    /// The same once more.
    #[serde(rename = "2")]
    Second,
    /// The same for the last time.
    #[serde(rename = "3")]
    Last,
}

impl Sends {
    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::First => Some(Self::Second),
            Self::Second => Some(Self::Last),
            Self::Last => None,
        }
    }
}

/// What is known of a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// It may have taken effect, or may yet.
    #[serde(rename = "d")]
    InDoubt,
    /// Nothing came of it: Get showed that when it could not take effect any more.
    #[serde(rename = "a")]
    Absent,
    /// Wix refused it.
    #[serde(rename = "r")]
    Refused,
}

/// A move or an adjustment that was begun and has not come to its goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    #[serde(rename = "g")]
    pub(super) goal: Goal,
    /// The target of the plan that it is for, by its number.
    #[serde(rename = "u")]
    pub(super) turn: u32,
    /// The number of the instance's changes that its key is derived from.
    #[serde(rename = "n")]
    pub(super) count: u32,
    #[serde(rename = "b")]
    pub(super) send_before: Timestamp,
    #[serde(rename = "s")]
    pub(super) sends: Sends,
    #[serde(rename = "k")]
    pub(super) known: Known,
    /// An instance that floated after it was assigned back to its old site once.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) returned: bool,
    /// Where the record keeps what Wix answered to it last, other than a package.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<u32>,
}

impl Shift {
    /// What it changes.
    pub const fn goal(&self) -> &Goal {
        &self.goal
    }

    /// The number of the target that it is for.
    pub const fn turn(&self) -> u32 {
        self.turn
    }

    /// Whether it may have taken effect, or may yet.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.known, Known::InDoubt)
    }

    /// Whether the same request is to be sent once more.
    pub const fn may_be_repeated(&self) -> bool {
        matches!(self.known, Known::Absent) && self.sends.next().is_some()
    }

    /// Whether it will not come to its goal by itself.
    pub const fn is_stuck(&self) -> bool {
        match self.known {
            Known::InDoubt => false,
            Known::Absent => self.sends.next().is_none(),
            Known::Refused => true,
        }
    }

    /// Whether its instance was assigned back to the old site already.
    pub const fn was_returned(&self) -> bool {
        self.returned
    }

    /// Whether its instance may yet be assigned back to the old site. Anything else that is sent meanwhile could be undone by that.
    pub(super) const fn is_on_its_way_back(&self) -> bool {
        self.returned && self.is_in_doubt()
    }

    /// From when on Get proves that nothing came of it.
    pub(crate) fn certain_from(&self, horizon: Duration) -> Timestamp {
        self.send_before + horizon
    }
}

/// The targets that an instance has reached, and the shifts that have not reached theirs: at most one of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shifts {
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(super) holds: Option<Spec>,
    #[serde(rename = "m", default, skip_serializing_if = "is_zero")]
    pub(super) moved: u32,
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub(super) adjusted: u32,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Shift>,
}

impl Shifts {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn reached(&mut self, change: Change) -> &mut u32 {
        if change == Change::Adjust {
            &mut self.adjusted
        } else {
            &mut self.moved
        }
    }

    pub(super) fn drop(&mut self, change: Change) {
        self.open.retain(|shift| shift.goal.change() != change);
    }

    pub(super) fn find_mut(&mut self, change: Change) -> Option<&mut Shift> {
        self.open.iter_mut().find(|shift| shift.goal.change() == change)
    }
}
