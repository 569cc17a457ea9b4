//! A move of an instance to another site, or its adjustment to another product: what it leaves, what it is to become, and
//! how far the call has come.
//!
//! In doubt, Get decides. It shows the target: done. It shows anything else: no proof before the settle time is over;
//! then the same request goes out again with the same key, at most twice.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::instance::is_zero;
use super::{Change, Goal, HeldPackage, Instance, InstanceRef, RecordError, Spec};
use crate::time::Timestamp;
use crate::wix::ProductInstance;

/// How often the request was sent. Each stage is entered once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sends {
    /// Once.
    #[serde(rename = "1")]
    First,
    /// The same once more.
    #[serde(rename = "2")]
    Second,
    /// The same for the last time.
    #[serde(rename = "3")]
    Last,
}

impl Sends {
    const fn next(self) -> Option<Self> {
        match self {
            Self::First => Some(Self::Second),
            Self::Second => Some(Self::Last),
            Self::Last => None,
        }
    }
}

/// What is known of a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// It may have taken effect, or may yet.
    #[serde(rename = "d")]
    InDoubt,
    /// Nothing came of it: Get showed that when it could not take effect any more.
    #[serde(rename = "a")]
    Absent,
    /// Wix refused it.
    #[serde(rename = "r")]
    Refused,
}

/// A move or an adjustment that was begun and has not come to its goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    #[serde(rename = "g")]
    goal: Goal,
    /// The target of the plan that it is for, by its number.
    #[serde(rename = "u")]
    turn: u32,
    /// The number of the instance's changes that its key is derived from.
    #[serde(rename = "n")]
    count: u32,
    #[serde(rename = "b")]
    send_before: Timestamp,
    #[serde(rename = "s")]
    sends: Sends,
    #[serde(rename = "k")]
    known: Known,
    /// An instance that floated after it was assigned back to its old site once.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    returned: bool,
}

impl Shift {
    /// What it changes.
    pub const fn goal(&self) -> &Goal {
        &self.goal
    }

    /// The number of the target that it is for.
    pub const fn turn(&self) -> u32 {
        self.turn
    }

    /// Whether it may have taken effect, or may yet.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.known, Known::InDoubt)
    }

    /// Whether the same request is to be sent once more.
    pub const fn may_be_repeated(&self) -> bool {
        matches!(self.known, Known::Absent) && self.sends.next().is_some()
    }

    /// Whether it will not come to its goal by itself.
    pub const fn is_stuck(&self) -> bool {
        match self.known {
            Known::InDoubt => false,
            Known::Absent => self.sends.next().is_none(),
            Known::Refused => true,
        }
    }

    /// Whether its instance was assigned back to the old site already.
    pub const fn was_returned(&self) -> bool {
        self.returned
    }

    /// From when on Get proves that nothing came of it.
    pub(crate) fn certain_from(&self, horizon: Duration) -> Timestamp {
        self.send_before + horizon
    }
}

/// The targets that an instance has reached, and the shifts that have not reached theirs: at most one of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shifts {
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    holds: Option<Spec>,
    #[serde(rename = "m", default, skip_serializing_if = "is_zero")]
    moved: u32,
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    adjusted: u32,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<Shift>,
}

impl Shifts {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn reached(&mut self, change: Change) -> &mut u32 {
        if change == Change::Adjust {
            &mut self.adjusted
        } else {
            &mut self.moved
        }
    }

    fn drop(&mut self, change: Change) {
        self.open.retain(|shift| shift.goal.change() != change);
    }

    fn find_mut(&mut self, change: Change) -> Option<&mut Shift> {
        self.open.iter_mut().find(|shift| shift.goal.change() == change)
    }
}

impl Instance {
    /// What it is by Wix's last word, where it was adjusted; `None`: what was bought.
    pub const fn holds(&self) -> Option<&Spec> {
        self.shifts.holds.as_ref()
    }

    /// The open shift of this kind.
    pub fn shift(&self, change: Change) -> Option<&Shift> {
        self.shifts.open.iter().find(|shift| shift.goal.change() == change)
    }

    /// Every open shift.
    pub fn open_shifts(&self) -> &[Shift] {
        &self.shifts.open
    }

    /// The shift that is in doubt: while there is one, nothing else is decided about the instance.
    pub fn shift_in_doubt(&self) -> Option<&Shift> {
        self.shifts.open.iter().find(|shift| shift.is_in_doubt())
    }

    /// The number of the last target that it has reached, or that a person has settled.
    pub const fn reached(&self, change: Change) -> u32 {
        match change {
            Change::Adjust => self.shifts.adjusted,
            Change::Move | Change::Return | Change::Assign | Change::Unassign | Change::Cancel => self.shifts.moved,
        }
    }

    /// A shift has come to its goal.
    fn arrive(&mut self, change: Change) {
        let Some(shift) = self.shift(change).cloned() else {
            return;
        };
        match shift.goal {
            Goal::Site { to, .. } => self.site = Some(to),
            Goal::Product { to, .. } => self.shifts.holds = Some(to),
        }
        *self.shifts.reached(change) = shift.turn;
        self.shifts.drop(change);
        self.refused = None;
    }

    /// Takes over what a read shows of its shifts.
    pub(super) fn read_shifts(&mut self, shown: &ProductInstance, horizon: Duration, now: Timestamp) {
        for change in [Change::Move, Change::Adjust] {
            if let Some(Goal::Product { from, .. }) = self.shift(change).map(|shift| shift.goal.clone()) {
                self.shifts.holds.get_or_insert(from);
            }
            let Some(shift) = self.shifts.find_mut(change) else {
                continue;
            };
            if shift.goal.is_shown_by(shown) {
                self.arrive(change);
            } else if shift.is_in_doubt() && now >= shift.certain_from(horizon) {
                shift.known = Known::Absent;
            }
        }
        if let Some(before) = &self.shifts.holds {
            self.shifts.holds = Some(Spec::shown(shown, before));
        }
    }

    /// It is over: there is nothing to be moved or adjusted.
    pub(super) fn forget_shifts(&mut self) {
        self.shifts.open.clear();
    }

    /// An operator's retry: what is stuck is tried again.
    pub(super) fn retry_shifts(&mut self) {
        self.shifts.open.retain(|shift| !shift.is_stuck());
    }

    /// A person has settled what is stuck: it stays as it is until the plan has another target. `false`: nothing is.
    pub(super) fn settle_shifts(&mut self) -> bool {
        let stuck: Vec<(Change, u32)> = self
            .shifts
            .open
            .iter()
            .filter(|shift| shift.is_stuck())
            .map(|shift| (shift.goal.change(), shift.turn))
            .collect();
        for (change, turn) in &stuck {
            *self.shifts.reached(*change) = *turn;
            self.shifts.drop(*change);
            self.refused = None;
        }
        !stuck.is_empty()
    }
}

/// A shift that is begun: the number that its key is derived from, and what is restored if nothing was sent.
pub(crate) struct BegunShift {
    pub(crate) count: u32,
    pub(crate) before: Shifts,
}

impl HeldPackage {
    /// Begins a shift, or the same once more; [`Change::Return`]: assigns a floating instance back to the site that a
    /// move left.
    pub(crate) fn begin_shift(
        &mut self,
        at: &InstanceRef,
        change: Change,
        goal: Goal,
        turn: u32,
        send_before: Timestamp,
    ) -> Result<BegunShift, RecordError> {
        let instance = self.instance_mut(at)?;
        let before = instance.shifts.clone();
        instance.begun = Some(change);
        if instance.is_closed() {
            instance.decided = None;
        }
        if change == Change::Return {
            instance.changes += 1;
            if let Some(shift) = instance.shifts.find_mut(Change::Move) {
                shift.returned = true;
            }
            return Ok(BegunShift {
                count: instance.changes,
                before,
            });
        }
        let same = |shift: &&mut Shift| shift.may_be_repeated() && shift.goal == goal && shift.turn == turn;
        if let Some(shift) = instance.shifts.find_mut(change).filter(same)
            && let Some(next) = shift.sends.next()
        {
            shift.sends = next;
            shift.known = Known::InDoubt;
            shift.send_before = send_before;
            let count = shift.count;
            return Ok(BegunShift { count, before });
        }
        instance.changes += 1;
        let count = instance.changes;
        instance.shifts.drop(change);
        instance.shifts.open.push(Shift {
            goal,
            turn,
            count,
            send_before,
            sends: Sends::First,
            known: Known::InDoubt,
            returned: false,
        });
        Ok(BegunShift { count, before })
    }

    /// Nothing was sent: it is as it was before.
    pub(crate) fn undo_shift(&mut self, at: &InstanceRef, before: Shifts) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        instance.shifts = before;
        Ok(())
    }

    /// Wix says that it is made, and shows it.
    pub(crate) fn shifted(&mut self, at: &InstanceRef, change: Change) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        if change == Change::Return {
            if let Some(Goal::Site { from, .. }) = instance.shift(Change::Move).map(|shift| shift.goal.clone()) {
                instance.site = Some(from);
            }
        } else {
            instance.arrive(change);
        }
        Ok(())
    }

    /// Nobody knows whether it was made: it stays begun, and Get tells. The call is over, so that nothing of it is sent
    /// later than it was. `refused` is where the answer is kept for a person.
    pub(crate) fn shift_unclear(
        &mut self,
        at: &InstanceRef,
        change: Change,
        refused: Option<u32>,
        sent_at: Timestamp,
    ) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        if let Some(shift) = instance.shifts.find_mut(change) {
            shift.send_before = sent_at;
            instance.refused = refused.or(instance.refused);
        }
        Ok(())
    }

    /// Wix refused it. The one before may have taken effect, or the instance be elsewhere by now: a read shows it.
    pub(crate) fn shift_refused(&mut self, at: &InstanceRef, change: Change, refused: u32) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        if let Some(shift) = instance.shifts.find_mut(change) {
            shift.known = Known::Refused;
            instance.refused = Some(refused);
        }
        self.must_be_read();
        Ok(())
    }

    /// Drops a shift that is for no target of now, or whose unit is not wanted.
    pub(crate) fn drop_shift(&mut self, at: usize, change: Change) {
        if let Some(instance) = self.instances.get_mut(at) {
            instance.shifts.drop(change);
            instance.refused = None;
        }
    }

    /// An instance is what its target says, without a call.
    pub(crate) fn reach(&mut self, at: usize, change: Change, turn: u32) {
        if let Some(instance) = self.instances.get_mut(at) {
            *instance.shifts.reached(change) = turn;
        }
    }
}
