//! Where an audit stands: the time of creation up to which every package was compared. It is kept in the ledger
//! under a key that no order has, so that nothing takes it for an order.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::slice::{Id, id};
use crate::time::Timestamp;

/// The ledger's key of it. Order keys have a `/`.
pub(super) const KEY: &str = "audit";

/// More packages of one time than these are not remembered; they are compared twice then, which changes nothing.
const MOST_SEEN: usize = 1_000;

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
