//! Where an audit stands: the time of creation up to which every package was compared, and what the last one found that
//! came to its end. It is kept in the ledger under a key that no order has, so that nothing takes it for an order.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::slice::{Id, id};
use crate::time::Timestamp;

/// The ledger's key of it. Order keys have a `/`.
pub(super) const KEY: &str = "audit";

/// More packages of one time than these are not remembered; they are compared twice then, which changes nothing.
const MOST_SEEN: usize = 1_000;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Where the next run goes on.
    #[serde(flatten)]
    pub(super) bookmark: Bookmark,
    /// The ledger that it was written for. In a restored one the audit begins with the first package.
    #[serde(default)]
    pub(super) home: String,
    /// How long the ledger took to be read last, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) ledger_secs: u64,
    /// What was found since a run came to its end last.
    #[serde(default)]
    pub(super) so_far: Found,
    /// What was found on the way to that end.
    #[serde(default)]
    pub(super) found: Found,
}

impl Kept {
    /// After another slice: `found` is what this run found, and `before` what the runs before it had.
    pub(super) fn after(&self, bookmark: Bookmark, before: Found, found: Found, has_ended: bool) -> Self {
        let so_far = before + found;
        let (so_far, found) = if has_ended {
            (Found::default(), so_far)
        } else {
            (so_far, self.found)
        };
        Self {
            bookmark,
            home: self.home.clone(),
            ledger_secs: self.ledger_secs,
            so_far,
            found,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What an audit found and only a person can look into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Packages that no order knows.
    pub foreign: u64,
    /// Packages with an external ID of ours that no order claims.
    pub unclaimed: u64,
}

impl std::ops::Add for Found {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            foreign: self.foreign.saturating_add(other.foreign),
            unclaimed: self.unclaimed.saturating_add(other.unclaimed),
        }
    }
}

impl Found {
    /// Both in words; `None` where there is nothing.
    pub fn in_words(&self) -> Option<String> {
        let kinds = [
            (self.foreign, "that nobody here bought"),
            (self.unclaimed, "with an external ID of ours that no order claims"),
        ];
        let some: Vec<String> = kinds
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!some.is_empty()).then(|| format!("packages at Wix: {}", some.join(", ")))
    }
}

/// Where the next slice begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bookmark {
    /// With packages of this time; `None`: with the first there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    /// Packages of that very time that are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<String>,
    /// When a run came to the end last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished: Option<Timestamp>,
}

impl Bookmark {
    /// At a time of which nothing is done.
    pub(super) const fn at(time: Timestamp) -> Self {
        Self {
            at: Some(time),
            seen: Vec::new(),
            finished: None,
        }
    }

    /// At the end: the next run begins with the first package.
    pub(super) const fn end(now: Timestamp) -> Self {
        Self {
            at: None,
            seen: Vec::new(),
            finished: Some(now),
        }
    }

    /// After the packages `seen`, which were created at `time`, the last of which something is done.
    pub(super) fn after(&self, time: Timestamp, seen: Vec<Id>) -> Self {
        let mut all: Vec<String> = if self.at == Some(time) {
            self.seen.clone()
        } else {
            Vec::new()
        };
        all.extend(seen.into_iter().map(|id| uuid::Uuid::from_bytes(id).to_string()));
        all.truncate(MOST_SEEN);
        Self {
            at: Some(time),
            seen: all,
            finished: self.finished,
        }
    }

    /// The packages that are done at [`Bookmark::at`].
    pub(super) fn done(&self) -> HashSet<Id> {
        self.seen.iter().map(|text| id(text)).collect()
    }
}
