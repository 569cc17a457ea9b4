//! Metrics as CloudWatch's embedded metric format: one JSON line of an invocation, from which CloudWatch makes metrics
//! without a call to it. Names have one dimension, the function.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::Sink;
use crate::time::Timestamp;

/// How many values of one metric a line may have (documented limit of the format).
const MAX_VALUES: usize = 100;

#[derive(Debug, Clone, PartialEq)]
enum Metric {
    Count(u64),
    Millis(Vec<u64>),
}

/// Metrics that wait for the end of the invocation. Shared by reference between tasks.
#[derive(Debug)]
pub struct Metrics {
    namespace: &'static str,
    function: &'static str,
    waiting: Mutex<BTreeMap<&'static str, Metric>>,
}

impl Metrics {
    /// The namespace of everything that this project measures.
    pub const NAMESPACE: &'static str = "ResellerHooks";

    /// `function` is the binary's name.
    pub const fn new(namespace: &'static str, function: &'static str) -> Self {
        Self {
            namespace,
            function,
            waiting: Mutex::new(BTreeMap::new()),
        }
    }

    /// Adds `n` to a count. Zero is written too: an alarm can tell "none" from "no data".
    pub fn count(&self, name: &'static str, n: u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.entry(name).or_insert(Metric::Count(0)) {
            Metric::Count(sum) => *sum = sum.saturating_add(n),
            // One name has one unit; a second use of it in another one is not worth an error.
            Metric::Millis(_) => {}
        }
    }

    /// Adds one duration in milliseconds.
    pub fn millis(&self, name: &'static str, n: u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.entry(name).or_insert_with(|| Metric::Millis(Vec::new())) {
            Metric::Millis(values) => values.push(n),
            Metric::Count(_) => {}
        }
    }

    /// Writes what waits, as one line (several where one metric has over 100 values), and forgets it. Nothing is
    /// written when nothing waits.
    pub fn flush(&self, now: Timestamp, sink: &impl Sink) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let lines = waiting.values().map(Metric::lines).max().unwrap_or(0);
        for line in 0..lines {
            let mut bytes = self.line(&waiting, line, now).to_string().into_bytes();
            bytes.push(b'\n');
            sink.line(&bytes);
        }
    }

    fn line(&self, waiting: &BTreeMap<&'static str, Metric>, line: usize, now: Timestamp) -> Value {
        let mut members = Map::new();
        let mut definitions = Vec::new();
        for (name, metric) in waiting {
            let (value, unit) = match metric {
                Metric::Count(sum) if line == 0 => (json!(sum), "Count"),
                Metric::Count(_) => continue,
                Metric::Millis(values) => match values.chunks(MAX_VALUES).nth(line) {
                    Some(chunk) => (json!(chunk), "Milliseconds"),
                    None => continue,
                },
            };
            definitions.push(json!({ "Name": name, "Unit": unit }));
            members.insert((*name).to_owned(), value);
        }
        members.insert("function".to_owned(), json!(self.function));
        members.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.as_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": self.namespace,
                    "Dimensions": [["function"]],
                    "Metrics": definitions,
                }],
            }),
        );
        Value::Object(members)
    }
}

impl Metric {
    fn lines(&self) -> usize {
        match self {
            Self::Count(_) => 1,
            Self::Millis(values) => values.len().div_ceil(MAX_VALUES),
        }
    }
}
