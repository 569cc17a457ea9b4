//! What is sent in a create or an adjustment, and the words of Wix that packages have too. Writing is strict; a word
//! that is not known is kept as it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{CatalogProductId, CountryCode, DiscountCode, ExternalId, IdempotencyKey, InstanceId, SiteId};

/// The body of Create Package V2 (documented: 1 to 1,000 products).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePackage {
    /// The same on every repetition of this request, and never on another.
    pub idempotency_key: IdempotencyKey,
    /// The reseller's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// One for each product instance that shall come to be.
    pub products: Vec<ProductInput>,
}

impl CreatePackage {
    /// The most products one package takes (documented).
    pub const MAX_PRODUCTS: usize = 1_000;
}

/// One product of a package that shall be created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductInput {
    /// Which product of Wix's reseller catalog.
    pub catalog_product_id: CatalogProductId,
    /// The site it goes to; without one the instance floats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_id: Option<SiteId>,
    /// Needed where the product has several cycles (documented).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_info: Option<BillingInfo>,
    /// Where vouchers can be claimed. Required in V2 (documented).
    pub country_code: CountryCode,
    /// A discount; a wrong one is ignored by Wix, and it cannot be added later (documented).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<DiscountCode>,
    /// The paid instance that makes this one a free extra. It can be named once, while it is `PENDING` or `ENABLED`
    /// (documented).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_product_instance_id: Option<InstanceId>,
}

/// What Adjust Product Instance Specifications changes: another product of the same type, another billing, or both
/// (documented: at least one of them, which is why it is made by [`Adjustment::to_product`] or
/// [`Adjustment::to_billing`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog_product_id: Option<CatalogProductId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_info: Option<BillingInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_code: Option<DiscountCode>,
}

impl Adjustment {
    /// To another product. It must be of the same type (documented), or Wix answers `INCOMPATIBLE_PRODUCT`.
    pub const fn to_product(product: CatalogProductId) -> Self {
        Self {
            catalog_product_id: Some(product),
            billing_info: None,
            discount_code: None,
        }
    }

    /// To another billing. A `RECURRING` one needs its cycle's unit (documented).
    pub const fn to_billing(billing: BillingInfo) -> Self {
        Self {
            catalog_product_id: None,
            billing_info: Some(billing),
            discount_code: None,
        }
    }

    /// And to this billing.
    #[must_use]
    pub fn with_billing(mut self, billing: BillingInfo) -> Self {
        self.billing_info = Some(billing);
        self
    }

    /// And with this discount; a wrong one is ignored by Wix (documented for create).
    #[must_use]
    pub fn with_discount(mut self, discount: DiscountCode) -> Self {
        self.discount_code = Some(discount);
        self
    }
}

/// How a product is billed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BillingInfo {
    /// Once, or again and again.
    #[serde(rename = "type")]
    pub kind: BillingType,
    /// How often, where it is `RECURRING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_duration: Option<CycleDuration>,
}

impl BillingInfo {
    /// Paid once.
    pub const fn one_time() -> Self {
        Self {
            kind: BillingType::OneTime,
            cycle_duration: None,
        }
    }

    /// Paid every `count` units, such as every 1 `YEAR`.
    pub const fn recurring(unit: CycleUnit, count: u32) -> Self {
        Self {
            kind: BillingType::Recurring,
            cycle_duration: Some(CycleDuration { unit, count }),
        }
    }
}

/// A billing cycle's length.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CycleDuration {
    /// The unit of `count`.
    pub unit: CycleUnit,
    /// How many of them.
    pub count: u32,
}

/// An enum of Wix's: its known values, and whatever else it may send one day.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value that the documentation does not list, as it came.
            Unknown(String),
        }

        impl $name {
            /// The value as it is written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.to_ascii_uppercase().as_str() {
                    $($text $(| $alias)* => Self::$variant,)+
                    _ => Self::Unknown(text),
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum!(
    /// Whether a product is paid once or again and again.
    BillingType {
        /// Once.
        OneTime = "ONE_TIME",
        /// Every cycle.
        Recurring = "RECURRING",
    }
);
open_enum!(
    /// The unit of a billing cycle.
    CycleUnit {
        /// Days.
        Day = "DAY",
        /// Weeks.
        Week = "WEEK",
        /// Months.
        Month = "MONTH",
        /// Years.
        Year = "YEAR",
    }
);
open_enum!(
    /// Where a product instance is in its life. Prose says "ACTIVE" and an example "Enabled" for `ENABLED`: all are read.
    Status {
        /// Not available yet; every new instance in the documents.
        Pending = "PENDING",
        /// Usable.
        Enabled = "ENABLED" | "ACTIVE",
        /// Ended.
        Canceled = "CANCELED" | "CANCELLED",
        /// Never was available; see [`InstanceFailure`](super::InstanceFailure).
        Failed = "FAILED",
        /// An external provider or the customer must act first.
        AwaitingAction = "AWAITING_ACTION",
    }
);

impl Default for Status {
    /// A missing status is unknown.
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}
