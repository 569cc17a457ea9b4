//! Which units of each line are entitled now, and when time alone changes that.

use std::collections::{BTreeSet, HashMap};

use super::interval::{Entitlement, Entitlements, Policy};
use super::scales::Scales;
use super::trash::TRASH_APART;
use super::{Desired, least};
use crate::order::{Line, LineId, Paid, Snapshot, Version};
use crate::time::Timestamp;

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

    /// The lines that invoices list, as far as they alone say it, each with the time of its newest invoice.
    pub(super) fn unlisted(&self) -> Vec<(Version, Line)> {
        let lines = self.payments.lines().keys().filter_map(|id| {
            let (sku, paid, _) = self.payments.newest_of(id)?;
            let line = Line::new(id.clone(), Some(sku.clone()), paid.most, paid.fields.clone());
            let line = Line {
                subscription: true,
                ..line
            };
            Some((paid.version, line))
        });
        lines.collect()
    }

    /// The lines of a snapshot, and those that it lacks and invoices list: where it does not list all of them, or is older than the
    /// invoice.
    pub(super) fn lines_of<'a>(
        snapshot: &'a Snapshot,
        unlisted: &'a [(Version, Line)],
    ) -> impl Iterator<Item = &'a Line> {
        let is_missing = |(billed, line): &&(Version, Line)| {
            (snapshot.incomplete || is_billed_after(*billed, snapshot))
                && snapshot.lines.iter().all(|listed| listed.id != line.id)
        };
        let missing = unlisted.iter().filter(is_missing).map(|(_, line)| line);
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

/// Whether an invoice was made after a state of its subscription: the state cannot say that what it bills is gone. One that
/// lists nothing at all is unclear in itself.
pub(super) fn is_billed_after(billed: Version, snapshot: &Snapshot) -> bool {
    snapshot.paid == Paid::ByPayments && !snapshot.lines.is_empty() && billed > snapshot.version
}
