//! Which units of each line are entitled now: an interval, because money that is unclear must neither buy nor take back.
//!
//! Units 1 to `buy` are surely paid for and not given back (or on a trial): they may be bought, assigned, sent again.
//! Units up to `keep` are unclear: they stay as they are, and a person is told. What is above `keep` is taken back.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scales::Scales;
use super::trash::TRASH_APART;
use super::{Desired, least};
use crate::catalog::{Defaults, OnDispute, OnTrial, UnpaidChanges};
use crate::order::{Line, LineId, Paid, Snapshot};
use crate::time::Timestamp;

/// What the reseller decided about things that a shop may mean either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// A line on trial is bought.
    pub buy_on_trial: bool,
    /// An open or lost dispute, that is not an inquiry, takes everything back.
    pub take_back_on_dispute: bool,
    /// A change of a subscription counts before it is billed.
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

impl Desired {
    /// Which units of every line are entitled at `now`.
    pub fn entitlements(&self, now: Timestamp, policy: &Policy) -> Entitlements {
        let scales = Scales::new(self, now, policy);
        if self.too_large {
            let others = Entitlement {
                keep: u32::MAX,
                ..Entitlement::NOTHING
            };
            return Entitlements {
                lines: HashMap::new(),
                others,
            };
        }
        let states = self.newest.states();
        if states.is_empty() {
            return scales.by_payments_alone();
        }
        let mut joined: HashMap<LineId, Entitlement> = HashMap::new();
        let unlisted = self.unlisted();
        let lines_of = |snapshot| Self::lines_of(snapshot, &unlisted);
        let all: BTreeSet<&str> = states
            .iter()
            .flat_map(|heard| lines_of(&heard.snapshot).map(|line| line.id.as_str()))
            .collect();
        let ambiguous = states.len() > 1;
        for heard in states {
            let listed: Vec<&Line> = lines_of(&heard.snapshot).collect();
            let state = scales.state(&heard.snapshot, &listed);
            let lines: HashMap<&str, &Line> = match ambiguous {
                true => lines_of(&heard.snapshot).map(|line| (line.id.as_str(), line)).collect(),
                false => HashMap::new(),
            };
            let mut weigh = |id: &str, line: Option<&Line>| {
                let entitlement = line.map_or(Entitlement::NOTHING, |line| scales.line(&state, line));
                match joined.get_mut(id) {
                    Some(mine) => *mine = mine.or(entitlement),
                    None => {
                        joined.insert(id.to_owned(), entitlement);
                    }
                }
            };
            if ambiguous {
                for id in &all {
                    weigh(id, lines.get(id).copied());
                }
            } else {
                for line in lines_of(&heard.snapshot) {
                    weigh(&line.id, Some(line));
                }
            }
        }
        if ambiguous {
            for id in &all {
                if let Some(entitlement) = joined.get_mut(*id)
                    && !self.agrees_on_sku(id)
                {
                    entitlement.buy = 0;
                }
            }
        }
        let mut lines = joined;
        for (id, entitlement) in &mut lines {
            *entitlement = scales.whole(*entitlement);
            if self.newest.has_more() {
                *entitlement = Entitlement {
                    buy: 0,
                    keep: u32::MAX,
                    ..*entitlement
                };
            }
            if self.told.not_ours.contains_key(id) {
                entitlement.buy = 0;
            }
        }
        // A list that is empty takes nothing back.
        let lost = Entitlement {
            keep: if self.lost_its_lines() { u32::MAX } else { 0 },
            ..Entitlement::NOTHING
        };
        let mut others = scales.whole(lost);
        if self.newest.has_more() {
            others.keep = u32::MAX;
        }
        Entitlements { lines, others }
    }

    /// The lines that invoices list, as far as they alone say it.
    pub(super) fn unlisted(&self) -> Vec<Line> {
        let lines = self.payments.lines().keys().filter_map(|id| {
            let (sku, paid, _) = self.payments.newest_of(id)?;
            let line = Line::new(id.clone(), Some(sku.clone()), paid.most, paid.fields.clone());
            Some(Line {
                subscription: true,
                ..line
            })
        });
        lines.collect()
    }

    /// The lines of a snapshot, and of one that does not list all of them those that invoices list.
    pub(super) fn lines_of<'a>(snapshot: &'a Snapshot, unlisted: &'a [Line]) -> impl Iterator<Item = &'a Line> {
        let missing = unlisted
            .iter()
            .filter(|line| snapshot.incomplete && snapshot.lines.iter().all(|listed| listed.id != line.id));
        snapshot.lines.iter().chain(missing)
    }

    /// Which units of one line are entitled at `now`. For several lines, [`Desired::entitlements`] is computed once.
    pub fn entitlement(&self, line: &str, now: Timestamp, policy: &Policy) -> Entitlement {
        self.entitlements(now, policy).of(line)
    }

    /// When time alone changes the answer next.
    pub fn next_change(&self, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
        let trash = self.trashed.map(|trashed| trashed + TRASH_APART);
        let tie = (self.newest.states().len() > 1)
            .then(|| self.newest.states().iter().map(|heard| heard.at).max())
            .flatten()
            .map(|at| at + policy.settle);
        let unbilled = self
            .newest
            .first()
            .filter(|latest| latest.paid == Paid::ByPayments)
            .map(|latest| latest.version.time + super::UNBILLED);
        let later = |time: Option<Timestamp>| time.filter(|time| *time > now);
        let ends = self
            .ends
            .values()
            .filter_map(|end| later(Some(end.tied_since()? + policy.settle)));
        least(least(later(trash), later(tie)), least(later(unbilled), ends.min()))
    }
}
