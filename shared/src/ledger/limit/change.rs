//! The conditional updates of the item. [`Change::apply`] says what each of them means; DynamoDB's expressions say the
//! same, and the ledger's contract tests hold all ledgers to it.

use super::{Changed, Limit, Window};

/// A conditional update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Calls are taken. Many may take at the same time.
    Take(Take),
    /// The whole item is replaced, if it is the one that was seen.
    Put {
        /// The revision that was seen; `None`: there was no item.
        seen: Option<u64>,
        /// What it becomes; its revision is one more.
        item: Box<Limit>,
    },
}

/// Takes calls of a window, and opens it if need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// Of which window.
    pub window: Window,
    /// Which window is the latest that was opened.
    pub step: Step,
    /// The window is the first that is opened in its hour: what was bought before does not count any more.
    pub new_hour: bool,
    /// How many calls.
    pub calls: u32,
    /// How many calls of the window after it.
    pub ahead: u32,
    /// How many calls of the window must be left after that.
    pub leave: u32,
    /// How many paid units are bought with the calls. Where it is not 0, the brake must be off, and less than `most`
    /// units may have been bought in this hour.
    pub units: u32,
    /// How many paid units may be bought in an hour.
    pub most: u32,
    /// The configured limit, which must be the item's.
    pub top: u32,
    /// The item's home, which must be that.
    pub home: String,
}

/// Which window is the latest that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The very one of which calls are taken.
    Same,
    /// The one before it.
    Next,
    /// An earlier one.
    Later,
}

impl Step {
    /// From the window that was seen to the one that is wanted.
    pub const fn between(seen: Window, wanted: Window) -> Self {
        match wanted.after(seen) {
            ..=0 => Self::Same,
            1 => Self::Next,
            2.. => Self::Later,
        }
    }
}

impl Limit {
    /// How many calls of a window are left, and of the one after it, when it is the one that calls are taken of.
    pub const fn at(&self, step: Step) -> (u32, u32) {
        match step {
            Step::Same => (self.left, self.next),
            Step::Next => (self.next, self.cap),
            Step::Later => (self.cap, self.cap),
        }
    }
}

impl Take {
    /// The item after it; `None` where its condition does not hold.
    pub fn from(&self, seen: &Limit) -> Option<Limit> {
        let is_step = match self.step {
            Step::Same => seen.window == self.window,
            Step::Next => seen.window.plus(1) == self.window,
            Step::Later => seen.window.plus(1) < self.window,
        };
        let is_hour = self.step == Step::Same || self.new_hour == (seen.window < self.window.hour());
        let may_buy = self.units == 0 || (seen.braked.is_none() && (self.new_hour || seen.bought < self.most));
        let (left, next) = seen.at(self.step);
        let enough = left >= self.calls.saturating_add(self.leave) && next >= self.ahead;
        let is_ours = seen.home == self.home && seen.top == self.top && seen.paused.is_none();
        let before = if self.new_hour { 0 } else { seen.bought };
        (is_step && is_hour && may_buy && enough && is_ours).then(|| Limit {
            rev: seen.rev + 1,
            window: self.window,
            left: left.saturating_sub(self.calls),
            next: next.saturating_sub(self.ahead),
            bought: before.saturating_add(self.units),
            ..seen.clone()
        })
    }
}

impl Change {
    /// What becomes of the item, for the ledgers that compare by themselves.
    pub fn apply(&self, seen: Option<&Limit>) -> Changed {
        let item = match (self, seen) {
            (Self::Take(take), Some(seen)) => take.from(seen),
            (Self::Take(_), None) => None,
            (Self::Put { seen: wanted, item }, seen) => {
                (seen.map(|seen| seen.rev) == *wanted).then(|| Limit::clone(item))
            }
        };
        match item {
            Some(item) => Changed::Done(Box::new(item)),
            None => Changed::Refused(seen.cloned().map(Box::new)),
        }
    }
}
