//! The lines that a subscription's invoices list, beside those of its states.

use super::Desired;
use crate::order::{Line, Paid, Snapshot, Version};

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
}

/// Whether an invoice was made after a state of its subscription: the state cannot say that what it bills is gone. One that
/// lists nothing at all is unclear in itself.
pub(super) fn is_billed_after(billed: Version, snapshot: &Snapshot) -> bool {
    snapshot.paid == Paid::ByPayments && !snapshot.lines.is_empty() && billed > snapshot.version
}
