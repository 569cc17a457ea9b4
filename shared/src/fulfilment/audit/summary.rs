//! What an audit is asked, and what it answers.

use serde::{Serialize, Serializer};

use super::bookmark::Found;
use super::join::Doubt;
use crate::fulfilment::report::{Outage, Tally};
use crate::ids::{AccountId, PackageId};
use crate::time::Timestamp;

/// How many packages are named of each kind that is only reported; all are counted.
pub(super) const MOST_LISTED: usize = 20;

/// What an audit is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditRequest {
    /// Packages created from this time on. `None`: from where the last run stopped, or from the first. A run with a
    /// time leaves where the daily one stands as it is.
    pub since: Option<Timestamp>,
    /// Packages created before this time. `None`: up to an hour ago, because younger ones may be in the middle of their
    /// order.
    pub until: Option<Timestamp>,
}

impl AuditRequest {
    /// Whether it is an extra run, which leaves where the daily one stands as it is.
    pub(super) const fn is_extra(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }
}

/// A package that is only reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its ID.
    pub package: PackageId,
    /// The account it belongs to.
    pub account: AccountId,
    /// When it was created.
    pub created: Timestamp,
}

/// What an audit did and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditSummary {
    /// Packages created from this time on were looked at; `None`: from the first.
    pub since: Option<Timestamp>,
    /// Where the next run goes on; `None` when this one came to the end.
    pub next: Option<Timestamp>,
    /// Every package that was old enough has been compared.
    pub finished: bool,
    /// Why it stopped before the end, where that was not the deadline.
    #[serde(serialize_with = "in_words")]
    pub stopped: Option<Outage>,
    /// Pages that were read: one call each.
    pub pages: u32,
    /// Packages that were compared.
    pub packages: u64,
    /// Orders that they were compared with.
    pub orders: u64,
    /// Packages that no order knows: somebody bought them in another way. They are never touched.
    pub foreign: u64,
    /// The first of them.
    pub foreign_listed: Vec<Listed>,
    /// Packages with an external ID of ours for an order that is not in the ledger, or of another account than the
    /// order's purchase. They are never touched.
    pub unclaimed: u64,
    /// The first of them.
    pub unclaimed_listed: Vec<Listed>,
    /// Packages of an order beside the one that it knows: in attention from now on.
    pub surplus: u32,
    /// Packages of a purchase of unknown outcome: the order is woken to adopt them.
    pub found: u32,
    /// Packages that Wix did not show: the order is woken to ask for each by its ID.
    pub missing: u32,
    /// Packages of which an instance was not shown: woken likewise.
    pub instances_missing: u32,
    /// Packages of which an instance was canceled or failed: woken likewise.
    pub ended: u32,
    /// Packages of which something is alive that was taken for ended: woken likewise.
    pub alive: u32,
    /// Packages of which something is on a site that should have been taken off it: woken likewise.
    pub assigned: u32,
    /// Packages of which something that was moved or adjusted is not what the record holds: woken likewise.
    pub changed: u32,
    /// Orders that a worker was just writing: left to the next audit.
    pub busy: u32,
    /// Records that cannot be read; each is in the log.
    pub unreadable: u32,
    /// Records that were settled longer ago than records are kept, and that ended.
    pub ended_records: u32,
    /// What it cost.
    pub tally: Tally,
}

fn in_words<S: Serializer>(outage: &Option<Outage>, serializer: S) -> Result<S::Ok, S::Error> {
    match outage {
        Some(outage) => serializer.collect_str(outage),
        None => serializer.serialize_none(),
    }
}

impl AuditSummary {
    /// How much was found that somebody or something has to look into.
    pub fn findings(&self) -> u64 {
        let woken = [
            self.surplus,
            self.found,
            self.missing,
            self.instances_missing,
            self.ended,
            self.alive,
            self.assigned,
            self.changed,
        ];
        woken.into_iter().map(u64::from).sum::<u64>() + self.unclaimed
    }

    /// What of it is told by itself: the rest comes to the orders' attention.
    pub(super) fn to_tell(&self) -> Found {
        Found {
            foreign: self.foreign,
            unclaimed: self.unclaimed,
        }
    }

    pub(super) fn count(&mut self, doubt: Doubt) {
        let counter = match doubt {
            Doubt::Missing => &mut self.missing,
            Doubt::InstanceMissing => &mut self.instances_missing,
            Doubt::Ended => &mut self.ended,
            Doubt::Alive => &mut self.alive,
            Doubt::Assigned => &mut self.assigned,
            Doubt::Changed => &mut self.changed,
        };
        *counter += 1;
    }

    pub(super) fn foreign(&mut self, listed: Option<Listed>) {
        self.foreign += 1;
        if self.foreign_listed.len() < MOST_LISTED {
            self.foreign_listed.extend(listed);
        }
    }

    pub(super) fn unclaimed(&mut self, listed: Option<Listed>) {
        self.unclaimed += 1;
        if self.unclaimed_listed.len() < MOST_LISTED {
            self.unclaimed_listed.extend(listed);
        }
    }
}
