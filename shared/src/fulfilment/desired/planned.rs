//! The order as it is planned from: one snapshot out of all that was heard, with the SKUs that were paid for and the
//! fields of all states that the shop's clock cannot tell apart.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::Desired;
use crate::ids::Sku;
use crate::order::{Fields, LineId, Paid, Snapshot, Version};
use crate::time::Timestamp;

impl Desired {
    /// The order as it is planned from; `None` as long as nothing says what is in it.
    pub fn planned_order(&self) -> Option<Cow<'_, Snapshot>> {
        let states = self.newest.states();
        match states {
            [] => self.order_of_payments().map(Cow::Owned),
            [only] if only.snapshot.paid == Paid::Full => Some(Cow::Borrowed(&only.snapshot)),
            [first, ..] => {
                let mut order = first.snapshot.clone();
                for other in states.iter().skip(1) {
                    unite(&mut order, &other.snapshot);
                }
                let unlisted = self.unlisted();
                for heard in states {
                    for line in Self::lines_of(&heard.snapshot, &unlisted) {
                        if order.lines.iter().all(|listed| listed.id != line.id) {
                            order.lines.push(line.clone());
                        }
                    }
                }
                let skus = order
                    .lines
                    .iter()
                    .map(|line| self.sku_of(&first.snapshot, line).cloned());
                let skus: Vec<Option<Sku>> = skus.collect();
                for (line, sku) in order.lines.iter_mut().zip(skus) {
                    line.sku = sku;
                    if line.fields.is_empty()
                        && let Some((_, paid, _)) = self.payments.newest_of(&line.id)
                    {
                        line.fields = paid.fields.clone();
                    }
                }
                if let Some(fields) = self.payments.fields() {
                    let is_newer = self.payments.version() > Some(order.version);
                    add_fields(&mut order.fields, fields, is_newer);
                }
                order.version = self.basis(order.version);
                Some(Cow::Owned(order))
            }
        }
    }

    /// A subscription of which only invoices were heard.
    pub(super) fn order_of_payments(&self) -> Option<Snapshot> {
        let version = self.payments.version()?;
        let created_at = self.payments.created_at().unwrap_or(version.time);
        Some(Snapshot {
            lines: self.unlisted().into_iter().map(|(_, line)| line).collect(),
            paid: Paid::ByPayments,
            fields: self.payments.fields().cloned().unwrap_or_default(),
            ..Snapshot::new(version, String::new(), created_at)
        })
    }

    /// When the order was placed or the subscription begun, as far as anybody said.
    pub fn created_at(&self) -> Option<Timestamp> {
        let states = self.newest.states().iter();
        let told = states.map(|heard| heard.snapshot.created_at).min();
        told.or_else(|| self.payments.created_at())
    }

    /// The storefront's own reference, which packages are tagged with; not blank.
    pub fn reference(&self) -> Option<&str> {
        let states = self.newest.states().iter();
        let of_states = states
            .filter_map(|heard| heard.snapshot.fields.external_id.as_deref())
            .max();
        let of_payments = || self.payments.fields()?.external_id.as_deref();
        let reference = of_states.or_else(of_payments)?.trim();
        (!reference.is_empty()).then_some(reference)
    }

    /// What a plan is decided on: it changes with everything that may let a refused plan be resolved another way. States
    /// of one version are counted in a part of the sequence that no storefront uses.
    fn basis(&self, of: Version) -> Version {
        let of = of.max(self.payments.version().unwrap_or(of));
        let more = u64::try_from(self.newest.states().len().saturating_sub(1)).unwrap_or(0);
        Version {
            sequence: of.sequence.saturating_add(more << 60),
            ..of
        }
    }

    /// The lines without an SKU of an order that had one in an earlier state.
    pub(crate) fn lines_that_had_a_sku(&self, order: &Snapshot) -> HashSet<LineId> {
        let lost = order
            .lines
            .iter()
            .filter(|line| line.sku.is_none() && self.had_sku(&line.id));
        lost.map(|line| line.id.clone()).collect()
    }

    /// Whether a line without an SKU had one in an earlier state.
    pub fn had_sku(&self, line: &str) -> bool {
        self.had_sku.contains(line) || self.payments.lines().contains_key(line)
    }

    /// Lines that an operator told to be none of our business.
    pub fn not_ours(&self) -> BTreeSet<&str> {
        self.told.not_ours.keys().map(String::as_str).collect()
    }
}

/// Adds what another state says beside: lines that only it has, and fields that are not said yet.
fn unite(order: &mut Snapshot, other: &Snapshot) {
    unite_fields(&mut order.fields, &other.fields);
    let at: std::collections::HashMap<String, usize> = order
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| (line.id.clone(), at))
        .collect();
    for line in &other.lines {
        match at.get(&line.id).and_then(|at| order.lines.get_mut(*at)) {
            Some(mine) => unite_fields(&mut mine.fields, &line.fields),
            None => order.lines.push(line.clone()),
        }
    }
}

/// Adds what an invoice says: it repeats what the subscription said when it was made, so that the later of the two counts.
fn add_fields(fields: &mut Fields, invoice: &Fields, is_newer: bool) {
    fields.country = fields.country.take().max(invoice.country.clone());
    let pairs = [
        (&mut fields.account, &invoice.account),
        (&mut fields.site, &invoice.site),
        (&mut fields.external_id, &invoice.external_id),
    ];
    for (said, invoiced) in pairs {
        if invoiced.is_some() && (is_newer || said.is_none()) {
            said.clone_from(invoiced);
        }
    }
}

/// Where two states name different sites or accounts the greater one counts: the same one everywhere.
fn unite_fields(fields: &mut Fields, other: &Fields) {
    let pairs = [
        (&mut fields.account, &other.account),
        (&mut fields.site, &other.site),
        (&mut fields.country, &other.country),
        (&mut fields.external_id, &other.external_id),
    ];
    for (mine, theirs) in pairs {
        if theirs.is_some() {
            let taken = mine.take();
            *mine = taken.max(theirs.clone());
        }
    }
}
