//! Create Package V2: everything that Wix is documented to refuse, and then the package. All of a request is checked before any
//! of it is done.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::call::{Caller, Done, Twist};
use crate::config::{Product, SiteRule};
use crate::guid::Guid;
use crate::model::{BillingInfo, BillingType, CycleUnit, Instance, Package, Status};
use crate::refusal::Refusal;
use crate::store::later;
use crate::validate::{self, CreateBody, ProductBody};
use crate::wix::Wix;

impl Wix {
    pub(crate) fn create(
        &mut self,
        now: i64,
        caller: Caller,
        body: &Map<String, Value>,
        key: Option<&str>,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let body = validate::create(body)?;
        let billing = self.check_products(caller, &body.products)?;
        let package = self.build(now, caller, body, billing, twist);
        let id = package.id;
        let (status, failure, after) = match &twist.new_instances {
            Some((status, failure, after_ms)) => (status.clone(), failure.clone(), Some(*after_ms)),
            None => (Status::Enabled, None, self.config.pending_to_enabled_ms),
        };
        let ripe = after.map(|ms| (later(now, ms), (status, failure)));
        let delay = self.delay(twist);
        self.store.insert(package, now, delay, ripe);
        self.done(id, key)
    }

    /// Checks every product, and says how each will be billed.
    fn check_products(&self, caller: Caller, products: &[ProductBody]) -> Result<Vec<Option<BillingInfo>>, Refusal> {
        let mut references = HashSet::new();
        let mut on_site = HashSet::new();
        let mut kinds_on_site = HashSet::new();
        let mut bought: HashMap<Guid, usize> = HashMap::new();
        let mut billing = Vec::with_capacity(products.len());
        for wanted in products {
            let id = wanted.catalog_product_id;
            let product = self.product(id)?;
            if let Some(reference) = wanted.reference {
                self.check_reference(caller, reference)?;
                if !references.insert(reference) {
                    return Err(invalid_reference(reference));
                }
            } else if product.is_some_and(|product| product.voucher_only) {
                return Err(Refusal::application(
                    "INVALID_PRODUCTS",
                    format!("Product {id} needs a referenceProductInstanceId"),
                ));
            }
            billing.push(billing_for(product, wanted.billing)?);
            if let Some(site) = wanted.site_id {
                self.check_site(caller, site)?;
                if !on_site.insert((site, id)) {
                    return Err(Refusal::application(
                        "MULTIPLE_PRODUCT_ASSIGNMENTS",
                        format!("Product {id} is assigned to site {site} more than once"),
                    ));
                }
                if let Some(product) = product {
                    self.check_kind_on_site(product, site, None)?;
                    if product.unique_per_site && !kinds_on_site.insert((site, product.kind.as_str())) {
                        return Err(kind_assigned(product, site));
                    }
                }
            } else if product.is_some_and(|product| product.site == SiteRule::Required) {
                return Err(Refusal::application(
                    "INVALID_PRODUCTS",
                    format!("Product {id} cannot be created without a site"),
                ));
            }
            *bought.entry(id).or_default() += 1;
            if let Some(limit) = product.and_then(|product| product.limit_per_account) {
                let wanted = bought.get(&id).copied().unwrap_or_default();
                if wanted + self.living(caller.account, id) > limit as usize {
                    return Err(Refusal::application(
                        "PRODUCT_LIMIT_EXCEEDED",
                        format!("Account {} may have {limit} of product {id}", caller.account),
                    ));
                }
            }
        }
        Ok(billing)
    }

    fn living(&self, account: Guid, product: Guid) -> usize {
        self.store
            .packages_of_account(account)
            .flat_map(|package| &package.instances)
            .filter(|instance| instance.catalog_product_id == product && instance.status.is_alive())
            .count()
    }

    /// The rules of a product; `None` where any product is accepted and this one has none.
    pub(crate) fn product(&self, id: Guid) -> Result<Option<&Product>, Refusal> {
        match self.config.product(id) {
            None if !self.config.accept_any_product => Err(Refusal::application(
                "PRODUCT_NOT_FOUND",
                format!("Product {id} not found"),
            )),
            product => Ok(product),
        }
    }

    pub(crate) fn check_site(&self, caller: Caller, site: Guid) -> Result<(), Refusal> {
        match self.config.sites.get(&site) {
            Some(account) if *account == caller.account => Ok(()),
            // The text names another account: documented, and a trap for code that shows it to customers.
            Some(account) => Err(Refusal::application(
                "SITE_NOT_FOUND",
                format!(
                    "Site {site} not found in account {}, it belongs to account {account}",
                    caller.account
                ),
            )),
            None if self.config.accept_any_site => Ok(()),
            None => Err(Refusal::application(
                "SITE_NOT_FOUND",
                format!("Site {site} not found in account {}", caller.account),
            )),
        }
    }

    /// Whether a product may go to a site that `except` may be on already.
    pub(crate) fn check_kind_on_site(
        &self,
        product: &Product,
        site: Guid,
        except: Option<Guid>,
    ) -> Result<(), Refusal> {
        if product.site == SiteRule::Never {
            return Err(Refusal::application(
                "PRODUCT_NOT_SUPPORTED_ON_SITE",
                format!("Product {} cannot be assigned to site {site}", product.id),
            ));
        }
        let same_kind = |id: Guid| {
            self.config
                .product(id)
                .is_some_and(|other| other.unique_per_site && other.kind == product.kind)
        };
        let assigned = product.unique_per_site
            && self
                .store
                .on_site(site)
                .any(|instance| Some(instance.id) != except && same_kind(instance.catalog_product_id));
        if assigned {
            return Err(kind_assigned(product, site));
        }
        Ok(())
    }

    fn check_reference(&self, caller: Caller, reference: Guid) -> Result<(), Refusal> {
        let package = self
            .store
            .package_of_instance(reference)
            .filter(|package| package.account_id == caller.account);
        let fits = package
            .and_then(|package| package.instance(reference))
            .is_some_and(|instance| match &instance.status {
                Status::Pending | Status::Enabled => true,
                Status::Canceled | Status::Failed | Status::AwaitingAction | Status::Other(_) => false,
            });
        if fits && !self.store.is_taken(reference) {
            Ok(())
        } else {
            Err(invalid_reference(reference))
        }
    }

    fn build(
        &mut self,
        now: i64,
        caller: Caller,
        body: CreateBody,
        billing: Vec<Option<BillingInfo>>,
        twist: &Twist,
    ) -> Package {
        let id = self.next_id();
        let at_once = twist.new_instances.as_ref().filter(|(_, _, after_ms)| *after_ms == 0);
        let (status, failure) = match at_once {
            Some((status, failure, _)) => (status.clone(), failure.clone()),
            None => (Status::Pending, None),
        };
        let instances = body
            .products
            .into_iter()
            .zip(billing)
            .map(|(wanted, billing)| Instance {
                id: self.next_id(),
                catalog_product_id: wanted.catalog_product_id,
                site_id: wanted.site_id,
                status: status.clone(),
                failure: failure.clone(),
                billing,
                country_code: Some(wanted.country_code),
                discount_code: wanted.discount_code,
                reference: wanted.reference,
                expires_ms: None,
                created_ms: now,
                updated_ms: now,
            })
            .collect();
        Package {
            id,
            account_id: caller.account,
            parent_account_id: caller.parent,
            external_id: body.external_id,
            instances,
            created_ms: now,
            updated_ms: now,
        }
    }
}

/// How a product is billed that was asked for with `wanted`.
pub(crate) fn billing_for(
    product: Option<&Product>,
    wanted: Option<BillingInfo>,
) -> Result<Option<BillingInfo>, Refusal> {
    let cycles = product.map_or(&[][..], |product| product.cycles.as_slice());
    let Some(wanted) = wanted else {
        return match cycles {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => Err(Refusal::application(
                "MISSING_BILLING_CYCLE",
                "The product has several billing cycles: billingInfo is needed",
            )),
        };
    };
    let sound = match (wanted.kind, wanted.cycle_duration) {
        (BillingType::Unknown, _) | (BillingType::Recurring, None) => false,
        (BillingType::OneTime, _) => true,
        (BillingType::Recurring, Some(cycle)) => cycle.unit != CycleUnit::Unknown,
    };
    if !sound {
        return Err(Refusal::application(
            "INVALID_BILLING_CYCLE",
            "The billing cycle is not a valid one",
        ));
    }
    if !cycles.is_empty() && !cycles.contains(&wanted) {
        return Err(Refusal::application(
            "INCOMPATIBLE_BILLING_CYCLE",
            "The product is not offered with this billing cycle",
        ));
    }
    Ok(Some(wanted))
}

fn invalid_reference(reference: Guid) -> Refusal {
    Refusal::application(
        "INVALID_REFERENCE_PRODUCT_INSTANCE_ID",
        format!("Reference product instance {reference} is invalid or already used"),
    )
}

fn kind_assigned(product: &Product, site: Guid) -> Refusal {
    Refusal::application(
        "PRODUCT_TYPE_ALREADY_ASSIGNED",
        format!("A product of type {} is already assigned to site {site}", product.kind),
    )
}
