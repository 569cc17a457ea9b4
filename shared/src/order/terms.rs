//! What every statement is told in: which line, and when it was true.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One line of an order: the storefront's line ID. Where a storefront repeats an ID, its adapter makes it unique.
pub type LineId = String;

/// The storefront's own ID of a product, at most 40 bytes.
pub type ProductId = String;

/// When a statement was true, by the shop's clock alone: statements of one order are compared with each other, and
/// never with our own time. The order of the members is the order of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The shop's own time of the change.
    pub time: Timestamp,
    /// The shop's own sequence number, where it has one; else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sequence: u64,
}

impl Version {
    /// A version of a shop that counts by time alone.
    pub const fn at(time: Timestamp) -> Self {
        Self { time, sequence: 0 }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
