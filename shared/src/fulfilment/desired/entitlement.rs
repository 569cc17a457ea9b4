//! Which units of each line are entitled now, and when time alone changes that.

use std::collections::{BTreeSet, HashMap};

use super::interval::{Entitlement, Entitlements, Policy};
use super::scales::Scales;
use super::trash::TRASH_APART;
use super::{Desired, least};
use crate::order::{Line, LineId, Paid};
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
        let billed = least(later(unbilled), self.unheard_from(now));
        least(least(later(trash), later(tie)), least(billed, ends.min()))
    }
}
