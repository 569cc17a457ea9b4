//! The newest states of an order. States that the shop's clock cannot tell apart are kept beside each other: units are
//! bought only if all of them agree, and taken back only if all of them agree.

use serde::{Deserialize, Serialize};

use super::bounds::kept;
use super::paid::{PaidStates, Payments};
use crate::order::{Paid, Snapshot, Version};
use crate::time::Timestamp;

/// The different snapshots of the greatest version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// In one order everywhere: fully paid ones first, then by their hash.
    states: Vec<Heard>,
    /// There were more of them: then nothing is bought and nothing is taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

/// A snapshot, and when we first heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What was said.
    pub snapshot: Snapshot,
    /// When it was first received.
    pub at: Timestamp,
}

impl Heard {
    fn place(&self) -> (bool, &Snapshot) {
        (self.snapshot.paid != Paid::Full, &self.snapshot)
    }
}

/// What makes a snapshot newer than another: a terminal state wins over any version.
type Rank = (bool, Version);

impl Newest {
    pub(super) fn of(snapshot: &Snapshot, at: Timestamp) -> Self {
        Self {
            states: vec![Heard {
                snapshot: snapshot.clone(),
                at,
            }],
            more: false,
        }
    }

    /// Whether no snapshot was heard.
    pub const fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    pub(super) fn rank(&self) -> Option<Rank> {
        let first = self.first()?;
        let terminal = first.ended.is_some_and(|ended| ended.terminal);
        Some((terminal, first.version))
    }

    pub(super) fn first(&self) -> Option<&Snapshot> {
        self.states.first().map(|heard| &heard.snapshot)
    }

    pub(super) fn states(&self) -> &[Heard] {
        &self.states
    }

    /// Whether states are missing here because there were too many.
    pub(super) const fn has_more(&self) -> bool {
        self.more
    }

    /// The IDs of the lines that have an SKU in any of the states.
    pub(super) fn lines_with_sku(&self) -> impl Iterator<Item = &str> {
        // A price of Stripe's is always there.
        let states = self
            .states
            .iter()
            .filter(|heard| heard.snapshot.paid != Paid::ByPayments);
        let lines = states.flat_map(|heard| &heard.snapshot.lines);
        lines.filter(|line| line.sku.is_some()).map(|line| line.id.as_str())
    }

    /// Whether these fully paid states are all here, so that they need not be kept twice.
    pub(super) fn has_all(&self, paid: &PaidStates) -> bool {
        let is_paid = |heard: &&Heard| heard.snapshot.paid == Paid::Full && heard.snapshot.version == paid.version();
        // Where states are missing here, the paid ones are kept apart: which are missing is not known.
        !self.more && self.states.iter().filter(is_paid).count() == paid.states().len()
    }

    /// Gives a line the name under which it was paid, where an old invoice named no item: then the SKU stood for it.
    pub(super) fn name_lines_by(&mut self, payments: &Payments) {
        for heard in &mut self.states {
            let snapshot = &mut heard.snapshot;
            if snapshot.paid != Paid::ByPayments {
                continue;
            }
            for at in 0..snapshot.lines.len() {
                let named = snapshot
                    .lines
                    .get(at)
                    .and_then(|line| payments.name_of(line.sku.as_ref()?));
                let Some(name) = named else { continue };
                let is_free = snapshot.lines.iter().all(|other| other.id != name);
                if let Some(line) = snapshot.lines.get_mut(at).filter(|_| is_free) {
                    line.id = name;
                }
            }
        }
    }

    /// What its fully paid states had.
    pub(super) fn paid_states(&self) -> Option<PaidStates> {
        let states = self.states.iter().map(|heard| &heard.snapshot);
        states
            .filter(|snapshot| snapshot.paid == Paid::Full)
            .map(PaidStates::of)
            .reduce(|one, two| one.merge(two))
    }

    /// About how many bytes this takes as JSON.
    pub(super) fn weight(&self) -> usize {
        self.states.iter().map(|heard| weight_of(&heard.snapshot)).sum()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match self.rank().cmp(&other.rank()) {
            std::cmp::Ordering::Less => *self = other.clone(),
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                self.more |= other.more;
                for theirs in &other.states {
                    match self.states.iter_mut().find(|mine| mine.snapshot == theirs.snapshot) {
                        Some(mine) => mine.at = mine.at.min(theirs.at),
                        None => self.states.push(theirs.clone()),
                    }
                }
                self.states.sort_by(|one, two| one.place().cmp(&two.place()));
                let kept = kept(self.states.iter().map(|heard| heard.snapshot.lines.len()));
                self.more |= kept < self.states.len();
                self.states.truncate(kept);
            }
        }
    }
}

fn weight_of(snapshot: &Snapshot) -> usize {
    let of_lines = snapshot.lines.iter().map(|line| {
        let sku = line.sku.as_ref().map_or(0, |sku| sku.as_str().len() + 9);
        let part = line.part_of.as_ref().map_or(0, |part| part.len() + 12);
        line.id.len() + sku + part + line.fields.weight() + 40
    });
    let of_notices = snapshot.notices.iter();
    let of_notices = of_notices.map(|notice| notice.id.len() + notice.code.len() + notice.sentence.len() + 40);
    let of_refunds = snapshot.refunds.iter().chain(&snapshot.unmapped_refunds);
    250 + snapshot.fields.weight()
        + of_lines.sum::<usize>()
        + of_notices.sum::<usize>()
        + of_refunds.map(|id| id.len() + 3).sum::<usize>()
}
