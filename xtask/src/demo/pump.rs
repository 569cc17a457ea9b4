//! Does what SQS and Lambda do between a queue and its worker: takes up to ten messages, invokes the worker with them,
//! deletes what it did not report as failed, lets the rest come again, and gives up after five receipts.

use std::collections::BTreeSet;
use std::time::Duration;

use reseller_hooks::queue::sqlite::{Received, SqliteQueue};
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::{Value, json};

use super::lambda::Lambda;
use super::stage::{QUEUES, Stage};
use crate::failure::{Context, Failure};

/// As in `template.yaml`.
pub(crate) const BATCH: usize = 10;
pub(crate) const MAX_RECEIVE_COUNT: u32 = 5;

/// In `template.yaml` six times the function's timeout; here a failed message shall come again while somebody looks.
const VISIBILITY: Duration = Duration::from_secs(2);

/// The queues of a run.
pub(crate) struct Pump {
    lambda: Lambda,
    queues: Vec<SqliteQueue>,
}

/// What one round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Messages given to a worker.
    pub(crate) received: usize,
    /// Of these, the ones that come again.
    pub(crate) failed: usize,
}

impl Pump {
    pub(crate) fn new(stage: &Stage) -> Result<Self, Failure> {
        let queues = QUEUES.into_iter().map(|name| {
            let queue = stage.queue(name)?;
            Ok(queue.with_dead_letters(&format!("{name}-dead"), MAX_RECEIVE_COUNT))
        });
        Ok(Self {
            lambda: stage.lambda.clone(),
            queues: queues.collect::<Result<_, Failure>>()?,
        })
    }

    /// Gives every worker one batch, if there is one.
    pub(crate) async fn round(&self) -> Result<Moved, Failure> {
        let mut moved = Moved::default();
        for queue in &self.queues {
            let messages = queue
                .receive(BATCH, VISIBILITY, SystemClock.now())
                .await
                .could_not("receive messages")?;
            if messages.is_empty() {
                continue;
            }
            let failed = match self
                .lambda
                .invoke(queue.name(), &sqs_event(queue.name(), &messages))
                .await
            {
                Ok(answer) => failures(&answer),
                // A failed invocation fails its whole batch.
                Err(_) => messages.iter().map(|message| message.id.to_string()).collect(),
            };
            moved.received += messages.len();
            for message in &messages {
                if failed.contains(&message.id.to_string()) {
                    moved.failed += 1;
                } else {
                    queue.delete(message).await.could_not("delete a message")?;
                }
            }
        }
        Ok(moved)
    }

    /// How many messages are left, dead ones not counted.
    pub(crate) async fn left(&self) -> Result<u64, Failure> {
        let mut left = 0;
        for queue in &self.queues {
            let depth = queue.depth(SystemClock.now()).await.could_not("count messages")?;
            left += depth.visible + depth.in_flight;
        }
        Ok(left)
    }

    /// How many messages were given up.
    pub(crate) async fn dead(&self) -> Result<u64, Failure> {
        let mut dead = 0;
        for queue in &self.queues {
            let letters = queue.sibling(&format!("{}-dead", queue.name()));
            dead += letters
                .depth(SystemClock.now())
                .await
                .could_not("count dead letters")?
                .visible;
        }
        Ok(dead)
    }
}

/// The event that an SQS event source invokes a function with.
pub(crate) fn sqs_event(queue: &str, messages: &[Received]) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "messageId": message.id.to_string(),
                "receiptHandle": format!("{}-{}", message.id, message.receive_count),
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": SystemClock.now().as_millis().to_string(),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({ "Records": records })
}

/// The IDs in a partial batch failure.
pub(crate) fn failures(answer: &Value) -> BTreeSet<String> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    failures
        .into_iter()
        .flatten()
        .filter_map(|failure| Some(failure.get("itemIdentifier")?.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_reported_fails() {
        let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "7" }] });
        assert_eq!(failures(&answer), BTreeSet::from(["7".to_owned()]));
        assert!(failures(&json!({ "batchItemFailures": [] })).is_empty());
        assert!(failures(&Value::Null).is_empty());
    }

    #[test]
    fn a_message_looks_as_sqs_would_give_it() {
        let message = Received {
            id: 7,
            body: "{}".to_owned(),
            receive_count: 2,
        };
        let event = sqs_event("order-paid", &[message]);
        assert_eq!(event["Records"][0]["messageId"], "7");
        assert_eq!(event["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(event["Records"][0]["eventSource"], "aws:sqs");
    }
}
