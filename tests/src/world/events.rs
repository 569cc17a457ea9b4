//! Order events as a storefront's adapter would make them, in one line each.

use std::collections::BTreeMap;
use std::time::Duration;

use reseller_hooks::order::{
    Ended, Fields, Line, Notice, OrderEvent, Paid, Refund, RefundState, SCHEMA, Snapshot, Statement, Version,
};
use reseller_hooks::time::Timestamp;

use super::START;

/// An order as the storefront has it; each change makes a newer version.
#[derive(Debug, Clone)]
pub struct Order {
    pub(crate) key: String,
    pub(crate) lines: BTreeMap<String, (String, u32)>,
    pub(crate) refunds: Vec<String>,
    pub(crate) paid: bool,
    pub(crate) canceled: bool,
    pub(crate) fields: Fields,
    pub(crate) line_fields: BTreeMap<String, Fields>,
    unmapped: Vec<String>,
    pub(crate) created_at: Timestamp,
    changed: i64,
}

impl Order {
    /// An unpaid order without lines, placed a minute before [`START`].
    pub fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            lines: BTreeMap::new(),
            refunds: Vec::new(),
            paid: false,
            canceled: false,
            fields: Fields::default(),
            line_fields: BTreeMap::new(),
            unmapped: Vec::new(),
            created_at: START - Duration::from_secs(60),
            changed: 0,
        }
    }

    /// With so many units of an SKU in a line.
    #[must_use]
    pub fn line(mut self, id: &str, sku: &str, units: u32) -> Self {
        self.lines.insert(id.to_owned(), (sku.to_owned(), units));
        self.change()
    }

    /// Fully paid.
    #[must_use]
    pub fn paid(mut self) -> Self {
        self.paid = true;
        self.change()
    }

    /// Not fully paid (any more).
    #[must_use]
    pub fn unpaid(mut self) -> Self {
        self.paid = false;
        self.change()
    }

    /// Canceled.
    #[must_use]
    pub fn canceled(mut self) -> Self {
        self.canceled = true;
        self.change()
    }

    /// Alive again.
    #[must_use]
    pub fn revived(mut self) -> Self {
        self.canceled = false;
        self.change()
    }

    /// For a site.
    #[must_use]
    pub fn site(mut self, site: &str) -> Self {
        self.fields.site = Some(site.to_owned());
        self.change()
    }

    /// For an account.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.fields.account = Some(account.to_owned());
        self.change()
    }

    /// With one line for an account of its own.
    #[must_use]
    pub fn line_account(mut self, line: &str, account: &str) -> Self {
        self.line_fields.entry(line.to_owned()).or_default().account = Some(account.to_owned());
        self.change()
    }

    /// With one line for a site of its own.
    #[must_use]
    pub fn line_site(mut self, line: &str, site: &str) -> Self {
        self.line_fields.entry(line.to_owned()).or_default().site = Some(site.to_owned());
        self.change()
    }

    /// From a country.
    #[must_use]
    pub fn country(mut self, country: &str) -> Self {
        self.fields.country = Some(country.to_owned());
        self.change()
    }

    /// With the storefront's own reference.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        self.fields.external_id = Some(reference.to_owned());
        self.change()
    }

    /// Having counted a refund in its units.
    #[must_use]
    pub fn counted(mut self, refund: &str) -> Self {
        self.refunds.push(refund.to_owned());
        self.change()
    }

    /// With something that nobody can map to lines.
    #[must_use]
    pub fn unmapped(mut self, sentence: &str) -> Self {
        self.unmapped.push(sentence.to_owned());
        self.change()
    }

    /// Placed at another time.
    #[must_use]
    pub fn placed(mut self, at: Timestamp) -> Self {
        self.created_at = at;
        self
    }

    /// A second later, and as it was.
    #[must_use]
    pub(crate) fn later(self) -> Self {
        self.change()
    }

    /// So much later, and as it was.
    #[must_use]
    pub(crate) fn after(mut self, by: Duration) -> Self {
        self.changed += i64::try_from(by.as_secs()).unwrap_or(0);
        self
    }

    /// Changed last in the second before: what is told now is of the same moment as what was told before the change.
    #[must_use]
    pub(crate) const fn at_one_moment(mut self) -> Self {
        self.changed -= 1;
        self
    }

    fn change(mut self) -> Self {
        self.changed += 1;
        self
    }

    /// When it was changed last: a second later with each change.
    pub(crate) fn updated_at(&self) -> Timestamp {
        START + Duration::from_secs(self.changed.unsigned_abs())
    }

    /// What the storefront delivers of it now.
    pub fn event(&self) -> OrderEvent {
        let lines = self.lines.iter().map(|(id, (sku, units))| {
            let units = if self.canceled { 0 } else { *units };
            let fields = self.line_fields.get(id).cloned().unwrap_or_default();
            Line::new(id.clone(), sku.parse().ok(), units, fields)
        });
        let notice = |sentence: &String| Notice::new(sentence, "NOT_MAPPED", sentence);
        let version = Version::at(self.updated_at());
        OrderEvent {
            schema: SCHEMA,
            key: self.key.parse().expect("a key"),
            delivery: format!("delivery-{}", self.changed),
            received_at: START,
            says: Statement::Snapshot(Snapshot {
                lines: lines.collect(),
                refunds: self.refunds.iter().cloned().collect(),
                paid: if self.paid { Paid::Full } else { Paid::No },
                ended: self.canceled.then_some(Ended::PLAIN),
                fields: self.fields.clone(),
                notices: self.unmapped.iter().map(notice).collect(),
                ..Snapshot::new(version, format!("{:016x}", self.changed), self.created_at)
            }),
        }
    }
}

/// A refund that comes as an event of its own.
pub fn refund(key: &str, id: &str, lines: &[(&str, u32)]) -> OrderEvent {
    OrderEvent {
        schema: SCHEMA,
        key: key.parse().expect("a key"),
        delivery: format!("refund-{id}"),
        received_at: START,
        says: Statement::Refund(Refund {
            id: id.to_owned(),
            state: RefundState::Succeeded,
            lines: Some(lines.iter().map(|(line, units)| ((*line).to_owned(), *units)).collect()),
            whole: false,
        }),
    }
}
