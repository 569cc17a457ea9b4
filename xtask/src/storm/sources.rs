//! What drives the functions: the shops that deliver, the event sources that take messages to the workers, and the
//! schedule of `reconcile`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::json;
use tokio::task::JoinSet;

use super::bodies::Bodies;
use super::shop::{Order, Told};
use crate::demo::pump::{BATCH, failures, sqs_event};
use crate::failure::{Context, Failure};
use crate::runtime_api::Lambda;

/// The functions' timeouts, as in `template.yaml`.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
const WORKER_TIMEOUT: Duration = Duration::from_secs(60);
const RECONCILE_TIMEOUT: Duration = Duration::from_secs(55);

/// In `template.yaml` six minutes; a run shall not wait for that.
const VISIBILITY: Duration = Duration::from_secs(90);

/// In `template.yaml` a minute; the limit of calls is larger here, and this shorter by about the same.
const SCHEDULE: Duration = Duration::from_secs(10);

/// How long an event source waits where there is nothing.
const EMPTY: Duration = Duration::from_millis(100);

/// How many shops deliver at the same time.
const SENDERS: usize = 16;

/// How the deliveries were answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// From when a process of `webhook` took it.
    pub(super) times: Vec<Duration>,
    /// From when the shop sent it: with what it waited for a process.
    pub(super) waits: Vec<Duration>,
    /// What was not answered with 200.
    pub(super) refused: Vec<String>,
}

/// Deliveries that go out from many shops at a time, so many a second.
pub(super) struct Shops {
    pub(super) answers: Arc<Mutex<Answers>>,
    done: Arc<AtomicUsize>,
    senders: JoinSet<Result<(), Failure>>,
}

impl Shops {
    pub(super) fn open(lambda: &Arc<Lambda>, bodies: Bodies, all: Vec<(Order, Told)>, per_second: f64) -> Self {
        let (bodies, all) = (Arc::new(bodies), Arc::new(all));
        let answers = Arc::new(Mutex::new(Answers::default()));
        let (next, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let begun = tokio::time::Instant::now();
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (lambda, bodies, all) = (Arc::clone(lambda), Arc::clone(&bodies), Arc::clone(&all));
            let (answers, next, done) = (Arc::clone(&answers), Arc::clone(&next), Arc::clone(&done));
            senders.spawn(async move {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((order, told)) = all.get(at) else {
                        return Ok(());
                    };
                    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
                    let due = begun + Duration::from_secs_f64(at as f64 / per_second);
                    tokio::time::sleep_until(due).await;
                    let request = bodies.request(order, *told)?;
                    let sent = Instant::now();
                    let answered = lambda.invoke("webhook", &request, WEBHOOK_TIMEOUT).await?;
                    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                    answers.times.push(answered.took);
                    answers.waits.push(sent.elapsed());
                    if answered.failed || answered.body.get("statusCode") != Some(&json!(200)) {
                        answers
                            .refused
                            .push(format!("{} {told:?}: {}", order.key(), answered.body));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { answers, done, senders }
    }

    /// How many deliveries were answered.
    pub(super) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// An error if a shop could not go on.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.senders.try_join_next() {
            ended.could_not("deliver")??;
        }
        Ok(())
    }
}

/// Event sources and the schedule; they end with this value.
pub(super) struct Sources {
    tasks: JoinSet<Result<(), Failure>>,
    /// What became of the batches and of `reconcile`'s invocations that failed.
    pub(super) failed: Arc<Mutex<Vec<String>>>,
}

impl Sources {
    pub(super) fn open(lambda: &Arc<Lambda>, queues: Vec<(SqliteQueue, usize)>) -> Self {
        let mut tasks = JoinSet::new();
        let failed = Arc::new(Mutex::new(Vec::new()));
        for (queue, concurrency) in queues {
            for _ in 0..concurrency {
                tasks.spawn(source(Arc::clone(lambda), queue.clone(), Arc::clone(&failed)));
            }
        }
        tasks.spawn(schedule(Arc::clone(lambda), Arc::clone(&failed)));
        Self { tasks, failed }
    }

    /// An error if one of them could not go on.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.tasks.try_join_next() {
            ended.could_not("take messages to a worker")??;
        }
        Ok(())
    }
}

fn note(failed: &Mutex<Vec<String>>, what: String) {
    failed.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

/// What SQS and Lambda do between a queue and its worker.
async fn source(lambda: Arc<Lambda>, queue: SqliteQueue, failed: Arc<Mutex<Vec<String>>>) -> Result<(), Failure> {
    loop {
        let messages = queue
            .receive(BATCH, VISIBILITY, SystemClock.now())
            .await
            .could_not("receive messages")?;
        if messages.is_empty() {
            tokio::time::sleep(EMPTY).await;
            continue;
        }
        let event = sqs_event(queue.name(), &messages);
        let answered = lambda.invoke(queue.name(), &event, WORKER_TIMEOUT).await?;
        let again = failures(&answered.body);
        if answered.failed || !again.is_empty() {
            note(&failed, format!("{}: {}", queue.name(), answered.body));
        }
        for message in &messages {
            if !answered.failed && !again.contains(&message.id.to_string()) {
                queue.delete(message).await.could_not("delete a message")?;
            }
        }
    }
}

async fn schedule(lambda: Arc<Lambda>, failed: Arc<Mutex<Vec<String>>>) -> Result<(), Failure> {
    let mut ticks = tokio::time::interval(SCHEDULE);
    loop {
        ticks.tick().await;
        let answered = lambda.invoke("reconcile", &json!({}), RECONCILE_TIMEOUT).await?;
        if answered.failed {
            note(&failed, format!("reconcile: {}", answered.body));
        }
    }
}
