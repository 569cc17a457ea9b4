//! What an operator answered, merged like any other statement: of two answers to one question the later one counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::merge_entry;
use crate::order::{Answer, LineId, Told};

/// The latest answer to each question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRegister {
    /// Whether the order is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Told>,
    /// What the refunds gave back that name no lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Told>,
    /// Lines that are none of our business.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_ours: BTreeMap<LineId, Told>,
}

impl ToldRegister {
    pub(super) fn of(told: &Told) -> Self {
        let mut register = Self::default();
        match &told.answer {
            Answer::Paid { .. } | Answer::NotPaid { .. } => register.payment = Some(told.clone()),
            Answer::Refunded { .. } => register.refunded = Some(told.clone()),
            Answer::NotOurs { line } => {
                register.not_ours.insert(line.clone(), told.clone());
            }
        }
        register
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.payment = std::cmp::max(self.payment.take(), other.payment.clone());
        self.refunded = std::cmp::max(self.refunded.take(), other.refunded.clone());
        for (line, theirs) in &other.not_ours {
            merge_entry(&mut self.not_ours, line, theirs, |mine, theirs| {
                *mine = std::cmp::max(&*mine, theirs).clone();
            });
        }
    }
}
