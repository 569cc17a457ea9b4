//! A batch of queue messages: each is merged by itself, and what could not be merged goes back to the queue alone.
//!
//! A message is consumed as soon as its event is in the ledger; what is still to be done at Wix is then the record's
//! business (`due_at`), not the queue's. So a message goes back only for what a repetition of *merging* can cure, or
//! ends in the dead-letter queue because nothing can.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};

use super::{Engine, Measure, measure};
use crate::fulfilment::{OrderOutcome, Outage, Progress, Tally};
use crate::guards::guards;
use crate::order::OrderEvent;
use crate::time::{Clock, Timestamp};

/// How many orders of a batch are worked on at a time. Wix's rate limit is what bounds the work, and ten orders one
/// after the other would not fit into an invocation when Wix is slow.
const AT_A_TIME: usize = 4;

/// A record is not begun when less than this is left: it would be stopped before it could do anything.
const LEAST_TO_BEGIN: Duration = Duration::from_secs(3);

/// How long after the deadline a record that does not stop by itself is given up. The rest of the batch must still be
/// answered for.
const GRACE: Duration = Duration::from_millis(1_000);

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The messages that go back to the queue.
    pub failed: Vec<String>,
    /// How many messages there were.
    pub events: u32,
    /// How many orders have no step left.
    pub settled: u32,
    /// How many are taken up again later, by `reconcile` or by the worker that holds them.
    pub waiting: u32,
    /// What stopped all of them, if anything did.
    pub stopped: Option<Outage>,
    /// The work, counted.
    pub tally: Tally,
}

impl Report {
    /// What Lambda's event source wants to hear: exactly the messages that are not consumed.
    pub fn response(&self) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = self.failed.iter().map(|id| item_failure(id)).collect();
        response
    }

    /// The metrics of the invocation.
    pub fn measures(&self) -> Vec<Measure> {
        let failed = u64::try_from(self.failed.len()).unwrap_or(u64::MAX);
        let mut measures = vec![
            Measure::new("Events", self.events.into()),
            Measure::new("EventsFailed", failed),
            Measure::new("OrdersSettled", self.settled.into()),
            Measure::new("OrdersWaiting", self.waiting.into()),
        ];
        measures.extend(measure::tally(self.tally));
        measures.extend(measure::outage(self.stopped.as_ref()));
        measures
    }

    fn add(&mut self, outcome: OrderOutcome) {
        self.tally += outcome.tally;
        match outcome.progress {
            Progress::Settled => self.settled += 1,
            Progress::Waiting { .. } | Progress::Busy => self.waiting += 1,
            Progress::Stopped(outage) => {
                self.waiting += 1;
                self.stopped = Some(outage);
            }
        }
    }
}

fn item_failure(id: &str) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    id.clone_into(&mut failure.item_identifier);
    failure
}

/// A message that could be read.
struct Item {
    message: String,
    event: OrderEvent,
}

guards! {
    /// What keeps the messages of a batch apart, by its name; `true` is on.
    BatchGuards, BatchFlags {
        /// A panic in one message fails only that message.
        per_record_panic,
    }
}

/// Works on a batch until `deadline`. Messages of one order are worked on in turn, those of different orders together.
pub async fn handle(engine: &impl Engine, clock: &impl Clock, batch: SqsEvent, deadline: Timestamp) -> Report {
    handle_with_guards(engine, clock, batch, deadline, BatchGuards::default()).await
}

/// The same with other guards. Only tests take one out, to see that another test turns red.
#[doc(hidden)]
pub async fn handle_with_guards(
    engine: &impl Engine,
    clock: &impl Clock,
    batch: SqsEvent,
    deadline: Timestamp,
    guards: BatchGuards,
) -> Report {
    let mut report = Report::default();
    let mut orders: Vec<Vec<Item>> = Vec::new();
    for message in batch.records {
        report.events += 1;
        match read(message) {
            Ok(item) => match orders.iter_mut().find(|items| is_of(items, &item)) {
                Some(items) => items.push(item),
                None => orders.push(vec![item]),
            },
            Err(id) => report.failed.push(id),
        }
    }

    let mut done = stream::iter(orders)
        .map(|items| in_turn(engine, clock, items, deadline, guards))
        .buffer_unordered(AT_A_TIME);
    while let Some(results) = done.next().await {
        for result in results {
            match result {
                Ok(outcome) => report.add(outcome),
                Err(id) => report.failed.push(id),
            }
        }
    }
    if let Some(outage) = &report.stopped {
        log_outage(outage);
    }
    report
}

/// Says once per invocation, not once per order, that nothing is done at Wix.
pub(super) fn log_outage(outage: &Outage) {
    match outage {
        Outage::Paused(_) | Outage::SlowDown(_) => tracing::info!(reason = %outage, "wix is not called"),
        Outage::Braked(_) | Outage::Catalog(_) | Outage::ApiKey(_) | Outage::WixAway(_) => {
            tracing::error!(reason = %outage, "wix is not called");
        }
    }
}

fn is_of(items: &[Item], item: &Item) -> bool {
    items.first().is_some_and(|first| first.event.key == item.event.key)
}

fn read(message: SqsMessage) -> Result<Item, String> {
    let id = message.message_id.unwrap_or_default();
    match OrderEvent::from_json(message.body.as_deref().unwrap_or_default()) {
        Ok(event) => Ok(Item { message: id, event }),
        Err(error) => {
            tracing::error!(message_id = %id, reason = %error, "message is not an order event");
            Err(id)
        }
    }
}

/// The messages of one order. Each stands for itself: one that fails does not keep the next from being merged.
async fn in_turn(
    engine: &impl Engine,
    clock: &impl Clock,
    items: Vec<Item>,
    deadline: Timestamp,
    guards: BatchGuards,
) -> Vec<Result<OrderOutcome, String>> {
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        results.push(one(engine, clock, item, deadline, guards).await);
    }
    results
}

async fn one(
    engine: &impl Engine,
    clock: &impl Clock,
    Item { message, event }: Item,
    deadline: Timestamp,
    guards: BatchGuards,
) -> Result<OrderOutcome, String> {
    let (order, delivery) = (&event.key, event.delivery.as_str());
    let now = clock.now();
    if now + LEAST_TO_BEGIN >= deadline {
        tracing::warn!(%order, delivery, message_id = %message, "no time left to begin: back to the queue");
        return Err(message);
    }
    let limit = (deadline + GRACE).since(now);
    // Tens of kilobytes, which would be copied each time that what is around it is moved.
    let work = Box::pin(engine.accept(&event, deadline));
    let work = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(Ok(outcome))) => {
            log_outcome(&event, &outcome);
            Ok(outcome)
        }
        Ok(Ok(Err(error))) => {
            tracing::error!(%order, delivery, message_id = %message, reason = %error, "event not stored: back to the queue");
            Err(message)
        }
        Ok(Err(payload)) if !guards.per_record_panic => std::panic::resume_unwind(payload),
        // The panic hook has said where; the payload may quote data, and is not repeated.
        Ok(Err(_payload)) => {
            tracing::error!(%order, delivery, message_id = %message, "panicked: back to the queue");
            Err(message)
        }
        Err(_elapsed) => {
            tracing::error!(%order, delivery, message_id = %message, "did not end in time: back to the queue");
            Err(message)
        }
    }
}

fn log_outcome(event: &OrderEvent, outcome: &OrderOutcome) {
    let (progress, due_at) = progress_words(&outcome.progress);
    tracing::info!(
        order = %event.key,
        delivery = event.delivery,
        progress,
        due_at,
        attention = outcome.attention.len(),
        wix_calls = outcome.tally.wix_calls,
        ledger_writes = outcome.tally.ledger_writes,
        packages_created = outcome.tally.packages_created,
        "event merged"
    );
}

/// A progress as it stands in logs and answers: its word, and when it goes on.
pub(super) fn progress_words(progress: &Progress) -> (&'static str, Option<String>) {
    match progress {
        Progress::Settled => ("settled", None),
        Progress::Waiting { due_at } => ("waiting", Some(due_at.to_string())),
        Progress::Busy => ("busy", None),
        Progress::Stopped(_) => ("stopped", None),
    }
}

#[cfg(test)]
mod tests;
