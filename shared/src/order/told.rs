//! The operator's answer to a question that the storefront leaves open. It merges like any other statement, with the
//! operator as its source.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reversal::RefundId;
use super::terms::{LineId, Version};
use crate::ids::Sku;
use crate::time::Timestamp;

/// What an operator told of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// When. Of two answers to one question about one state of the order the later one counts.
    pub at: Timestamp,
    /// The answer.
    pub answer: Answer,
    /// Who told it.
    pub by: String,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// An answer. It holds what the record said when it was asked, so that it means the same wherever it is merged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The order as it stood then is paid in full.
    Paid {
        /// Its version then.
        version: Version,
        /// The hash of its state then.
        hash: String,
        /// Its lines then.
        lines: BTreeMap<LineId, PaidLine>,
        /// The refunds that those lines had counted.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        refunds: BTreeSet<RefundId>,
    },
    /// The order as it stood then is not paid.
    NotPaid {
        /// Its version then.
        version: Version,
    },
    /// The line is none of our business.
    NotOurs {
        /// Which.
        line: LineId,
    },
    /// How many units the refunds gave back that name no lines, in all.
    Refunded {
        /// The refunds that this answers: all that were open then, answered before or not.
        refunds: BTreeSet<RefundId>,
        /// The units of each line; a line that is not listed has none.
        lines: BTreeMap<LineId, u32>,
    },
}

impl Answer {
    /// The version of the order that it is about; `None`: it is about a line or about refunds.
    pub const fn version(&self) -> Option<Version> {
        match self {
            Self::Paid { version, .. } | Self::NotPaid { version } => Some(*version),
            Self::NotOurs { .. } | Self::Refunded { .. } => None,
        }
    }
}

/// What was paid for in a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidLine {
    /// Of which SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// How many units.
    pub units: u32,
}

impl Told {
    /// The longest name and reason that are kept, in characters.
    pub const MAX_CHARS: usize = 200;
}
