//! What of a purchase that does not exist needs a person, and what each of Wix's codes asks of one.

use super::super::lookup::PERHAPS_BOUGHT_BEFORE;
use super::INVALID_REFERENCE;
use crate::fulfilment::problem::{OnClose, Problem, name};
use crate::fulfilment::record::{Attempt, Kind, Purchase};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;

/// What of a purchase that does not exist needs a person.
pub(crate) fn problem(view: &View<'_>, settings: &Settings, purchase: &Purchase) -> Option<Problem> {
    if !view.entitled.may_buy_any(purchase) {
        return None;
    }
    let (id, generation) = (purchase.id(), purchase.generation().to_string());
    let problem = match purchase.attempt() {
        Attempt::Refused(refusal) => {
            let advice = advice(id.kind, &refusal.code);
            Problem::new(name(id), &refusal.code, &[&generation], advice).with_answer(refusal)
        }
        Attempt::InDoubt(doubt) if doubt.is_exhausted(settings) && !doubt.is_closed() => {
            let advice = "sent three times without a clear answer, and no package appeared: ask Wix's support with the request ID, then retry the order, or close this if it was settled in another way";
            let problem = Problem::new(name(id), "NO_ANSWER", &[&generation], advice.to_owned());
            match doubt.last() {
                Some(last) => problem.with_answer(last),
                None => problem,
            }
        }
        Attempt::InDoubt(_) | Attempt::Created(_) | Attempt::Ambiguous | Attempt::Dropped { .. } | Attempt::Closed => {
            return None;
        }
    };
    Some(problem.closing(OnClose::Purchase(id)))
}

fn advice(kind: Kind, code: &str) -> String {
    let then = "then retry the order";
    match code {
        PERHAPS_BOUGHT_BEFORE => {
            "the order is old and a package with its reference exists at Wix: close this if it is this order's, or retry the order to buy it".to_owned()
        }
        "PRODUCT_NOT_FOUND" | "PRODUCT_SETTINGS_NOT_FOUND" => {
            format!(
                "Wix does not have the product for this reseller: correct catalog_product_id in the catalog, deploy, {then}"
            )
        }
        "MISSING_BILLING_CYCLE" | "INCOMPATIBLE_BILLING_CYCLE" | "INVALID_BILLING_CYCLE" => {
            format!("Wix does not sell the product with this billing: correct `billing` in the catalog, deploy, {then}")
        }
        "SITE_NOT_FOUND" | "PRODUCT_NOT_SUPPORTED_ON_SITE" => {
            format!("the site cannot take the product: check the order's site and account, {then}")
        }
        "ACCOUNT_NOT_FOUND" => format!("Wix does not have the account: check the order's account, {then}"),
        "PRODUCT_TYPE_ALREADY_ASSIGNED" | "MULTIPLE_PRODUCT_ASSIGNMENTS" => {
            format!("the site has such a product already: free it at Wix, {then}")
        }
        "PRODUCT_LIMIT_EXCEEDED" => format!("Wix allows no more of the product: ask Wix to raise the limit, {then}"),
        INVALID_REFERENCE if kind == Kind::Voucher => {
            format!(
                "Wix does not take the plan's instance as a reference (perhaps it was used already): see its vouchers at Wix, {then}, or close this if it has its voucher"
            )
        }
        _ => format!(
            "Wix refused the purchase: correct the cause (its code and request ID help Wix's support), {then}"
        ),
    }
}
