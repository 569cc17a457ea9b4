//! The order record: the desired and actual state of one order, as the ledger keeps them.
//!
//! Events merge whoever writes them; the actual state is written by the one worker that holds the lease. What can be derived (a
//! unit's instance, the attention, what is next) is not stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::desired::Desired;
use super::plan::Line;
use crate::ids::{AccountId, InstanceId, PackageId, SiteId};
use crate::order::{OrderEvent, OrderKey};
use crate::time::Timestamp;
use crate::wix::{ProductInput, Status};

/// The schema version of a record: written by this code, and the newest that it reads.
pub const RECORD_SCHEMA: u32 = 1;

/// Everything that is known of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// [`RECORD_SCHEMA`] of the code that wrote it.
    pub schema: u32,
    /// Which order.
    pub key: OrderKey,
    /// What the storefront said.
    pub desired: Desired,
    /// What was done.
    #[serde(default)]
    pub actual: Actual,
    /// Who works on it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// The right to write the actual state until a time. Together with the ledger's revision it is the fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// One invocation's ID.
    pub owner: String,
    /// When another may take over: the invocation's deadline plus the clocks' skew.
    pub until: Timestamp,
}

/// What was done at Wix for an order, and what an operator said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actual {
    /// The lines whose units were once wanted, with the plans that were frozen then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Every Create Package call that was begun and not proven to have had no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purchases: Vec<Purchase>,
    /// Ordinals whose purchase was plainly refused and planned anew: their next key must be another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Retired>,
    /// Packages that were created for a purchase and are held by none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<Surplus>,
    /// What Wix refused in calls that are not creates; instances point here, so that one problem is kept once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Nothing is called before this time: Wix was away, or asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Unmapped sentences that an operator has dealt with.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub acknowledged: BTreeSet<String>,
    /// Wix refused a package of several products: from then on each is bought apart, so that one does not hold up the
    /// others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub products_apart: bool,
    /// Wix refused a voucher package for one of several references: from then on each is bought apart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vouchers_apart: bool,
    /// An operator retried: what was not bought is resolved from today's catalog at the next step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replan: bool,
    /// An operator let an order from before `not_before` go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
}

/// A pause after a call that may simply be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Until when.
    pub until: Timestamp,
    /// How many such calls in a row.
    pub failures: u32,
    /// What was answered last.
    pub last: Refusal,
}

/// An ordinal that must be used with a later generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// Of which kind.
    pub kind: Kind,
    /// Which ordinal.
    pub ordinal: u32,
    /// The last generation that was used.
    pub generation: u32,
}

/// What a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What was paid for.
    Base,
    /// The free extra: its products name instances of a base package.
    Voucher,
}

impl Kind {
    /// The letter in external IDs.
    pub const fn letter(self) -> char {
        match self {
            Self::Base => 'b',
            Self::Voucher => 'v',
        }
    }
}

/// One product of one unit: (index of the line in [`Actual::lines`], number of the unit from 1, component from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item(pub u32, pub u32, pub u32);

/// One Create Package call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Base or voucher.
    pub kind: Kind,
    /// The number among the order's purchases of its kind, from 1.
    pub ordinal: u32,
    /// Raised when the same purchase must be a new call to Wix.
    pub generation: u32,
    /// The account that the package belongs to.
    pub account: AccountId,
    /// What is bought for which unit, in the order of the request's products.
    pub items: Vec<Item>,
    /// The request's products in runs of equal ones, without their references.
    pub products: Vec<ProductRun>,
    /// Of a voucher: the instance that each product names as its reference, in the order of the items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<InstanceId>,
    /// What became of it.
    pub state: PurchaseState,
}

/// Equal products of a request that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRun {
    /// How many.
    pub count: u32,
    /// Each of them.
    #[serde(flatten)]
    pub product: ProductInput,
}

/// What became of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseState {
    /// Begun; the record does not know the outcome. It is left by a verified answer, an adoption, a plain refusal, or
    /// proven absence, and by nothing else.
    Unknown(Unknown),
    /// The package exists.
    Done(Done),
    /// Wix plainly refused it: nothing exists, and nothing is sent until an operator retries.
    Refused(Refusal),
    /// Several packages fit, or one that half fits: none is adopted, an operator must look.
    Ambiguous,
    /// Nothing appeared in all the lookups since nothing of it was wanted any more.
    Dropped {
        /// A package that was created before this time is not this purchase's.
        earliest: Timestamp,
    },
}

/// A question that Wix did not answer is put off, longer each time; the rest of the order goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Until when.
    pub until: Timestamp,
    /// How often in a row.
    pub failures: u32,
    /// What was answered last.
    pub last: Refusal,
}

impl Done {
    /// Whether it must be read before anything is decided about its instances.
    pub(crate) fn is_unread(&self) -> bool {
        !self.gone && (self.read || self.instances.iter().any(|instance| instance.begun.is_some()))
    }
}

/// A begun purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// A package that was created before this time is not this purchase's.
    pub earliest: Timestamp,
    /// The last moment at which a send may have begun.
    pub send_before: Timestamp,
    /// How often this generation was sent, as far as the record can know; 0 while it is only looked up.
    pub sends: u32,
    /// Whether a later generation was begun already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renewed: bool,
    /// Lookups so late that Wix must have shown the package, and were empty.
    #[serde(default)]
    pub empty: u32,
    /// Lookups since nothing of it is wanted any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub farewells: u32,
    /// When to look next.
    pub look_at: Timestamp,
    /// The last answer, for the one who must look into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Refusal>,
    /// A lookup that failed is put off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_off: Option<PutOff>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// A package that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its ID; no other purchase holds it.
    pub package: PackageId,
    /// Its instances, one for each of the purchase's items, in their order.
    pub instances: Vec<Instance>,
    /// The external ID that was set after the creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Why the tag that is wanted could not be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_refused: Option<(String, Refusal)>,
    /// How often an instance that awaits an action was read again, and when to do so next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<Recheck>,
    /// When it was created, as Wix says, or when the record heard of it.
    pub created_at: Timestamp,
    /// It must be read before anything is decided about its instances.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read: bool,
    /// When a change whose outcome was not known cannot take effect any more: it is read once again then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Timestamp>,
    /// A read did not find it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// A read that failed is put off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_off: Option<PutOff>,
    /// An operator wants instances that are over to be replaced: what the next read shows decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

/// Reading a package again and again until something has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recheck {
    /// How often it was read.
    pub count: u32,
    /// When to read it next.
    pub at: Timestamp,
}

/// One product instance, as far as the record knows. Names are short because an order can have thousands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Wix's ID.
    #[serde(rename = "i")]
    pub id: InstanceId,
    /// The site that it is on; `None` while it floats.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// The status when it was last read.
    #[serde(rename = "st", default = "pending", skip_serializing_if = "is_pending")]
    pub status: Status,
    /// How many changes of it were begun: part of their idempotency keys.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub changes: u32,
    /// A change that was begun and whose outcome the record does not know.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Change>,
    /// Wix refused the last change: an index into [`Actual::refusals`].
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u32>,
    /// An operator gave it up: its unit is bought anew.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

fn pending() -> Status {
    Status::Pending
}

fn is_pending(status: &Status) -> bool {
    *status == Status::Pending
}

impl Instance {
    /// Whether it is over: canceled at Wix, or it never came to be.
    pub fn ended(&self) -> bool {
        match self.status {
            Status::Canceled | Status::Failed => true,
            Status::Pending | Status::Enabled | Status::AwaitingAction | Status::Unknown(_) => false,
        }
    }
}

/// A change of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Assign Product Instance To Site.
    #[serde(rename = "a")]
    Assign,
    /// Unassign Product Instance From Site.
    #[serde(rename = "u")]
    Unassign,
    /// Cancel Product Instance.
    #[serde(rename = "c")]
    Cancel,
}

/// A package that was created for a purchase and that none holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    /// Of which kind of purchase.
    pub kind: Kind,
    /// Of which ordinal.
    pub ordinal: u32,
    /// The account that it belongs to.
    pub account: AccountId,
    /// The package with its instances.
    pub done: Done,
}

/// What Wix answered, for the one who must look into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which call.
    pub operation: String,
    /// Wix's code, or the HTTP status, or what the transport said.
    pub code: String,
    /// `x-wix-request-id`: what Wix's support asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl OrderRecord {
    /// An order that nothing is known of yet.
    pub fn new(key: OrderKey) -> Self {
        Self {
            schema: RECORD_SCHEMA,
            key,
            desired: Desired::default(),
            actual: Actual::default(),
            lease: None,
        }
    }

    /// Merges what an event says; `true` when that changed anything that counts. Commutative, associative, idempotent.
    pub fn apply(&mut self, event: &OrderEvent) -> bool {
        self.desired.apply(event)
    }

    /// The purchases that hold a package, with it.
    pub fn packages(&self) -> impl Iterator<Item = (&Purchase, &Done)> {
        self.actual
            .purchases
            .iter()
            .filter_map(|purchase| match &purchase.state {
                PurchaseState::Done(done) => Some((purchase, done)),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => None,
            })
    }

    /// Whether a package is held by a purchase or known as surplus.
    pub fn knows(&self, package: &PackageId) -> bool {
        self.packages().any(|(_, done)| done.package == *package)
            || self
                .actual
                .surplus
                .iter()
                .any(|surplus| surplus.done.package == *package)
    }

    /// The record as the ledger keeps it.
    pub fn to_json(&self) -> String {
        // Structs, strings, numbers and maps with string keys always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`OrderRecord::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, InvalidRecord> {
        match crate::decode::decode::<Self>(text.as_bytes()) {
            Ok(record) if record.schema <= RECORD_SCHEMA => Ok(record),
            Ok(record) => Err(InvalidRecord::Newer { found: record.schema }),
            // What newer code wrote need not look like a record to this code.
            Err(misfit) => Err(match serde_json::from_str(text) {
                Ok(Header { schema }) if schema > RECORD_SCHEMA => InvalidRecord::Newer { found: schema },
                Ok(_) | Err(_) => InvalidRecord::Malformed(format!("at {}: {}", misfit.place(), misfit.source())),
            }),
        }
    }
}

/// What every version of a record begins with.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

/// A stored record that cannot be read. Nothing is done for its order until it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    /// Written by newer code.
    #[error("the record has schema {found}, and this code reads up to {RECORD_SCHEMA}: deploy the newer version again")]
    Newer {
        /// The schema that it says.
        found: u32,
    },
    /// It is not a record.
    #[error("the record cannot be read ({0}): restore it from a backup")]
    Malformed(String),
}
