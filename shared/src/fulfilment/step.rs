//! What is next for an order: one pure function of its record and the time. The whole business is here and in
//! [`super::plan`]; everything else carries out what these say.

use std::time::Duration;

use super::derive;
use super::purchase::{Holder, Place};
use super::record::{Change, Done, Instance, Item, Kind, OrderRecord, Purchase, PurchaseState, Unknown};
use super::settings::Settings;
use crate::catalog::OnCancel;
use crate::ids::{ExternalId, SiteId};
use crate::time::Timestamp;
use crate::wix::Status;

/// When a purchase that nobody wants any more, and whose outcome is not known, is looked up: so long after it was sent.
const FAREWELLS: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
    Duration::from_secs(86_400),
];

/// When a reference that awaits an action is read again: so long after the last time.
const RECHECKS: [Duration; 5] = [
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
    Duration::from_secs(6 * 3_600),
    Duration::from_secs(86_400),
];

/// How many changes of instances are begun in one write.
const CHANGES_AT_ONCE: usize = 16;

/// One thing to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Create a package that was never asked for before.
    Create(Box<Purchase>),
    /// Look for a package before asking for it the first time: a lost record may have bought it already.
    LookFirst(Box<Purchase>),
    /// Send the stored request of a purchase (again): its absence is proven.
    Resend(usize),
    /// Look for the package of a purchase by its external ID.
    LookUp(usize),
    /// Read a package: what the record says of its instances may not be so.
    Read(Holder),
    /// Change instances, each as said.
    Change(Vec<(Place, Change, Option<SiteId>)>),
    /// Set the external ID of a purchase's package to the storefront's own reference.
    Tag(usize, ExternalId),
    /// Nothing before this time.
    Wait(Timestamp),
    /// Nothing: settled, but for what is in attention.
    Rest,
}

impl Step {
    /// Whether Wix is called.
    pub const fn is_call(&self) -> bool {
        match self {
            Self::Create(_) | Self::Resend(_) | Self::LookUp(_) | Self::Read(_) | Self::Change(_) | Self::Tag(..) => {
                true
            }
            Self::LookFirst(_) | Self::Wait(_) | Self::Rest => false,
        }
    }
}

/// What is next. Run `tidy` and [`super::plan::freeze`] first.
pub fn next_step(record: &OrderRecord, settings: &Settings, now: Timestamp) -> Step {
    if let Some(hold) = record.actual.hold.as_ref().filter(|hold| hold.until > now) {
        return Step::Wait(hold.until);
    }
    let mut wake = Wake(None);
    unread(record, now, &mut wake)
        .or_else(|| uncertain(record, settings, now, &mut wake))
        .or_else(|| changes(record, &[Change::Unassign, Change::Cancel]))
        .or_else(|| create(record, settings, Kind::Base, now))
        .or_else(|| create(record, settings, Kind::Voucher, now))
        .or_else(|| changes(record, &[Change::Assign]))
        .or_else(|| tag(record))
        .or_else(|| doubted(record, now, &mut wake))
        .or_else(|| recheck(record, now, &mut wake))
        .unwrap_or_else(|| wake.0.map_or(Step::Rest, Step::Wait))
}

/// The earliest time at which there is something to do.
struct Wake(Option<Timestamp>);

impl Wake {
    /// `true` when `at` has come; else it is remembered.
    fn due(&mut self, at: Timestamp, now: Timestamp) -> bool {
        if at <= now {
            return true;
        }
        self.0 = Some(self.0.map_or(at, |earliest| earliest.min(at)));
        false
    }
}

/// Moves that need no call: what was never sent and is not wanted is forgotten, what never appeared is dropped, and
/// what was dropped and is wanted again is looked for.
pub(crate) fn tidy(record: &mut OrderRecord, now: Timestamp) {
    let wanted: Vec<(bool, bool)> = record
        .actual
        .purchases
        .iter()
        .map(|purchase| {
            (
                record.wants_any(purchase),
                purchase.items.iter().all(|item| record.wants(*item)),
            )
        })
        .collect();
    let mut wanted = wanted.into_iter();
    record.actual.purchases.retain_mut(|purchase| {
        let (wanted, whole) = wanted.next().unwrap_or((true, true));
        match &mut purchase.state {
            // Never sent, so nothing binds: what is wanted by now is drafted anew.
            PurchaseState::Unknown(unknown) if unknown.sends == 0 && (!wanted || (unknown.empty > 0 && !whole)) => {
                false
            }
            PurchaseState::Unknown(unknown) if wanted => {
                if unknown.farewells > 0 {
                    unknown.farewells = 0;
                    unknown.look_at = now;
                }
                true
            }
            PurchaseState::Unknown(unknown) => {
                if usize::try_from(unknown.farewells).unwrap_or(usize::MAX) >= FAREWELLS.len() {
                    purchase.state = PurchaseState::Dropped {
                        earliest: unknown.earliest,
                    };
                }
                true
            }
            PurchaseState::Dropped { earliest } if wanted => {
                let earliest = *earliest;
                purchase.state = PurchaseState::Unknown(Unknown {
                    earliest,
                    send_before: now,
                    sends: 1,
                    renewed: false,
                    empty: 0,
                    farewells: 0,
                    look_at: now,
                    last: None,
                    put_off: None,
                });
                true
            }
            PurchaseState::Done(_)
            | PurchaseState::Refused(_)
            | PurchaseState::Ambiguous
            | PurchaseState::Dropped { .. } => true,
        }
    });
}

/// A package whose instances may be otherwise than the record says.
fn unread(record: &OrderRecord, now: Timestamp, wake: &mut Wake) -> Option<Step> {
    for (holder, _) in record.holders() {
        let Some(done) = record.held(holder).filter(|done| done.is_unread()) else {
            continue;
        };
        if wake.due(done.put_off.as_ref().map_or(now, |put_off| put_off.until), now) {
            return Some(Step::Read(holder));
        }
    }
    None
}

/// The purchases whose outcome is not known.
fn uncertain(record: &OrderRecord, settings: &Settings, now: Timestamp, wake: &mut Wake) -> Option<Step> {
    for (at, purchase) in record.actual.purchases.iter().enumerate() {
        let PurchaseState::Unknown(unknown) = &purchase.state else {
            continue;
        };
        if record.wants_any(purchase) {
            if unknown.is_absent(settings) {
                if unknown.may_send() {
                    return Some(Step::Resend(at));
                }
                // Attention: sent thrice, and it never appeared.
                continue;
            }
            let put_off = unknown.put_off.as_ref().map_or(now, |put_off| put_off.until);
            if wake.due(unknown.look_at.max(put_off), now) {
                return Some(Step::LookUp(at));
            }
        } else if let Some(after) = usize::try_from(unknown.farewells)
            .ok()
            .and_then(|count| FAREWELLS.get(count))
        {
            let put_off = unknown.put_off.as_ref().map_or(now, |put_off| put_off.until);
            if wake.due((unknown.send_before + *after).max(put_off), now) {
                return Some(Step::LookUp(at));
            }
        }
    }
    None
}

impl Unknown {
    /// Whether it is proven that nothing came of what was sent.
    pub(crate) fn is_absent(&self, settings: &Settings) -> bool {
        if !settings.guards.lookup {
            return true;
        }
        if self.sends == 0 {
            self.empty >= 1
        } else {
            self.empty >= 2
        }
    }

    /// Whether it may be sent (again) once its absence is proven: the same generation twice, a later one once.
    pub(crate) const fn may_send(&self) -> bool {
        !(self.renewed && self.sends >= 1)
    }

    /// From when on an empty lookup proves something.
    pub(crate) fn horizon(&self, settings: &Settings) -> Timestamp {
        if self.sends == 0 {
            Timestamp::EPOCH
        } else {
            self.send_before + settings.horizon()
        }
    }
}

fn create(record: &OrderRecord, settings: &Settings, kind: Kind, now: Timestamp) -> Option<Step> {
    let placed = record.desired.latest().map_or(now, |latest| latest.created_at);
    let late = settings.guards.lookup && record.desired.first_seen_late(settings.look_first_after);
    let purchase = Box::new(record.draft(kind, now, if late { placed } else { now })?);
    Some(if late {
        Step::LookFirst(purchase)
    } else {
        Step::Create(purchase)
    })
}

/// The changes that bring instances where they belong, voucher instances before the others.
fn changes(record: &OrderRecord, of: &[Change]) -> Option<Step> {
    let mut changes = Vec::new();
    for kind in [Kind::Voucher, Kind::Base] {
        for (holder, account) in record.holders() {
            let Some((purchase, done)) = record.purchase_of(holder).zip(record.held(holder)) else {
                continue;
            };
            if purchase.kind != kind || done.gone || done.read {
                continue;
            }
            for (at, instance) in done.instances.iter().enumerate() {
                let Some((change, site)) = needed(record, holder, purchase, at, instance) else {
                    continue;
                };
                if of.contains(&change) && !is_refused(record, instance, change) {
                    let place = Place {
                        holder,
                        at,
                        account: account.clone(),
                        instance: instance.id.clone(),
                    };
                    changes.push((place, change, site));
                    if changes.len() == CHANGES_AT_ONCE {
                        return Some(Step::Change(changes));
                    }
                }
            }
        }
        // One kind at a time: the voucher's instances are off the site before those that they name.
        if !changes.is_empty() {
            return Some(Step::Change(changes));
        }
    }
    None
}

impl OrderRecord {
    /// The purchase that a holder is, or that a surplus package was created for.
    pub(crate) fn purchase_of(&self, holder: Holder) -> Option<&Purchase> {
        match holder {
            Holder::Purchase(at) => self.actual.purchases.get(at),
            Holder::Surplus(at) => {
                let surplus = self.actual.surplus.get(at)?;
                self.actual
                    .purchases
                    .iter()
                    .find(|p| p.kind == surplus.kind && p.ordinal == surplus.ordinal)
            }
        }
    }

    /// The item that an instance stands for: of a surplus package, the purchase's first.
    pub(crate) fn item_of(&self, holder: Holder, purchase: &Purchase, at: usize) -> Option<Item> {
        match holder {
            Holder::Purchase(_) => purchase.items.get(at).copied(),
            Holder::Surplus(_) => purchase.items.first().copied(),
        }
    }
}

/// Where the unit's plan wants an instance to be.
pub(crate) fn planned_site(record: &OrderRecord, kind: Kind, item: Item) -> Option<&SiteId> {
    let component = record.component(item)?;
    match kind {
        Kind::Base => component.product.site_id.as_ref(),
        Kind::Voucher => component
            .voucher
            .as_ref()
            .and_then(|voucher| voucher.product.site_id.as_ref()),
    }
}

/// The change that an instance needs, with the site to assign to.
pub(crate) fn needed(
    record: &OrderRecord,
    holder: Holder,
    purchase: &Purchase,
    at: usize,
    instance: &Instance,
) -> Option<(Change, Option<SiteId>)> {
    if instance.ended() || instance.begun.is_some() {
        return None;
    }
    let item = record.item_of(holder, purchase, at)?;
    let wanted = match holder {
        Holder::Purchase(_) => record.wants(item) && !instance.given_up,
        Holder::Surplus(_) => record.wants_any(purchase),
    };
    if wanted {
        return match (holder, planned_site(record, purchase.kind, item)) {
            (Holder::Purchase(_), Some(site)) if instance.site.is_none() => Some((Change::Assign, Some(site.clone()))),
            (Holder::Purchase(_) | Holder::Surplus(_), _) => None,
        };
    }
    match record.component(item)?.on_cancel {
        OnCancel::Keep => None,
        OnCancel::Unassign => instance.site.is_some().then_some((Change::Unassign, None)),
        OnCancel::Cancel => Some((Change::Cancel, None)),
    }
}

/// Whether Wix refused this very change of the instance.
fn is_refused(record: &OrderRecord, instance: &Instance, change: Change) -> bool {
    let refusal = instance
        .refused
        .and_then(|at| record.actual.refusals.get(usize::try_from(at).ok()?));
    refusal.is_some_and(|refusal| refusal.operation == change.operation().as_str())
}

fn tag(record: &OrderRecord) -> Option<Step> {
    let reference = record.desired.latest()?.fields.external_id.as_deref()?.trim();
    // A package that may yet appear is found by the external ID that we derived, and by nothing else.
    let in_doubt = record
        .actual
        .purchases
        .iter()
        .any(|purchase| matches!(purchase.state, PurchaseState::Unknown(_)));
    if reference.is_empty() || in_doubt {
        return None;
    }
    for (at, purchase) in record.actual.purchases.iter().enumerate() {
        let PurchaseState::Done(done) = &purchase.state else {
            continue;
        };
        let Ok(tag) = derive::tag(reference, purchase.kind, purchase.ordinal) else {
            continue;
        };
        let refused = done
            .tag_refused
            .as_ref()
            .is_some_and(|(refused, _)| refused == tag.as_str());
        if !done.gone && !refused && done.tag.as_deref() != Some(tag.as_str()) {
            return Some(Step::Tag(at, tag));
        }
    }
    None
}

/// Packages of which a change may have taken effect since they were read.
fn doubted(record: &OrderRecord, now: Timestamp, wake: &mut Wake) -> Option<Step> {
    for (holder, _) in record.holders() {
        let doubt = record
            .held(holder)
            .filter(|done| !done.gone)
            .and_then(|done| done.doubt);
        if doubt.is_some_and(|until| wake.due(until, now)) {
            return Some(Step::Read(holder));
        }
    }
    None
}

/// References that are not ready for their voucher yet.
fn recheck(record: &OrderRecord, now: Timestamp, wake: &mut Wake) -> Option<Step> {
    let taken = record.taken(Kind::Voucher);
    for (at, purchase) in record.actual.purchases.iter().enumerate() {
        let PurchaseState::Done(done) = &purchase.state else {
            continue;
        };
        if purchase.kind != Kind::Base || done.gone {
            continue;
        }
        let waits = purchase.items.iter().zip(&done.instances).any(|(item, instance)| {
            let has_voucher = record
                .component(*item)
                .is_some_and(|component| component.voucher.is_some());
            has_voucher && awaits(instance) && record.wants(*item) && !taken.contains(item)
        });
        if waits && wake.due(next_recheck(done), now) {
            return Some(Step::Read(Holder::Purchase(at)));
        }
    }
    None
}

/// Whether an instance may yet become one that can be named.
fn awaits(instance: &Instance) -> bool {
    match instance.status {
        Status::AwaitingAction | Status::Unknown(_) => !instance.given_up,
        Status::Pending | Status::Enabled | Status::Canceled | Status::Failed => false,
    }
}

fn next_recheck(done: &Done) -> Timestamp {
    match &done.recheck {
        Some(recheck) => recheck.at,
        None => done.created_at + Duration::from_secs(60),
    }
}

/// When to read again after `count` times.
pub(crate) fn recheck_after(count: u32) -> Duration {
    let last = Duration::from_secs(86_400);
    usize::try_from(count)
        .ok()
        .and_then(|count| RECHECKS.get(count))
        .copied()
        .unwrap_or(last)
}

impl Change {
    /// The operation of Wix's that makes it.
    pub const fn operation(self) -> crate::wix::Operation {
        match self {
            Self::Assign => crate::wix::Operation::AssignProductInstance,
            Self::Unassign => crate::wix::Operation::UnassignProductInstance,
            Self::Cancel => crate::wix::Operation::CancelProductInstance,
        }
    }
}
