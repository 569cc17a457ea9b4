//! A package that exists, as far as the record knows: its instances, its reference, and whether it must be read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::compact::is_zero;
use super::instance::Decision;
use super::{Backoff, Change, Instance, InstanceRef, PurchaseId, RecordError, Refusal};
use crate::fulfilment::settings::Settings;
use crate::ids::{AccountId, InstanceId, PackageId, SiteId};
use crate::time::Timestamp;
use crate::wix::{Package, Status};

/// When a reference that awaits an action is read for the first time: so long after its creation.
const FIRST_WAITING_READ: Duration = Duration::from_secs(60);

/// How long after a read it is read again, the first times; later, once a day.
const WAITING_READS: [Duration; 3] = [
    Duration::from_secs(600),
    Duration::from_secs(3_600),
    Duration::from_secs(6 * 3_600),
];
const DAILY: Duration = Duration::from_secs(86_400);

/// A package that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPackage {
    #[serde(rename = "package")]
    pub(super) id: PackageId,
    pub(super) instances: Vec<Instance>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag_refused: Option<(String, Refusal)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    reads: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    needs_read: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recheck_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backoff: Option<Backoff>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replace: bool,
    /// The pause after a change that was not answered clearly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unclear_change: Option<Box<Backoff>>,
    /// The external ID whose setting was not answered clearly last, and the pause. It is kept when a later try of it is answered: the
    /// first one may still come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unclear_tag: Option<Box<(String, Backoff)>>,
}

/// A package that was created for a purchase and that no purchase holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    pub(super) of: PurchaseId,
    pub(super) account: AccountId,
    pub(super) held: HeldPackage,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) odd: bool,
}

impl Surplus {
    /// The purchase that it was created for.
    pub const fn of(&self) -> PurchaseId {
        self.of
    }

    /// The package.
    pub const fn held(&self) -> &HeldPackage {
        &self.held
    }

    /// Whether it is not what that purchase asks for, or the record has no such purchase: nobody knows which units it stands
    /// for, so it is never taken back with them.
    pub const fn is_odd(&self) -> bool {
        self.odd
    }
}

impl HeldPackage {
    /// A package that was found or answered, with its instances in the order of the purchase's items.
    pub(crate) fn new(package: &Package, instances: Vec<Instance>, now: Timestamp) -> Self {
        Self {
            id: package.id.clone(),
            instances,
            created_at: package.created_date.unwrap_or(now),
            tag: None,
            tag_refused: None,
            reads: 0,
            waiting_until: None,
            needs_read: false,
            recheck_at: None,
            gone: false,
            backoff: None,
            replace: false,
            unclear_change: None,
            unclear_tag: None,
        }
    }

    /// A package that no purchase holds, with all that it has.
    pub(crate) fn whole(package: &Package, now: Timestamp) -> Self {
        Self::new(
            package,
            package.product_instances.iter().map(Instance::shown).collect(),
            now,
        )
    }

    /// Its ID.
    pub const fn id(&self) -> &PackageId {
        &self.id
    }

    /// Its instances; a purchase's are in the order of its items.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// When it was created, as Wix says, or when the record heard of it.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The external ID that was set after the creation.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The tag that Wix refused, and why.
    pub const fn tag_refused(&self) -> Option<&(String, Refusal)> {
        self.tag_refused.as_ref()
    }

    /// How often it was read.
    pub const fn reads(&self) -> u32 {
        self.reads
    }

    /// When a reference that is not ready is read again.
    pub fn waiting_until(&self) -> Timestamp {
        self.waiting_until.unwrap_or(self.created_at + FIRST_WAITING_READ)
    }

    /// Whether a read was asked for.
    pub const fn needs_read(&self) -> bool {
        self.needs_read
    }

    /// When a change whose outcome was not known cannot take effect any more: it is read once again then.
    pub const fn recheck_at(&self) -> Option<Timestamp> {
        self.recheck_at
    }

    /// Whether a read did not find it.
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// The pause after a change that was not answered clearly.
    pub fn unclear_change(&self) -> Option<&Backoff> {
        self.unclear_change.as_deref()
    }

    /// The pause after this external ID could not be set clearly.
    pub fn unclear_tag(&self, tag: &str) -> Option<&Backoff> {
        let known = self.unclear_tag.as_deref().filter(|(known, _)| known == tag);
        known.map(|(_, backoff)| backoff)
    }

    /// When another external ID than this one was asked for last without a clear answer: it may still come.
    pub fn unclear_other_tag(&self, tag: &str) -> Option<Timestamp> {
        let other = self.unclear_tag.as_deref().filter(|(known, _)| known != tag);
        other.map(|(_, backoff)| backoff.last.at)
    }

    /// The pause after reads that failed.
    pub const fn backoff(&self) -> Option<&Backoff> {
        self.backoff.as_ref()
    }

    /// Whether anything of it costs money or can be used.
    pub fn is_alive(&self) -> bool {
        !self.gone && self.instances.iter().any(|instance| !instance.has_ended())
    }

    /// How many of its instances are alive, where any is.
    pub fn count_alive(&self) -> Option<u32> {
        let alive = self.instances.iter().filter(|instance| !instance.has_ended()).count();
        u32::try_from(alive).ok().filter(|alive| *alive > 0 && !self.gone)
    }

    /// Whether it must be read before anything is decided about its instances.
    pub fn is_unread(&self) -> bool {
        !self.gone && (self.needs_read || self.instances.iter().any(|instance| instance.begun.is_some()))
    }

    /// It is read before anything is decided about its instances.
    pub(crate) const fn must_be_read(&mut self) {
        self.needs_read = true;
    }

    /// What the record says of it may be wrong, even that it is gone; `true` when that is news.
    pub(crate) const fn doubt(&mut self) -> bool {
        let news = self.gone || !self.needs_read;
        self.gone = false;
        self.needs_read = true;
        news
    }

    /// Takes over what Get shows; the instances that have ended since. A change of unknown outcome that it does not
    /// show may still be on its way: it is read again when that cannot be any more.
    pub(crate) fn read(&mut self, package: &Package, settings: &Settings, now: Timestamp) -> Vec<InstanceId> {
        if self.instances.iter().any(|instance| instance.begun.is_some()) {
            self.recheck_at = Some(now + settings.change_horizon());
        } else if self.recheck_at.is_some_and(|until| until <= now) {
            self.recheck_at = None;
        }
        let mut ended = Vec::new();
        let horizon = settings.change_horizon();
        for instance in &mut self.instances {
            if instance.read(package.instance(&instance.id), horizon, now) {
                ended.push(instance.id.clone());
            }
        }
        let pause = usize::try_from(self.reads)
            .ok()
            .and_then(|reads| WAITING_READS.get(reads));
        self.reads += 1;
        self.waiting_until = Some(now + pause.copied().unwrap_or(DAILY));
        self.needs_read = false;
        self.backoff = None;
        ended
    }

    /// Get does not find it.
    pub(crate) fn lost(&mut self) {
        if !self.gone {
            // That it is gone is another problem than what was settled of it.
            let alive = self.instances.iter_mut().filter(|instance| !instance.has_ended());
            for instance in alive.filter(|instance| instance.is_closed()) {
                instance.decided = None;
            }
        }
        self.gone = true;
        self.needs_read = false;
        self.backoff = None;
        for instance in &mut self.instances {
            instance.begun = None;
        }
    }

    pub(crate) fn back_off(&mut self, last: Refusal, now: Timestamp) {
        self.backoff = Some(Backoff::after(self.backoff.as_ref(), last, now));
    }

    pub(super) fn instance_mut(&mut self, at: &InstanceRef) -> Result<&mut Instance, RecordError> {
        let found = self.instances.get_mut(at.at).filter(|instance| instance.id == at.id);
        found.ok_or_else(|| RecordError::UnknownInstance(at.id.clone()))
    }

    /// Begins a change of an instance; the number of its changes so far, this one included.
    pub(crate) fn begin_change(&mut self, at: &InstanceRef, change: Change) -> Result<u32, RecordError> {
        let instance = self.instance_mut(at)?;
        instance.changes += 1;
        instance.begun = Some(change);
        instance.unclear = instance.unclear.filter(|(known, _)| *known == change);
        if instance.is_closed() {
            instance.decided = None;
        }
        Ok(instance.changes)
    }

    /// A change that was begun was provably not sent, or its outcome will be read.
    pub(crate) fn forget_change(&mut self, at: &InstanceRef) -> Result<(), RecordError> {
        self.instance_mut(at)?.begun = None;
        Ok(())
    }

    /// Nobody knows whether a change was made: it stays begun, so that a read tells, and is sent again after a pause that
    /// grows with its own failures.
    pub(crate) fn change_unclear(
        &mut self,
        at: &InstanceRef,
        change: Change,
        last: Refusal,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        let before = instance.unclear(change);
        instance.unclear = Some((change, before.saturating_add(1)));
        self.unclear_change = Some(Box::new(Backoff::of_failures(before, last, now)));
        Ok(())
    }

    /// Nobody knows whether an external ID was set.
    pub(crate) fn tag_unclear(&mut self, tag: &str, last: Refusal, now: Timestamp) {
        let backoff = Backoff::after(self.unclear_tag(tag), last, now);
        self.unclear_tag = Some(Box::new((tag.to_owned(), backoff)));
    }

    /// Wix says that a change is made. The answer's statuses are not looked at: after a cancellation they still say
    /// `PENDING` (documented examples).
    pub(crate) fn changed(
        &mut self,
        at: &InstanceRef,
        change: Change,
        site: Option<&SiteId>,
    ) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        instance.refused = None;
        match change {
            Change::Assign => instance.site = site.cloned(),
            Change::Unassign => instance.site = None,
            Change::Cancel => instance.status = Status::Canceled,
            Change::Move | Change::Return | Change::Adjust => return self.shifted(at, change),
        }
        Ok(())
    }

    /// Wix refused a change: `refused` is where the refusal is kept. The instance may be canceled, gone, or elsewhere:
    /// then nothing was wrong, and a read shows it.
    pub(crate) fn change_refused(&mut self, at: &InstanceRef, refused: u32) -> Result<(), RecordError> {
        let instance = self.instance_mut(at)?;
        instance.begun = None;
        instance.refused = Some(refused);
        self.needs_read = true;
        Ok(())
    }

    /// Forgets what Wix refused, so that it is tried again, but for what a person has closed; whether such is left.
    pub(super) fn forget_refusals(&mut self) -> bool {
        let mut kept = false;
        for instance in self.instances.iter_mut().filter(|instance| instance.refused.is_some()) {
            if instance.is_closed() {
                kept = true;
            } else {
                instance.refused = None;
            }
        }
        self.instances.iter_mut().for_each(Instance::retry_shifts);
        kept
    }

    /// A person has settled the problem of these instances.
    pub(crate) fn close(&mut self, instances: &[usize]) {
        for at in instances {
            let Some(instance) = self.instances.get_mut(*at) else {
                continue;
            };
            if instance.decided.is_none() {
                instance.decided = Some(Decision::Closed);
            }
        }
    }

    /// The problem of this instance is another one than the one that a person has closed.
    pub(crate) fn reopen(&mut self, at: usize) {
        if let Some(instance) = self.instances.get_mut(at).filter(|instance| instance.is_closed()) {
            instance.decided = None;
        }
    }

    /// An operator's retry: it is read, and, where the operator asks for that, what the read shows to be over is replaced.
    /// Wix's support may have corrected it meanwhile, or somebody may have canceled what is alive as far as is known.
    pub(crate) fn retried(&mut self, replace: bool) {
        self.tag_refused = None;
        if let Some((_, backoff)) = self.unclear_tag.as_deref_mut() {
            // Its tries are counted from the beginning; what was sent may still come.
            backoff.failures = 0;
            backoff.until = backoff.last.at;
        }
        self.unclear_change = None;
        for instance in self.instances.iter_mut().filter(|instance| !instance.is_closed()) {
            instance.unclear = None;
        }
        self.waiting_until = None;
        self.reads = 0;
        self.backoff = None;
        if self.instances.iter().any(|instance| instance.decided.is_none()) {
            self.gone = false;
            self.needs_read = true;
            self.replace = replace;
        }
    }

    /// Whether the instances that are over are to be replaced; the question is answered once.
    pub(crate) const fn take_replace(&mut self) -> bool {
        std::mem::replace(&mut self.replace, false)
    }

    /// Gives an instance up: its unit is bought again.
    pub(crate) fn replace(&mut self, at: usize) {
        if let Some(instance) = self.instances.get_mut(at) {
            instance.decided = Some(Decision::Replaced);
        }
    }

    /// Instances keep the number of their changes, which is part of the next one's key, in any purchase.
    pub(crate) fn carry_changes(&mut self, before: &[Surplus]) {
        for instance in &mut self.instances {
            let mut known = before.iter().flat_map(|surplus| &surplus.held.instances);
            let known = known.find(|known| known.id == instance.id);
            instance.changes = instance.changes.max(known.map_or(0, |known| known.changes));
        }
    }

    /// Nobody knows which external ID it has while one is being set; the one that it had.
    pub(crate) const fn take_tag(&mut self) -> Option<String> {
        self.tag.take()
    }

    /// The external ID that it has now.
    pub(crate) fn set_tag(&mut self, tag: Option<String>) {
        self.tag = tag;
        self.tag_refused = None;
    }

    /// Wix does not take an external ID.
    pub(crate) fn refuse_tag(&mut self, tag: &str, refusal: Refusal) {
        self.tag_refused = Some((tag.to_owned(), refusal));
    }
}
