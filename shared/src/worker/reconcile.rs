//! `reconcile`'s events: the schedule's, which takes up what is due, and an operator's questions and commands.
//!
//! - `request` what is asked; `answer` what is said.

mod answer;
mod request;

use serde_json::Value;

use super::{Engine, Measure, batch, measure};
use crate::fulfilment::{Standing, Sweep};
use crate::ledger::{Ledger, LedgerError};
use crate::time::{Clock, Timestamp};

pub use answer::{Answer, ReconcileError};
pub use request::Request;

/// The most orders that `{"attention": {}}` lists, and that the gauge of orders in attention counts.
const MOST_IN_ATTENTION: usize = 1_000;

/// Does what an event asks for. `ledger` is only counted in: the gauges that alarms look at.
pub async fn handle(
    engine: &impl Engine,
    ledger: &impl Ledger,
    clock: &impl Clock,
    event: &Value,
    deadline: Timestamp,
) -> Result<Answer, ReconcileError> {
    match Request::parse(event)? {
        Request::Sweep => sweep(engine, ledger, clock, deadline).await,
        Request::Retry(key, retry) => {
            let outcome = engine.retry(&key, &retry, deadline).await?;
            Ok(answer::worked("retry", &key, &outcome))
        }
        Request::Release(key, release) => {
            let outcome = engine.release(&key, &release, deadline).await?;
            Ok(answer::worked("release", &key, &outcome))
        }
        Request::Close(key, close) => {
            let closed = engine.close(&key, &close).await?;
            Ok(answer::closed(&key, &close, closed))
        }
        Request::Tell(key, tell) => {
            let outcome = engine.tell(&key, &tell, deadline).await?;
            Ok(answer::worked("tell", &key, &outcome))
        }
        Request::Adopt(key, adopt) => {
            let (adopted, outcome) = engine.adopt(&key, &adopt, deadline).await?;
            Ok(answer::adopted(&key, &adopt, adopted, &outcome))
        }
        Request::Erase(key, erase) => {
            let erased = engine.erase(&key, &erase, deadline).await?;
            Ok(answer::erased(&key, erased))
        }
        Request::Switch(switch) => {
            let switched = engine.switch(&switch).await?;
            Ok(answer::switched(&switch, switched))
        }
        Request::Show(key) => match engine.show(&key).await? {
            Some(record) => Ok(Answer::plain(record)),
            None => Err(ReconcileError::NoSuchOrder(key.to_string())),
        },
        Request::Packages(looking) => {
            let page = engine.packages(&looking, deadline).await?;
            Ok(answer::packages(&page))
        }
        Request::Attention => {
            let reports = engine.attention(MOST_IN_ATTENTION).await?;
            let limit = ledger.limit().await?;
            Ok(answer::attention(
                &reports,
                &Standing::of(limit.as_ref(), ledger.home()),
            ))
        }
        Request::Audit(request) => {
            let summary = engine.audit(request, deadline).await?;
            Ok(answer::audited(&summary))
        }
    }
}

async fn sweep(
    engine: &impl Engine,
    ledger: &impl Ledger,
    clock: &impl Clock,
    deadline: Timestamp,
) -> Result<Answer, ReconcileError> {
    let sweep = engine.sweep(deadline).await?;
    if let Some(outage) = &sweep.stopped {
        batch::log_outage(outage);
    }
    tracing::info!(
        orders = sweep.orders,
        settled = sweep.settled,
        waiting = sweep.waiting,
        failed = sweep.failed,
        left = sweep.left,
        wix_calls = sweep.tally.wix_calls,
        packages_created = sweep.tally.packages_created,
        "sweep ended"
    );
    let mut measures = sweep_measures(&sweep);
    measures.extend(gauges(ledger, clock, sweep.oldest_unsettled).await?);
    let body = serde_json::json!({
        "orders": sweep.orders,
        "settled": sweep.settled,
        "waiting": sweep.waiting,
        "failed": sweep.failed,
        "left": sweep.left,
        "stopped": sweep.stopped.as_ref().map(ToString::to_string),
    });
    Ok(Answer { body, measures })
}

fn sweep_measures(sweep: &Sweep) -> Vec<Measure> {
    let mut measures = vec![
        Measure::new("OrdersDue", sweep.orders.into()),
        Measure::new("OrdersSettled", sweep.settled.into()),
        Measure::new("OrdersWaiting", sweep.waiting.into()),
        Measure::new("OrdersFailed", sweep.failed.into()),
    ];
    measures.extend(measure::tally(sweep.tally));
    measures.extend(measure::outage(sweep.stopped.as_ref()));
    measures
}

/// How things stand, not what this run did: so an alarm stays until its cause is gone. The oldest unsettled order is the one
/// that is unsettled or due for longest: `due_at` alone is put off by a pause, by Wix's limit and by each failure. Every
/// unsettled order is worked on within some ten minutes, so that the alarm looks at the greatest of a quarter of an hour.
async fn gauges(
    ledger: &impl Ledger,
    clock: &impl Clock,
    unsettled: Option<Timestamp>,
) -> Result<[Measure; 2], LedgerError> {
    let in_attention = ledger.attention(MOST_IN_ATTENTION).await?.len();
    let now = clock.now();
    let due = ledger.due(now, 1).await?.first().map(|indexed| indexed.at);
    let oldest = [due, unsettled].into_iter().flatten().min().map(|at| now.since(at));
    Ok([
        Measure::new("OrdersInAttention", u64::try_from(in_attention).unwrap_or(u64::MAX)),
        Measure::new("OldestUnsettledSeconds", oldest.unwrap_or_default().as_secs()),
    ])
}

#[cfg(test)]
mod tests;
