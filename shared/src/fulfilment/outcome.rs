//! What a call's outcome means for the record. Pure: a call is begun here before it is made, and its answer is noted
//! here after it, so that a crash between the two leaves a record that knows what it does not know.

use std::collections::HashSet;
use std::time::Duration;

use super::derive;
use super::plan::{Plan, Run};
use super::purchase::{self, Comparison, Holder, Place, instance_of, is_alive_reference};
use super::record::{
    Change, Done, Hold, Instance, Item, Kind, OrderRecord, Purchase, PurchaseState, PutOff, Recheck, Refusal, Retired,
    Surplus, Unknown,
};
use super::settings::Settings;
use super::step;
use crate::ids::SiteId;
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

/// An old order that the ledger does not know, and a package that has its reference.
pub(crate) const PERHAPS_BOUGHT_BEFORE: &str = "PERHAPS_BOUGHT_BEFORE";

/// How soon after a create of unknown outcome the first lookup is tried: finding it early saves the settle time, not
/// finding it says nothing yet.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Up to how many vouchers are bought one by one after Wix refused them together.
const MOST_APART: usize = 20;

/// After 429 where Wix names no time, and after 401: a minute, as Wix advises, less what it takes until the schedule
/// comes round again.
const THROTTLED: Duration = Duration::from_secs(50);

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

    pub(super) fn adopt(&mut self, at: usize, package: &Package, instances: Vec<Instance>, now: Timestamp) {
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
            Found::One(package, instances) => {
                self.adopt(at, &package, instances, looked_at);
                let Some(purchase) = self.facts.purchases.get(at) else {
                    return;
                };
                let before = self.forget_surplus(purchase.kind, purchase.ordinal);
                if let Some(done) = self.held_mut(Holder::Purchase(at)) {
                    carry_changes(done, &before);
                }
            }
            Found::Unclear(packages) => {
                let Some(purchase) = self.facts.purchases.get_mut(at) else {
                    return;
                };
                purchase.state = PurchaseState::Ambiguous;
                let (kind, ordinal, account) = (purchase.kind, purchase.ordinal, purchase.account.clone());
                let before = self.forget_surplus(kind, ordinal);
                for package in packages {
                    let mut done = purchase::whole(&package, looked_at);
                    carry_changes(&mut done, &before);
                    self.facts.surplus.push(Surplus {
                        kind,
                        ordinal,
                        account: account.clone(),
                        done,
                    });
                }
            }
            Found::PerhapsBefore => {
                if let Some(purchase) = self.facts.purchases.get_mut(at) {
                    purchase.state = PurchaseState::Refused(Refusal {
                        operation: crate::wix::Operation::QueryPackages.as_str().to_owned(),
                        code: PERHAPS_BOUGHT_BEFORE.to_owned(),
                        request_id: None,
                        at: looked_at,
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

    /// Takes the surplus packages of a purchase out of the record.
    fn forget_surplus(&mut self, kind: Kind, ordinal: u32) -> Vec<Surplus> {
        let (forgotten, kept) = std::mem::take(&mut self.facts.surplus)
            .into_iter()
            .partition(|surplus| surplus.kind == kind && surplus.ordinal == ordinal);
        self.facts.surplus = kept;
        forgotten
    }

    /// Notes a package that was read with Get. A change of unknown outcome that it does not show may still be on its
    /// way: it is read again when that cannot be any more.
    pub(crate) fn note_read(&mut self, holder: Holder, package: &Package, settings: &Settings, now: Timestamp) {
        let Some(done) = self.held_mut(holder) else { return };
        if done.instances.iter().any(|instance| instance.begun.is_some()) {
            done.doubt = Some(now + settings.horizon());
        } else if done.doubt.is_some_and(|until| until <= now) {
            done.doubt = None;
        }
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
        done.put_off = None;
        let count = done.recheck.as_ref().map_or(0, |recheck| recheck.count) + 1;
        done.recheck = Some(Recheck {
            count,
            at: now + step::recheck_after(count),
        });
        self.replace_ended(holder);
        self.replan_refused_vouchers();
    }

    /// Notes that Get does not find a package that was there.
    pub(crate) fn note_gone(&mut self, holder: Holder) {
        let Some(done) = self.held_mut(holder) else { return };
        done.gone = true;
        done.read = false;
        done.put_off = None;
        for instance in &mut done.instances {
            instance.begun = None;
        }
        self.replace_ended(holder);
        self.replan_refused_vouchers();
    }

    /// After an operator's retry: what the read showed to be over, and is wanted, is given up and bought anew, with the
    /// vouchers that name it.
    fn replace_ended(&mut self, holder: Holder) {
        let Holder::Purchase(at) = holder else { return };
        let Some(purchase) = self.facts.purchases.get(at) else {
            return;
        };
        let PurchaseState::Done(done) = &purchase.state else {
            return;
        };
        let over: Vec<bool> = purchase
            .items
            .iter()
            .zip(&done.instances)
            .map(|(item, instance)| done.replace && self.wants(*item) && (instance.ended() || done.gone))
            .collect();
        let kind = purchase.kind;
        let items: HashSet<Item> = purchase
            .items
            .iter()
            .zip(&over)
            .filter(|(_, over)| **over)
            .map(|(item, _)| *item)
            .collect();
        if let Some(done) = self.held_mut(holder) {
            done.replace = false;
            for (instance, over) in done.instances.iter_mut().zip(over) {
                instance.given_up |= over;
            }
        }
        if kind == Kind::Voucher {
            return;
        }
        for purchase in self
            .facts
            .purchases
            .iter_mut()
            .filter(|purchase| purchase.kind == Kind::Voucher)
        {
            if let PurchaseState::Done(done) = &mut purchase.state {
                let held = purchase.items.iter().zip(&mut done.instances);
                held.filter(|(item, _)| items.contains(item))
                    .for_each(|(_, instance)| instance.given_up = true);
            }
        }
    }

    /// A question about a purchase that Wix did not answer is put off; the rest of the order goes on.
    pub(crate) fn put_off(&mut self, asked: Asked, error: &Error, now: Timestamp) {
        let slot = match asked {
            Asked::Package(holder) => self.held_mut(holder).map(|done| &mut done.put_off),
            Asked::Purchase(at) => self
                .facts
                .purchases
                .get_mut(at)
                .and_then(|purchase| match &mut purchase.state {
                    PurchaseState::Unknown(unknown) => Some(&mut unknown.put_off),
                    PurchaseState::Done(_)
                    | PurchaseState::Refused(_)
                    | PurchaseState::Ambiguous
                    | PurchaseState::Dropped { .. } => None,
                }),
        };
        let Some(slot) = slot else { return };
        let failures = slot.as_ref().map_or(0, |put_off| put_off.failures);
        *slot = Some(PutOff {
            until: now + doubled(failures),
            failures: failures.saturating_add(1),
            last: Refusal::of(error, now),
        });
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
                let alive = self.instance(Kind::Base, *item).is_some_and(is_alive_reference);
                !alive || self.is_gone(Kind::Base, *item)
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

    /// Whether the package that holds an item's instance is not at Wix any more.
    pub(crate) fn is_gone(&self, kind: Kind, item: Item) -> bool {
        self.packages()
            .filter(|(purchase, done)| purchase.kind == kind && done.gone)
            .any(|(purchase, done)| {
                let mut held = purchase.items.iter().zip(&done.instances);
                held.any(|(held, instance)| *held == item && !instance.given_up)
            })
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
        let failures = self.facts.hold.as_ref().map_or(0, |hold| hold.failures);
        let (pause, failures) = match error.failure() {
            Failure::Throttled(after) => (after.unwrap_or(THROTTLED).max(Duration::from_secs(1)), failures),
            Failure::NotSent => (AWAY, failures),
            Failure::Unauthorized | Failure::Forbidden => (THROTTLED, failures),
            Failure::Unknown | Failure::Rejected => (doubled(failures), failures.saturating_add(1)),
        };
        let until = now + pause.min(Duration::from_secs(600));
        self.facts.hold = Some(Hold {
            until,
            failures,
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

/// Instances keep the number of their changes, which is part of the next one's key, whoever holds them.
fn carry_changes(done: &mut Done, before: &[Surplus]) {
    for instance in &mut done.instances {
        let known = before
            .iter()
            .flat_map(|surplus| &surplus.done.instances)
            .find(|known| known.id == instance.id);
        instance.changes = instance.changes.max(known.map_or(0, |known| known.changes));
    }
}

/// What a question was about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// A purchase, by its index: a lookup.
    Purchase(usize),
    /// A package: a read.
    Package(Holder),
}

/// The pause after so many failures: 5 s, doubled each time, at most 10 min.
fn doubled(failures: u32) -> Duration {
    Duration::from_secs(5)
        .saturating_mul(1 << failures.min(7))
        .min(Duration::from_secs(600))
}

/// What a lookup showed.
pub(crate) enum Found {
    /// Nothing of this purchase.
    Nothing,
    /// Exactly one package that fits, as Get shows it, with its instances in the purchase's order.
    One(Box<Package>, Vec<Instance>),
    /// Nothing by our own ID, and something by the storefront's reference, which need not be this order's.
    PerhapsBefore,
    /// Several that fit, or one that fits in part.
    Unclear(Vec<Package>),
}

/// The packages with a purchase's external ID that nothing of the order holds.
pub(crate) struct Shown {
    /// Those that may be the purchase's: of its account, and not older than it.
    pub(crate) candidates: Vec<Package>,
    /// Whether there are others. Nobody but us makes such an ID, so they are no proof of absence.
    pub(crate) others: bool,
}

impl OrderRecord {
    /// Sorts what a lookup showed.
    pub(crate) fn sort_shown(&self, at: usize, shown: Vec<Package>, settings: &Settings) -> Shown {
        let mut sorted = Shown {
            candidates: Vec::new(),
            others: false,
        };
        let Some(purchase) = self.facts.purchases.get(at) else {
            return sorted;
        };
        let PurchaseState::Unknown(Unknown { earliest, .. }) = &purchase.state else {
            return sorted;
        };
        let oldest = *earliest - settings.lease_skew;
        let sought = derive::external_id(&self.key, purchase.kind, purchase.ordinal);
        for package in shown {
            // A query that shows more than it was asked for: what names another ID was not made for this purchase.
            let named = package.external_id.as_deref();
            let is_anothers = named
                .zip(sought.as_ref())
                .is_some_and(|(named, sought)| !named.eq_ignore_ascii_case(sought.as_str()));
            if is_anothers && settings.guards.adoption_check {
                continue;
            }
            let held = self.packages().any(|(_, done)| done.package == package.id)
                || self.facts.surplus.iter().any(|surplus| {
                    let own = surplus.kind == purchase.kind && surplus.ordinal == purchase.ordinal;
                    surplus.done.package == package.id && !own
                });
            if held && settings.guards.one_package_one_purchase {
                continue;
            }
            let ours = package
                .account_id
                .as_ref()
                .is_none_or(|account| *account == purchase.account)
                && package.created_date.is_none_or(|created| created >= oldest);
            if ours || !settings.guards.adoption_check {
                sorted.candidates.push(package);
            } else {
                sorted.others |= package
                    .product_instances
                    .iter()
                    .any(|instance| !instance_of(instance).ended());
            }
        }
        sorted
    }
}
