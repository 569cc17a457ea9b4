//! What took units back, by its cause. Each cause is a lattice of its own, so that a refund which failed, or a dispute
//! which was won, makes the units wanted again in whatever order it is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::bounds::MAX_STATES;
use crate::order::{Covers, End, Ended, Item, Line, LineId, Refund, RefundState, Version};
use crate::time::Timestamp;

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
    /// Sorted by what they say, each once.
    states: Vec<EndState>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

/// One state, and when we first heard of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct EndState {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    of: Covers,
    at: Timestamp,
}

impl EndState {
    fn says_the_same(&self, other: &Self) -> bool {
        (self.ended, &self.of) == (other.ended, &other.of)
    }
}

/// What the states of a cause say of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is alive, or not meant.
    Alive,
    /// The states disagree, or only some of several lines are over.
    Unclear,
    /// It is over.
    Over(Ended),
}

impl EndRegister {
    pub(super) fn of(end: &End, at: Timestamp) -> Self {
        Self {
            version: end.version,
            states: vec![EndState {
                ended: end.ended,
                of: end.of.clone(),
                at,
            }],
            more: false,
        }
    }

    fn rank(&self) -> (bool, Version) {
        let terminal = |state: &EndState| state.ended.is_some_and(|ended| ended.terminal);
        (self.states.iter().any(terminal), self.version)
    }

    /// Terminal states win over any version, then the newer one does.
    pub(super) fn merge(&mut self, other: &Self) {
        match self.rank().cmp(&other.rank()) {
            std::cmp::Ordering::Less => *self = other.clone(),
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                self.more |= other.more;
                for theirs in &other.states {
                    match self.states.iter_mut().find(|mine| mine.says_the_same(theirs)) {
                        Some(mine) => mine.at = mine.at.min(theirs.at),
                        None => self.states.push(theirs.clone()),
                    }
                }
                self.states.sort();
                self.more |= self.states.len() > MAX_STATES;
                self.states.truncate(MAX_STATES);
            }
        }
    }

    /// Whether it is said to be over.
    pub(super) fn is_over(&self) -> bool {
        self.states.iter().any(|state| state.ended.is_some())
    }

    /// What a subscription that is alive has, beside the lines of the order that began it.
    pub(super) fn alive_items<'a>(&self, lines: &[&'a Line]) -> Vec<(&Item, BTreeSet<&'a str>)> {
        match self.states.as_slice() {
            [only] if only.ended.is_none() => only.of.items(lines),
            _ => Vec::new(),
        }
    }

    /// The shop's time of it.
    pub(super) const fn version(&self) -> Version {
        self.version
    }

    /// When the last of several states of one version was first heard; `None` where there is only one.
    pub(super) fn tied_since(&self) -> Option<Timestamp> {
        let last = self.states.iter().map(|state| state.at).max();
        last.filter(|_| self.states.len() > 1 || self.more)
    }

    /// What it says of each line of an order; a line that is not listed is alive.
    pub(super) fn verdicts<'a>(&self, lines: &[&'a Line]) -> HashMap<&'a str, Verdict> {
        if self.more {
            return lines.iter().map(|line| (line.id.as_str(), Verdict::Unclear)).collect();
        }
        let mut agreed: Option<HashMap<&str, Verdict>> = None;
        for state in &self.states {
            let over = state.ended.map(Verdict::Over);
            let meant = over.map(|_| state.of.lines(lines)).unwrap_or_default();
            let torn = over.map(|_| state.of.torn(lines)).unwrap_or_default();
            let of = |id: &str| match over.filter(|_| meant.contains(id)) {
                Some(_) if torn.contains(id) => Verdict::Unclear,
                Some(over) => over,
                None => Verdict::Alive,
            };
            agreed = Some(match agreed {
                None => lines.iter().map(|line| (line.id.as_str(), of(&line.id))).collect(),
                Some(one) => one.into_iter().map(|(id, one)| (id, join(one, of(id)))).collect(),
            });
        }
        agreed.unwrap_or_default()
    }
}

/// Of two different ends the one that can be undone is carried out: cancelling cannot.
fn join(one: Verdict, two: Verdict) -> Verdict {
    match (one, two) {
        (one, two) if one == two => one,
        (Verdict::Over(one), Verdict::Over(two)) => Verdict::Over(Ended {
            reversible: one.reversible || two.reversible,
            terminal: one.terminal || two.terminal,
        }),
        _ => Verdict::Unclear,
    }
}
