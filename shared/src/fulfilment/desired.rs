//! What the storefront said about an order, merged: the same whatever the order, the number and the delay of the
//! deliveries. Everything here is pure; proptest holds it to commutative, associative and idempotent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::order::{LineId, OrderEvent, Refund, RefundId, Snapshot, Version, Wish};
use crate::time::Timestamp;

/// The desired state of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The snapshot of the greatest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Snapshot>,
    /// What the greatest version that was fully paid had of each line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    /// Refunds that came as events of their own, by their ID; it only grows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<RefundId, BTreeMap<LineId, u32>>,
    /// When the order was first heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<Timestamp>,
}

/// What was paid for: the live units of a fully paid snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The version that was fully paid.
    pub version: Version,
    /// Its live units; lines without any are left out.
    pub units: BTreeMap<LineId, u32>,
    /// The refunds that its units have counted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refunds: BTreeSet<RefundId>,
}

/// Something that the storefront said and that nobody can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The same for as long as it stands on the same.
    pub id: &'a str,
    /// What it is.
    pub sentence: &'a str,
}

impl Desired {
    /// Merges what an event says; `true` when that changed anything that counts.
    pub fn apply(&mut self, event: &OrderEvent) -> bool {
        let first_seen = self.first_seen_at.is_none_or(|seen| event.received_at < seen);
        if first_seen {
            self.first_seen_at = Some(event.received_at);
        }
        match &event.wish {
            Wish::Snapshot(snapshot) => self.apply_snapshot(snapshot),
            Wish::Refund(refund) => self.apply_refund(refund),
        }
    }

    /// Merges what another copy of the same order's desired state says.
    pub fn merge(&mut self, other: &Self) {
        if let Some(latest) = &other.latest {
            self.apply_snapshot(latest);
        }
        if let Some(paid) = &other.paid {
            self.apply_paid(paid.clone());
        }
        for (id, lines) in &other.refunds {
            self.apply_refund(&Refund {
                id: id.clone(),
                lines: lines.clone(),
            });
        }
        self.first_seen_at = match (self.first_seen_at, other.first_seen_at) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }

    fn apply_snapshot(&mut self, snapshot: &Snapshot) -> bool {
        let mut changed = false;
        if snapshot.fully_paid {
            let units = snapshot.lines.iter().filter(|line| line.units > 0);
            changed |= self.apply_paid(Paid {
                version: snapshot.version.clone(),
                units: units.map(|line| (line.id.clone(), line.units)).collect(),
                refunds: snapshot.refunds.clone(),
            });
        }
        if self
            .latest
            .as_ref()
            .is_none_or(|latest| latest.version < snapshot.version)
        {
            self.latest = Some(snapshot.clone());
            changed = true;
        }
        changed
    }

    fn apply_paid(&mut self, paid: Paid) -> bool {
        let newer = self.paid.as_ref().is_none_or(|known| known.version < paid.version);
        if newer {
            self.paid = Some(paid);
        }
        newer
    }

    fn apply_refund(&mut self, refund: &Refund) -> bool {
        match self.refunds.get_mut(&refund.id) {
            None => {
                self.refunds.insert(refund.id.clone(), refund.lines.clone());
                true
            }
            // Two tellings of one refund that differ: what either takes back is taken back.
            Some(known) => {
                let mut changed = false;
                for (line, units) in &refund.lines {
                    let counted = known.entry(line.clone()).or_insert(0);
                    if *counted < *units {
                        *counted = *units;
                        changed = true;
                    }
                }
                changed
            }
        }
    }

    /// The snapshot of the greatest version.
    pub const fn latest(&self) -> Option<&Snapshot> {
        self.latest.as_ref()
    }

    /// The storefront's own reference of the order, if it has one.
    pub fn reference(&self) -> Option<&str> {
        let named = self.latest.as_ref()?.fields.external_id.as_deref()?.trim();
        (!named.is_empty()).then_some(named)
    }

    /// What the storefront said and nobody can act on, each once.
    pub fn notices(&self) -> impl Iterator<Item = Notice<'_>> {
        let sentences = self.latest.iter().flat_map(|latest| &latest.unmapped);
        sentences.map(|sentence| Notice { id: sentence, sentence })
    }

    /// For each line: how many units may be bought, and how many are not taken back. In proportion to the lines.
    pub fn entitlements<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Vec<(u32, u32)> {
        let live: HashMap<&str, u32> = self
            .live_lines()
            .map(|(line, units)| (line.id.as_str(), units))
            .collect();
        lines
            .map(|line| live.get(line).copied().unwrap_or(0))
            .map(|units| (units, units))
            .collect()
    }

    /// How many units of a line are wanted: they are the units 1 to that number.
    pub fn live(&self, line: &str) -> u32 {
        let listed = self.latest.iter().flat_map(|latest| &latest.lines);
        let mut listed = listed.filter(|listed| listed.id == line);
        listed.next().map_or(0, |listed| self.live_of(line, listed.units))
    }

    fn live_of(&self, line: &str, listed: u32) -> u32 {
        let (Some(latest), Some(paid)) = (&self.latest, &self.paid) else {
            return 0;
        };
        if latest.canceled {
            return 0;
        }
        let wanted = listed.saturating_sub(self.refunded(line, &latest.refunds));
        if latest.fully_paid {
            return wanted;
        }
        // An edit up that is not paid yet: no more than what was paid, less what was refunded of that.
        let paid_units = paid.units.get(line).copied().unwrap_or(0);
        wanted.min(paid_units.saturating_sub(self.refunded(line, &paid.refunds)))
    }

    /// How many units of a line were refunded in events that a snapshot has not counted.
    fn refunded(&self, line: &str, counted: &BTreeSet<RefundId>) -> u32 {
        let uncounted = self.refunds.iter().filter(|(id, _)| !counted.contains(*id));
        uncounted
            .filter_map(|(_, lines)| lines.get(line))
            .fold(0_u32, |sum, units| sum.saturating_add(*units))
    }

    /// The lines of which anything is wanted, with how many units.
    pub fn live_lines(&self) -> impl Iterator<Item = (&crate::order::Line, u32)> {
        let lines = self
            .latest
            .as_ref()
            .map(|latest| latest.lines.as_slice())
            .unwrap_or_default();
        lines
            .iter()
            .map(|line| (line, self.live_of(&line.id, line.units)))
            .filter(|(_, units)| *units > 0)
    }

    /// Whether the order was first heard of so long after it was placed that it may have been bought before.
    pub fn first_seen_late(&self, after: std::time::Duration) -> bool {
        match (&self.latest, self.first_seen_at) {
            (Some(latest), Some(seen)) => seen.since(latest.created_at) > after,
            _ => false,
        }
    }
}
