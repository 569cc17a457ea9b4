//! The desired state: what the storefront said about an order, merged to the same whatever the order, the number and
//! the delay of the deliveries. Everything here is pure; proptest holds it to commutative, associative and idempotent.
//!
//! Each kind of statement has its own register, and each register is a small lattice: the newest states of the order
//! (`newest`), what was paid for (`paid`), what was given back by cause (`causes`), and what an operator answered
//! (`told`). `entitlement` computes from all of them which units may be bought and which are kept. What is unclear
//! lies between the two, is neither bought nor taken back, and is one of the `notices`. `planned` is the order that
//! plans are resolved from, and `tell` makes an operator's answer into a statement.

mod billed;
mod bounds;
mod causes;
mod entitlement;
mod facts;
mod interval;
mod newest;
mod notices;
mod paid;
mod planned;
mod scales;
mod tell;
mod told;
mod trash;

#[cfg(test)]
mod subscription_tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use causes::{EndRegister, RefundRegister};
pub use interval::{Entitlement, Entitlements, Policy};
pub use newest::{Heard, Newest};
pub use paid::{PaidState, PaidStates, PaidUnits, Payments};
pub use tell::{Tell, TellError};
pub use told::ToldRegister;

use crate::order::{
    Cause, Dispute, DisputeState, LineId, Notice, OrderEvent, OrderKey, Paid, Refund, RefundId, RefundState, Snapshot,
    Statement, StorefrontKind, Version,
};
use crate::time::Timestamp;

/// How long a change of a subscription may stay unbilled before a person is told.
pub(crate) const UNBILLED: std::time::Duration = std::time::Duration::from_secs(3_600);
/// About how many bytes the desired state may take of a record, which also has to hold what is bought.
const MAX_WEIGHT: usize = 200 * 1024;
/// A time by which everything has happened that time alone brings.
const FAR: Timestamp = Timestamp::from_millis(i64::MAX);
/// The most event-like notices of one order that are kept.
const MAX_NOTICES: usize = 40;

/// The desired state of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The snapshots of the greatest version: more than one where the shop's clock cannot tell them apart.
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    newest: Newest,
    /// The fully paid snapshots of the greatest version that was fully paid, unless `newest` has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid: Option<PaidStates>,
    /// The first version that was fully paid and not refunded in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_paid: Option<Version>,
    /// The greatest version that was refunded in full, where the storefront cannot take a refund away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refunded_all: Option<Version>,
    /// What paid invoices listed.
    #[serde(default, skip_serializing_if = "Payments::is_empty")]
    payments: Payments,
    /// All that the order costs came, told without the order itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    settled: bool,
    /// Something of the first period of a subscription, or of an order, was heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    heard_first: bool,
    /// Something of a later period was heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    heard_renewal: bool,
    /// Refunds that came as events of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    refunds: BTreeMap<RefundId, RefundRegister>,
    /// Disputes: how far each is, and whether it is an inquiry only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    disputes: BTreeMap<String, (DisputeState, bool)>,
    /// What else is over, by its cause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ends: BTreeMap<Cause, EndRegister>,
    /// Our latest receipt of its deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trashed: Option<Timestamp>,
    /// Our latest receipt of a body of it, where deletions have no other date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alive: Option<Timestamp>,
    /// The order that everything here is about, where this key is only another name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    belongs_to: Option<OrderKey>,
    /// Event-like notices by their ID.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notices: BTreeMap<String, (String, String)>,
    /// What an operator answered.
    #[serde(default, skip_serializing_if = "ToldRegister::is_empty")]
    told: ToldRegister,
    /// Lines that had an SKU in a state that is gone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    had_sku: BTreeSet<LineId>,
    /// Something was said that would not have fitted: nothing is bought and nothing is taken back any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    too_large: bool,
    /// When the order was first heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<Timestamp>,
}

impl Desired {
    /// Merges what an event says; `true` when that changed anything that counts.
    pub fn apply(&mut self, event: &OrderEvent) -> bool {
        let told = Self::of(event);
        let mut before = self.clone();
        if before == Self::default() && told.weight() <= MAX_WEIGHT {
            // Most events are the first of their order: there is nothing to merge.
            *self = told;
        } else {
            self.join(told);
            self.keep_within(&before);
        }
        // Hearing the same again at another time changes nothing that counts.
        before.first_seen_at = self.first_seen_at;
        *self != before
    }

    /// The desired state of an order of which this is all that was heard.
    fn of(event: &OrderEvent) -> Self {
        let mut desired = Self {
            first_seen_at: Some(event.received_at),
            ..Self::default()
        };
        match &event.says {
            Statement::Snapshot(snapshot) => desired.hear_snapshot(snapshot, event),
            Statement::Payment(payment) => {
                desired.heard_first = payment.first;
                desired.heard_renewal = !payment.first;
                desired.payments = Payments::of(payment);
            }
            Statement::Settled => desired.settled = true,
            Statement::Refund(refund) => desired.hear_refund(refund),
            Statement::Dispute(Dispute { id, state, inquiry }) => {
                desired.disputes.insert(id.clone(), (*state, *inquiry));
            }
            Statement::End(end) => {
                desired
                    .ends
                    .insert(end.cause.clone(), EndRegister::of(end, event.received_at));
            }
            Statement::Trashed => desired.trashed = Some(event.received_at),
            Statement::BelongsTo(key) => desired.belongs_to = Some(key.clone()).filter(|key| *key != event.key),
            Statement::Notice(Notice { id, code, sentence }) => {
                desired.notices.insert(id.clone(), (code.clone(), sentence.clone()));
            }
            Statement::Told(told) => {
                desired.paid = PaidStates::of_told(told);
                desired.told = ToldRegister::of(told);
            }
        }
        desired
    }

    fn hear_snapshot(&mut self, snapshot: &Snapshot, event: &OrderEvent) {
        self.heard_renewal = snapshot.renewal;
        self.heard_first = !snapshot.renewal && (snapshot.paid != Paid::ByPayments || paid::is_beginning(snapshot));
        self.first_paid = (snapshot.paid == Paid::Full && !snapshot.refunded_all).then_some(snapshot.version);
        self.newest = Newest::of(snapshot, event.received_at);
        if event.key.storefront() == StorefrontKind::Woocommerce {
            self.alive = Some(event.received_at);
        } else {
            self.refunded_all = snapshot.refunded_all.then_some(snapshot.version);
        }
    }

    fn hear_refund(&mut self, refund: &Refund) {
        self.refunds.insert(refund.id.clone(), RefundRegister::of(refund));
    }

    /// Merges another copy of the same order's desired state.
    pub fn merge(&mut self, other: &Self) {
        let before = self.clone();
        self.join(other.clone());
        self.keep_within(&before);
    }

    /// What does not fit is left out as a whole and noted: the record must always be one that can be written.
    fn keep_within(&mut self, before: &Self) {
        if self.weight() > MAX_WEIGHT {
            *self = before.clone();
            self.too_large = true;
        }
    }

    fn join(&mut self, mut other: Self) {
        let paid = PaidStates::merged(self.paid_states(), other.paid_states());
        self.payments.merge(&other.payments);
        self.settled |= other.settled;
        for newest in [&mut self.newest, &mut other.newest] {
            newest.name_lines_by(&self.payments);
        }
        let mut had_sku = std::mem::take(&mut self.had_sku);
        had_sku.append(&mut other.had_sku);
        for newest in [&self.newest, &other.newest] {
            had_sku.extend(newest.lines_with_sku().map(ToOwned::to_owned));
        }
        self.newest.merge(&other.newest);
        for named in self.newest.lines_with_sku() {
            had_sku.remove(named);
        }
        self.had_sku = had_sku;
        self.first_paid = least(self.first_paid, other.first_paid);
        self.refunded_all = self.refunded_all.max(other.refunded_all);
        self.heard_first |= other.heard_first;
        self.heard_renewal |= other.heard_renewal;
        for (id, theirs) in &other.refunds {
            merge_entry(&mut self.refunds, id, theirs, RefundRegister::merge);
        }
        for (id, theirs) in &other.disputes {
            merge_entry(&mut self.disputes, id, theirs, |mine, (state, inquiry)| {
                *mine = (mine.0.max(*state), mine.1 && *inquiry);
            });
        }
        for (cause, theirs) in &other.ends {
            merge_entry(&mut self.ends, cause, theirs, EndRegister::merge);
        }
        for (id, theirs) in &other.notices {
            merge_entry(&mut self.notices, id, theirs, |mine, theirs| {
                *mine = std::cmp::min(&*mine, theirs).clone();
            });
        }
        while self.notices.len() > MAX_NOTICES {
            self.notices.pop_last();
        }
        self.trashed = self.trashed.max(other.trashed);
        self.alive = self.alive.max(other.alive);
        self.belongs_to = least(self.belongs_to.take(), other.belongs_to);
        self.told.merge(&other.told);
        self.too_large |= other.too_large;
        self.first_seen_at = least(self.first_seen_at, other.first_seen_at);
        self.paid = paid.filter(|paid| !self.newest.has_all(paid));
    }

    /// About how many bytes this takes as JSON.
    fn weight(&self) -> usize {
        let of_ends = self.ends.len() * 200;
        let of_refunds = self.refunds.iter().map(|(id, refund)| {
            let lines = refund.lines.iter().flatten();
            id.len() + 60 + lines.map(|(line, _)| line.len() + 14).sum::<usize>()
        });
        let of_disputes = self.disputes.keys().map(|id| id.len() + 30);
        let of_notices = self
            .notices
            .iter()
            .map(|(id, (code, sentence))| id.len() + code.len() + sentence.len() + 10);
        let of_lines = self.had_sku.iter().map(|line| line.len() + 3);
        self.newest.weight()
            + self.paid.as_ref().map_or(0, PaidStates::weight)
            + self.payments.weight()
            + self.told.weight()
            + of_ends
            + of_refunds.sum::<usize>()
            + of_disputes.sum::<usize>()
            + of_notices.sum::<usize>()
            + of_lines.sum::<usize>()
    }

    /// What the greatest fully paid version had.
    fn paid_states(&self) -> Option<PaidStates> {
        self.paid.clone().or_else(|| self.newest.paid_states())
    }

    /// Whether it is not said what a refund of everything was of: of a subscription it is one payment of many, and beside
    /// a refund that failed it may be that one.
    pub(super) fn whole_refund_is_unclear(&self) -> bool {
        let failed = |refund: &RefundRegister| refund.state == RefundState::Failed;
        !self.payments.is_empty() || self.refunds.values().any(failed)
    }

    /// The newest snapshot, the first of several.
    pub fn latest(&self) -> Option<&Snapshot> {
        self.newest.first()
    }

    /// What of this is about the order that everything under this key belongs to: what gives money back or ends it, and
    /// what a person must see. What is bought under this key stays its own. A refund of one payment of an order is not
    /// one of the order, so it names no lines there.
    pub fn for_target(&self) -> Self {
        let unnamed = |refund: &RefundRegister| RefundRegister {
            lines: None,
            whole: false,
            ..refund.clone()
        };
        let refunds = self.refunds.iter();
        Self {
            refunds: refunds.map(|(id, refund)| (id.clone(), unnamed(refund))).collect(),
            disputes: self.disputes.clone(),
            ends: self.ends.clone(),
            notices: self.notices.clone(),
            ..Self::default()
        }
    }

    /// Whether anything says what is in the order; what only gives back is about nothing of ours.
    fn is_order(&self) -> bool {
        !self.newest.is_empty() || !self.payments.is_empty()
    }

    /// How many units of a line may be bought, with everything settled that time alone settles.
    pub fn live(&self, line: &str) -> u32 {
        self.entitlement(line, FAR, &Policy::default()).buy
    }

    /// The lines of which anything is wanted, with how many units.
    pub fn live_lines(&self) -> impl Iterator<Item = (&crate::order::Line, u32)> {
        let entitlements = self.entitlements(FAR, &Policy::default());
        let lines = self.latest().map(|latest| latest.lines.as_slice()).unwrap_or_default();
        lines
            .iter()
            .map(move |line| (line, entitlements.of(&line.id).buy))
            .filter(|(_, units)| *units > 0)
    }

    /// Nothing more is taken in: see [`Self::merge`]. `true` when that is news.
    pub(crate) const fn refuse_more(&mut self) -> bool {
        !std::mem::replace(&mut self.too_large, true)
    }

    /// When the order was first heard of.
    pub const fn first_seen_at(&self) -> Option<Timestamp> {
        self.first_seen_at
    }

    /// The order that everything here is about, where this key is only another name of it.
    pub const fn belongs_to(&self) -> Option<&OrderKey> {
        self.belongs_to.as_ref()
    }

    /// Whether the order was first heard of so long after it was placed that it may have been bought before.
    pub fn first_seen_late(&self, after: std::time::Duration) -> bool {
        match (self.created_at(), self.first_seen_at) {
            (Some(created), Some(seen)) => seen.since(created) > after,
            _ => false,
        }
    }
}

/// The lesser of what is there.
fn least<T: Ord>(one: Option<T>, two: Option<T>) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

fn merge_entry<K: Ord + Clone, V: Clone>(
    map: &mut BTreeMap<K, V>,
    key: &K,
    theirs: &V,
    merge: impl FnOnce(&mut V, &V),
) {
    match map.get_mut(key) {
        Some(mine) => merge(mine, theirs),
        None => {
            map.insert(key.clone(), theirs.clone());
        }
    }
}
