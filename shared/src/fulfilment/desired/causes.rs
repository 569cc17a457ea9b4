//! What took units back, by its cause. Each cause is a lattice of its own, so that a refund which failed, or a dispute
//! which was won, makes the units wanted again in whatever order it is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bounds::MAX_STATES;
use crate::order::{Covers, End, Ended, Line, LineId, Refund, RefundState, Version};

/// One refund, as all its tellings together say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRegister {
    /// How far it is.
    pub state: RefundState,
    /// Units by line; `None` as long as no telling has named lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<BTreeMap<LineId, u32>>,
    /// It gives back all of the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl RefundRegister {
    pub(super) fn of(refund: &Refund) -> Self {
        Self {
            state: refund.state,
            lines: refund.lines.clone(),
            whole: refund.whole,
        }
    }

    /// Two tellings that differ: what either takes back is taken back.
    pub(super) fn merge(&mut self, other: &Self) {
        self.state = self.state.max(other.state);
        self.whole |= other.whole;
        let Some(theirs) = &other.lines else { return };
        let lines = self.lines.get_or_insert_default();
        for (line, units) in theirs {
            let mine = lines.entry(line.clone()).or_default();
            *mine = (*mine).max(*units);
        }
    }

    /// It gives back an amount and does not say of what. Where that is unclear, all of a payment is such an amount, too.
    pub(super) const fn is_unmapped(&self, whole_is_unclear: bool) -> bool {
        self.lines.is_none() && (!self.whole || whole_is_unclear)
    }
}

/// The newest states of one cause of an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRegister {
    version: Version,
    states: BTreeSet<(Option<Ended>, Covers)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

/// What the states of a cause say of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is alive, or not meant.
    Alive,
    /// The states disagree.
    Unclear,
    /// It is over.
    Over(Ended),
}

impl EndRegister {
    pub(super) fn of(end: &End) -> Self {
        Self {
            version: end.version,
            states: BTreeSet::from([(end.ended, end.of.clone())]),
            more: false,
        }
    }

    fn rank(&self) -> (bool, Version) {
        let terminal = |(ended, _): &(Option<Ended>, Covers)| ended.is_some_and(|ended| ended.terminal);
        (self.states.iter().any(terminal), self.version)
    }

    /// Terminal states win over any version, then the newer one does.
    pub(super) fn merge(&mut self, other: &Self) {
        match self.rank().cmp(&other.rank()) {
            std::cmp::Ordering::Less => *self = other.clone(),
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                self.states.extend(other.states.iter().cloned());
                self.more |= other.more;
                while self.states.len() > MAX_STATES {
                    self.states.pop_last();
                    self.more = true;
                }
            }
        }
    }

    /// Whether it is said to be over.
    pub(super) fn is_over(&self) -> bool {
        self.states.iter().any(|(ended, _)| ended.is_some())
    }

    pub(super) fn verdict(&self, line: &Line) -> Verdict {
        let covers = |covers: &Covers| match covers {
            Covers::All => true,
            Covers::Skus(skus) => line.sku.as_ref().is_some_and(|sku| skus.contains(sku)),
            Covers::SubscriptionLines => line.subscription,
        };
        let verdicts = self.states.iter().map(|(ended, of)| match ended {
            Some(ended) if covers(of) => Verdict::Over(*ended),
            Some(_) | None => Verdict::Alive,
        });
        let agreed = verdicts.reduce(|one, two| if one == two { one } else { join(one, two) });
        if self.more {
            return Verdict::Unclear;
        }
        agreed.unwrap_or(Verdict::Alive)
    }
}

/// Of two different ends the one that can be undone is carried out: cancelling cannot.
const fn join(one: Verdict, two: Verdict) -> Verdict {
    match (one, two) {
        (Verdict::Over(one), Verdict::Over(two)) => Verdict::Over(Ended {
            reversible: one.reversible || two.reversible,
            terminal: one.terminal || two.terminal,
        }),
        _ => Verdict::Unclear,
    }
}
