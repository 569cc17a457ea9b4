//! What the lost part of a restored ledger moved or adjusted: Wix shows an instance on another site, or as another product,
//! than the record's plan says, and the record never heard of a change. Who did it, and whether it is right, a person
//! must say.

use super::adjust;
use super::subject::{Subject, planned_site};
use crate::fulfilment::problem::Problem;
use crate::fulfilment::record::{Change, HeldPackage, Instance, Kind, Purchase};
use crate::fulfilment::view::View;

/// Instances that are not what their plan says although nothing is under way: one problem for a package. Only where the
/// ledger was restored: elsewhere a person did it, who knows.
pub(crate) fn problem(view: &View<'_>, purchase: &Purchase, held: &HeldPackage) -> Option<Problem> {
    let what = format!("package {}", held.id());
    // What a person has settled of the package stays as it is, and is meant to.
    let is_settled = || view.record.closed().values().any(|closing| closing.what == what);
    if !view.record.is_restored() || held.is_gone() || held.is_unread() || is_settled() {
        return None;
    }
    let each = purchase.items().iter().zip(held.instances()).enumerate();
    let others: Vec<(usize, &Instance)> = each
        .filter(|(at, (item, instance))| {
            let is_wanted = view.entitled.may_buy(**item) && !instance.is_replaced() && !instance.has_ended();
            let component = view.record.component(**item).filter(|_| is_wanted);
            component.is_some_and(|component| {
                is_another(&Subject {
                    purchase,
                    at: *at,
                    item: **item,
                    instance,
                    component,
                })
            })
        })
        .map(|(at, (_, instance))| (at, instance))
        .collect();
    (!others.is_empty()).then(|| {
        let advice = format!(
            "the ledger was restored, and {} of this package's instances are on another site, or another product, at Wix than the order's plan says: change them at Wix by hand, then retry the order, or close this if they are right as they are",
            others.len()
        );
        // What each is: something else by tomorrow is another problem.
        let is = |instance: &Instance| {
            let product = instance.holds().map_or("", |spec| spec.product.as_str());
            format!("{} {:?} {product}", instance.id(), instance.site().map(|site| site.as_str()))
        };
        let states: Vec<String> = others.iter().map(|(_, instance)| is(instance)).collect();
        Problem::new(what, "OTHER_THAN_PLANNED", &[&states.join("\n")], advice)
    })
}

fn is_another(subject: &Subject<'_>) -> bool {
    let rests = |change| !subject.lags(change) && subject.shift(change).is_none();
    let kind = subject.purchase.id().kind;
    let site = subject.instance.site();
    let is_elsewhere = site.is_some() && site != planned_site(subject.component, kind);
    let is_other_product = kind == Kind::Base && adjust::differs(subject);
    (is_elsewhere && rests(Change::Move)) || (is_other_product && rests(Change::Adjust))
}
