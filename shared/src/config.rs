//! The configuration of every function, and the only place where the environment is read. All that is wrong is said at
//! once, each with the variable's name, what is wrong with it, and an example that works.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

mod read;
pub mod topic;
pub mod url;

use read::Reader;
use topic::TopicArn;
use url::{FileUrl, HttpUrl, LedgerUrl, QueueUrl, SecretUrl};

/// Where variables are looked up: the process's environment, or a map in tests.
#[derive(Clone)]
pub struct Env(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Env {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn process() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    /// Fixed variables, for tests.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let map: BTreeMap<String, String> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self(Arc::new(move |name| map.get(name).cloned()))
    }

    /// These variables, and those of another environment where these have none.
    #[must_use]
    pub fn before(self, other: &Self) -> Self {
        let other = other.clone();
        Self(Arc::new(move |name| self.get(name).or_else(|| other.get(name))))
    }

    /// The value of a variable without the spaces around it; an empty one is as good as none, because templates
    /// cannot leave a variable out.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

impl fmt::Debug for Env {
    /// Values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env(…)")
    }
}

/// One variable that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with it.
    pub reason: String,
    /// A value that would be accepted.
    pub example: &'static str,
}

/// The configuration cannot be used: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        for (at, problem) in self.problems.iter().enumerate() {
            let separator = if at == 0 { "" } else { ";" };
            write!(
                f,
                "{separator} {} {} (for example {}={})",
                problem.variable, problem.reason, problem.variable, problem.example
            )?;
        }
        Ok(())
    }
}

/// How much is logged: `LOG_LEVEL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// And what may need one.
    Warn,
    /// And what was done: the default.
    #[default]
    Info,
    /// And why.
    Debug,
    /// Everything of ours. Never what libraries say of requests.
    Trace,
}

impl FromStr for LogLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("is none of error, warn, info, debug and trace"),
        }
    }
}

/// What the AWS clients need to know. Credentials are not in it: the SDK reads them itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsSettings {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`. Lambda sets it.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL`: an emulator of the AWS API, for all services.
    pub endpoint_url: Option<HttpUrl>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`.
    pub dynamodb_endpoint_url: Option<HttpUrl>,
    /// `AWS_ENDPOINT_URL_SQS`.
    pub sqs_endpoint_url: Option<HttpUrl>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    pub secrets_manager_endpoint_url: Option<HttpUrl>,
    /// The profile whose credentials are used; `None`: the one of `AWS_PROFILE`. Only with the feature `local`.
    pub profile: Option<String>,
    /// Whether `AWS_ACCESS_KEY_ID` is set, as it is on Lambda.
    pub has_credentials: bool,
}

impl AwsSettings {
    /// Reads what AWS SDKs read, and nothing else.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let aws = reader.aws();
        reader.finish(|| Some(aws))
    }
}

/// What every function reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonConfig {
    /// `SECRET_URL`, required: where the secret document is.
    pub secret_url: SecretUrl,
    /// `SECRET_TTL_SECONDS`, 300: after how long the secret is read again.
    pub secret_ttl: Duration,
    /// `CATALOG_URL`, required: where the catalog is.
    pub catalog_url: FileUrl,
    /// `LOG_LEVEL`, `info`.
    pub log_level: LogLevel,
    /// What the AWS clients need.
    pub aws: AwsSettings,
}

/// The configuration of `webhook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// What every function reads.
    pub common: CommonConfig,
    /// `ORDER_PAID_QUEUE_URL`, required.
    pub order_paid_queue_url: QueueUrl,
    /// `ORDER_CANCELED_QUEUE_URL`, required.
    pub order_canceled_queue_url: QueueUrl,
    /// `TAG_EXTERNAL_ID_QUEUE_URL`, required.
    pub tag_external_id_queue_url: QueueUrl,
    /// `PARKED_QUEUE_URL`, required.
    pub parked_queue_url: QueueUrl,
}

impl WebhookConfig {
    /// Reads the environment.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let common = reader.common();
        let order_paid = reader.required(&read::ORDER_PAID_QUEUE_URL);
        let order_canceled = reader.required(&read::ORDER_CANCELED_QUEUE_URL);
        let tag_external_id = reader.required(&read::TAG_EXTERNAL_ID_QUEUE_URL);
        let parked = reader.required(&read::PARKED_QUEUE_URL);
        reader.finish(|| {
            Some(Self {
                common: common?,
                order_paid_queue_url: order_paid?,
                order_canceled_queue_url: order_canceled?,
                tag_external_id_queue_url: tag_external_id?,
                parked_queue_url: parked?,
            })
        })
    }
}

/// The configuration of `order-paid`, `order-canceled` and `tag-external-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// What every function reads.
    pub common: CommonConfig,
    /// `LEDGER_URL`, required.
    pub ledger_url: LedgerUrl,
    /// `WIX_API_BASE_URL`, `https://www.wixapis.com`: without a slash at its end.
    pub wix_api_base_url: HttpUrl,
    /// `WIX_TIMEOUT_SECONDS`, 15: the longest that one call to Wix may take.
    pub wix_timeout: Duration,
    /// `WIX_CALLS_PER_MINUTE`, 200: how many calls Wix answers in a minute, for the whole stack. 200 is what Wix documents
    /// for apps.
    pub wix_calls_per_minute: u32,
    /// `SETTLE_SECONDS`, 60: how long after a create Wix's query may not show it yet.
    pub settle: Duration,
    /// `LEASE_SKEW_SECONDS`, 5: how far clocks may be apart.
    pub lease_skew: Duration,
    /// `PAUSED`, `false`: events are merged, Wix is not called.
    pub paused: bool,
    /// `RETENTION_DAYS`, 0: after how long settled records end; `None`: never.
    pub retention: Option<Duration>,
}

impl WorkerConfig {
    /// Reads the environment.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let worker = reader.worker();
        reader.finish(|| worker)
    }
}

/// The configuration of `reconcile`: what a worker reads, since it does the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileConfig {
    /// What a worker reads.
    pub worker: WorkerConfig,
    /// `ALARM_TOPIC_ARN`: where people are told what is new; `None`: in the log.
    pub alarm_topic: Option<TopicArn>,
}

impl ReconcileConfig {
    /// Reads the environment.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let worker = reader.worker();
        let alarm_topic = reader.optional(&read::ALARM_TOPIC_ARN);
        reader.finish(|| {
            Some(Self {
                worker: worker?,
                alarm_topic,
            })
        })
    }
}

/// The configuration of `inspect`: no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectConfig {
    /// `LEDGER_URL`, required.
    pub ledger_url: LedgerUrl,
    /// `CATALOG_URL`, required: whether it can be used is a part of the answer.
    pub catalog_url: FileUrl,
    /// `LOG_LEVEL`, `info`.
    pub log_level: LogLevel,
    /// What the AWS clients need.
    pub aws: AwsSettings,
    /// The queues of `webhook`, and `DEAD_LETTERS_QUEUE_URL`; those that are set.
    pub queue_urls: Vec<QueueUrl>,
    /// `WIX_TIMEOUT_SECONDS`, 15: as the workers have it, because it decides when an answer is taken for lost.
    pub wix_timeout: Duration,
    /// `SETTLE_SECONDS`, 60: likewise.
    pub settle: Duration,
    /// `LEASE_SKEW_SECONDS`, 5: likewise.
    pub lease_skew: Duration,
    /// `PAUSED`, `false`: as the workers have it.
    pub paused: bool,
}

impl InspectConfig {
    /// Reads the environment.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let inspect = reader.inspect();
        reader.finish(|| inspect)
    }
}

#[cfg(test)]
mod tests;
