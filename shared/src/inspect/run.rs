//! `inspect` as a whole: reads the environment, opens the ledger and the queues, and answers questions until Lambda ends the
//! process. The command line opens the same for a local run.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tracing::Instrument as _;

use super::{InspectError, Inspector, QueueStatus, Queues, answer};
use crate::aws::Aws;
use crate::catalog::Catalog;
use crate::config::url::QueueUrl;
use crate::config::{Env, InspectConfig, LogLevel};
use crate::fulfilment::Settings;
use crate::ledger::AnyLedger;
use crate::queue::AnyQueue;
use crate::telemetry;
use crate::time::{Clock as _, SystemClock, Timestamp};

/// The time that is kept of an invocation for the answer.
const RESERVE: std::time::Duration = std::time::Duration::from_secs(2);

/// An inspector of the durable things.
pub type AnyInspector = Inspector<AnyLedger, SystemClock, AnyQueues>;

/// The queues that the environment names.
#[derive(Debug)]
pub struct AnyQueues(Vec<(String, Result<AnyQueue, String>)>);

impl AnyQueues {
    /// Opens them. One that cannot be opened is listed with the reason.
    pub fn open(urls: &[QueueUrl], aws: &Aws) -> Self {
        let mut queues = Vec::new();
        for url in urls {
            let opened = AnyQueue::open(url, aws).map_err(|error| error.to_string());
            #[cfg(feature = "local")]
            if let (Ok(AnyQueue::Sqlite(queue)), true) = (&opened, url.name() != PARKED) {
                let dead = queue.sibling(&format!("{}-dead", queue.name()));
                queues.push((dead.name().to_owned(), Ok(AnyQueue::Sqlite(dead))));
            }
            queues.push((url.name().to_owned(), opened));
        }
        Self(queues)
    }
}

/// The one queue of a local run that no worker reads, and that has no dead letters therefore.
#[cfg(feature = "local")]
const PARKED: &str = "parked";

impl Queues for AnyQueues {
    async fn depths(&self, now: Timestamp) -> Vec<QueueStatus> {
        let mut all = Vec::with_capacity(self.0.len());
        for (name, queue) in &self.0 {
            let depth = match queue {
                Ok(queue) => queue.depth(now).await.map_err(|error| error.to_string()),
                Err(reason) => Err(reason.clone()),
            };
            all.push(match depth {
                Ok(depth) => QueueStatus {
                    queue: name.clone(),
                    depth: Some(depth),
                    problem: None,
                },
                Err(problem) => QueueStatus {
                    queue: name.clone(),
                    depth: None,
                    problem: Some(problem),
                },
            });
        }
        all
    }
}

/// Opens what the configuration names. The reason, where that cannot be.
pub fn open(config: &InspectConfig) -> Result<AnyInspector, String> {
    let aws = Aws::new(config.aws.clone());
    Ok(Inspector {
        ledger: AnyLedger::open(&config.ledger_url, &aws).map_err(|error| error.to_string())?,
        queues: AnyQueues::open(&config.queue_urls, &aws),
        clock: SystemClock,
        settings: Settings {
            settle: config.settle,
            lease_skew: config.lease_skew,
            wix_timeout: config.wix_timeout,
            paused: config.paused,
            ..Settings::default()
        },
        catalog_problem: Catalog::load(config.catalog_url.path())
            .err()
            .map(|error| error.to_string()),
        catalog_text: std::fs::read_to_string(config.catalog_url.path()).unwrap_or_default(),
    })
}

/// Serves `inspect`.
pub async fn inspect(function: &'static str) -> ExitCode {
    let config = match InspectConfig::from_env(&Env::process()) {
        Ok(config) => config,
        Err(error) => {
            telemetry::init(function, LogLevel::Info, SystemClock);
            return refuse_to_start(&error.to_string());
        }
    };
    telemetry::init(function, config.log_level, SystemClock);
    telemetry::log_panics();
    let inspector = match open(&config) {
        Ok(inspector) => inspector,
        Err(reason) => return refuse_to_start(&reason),
    };
    let inspector = &inspector;
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let span = telemetry::invocation(&event.context.request_id);
        let deadline = deadline(event.context.deadline, SystemClock.now());
        // Boxed: the future of all questions together is too deep for the compiler.
        let work = Box::pin(answer(inspector, &event.payload, deadline));
        answered(work.instrument(span).await)
    }))
    .await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse_to_start(&error.to_string()),
    }
}

/// `cargo lambda watch` sends no time; then there is half a minute.
fn deadline(lambda_deadline_millis: u64, now: Timestamp) -> Timestamp {
    let said = i64::try_from(lambda_deadline_millis).map(Timestamp::from_millis);
    let said = said.ok().filter(|said| *said > now);
    said.unwrap_or(now + std::time::Duration::from_secs(30)) - RESERVE
}

/// What the operator mistyped is answered like anything else that is asked: a failed invocation would ring an alarm.
pub fn answered(answer: Result<Value, InspectError>) -> Result<Value, lambda_runtime::Diagnostic> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) if error.is_answered() => {
            tracing::warn!(reason = %error, "question not understood");
            Ok(json!({ "error": error.to_string(), "kind": error.kind() }))
        }
        Err(error) => {
            tracing::error!(reason = %error, "invocation failed");
            Err(lambda_runtime::Diagnostic {
                error_type: error.kind().to_owned(),
                error_message: error.to_string(),
            })
        }
    }
}

fn refuse_to_start(reason: &str) -> ExitCode {
    tracing::error!(reason, "the function cannot start");
    ExitCode::FAILURE
}
