//! An order or subscription as it stood at one version: the statement that most deliveries make.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::notice::Notice;
use super::reversal::{Ended, RefundId};
use super::terms::{LineId, ProductId, Version};
use crate::ids::Sku;
use crate::time::Timestamp;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What a snapshot says of its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paid {
    /// Everything in it is paid for.
    Full,
    /// Not all of it is: what an earlier version had paid for stays paid.
    No,
    /// The storefront's word for it is unknown or ambiguous: nothing is bought and nothing is taken back.
    Unclear,
    /// The snapshot cannot say it: invoices do, each as a [`Payment`](super::Payment) (a subscription of Stripe).
    ByPayments,
}

/// The order or subscription as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Which of two snapshots is newer.
    pub version: Version,
    /// Tells apart two different states of one version: a hash of the body, the same wherever it is computed.
    pub hash: String,
    /// When the order was placed or the subscription begun. What is from before the catalog's `not_before` is never
    /// bought.
    pub created_at: Timestamp,
    /// What people call the order (`#2001`), where that is not its ID; at most [`Snapshot::MAX_NUMBER_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The lines with their live units. A line that is not listed has none.
    pub lines: Vec<Line>,
    /// It does not list all of its lines: what is paid for the others stays as it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub incomplete: bool,
    /// What it says of its payment.
    pub paid: Paid,
    /// Whether it is over: canceled, deleted, unpaid for too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The refunds that `lines` has counted already.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refunds: BTreeSet<RefundId>,
    /// Refunds that name no lines and that `lines` has not counted: what they were for is not known.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unmapped_refunds: BTreeSet<RefundId>,
    /// Its refunds come to all that was paid.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refunded_all: bool,
    /// This order renews that subscription: no RECURRING product is bought for it, because Wix renews by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<String>,
    /// A later period of a subscription, told under the subscription's own key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub renewal: bool,
    /// What the order says of account, site, country and reference.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// What the state itself makes a person look at, such as an unclear quantity: gone with a newer state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

impl Snapshot {
    /// The longest `number` that is kept, in characters.
    pub const MAX_NUMBER_CHARS: usize = 40;

    /// A snapshot that says nothing yet: no lines, not paid, alive.
    pub const fn new(version: Version, hash: String, created_at: Timestamp) -> Self {
        Self {
            version,
            hash,
            created_at,
            number: None,
            lines: Vec::new(),
            incomplete: false,
            paid: Paid::No,
            ended: None,
            refunds: BTreeSet::new(),
            unmapped_refunds: BTreeSet::new(),
            refunded_all: false,
            renews: None,
            renewal: false,
            fields: Fields {
                account: None,
                site: None,
                country: None,
                external_id: None,
            },
            notices: Vec::new(),
        }
    }

    /// Whether two lines have one ID: then the units of the one would be wanted for the other, too.
    pub(super) fn has_lines_of_one_id(&self) -> bool {
        let mut seen = BTreeSet::new();
        !self.lines.iter().all(|line| seen.insert(line.id.as_str()))
    }
}

/// One line of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The storefront's ID of the line, unique within the order.
    pub id: LineId,
    /// What is sold; `None` where the storefront has no or a blank SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// The storefront's own ID of what is sold, where the end of a subscription names its products by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// Live units: after edits and the refunds that the snapshot has counted.
    pub units: u32,
    /// What the line itself says of account, site and country; it goes before what the order says.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// On a trial: given, not paid for. The catalog's `on_trial` says whether that is bought.
    #[serde(default, skip_serializing_if = "is_false")]
    pub trial: bool,
    /// The line that this one is a component of, where the shop sells composites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<LineId>,
    /// Sold by subscription: an end that covers the subscription lines means it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub subscription: bool,
    /// Why a line that should have an SKU has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_sku: Option<MissingSku>,
    /// What was charged for all units of the line before discounts and taxes, for the catalog's `price`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

impl Line {
    /// A plain line.
    pub const fn new(id: LineId, sku: Option<Sku>, units: u32, fields: Fields) -> Self {
        Self {
            id,
            sku,
            product: None,
            units,
            fields,
            trial: false,
            part_of: None,
            subscription: false,
            missing_sku: None,
            amount: None,
        }
    }
}

/// Why a line has no SKU, where the storefront says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingSku {
    /// The product was deleted after it was sold.
    ProductDeleted,
    /// The variant that was sold has no SKU.
    VariantWithoutSku,
    /// The line is a component of a bundle whose own SKU is in no line.
    BundlePart,
}

/// An amount of money in the currency's smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// In the smallest unit: 8000 is 80.00 USD.
    pub minor: i64,
    /// ISO 4217, in capital letters.
    pub currency: String,
}
