//! The order record: the desired and the actual state of one order, as the ledger keeps them.
//!
//! Fields are private to this module. What changes a record is a method here that checks the transition, and the files
//! of [`super::calls`] call it. What can be derived (attention, the next step) is not stored.
//!
//! - [`attempt`] a purchase's life; [`purchase`] what a purchase is for and asks for;
//! - [`package`] and [`instance`] what exists at Wix; [`change`] what Wix is asked for, [`shift`] a move or an adjustment; [`plan`] what is bought
//!   for a unit;
//! - [`history`] what happened, in short lines;
//! - [`derive`](mod@derive) keys and external IDs; [`entitled`] which units may be bought, and which are kept; [`closing`] what a person has settled.

pub mod attempt;
pub mod change;
pub mod closing;
mod compact;
pub mod derive;
pub mod entitled;
pub mod erased;
pub mod error;
pub mod goal;
pub mod history;
mod holdings;
pub mod ids;
pub mod instance;
pub mod package;
pub mod plan;
pub mod purchase;
pub mod refusal;
pub mod shift;
mod shifting;
mod stored;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::desired::{Desired, Policy};
use crate::order::{OrderEvent, OrderKey, Statement};
use crate::time::Timestamp;

pub use attempt::{Absence, Attempt, InDoubt, Stage};
pub use change::Change;
pub use closing::{Closing, ProblemId};
pub use entitled::Entitled;
pub(crate) use entitled::{entitlements, next_change};
pub use error::RecordError;
pub use goal::{Goal, Spec};
pub use history::{Happened, History};
pub use ids::{Holder, Item, Kind, PurchaseId};
pub use instance::{Instance, InstanceRef};
pub use package::{HeldPackage, Surplus};
pub use plan::{ComponentPlan, Line, NotOurs, Plan, PlannedUnits, Unplannable, VoucherPlan};
pub use purchase::{Draft, ProductRun, Purchase};
pub(crate) use refusal::STUCK;
pub use refusal::{Backoff, Refusal};
pub use shift::Shift;
pub(crate) use shift::Shifts;
pub use stored::{InvalidRecord, RECORD_SCHEMA};

/// Everything that is known of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    schema: u32,
    key: OrderKey,
    desired: Desired,
    #[serde(default)]
    actual: Actual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "History::is_empty")]
    history: History,
    /// Since when it is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsettled_since: Option<Timestamp>,
    /// Its data was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<erased::Erased>,
}

/// The right to write the actual state until a time. Together with the ledger's revision it is the fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// One invocation's ID.
    pub owner: String,
    /// When another worker may take over: the invocation's deadline plus the clocks' skew.
    pub until: Timestamp,
}

/// What was done at Wix for an order, and what an operator decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Actual {
    /// The lines whose units could once be bought, with the plans that were frozen then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<Line>,
    /// Every Create Package call that was begun and not proven to have had no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    purchases: Vec<Purchase>,
    /// The last generation of IDs whose purchase was refused and forgotten: the next one needs another key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    retired: BTreeMap<PurchaseId, u32>,
    /// Packages that were created for a purchase and that no purchase holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    surplus: Vec<Surplus>,
    /// What Wix refused in changes; instances point here, so that one problem is kept once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<Refusal>,
    /// Nothing is called before this time: Wix was away, or asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<Backoff>,
    /// Problems that a person has settled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    closed: BTreeMap<ProblemId, Closing>,
    /// What an operator allowed, and what Wix's refusals taught.
    #[serde(default, skip_serializing_if = "Switches::is_default")]
    switches: Switches,
    /// The lines that are not planned are none of our business: so it was when the order was decided on last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unplanned_not_ours: bool,
    /// The catalog's policies when the order was decided on last: what is shown in between follows the same ones.
    #[serde(default)]
    policy: Policy,
    /// The last restore of the ledger after which the packages are read before anything is decided about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_after: Option<Timestamp>,
}

/// Rules of one order that differ from the ordinary ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is independent of the others, and off in an ordinary order"
)]
pub struct Switches {
    /// Wix refused a package of several products: from then on each product is bought apart, so that one does not hold
    /// up the others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub products_apart: bool,
    /// Wix refused a voucher package for one of several references: from then on each voucher is bought apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub vouchers_apart: bool,
    /// An operator retried: what was not bought is resolved from today's catalog at the next decision.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replan: bool,
    /// An operator released the order: `not_before` does not hold its lines back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// An operator erases the order: Wix's external IDs are set back first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erasing: bool,
    /// An operator retried after a package with the storefront's reference was found: it is not this order's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reference_is_anothers: bool,
}

impl Switches {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl OrderRecord {
    /// An order of which nothing is known yet.
    pub fn new(key: OrderKey) -> Self {
        Self {
            schema: stored::FIRST_SCHEMA,
            key,
            desired: Desired::default(),
            actual: Actual::default(),
            lease: None,
            history: History::default(),
            unsettled_since: None,
            erased: None,
        }
    }

    /// Which order it is.
    pub const fn key(&self) -> &OrderKey {
        &self.key
    }

    /// What the storefront said.
    pub const fn desired(&self) -> &Desired {
        &self.desired
    }

    /// The storefront's own reference of the order, if it has one.
    pub fn reference(&self) -> Option<&str> {
        self.desired.reference()
    }

    /// Merges what an event says; `true` when that changed anything that counts. Commutative, associative, idempotent.
    pub fn apply(&mut self, event: &OrderEvent) -> bool {
        if self.erased.is_some() {
            return false;
        }
        let changed = self.desired.apply(event);
        if changed && !matches!(event.says, Statement::Told(_)) {
            self.history.note(event.received_at, event.says.in_words());
        }
        changed
    }

    /// What would not fit is left out as a whole, and noted: from then on nothing is bought and nothing is taken back. `true`
    /// when that is news.
    pub(crate) fn refuse_more(&mut self, at: Timestamp) -> bool {
        if self.erased.is_some() {
            return false;
        }
        let is_news = self.desired.refuse_more();
        if is_news {
            self.history = History::default();
            self.history
                .note(at, "not taken in: the record has no room for what was delivered");
        }
        is_news
    }

    /// Since when something is to be done for it and was not.
    pub const fn unsettled_since(&self) -> Option<Timestamp> {
        self.unsettled_since
    }

    /// Keeps since when it is unsettled, until it is settled. A pause or a failure puts off when it is taken up, and not this.
    pub(crate) fn set_unsettled(&mut self, is_unsettled: bool, now: Timestamp) {
        self.unsettled_since = is_unsettled.then(|| self.unsettled_since.unwrap_or(now));
    }

    /// What happened, in short lines.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Adds a line to what happened: a few words without personal data.
    pub(crate) fn note(&mut self, at: Timestamp, what: &str) {
        self.history.note(at, what);
    }

    /// Takes such a line back: it did not happen.
    pub(crate) fn take_back(&mut self, what: &str) {
        self.history.take_back(what);
    }

    /// Merges the desired state of another copy of this record.
    pub(crate) fn merge_desired(&mut self, other: &Self) {
        self.desired.merge(&other.desired);
        self.history.merge(&other.history);
    }

    /// Who works on it now.
    pub const fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Sets who works on it; the lease that was there before.
    pub fn set_lease(&mut self, lease: Option<Lease>) -> Option<Lease> {
        std::mem::replace(&mut self.lease, lease)
    }

    /// The lines that were planned, in the order in which they were first wanted.
    pub fn lines(&self) -> &[Line] {
        &self.actual.lines
    }

    /// Every purchase that was begun and not proven to have had no effect.
    pub fn purchases(&self) -> &[Purchase] {
        &self.actual.purchases
    }

    /// Packages that were created for a purchase and that no purchase holds.
    pub fn surplus(&self) -> &[Surplus] {
        &self.actual.surplus
    }

    /// Whether the catalog ignores every line of the order of which nothing could be bought yet.
    pub const fn unplanned_not_ours(&self) -> bool {
        self.actual.unplanned_not_ours
    }

    pub(crate) const fn set_unplanned_not_ours(&mut self, not_ours: bool) {
        self.actual.unplanned_not_ours = not_ours;
    }

    /// Until when no call is made, and why.
    pub const fn hold(&self) -> Option<&Backoff> {
        self.actual.hold.as_ref()
    }

    /// Sets or lifts the hold.
    pub(crate) fn set_hold(&mut self, hold: Option<Backoff>) {
        self.actual.hold = hold;
    }

    /// The rules of this order that differ from the ordinary ones.
    pub const fn switches(&self) -> Switches {
        self.actual.switches
    }

    pub(crate) const fn switches_mut(&mut self) -> &mut Switches {
        &mut self.actual.switches
    }

    /// The problems that a person has settled, with who, when and why.
    pub const fn closed(&self) -> &BTreeMap<ProblemId, Closing> {
        &self.actual.closed
    }

    pub(crate) const fn closed_mut(&mut self) -> &mut BTreeMap<ProblemId, Closing> {
        &mut self.actual.closed
    }

    /// What Wix refused, where an instance says that its last change was refused. A move or an adjustment has its own.
    pub fn refusal_of(&self, instance: &Instance) -> Option<&Refusal> {
        self.refusal(instance.refused)
    }

    /// What Wix answered last to a move or an adjustment that has not come to its goal.
    pub fn refusal_of_shift(&self, instance: &Instance, shift: &Shift) -> Option<&Refusal> {
        let operation = shift.goal().change().operation().as_str();
        // The first records kept it where those of the instance's other changes are.
        let of_instance = || self.refusal_of(instance).filter(|known| known.operation == operation);
        self.refusal(shift.refused).or_else(of_instance)
    }

    fn refusal(&self, at: Option<u32>) -> Option<&Refusal> {
        self.actual.refusals.get(usize::try_from(at?).ok()?)
    }

    /// The index of a refusal, which is kept once for each operation and code.
    pub(crate) fn keep_refusal(&mut self, refusal: Refusal) -> u32 {
        let same = |known: &Refusal| known.operation == refusal.operation && known.code == refusal.code;
        let at = self.actual.refusals.iter().position(same).unwrap_or_else(|| {
            self.actual.refusals.push(refusal);
            self.actual.refusals.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The plan of one item, if it is one to buy.
    pub fn component(&self, item: Item) -> Option<&ComponentPlan> {
        let line = self.actual.lines.get(usize::try_from(item.0).ok()?)?;
        match line.plan(item.1)? {
            Plan::Buy(components) => components.get(usize::try_from(item.2).ok()?),
            Plan::Open | Plan::NotOurs(_) | Plan::Held | Plan::Closed | Plan::Refused { .. } => None,
        }
    }

    /// Adds a line without plans; its index.
    pub(crate) fn add_line(&mut self, id: &str) -> usize {
        self.actual.lines.push(Line::new(id));
        self.actual.lines.len() - 1
    }

    pub(crate) fn lines_mut(&mut self) -> &mut [Line] {
        &mut self.actual.lines
    }

    /// A purchase by its ID.
    pub fn purchase(&self, id: PurchaseId) -> Result<&Purchase, RecordError> {
        let mut purchases = self.actual.purchases.iter();
        let found = purchases.find(|purchase| purchase.id == id);
        found.ok_or(RecordError::UnknownPurchase(id))
    }

    /// A purchase by its ID, to be changed by its own checked methods.
    pub(crate) fn purchase_mut(&mut self, id: PurchaseId) -> Result<&mut Purchase, RecordError> {
        let mut purchases = self.actual.purchases.iter_mut();
        let found = purchases.find(|purchase| purchase.id == id);
        found.ok_or(RecordError::UnknownPurchase(id))
    }

    pub(crate) fn purchases_mut(&mut self) -> impl Iterator<Item = &mut Purchase> {
        self.actual.purchases.iter_mut()
    }

    /// Adds a purchase in its first state.
    pub(crate) fn add_purchase(&mut self, purchase: Purchase) {
        self.actual.purchases.push(purchase);
    }

    /// Puts a purchase back to what it was before its last send was begun: nothing reached Wix.
    pub(crate) fn restore(&mut self, before: Purchase) -> Result<(), RecordError> {
        let id = before.id;
        *self.purchase_mut(id)? = before;
        Ok(())
    }

    /// Takes out a purchase of which nothing exists at Wix and nothing binds.
    pub(crate) fn forget(&mut self, id: PurchaseId) -> Result<Purchase, RecordError> {
        let at = self.actual.purchases.iter().position(|purchase| purchase.id == id);
        at.map(|at| self.actual.purchases.remove(at))
            .ok_or(RecordError::UnknownPurchase(id))
    }

    /// Forgets a purchase whose request can never be carried out, so that its items are planned again under a later
    /// generation.
    pub(crate) fn retire(&mut self, id: PurchaseId) -> Result<(), RecordError> {
        let purchase = self.forget(id)?;
        self.actual.retired.insert(id, purchase.generation);
        Ok(())
    }

    /// The first ID of a kind that no purchase has, with the generation that it was not used with yet.
    pub(crate) fn next_id(&self, kind: Kind) -> (PurchaseId, u32) {
        let mut used: Vec<u32> = self
            .actual
            .purchases
            .iter()
            .filter(|purchase| purchase.id.kind == kind)
            .map(|purchase| purchase.id.ordinal)
            .collect();
        used.sort_unstable();
        let free = (1..).zip(&used).find(|(expected, used)| expected != *used);
        let last = u32::try_from(used.len()).unwrap_or(u32::MAX - 1) + 1;
        let ordinal = free.map_or(last, |(expected, _)| expected);
        let id = PurchaseId { kind, ordinal };
        (id, self.actual.retired.get(&id).copied().unwrap_or(0) + 1)
    }

    /// How long its JSON is without what was planned and bought, and with what may yet be said of the order: what was paid is
    /// kept beside the newest state of it, so that the desired state can double.
    pub(crate) fn bare_json_len(&self) -> usize {
        let long = |json: serde_json::Result<String>| json.map_or(0, |json| json.len());
        let planned = long(serde_json::to_string(&self.actual.lines));
        let bought = long(serde_json::to_string(&self.actual.purchases));
        let said = long(serde_json::to_string(&self.desired));
        (self.to_json().len() + said)
            .saturating_sub(planned)
            .saturating_sub(bought)
    }

    /// Forgets what Wix refused in changes, so that they are tried again. What a person has closed stays refused.
    pub(crate) fn forget_refusals(&mut self) {
        let mut kept = false;
        for held in self.all_held_mut() {
            kept |= held.forget_refusals();
        }
        if !kept {
            self.actual.refusals.clear();
        }
    }
}
