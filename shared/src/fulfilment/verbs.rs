//! What an operator changes in a record, one thing by each verb. Pure: nobody is called here.

use super::attention::problems;
use super::calls::lookup::PERHAPS_BOUGHT_BEFORE;
use super::plan::replan;
use super::problem::{OnClose, Problem};
use super::record::{Absence, Closing, Line, OrderRecord, Plan, ProblemId, Purchase, RecordError};
use super::settings::Settings;
use crate::ids::InstanceId;
use crate::time::Timestamp;

/// How many closed problems a record keeps in full.
const MOST_CLOSED: usize = 20;

/// How much of a name and a reason is kept.
const MOST_NAME: usize = 60;
const MOST_REASON: usize = 120;

/// What a person says in closing a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The problem, by its ID in attention.
    pub problem: ProblemId,
    /// Who closes it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What closing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The problem is settled.
    Now,
    /// It was closed before.
    Before,
    /// There is no such problem: what it stood on has moved.
    Moved,
}

/// Opens the way again: plans that were refused are resolved from today's catalog, refused purchases are planned again,
/// unclear ones are looked up again, and instances that are over are replaced. What is held, not ours or closed stays so.
pub(crate) fn retry(record: &mut OrderRecord, now: Timestamp) -> Result<(), RecordError> {
    record.set_hold(None);
    record.forget_refusals();
    let switches = record.switches_mut();
    (switches.products_apart, switches.vouchers_apart) = (false, false);
    let mut dead = Vec::new();
    for purchase in record.purchases() {
        let refusal = purchase.attempt().refusal();
        if refusal.is_some() || names_what_is_over(record, purchase) {
            let was_perhaps_bought = refusal.is_some_and(|refusal| refusal.code == PERHAPS_BOUGHT_BEFORE);
            dead.push((purchase.id(), was_perhaps_bought));
        }
    }
    for (id, was_perhaps_bought) in dead {
        record.retire(id)?;
        record.switches_mut().reference_is_anothers |= was_perhaps_bought;
    }
    replan::open_unbought(record);
    record.switches_mut().replan = true;
    for purchase in record.purchases_mut() {
        purchase.retried(now);
    }
    // The operator may have canceled the others at Wix.
    record.read_surplus();
    Ok(())
}

/// Whether a voucher purchase was sent as often as may be, did not appear, and names an instance that is over: then it
/// can never come to be, and is planned again for what replaces that instance.
fn names_what_is_over(record: &OrderRecord, purchase: &Purchase) -> bool {
    let doubt = purchase.attempt().doubt();
    let exhausted =
        doubt.is_some_and(|doubt| doubt.absence() == Absence::Proven && !doubt.may_be_sent() && !doubt.is_closed());
    let is_over = |reference: &InstanceId| {
        record.packages().any(|(_, held)| {
            let mut instances = held.instances().iter();
            instances.any(|i| i.id() == reference && (held.is_gone() || i.is_replaced() || i.has_ended()))
        })
    };
    exhausted && purchase.references().iter().any(is_over)
}

/// Lets held and not-ours lines be planned from today's catalog; whether that changed anything.
pub(crate) fn release(record: &mut OrderRecord) -> bool {
    let was_released = record.switches().released;
    replan::release(record) || !was_released
}

/// A person has settled a problem: it is gone from attention until what it stands on has moved. Nothing is bought, now or
/// by a later retry, for what it was about.
pub(crate) fn close(
    record: &mut OrderRecord,
    close: &Close,
    settings: &Settings,
    now: Timestamp,
) -> Result<Closed, RecordError> {
    let all = problems(record, settings, now);
    let mut found = all
        .iter()
        .filter(|problem| problem.shown.id == close.problem)
        .peekable();
    if found.peek().is_none() {
        let is_known = record.closed().contains_key(&close.problem);
        return Ok(if is_known { Closed::Before } else { Closed::Moved });
    }
    for problem in found {
        settle(record, problem)?;
        let shown = &problem.shown;
        let closing = Closing {
            what: cut(&shown.what, MOST_NAME),
            code: cut(&shown.code, MOST_NAME),
            by: cut(&close.by, MOST_NAME),
            at: now,
            reason: cut(&close.reason, MOST_REASON),
        };
        record.closed_mut().insert(close.problem.clone(), closing);
    }
    shorten(record, settings, now);
    Ok(Closed::Now)
}

fn settle(record: &mut OrderRecord, problem: &Problem) -> Result<(), RecordError> {
    match &problem.closing {
        OnClose::Acknowledge => {}
        OnClose::Plans { line, first_units } => close_plans(record, *line, first_units),
        OnClose::Purchase(id) => record.purchase_mut(*id)?.close()?,
        OnClose::Instances { holder, at } => record.held_mut(holder)?.close(at),
    }
    Ok(())
}

fn close_plans(record: &mut OrderRecord, line: usize, first_units: &[u32]) {
    let mut next = 1_u32;
    for run in record
        .lines_mut()
        .get_mut(line)
        .map(Line::runs_mut)
        .into_iter()
        .flatten()
    {
        if first_units.contains(&next) {
            run.plan = Plan::Closed;
        }
        next = next.saturating_add(run.count);
    }
}

/// Keeps the record's size within what was computed: of very many closed problems the oldest are kept by their ID only,
/// or, where nothing stands on them any more, not at all.
fn shorten(record: &mut OrderRecord, settings: &Settings, now: Timestamp) {
    if record.closed().len() <= MOST_CLOSED {
        return;
    }
    let mut open = record.clone();
    open.closed_mut().clear();
    let standing: Vec<ProblemId> = problems(&open, settings, now)
        .into_iter()
        .map(|problem| problem.shown.id)
        .collect();
    let mut by_age: Vec<(Timestamp, ProblemId)> = record.closed().iter().map(|(id, c)| (c.at, id.clone())).collect();
    by_age.sort();
    let surplus = by_age.len() - MOST_CLOSED;
    for (_, id) in by_age.into_iter().take(surplus) {
        if !standing.contains(&id) {
            record.closed_mut().remove(&id);
        } else if let Some(closing) = record.closed_mut().get_mut(&id) {
            for text in [
                &mut closing.what,
                &mut closing.code,
                &mut closing.by,
                &mut closing.reason,
            ] {
                text.clear();
            }
        }
    }
}

/// Printable, and not longer than so many bytes.
fn cut(text: &str, most: usize) -> String {
    let mut cut = String::new();
    for c in text
        .trim()
        .chars()
        .filter(|c| !c.is_control() && *c != '"' && *c != '\\')
    {
        if cut.len() + c.len_utf8() > most {
            break;
        }
        cut.push(c);
    }
    cut
}
