//! Metrics as CloudWatch's embedded metric format: one JSON line of an invocation, from which CloudWatch makes metrics
//! without a call to it. Names have one dimension, the stack: a metric is paid for by each combination of dimensions, and
//! which function counted is in the line.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::Sink;
use crate::time::Timestamp;

/// The numbers that an alarm or the dashboard of `template.yaml` shows. All others are members of the line and no metrics:
/// the logs tell them, at no price. A test holds this list against the template.
pub const SHOWN: [&str; 16] = [
    "AnsweredNotConfigured",
    "AnsweredNotFound",
    "AnsweredNothing",
    "AnsweredParked",
    "AnsweredStored",
    "AnsweredRefused",
    "AnsweredUnavailable",
    "AnsweredUnverified",
    "MessagesUnsent",
    "OldestUnsettledSeconds",
    "OrdersInAttention",
    "Outage",
    "PackagesCreated",
    "Paused",
    "SecretMistakes",
    "WixCalls",
];

/// Numbers that wait for the end of the invocation. Shared by reference between tasks.
#[derive(Debug)]
pub struct Metrics {
    namespace: &'static str,
    function: &'static str,
    stack: String,
    waiting: Mutex<BTreeMap<&'static str, u64>>,
}

impl Metrics {
    /// The namespace of everything that this project measures.
    pub const NAMESPACE: &'static str = "ResellerHooks";

    /// `function` is the binary's name; `stack` keeps two deployments in one account apart.
    pub const fn new(namespace: &'static str, function: &'static str, stack: String) -> Self {
        Self {
            namespace,
            function,
            stack,
            waiting: Mutex::new(BTreeMap::new()),
        }
    }

    /// Adds `n` to a number.
    pub fn count(&self, name: &'static str, n: u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = waiting.entry(name).or_insert(0);
        *sum = sum.saturating_add(n);
    }

    /// Writes what waits, as one line, and forgets it. Nothing is written when nothing waits.
    pub fn flush(&self, now: Timestamp, sink: &impl Sink) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            return;
        }
        let mut bytes = self.line(&waiting, now).to_string().into_bytes();
        bytes.push(b'\n');
        sink.line(&bytes);
    }

    fn line(&self, waiting: &BTreeMap<&'static str, u64>, now: Timestamp) -> Value {
        let mut members = Map::new();
        let mut definitions = Vec::new();
        for (name, sum) in waiting {
            members.insert((*name).to_owned(), json!(sum));
            // A zero would be paid for as any other value, every hour of an idle stack; alarms take a missing one for it.
            if *sum > 0 && SHOWN.contains(name) {
                definitions.push(json!({ "Name": name, "Unit": "Count" }));
            }
        }
        members.insert("function".to_owned(), json!(self.function));
        members.insert("stack".to_owned(), json!(self.stack));
        let directives = if definitions.is_empty() {
            json!([])
        } else {
            json!([{ "Namespace": self.namespace, "Dimensions": [["stack"]], "Metrics": definitions }])
        };
        members.insert(
            "_aws".to_owned(),
            json!({ "Timestamp": now.as_millis(), "CloudWatchMetrics": directives }),
        );
        Value::Object(members)
    }
}
