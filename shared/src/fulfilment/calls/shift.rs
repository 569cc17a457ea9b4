//! What a move (`site_move`) and an adjustment (`adjust`) have in common: when Get proves something, what each answer
//! means, and what of them needs a person. A plan has a target, an instance holds what Wix said last; a shift leads from
//! the one to the other.

use super::subject::{Needed, Subject, planned_site};
use super::{adjust, site_move};
use crate::fulfilment::problem::{OnClose, Problem};
use crate::fulfilment::record::{
    Change, ComponentPlan, Entitled, Goal, HeldPackage, Holder, Instance, InstanceRef, Item, Kind, OrderRecord,
    Purchase, RecordError, Refusal, Shift,
};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::fulfilment::wake::Wake;
use crate::ids::InstanceId;
use crate::time::Timestamp;
use crate::wix::{Error, Failure, Package};

/// The kinds of shifts.
const KINDS: [Change; 2] = [Change::Adjust, Change::Move];

/// Whether the instance is what its target says.
fn is_at_target(subject: &Subject<'_>, change: Change) -> bool {
    let kind = subject.purchase.id().kind;
    if change == Change::Adjust {
        kind == Kind::Voucher || !adjust::differs(subject)
    } else {
        subject.instance.site() == planned_site(subject.component, kind)
    }
}

/// The shift that an instance needs now, with the number of its target: product before site.
pub(super) fn needed(view: &View<'_>, subject: &Subject<'_>) -> Option<(Change, Goal, u32)> {
    if !subject.component.has_other_targets() || is_named_in_doubt(view.record, subject.instance.id()) {
        return None;
    }
    let adjusted = adjust::needed(subject).map(|goal| (Change::Adjust, goal));
    let (change, goal) = adjusted.or_else(|| site_move::needed(view, subject))?;
    let turn = subject.turn(change);
    Some((change, goal, turn))
}

/// Whether a purchase that names the instance is in doubt: Wix may refuse it for what the instance has become. One that a
/// person has closed is never sent again, and stands in nobody's way.
fn is_named_in_doubt(record: &OrderRecord, instance: &InstanceId) -> bool {
    let in_doubt = |purchase: &&Purchase| purchase.attempt().doubt().is_some_and(|doubt| !doubt.is_closed());
    let mut purchases = record.purchases().iter().filter(in_doubt);
    purchases.any(|purchase| purchase.references().contains(instance))
}

/// Whether the instance of an item has come to its target, so that a voucher may name it.
pub(super) fn is_as_planned(view: &View<'_>, item: Item, component: &ComponentPlan) -> bool {
    if !component.has_other_targets() {
        return true;
    }
    view.base(item).is_some_and(|held| {
        let is_home = held.instance.reached(Change::Move) >= component.moves
            || held.instance.site() == component.product.site_id.as_ref();
        let is_product = held.holds().is_some_and(|spec| !spec.differs_from(&component.target()));
        held.instance.open_shifts().is_empty() && is_home && is_product
    })
}

/// A package with a shift in doubt of which Get proves something by now.
pub(crate) fn due_read(view: &View<'_>, settings: &Settings, wake: &mut Wake) -> Option<Holder> {
    if !view.record.has_other_targets() {
        return None;
    }
    let mut holdings = view.record.holdings().filter(|(_, _, held)| !held.is_gone());
    let due = holdings.find(|(_, _, held)| {
        let in_doubt = held.instances().iter().filter_map(Instance::shift_in_doubt);
        let proves = in_doubt
            .map(|shift| shift.certain_from(settings.change_horizon()))
            .min();
        let not_before = held.backoff().map(|backoff| backoff.until);
        proves.is_some_and(|at| wake.is_due(not_before.map_or(at, |until| at.max(until))))
    });
    due.map(|(holder, _, _)| holder)
}

enum Tidy {
    Drop(Change),
    Reach(Change, u32),
}

/// Moves that need no call: a shift that is not in doubt, and for no target of now, is dropped; an instance that is what
/// its target says has reached it.
pub(crate) fn normalize(record: &mut OrderRecord, entitled: &Entitled, settings: &Settings) -> Result<(), RecordError> {
    if !record.has_other_targets() {
        return Ok(());
    }
    let mut tidied: Vec<(Holder, usize, Tidy)> = Vec::new();
    for (purchase, held) in record.packages() {
        if held.is_gone() || held.is_unread() {
            continue;
        }
        let each = purchase.items().iter().zip(held.instances()).enumerate();
        for (at, (item, instance)) in each {
            let Some(component) = record.component(*item) else {
                continue;
            };
            let subject = Subject {
                purchase,
                at,
                item: *item,
                instance,
                component,
            };
            let wanted = entitled.may_buy(*item) && !instance.is_replaced();
            for change in KINDS {
                let stands = |shift: &Shift| {
                    let doubt_counts = shift.is_in_doubt() && settings.guards.change_in_doubt;
                    doubt_counts || (wanted && shift.turn() == subject.turn(change))
                };
                let shift = instance.shift(change);
                if shift.is_some_and(stands) {
                    continue;
                }
                let holder = || Holder::Purchase(purchase.id());
                if shift.is_some() {
                    tidied.push((holder(), at, Tidy::Drop(change)));
                }
                if subject.lags(change) && is_at_target(&subject, change) {
                    tidied.push((holder(), at, Tidy::Reach(change, subject.turn(change))));
                }
            }
        }
    }
    for (holder, at, tidy) in tidied {
        let held = record.held_mut(&holder)?;
        match tidy {
            Tidy::Drop(change) => held.drop_shift(at, change),
            Tidy::Reach(change, turn) => held.reach(at, change, turn),
        }
    }
    Ok(())
}

/// Wix answered a shift with a package. Where that does not show the goal, Get tells.
pub(super) fn answered(
    record: &mut OrderRecord,
    needed: &Needed,
    goal: &Goal,
    answer: &Package,
    sent_at: Timestamp,
) -> Result<(), RecordError> {
    let InstanceRef { holder, id, .. } = &needed.instance;
    let shown = answer.instance(id);
    let is_shown = match (needed.change, goal) {
        (Change::Return, Goal::Site { from, .. }) => shown.is_some_and(|shown| shown.site_id.as_ref() == Some(from)),
        (_, goal) => shown.is_some_and(|shown| goal.is_shown_by(shown)),
    };
    let held = record.held_mut(holder)?;
    if is_shown {
        held.shifted(&needed.instance, needed.change)
    } else {
        held.shift_unclear(&needed.instance, needed.change, None, sent_at)
    }
}

/// A shift was refused, or nobody knows.
pub(super) fn not_made(
    record: &mut OrderRecord,
    needed: &Needed,
    error: &Error,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<(), RecordError> {
    let refused = record.keep_refusal(Refusal::of(error, now));
    let held = record.held_mut(&needed.instance.holder)?;
    if error.failure() == Failure::Rejected {
        held.shift_refused(&needed.instance, needed.change, refused)
    } else {
        held.shift_unclear(&needed.instance, needed.change, Some(refused), sent_at)
    }
}

/// Shifts that will not come to their goal by themselves: one problem for those of a package that failed alike.
pub(crate) fn problems(view: &View<'_>, purchase: &Purchase, held: &HeldPackage, found: &mut Vec<Problem>) {
    if held.is_gone() || held.is_unread() || !view.record.has_other_targets() {
        return;
    }
    type Alike<'a> = (&'a Goal, Option<&'a Refusal>, Vec<(usize, &'a Instance)>);
    let mut groups: Vec<Alike<'_>> = Vec::new();
    let each = purchase.items().iter().zip(held.instances()).enumerate();
    for (at, (item, instance)) in each {
        let Some(component) = view.record.component(*item) else {
            continue;
        };
        let subject = Subject {
            purchase,
            at,
            item: *item,
            instance,
            component,
        };
        if !view.entitled.may_buy(*item) || instance.is_replaced() {
            continue;
        }
        for change in KINDS {
            let floats = change == Change::Move && instance.site().is_none();
            let stuck = subject
                .shift(change)
                .filter(|shift| shift.is_stuck() && (!floats || shift.was_returned()));
            let Some(shift) = stuck else { continue };
            let refusal = view.record.refusal_of_shift(instance, shift);
            let code = |refusal: Option<&Refusal>| refusal.map(|refusal| refusal.code.clone());
            let alike = groups
                .iter_mut()
                .find(|(goal, known, _)| *goal == shift.goal() && code(*known) == code(refusal));
            match alike {
                Some((_, _, instances)) => instances.push((at, instance)),
                None => groups.push((shift.goal(), refusal, vec![(at, instance)])),
            }
        }
    }
    for (goal, refusal, instances) in groups {
        let code = refusal.map_or("NO_ANSWER", |refusal| refusal.code.as_str());
        let advice = match goal {
            Goal::Product { from, to } => adjust::advice(from, to, code),
            Goal::Site { from, to } => {
                let floats = instances.iter().any(|(_, instance)| instance.site().is_none());
                site_move::advice(from, to, floats)
            }
        };
        let stands_on = super::read::states(&instances);
        let kind = goal.change().operation().as_str();
        let problem = Problem::new(format!("package {}", held.id()), code, &[kind, &stands_on], advice);
        let problem = match refusal {
            Some(refusal) => problem.with_answer(refusal),
            None => problem,
        };
        found.push(problem.closing(OnClose::Shifts {
            holder: Holder::Purchase(purchase.id()),
            change: goal.change(),
            at: instances.into_iter().map(|(at, _)| at).collect(),
        }));
    }
}
