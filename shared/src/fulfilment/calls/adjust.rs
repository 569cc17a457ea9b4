//! Adjust Product Instance Specifications: an instance becomes another product of its type, or is billed otherwise. When
//! it is due, its request, and what a person can do about each refusal that Wix documents.

use super::subject::Subject;
use crate::fulfilment::record::{Change, ComponentPlan, Goal, Kind, Spec};
use crate::ids::{IdempotencyKey, InstanceId};
use crate::wix::{AdjustProductInstance, Adjustment};

/// What an instance holds: what Wix said last where it was adjusted, else what was bought.
fn holds(subject: &Subject<'_>) -> Option<Spec> {
    let adjusted = subject.instance.holds().cloned();
    adjusted.or_else(|| subject.purchase.bought(subject.at).map(Spec::of))
}

/// Whether it is another product than its target, or billed otherwise.
pub(super) fn differs(subject: &Subject<'_>) -> bool {
    holds(subject).is_some_and(|spec| spec.differs_from(&subject.component.target()))
}

/// The adjustment that an instance needs. A voucher stays what it is.
pub(super) fn needed(subject: &Subject<'_>) -> Option<Goal> {
    if subject.purchase.id().kind == Kind::Voucher || !subject.lags(Change::Adjust) || !differs(subject) {
        return None;
    }
    match subject.shift(Change::Adjust) {
        // The same request, or nothing more.
        Some(shift) => shift.may_be_repeated().then(|| shift.goal().clone()),
        None => Some(Goal::Product {
            from: holds(subject)?,
            to: subject.component.target(),
        }),
    }
}

/// The call: the product where it differs, the billing where the cycle does.
pub(super) fn call(
    instance: InstanceId,
    from: &Spec,
    to: &Spec,
    plan: Option<&ComponentPlan>,
    idempotency_key: IdempotencyKey,
) -> AdjustProductInstance {
    let billing = to
        .billing
        .clone()
        .filter(|billing| from.billing.as_ref() != Some(billing));
    let adjustment = match billing {
        Some(billing) if from.product == to.product => Adjustment::to_billing(billing),
        Some(billing) => Adjustment::to_product(to.product.clone()).with_billing(billing),
        None => Adjustment::to_product(to.product.clone()),
    };
    let discount = plan.and_then(|plan| plan.product.discount_code.clone());
    AdjustProductInstance {
        instance,
        adjustment: match discount {
            Some(discount) => adjustment.with_discount(discount),
            None => adjustment,
        },
        idempotency_key,
    }
}

/// What a person can do, by Wix's code (documented for this operation).
pub(super) fn advice(from: &Spec, to: &Spec, code: &str) -> String {
    let then = "then retry the order, or adjust it at Wix by hand and close this";
    let cause = match code {
        "INCOMPATIBLE_PRODUCT" => {
            "Wix adjusts only within one type of product: correct the SKU of the line in the storefront or catalog_product_id in the catalog"
        }
        "OPERATION_NOT_SUPPORTED_FOR_PRODUCT" => {
            "Wix cannot adjust this product: set on_plan_change = \"attention\" for it and sell the change as a new order"
        }
        "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS" => {
            "Wix adjusts only what is pending or enabled: see the instance at Wix"
        }
        "PRODUCT_INSTANCE_NOT_FOUND" => "Wix does not find the instance: see at Wix whether it is there",
        "PRODUCT_NOT_FOUND" | "PRODUCT_SETTINGS_NOT_FOUND" | "INVALID_PRODUCTS" | "MISSING_PRODUCT_DETAILS" => {
            "Wix does not have the product for this reseller: correct catalog_product_id in the catalog and deploy"
        }
        "MISSING_BILLING_CYCLE" | "INCOMPATIBLE_BILLING_CYCLE" | "INVALID_BILLING_CYCLE" => {
            "Wix does not sell the product with this billing: correct `billing` in the catalog and deploy"
        }
        "PRODUCT_LIMIT_EXCEEDED" => "Wix allows no more of the product: ask Wix to raise the limit",
        "PRODUCT_TYPE_ALREADY_ASSIGNED" | "MULTIPLE_PRODUCT_ASSIGNMENTS" => {
            "the site has such a product already: free it at Wix"
        }
        "SITE_NOT_FOUND" | "PRODUCT_NOT_SUPPORTED_ON_SITE" | "ACCOUNT_NOT_FOUND" => {
            "the site or account cannot take the product: check the order's site and account"
        }
        _ => "Wix did not adjust it (its code and request ID help Wix's support)",
    };
    format!(
        "the plan stays product {} and is paid as product {}: {cause}, {then}",
        from.product, to.product
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wix::{BillingInfo, Call, CycleUnit};

    const INSTANCE: &str = "06c45d18-8009-454f-943a-8377ed80cd92";
    const SMALL: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
    const LARGE: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";

    fn spec(product: &str, unit: Option<CycleUnit>) -> Spec {
        Spec {
            product: product.parse().unwrap(),
            billing: unit.map(|unit| BillingInfo::recurring(unit, 1)),
        }
    }

    fn body(from: &Spec, to: &Spec) -> Value {
        let call = call(INSTANCE.parse().unwrap(), from, to, None, "key".parse().unwrap());
        serde_json::from_slice(&call.body().unwrap().unwrap()).unwrap()
    }

    #[test]
    fn only_what_differs_is_sent() {
        let year = json!({ "type": "RECURRING", "cycleDuration": { "unit": "YEAR", "count": 1 } });
        let (small, large) = (spec(SMALL, Some(CycleUnit::Month)), spec(LARGE, Some(CycleUnit::Month)));
        assert_eq!(
            body(&small, &large),
            json!({ "catalogProductId": LARGE, "idempotencyKey": "key" })
        );
        assert_eq!(
            body(&small, &spec(SMALL, Some(CycleUnit::Year))),
            json!({ "billingInfo": year, "idempotencyKey": "key" })
        );
        assert_eq!(
            body(&small, &spec(LARGE, Some(CycleUnit::Year))),
            json!({ "catalogProductId": LARGE, "billingInfo": year, "idempotencyKey": "key" })
        );
        // Where the catalog leaves the billing to Wix, it is not sent.
        assert_eq!(
            body(&small, &spec(LARGE, None)),
            json!({ "catalogProductId": LARGE, "idempotencyKey": "key" })
        );
    }

    #[test]
    fn a_billing_that_the_catalog_leaves_to_wix_is_no_difference() {
        let bought = spec(SMALL, Some(CycleUnit::Month));
        assert!(!bought.differs_from(&spec(SMALL, None)));
        assert!(bought.differs_from(&spec(SMALL, Some(CycleUnit::Year))));
        assert!(spec(SMALL, None).differs_from(&spec(SMALL, Some(CycleUnit::Year))));
    }
}
