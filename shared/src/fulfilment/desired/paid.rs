//! What was paid for: by the newest fully paid snapshots, and by invoices for each line and SKU. An unpaid snapshot never
//! supplies a SKU, so an unpaid edit cannot change what is bought.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::newest::kept;
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

/// What paid invoices listed of a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// For each line and SKU what the newest invoice listed that names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lines: BTreeMap<LineId, BTreeMap<Sku, PaidUnits>>,
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
    /// When.
    pub version: Version,
    /// The invoice.
    pub invoice: String,
    /// The fewest units that an invoice of this version listed.
    pub least: u32,
    /// The most.
    pub most: u32,
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
            lines: BTreeMap::new(),
        };
        for line in &payment.lines {
            let paid = PaidUnits {
                version: payment.version,
                invoice: payment.id.clone(),
                least: line.units,
                most: line.units,
                fields: line.fields.clone(),
            };
            let skus = payments.lines.entry(line.line.clone()).or_default();
            merge_entry(skus, &line.sku, &paid, PaidUnits::merge);
        }
        payments
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (line, theirs) in &other.lines {
            let skus = self.lines.entry(line.clone()).or_default();
            for (sku, theirs) in theirs {
                merge_entry(skus, sku, theirs, PaidUnits::merge);
            }
        }
        self.fields = std::cmp::max(self.fields.take(), other.fields.clone());
        self.created_at = least(self.created_at, other.created_at);
    }

    /// Whether no invoice was heard of.
    pub const fn is_empty(&self) -> bool {
        self.fields.is_none()
    }

    pub(super) const fn lines(&self) -> &BTreeMap<LineId, BTreeMap<Sku, PaidUnits>> {
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

    /// What was paid last in a line; with `false` where two SKUs were paid at one time and it cannot be told.
    pub(super) fn newest_of(&self, line: &str) -> Option<(&Sku, &PaidUnits, bool)> {
        let skus = self.lines.get(line)?;
        let newest = skus.values().map(|paid| paid.version).max()?;
        let mut of_newest = skus.iter().filter(|(_, paid)| paid.version == newest);
        let (sku, paid) = of_newest.next()?;
        Some((sku, paid, of_newest.next().is_none()))
    }
}
