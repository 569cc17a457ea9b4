//! What has been bought, as Wix has it: the answer to "and what does the customer have now?".

use reseller_hooks::catalog::{Catalog, Component};
use reseller_hooks::ids::Sku;
use serde_json::json;
use wix_sandbox::{Instance, Package};

use super::World;

/// One instance at Wix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    /// The SKU whose product it is, by product and billing cycle; the product's ID where the catalog has none.
    pub sku: String,
    /// It came free with another instance.
    pub voucher: bool,
    /// Whose it is.
    pub account: String,
    /// Where it is; `None`: it floats.
    pub site: Option<String>,
    /// Neither canceled nor failed.
    pub alive: bool,
    /// The external ID of its package.
    pub external_id: Option<String>,
}

impl World {
    /// Everything that was ever bought, sorted.
    pub fn holdings(&self) -> Vec<Holding> {
        let wix = self.look();
        let mut holdings: Vec<Holding> = wix
            .packages()
            .flat_map(|package| package.instances.iter().map(move |instance| (package, instance)))
            .map(|(package, instance)| holding(&self.catalog, package, instance))
            .collect();
        holdings.sort();
        holdings
    }

    /// The paid instances of an SKU that are alive, vouchers not counted.
    pub fn alive(&self, sku: &str) -> usize {
        self.count(sku, |holding| holding.alive)
    }

    /// Those of them that are on a site.
    pub fn on_site(&self, sku: &str) -> usize {
        self.count(sku, |holding| holding.alive && holding.site.is_some())
    }

    fn count(&self, sku: &str, counts: impl Fn(&Holding) -> bool) -> usize {
        let holdings = self.holdings();
        let paid = holdings.iter().filter(|holding| holding.sku == sku && !holding.voucher);
        paid.filter(|holding| counts(holding)).count()
    }
}

fn holding(catalog: &Catalog, package: &Package, instance: &Instance) -> Holding {
    Holding {
        sku: sku(catalog, instance).unwrap_or_else(|| instance.catalog_product_id.to_string()),
        voucher: instance.reference.is_some(),
        account: package.account_id.to_string(),
        site: instance.site_id.map(|site| site.to_string()),
        alive: instance.status.is_alive(),
        external_id: package.external_id.clone(),
    }
}

fn sku(catalog: &Catalog, instance: &Instance) -> Option<String> {
    let product = instance.catalog_product_id.to_string();
    // The sandbox has types of its own; in JSON they are the same.
    let billing = json!(instance.billing);
    let is_it = |component: &Component| {
        if instance.reference.is_some() {
            let free = component.voucher.as_ref();
            free.is_some_and(|free| free.catalog_product_id.as_str() == product && json!(free.billing) == billing)
        } else {
            let paid = &component.product;
            paid.catalog_product_id.as_str() == product && json!(paid.billing) == billing
        }
    };
    let is_of = |sku: &&Sku| catalog.components(sku).unwrap_or_default().iter().any(is_it);
    catalog.skus().find(is_of).map(ToString::to_string)
}
