//! An entitlement is an interval, because money that is unclear must neither buy nor take back.
//!
//! Units 1 to `buy` are surely paid for and not given back (or on a trial): they may be bought, assigned, sent again.
//! Units up to `keep` are unclear: they stay as they are, and a person is told. What is above `keep` is taken back.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::{Defaults, OnDispute, OnTrial, UnpaidChanges};
use crate::order::LineId;
use crate::time::Timestamp;

/// What the reseller decided about things that a shop may mean either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// A line on trial is bought.
    #[serde(skip_serializing_if = "is_true")]
    pub buy_on_trial: bool,
    /// An open or lost dispute, that is not an inquiry, takes everything back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub take_back_on_dispute: bool,
    /// A change of a subscription counts before it is billed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub buy_unpaid_changes: bool,
    /// What began before this is never bought.
    pub not_before: Timestamp,
    /// An operator released the order: what is held is bought.
    #[serde(skip)]
    pub released: bool,
    /// How long states of one version may disagree before a person is told.
    #[serde(skip, default = "settle_time")]
    pub settle: Duration,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
const fn is_true(value: &bool) -> bool {
    *value
}

const fn settle_time() -> Duration {
    Duration::from_secs(60)
}

impl Policy {
    /// What a catalog says.
    pub fn of(defaults: &Defaults) -> Self {
        let policies = &defaults.policies;
        Self {
            buy_on_trial: policies.on_trial == OnTrial::Buy,
            take_back_on_dispute: policies.on_dispute == OnDispute::TakeBack,
            buy_unpaid_changes: policies.unpaid_changes == UnpaidChanges::Now,
            not_before: defaults.not_before,
            ..Self::default()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            buy_on_trial: true,
            take_back_on_dispute: false,
            buy_unpaid_changes: false,
            not_before: Timestamp::EPOCH,
            released: false,
            settle: settle_time(),
        }
    }
}

/// Which units of a line are entitled. `buy` is never more than `keep`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entitlement {
    /// Units 1 to this may be bought, assigned and sent again.
    pub buy: u32,
    /// Units above this are taken back.
    pub keep: u32,
    /// What is taken back may come back by itself: it is unassigned, and never canceled.
    pub reversible: bool,
    /// It is bought because of a trial, not of a payment.
    pub trial: bool,
}

impl Entitlement {
    pub(super) const NOTHING: Self = Self {
        buy: 0,
        keep: 0,
        reversible: false,
        trial: false,
    };

    pub(super) const fn sure(units: u32) -> Self {
        Self {
            buy: units,
            keep: units,
            ..Self::NOTHING
        }
    }

    /// What two states that may both be true agree on.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            buy: self.buy.min(other.buy),
            keep: self.keep.max(other.keep),
            reversible: self.reversible || other.reversible,
            trial: self.trial && other.trial,
        }
    }
}

/// The entitlement of every line, computed once for an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements {
    pub(super) lines: HashMap<LineId, Entitlement>,
    /// For lines of which nothing is listed.
    pub(super) others: Entitlement,
}

impl Entitlements {
    /// Of one line.
    pub fn of(&self, line: &str) -> Entitlement {
        self.lines.get(line).copied().unwrap_or(self.others)
    }
}
