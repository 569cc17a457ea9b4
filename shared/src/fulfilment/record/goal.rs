//! What a move or an adjustment leads to: another site, or another product.

use serde::{Deserialize, Serialize};

use super::change::Change;
use crate::ids::{CatalogProductId, SiteId};
use crate::wix::{BillingInfo, ProductInput, ProductInstance};

/// Which product an instance is, and how it is billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The product of Wix's reseller catalog.
    #[serde(rename = "p")]
    pub product: CatalogProductId,
    /// How it is billed; `None`: Wix chose, or did not say.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingInfo>,
}

impl Spec {
    /// What a request asks for.
    pub fn of(product: &ProductInput) -> Self {
        Self {
            product: product.catalog_product_id.clone(),
            billing: product.billing_info.clone(),
        }
    }

    /// Whether an instance that is this must be adjusted to become the target.
    pub fn differs_from(&self, target: &Self) -> bool {
        self.product != target.product || (target.billing.is_some() && self.billing != target.billing)
    }

    /// What Wix shows now. Where it does not say the billing, that is taken to be as it was.
    pub(super) fn shown(shown: &ProductInstance, before: &Self) -> Self {
        let kept = || {
            before
                .billing
                .clone()
                .filter(|_| before.product == shown.catalog_product_id)
        };
        Self {
            product: shown.catalog_product_id.clone(),
            billing: shown.billing_info.clone().or_else(kept),
        }
    }
}

/// What a shift changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// The site that the instance is on.
    #[serde(rename = "s")]
    Site {
        /// The one that it leaves.
        #[serde(rename = "f")]
        from: SiteId,
        /// The one that it goes to.
        #[serde(rename = "t")]
        to: SiteId,
    },
    /// The product that the instance is.
    #[serde(rename = "p")]
    Product {
        /// What it was.
        #[serde(rename = "f")]
        from: Spec,
        /// What it becomes.
        #[serde(rename = "t")]
        to: Spec,
    },
}

impl Goal {
    /// The change that reaches it.
    pub const fn change(&self) -> Change {
        match self {
            Self::Site { .. } => Change::Move,
            Self::Product { .. } => Change::Adjust,
        }
    }

    /// Whether an instance, as Wix shows it, is what it was to become.
    pub fn is_shown_by(&self, shown: &ProductInstance) -> bool {
        match self {
            Self::Site { to, .. } => shown.site_id.as_ref() == Some(to),
            Self::Product { from, to } => {
                let billed = match (&to.billing, &shown.billing_info) {
                    (None, _) => true,
                    (Some(to), Some(shown)) => to == shown,
                    // Nothing else could show that the billing alone has changed.
                    (Some(_), None) => from.product != to.product || from.billing == to.billing,
                };
                shown.catalog_product_id == to.product && billed
            }
        }
    }

    /// Whether an instance, as Wix shows it, is on the site that it was to leave.
    pub(super) fn is_back_in(&self, shown: &ProductInstance) -> bool {
        match self {
            Self::Site { from, .. } => shown.site_id.as_ref() == Some(from),
            Self::Product { .. } => false,
        }
    }
}
