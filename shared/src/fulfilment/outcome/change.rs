//! A change of an instance: begun with a key of its own, and what became of it.

use super::super::derive;
use super::super::purchase::Place;
use super::super::record::{Change, Instance, OrderRecord, PurchaseState, Refusal};
use crate::ids::{InstanceId, SiteId};
use crate::time::Timestamp;
use crate::wix::{Error, Failure};

impl OrderRecord {
    /// Begins changes of instances: each gets a key that no change of it had before.
    pub(crate) fn begin_changes(&mut self, changes: &[(Place, Change, Option<SiteId>)]) {
        for (place, change, _) in changes {
            if let Some(instance) = self.instance_mut(place) {
                instance.changes += 1;
                instance.begun = Some(*change);
            }
        }
    }

    /// The key of the change that was begun last.
    pub(crate) fn change_key(&self, place: &Place) -> Option<crate::ids::IdempotencyKey> {
        let instance = self.held(place.holder)?.instances.get(place.at)?;
        derive::operation_key(&instance.id, instance.changes)
    }

    fn instance_mut(&mut self, place: &Place) -> Option<&mut Instance> {
        self.held_mut(place.holder)?
            .instances
            .get_mut(place.at)
            .filter(|instance| instance.id == place.instance)
    }

    /// Notes a change that Wix says is made. Its statuses are not looked at: after a cancellation they still say
    /// `PENDING` (documented examples).
    pub(crate) fn note_changed(&mut self, place: &Place, change: Change, site: Option<&SiteId>) {
        let Some(instance) = self.instance_mut(place) else {
            return;
        };
        instance.begun = None;
        instance.refused = None;
        match change {
            Change::Assign => instance.site = site.cloned(),
            Change::Unassign => instance.site = None,
            Change::Cancel => {
                instance.status = crate::wix::Status::Canceled;
                self.reread_dependents(&place.instance);
            }
        }
    }

    /// What depends on an instance goes with it (documented), and nobody tells: a voucher that is alive, as far as the
    /// record knows, when its plan is over is read again.
    pub(super) fn reread_dependents(&mut self, over: &InstanceId) {
        for purchase in &mut self.actual.purchases {
            let PurchaseState::Done(done) = &mut purchase.state else {
                continue;
            };
            let mut named = purchase.references.iter().zip(&done.instances);
            done.read |= named.any(|(reference, instance)| reference == over && !instance.ended());
        }
    }

    /// Notes a change that was not made, or of which nobody knows.
    pub(crate) fn note_not_changed(&mut self, place: &Place, change: Change, error: &Error, now: Timestamp) {
        match error.failure() {
            // Get tells; until then the change stays begun.
            Failure::Unknown => {}
            Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                self.forget_change(place);
            }
            Failure::Rejected if change == Change::Unassign && error.code() == Some("MISSING_SITE_ID") => {
                // It floats already (inferred).
                self.note_changed(place, change, None);
            }
            Failure::Rejected => {
                let refused = self.refusal(Refusal::of(error, now));
                if let Some(instance) = self.instance_mut(place) {
                    instance.begun = None;
                    instance.refused = Some(refused);
                }
                // It may be canceled, gone, or elsewhere: then nothing was wrong.
                if let Some(done) = self.held_mut(place.holder) {
                    done.read = true;
                }
            }
        }
    }

    /// A change that was begun and provably not sent.
    pub(crate) fn forget_change(&mut self, place: &Place) {
        if let Some(instance) = self.instance_mut(place) {
            instance.begun = None;
        }
    }

    /// The index of a refusal, kept once for each operation and code.
    fn refusal(&mut self, refusal: Refusal) -> u32 {
        let same = |known: &Refusal| known.operation == refusal.operation && known.code == refusal.code;
        let at = self.actual.refusals.iter().position(same).unwrap_or_else(|| {
            self.actual.refusals.push(refusal);
            self.actual.refusals.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}
