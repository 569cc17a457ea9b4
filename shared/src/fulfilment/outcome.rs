//! What a call's outcome means for the record. Pure: a call is begun here before it is made, and its answer is noted
//! here after it, so that a crash between the two leaves a record that knows what it does not know.

use std::collections::HashSet;
use std::time::Duration;

use super::derive;
use super::plan::{Plan, Run};
use super::purchase::{self, Comparison, Holder, Place};
use super::record::{
    Change, Hold, Instance, Kind, OrderRecord, Purchase, PurchaseState, Recheck, Refusal, Retired, Surplus, Unknown,
};
use super::settings::Settings;
use super::step;
use crate::ids::{AccountId, PackageId, SiteId};
use crate::order::Version;
use crate::time::Timestamp;
use crate::wix::{CreatePackage, Error, Failure, Package};

/// Answers to a repeated create that a Wix which ignored the key gives *because the first one won*.
const FIRST_ONE_WON: [&str; 3] = [
    "PRODUCT_TYPE_ALREADY_ASSIGNED",
    "PRODUCT_LIMIT_EXCEEDED",
    "INVALID_REFERENCE_PRODUCT_INSTANCE_ID",
];

/// A voucher's reference is not valid, not alive, or used already (documented).
pub(crate) const INVALID_REFERENCE: &str = "INVALID_REFERENCE_PRODUCT_INSTANCE_ID";

/// How soon after a create of unknown outcome the first lookup is tried: finding it early saves the settle time, not
/// finding it says nothing yet.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Up to how many vouchers are bought one by one after Wix refused them together.
const MOST_APART: usize = 20;

/// Wix's advice after 429, where it names no time.
const THROTTLED: Duration = Duration::from_secs(60);

/// How soon a call that did not reach Wix is tried again.
const AWAY: Duration = Duration::from_secs(15);

impl Refusal {
    /// What an error says, for the one who must look into it. Wix's words are left out: they may name another account.
    pub(crate) fn of(error: &Error, now: Timestamp) -> Self {
        let code = match (error.code(), error.status()) {
            (Some(code), _) => code.to_owned(),
            (None, Some(status)) => match error.violations().first() {
                Some(violation) => format!("HTTP {status} {}", violation.field),
                None => format!("HTTP {status}"),
            },
            (None, None) => "no answer".to_owned(),
        };
        Self {
            operation: error.operation().as_str().to_owned(),
            code: code.chars().take(80).collect(),
            request_id: error.request_id().map(|id| id.chars().take(80).collect()),
            at: now,
        }
    }
}

impl OrderRecord {
    /// Begins a purchase; the index it got.
    pub(crate) fn begin_create(&mut self, mut purchase: Purchase, send_before: Timestamp) -> usize {
        if let PurchaseState::Unknown(unknown) = &mut purchase.state {
            unknown.send_before = send_before;
            unknown.sends = 1;
        }
        self.facts.purchases.push(purchase);
        self.facts.purchases.len() - 1
    }

    /// Begins a repetition: the same request with the same key, or, when that was tried, a later generation.
    pub(crate) fn begin_resend(&mut self, at: usize, send_before: Timestamp, now: Timestamp) {
        let Some(purchase) = self.facts.purchases.get_mut(at) else {
            return;
        };
        let PurchaseState::Unknown(unknown) = &mut purchase.state else {
            return;
        };
        if unknown.sends >= 2 {
            purchase.generation += 1;
            unknown.renewed = true;
            unknown.sends = 1;
        } else {
            unknown.sends += 1;
        }
        unknown.send_before = send_before;
        unknown.empty = 0;
        unknown.look_at = now;
    }

    /// Notes the answer to a create. `sent_at` is when it was sent; `before` is what the purchase was before it was
    /// begun, `None` for a first send. `true` when the package is ours.
    pub(crate) fn note_created(
        &mut self,
        at: usize,
        request: &CreatePackage,
        package: &Package,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let Some(purchase) = self.facts.purchases.get(at) else {
            return false;
        };
        let tagged = request.external_id.as_ref().map(|id| id.as_str());
        let same_id = package.external_id.is_none() || package.external_id.as_deref() == tagged;
        let comparison = self.compare(purchase, request, package);
        match comparison {
            Comparison::Fits(instances) if same_id && !self.knows(&package.id) => {
                self.adopt(at, package, instances, now);
                true
            }
            Comparison::Fits(_) | Comparison::Differs | Comparison::Foreign => {
                let odd = Error::unknown(crate::wix::Operation::CreatePackage, "another package was answered");
                let refusal = Refusal {
                    code: "ANOTHER_PACKAGE_ANSWERED".to_owned(),
                    ..Refusal::of(&odd, now)
                };
                self.stay_unknown(at, refusal, sent_at, now);
                false
            }
        }
    }

    fn adopt(&mut self, at: usize, package: &Package, instances: Vec<Instance>, now: Timestamp) {
        if let Some(purchase) = self.facts.purchases.get_mut(at) {
            purchase.state = PurchaseState::Done(purchase::done(package, instances, now));
        }
    }

    fn stay_unknown(&mut self, at: usize, last: Refusal, sent_at: Timestamp, now: Timestamp) {
        if let Some(purchase) = self.facts.purchases.get_mut(at)
            && let PurchaseState::Unknown(unknown) = &mut purchase.state
        {
            // The call is over: nothing of it can be sent later than it was.
            unknown.send_before = sent_at;
            unknown.look_at = now + FIRST_LOOK;
            unknown.last = Some(last);
        }
    }

    /// Puts a purchase back to what it was before it was begun: nothing of it reached Wix, or nothing was done.
    pub(crate) fn undo_begin(&mut self, at: usize, before: Option<Purchase>) {
        match before {
            Some(before) => {
                if let Some(purchase) = self.facts.purchases.get_mut(at) {
                    *purchase = before;
                }
            }
            None if at < self.facts.purchases.len() => {
                self.facts.purchases.remove(at);
            }
            None => {}
        }
    }

    /// Notes a create that failed.
    pub(crate) fn note_not_created(
        &mut self,
        at: usize,
        before: Option<Purchase>,
        error: &Error,
        sent_at: Timestamp,
        now: Timestamp,
    ) {
        let refusal = Refusal::of(error, now);
        match error.failure() {
            Failure::Unknown => self.stay_unknown(at, refusal, sent_at, now),
            Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                self.undo_begin(at, before);
            }
            Failure::Rejected => {
                let repeated = before.as_ref().is_some_and(|before| match &before.state {
                    PurchaseState::Unknown(unknown) => unknown.sends > 0,
                    PurchaseState::Done(_)
                    | PurchaseState::Refused(_)
                    | PurchaseState::Ambiguous
                    | PurchaseState::Dropped { .. } => false,
                });
                if repeated && FIRST_ONE_WON.contains(&refusal.code.as_str()) {
                    self.stay_unknown(at, refusal, sent_at, now);
                    return;
                }
                let Some(purchase) = self.facts.purchases.get_mut(at) else {
                    return;
                };
                let references = purchase.kind == Kind::Voucher && refusal.code == INVALID_REFERENCE;
                let (kind, ordinal, mixed) = (purchase.kind, purchase.ordinal, purchase.products.len() > 1);
                purchase.state = PurchaseState::Refused(refusal);
                if references {
                    self.reread_references(at);
                } else if mixed && !self.facts.products_apart {
                    self.facts.products_apart = true;
                    self.retire(kind, ordinal);
                }
            }
        }
    }

    /// Marks the packages that a voucher purchase's references are in to be read: one of them may be dead.
    fn reread_references(&mut self, at: usize) {
        let Some(purchase) = self.facts.purchases.get(at) else {
            return;
        };
        let items = purchase.items.clone();
        for purchase in self
            .facts
            .purchases
            .iter_mut()
            .filter(|purchase| purchase.kind == Kind::Base)
        {
            let named = purchase.items.iter().any(|item| items.contains(item));
            if let (true, PurchaseState::Done(done)) = (named, &mut purchase.state) {
                done.read = true;
            }
        }
    }

    /// Notes what a lookup showed; `read` is the package as Get shows it, where exactly one fitted.
    pub(crate) fn note_lookup(&mut self, at: usize, found: Found, settings: &Settings, looked_at: Timestamp) {
        match found {
            Found::One(package, instances) => self.adopt(at, &package, instances, looked_at),
            Found::Unclear(packages) => {
                let Some(purchase) = self.facts.purchases.get_mut(at) else {
                    return;
                };
                purchase.state = PurchaseState::Ambiguous;
                let (kind, ordinal, account) = (purchase.kind, purchase.ordinal, purchase.account.clone());
                for package in packages {
                    let done = purchase::whole(&package, looked_at);
                    self.facts.surplus.push(Surplus {
                        kind,
                        ordinal,
                        account: account.clone(),
                        done,
                    });
                }
            }
            Found::Nothing => {
                let wanted = self
                    .facts
                    .purchases
                    .get(at)
                    .is_some_and(|purchase| self.wants_any(purchase));
                let Some(purchase) = self.facts.purchases.get_mut(at) else {
                    return;
                };
                let PurchaseState::Unknown(unknown) = &mut purchase.state else {
                    return;
                };
                let horizon = unknown.horizon(settings);
                if looked_at >= horizon {
                    unknown.empty += 1;
                    unknown.look_at = looked_at + settings.lookup_gap();
                } else {
                    unknown.look_at = horizon;
                }
                if !wanted {
                    unknown.farewells += 1;
                }
            }
        }
    }

    /// Notes a package that was read with Get.
    pub(crate) fn note_read(&mut self, holder: Holder, package: &Package, now: Timestamp) {
        let Some(done) = self.held_mut(holder) else { return };
        for instance in &mut done.instances {
            match package.instance(&instance.id) {
                Some(shown) => {
                    instance.site.clone_from(&shown.site_id);
                    instance.status = purchase::short(shown.status.clone());
                }
                // Not in its package any more: as good as canceled.
                None => instance.status = crate::wix::Status::Canceled,
            }
            instance.begun = None;
        }
        done.read = false;
        let count = done.recheck.as_ref().map_or(0, |recheck| recheck.count) + 1;
        done.recheck = Some(Recheck {
            count,
            at: now + step::recheck_after(count),
        });
        self.replan_refused_vouchers();
    }

    /// Notes that Get does not find a package that was there.
    pub(crate) fn note_gone(&mut self, holder: Holder) {
        let Some(done) = self.held_mut(holder) else { return };
        done.gone = true;
        done.read = false;
        for instance in &mut done.instances {
            instance.begun = None;
        }
        self.replan_refused_vouchers();
    }

    /// A voucher purchase that was refused for its references is planned anew: without those that turned out to be
    /// dead, or, where all seem alive (one may have been used already), each apart.
    fn replan_refused_vouchers(&mut self) {
        let mut retired = Vec::new();
        let mut apart = self.facts.vouchers_apart;
        for purchase in self
            .facts
            .purchases
            .iter()
            .filter(|purchase| purchase.kind == Kind::Voucher)
        {
            let PurchaseState::Refused(refusal) = &purchase.state else {
                continue;
            };
            let dead = purchase.items.iter().any(|item| {
                self.instance(Kind::Base, *item).is_none_or(Instance::ended) || self.is_gone(Kind::Base, *item)
            });
            let several = (2..=MOST_APART).contains(&purchase.items.len());
            if refusal.code == INVALID_REFERENCE && (dead || several) {
                apart |= !dead;
                retired.push((purchase.kind, purchase.ordinal));
            }
        }
        self.facts.vouchers_apart = apart;
        for (kind, ordinal) in retired {
            self.retire(kind, ordinal);
        }
    }

    fn is_gone(&self, kind: Kind, item: super::record::Item) -> bool {
        self.packages()
            .any(|(purchase, done)| purchase.kind == kind && done.gone && purchase.items.contains(&item))
    }

    /// Forgets a purchase that was plainly refused, so that its items are planned anew under a later generation.
    pub(crate) fn retire(&mut self, kind: Kind, ordinal: u32) {
        if let Some(at) = self
            .facts
            .purchases
            .iter()
            .position(|p| p.kind == kind && p.ordinal == ordinal)
        {
            let purchase = self.facts.purchases.remove(at);
            self.facts
                .retired
                .retain(|retired| retired.kind != kind || retired.ordinal != ordinal);
            self.facts.retired.push(Retired {
                kind,
                ordinal,
                generation: purchase.generation,
            });
        }
    }

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
            Change::Cancel => instance.status = crate::wix::Status::Canceled,
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
        let at = self.facts.refusals.iter().position(same).unwrap_or_else(|| {
            self.facts.refusals.push(refusal);
            self.facts.refusals.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// Notes what became of a tag.
    pub(crate) fn note_tag(&mut self, at: usize, tag: &str, result: Result<(), &Error>, now: Timestamp) {
        let Some(done) = self.held_mut(Holder::Purchase(at)) else {
            return;
        };
        match result {
            Ok(()) => {
                done.tag = Some(tag.to_owned());
                done.tag_refused = None;
            }
            Err(error) => match error.failure() {
                Failure::Rejected => done.tag_refused = Some((tag.to_owned(), Refusal::of(error, now))),
                Failure::Unknown
                | Failure::NotSent
                | Failure::Throttled(_)
                | Failure::Unauthorized
                | Failure::Forbidden => {}
            },
        }
    }

    /// Holds every call of this order back for a while, longer each time. What fails for every order alike is not
    /// counted: it is no problem of this one.
    pub(crate) fn hold(&mut self, error: &Error, now: Timestamp) {
        let (failures, refused) = self
            .facts
            .hold
            .as_ref()
            .map_or((0, 0), |hold| (hold.failures, hold.refused));
        let doubled = Duration::from_secs(5).saturating_mul(1 << failures.min(7));
        let (pause, failures, refused) = match error.failure() {
            Failure::Throttled(after) => (
                after.unwrap_or(THROTTLED).max(Duration::from_secs(1)),
                failures,
                refused,
            ),
            Failure::NotSent => (AWAY, failures, refused),
            Failure::Unauthorized | Failure::Forbidden => (THROTTLED, failures, refused),
            Failure::Unknown => (doubled, failures.saturating_add(1), refused),
            Failure::Rejected => (doubled, failures.saturating_add(1), refused.saturating_add(1)),
        };
        let until = now + pause.min(Duration::from_secs(600));
        self.facts.hold = Some(Hold {
            until,
            failures,
            refused,
            last: Refusal::of(error, now),
        });
    }

    /// Every plan of a unit of which nothing was begun or bought is resolved anew, from today's catalog.
    pub(crate) fn replan_unbought(&mut self) {
        let Some(latest) = &self.wishes.latest else { return };
        // Older than any snapshot, so that it counts as decided on another one.
        let version = Version {
            time: Timestamp::EPOCH,
            ..latest.version.clone()
        };
        let stale = Plan::Refused {
            advice: "to be planned anew".to_owned(),
            version,
        };
        let bought: HashSet<(u32, u32)> = self
            .taken(Kind::Base)
            .into_iter()
            .map(|item| (item.0, item.1))
            .collect();
        for (index, line) in (0_u32..).zip(&mut self.facts.lines) {
            let mut unit = 0_u32;
            let mut runs: Vec<Run> = Vec::new();
            for run in std::mem::take(&mut line.runs) {
                let units = unit + 1..=unit.saturating_add(run.count);
                unit = unit.saturating_add(run.count);
                // Only units with a plan to buy are counted one by one: others can be very many.
                let Plan::Buy(_) = run.plan else {
                    runs.push(Run {
                        count: run.count,
                        plan: stale.clone(),
                    });
                    continue;
                };
                for unit in units {
                    let plan = if bought.contains(&(index, unit)) {
                        &run.plan
                    } else {
                        &stale
                    };
                    match runs.last_mut().filter(|last| last.plan == *plan) {
                        Some(last) => last.count += 1,
                        None => runs.push(Run {
                            count: 1,
                            plan: plan.clone(),
                        }),
                    }
                }
            }
            line.runs = runs;
        }
    }
}

/// What becomes of a package that carries an external ID of the order and that the record did not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// The record knows it by now.
    Known,
    /// The order is at work on what the package may belong to.
    Later,
    /// It is what a purchase of unknown outcome made: adopted, or to be looked up and adopted.
    Found,
    /// It is there beside what the record has.
    Surplus,
    /// It belongs to another account than the purchase: somebody else uses the same IDs.
    Foreign,
}

impl Stray {
    /// Whether the record was changed.
    pub(crate) const fn changes(self) -> bool {
        match self {
            Self::Found | Self::Surplus => true,
            Self::Known | Self::Later | Self::Foreign => false,
        }
    }
}

impl OrderRecord {
    /// Marks packages to be read before anything is decided about them; `true` when that changed anything.
    pub(crate) fn doubt(&mut self, packages: &[PackageId]) -> bool {
        let mut changed = false;
        for (holder, _) in self.holders() {
            if let Some(done) = self.held_mut(holder)
                && packages.contains(&done.package)
            {
                changed |= done.gone || !done.read;
                (done.gone, done.read) = (false, true);
            }
        }
        changed
    }

    /// Notes a package, as Get shows it, that carries the external ID of this kind and ordinal and belongs to
    /// `account`. What of it is not wanted is taken back like everything else of the order.
    pub(crate) fn note_stray(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        settings: &Settings,
        now: Timestamp,
    ) -> Stray {
        if self.knows(&package.id) {
            return Stray::Known;
        }
        let mut purchases = self.facts.purchases.iter();
        let Some(at) = purchases.position(|known| known.kind == kind && known.ordinal == ordinal) else {
            return self.note_stray_without_purchase(kind, ordinal, account, package, now);
        };
        let Some(purchase) = self.facts.purchases.get(at).cloned() else {
            return Stray::Later;
        };
        if purchase.account != *account {
            return Stray::Foreign;
        }
        let wanted = self.wants_any(&purchase);
        match &purchase.state {
            PurchaseState::Unknown(_) if wanted => {
                // The lookup sees whether it is the only one.
                if let Some(PurchaseState::Unknown(unknown)) = self.facts.purchases.get_mut(at).map(|p| &mut p.state) {
                    unknown.empty = 0;
                    unknown.look_at = now;
                }
                return Stray::Found;
            }
            // Tidying looks for it as soon as the order is taken up.
            PurchaseState::Dropped { .. } if wanted => return Stray::Found,
            // Nobody will look for it any more, or not before a day has passed: it is taken back from here.
            PurchaseState::Unknown(_) => {
                let fits = self.candidates(at, vec![package.clone()], settings).pop();
                if let (Some(package), Some(request)) = (fits, self.request(&purchase))
                    && let Comparison::Fits(instances) = self.compare(&purchase, &request, &package)
                {
                    self.adopt(at, &package, instances, now);
                    return Stray::Found;
                }
            }
            PurchaseState::Done(_)
            | PurchaseState::Refused(_)
            | PurchaseState::Ambiguous
            | PurchaseState::Dropped { .. } => {}
        }
        self.add_surplus(kind, ordinal, account, package, now)
    }

    /// The record has no such purchase: it was restored from an older one, or somebody else uses the same IDs.
    fn note_stray_without_purchase(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        now: Timestamp,
    ) -> Stray {
        let earliest = package.created_date.unwrap_or(Timestamp::EPOCH);
        match self.draft(kind, now, earliest) {
            // It is what the order would buy next: look for it first.
            Some(draft) if draft.ordinal == ordinal && draft.account == *account => {
                self.facts.purchases.push(draft);
                Stray::Found
            }
            Some(_) => Stray::Later,
            None if self.facts.lines.is_empty() => Stray::Later,
            None => self.add_surplus(kind, ordinal, account, package, now),
        }
    }

    fn add_surplus(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        now: Timestamp,
    ) -> Stray {
        self.facts.surplus.push(Surplus {
            kind,
            ordinal,
            account: account.clone(),
            done: purchase::whole(package, now),
        });
        Stray::Surplus
    }
}

/// What a lookup showed.
pub(crate) enum Found {
    /// Nothing of this purchase.
    Nothing,
    /// Exactly one package that fits, as Get shows it, with its instances in the purchase's order.
    One(Box<Package>, Vec<Instance>),
    /// Several that fit, or one that fits in part.
    Unclear(Vec<Package>),
}

impl OrderRecord {
    /// Which of the packages with its external ID may be a purchase's: of its account, not older than it, and held by
    /// no other.
    pub(crate) fn candidates(&self, at: usize, shown: Vec<Package>, settings: &Settings) -> Vec<Package> {
        let Some(purchase) = self.facts.purchases.get(at) else {
            return Vec::new();
        };
        let PurchaseState::Unknown(Unknown { earliest, .. }) = &purchase.state else {
            return Vec::new();
        };
        let oldest = *earliest - settings.lease_skew;
        shown
            .into_iter()
            .filter(|package| !settings.guards.one_package_one_purchase || !self.knows(&package.id))
            .filter(|package| {
                !settings.guards.adoption_check
                    || (package
                        .account_id
                        .as_ref()
                        .is_none_or(|account| *account == purchase.account)
                        && package.created_date.is_none_or(|created| created >= oldest))
            })
            .collect()
    }
}
