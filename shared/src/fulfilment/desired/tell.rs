//! An operator's answer as a statement. What the record says when it is asked goes into the answer, so that the answer
//! means the same wherever and whenever it is merged, and telling it twice is telling it once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Desired;
use crate::order::{Answer, LineId, PaidLine, Told};
use crate::time::Timestamp;

/// What an operator answers: `{"refunded": {"LINE": 1}, "paid": true, "not_ours": ["LINE"], "by": "…", "reason": "…"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// How many units of each line were given back in all by refunds that name no lines; empty: none were.
    #[serde(default)]
    pub refunded: Option<BTreeMap<LineId, u32>>,
    /// Whether the order, as it stands, is paid.
    #[serde(default)]
    pub paid: Option<bool>,
    /// Lines that are none of our business.
    #[serde(default)]
    pub not_ours: Vec<LineId>,
    /// Who tells it.
    #[serde(default)]
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// An answer that answers nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// Neither of the answers is given.
    #[error("nothing is told: give `refunded`, `paid` or `not_ours`")]
    Nothing,
    /// Nobody would know who said it.
    #[error("`by` is missing: say who tells it")]
    Nobody,
    /// No snapshot was heard that the answer could be about.
    #[error("nothing is known of the order that could be answered")]
    NoOrder,
    /// The order has no such line.
    #[error("the order has no line {0:?}: `order show` lists its lines")]
    NoSuchLine(String),
}

impl Desired {
    /// The statements that an operator's answer makes, as of what is known now.
    pub fn answers(&self, tell: &Tell, now: Timestamp) -> Result<Vec<Told>, TellError> {
        if tell.refunded.is_none() && tell.paid.is_none() && tell.not_ours.is_empty() {
            return Err(TellError::Nothing);
        }
        let by = cut(&tell.by);
        if by.is_empty() {
            return Err(TellError::Nobody);
        }
        let latest = self.latest().ok_or(TellError::NoOrder)?;
        let named = tell.refunded.iter().flat_map(BTreeMap::keys).chain(&tell.not_ours);
        for line in named {
            if !latest.lines.iter().any(|listed| listed.id == *line) {
                return Err(TellError::NoSuchLine(line.chars().take(60).collect()));
            }
        }
        let mut answers = Vec::new();
        if let Some(lines) = &tell.refunded {
            answers.push(Answer::Refunded {
                refunds: self.unmapped(latest).into_iter().cloned().collect(),
                lines: lines.clone(),
            });
        }
        if let Some(paid) = tell.paid {
            let version = latest.version;
            let line = |line: &crate::order::Line| {
                let paid = PaidLine {
                    sku: line.sku.clone(),
                    units: line.units,
                };
                (line.id.clone(), paid)
            };
            answers.push(match paid {
                true => Answer::Paid {
                    version,
                    hash: latest.hash.clone(),
                    lines: latest.lines.iter().map(line).collect(),
                    refunds: latest.refunds.clone(),
                },
                false => Answer::NotPaid { version },
            });
        }
        let not_ours = tell.not_ours.iter().cloned();
        answers.extend(not_ours.map(|line| Answer::NotOurs { line }));
        let told = |answer| Told {
            at: now,
            answer,
            by: by.clone(),
            reason: cut(&tell.reason),
        };
        let is_new = |told: &Told| !self.told.has(told);
        Ok(answers.into_iter().map(told).filter(is_new).collect())
    }
}

/// Printable and not too long.
fn cut(text: &str) -> String {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    printable.take(Told::MAX_CHARS).collect()
}
