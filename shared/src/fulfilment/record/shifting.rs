//! The transitions of a move or an adjustment: begun, made, unclear, refused, read, and settled by a person.

use std::time::Duration;

use super::instance::Decision;
use super::shift::{Known, Sends};
use super::{Change, Goal, HeldPackage, Instance, InstanceRef, RecordError, Shift, Shifts, Spec};
use crate::time::Timestamp;
use crate::wix::ProductInstance;

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
        if change == Change::Move {
            // What was refused of it before was about where it was.
            self.refused = None;
        }
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
            if shift.is_on_its_way_back() {
                // On no site, or where somebody put it: as long as the call may take effect, it is not done with.
                if !shift.goal.is_back_in(shown) && now < shift.certain_from(horizon) {
                    continue;
                }
                shift.known = Known::Refused;
            }
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

    /// It was never adjusted as far as the record knows, and Wix may show something else than was bought.
    pub(super) fn hold_bought(&mut self, shown: &ProductInstance, bought: Spec) {
        if self.shifts.holds.is_none() && Spec::shown(shown, &bought).differs_from(&bought) {
            self.shifts.holds = Some(bought);
        }
    }

    /// It is over: there is nothing to be moved or adjusted.
    pub(super) fn forget_shifts(&mut self) {
        self.shifts.open.clear();
    }

    /// An operator's retry: what is stuck is tried again.
    pub(super) fn retry_shifts(&mut self) {
        self.shifts.open.retain(|shift| !shift.is_stuck());
        for shift in &mut self.shifts.open {
            shift.refused = None;
        }
    }

    /// A person has settled the shift of this kind, if it is stuck: the instance stays as it is until the plan has another
    /// target. What else Wix refused of it is another problem.
    ///
    /// An instance that floats since its move failed is settled as a whole: else the ordinary assignment would go on where
    /// the move was stopped, and closing would have called Wix.
    fn settle_shift(&mut self, change: Change) {
        let Some(shift) = self.shift(change).filter(|shift| shift.is_stuck()) else {
            return;
        };
        let (turn, refused) = (shift.turn, shift.refused);
        *self.shifts.reached(change) = turn;
        self.shifts.drop(change);
        if change == Change::Move && self.site.is_none() {
            self.decided = Some(Decision::Closed);
            self.refused = refused;
            if self.refused.is_none() {
                self.unclear = Some((Change::Assign, u32::MAX));
            }
        }
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
        if change == Change::Return {
            instance.changes += 1;
            if let Some(shift) = instance.shifts.find_mut(Change::Move) {
                shift.returned = true;
                shift.known = Known::InDoubt;
                shift.send_before = send_before;
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
            refused: None,
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
            if let Some(shift) = instance.shifts.find_mut(Change::Move) {
                shift.known = Known::Refused;
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
            shift.refused = refused.or(shift.refused);
        }
        Ok(())
    }

    /// Wix refused it. The one before may have taken effect, or the instance be elsewhere by now: a read shows it.
    pub(crate) fn shift_refused(&mut self, at: &InstanceRef, change: Change, refused: u32) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        if let Some(shift) = instance.shifts.find_mut(change) {
            shift.known = Known::Refused;
            shift.refused = Some(refused);
        }
        self.must_be_read();
        Ok(())
    }

    /// Drops a shift that is for no target of now, or whose unit is not wanted.
    pub(crate) fn drop_shift(&mut self, at: usize, change: Change) {
        if let Some(instance) = self.instances.get_mut(at) {
            instance.shifts.drop(change);
        }
    }

    /// A person has settled the shifts of this kind of these instances.
    pub(crate) fn settle_shifts(&mut self, instances: &[usize], change: Change) {
        for at in instances {
            if let Some(instance) = self.instances.get_mut(*at) {
                instance.settle_shift(change);
            }
        }
    }

    /// An instance is what its target says, without a call.
    pub(crate) fn reach(&mut self, at: usize, change: Change, turn: u32) {
        if let Some(instance) = self.instances.get_mut(at) {
            *instance.shifts.reached(change) = turn;
        }
    }
}
