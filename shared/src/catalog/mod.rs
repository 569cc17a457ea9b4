//! The reseller's catalog: which Wix products, billing cycles and vouchers an SKU means, and what a cancellation does.
//! Read from TOML once, checked as a whole, with every problem named by entry and line; `docs/catalog.md` explains
//! each key.
//!
//! An SKU means one or more [`Component`]s, in the order of the file. An ordinary product is one component; a bundle
//! is several. A unit of an order line is one piece of one component.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CatalogProductId, CountryCode, DiscountCode, Sku};
use crate::time::Timestamp;
use crate::wix::BillingInfo;

mod billing;
mod policy;
mod problem;
mod read;
mod table;

pub use policy::{
    OnDispute, OnPlanChange, OnRenewal, OnSiteChange, OnTrial, Policies, Price, Suborders, UnpaidChanges,
};
pub use problem::{CatalogError, CatalogErrors, Problem};

/// A catalog that has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// What holds for every order and product.
    pub defaults: Defaults,
    products: BTreeMap<Sku, Vec<Component>>,
    fingerprint: String,
}

/// The section `[defaults]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// Orders that were created earlier are recorded and never bought without an operator.
    pub not_before: Timestamp,
    /// Where vouchers can be claimed when the order names no country. It is in every [`ProductSpec`] already.
    pub country: Option<CountryCode>,
    /// What a cancellation does. It is in every [`Component`] already.
    pub on_cancel: OnCancel,
    /// Whether an order has to name a Wix account.
    pub account: AccountRule,
    /// When not empty, orders for other accounts are refused.
    pub allowed_accounts: BTreeSet<AccountId>,
    /// What a line with an SKU that the catalog lacks is.
    pub unknown_sku: UnknownSku,
    /// Names of order or line properties that hold the Wix account; the first one that is set counts.
    pub account_fields: Vec<String>,
    /// Names of order or line properties that hold the Wix site.
    pub site_fields: Vec<String>,
    /// Names of order properties that hold the storefront's own reference.
    pub external_id_fields: Vec<String>,
    /// How many paid units may be bought in an hour of the clock before buying pauses by itself: the brake.
    pub max_purchases_per_hour: u32,
    /// What is decided about things that shops mean either way.
    pub policies: Policies,
}

/// What `max_purchases_per_hour` is where the catalog does not say: an ordinary shop never meets it.
pub const MAX_PURCHASES_PER_HOUR: u32 = 1_000;

impl Defaults {
    /// Reads `[defaults]` alone, for a caller who needs no products: an entry that is wrong elsewhere does not matter.
    pub fn from_toml(text: &str) -> Result<Self, CatalogErrors> {
        read::only_defaults(text)
    }

    /// Whether packages may be bought for this account.
    pub fn allows(&self, account: &AccountId) -> bool {
        self.allowed_accounts.is_empty() || self.allowed_accounts.contains(account)
    }
}

/// What becomes of a product instance whose unit is no longer wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnCancel {
    /// It is taken off its site and floats; the reseller goes on paying for it until it is canceled at Wix.
    Unassign,
    /// It is ended at Wix.
    Cancel,
    /// It stays as it is.
    Keep,
}

/// Whether an order has to name a Wix account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRule {
    /// Without one, the reseller's own account is used.
    Default,
    /// Without one, the order is attention.
    Required,
}

/// What a line with an SKU that the catalog lacks is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSku {
    /// Not ours: kept in the record, counted.
    Ignore,
    /// Attention.
    Attention,
}

/// One product that a unit of an SKU means, and what comes with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Component {
    /// What is paid for.
    pub product: ProductSpec,
    /// The free extra.
    pub voucher: Option<VoucherSpec>,
    /// What a cancellation does to both.
    pub on_cancel: OnCancel,
    /// What a renewal does, where the product is `ONE_TIME`; unsaid, a person decides.
    pub on_renewal: Option<OnRenewal>,
    /// What an order does that comes to name another site.
    pub on_site_change: OnSiteChange,
    /// What a line does whose SKU becomes another one.
    pub on_plan_change: OnPlanChange,
    /// What a unit of the SKU costs in the shop: an order that charges another amount is not bought.
    pub price: Option<Price>,
}

/// A product that is paid for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProductSpec {
    /// Which product of Wix's reseller catalog.
    pub catalog_product_id: CatalogProductId,
    /// How it is billed; needed where the product has several cycles.
    pub billing: Option<BillingInfo>,
    /// Where vouchers can be claimed when the order names no country: the entry's, else that of `[defaults]`.
    pub country: Option<CountryCode>,
    /// The discount it is bought with.
    pub discount_code: Option<DiscountCode>,
    /// Whether it is useless without a site: then an order without one is attention, and nothing is bought to float.
    pub needs_site: bool,
}

/// A free extra: bought as a package of its own that names the paid instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoucherSpec {
    /// Which product of Wix's reseller catalog.
    pub catalog_product_id: CatalogProductId,
    /// How it is billed; needed where the product has several cycles.
    pub billing: Option<BillingInfo>,
    /// Where it can be claimed; `None`: where the paid product says.
    pub country: Option<CountryCode>,
    /// The countries in which it exists; empty: in all. Orders from others get the paid product alone.
    pub countries: BTreeSet<CountryCode>,
    /// The discount it is bought with.
    pub discount_code: Option<DiscountCode>,
    /// Which site it goes to.
    pub site: VoucherSite,
}

impl VoucherSpec {
    /// Whether it exists in this country.
    pub fn exists_in(&self, country: &CountryCode) -> bool {
        self.countries.is_empty() || self.countries.contains(country)
    }
}

/// Which site a voucher goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoucherSite {
    /// That of the paid instance.
    Inherit,
    /// To none: it floats.
    None,
}

/// The largest catalog that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

impl Catalog {
    /// Reads and checks a catalog. All of its problems are reported together.
    pub fn from_toml(text: &str) -> Result<Self, CatalogErrors> {
        let (defaults, products) = read::catalog(text)?;
        Ok(Self {
            defaults,
            products,
            fingerprint: format!("{:016x}", fnv1a(text.as_bytes())),
        })
    }

    /// Reads the catalog in a file. Its path comes from `CATALOG_URL`, which `FileUrl` has
    /// checked; a relative one is resolved where the process was started.
    pub fn load(path: &Path) -> Result<Self, CatalogError> {
        read_file(path, Self::from_toml)
    }

    /// The products that a unit of this SKU means, in the order of the file; `None` when the catalog lacks the SKU.
    /// Never empty.
    pub fn components(&self, sku: &Sku) -> Option<&[Component]> {
        self.products.get(sku).map(Vec::as_slice)
    }

    /// Every SKU.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.products.keys()
    }

    /// A short hash of the text that the catalog was read from, for the logs: which catalog was it?
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn read_file<T>(path: &Path, read: impl Fn(&str) -> Result<T, CatalogErrors>) -> Result<T, CatalogError> {
    let unreadable = |reason: String| CatalogError::Unreadable {
        path: path.display().to_string(),
        reason,
    };
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unreadable("it has more than 4 MiB".to_owned()));
    }
    read(&text).map_err(|errors| CatalogError::Invalid {
        path: path.display().to_string(),
        errors,
    })
}

/// FNV-1a: tells texts apart in logs, and nothing more.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
