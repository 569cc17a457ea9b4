//! A create: begun, and what its answer, or the lack of one, makes of the purchase. What was refused is planned anew here,
//! too, by a retry or apart.

use std::collections::HashSet;
use std::time::Duration;

use super::super::plan::{Plan, Run};
use super::super::purchase::{self, Comparison, is_alive_reference};
use super::super::record::{Instance, Kind, OrderRecord, Purchase, PurchaseState, Refusal, Retired};
use super::INVALID_REFERENCE;
use crate::order::Version;
use crate::time::Timestamp;
use crate::wix::{CreatePackage, Error, Failure, Package};

/// Answers to a repeated create that a Wix which ignored the key gives *because the first one won*.
const FIRST_ONE_WON: [&str; 3] = [
    "PRODUCT_TYPE_ALREADY_ASSIGNED",
    "PRODUCT_LIMIT_EXCEEDED",
    "INVALID_REFERENCE_PRODUCT_INSTANCE_ID",
];

/// How soon after a create of unknown outcome the first lookup is tried: finding it early saves the settle time, not
/// finding it says nothing yet.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Up to how many vouchers are bought one by one after Wix refused them together.
const MOST_APART: usize = 20;

impl OrderRecord {
    /// Begins a purchase; the index it got.
    pub(crate) fn begin_create(&mut self, mut purchase: Purchase, send_before: Timestamp) -> usize {
        if let PurchaseState::Unknown(unknown) = &mut purchase.state {
            unknown.send_before = send_before;
            unknown.sends = 1;
        }
        self.actual.purchases.push(purchase);
        self.actual.purchases.len() - 1
    }

    /// Begins a repetition: the same request with the same key, or, when that was tried, a later generation.
    pub(crate) fn begin_resend(&mut self, at: usize, send_before: Timestamp, now: Timestamp) {
        let Some(purchase) = self.actual.purchases.get_mut(at) else {
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
        let Some(purchase) = self.actual.purchases.get(at) else {
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

    pub(in crate::fulfilment) fn adopt(
        &mut self,
        at: usize,
        package: &Package,
        instances: Vec<Instance>,
        now: Timestamp,
    ) {
        if let Some(purchase) = self.actual.purchases.get_mut(at) {
            purchase.state = PurchaseState::Done(purchase::done(package, instances, now));
        }
    }

    fn stay_unknown(&mut self, at: usize, last: Refusal, sent_at: Timestamp, now: Timestamp) {
        if let Some(purchase) = self.actual.purchases.get_mut(at)
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
                if let Some(purchase) = self.actual.purchases.get_mut(at) {
                    *purchase = before;
                }
            }
            None if at < self.actual.purchases.len() => {
                self.actual.purchases.remove(at);
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
                let Some(purchase) = self.actual.purchases.get_mut(at) else {
                    return;
                };
                let references = purchase.kind == Kind::Voucher && refusal.code == INVALID_REFERENCE;
                let (kind, ordinal, mixed) = (purchase.kind, purchase.ordinal, purchase.products.len() > 1);
                purchase.state = PurchaseState::Refused(refusal);
                if references {
                    self.reread_references(at);
                } else if mixed && !self.actual.products_apart {
                    self.actual.products_apart = true;
                    self.retire(kind, ordinal);
                }
            }
        }
    }

    /// Marks the packages that a voucher purchase's references are in to be read: one of them may be dead.
    fn reread_references(&mut self, at: usize) {
        let Some(purchase) = self.actual.purchases.get(at) else {
            return;
        };
        let items = purchase.items.clone();
        for purchase in self
            .actual
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

    /// A voucher purchase that was refused for its references is planned anew: without those that turned out to be
    /// dead, or, where all seem alive (one may have been used already), each apart.
    pub(super) fn replan_refused_vouchers(&mut self) {
        let mut retired = Vec::new();
        let mut apart = self.actual.vouchers_apart;
        for purchase in self
            .actual
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
        self.actual.vouchers_apart = apart;
        for (kind, ordinal) in retired {
            self.retire(kind, ordinal);
        }
    }

    /// Forgets a purchase that was plainly refused, so that its items are planned anew under a later generation.
    pub(crate) fn retire(&mut self, kind: Kind, ordinal: u32) {
        if let Some(at) = self
            .actual
            .purchases
            .iter()
            .position(|p| p.kind == kind && p.ordinal == ordinal)
        {
            let purchase = self.actual.purchases.remove(at);
            self.actual
                .retired
                .retain(|retired| retired.kind != kind || retired.ordinal != ordinal);
            self.actual.retired.push(Retired {
                kind,
                ordinal,
                generation: purchase.generation,
            });
        }
    }

    /// Every plan of a unit of which nothing was begun or bought is resolved anew, from today's catalog.
    pub(crate) fn replan_unbought(&mut self) {
        let Some(latest) = self.desired.latest() else { return };
        // Older than any snapshot, so that it counts as decided on another one.
        let version = Version {
            time: Timestamp::EPOCH,
            ..latest.version
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
        for (index, line) in (0_u32..).zip(&mut self.actual.lines) {
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
