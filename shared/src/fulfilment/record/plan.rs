//! What is done for a unit, as it was decided when the unit was first wanted. A later catalog touches new units only.

use serde::{Deserialize, Serialize};

use super::compact::is_zero;
use super::{Item, Spec};
use crate::catalog::OnCancel;
use crate::ids::{AccountId, CountryCode, SiteId, Sku};
use crate::order::{LineId, MissingSku, Version};
use crate::wix::ProductInput;

/// A line of the order with the frozen plans of its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    id: LineId,
    runs: Vec<PlannedUnits>,
    /// An operator released this line: `not_before` does not hold it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    released: bool,
}

/// Units in a row that have the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUnits {
    /// How many units.
    pub count: u32,
    /// The SKU that they were planned from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// The plan of each.
    pub plan: Plan,
}

/// What is done for a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Not decided: an operator retried or released it, and the next decision resolves it from today's catalog.
    Open,
    /// Nothing, now and later: why.
    NotOurs(NotOurs),
    /// Nothing until an operator releases it: the order is from before the catalog's `not_before`.
    Held,
    /// Nothing, because it is unclear: attention. A newer snapshot or an operator's retry plans it again.
    Refused {
        /// What is wrong.
        cause: Unplannable,
        /// The version of the snapshot that it was decided on.
        version: Version,
    },
    /// Nothing, now and later: a person has settled it in another way.
    Closed,
    /// One product for each component.
    Buy(Vec<ComponentPlan>),
}

/// Why a unit is none of our business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotOurs {
    /// The line has no SKU.
    BlankSku,
    /// The catalog does not have the SKU, and says to ignore such ones.
    UnknownSku,
    /// A component of another line whose own SKU is in the catalog: it is bought with that one.
    Component,
    /// A renewal of what Wix renews by itself, or of what the catalog says not to buy again.
    Renewal,
}

/// Why a unit cannot be planned. What it displays is the cause and the remedy, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's sentence says what it is")]
pub enum Unplannable {
    #[error("the catalog has no SKU {0}: add it, or set unknown_sku = \"ignore\", deploy, then retry the order")]
    UnknownSku(Sku),
    #[error(
        "the line of SKU {0} belongs to a bundle, and the catalog has no SKU of its lines: add the SKUs of the components, deploy, then retry the order"
    )]
    UnknownBundle(Sku),
    #[error(
        "a line has no SKU{}: give it one in the storefront and save the order again, or set unknown_sku = \"ignore\"",
        why(.0.as_ref())
    )]
    NoSku(Option<MissingSku>),
    #[error(
        "a line has no SKU any more, and had one before{}: see in the storefront what was sold, and buy it by hand",
        why(.0.as_ref())
    )]
    LostSku(Option<MissingSku>),
    #[error(
        "the order renews a subscription, and SKU {0} is not RECURRING: say on_renewal = \"nothing\" or \"buy\" in the catalog, deploy, then retry the order"
    )]
    RenewalUnsaid(Sku),
    #[error(
        "the storefront charged {charged} for SKU {sku}, and {units} x its price in the catalog is {expected}: see what was sold, correct the order or the catalog, then retry the order"
    )]
    PriceDiffers {
        sku: Sku,
        units: u32,
        charged: String,
        expected: String,
    },
    #[error(
        "the line was bought as {had} and is now paid as {paid}: nothing more is bought for it; change the products at Wix by hand, then close this"
    )]
    AnotherPlan { had: String, paid: String },
    #[error(
        "SKU {sku} needs a site of its own, and the order names only {site}, which has the product already: let the customer name another site"
    )]
    SiteTaken { sku: String, site: SiteId },
    #[error("SKU {0} needs a site, and the order names none: set the site property of the order in the storefront")]
    NoSite(String),
    #[error("the order names no country for SKU {0}: set `country` in the catalog's [defaults]")]
    NoCountry(String),
    #[error("the order's Wix account property is not an account ID (a GUID): correct it in the storefront")]
    InvalidAccount,
    #[error(
        "the order names the Wix account {0}, which the catalog's allowed_accounts does not list: add it, or correct the order, then retry the order"
    )]
    AccountNotAllowed(AccountId),
    #[error(
        "the order names no Wix account, and the catalog requires one: set the account property of the order in the storefront"
    )]
    NoAccount,
    #[error("the order's country is not a code of two letters: correct it in the storefront")]
    InvalidCountry,
    #[error("the order's Wix site property is not a site ID (a GUID): correct it in the storefront")]
    InvalidSite,
    #[error(
        "{0} units are more than one order record can hold, and nothing was bought for them: buy them by hand, or let the customer split the order"
    )]
    TooManyUnits(u32),
}

/// Why a line has no SKU, in words.
const fn why(missing: Option<&MissingSku>) -> &'static str {
    match missing {
        Some(MissingSku::ProductDeleted) => " (its product was deleted)",
        Some(MissingSku::VariantWithoutSku) => " (the variant that was sold has none)",
        Some(MissingSku::BundlePart) => " (it is a part of a bundle, and the bundle's own SKU is in no line)",
        None => "",
    }
}

/// What is bought for one component of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentPlan {
    /// For which account.
    pub account: AccountId,
    /// The product as it is requested; its site is where the instance belongs while the unit is wanted.
    pub product: ProductInput,
    /// Never assigned to the site that the order names, because a sibling unit of the same product already holds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floats: bool,
    /// What is done with the instance when the unit is not wanted any more.
    pub on_cancel: OnCancel,
    /// The free extra.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherPlan>,
    /// The country in which the catalog's free extra does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_voucher_in: Option<CountryCode>,
    /// How often its site became another one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moves: u32,
    /// How often its product became another one. What was bought stands in the purchase.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub adjusts: u32,
    /// The product comes with another free extra than the one that was bought, and Wix allows one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voucher_used_up: bool,
}

/// The free extra of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherPlan {
    /// The product as it is requested, without its reference.
    pub product: ProductInput,
    /// Goes to the site of its reference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows_site: bool,
}

impl ComponentPlan {
    /// The product that the unit's instance is to be.
    pub fn target(&self) -> Spec {
        Spec::of(&self.product)
    }

    /// Whether it ever had another target.
    pub const fn has_other_targets(&self) -> bool {
        self.moves > 0 || self.adjusts > 0
    }
}

impl Plan {
    /// What is bought; empty where nothing is.
    pub fn components(&self) -> &[ComponentPlan] {
        match self {
            Self::Buy(components) => components,
            Self::Open | Self::NotOurs(_) | Self::Held | Self::Refused { .. } | Self::Closed => &[],
        }
    }
}

impl Line {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            runs: Vec::new(),
            released: false,
        }
    }

    /// Whether an operator released it, apart from the order's other lines.
    pub const fn is_released(&self) -> bool {
        self.released
    }

    /// An operator releases it.
    pub(crate) const fn release(&mut self) {
        self.released = true;
    }

    /// The storefront's ID of the line.
    pub const fn id(&self) -> &LineId {
        &self.id
    }

    /// The plans in the order of the units: the first run is for units 1 to its count, and so on.
    pub fn runs(&self) -> &[PlannedUnits] {
        &self.runs
    }

    /// Each run with the number of its first unit.
    pub fn numbered_runs(&self) -> impl Iterator<Item = (u32, &PlannedUnits)> {
        let mut next = 1_u32;
        self.runs.iter().map(move |run| {
            let first = next;
            next = next.saturating_add(run.count);
            (first, run)
        })
    }

    /// The plan of a unit, from 1.
    pub fn plan(&self, unit: u32) -> Option<&Plan> {
        let mut left = unit;
        for run in &self.runs {
            if left <= run.count {
                return Some(&run.plan);
            }
            left -= run.count;
        }
        None
    }

    /// How many units have a plan.
    pub fn planned(&self) -> u32 {
        self.runs.iter().fold(0_u32, |sum, run| sum.saturating_add(run.count))
    }

    /// Replaces the plans; the ones that were there.
    pub(crate) fn set_runs(&mut self, runs: Vec<PlannedUnits>) -> Vec<PlannedUnits> {
        std::mem::replace(&mut self.runs, runs)
    }

    /// The plans, to be resolved further. The number of units must stay.
    pub(crate) fn runs_mut(&mut self) -> &mut [PlannedUnits] {
        &mut self.runs
    }

    /// Appends units with a plan, joined with the run before where that is equal.
    pub(crate) fn push(runs: &mut Vec<PlannedUnits>, units: PlannedUnits) {
        match runs.last_mut() {
            Some(last) if last.plan == units.plan && last.sku == units.sku => last.count += units.count,
            Some(_) | None => runs.push(units),
        }
    }
}

/// The items of a line that are to buy, up to a unit, each with its plan.
pub(crate) fn items_of(index: u32, line: &Line, up_to: u32) -> impl Iterator<Item = (Item, &ComponentPlan)> {
    line.numbered_runs().flat_map(move |(first, run)| {
        // A run of which nothing is bought may have any number of units: it is not walked through.
        let last = if run.plan.components().is_empty() { 0 } else { up_to };
        let end = first.saturating_add(run.count).min(last.saturating_add(1));
        (first..end).flat_map(move |unit| {
            let components = (0_u32..).zip(run.plan.components());
            components.map(move |(at, component)| (Item(index, unit, at), component))
        })
    })
}
