//! `close`: a person has settled one problem.

use super::{By, MOST_NAME, MOST_REASON};
use crate::fulfilment::attention::problems;
use crate::fulfilment::calls::closed;
use crate::fulfilment::problem::{OnClose, Problem};
use crate::fulfilment::record::closing::cut;
use crate::fulfilment::record::{Closing, Line, OrderRecord, Plan, ProblemId, RecordError};
use crate::fulfilment::settings::Settings;
use crate::time::Timestamp;

/// How many closed problems a record keeps in full.
const MOST_CLOSED: usize = 20;

/// What a person says in closing a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The problem, by its ID in attention.
    pub problem: ProblemId,
    /// Who closes it, and why.
    pub who: By,
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
    for (number, problem) in found.enumerate() {
        settle(record, problem)?;
        if number == 0 {
            let line = format!("closed {} {}", close.problem, close.who.in_words());
            record.note(now, &line);
        }
        let shown = &problem.shown;
        let closing = Closing {
            what: cut(&shown.what, MOST_NAME),
            code: cut(&shown.code, MOST_NAME),
            by: cut(&close.who.by, MOST_NAME),
            at: now,
            reason: cut(&close.who.reason, MOST_REASON),
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
        OnClose::Instances { holder, at } => closed::close(record, holder, at)?,
        OnClose::Shifts { holder, change, at } => record.held_mut(holder)?.settle_shifts(at, *change),
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
