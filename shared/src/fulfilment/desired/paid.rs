//! What was paid for: by the newest fully paid snapshots, and by invoices for each line and SKU. An unpaid snapshot never
//! supplies a SKU, so an unpaid edit cannot change what is bought.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::kept;
use super::{least, merge_entry};
use crate::ids::Sku;
use crate::order::{Answer, Fields, LineId, PaidLine, Payment, RefundId, Snapshot, Told, Version};
use crate::time::Timestamp;

/// A subscription's snapshot of at most this age is of its beginning: nothing of it can have been renewed.
const BEGINNING: Duration = Duration::from_secs(3_600);

/// Whether a snapshot shows a subscription at its beginning, by the shop's clock alone.
pub(super) fn is_beginning(snapshot: &Snapshot) -> bool {
    snapshot.version.time <= snapshot.created_at + BEGINNING || snapshot.lines.iter().any(|line| line.trial)
}

/// The different states of the greatest version that was fully paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidStates {
    version: Version,
    states: Vec<PaidState>,
    /// There were more of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

/// What one fully paid state had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PaidState {
    hash: String,
    /// Its lines; those on a trial are given and not paid for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lines: BTreeMap<LineId, PaidLine>,
    /// The refunds that its units have counted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    refunds: BTreeSet<RefundId>,
}

impl PaidState {
    pub(super) fn line(&self, id: &str) -> Option<&PaidLine> {
        self.lines.get(id)
    }

    pub(super) const fn refunds(&self) -> &BTreeSet<RefundId> {
        &self.refunds
    }
}

impl PaidStates {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let lines = snapshot.lines.iter().filter(|line| !line.trial).map(|line| {
            let paid = PaidLine {
                sku: line.sku.clone(),
                units: line.units,
            };
            (line.id.clone(), paid)
        });
        Self {
            version: snapshot.version,
            states: vec![PaidState {
                hash: snapshot.hash.clone(),
                lines: lines.collect(),
                refunds: snapshot.refunds.clone(),
            }],
            more: false,
        }
    }

    /// What an operator told to be paid.
    pub(super) fn of_told(told: &Told) -> Option<Self> {
        match &told.answer {
            Answer::Paid {
                version,
                hash,
                lines,
                refunds,
            } => Some(Self {
                version: *version,
                states: vec![PaidState {
                    hash: hash.clone(),
                    lines: lines.clone(),
                    refunds: refunds.clone(),
                }],
                more: false,
            }),
            Answer::NotPaid { .. } | Answer::NotOurs { .. } | Answer::Refunded { .. } => None,
        }
    }

    pub(super) const fn version(&self) -> Version {
        self.version
    }

    pub(super) fn states(&self) -> &[PaidState] {
        &self.states
    }

    /// Whether states are missing here because there were too many.
    pub(super) const fn has_more(&self) -> bool {
        self.more
    }

    /// The SKU that was paid for in a line, which may be none; `None` where no state has the line.
    pub(super) fn sku(&self, line: &str) -> Option<Option<&Sku>> {
        let paid = self.states.iter().find_map(|state| state.line(line))?;
        Some(paid.sku.as_ref())
    }

    pub(super) fn agrees_on_sku(&self, line: &str) -> bool {
        let first = self.sku(line);
        let mut lines = self.states.iter().filter_map(|state| state.line(line));
        lines.all(|paid| Some(paid.sku.as_ref()) == first)
    }

    /// About how many bytes this takes as JSON.
    pub(super) fn weight(&self) -> usize {
        let lines = self.states.iter().flat_map(|state| &state.lines);
        let lines = lines.map(|(id, paid)| id.len() + paid.sku.as_ref().map_or(0, |sku| sku.as_str().len()) + 30);
        let refunds = self.states.iter().flat_map(|state| &state.refunds);
        100 + lines.sum::<usize>() + refunds.map(|id| id.len() + 3).sum::<usize>()
    }

    pub(super) fn merged(one: Option<Self>, two: Option<Self>) -> Option<Self> {
        match (one, two) {
            (Some(one), Some(two)) => Some(one.merge(two)),
            (one, two) => one.or(two),
        }
    }

    pub(super) fn merge(mut self, mut other: Self) -> Self {
        match self.version.cmp(&other.version) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => {
                self.states.append(&mut other.states);
                self.states.sort();
                self.states.dedup();
                let kept = kept(self.states.iter().map(|state| state.lines.len()));
                self.more |= other.more || kept < self.states.len();
                self.states.truncate(kept);
                self
            }
        }
    }
}

/// For each line and SKU the units that are listed.
type Listed = BTreeMap<LineId, BTreeMap<Sku, PaidUnits>>;

/// What paid invoices listed of a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// For each line and SKU what the newest invoice listed that names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lines: Listed,
    /// What the newest invoice listed that charged for it, where a newer one lists it for nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    charged: Listed,
    /// What the newest invoice said of where products go, for what no snapshot says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<(Version, Fields)>,
    /// When the subscription began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
}

/// Units of one SKU in one line that an invoice was paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidUnits {
    /// When the invoice was made.
    pub version: Version,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The invoice.
    pub invoice: String,
    /// The fewest units that an invoice of this version listed.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// Nothing was charged for it: a trial, or a price of zero.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// What the line said of where its products go.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

impl PaidUnits {
    fn merge(&mut self, other: &Self) {
        match self.version.cmp(&other.version) {
            std::cmp::Ordering::Less => *self = other.clone(),
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                self.least = self.least.min(other.least);
                self.most = self.most.max(other.most);
                self.free &= other.free;
                self.paid_at = self.paid_at.max(other.paid_at);
                self.invoice = std::cmp::min(&self.invoice, &other.invoice).clone();
                self.fields = std::cmp::max(&self.fields, &other.fields).clone();
            }
        }
    }
}

impl Payments {
    pub(super) fn of(payment: &Payment) -> Self {
        let mut payments = Self {
            fields: Some((payment.version, payment.fields.clone())),
            created_at: payment.created_at,
            lines: Listed::new(),
            charged: Listed::new(),
        };
        for line in &payment.lines {
            let paid = PaidUnits {
                version: payment.version,
                paid_at: payment.paid_at,
                invoice: payment.id.clone(),
                least: line.units,
                most: line.units,
                free: line.free,
                fields: line.fields.clone(),
            };
            let skus = payments.lines.entry(line.line.clone()).or_default();
            merge_entry(skus, &line.sku, &paid, PaidUnits::merge);
        }
        // One invoice may call an item by its SKU in one entry and by its name in another.
        payments.fold();
        payments
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut charged = self.all_charged();
        merge_listed(&mut charged, &other.all_charged());
        merge_listed(&mut self.lines, &other.lines);
        self.charged = charged;
        self.fold();
        self.fields = std::cmp::max(self.fields.take(), other.fields.clone());
        self.created_at = least(self.created_at, other.created_at);
    }

    /// Whether no invoice was heard of.
    pub const fn is_empty(&self) -> bool {
        self.fields.is_none()
    }

    /// What an old invoice, which named no item, called by its SKU, and a newer one by its item, is one line. Then only
    /// what differs from the newest is kept of what was charged.
    fn fold(&mut self) {
        let named: Vec<Sku> = self.named_by_sku().cloned().collect();
        for sku in named {
            for listed in [&mut self.lines, &mut self.charged] {
                let others = listed.iter_mut().filter(|(line, _)| line.as_str() != sku.as_str());
                let moved: Vec<PaidUnits> = others.filter_map(|(_, skus)| skus.remove(&sku)).collect();
                for paid in moved {
                    let skus = listed.entry(sku.as_str().to_owned()).or_default();
                    merge_entry(skus, &sku, &paid, PaidUnits::merge);
                }
                listed.retain(|_, skus| !skus.is_empty());
            }
        }
        let lines = &self.lines;
        for (line, skus) in &mut self.charged {
            let of_line = lines.get(line);
            skus.retain(|sku, _| of_line.and_then(|skus| skus.get(sku)).is_some_and(|newest| newest.free));
        }
        self.charged.retain(|_, skus| !skus.is_empty());
    }

    fn named_by_sku(&self) -> impl Iterator<Item = &Sku> {
        let lines = self.lines.iter();
        lines.filter_map(|(line, skus)| skus.keys().find(|sku| sku.as_str() == line))
    }

    /// What the newest invoices listed that charged for it.
    fn all_charged(&self) -> Listed {
        let mut charged = self.charged.clone();
        for (line, skus) in &self.lines {
            for (sku, paid) in skus.iter().filter(|(_, paid)| !paid.free) {
                charged
                    .entry(line.clone())
                    .or_default()
                    .insert(sku.clone(), paid.clone());
            }
        }
        charged
    }

    /// The name of the line of an SKU, where an invoice called it by its SKU.
    pub(super) fn name_of(&self, sku: &Sku) -> Option<LineId> {
        let named = self.named_by_sku().find(|named| *named == sku)?;
        Some(named.as_str().to_owned())
    }

    pub(super) const fn lines(&self) -> &Listed {
        &self.lines
    }

    pub(super) fn fields(&self) -> Option<&Fields> {
        self.fields.as_ref().map(|(_, fields)| fields)
    }

    pub(super) const fn created_at(&self) -> Option<Timestamp> {
        self.created_at
    }

    /// That of the newest invoice.
    pub(super) fn version(&self) -> Option<Version> {
        self.fields.as_ref().map(|(version, _)| *version)
    }

    /// About how many bytes this takes as JSON.
    pub(super) fn weight(&self) -> usize {
        let skus = self
            .lines
            .iter()
            .flat_map(|(line, skus)| skus.iter().map(move |(sku, paid)| (line, sku, paid)));
        skus.map(|(line, sku, paid)| line.len() + sku.as_str().len() + paid.invoice.len() + paid.fields.weight() + 120)
            .sum()
    }

    pub(super) fn of_sku(&self, line: &str, sku: &Sku) -> Option<&PaidUnits> {
        self.lines.get(line)?.get(sku)
    }

    /// The same without what was listed for nothing.
    pub(super) fn charged_of(&self, line: &str, sku: &Sku) -> Option<&PaidUnits> {
        let newest = self.of_sku(line, sku)?;
        if newest.free {
            self.charged.get(line)?.get(sku)
        } else {
            Some(newest)
        }
    }

    /// What was paid last in a line; with `false` where two SKUs were paid at one time and it cannot be told.
    pub(super) fn newest_of(&self, line: &str) -> Option<(&Sku, &PaidUnits, bool)> {
        let skus = self.lines.get(line)?;
        let newest = skus.values().map(|paid| paid.version).max()?;
        let mut of_newest = skus.iter().filter(|(_, paid)| paid.version == newest);
        let (sku, paid) = of_newest.next()?;
        Some((sku, paid, of_newest.next().is_none()))
    }
}

fn merge_listed(mine: &mut Listed, theirs: &Listed) {
    for (line, theirs) in theirs {
        let skus = mine.entry(line.clone()).or_default();
        for (sku, theirs) in theirs {
            merge_entry(skus, sku, theirs, PaidUnits::merge);
        }
    }
}
