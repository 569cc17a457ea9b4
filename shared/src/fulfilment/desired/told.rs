//! What an operator answered, merged like any other statement: of two answers to one question the later one counts; of two
//! that are about different states of the order, the one about the newer state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::merge_entry;
use crate::order::{Answer, LineId, Told};

/// The latest answer to each question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRegister {
    /// Whether the order is paid, as it stood in the newest state that was answered.
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

    /// Whether the same answer was given already, by any person at any time.
    pub(super) fn has(&self, told: &Told) -> bool {
        let mut known = self.payment.iter().chain(&self.refunded).chain(self.not_ours.values());
        known.any(|known| known.answer == told.answer)
    }

    /// About how many bytes this takes as JSON, without what it says to be paid, which counts elsewhere.
    pub(super) fn weight(&self) -> usize {
        let lines = |told: &Told| match &told.answer {
            Answer::Paid { lines, .. } => lines.keys().map(|id| id.len() + 60).sum(),
            Answer::Refunded { lines, refunds } => {
                let refunds = refunds.iter().map(|id| id.len() + 3);
                lines.keys().map(|id| id.len() + 14).sum::<usize>() + refunds.sum::<usize>()
            }
            Answer::NotPaid { .. } | Answer::NotOurs { .. } => 0_usize,
        };
        let told = self.payment.iter().chain(&self.refunded).chain(self.not_ours.values());
        told.map(|told| lines(told) + told.by.len() + told.reason.len() + 200)
            .sum()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // Two operators at once, by clocks that are apart: the answer about the newer state is the later one.
        let payments = [self.payment.take(), other.payment.clone()].into_iter().flatten();
        let newer = |one: &Told, two: &Told| one.answer.version().cmp(&two.answer.version());
        self.payment = payments.max_by(|one, two| newer(one, two).then_with(|| one.cmp(two)));
        self.refunded = std::cmp::max(self.refunded.take(), other.refunded.clone());
        for (line, theirs) in &other.not_ours {
            merge_entry(&mut self.not_ours, line, theirs, |mine, theirs| {
                *mine = std::cmp::max(&*mine, theirs).clone();
            });
        }
    }
}
