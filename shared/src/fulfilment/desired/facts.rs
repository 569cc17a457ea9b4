//! Single questions about the registers: which SKU, which payment, which refunds are open.

use std::collections::{BTreeMap, BTreeSet};

use super::Desired;
use super::interval::Policy;
use crate::ids::Sku;
use crate::order::{Answer, Line, LineId, Paid, RefundId, RefundState, Snapshot, Version};

impl Desired {
    pub(super) fn agrees_on_sku(&self, line: &str) -> bool {
        let mut skus = self.newest.states().iter().filter_map(|heard| {
            let line = heard.snapshot.lines.iter().find(|listed| listed.id == line)?;
            Some(self.sku_of(&heard.snapshot, line))
        });
        let first = skus.next();
        skus.all(|sku| Some(sku) == first)
    }

    /// The SKU that a line is planned from: the one that was paid, never an unpaid edit's.
    pub(super) fn sku_of<'a>(&'a self, snapshot: &'a Snapshot, line: &'a Line) -> Option<&'a Sku> {
        match self.payment_of(snapshot) {
            Paid::Full => line.sku.as_ref(),
            Paid::No | Paid::Unclear => self.paid_sku(&line.id).unwrap_or(line.sku.as_ref()),
            Paid::ByPayments => {
                let listed = line.sku.as_ref();
                // A way back to what was billed before is paid for by the next invoice that bills it.
                if let Some((newest, paid, true)) = self.payments.newest_of(&line.id)
                    && !paid.free
                    && !line.trial
                {
                    return Some(newest);
                }
                match listed.filter(|sku| self.payments.of_sku(&line.id, sku).is_some()) {
                    Some(paid) => Some(paid),
                    None if line.trial => listed,
                    None => self.payments.newest_of(&line.id).map(|(sku, ..)| sku).or(listed),
                }
            }
        }
    }

    /// The SKU that was paid for in a line, which may be none; `None` where the line was never paid for.
    pub(super) fn paid_sku(&self, line: &str) -> Option<Option<&Sku>> {
        match &self.paid {
            Some(paid) => paid.sku(line),
            None => self.newest.states().iter().find_map(|heard| {
                let mut lines = heard.snapshot.lines.iter();
                let paid = lines.find(|paid| paid.id == line && !paid.trial)?;
                (heard.snapshot.paid == Paid::Full).then_some(paid.sku.as_ref())
            }),
        }
    }

    /// Whether a line is paid as what it lists now. Of a subscription an invoice must have billed that last: one that was
    /// paid long ago does not pay for a change back to it.
    pub(crate) fn is_change_paid(&self, order: &Snapshot, line: &Line, policy: &Policy) -> bool {
        if order.paid != Paid::ByPayments || policy.buy_unpaid_changes || (line.trial && policy.buy_on_trial) {
            return true;
        }
        let states = self.newest.states();
        if states
            .first()
            .is_some_and(|heard| self.payment_of(&heard.snapshot) == Paid::Full)
        {
            // A person has said so of this very state.
            return true;
        }
        let newest = self.payments.newest_of(&line.id);
        newest.is_some_and(|(sku, paid, is_sure)| {
            is_sure && Some(sku) == line.sku.as_ref() && (!paid.free || policy.buy_on_trial)
        })
    }

    /// What a snapshot says of its payment, with the operator's answer about it.
    pub(super) fn payment_of(&self, snapshot: &Snapshot) -> Paid {
        match self.told_payment(snapshot.version) {
            Some(true) => Paid::Full,
            Some(false) if snapshot.paid != Paid::ByPayments => Paid::No,
            None if self.settled && snapshot.paid == Paid::No => Paid::Full,
            Some(false) | None => snapshot.paid,
        }
    }

    /// Refunded in full and marked as paid again, now or in an earlier state: whether it was paid again cannot be seen, unless
    /// an operator told it.
    pub(super) fn is_paid_again(&self, snapshot: &Snapshot) -> bool {
        if self.told_payment(snapshot.version).is_some() {
            return false;
        }
        if self.payment_of(snapshot) != Paid::Full {
            let again = self.all_refunded().zip(self.paid_states());
            return !snapshot.refunded_all && again.is_some_and(|(refunded, paid)| refunded < paid.version());
        }
        if snapshot.refunded_all {
            return self.first_paid.is_some_and(|first| first < snapshot.version);
        }
        self.all_refunded().is_some_and(|refunded| refunded < snapshot.version)
    }

    /// The version with which everything that had been paid was given back, unless an operator told of a later payment.
    pub(super) fn all_refunded(&self) -> Option<Version> {
        let told = self.told_paid_at();
        self.refunded_all
            .filter(|refunded| told.is_none_or(|told| told < *refunded))
    }

    /// The version of which an operator told that it is paid.
    fn told_paid_at(&self) -> Option<Version> {
        match &self.told.payment.as_ref()?.answer {
            Answer::Paid { version, .. } => Some(*version),
            Answer::NotPaid { .. } | Answer::NotOurs { .. } | Answer::Refunded { .. } => None,
        }
    }

    /// Whether an operator took the word back that a state was paid, their own or the storefront's.
    pub(super) fn is_told_unpaid(&self, version: Version) -> bool {
        self.told_payment(version) == Some(false)
    }

    /// Whether a state that is alive lists no line at all.
    pub(super) fn lost_its_lines(&self) -> bool {
        let mut states = self.newest.states().iter().map(|heard| &heard.snapshot);
        states.any(|state| state.lines.is_empty() && state.ended.is_none() && !state.refunded_all)
    }

    /// Whether an operator told that the order, as it stood at a version, is paid or is not.
    pub(super) fn told_payment(&self, of: Version) -> Option<bool> {
        match &self.told.payment.as_ref()?.answer {
            Answer::Paid { version, .. } if *version == of => Some(true),
            Answer::NotPaid { version } if *version == of => Some(false),
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } | Answer::Refunded { .. } => None,
        }
    }

    /// The refunds of which nobody knows what they gave back, of one snapshot.
    pub(super) fn unmapped<'a>(&'a self, snapshot: &'a Snapshot) -> BTreeSet<&'a RefundId> {
        let failed = |id: &RefundId| {
            self.refunds
                .get(id)
                .is_some_and(|refund| refund.state == RefundState::Failed)
        };
        let unclear = self.whole_refund_is_unclear();
        let named = |id: &RefundId| self.refunds.get(id).is_some_and(|refund| !refund.is_unmapped(unclear));
        let of_snapshot = snapshot.unmapped_refunds.iter().filter(|id| !failed(id) && !named(id));
        let told_apart = self.refunds.iter().filter(|(id, refund)| {
            refund.is_unmapped(unclear) && refund.state != RefundState::Failed && !snapshot.refunds.contains(*id)
        });
        of_snapshot.chain(told_apart.map(|(id, _)| id)).collect()
    }

    /// The units that an operator told to be given back by refunds that name no lines, as long as those refunds stand.
    pub(super) fn told_refunded(
        &self,
        unmapped: &BTreeSet<&RefundId>,
    ) -> Option<(&BTreeSet<RefundId>, &BTreeMap<LineId, u32>)> {
        match &self.told.refunded.as_ref()?.answer {
            Answer::Refunded { refunds, lines } => {
                let stands = refunds.iter().all(|id| unmapped.contains(id));
                stands.then_some((refunds, lines))
            }
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } => None,
        }
    }

    /// A subscription of which only later periods were heard: its first delivery may have been lost, or it began long
    /// before anybody listened.
    pub fn is_first_heard_by_renewal(&self) -> bool {
        self.heard_renewal && !self.heard_first
    }
}
