//! What is next for an order: the order in which calls are tried. Everything else carries out what is said here, or
//! answers one of the questions that are asked here: each in its own file of [`super::calls`].

use super::calls::{Call, change, closed, create, lookup, read, shift, tag};
use super::desired::Entitlements;
use super::desired::Policy;
use super::plan;
use super::record::{
    Absence, Change, Entitled, Kind, Line, OrderRecord, Plan, RecordError, Stage, entitlements, next_change,
};
use super::settings::{FulfilmentFlags, Settings};
use super::view::View;
use super::wake::Wake;
use crate::catalog::Catalog;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// What is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This call: it is begun in the record, which is written before it is made where the call says so.
    Call(Call),
    /// Nothing before this time.
    Wait(Timestamp),
    /// Nothing but a look by plan at this time: the order is where it should be, as far as anybody knows.
    Watch(Timestamp),
    /// Nothing: settled, but for what is in attention.
    Rest,
}

/// What is next. The record is brought to its normal form, and what may be bought is planned, before anything is decided.
/// `own` is the reseller's own account.
pub fn decide(
    record: &mut OrderRecord,
    catalog: &Catalog,
    own: &AccountId,
    settings: &Settings,
    now: Timestamp,
) -> Result<Step, RecordError> {
    record.set_policy(Policy::of(&catalog.defaults));
    let entitlements = entitlements(record, now);
    normalize(record, &entitlements, now)?;
    let may_have_ended = settings
        .retention
        .is_some_and(|kept| record.desired().first_seen_late(kept));
    if plan::freeze(record, catalog, own, &entitlements, may_have_ended) {
        note_plans(record, now);
    }
    shift::normalize(record, &Entitled::from(record, &entitlements), settings)?;
    closed::reopen_moved(record, now)?;
    if let Some(hold) = record.hold().filter(|hold| hold.until > now) {
        return Ok(Step::Wait(hold.until));
    }
    let view = View::with(record, Entitled::from(record, &entitlements));
    let step = match next(&view, settings, now) {
        Next::Step(step) => step,
        Next::LookUpFirst(draft, created_after) => {
            let id = draft.id;
            record.add_purchase(draft.looked_up_first(Some(created_after), now));
            Step::Call(Call::LookUp(id))
        }
    };
    if let (Step::Call(Call::SendAgain(id)), false) = (&step, settings.guards.stored_request) {
        create::rebuild(record, *id, catalog, own, now)?;
    }
    Ok(step)
}

/// A line of the history: of how many units the catalog says what they are, and of how many nothing can be bought.
fn note_plans(record: &mut OrderRecord, now: Timestamp) {
    let (mut buy, mut refused, mut not_ours) = (0_u32, 0_u32, 0_u32);
    for run in record.lines().iter().flat_map(Line::runs) {
        let count = match run.plan {
            Plan::Buy(_) => &mut buy,
            Plan::Refused { .. } => &mut refused,
            Plan::NotOurs(_) | Plan::Held | Plan::Closed | Plan::Open => &mut not_ours,
        };
        *count = count.saturating_add(run.count);
    }
    let counts = [
        (buy, "as the catalog says"),
        (refused, "refused"),
        (not_ours, "held or not ours"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = named.map(|(count, what)| format!("{count} {what}")).collect();
    record.note(now, &format!("planned: {}", words.join(", ")));
}

enum Next {
    Step(Step),
    /// A purchase to be looked up before it is sent; a package that was created since the time may be its own.
    LookUpFirst(super::record::Draft, Timestamp),
}

fn next(view: &View<'_>, settings: &Settings, now: Timestamp) -> Next {
    let mut wake = Wake::new(now);
    let certain = read::due_unread(view, now, &mut wake)
        .map(Call::Read)
        .or_else(|| lookup::due(view, settings, &mut wake).map(Call::LookUp))
        .or_else(|| shift::due_read(view, settings, &mut wake).map(Call::Read))
        .or_else(|| create::due_again(view, settings).map(Call::SendAgain))
        .or_else(|| due_shift(view, &[Change::Adjust], &mut wake))
        .or_else(|| change::due(view, &[Change::Unassign, Change::Cancel], &mut wake).map(Call::Change))
        .or_else(|| due_shift(view, moves(&settings.guards), &mut wake));
    if let Some(call) = certain {
        return Next::Step(Step::Call(call));
    }
    for kind in [Kind::Base, Kind::Voucher] {
        if settings.braked && kind == Kind::Base {
            continue;
        }
        match create::due(view, settings, kind, now) {
            Some(create::Due::Now(draft)) => return Next::Step(Step::Call(Call::Create(draft))),
            Some(create::Due::AfterLookup(draft, since)) => return Next::LookUpFirst(draft, since),
            None => {}
        }
    }
    let call = change::due(view, &[Change::Assign], &mut wake)
        .map(Call::Change)
        .or_else(|| tag::due(view, settings, &mut wake).map(|(id, tag)| Call::Tag(id, tag)))
        .or_else(|| read::due_recheck(view, &mut wake).map(Call::Read))
        .or_else(|| read::due_waiting(view, &mut wake).map(Call::Read));
    if let Some(at) = next_change(view.record, now) {
        wake.is_due_by_plan(at);
    }
    let rest = || match wake.earliest() {
        Some((at, true)) => Step::Watch(at),
        Some((at, false)) => Step::Wait(at),
        None => Step::Rest,
    };
    Next::Step(call.map_or_else(rest, Step::Call))
}

/// Moves or adjustments: only where a unit has had another target than the first.
fn due_shift(view: &View<'_>, of: &[Change], wake: &mut Wake) -> Option<Call> {
    let needed = view.record.has_other_targets().then(|| change::due(view, of, wake))?;
    needed.map(Call::Change)
}

/// A move, and the way back from one that failed.
const fn moves(guards: &FulfilmentFlags) -> &'static [Change] {
    if guards.move_back {
        &[Change::Move, Change::Return]
    } else {
        &[Change::Move]
    }
}

/// Moves that need no call: what was never sent and is not wanted is forgotten, what was dropped and is wanted again is
/// looked for, and refused vouchers are planned again.
fn normalize(record: &mut OrderRecord, entitlements: &Entitlements, now: Timestamp) -> Result<(), RecordError> {
    if record.purchases().is_empty() {
        return Ok(());
    }
    let entitled = Entitled::from(record, entitlements);
    let mut forgotten = Vec::new();
    for purchase in record.purchases_mut() {
        let wanted = entitled.may_buy_any(purchase);
        let unsent = purchase
            .attempt()
            .doubt()
            .filter(|doubt| doubt.stage() == Stage::LookedUpOnly);
        // Never sent, so nothing binds: what is wanted by now is drafted from scratch.
        if unsent
            .is_some_and(|doubt| !wanted || (doubt.absence() == Absence::Proven && !entitled.may_buy_all(purchase)))
        {
            forgotten.push(purchase.id());
        } else if wanted {
            purchase.wanted(now);
        }
    }
    for id in forgotten {
        record.forget(id)?;
    }
    create::replan_refused_vouchers(record, now)
}
