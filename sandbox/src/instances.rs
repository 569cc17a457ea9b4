//! What can be done with packages that are there: get, cancel, assign, unassign, adjust, set the external ID.

use serde_json::{Map, Value};

use crate::call::{Caller, Done, Twist};
use crate::create::billing_for;
use crate::guid::Guid;
use crate::model::{Instance, Package, Status};
use crate::refusal::Refusal;
use crate::validate;
use crate::wix::Wix;

impl Wix {
    pub(crate) fn get(&self, caller: Caller, package: &str) -> Result<Done, Refusal> {
        let id = self.package_of(caller, package)?.id;
        let mut done = self.done(id, None)?;
        done.committed = false;
        Ok(done)
    }

    pub(crate) fn cancel_package(
        &mut self,
        now: i64,
        caller: Caller,
        package: &str,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let package = self.package_of(caller, package)?;
        let (id, instances) = (package.id, ids(package));
        // The documented answers show the status from before.
        let mut done = self.done(id, None)?;
        done.committed = self.cancel(now, instances, twist);
        Ok(done)
    }

    pub(crate) fn cancel_instance(
        &mut self,
        now: i64,
        caller: Caller,
        instance: &str,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let (package, instance) = self.instance_of(caller, instance)?;
        let (id, instance) = (package.id, instance.id);
        let mut done = self.done(id, None)?;
        done.committed = self.cancel(now, vec![instance], twist);
        Ok(done)
    }

    /// Cancels instances, and what depends on them; says whether any was alive.
    fn cancel(&mut self, now: i64, mut instances: Vec<Guid>, twist: &Twist) -> bool {
        let delay = self.delay(twist);
        let mut any = false;
        while let Some(id) = instances.pop() {
            if !self
                .store
                .instance(id)
                .is_some_and(|instance| instance.status.is_alive())
            {
                continue;
            }
            any = true;
            self.store
                .change_instance(id, now, delay, |instance| instance.status = Status::Canceled);
            if self.config.cancel_takes_dependents {
                instances.extend(self.store.dependent(id));
            }
        }
        any
    }

    pub(crate) fn assign(
        &mut self,
        now: i64,
        caller: Caller,
        instance: &str,
        site: Guid,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let (package, instance) = self.instance_of(caller, instance)?;
        let (package, id, old_site) = (package.id, instance.id, instance.site_id);
        if !instance.status.is_alive() {
            return Err(incompatible_status(instance));
        }
        self.check_site(caller, site)?;
        if let Some(product) = self.product(instance.catalog_product_id)? {
            self.check_kind_on_site(product, site, Some(id))?;
        }
        let delay = self.delay(twist);
        if let Some(status) = twist.half_assign {
            self.store
                .change_instance(id, now, delay, |instance| instance.site_id = None);
            return Err(Refusal::plain(status, ""));
        }
        let moves = old_site != Some(site);
        if moves {
            self.store
                .change_instance(id, now, delay, |instance| instance.site_id = Some(site));
        }
        let mut done = self.done(package, None)?;
        done.committed = moves;
        Ok(done)
    }

    pub(crate) fn unassign(
        &mut self,
        now: i64,
        caller: Caller,
        instance: &str,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let (package, instance) = self.instance_of(caller, instance)?;
        let (package, id) = (package.id, instance.id);
        if instance.status == Status::Canceled {
            return Err(instance_not_found(&id.to_string()));
        }
        if instance.site_id.is_none() {
            return Err(Refusal::application(
                "MISSING_SITE_ID",
                format!("Product instance {id} is not assigned to a site"),
            ));
        }
        let delay = self.delay(twist);
        self.store
            .change_instance(id, now, delay, |instance| instance.site_id = None);
        self.done(package, None)
    }

    pub(crate) fn adjust(
        &mut self,
        now: i64,
        caller: Caller,
        instance: &str,
        body: &Map<String, Value>,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let wanted = validate::adjust(body)?;
        let (package, instance) = self.instance_of(caller, instance)?;
        let (package, id) = (package.id, instance.id);
        if wanted.catalog_product_id.is_none() && wanted.billing.is_none() {
            return Err(Refusal::application(
                "MISSING_PRODUCT_DETAILS",
                "catalogProductId or billingInfo is needed",
            ));
        }
        match instance.status {
            Status::Pending | Status::Enabled => {}
            Status::Canceled | Status::Failed | Status::AwaitingAction | Status::Other(_) => {
                return Err(incompatible_status(instance));
            }
        }
        let old = self.product(instance.catalog_product_id)?;
        let product_id = wanted.catalog_product_id.unwrap_or(instance.catalog_product_id);
        let new = self.product(product_id)?;
        if [old, new].into_iter().flatten().any(|product| product.not_adjustable) {
            return Err(Refusal::application(
                "OPERATION_NOT_SUPPORTED_FOR_PRODUCT",
                format!("Product {product_id} cannot be adjusted"),
            ));
        }
        if old.map(|product| &product.kind) != new.map(|product| &product.kind) {
            return Err(Refusal::application(
                "INCOMPATIBLE_PRODUCT",
                format!("Product {product_id} is of another type than that of product instance {id}"),
            ));
        }
        // Without new billing the old one stays, where the new product is offered with it.
        let kept = instance
            .billing
            .filter(|billing| new.is_none_or(|product| product.cycles.contains(billing)));
        let billing = billing_for(new, wanted.billing.or(kept))?;
        let delay = self.delay(twist);
        self.store.change_instance(id, now, delay, |instance| {
            instance.catalog_product_id = product_id;
            instance.billing = billing;
            if wanted.discount_code.is_some() {
                instance.discount_code = wanted.discount_code;
            }
        });
        self.done(package, None)
    }

    pub(crate) fn set_external_id(
        &mut self,
        now: i64,
        caller: Caller,
        package: &str,
        external_id: &str,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        validate::external_id(external_id)?;
        let package = self.package_of(caller, package)?;
        let (id, changes) = (package.id, package.external_id.as_deref() != Some(external_id));
        if changes {
            let delay = self.delay(twist);
            self.store.change_package(id, now, delay, |package| {
                package.external_id = Some(external_id.to_owned());
            });
        }
        let name = if self.config.spelling.snake_updated_package {
            "updated_package"
        } else {
            "updatedPackage"
        };
        let mut done = self.envelope(id, name, None)?;
        done.committed = changes;
        Ok(done)
    }

    /// A package of the caller's account. No table of codes is published for the operations that ask for one.
    fn package_of(&self, caller: Caller, id: &str) -> Result<&Package, Refusal> {
        Guid::parse(id)
            .and_then(|id| self.store.package(id))
            .filter(|package| package.account_id == caller.account)
            .ok_or_else(|| Refusal::application("PACKAGE_NOT_FOUND", format!("Package {id} not found")))
    }

    /// An instance of the caller's account. The documentation gives 428, not 404, for one that is not there.
    fn instance_of(&self, caller: Caller, id: &str) -> Result<(&Package, &Instance), Refusal> {
        Guid::parse(id)
            .and_then(|id| {
                let package = self.store.package_of_instance(id)?;
                Some((package, package.instance(id)?))
            })
            .filter(|(package, _)| package.account_id == caller.account)
            .ok_or_else(|| instance_not_found(id))
    }
}

fn ids(package: &Package) -> Vec<Guid> {
    package.instances.iter().map(|instance| instance.id).collect()
}

fn instance_not_found(id: &str) -> Refusal {
    Refusal::application("PRODUCT_INSTANCE_NOT_FOUND", format!("Product instance {id} not found"))
}

fn incompatible_status(instance: &Instance) -> Refusal {
    Refusal::application(
        "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS",
        format!("Product instance {} is {}", instance.id, instance.status.as_str()),
    )
}
