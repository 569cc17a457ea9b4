//! What takes an order back, by its cause: a refund, a dispute, an end. Each is a small lattice, so that it comes to
//! the same in whatever order its states are told, and each can be undone as far as the storefront can undo it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::terms::{LineId, ProductId, Version};
use crate::ids::Sku;

/// The storefront's ID of one refund.
pub type RefundId = String;

/// What brought an end about, such as `subscription 1801`: the states of one cause replace each other.
pub type Cause = String;

/// One refund, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// The storefront's ID of the refund: it counts once, however often it is told.
    pub id: RefundId,
    /// How far it is.
    pub state: RefundState,
    /// How many units of which lines; `None` for an amount that names no lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<BTreeMap<LineId, u32>>,
    /// It gives back all of the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// How far a refund is. The order is that of the lattice: a later state replaces an earlier one, whenever it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Begun: nothing is bought for its units, and nothing is taken back yet.
    Pending,
    /// The money went back.
    Succeeded,
    /// It failed or was called off: the units are wanted again.
    Failed,
}

/// One dispute or chargeback.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The storefront's ID of it.
    pub id: String,
    /// How far it is.
    pub state: DisputeState,
    /// Only a question or an early warning: no money moved, and nothing is ever taken back for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inquiry: bool,
}

/// How far a dispute is. The order is that of the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The money is held back.
    Open,
    /// The buyer has it.
    Lost,
    /// Closed and not lost: the shop has it.
    Won,
}

/// That something which the order began is over, or is alive again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// What ended; a newer version of one cause replaces an older one.
    pub cause: Cause,
    /// When, by the shop's clock.
    pub version: Version,
    /// How it is over; `None`: it is alive (again).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Which lines it is about.
    pub of: Covers,
}

/// How something is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// It may come back by itself: its products are unassigned even where the catalog says `cancel`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reversible: bool,
    /// The storefront cannot undo it: it counts whatever else is told, before or after.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal: bool,
}

impl Ended {
    /// An end like a cancellation: it is taken back as the catalog says, and a newer state can undo it.
    pub const PLAIN: Self = Self {
        reversible: false,
        terminal: false,
    };
    /// An end that may come back by itself.
    pub const REVERSIBLE: Self = Self {
        reversible: true,
        terminal: false,
    };
    /// An end that the storefront cannot undo.
    pub const TERMINAL: Self = Self {
        reversible: false,
        terminal: true,
    };
}

/// Which lines of the order an end is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// All of them.
    All,
    /// Those with one of these SKUs.
    Skus(BTreeSet<Sku>),
    /// Those in which one of these was sold.
    Items(BTreeSet<Item>),
    /// Those that are sold by subscription.
    SubscriptionLines,
}

/// What was sold, as the end of a subscription names it. An SKU can be renamed after it was sold, and two variants of a
/// product may have one: so a line is meant that has both; if none has, one that has the SKU; if none has, one of the
/// product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The storefront's ID of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// Its SKU when this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// How many units the subscription has; 0 where that is not said. It does not say what is paid.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub units: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
fn is_zero(value: &u32) -> bool {
    *value == 0
}
