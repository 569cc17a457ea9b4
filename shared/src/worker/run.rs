//! A worker as a whole: reads the environment, opens ledger, secret and Wix, warms them, and serves invocations until
//! Lambda ends the process. All workers and `reconcile` are wired here and differ in name and handler only.
//!
//! A function starts without a good secret, catalog or Wix: those are outages, which merge events and call nobody.
//! Only a variable that is missing or wrong keeps it from starting, because nothing could be merged then either.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::future::join3;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument as _;

use super::messages::{self, AnyTopic};
use super::reconcile::{self as questions, ReconcileError, Request};
use super::{Measure, batch, own_deadline};
use crate::aws::Aws;
use crate::catalog::Catalog;
use crate::config::{ConfigError, Env, LogLevel, ReconcileConfig, WorkerConfig};
use crate::fulfilment::{Fulfilment, Settings};
use crate::ledger::{AnyLedger, LimitStore as _};
use crate::secrets::{AnySource, Secrets};
use crate::telemetry::{self, Metrics, Stdout};
use crate::time::{Clock as _, SystemClock};
use crate::wix::{Client, ClientConfig, HttpTransport, InvalidClientConfig};
use crate::wix_port::WixPort;

/// How long start-up waits for connections. Lambda gives ten seconds; what is not open by then opens when it is needed.
const WARM_UP: Duration = Duration::from_secs(1);

/// How many seconds pass before the ledger is compared with its table again.
const RECOGNISE: i64 = 600;

/// How long a run of `reconcile` takes for telling people at the most.
const TO_TELL: Duration = Duration::from_secs(15);

type Port = WixPort<AnySource>;
type RealEngine = Fulfilment<Port, Arc<AnyLedger>, SystemClock>;

/// What a worker works with.
#[derive(Debug)]
pub struct Opened {
    /// Fulfilment over the real ports.
    pub engine: RealEngine,
    /// The ledger.
    pub ledger: Arc<AnyLedger>,
}

/// What every invocation of a process shares.
struct Worker {
    engine: RealEngine,
    ledger: Arc<AnyLedger>,
    /// The deployment's own pause.
    paused: bool,
    /// When the ledger was compared with its table last, in seconds.
    recognised: AtomicI64,
    metrics: Metrics,
}

/// Serves `order-paid`, `order-canceled` or `tag-external-id`: batches of order events from the function's queue.
pub async fn queue_worker(function: &'static str) -> ExitCode {
    let env = Env::process();
    let worker = match Worker::start(function, &env, WorkerConfig::from_env(&env)).await {
        Ok(worker) => worker,
        Err(reason) => return refuse_to_start(&reason),
    };
    let worker = &worker;
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let span = telemetry::invocation(&event.context.request_id);
        Ok::<_, lambda_runtime::Error>(worker.batch(event).instrument(span).await)
    }))
    .await;
    ended(served)
}

/// Serves `reconcile`: the schedule, and an operator's questions.
pub async fn reconcile(function: &'static str) -> ExitCode {
    let env = Env::process();
    let (config, topic) = match ReconcileConfig::from_env(&env) {
        Ok(ReconcileConfig { worker, alarm_topic }) => (Ok(worker), alarm_topic),
        Err(error) => (Err(error), None),
    };
    let aws = config.as_ref().map(|config| config.common.aws.clone());
    let topic = match (topic, aws) {
        (Some(arn), Ok(settings)) => AnyTopic::Sns {
            arn,
            aws: Box::new(Aws::new(settings)),
        },
        (None, _) | (_, Err(_)) => AnyTopic::Log,
    };
    let worker = match Worker::start(function, &env, config).await {
        Ok(worker) => worker,
        Err(reason) => return refuse_to_start(&reason),
    };
    let (worker, topic) = (&worker, &topic);
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let span = telemetry::invocation(&event.context.request_id);
        worker.answer(event, topic).instrument(span).await
    }))
    .await;
    ended(served)
}

impl Worker {
    async fn start(
        function: &'static str,
        env: &Env,
        config: Result<WorkerConfig, ConfigError>,
    ) -> Result<Self, String> {
        let config = match config {
            Ok(config) => config,
            Err(error) => {
                telemetry::init(function, LogLevel::Info, SystemClock);
                return Err(error.to_string());
            }
        };
        telemetry::init(function, config.common.log_level, SystemClock);
        telemetry::log_panics();

        let Opened { engine, ledger } = open(&config, env).await?;
        Ok(Self {
            engine,
            ledger,
            paused: config.paused,
            recognised: AtomicI64::new(0),
            metrics: Metrics::new(Metrics::NAMESPACE, function, telemetry::stack(env)),
        })
    }

    async fn batch(&self, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
        let deadline = own_deadline(event.context.deadline, SystemClock.now());
        let report = batch::handle(&self.engine, &SystemClock, event.payload, deadline).await;
        self.measure(&report.measures());
        report.response()
    }

    async fn answer(&self, event: LambdaEvent<Value>, topic: &AnyTopic) -> Result<Value, lambda_runtime::Diagnostic> {
        let deadline = own_deadline(event.context.deadline, SystemClock.now());
        if matches!(Request::parse(&event.payload), Ok(Request::Sweep)) {
            self.recognise().await;
            self.tell(topic).await;
        }
        let answer = questions::handle(&self.engine, &self.ledger, &SystemClock, &event.payload, deadline).await;
        match answer {
            Ok(answer) => {
                self.measure(&answer.measures);
                Ok(answer.body)
            }
            Err(error) => answer_error(&error),
        }
    }

    /// Once in ten minutes, because it is a call of the table's administration, of which AWS allows few.
    async fn recognise(&self) {
        let now = SystemClock.now();
        let last = self.recognised.swap(now.as_secs(), Ordering::Relaxed);
        if now.as_secs().saturating_sub(last) < RECOGNISE {
            self.recognised.store(last, Ordering::Relaxed);
            return;
        }
        if let Err(error) = self.engine.recognise().await {
            tracing::warn!(error = %error, "it could not be seen whether the ledger was restored");
        }
    }

    /// People are told first, because what follows may take all the time that there is. What goes wrong here is told by the
    /// next run, a minute later, and keeps no order waiting.
    async fn tell(&self, topic: &AnyTopic) {
        let telling = messages::tell(&self.engine, &*self.ledger, &SystemClock, topic, self.paused);
        match tokio::time::timeout(TO_TELL, telling).await {
            Ok(Ok(measures)) => self.count(&measures),
            Ok(Err(error)) => tracing::warn!(error = %error, "what is new could not be told: the next run does"),
            Err(_elapsed) => tracing::warn!("telling what is new took too long: the next run goes on"),
        }
    }

    fn count(&self, measures: &[Measure]) {
        for measure in measures {
            self.metrics.count(measure.name, measure.value);
        }
    }

    fn measure(&self, measures: &[Measure]) {
        self.count(measures);
        self.metrics.flush(SystemClock.now(), &Stdout);
    }
}

/// Opens what the configuration names, and warms connections for a second at the most. The reason, where that cannot be.
pub async fn open(config: &WorkerConfig, env: &Env) -> Result<Opened, String> {
    let aws = Aws::new(config.common.aws.clone());
    let ledger = AnyLedger::open(&config.ledger_url, &aws).map_err(|error| error.to_string())?;
    let ledger = Arc::new(ledger);
    let source = AnySource::open(&config.common.secret_url, &aws, env).map_err(|error| error.to_string())?;
    let secrets = Arc::new(Secrets::new(source, SystemClock, config.common.secret_ttl));
    let client = wix_client(config).map_err(|error| error.to_string())?;
    let wix = WixPort::new(client.clone(), Arc::clone(&secrets));

    let warm_up = join3(
        async { drop(secrets.get().await) },
        ledger.limit(),
        client.warm_up(WARM_UP),
    );
    // What fails here fails again where it matters, and is said there.
    let warmed = tokio::time::timeout(WARM_UP, warm_up).await;

    let catalog = Catalog::load(config.common.catalog_url.path()).map_err(|error| error.to_string());
    let engine = Fulfilment::new(wix, Arc::clone(&ledger), SystemClock, catalog, settings(config));
    if let Ok(((), Ok(limit), ())) = warmed {
        engine.learn(limit.as_ref());
    }
    Ok(Opened { engine, ledger })
}

/// What the operator mistyped, or what cannot be done, is answered like anything else that is asked: a failed invocation
/// would ring an alarm.
fn answer_error(error: &ReconcileError) -> Result<Value, lambda_runtime::Diagnostic> {
    if error.is_answer() {
        tracing::warn!(reason = %error, kind = error.kind(), "command not carried out");
        return Ok(error.body());
    }
    tracing::error!(reason = %error, "invocation failed");
    Err(lambda_runtime::Diagnostic {
        error_type: error.kind().to_owned(),
        error_message: error.to_string(),
    })
}

fn wix_client(config: &WorkerConfig) -> Result<Client, InvalidClientConfig> {
    let config = ClientConfig {
        base_url: config.wix_api_base_url.as_str().to_owned(),
        timeout: config.wix_timeout,
        // Each call has one permit.
        repeat_reads: false,
        ..ClientConfig::default()
    };
    let transport = HttpTransport::new(&config, SystemClock)?;
    Client::with_transport(config, transport, SystemClock)
}

fn settings(config: &WorkerConfig) -> Settings {
    Settings {
        settle: config.settle,
        lease_skew: config.lease_skew,
        wix_timeout: config.wix_timeout,
        paused: config.paused,
        calls_per_minute: config.wix_calls_per_minute,
        retention: config.retention,
        ..Settings::default()
    }
}

fn refuse_to_start(reason: &str) -> ExitCode {
    tracing::error!(reason, "the function cannot start");
    ExitCode::FAILURE
}

fn ended(served: Result<(), lambda_runtime::Error>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(reason = %error, "lambda's runtime api is gone");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_operator_mistyped_is_an_answer_and_what_failed_is_a_failed_invocation() {
        let unknown = ReconcileError::NoSuchOrder("shopify/1".to_owned());
        assert_eq!(
            answer_error(&unknown).unwrap(),
            json!({
                "error": "there is no order shopify/1 in the ledger: check the key, or whether its delivery was parked",
                "kind": "not_found",
            })
        );
        let mistyped = ReconcileError::NotUnderstood("\"retyr\" is no command".to_owned());
        let answer = answer_error(&mistyped).unwrap();
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .starts_with("\"retyr\" is no command. Accepted are")
        );
        let away = crate::ledger::LedgerError::Misconfigured("no such table".to_owned());
        let failed = answer_error(&ReconcileError::Ledger(away)).unwrap_err();
        assert_eq!(failed.error_type, "ledger");
    }
}
