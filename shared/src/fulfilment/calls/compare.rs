//! Which package is a purchase's own: how a package that Wix shows looks beside what was asked for.

use std::collections::HashMap;

use crate::fulfilment::record::{Instance, Purchase};
use crate::wix::{CreatePackage, Package, ProductInput, ProductInstance};

/// How a package looks beside what was asked for.
pub(crate) enum Comparison {
    /// It belongs to another account.
    Foreign,
    /// The account agrees, the products do not.
    Differs,
    /// It is what was asked for: the instances in the order of the request's products.
    Fits(Vec<Instance>),
}

/// Compares a package with a purchase's request.
pub(crate) fn compare(purchase: &Purchase, request: &CreatePackage, package: &Package) -> Comparison {
    if !belongs_to_account(purchase, package) {
        return Comparison::Foreign;
    }
    match match_instances(&request.products, &package.product_instances) {
        Some(instances) => Comparison::Fits(instances),
        None => Comparison::Differs,
    }
}

/// Whether a package belongs to a purchase's account, as far as Wix says.
pub(crate) fn belongs_to_account(purchase: &Purchase, package: &Package) -> bool {
    let account = package.account_id.as_ref();
    account.is_none_or(|account| account == purchase.account())
}

/// Whether nothing of a package costs money or can be used any more. An answer that shows no instances says nothing.
pub(crate) fn is_over(package: &Package) -> bool {
    let mut instances = package.product_instances.iter();
    instances.len() > 0 && instances.all(|instance| Instance::shown(instance).has_ended())
}

/// Gives each product of a request one of the package's instances: equal as multisets of products (and of references,
/// where the answer names them). Among equal ones those that agree on billing and site come first: two lines may sell one
/// product by the month and by the year, and each must later be taken back, or adjusted, by itself.
fn match_instances(products: &[ProductInput], shown: &[ProductInstance]) -> Option<Vec<Instance>> {
    if products.len() != shown.len() {
        return None;
    }
    let mut by_product: HashMap<&str, Vec<&ProductInstance>> = HashMap::new();
    for instance in shown {
        by_product
            .entry(instance.catalog_product_id.as_str())
            .or_default()
            .push(instance);
    }
    let mut matched: Vec<Option<Instance>> = vec![None; products.len()];
    // The picky ones choose first: references, then billing and site, then the rest.
    type Rule = fn(&ProductInput, &ProductInstance) -> bool;
    let rules: [Rule; 5] = [
        |wanted, shown| {
            wanted.reference_product_instance_id.is_some()
                && shown.reference_product_instance_id == wanted.reference_product_instance_id
        },
        |wanted, shown| {
            reference_agrees(wanted, shown) && billing_agrees(wanted, shown) && shown.site_id == wanted.site_id
        },
        |wanted, shown| reference_agrees(wanted, shown) && billing_agrees(wanted, shown),
        |wanted, shown| reference_agrees(wanted, shown) && shown.site_id == wanted.site_id,
        reference_agrees,
    ];
    for rule in rules {
        let open = products.iter().zip(matched.iter_mut());
        for (product, slot) in open.filter(|(_, slot)| slot.is_none()) {
            let candidates = by_product.get_mut(product.catalog_product_id.as_str())?;
            // From the end, so that a run of equal ones costs one comparison each.
            if let Some(at) = candidates.iter().rposition(|shown| rule(product, shown)) {
                *slot = Some(Instance::shown(candidates.swap_remove(at)));
            }
        }
    }
    matched.into_iter().collect()
}

fn billing_agrees(wanted: &ProductInput, shown: &ProductInstance) -> bool {
    wanted.billing_info.is_none() || shown.billing_info == wanted.billing_info
}

fn reference_agrees(wanted: &ProductInput, shown: &ProductInstance) -> bool {
    shown.reference_product_instance_id.is_none()
        || shown.reference_product_instance_id == wanted.reference_product_instance_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_shows_no_instances_is_not_taken_for_one_that_is_over() {
        let shown = |instances: &str| -> Package {
            let json = format!(r#"{{"id":"6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5","productInstances":[{instances}]}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let instance = |status: &str| {
            format!(
                r#"{{"instanceId":"da9b5a2b-1f58-4edc-945a-bef83710ec97","catalogProductId":"00ba7923-2655-402a-852d-2b2100568bcf","status":"{status}"}}"#
            )
        };
        assert!(is_over(&shown(&instance("CANCELED"))));
        assert!(!is_over(&shown(&instance("ENABLED"))));
        assert!(!is_over(&shown("")));
    }

    /// Found by the simulation (seed 19685): the yearly instance was taken for the monthly line's, so that a later
    /// cancellation of one line would have taken back the other's.
    #[test]
    fn of_two_products_that_differ_in_billing_each_gets_its_own_instance() {
        const PLAN: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
        let billing =
            |unit: &str| serde_json::json!({ "type": "RECURRING", "cycleDuration": { "unit": unit, "count": 1 } });
        let products = ["MONTH", "YEAR"].map(|unit| -> ProductInput {
            let wanted =
                serde_json::json!({ "catalogProductId": PLAN, "billingInfo": billing(unit), "countryCode": "US" });
            serde_json::from_value(wanted).unwrap()
        });
        let instance = |id: &str, unit: &str| -> ProductInstance {
            let shown = serde_json::json!({
                "instanceId": id, "catalogProductId": PLAN, "status": "ENABLED", "billingInfo": billing(unit),
            });
            serde_json::from_value(shown).unwrap()
        };
        let (monthly, yearly) = (
            instance("da9b5a2b-1f58-4edc-945a-bef83710ec97", "MONTH"),
            instance("5d3a8f0e-6c41-4b7b-9a52-0f4e8c7d1b26", "YEAR"),
        );
        for shown in [[monthly.clone(), yearly.clone()], [yearly.clone(), monthly.clone()]] {
            let matched = match_instances(&products, &shown).unwrap();
            let ids: Vec<_> = matched.iter().map(|instance| instance.id().clone()).collect();
            assert_eq!(ids, [monthly.instance_id.clone(), yearly.instance_id.clone()]);
        }
    }
}
