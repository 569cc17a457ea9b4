//! A move: Assign Product Instance To Site for an instance that is on another one, which Wix documents to move it. It is
//! never unassigned first, because that darkens a paying customer's site. An instance that floats when its move has
//! failed is assigned back to its old site, once.

use super::subject::{Subject, planned_site};
use crate::fulfilment::record::{Change, ComponentPlan, Goal, HeldPackage, Item, Kind};
use crate::fulfilment::view::View;
use crate::ids::SiteId;

/// The move that an instance needs, or the way back from one that failed.
pub(super) fn needed(view: &View<'_>, subject: &Subject<'_>) -> Option<(Change, Goal)> {
    let kind = subject.purchase.id().kind;
    if let Some(shift) = subject.shift(Change::Move) {
        if shift.may_be_repeated() {
            return Some((Change::Move, shift.goal().clone()));
        }
        let returns = shift.is_stuck() && subject.instance.site().is_none() && !shift.was_returned();
        return returns.then(|| (Change::Return, shift.goal().clone()));
    }
    if !subject.lags(Change::Move) || (kind == Kind::Voucher && !plan_is_home(view, subject.item, subject.component)) {
        return None;
    }
    let (from, to) = (subject.instance.site()?, planned_site(subject.component, kind)?);
    (from != to).then(|| {
        let goal = Goal::Site {
            from: from.clone(),
            to: to.clone(),
        };
        (Change::Move, goal)
    })
}

/// Whether a floating instance may be assigned to the planned site: not while a move of it has failed, and a voucher only
/// after its plan.
pub(super) fn may_be_assigned(view: &View<'_>, subject: &Subject<'_>) -> bool {
    let follows = subject.purchase.id().kind == Kind::Voucher && subject.component.moves > 0;
    subject.shift(Change::Move).is_none() && (!follows || plan_is_home(view, subject.item, subject.component))
}

/// Whether an instance of a package may yet come to a site that its plan had before: a change of the package was not answered
/// clearly, and can take effect still. It would undo an assignment or a move to the site of now, and nobody would know. Both wait
/// until the package is read again.
pub(super) const fn may_come_elsewhere(held: &HeldPackage, moves: u32) -> bool {
    moves > 0 && held.recheck_at().is_some()
}

/// Whether the paid instance of an item is where it belongs.
fn plan_is_home(view: &View<'_>, item: Item, component: &ComponentPlan) -> bool {
    view.base(item).is_some_and(|held| {
        let is_there = held.instance.site() == component.product.site_id.as_ref();
        !held.gone && is_there && held.instance.shift_in_doubt().is_none() && held.instance.begun().is_none()
    })
}

/// What a person can do. The codes of Assign are not documented, so that they are not told apart.
pub(super) fn advice(from: &SiteId, to: &SiteId, floats: bool) -> String {
    let now = if floats {
        "is on no site".to_owned()
    } else {
        format!("stays on site {from}")
    };
    format!(
        "Wix did not move it to site {to}, and it {now}: see whether that site can take the product, then retry the order, or assign it at Wix by hand and close this"
    )
}
