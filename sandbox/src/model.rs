//! Packages and product instances as this Wix holds them, in whole milliseconds and own enums.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::guid::Guid;

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its ID.
    pub id: Guid,
    /// The account it belongs to.
    pub account_id: Guid,
    /// The reseller's main account; the same where the package belongs to that one.
    pub parent_account_id: Guid,
    /// The reseller's reference. Not unique (documented).
    pub external_id: Option<String>,
    /// What was bought.
    pub instances: Vec<Instance>,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
}

impl Package {
    /// The instance of that ID.
    pub fn instance(&self, id: Guid) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.id == id)
    }

    pub(crate) fn instance_mut(&mut self, id: Guid) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.id == id)
    }
}

/// A product instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its ID.
    pub id: Guid,
    /// Which product.
    pub catalog_product_id: Guid,
    /// The site it is on; `None` while it floats. A canceled instance keeps its last one (as in a documented answer).
    pub site_id: Option<Guid>,
    /// Where it is in its life.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// How it is billed.
    pub billing: Option<BillingInfo>,
    /// Where vouchers can be claimed.
    pub country_code: Option<String>,
    /// The discount it was bought with, known or not.
    pub discount_code: Option<String>,
    /// The paid instance that it comes free with.
    pub reference: Option<Guid>,
    /// When it ends by itself, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
    /// When it was created.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
}

/// Where an instance is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not available yet: every new instance.
    Pending,
    /// Usable.
    Enabled,
    /// Ended.
    Canceled,
    /// Never was available.
    Failed,
    /// An external provider or the customer must act.
    AwaitingAction,
    /// Something that no document lists: for tests of clients.
    Other(String),
}

impl Status {
    /// As it is written on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Enabled => "ENABLED",
            Self::Canceled => "CANCELED",
            Self::Failed => "FAILED",
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::Other(text) => text,
        }
    }

    /// Reads a wire value; what is not listed is [`Status::Other`].
    pub fn from_wire(text: &str) -> Self {
        match text {
            "PENDING" => Self::Pending,
            "ENABLED" => Self::Enabled,
            "CANCELED" => Self::Canceled,
            "FAILED" => Self::Failed,
            "AWAITING_ACTION" => Self::AwaitingAction,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the instance still is, or may become, something a customer uses and a reseller pays for.
    pub fn is_alive(&self) -> bool {
        match self {
            Self::Pending | Self::Enabled | Self::AwaitingAction | Self::Other(_) => true,
            Self::Canceled | Self::Failed => false,
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_wire(&std::borrow::Cow::<'de, str>::deserialize(
            deserializer,
        )?))
    }
}

/// Why an instance is `FAILED`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `UNKNOWN`, `DELIVERY_TIMEOUT`, `EXTERNAL_FAILURE` (documented), or anything.
    pub code: String,
    /// In words.
    #[serde(default)]
    pub message: String,
}

/// How a product is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BillingInfo {
    /// Once, or again and again.
    #[serde(rename = "type")]
    pub kind: BillingType,
    /// How often, where it is `RECURRING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_duration: Option<CycleDuration>,
}

impl BillingInfo {
    /// Every `count` `unit`s.
    pub const fn recurring(unit: CycleUnit, count: u32) -> Self {
        Self {
            kind: BillingType::Recurring,
            cycle_duration: Some(CycleDuration { unit, count }),
        }
    }

    /// Once.
    pub const fn one_time() -> Self {
        Self {
            kind: BillingType::OneTime,
            cycle_duration: None,
        }
    }
}

/// Whether a product is paid once or again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BillingType {
    /// The enum's own "not set".
    Unknown,
    /// Once.
    OneTime,
    /// Every cycle.
    Recurring,
}

/// The length of a billing cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleDuration {
    /// The unit of `count`.
    pub unit: CycleUnit,
    /// How many of them.
    pub count: u32,
}

/// The unit of a billing cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CycleUnit {
    /// The enum's own "not set".
    Unknown,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl BillingType {
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "UNKNOWN" => Some(Self::Unknown),
            "ONE_TIME" => Some(Self::OneTime),
            "RECURRING" => Some(Self::Recurring),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::OneTime => "ONE_TIME",
            Self::Recurring => "RECURRING",
        }
    }
}

impl CycleUnit {
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "UNKNOWN" => Some(Self::Unknown),
            "DAY" => Some(Self::Day),
            "WEEK" => Some(Self::Week),
            "MONTH" => Some(Self::Month),
            "YEAR" => Some(Self::Year),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Year => "YEAR",
        }
    }
}
