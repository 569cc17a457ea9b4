//! What operators have told of an order, as they saw it on their screens: the version and the refunds that the ledger knew
//! then. What follows from it is the book's to say.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::fulfilment::desired::ToldRegister;
use reseller_hooks::order::{Answer, Told};
use reseller_hooks::time::Timestamp;

/// The latest answer to each question.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) payment: Option<Payment>,
    pub(super) refunded: Option<Refunded>,
    pub(super) not_ours: BTreeSet<String>,
    /// Somebody released what is held.
    pub(super) released: bool,
}

/// Whether the order is paid, as it stood at a time.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) is_paid: bool,
    /// The version that was seen.
    pub(super) stamp: Timestamp,
    pub(super) sequence: u64,
    pub(super) units: BTreeMap<String, u32>,
    pub(super) skus: BTreeMap<String, String>,
    pub(super) counted: BTreeSet<String>,
}

/// What refunds of an amount gave back.
#[derive(Debug, Clone)]
pub(super) struct Refunded {
    pub(super) refunds: BTreeSet<String>,
    pub(super) units: BTreeMap<String, u32>,
}

impl Answers {
    /// Those that a record has.
    pub(super) fn of(body: &str) -> Self {
        if !body.contains("\"told\":") && !body.contains("\"released\":") {
            return Self::default();
        }
        let record: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let told: ToldRegister = serde_json::from_value(record["desired"]["told"].clone()).unwrap_or_default();
        Self {
            payment: told.payment.as_ref().and_then(Payment::of),
            refunded: told.refunded.as_ref().and_then(Refunded::of),
            not_ours: told.not_ours.keys().cloned().collect(),
            released: record["actual"]["switches"]["released"] == true,
        }
    }

    /// Whether each question that was answered before is still answered.
    pub(super) fn has_all_of(&self, accepted: &Accepted) -> bool {
        (!accepted.payment || self.payment.is_some())
            && (!accepted.refunded || self.refunded.is_some())
            && accepted.not_ours.is_subset(&self.not_ours)
    }
}

/// What operators told and `reconcile` has taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Accepted {
    pub(super) payment: bool,
    pub(super) refunded: bool,
    pub(super) not_ours: BTreeSet<String>,
}

impl Accepted {
    /// One more `tell` was taken.
    pub(super) fn add(&mut self, tell: &serde_json::Value) {
        self.payment |= tell["paid"].is_boolean();
        self.refunded |= tell["refunded"].is_object();
        let lines = tell["not_ours"].as_array().into_iter().flatten();
        self.not_ours
            .extend(lines.filter_map(|line| line.as_str()).map(str::to_owned));
    }
}

impl Payment {
    fn of(told: &Told) -> Option<Self> {
        match &told.answer {
            Answer::Paid {
                version,
                lines,
                refunds,
                ..
            } => {
                let units = lines.iter().map(|(id, paid)| (id.clone(), paid.units));
                let skus = lines
                    .iter()
                    .filter_map(|(id, paid)| Some((id.clone(), paid.sku.as_ref()?.as_str().to_owned())));
                Some(Self {
                    is_paid: true,
                    stamp: version.time,
                    sequence: version.sequence,
                    units: units.collect(),
                    skus: skus.collect(),
                    counted: refunds.clone(),
                })
            }
            Answer::NotPaid { version } => Some(Self {
                is_paid: false,
                stamp: version.time,
                sequence: version.sequence,
                units: BTreeMap::new(),
                skus: BTreeMap::new(),
                counted: BTreeSet::new(),
            }),
            Answer::NotOurs { .. } | Answer::Refunded { .. } => None,
        }
    }
}

impl Refunded {
    fn of(told: &Told) -> Option<Self> {
        match &told.answer {
            Answer::Refunded { refunds, lines } => Some(Self {
                refunds: refunds.clone(),
                units: lines.clone(),
            }),
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } => None,
        }
    }
}
