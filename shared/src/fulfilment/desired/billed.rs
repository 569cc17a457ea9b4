//! The lines that a subscription's invoices list, beside those of its states.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Desired;
use crate::order::{Line, Notice, Paid, Snapshot, Version};
use crate::time::Timestamp;

/// How long a state of the subscription that shows what an invoice billed may be on its way before a person is told.
const UNHEARD: Duration = Duration::from_secs(86_400);

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
        let [only] = self.newest.states() else {
            return Vec::new();
        };
        let snapshot = &only.snapshot;
        if snapshot.ended.is_some() || snapshot.incomplete {
            return Vec::new();
        }
        let lines = self.payments.lines().keys().filter_map(|id| {
            let (sku, paid, _) = self.payments.newest_of(id)?;
            let listed = snapshot.lines.iter().find(|listed| listed.id == *id);
            // Another price is told as a change.
            let is_same = listed.is_none_or(|listed| listed.sku.as_ref() == Some(sku));
            let units = listed.map_or(0, |listed| listed.units);
            let is_late = is_billed_after(paid.version, snapshot) && now >= paid.version.time + UNHEARD;
            (is_late && is_same && paid.least > units).then(|| {
                Notice::new(
                    &format!("unheard:{}:{id}", paid.invoice),
                    "ITEM_NOT_HEARD",
                    &format!(
                        "invoice {} bills {} x {sku} in line {id}, and the newest state of the subscription that was heard has {units}, so no more is bought: see that the storefront sends changes of subscriptions, and have it send the last one again",
                        paid.invoice, paid.least
                    ),
                )
            })
        });
        lines.collect()
    }

    /// When the next of these is told, unless its state comes.
    pub(super) fn unheard_from(&self, now: Timestamp) -> Option<Timestamp> {
        let snapshot = self.newest.first()?;
        let paid = self.payments.lines().values().flat_map(BTreeMap::values);
        let late = paid.filter(|paid| is_billed_after(paid.version, snapshot));
        late.map(|paid| paid.version.time + UNHEARD)
            .filter(|at| *at > now)
            .min()
    }
}

/// Whether an invoice was made after a state of its subscription: the state cannot say that what it bills is gone. One that
/// lists nothing at all is unclear in itself.
pub(super) fn is_billed_after(billed: Version, snapshot: &Snapshot) -> bool {
    snapshot.paid == Paid::ByPayments && !snapshot.lines.is_empty() && billed > snapshot.version
}
