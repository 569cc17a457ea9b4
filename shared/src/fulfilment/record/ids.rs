//! By what the parts of a record are known: a purchase by its kind and ordinal, a unit's product by its place in the
//! order, a package by who holds it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text::as_text;
use crate::ids::PackageId;

/// What a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// The purchase of this kind with that number.
    pub const fn number(self, ordinal: u32) -> PurchaseId {
        PurchaseId { kind: self, ordinal }
    }
}

/// A purchase of an order, such as `b1`, which is also how its external ID ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseId {
    /// Base or voucher.
    pub kind: Kind,
    /// The number among the order's purchases of its kind, from 1.
    pub ordinal: u32,
}

impl fmt::Display for PurchaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.letter(), self.ordinal)
    }
}

/// A text that names no purchase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no purchase: one is named like b1 or v2")]
pub struct InvalidPurchaseId(String);

impl FromStr for PurchaseId {
    type Err = InvalidPurchaseId;

    fn from_str(text: &str) -> Result<Self, InvalidPurchaseId> {
        let split = [Kind::Base, Kind::Voucher]
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.letter())?)));
        let parsed = split.and_then(|(kind, digits)| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let ordinal = digits.parse().ok().filter(|_| plain)?;
            Some(Self { kind, ordinal })
        });
        parsed.ok_or_else(|| InvalidPurchaseId(text.chars().take(20).collect()))
    }
}

as_text!(PurchaseId);

/// One product of one unit: (index of the line in the record, number of the unit from 1, component from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item(pub u32, pub u32, pub u32);

/// Who holds a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A purchase.
    Purchase(PurchaseId),
    /// Nobody: it is surplus, and known by its own ID.
    Surplus(PackageId),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Purchase(id) => write!(f, "the package of {id}"),
            Self::Surplus(package) => write!(f, "the surplus package {package}"),
        }
    }
}
