//! What paid invoices say of a subscription's lines.

use std::collections::BTreeSet;

use reseller_hooks::order::{Fields, Line, Paid, RefundState, Snapshot, Statement, Version};

use super::{Book, NOTHING, Owed};

impl Book<'_> {
    pub(super) fn payments_of(&self, line: &str, sku: Option<&str>) -> Vec<(Version, String, u32)> {
        let mut found = Vec::new();
        for says in self.said() {
            if let Statement::Payment(payment) = says {
                for paid in payment.lines.iter().filter(|paid| paid.line == line) {
                    if sku.is_none_or(|sku| paid.sku.as_str() == sku) {
                        found.push((payment.version, paid.sku.as_str().to_owned(), paid.units));
                    }
                }
            }
        }
        found
    }

    /// The fewest and the most units that the newest invoices name of a line, of one SKU or of whatever was paid last.
    pub(super) fn billed(&self, line: &str, sku: Option<&str>) -> Option<Owed> {
        if let Some(sku) = sku.filter(|sku| !self.payments_of(line, Some(sku)).is_empty()) {
            let all = self.payments_of(line, Some(sku));
            return Some(range(&all));
        }
        let all = self.payments_of(line, None);
        let newest = all.iter().map(|(version, ..)| *version).max()?;
        // What counts for each SKU is its newest invoice.
        let skus: BTreeSet<&str> = all
            .iter()
            .filter(|(version, ..)| *version == newest)
            .map(|(_, sku, _)| sku.as_str())
            .collect();
        let first = skus.first()?;
        let of_first: Vec<_> = all.iter().filter(|(_, sku, _)| sku == first).cloned().collect();
        let range = range(&of_first);
        Some(if skus.len() == 1 {
            range
        } else {
            Owed { buy: 0, ..range }
        })
    }

    /// Whether an invoice of the line, of one SKU or of any, was made after a state of the subscription: then that state cannot say
    /// that what is billed is gone.
    pub(super) fn is_billed_after(&self, snapshot: &Snapshot, line: &str, sku: Option<&str>) -> bool {
        let mut billed = self.payments_of(line, sku).into_iter().map(|(version, ..)| version);
        snapshot.paid == Paid::ByPayments && !snapshot.lines.is_empty() && billed.any(|at| at > snapshot.version)
    }

    /// The line as invoices alone list it.
    pub(super) fn line_by_invoices(&self, line: &str) -> Option<Line> {
        let billed = self.billed(line, None)?;
        let all = self.payments_of(line, None);
        let newest = all.iter().map(|(version, ..)| *version).max();
        let of_newest = all.iter().filter(|(version, ..)| Some(*version) == newest);
        let sku = of_newest.map(|(_, sku, _)| sku).min();
        let sku = sku.and_then(|sku| sku.parse().ok());
        let fields = Fields::default();
        Some(Line {
            subscription: true,
            ..Line::new(line.to_owned(), sku, billed.keep, fields)
        })
    }

    /// The lines of a state, and those that were billed after it.
    pub(super) fn lines_of(&self, snapshot: &Snapshot) -> Vec<Line> {
        let mut lines = snapshot.lines.clone();
        for id in super::super::histories::LINES {
            if lines.iter().all(|line| line.id != id) && self.is_billed_after(snapshot, id, None) {
                lines.extend(self.line_by_invoices(id));
            }
        }
        lines
    }

    pub(super) fn owed_by_invoices(&self, line: &str) -> Owed {
        let Some(billed) = self.billed(line, None) else {
            return NOTHING;
        };
        let nothing = BTreeSet::new();
        let owed = Owed {
            buy: self.less(billed.buy, line, &nothing).buy,
            keep: self.less(billed.keep, line, &nothing).keep,
        };
        let Some(line_of) = self.line_by_invoices(line) else {
            return NOTHING;
        };
        let mut owed = self.whole(self.ends(&line_of, std::slice::from_ref(&line_of), owed));
        let is_open = |id: &&str| matches!(self.refund(id), Some((state, None, false)) if state != RefundState::Failed);
        if self.is_told_not_ours(line) || self.refund_ids().iter().any(is_open) {
            owed.buy = 0;
        }
        owed
    }
}

/// The fewest and the most units of the newest of these invoices.
fn range(all: &[(Version, String, u32)]) -> Owed {
    let newest = all.iter().map(|(version, ..)| *version).max();
    let units = all
        .iter()
        .filter(|(version, ..)| Some(*version) == newest)
        .map(|(.., units)| *units);
    Owed {
        buy: units.clone().min().unwrap_or(0),
        keep: units.max().unwrap_or(0),
    }
}
