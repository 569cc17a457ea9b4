//! The lines that a subscription's invoices list, beside those of its states.

use std::time::Duration;

use super::{Desired, PaidUnits};
use crate::ids::Sku;
use crate::order::{Line, LineId, Notice, Paid, Snapshot, Version};
use crate::time::Timestamp;

/// How long a state of the subscription that shows what an invoice billed may be on its way before a person is told.
const UNHEARD: Duration = Duration::from_secs(86_400);

/// A state that is older than an invoice by at most this was told with it: an item that it lacks was billed for the time before.
const WITH_THE_INVOICE: Duration = Duration::from_secs(3_600);

impl Desired {
    /// The lines that invoices list, as far as they alone say it, each with the time of its newest invoice.
    pub(super) fn unlisted(&self) -> Vec<(Version, Line)> {
        let lines = self.payments.lines().keys().filter_map(|id| {
            let (sku, paid, _) = self.payments.newest_of(id)?;
            let line = Line::new(id.clone(), Some(sku.clone()), paid.most, paid.fields.clone());
            let line = Line {
                subscription: true,
                ..line
            };
            Some((paid.version, line))
        });
        lines.collect()
    }

    /// The lines of a snapshot, and those that it lacks and invoices list: where it does not list all of them, or is older than the
    /// invoice.
    pub(super) fn lines_of<'a>(
        snapshot: &'a Snapshot,
        unlisted: &'a [(Version, Line)],
    ) -> impl Iterator<Item = &'a Line> {
        let is_missing = |(billed, line): &&(Version, Line)| {
            (snapshot.incomplete || is_billed_after(*billed, snapshot))
                && snapshot.lines.iter().all(|listed| listed.id != line.id)
        };
        let missing = unlisted.iter().filter(is_missing).map(|(_, line)| line);
        snapshot.lines.iter().chain(missing)
    }

    /// What invoices billed and the newest state that was heard does not list, a day later. It is not bought, because a state
    /// that lists it should have come: perhaps the storefront does not send any.
    pub(super) fn unheard(&self, now: Timestamp) -> Vec<Notice> {
        let late = self.billed_more().filter(|(_, _, paid)| now >= told_from(paid));
        let notice = |(id, sku, paid): (&LineId, &Sku, &PaidUnits)| {
            Notice::new(
                &format!("unheard:{id}:{sku}:{}", paid.least),
                "ITEM_NOT_HEARD",
                &format!(
                    "invoice {} bills {} x {sku} in line {id}, and the newest state of the subscription that was heard has less, so no more is bought: see that the storefront sends changes of subscriptions, and have it send the last one again",
                    paid.invoice, paid.least
                ),
            )
        };
        late.map(notice).collect()
    }

    /// When the next of these is told, unless its state comes.
    pub(super) fn unheard_from(&self, now: Timestamp) -> Option<Timestamp> {
        let times = self.billed_more().map(|(_, _, paid)| told_from(paid));
        times.filter(|at| *at > now).min()
    }

    /// The lines of which the newest invoice bills more than the newest state lists, which was told long before it: one that is told
    /// with the invoice says what there is.
    fn billed_more(&self) -> impl Iterator<Item = (&LineId, &Sku, &PaidUnits)> {
        let only = match self.newest.states() {
            [only] => Some(&only.snapshot),
            _ => None,
        };
        let says_less = |snapshot: &&Snapshot| {
            snapshot.ended.is_none() && !snapshot.incomplete && self.payment_of(snapshot) == Paid::ByPayments
        };
        only.filter(says_less).into_iter().flat_map(|snapshot| {
            let newest = self.payments.lines().keys().filter_map(|id| {
                let (sku, paid, is_sure) = self.payments.newest_of(id)?;
                is_sure.then_some((id, sku, paid))
            });
            newest.filter(|(id, _, paid)| {
                let listed = snapshot.lines.iter().find(|listed| listed.id == **id);
                let is_apart = paid.version.time > snapshot.version.time + WITH_THE_INVOICE;
                is_apart && is_billed_after(paid.version, snapshot) && paid.least > listed.map_or(0, |line| line.units)
            })
        })
    }
}

/// When it is told that no state shows what an invoice billed.
fn told_from(paid: &PaidUnits) -> Timestamp {
    paid.version.time.max(paid.paid_at) + UNHEARD
}

/// Whether an invoice was made after a state of its subscription: the state cannot say that what it bills is gone. One that
/// lists nothing at all is unclear in itself.
pub(super) fn is_billed_after(billed: Version, snapshot: &Snapshot) -> bool {
    snapshot.paid == Paid::ByPayments && !snapshot.lines.is_empty() && billed > snapshot.version
}
