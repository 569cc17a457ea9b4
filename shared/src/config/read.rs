//! How variables are read: each is described once, with its default and an example, and what is wrong is collected.

use std::str::FromStr;
use std::time::Duration;

use super::topic::TopicArn;
use super::url::{FileUrl, HttpUrl, LedgerUrl, QueueUrl, SecretUrl};
use super::{AwsSettings, CommonConfig, ConfigError, Env, InspectConfig, LogLevel, Problem, WorkerConfig};

/// A variable: its name, a value that works, and how its value is read. The reason of a refusal completes the
/// sentence "VARIABLE …".
pub(super) struct Variable<T> {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    parse: fn(&str) -> Result<T, String>,
}

const SECRET_URL: Variable<SecretUrl> = Variable {
    name: "SECRET_URL",
    example: "secretsmanager://reseller-hooks/wix",
    // The value is not repeated: somebody will paste the secret itself here.
    parse: |value| {
        value
            .parse()
            .map_err(|error| format!("is not the address of a secret: {error}"))
    },
};
const CATALOG_URL: Variable<FileUrl> = Variable {
    name: "CATALOG_URL",
    example: "file:///opt/catalog.toml",
    parse: parse_shown,
};
const LEDGER_URL: Variable<LedgerUrl> = Variable {
    name: "LEDGER_URL",
    example: "dynamodb://reseller-hooks-ledger",
    parse: parse_shown,
};
pub(super) const ORDER_PAID_QUEUE_URL: Variable<QueueUrl> = Variable {
    name: "ORDER_PAID_QUEUE_URL",
    example: "https://sqs.eu-west-1.amazonaws.com/123456789012/order-paid",
    parse: parse_shown,
};
pub(super) const ORDER_CANCELED_QUEUE_URL: Variable<QueueUrl> = Variable {
    name: "ORDER_CANCELED_QUEUE_URL",
    example: "https://sqs.eu-west-1.amazonaws.com/123456789012/order-canceled",
    parse: parse_shown,
};
pub(super) const TAG_EXTERNAL_ID_QUEUE_URL: Variable<QueueUrl> = Variable {
    name: "TAG_EXTERNAL_ID_QUEUE_URL",
    example: "https://sqs.eu-west-1.amazonaws.com/123456789012/tag-external-id",
    parse: parse_shown,
};
pub(super) const PARKED_QUEUE_URL: Variable<QueueUrl> = Variable {
    name: "PARKED_QUEUE_URL",
    example: "https://sqs.eu-west-1.amazonaws.com/123456789012/parked",
    parse: parse_shown,
};
pub(super) const DEAD_LETTERS_QUEUE_URL: Variable<QueueUrl> = Variable {
    name: "DEAD_LETTERS_QUEUE_URL",
    example: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
    parse: parse_shown,
};
pub(super) const ALARM_TOPIC_ARN: Variable<TopicArn> = Variable {
    name: "ALARM_TOPIC_ARN",
    example: "arn:aws:sns:eu-west-1:123456789012:reseller-hooks-alarms",
    parse: parse_shown,
};
const WIX_API_BASE_URL: Variable<HttpUrl> = Variable {
    name: "WIX_API_BASE_URL",
    example: "https://www.wixapis.com",
    parse: |value| {
        let url: HttpUrl = parse_shown(value)?;
        if url.is_cleartext() {
            // The API key would be readable on the way.
            Err(format!("{value:?} is http to another machine: use https"))
        } else {
            Ok(url)
        }
    },
};
const WIX_TIMEOUT_SECONDS: Variable<Duration> = Variable {
    name: "WIX_TIMEOUT_SECONDS",
    example: "15",
    parse: |value| seconds(value, 1, 50),
};
const WIX_CALLS_PER_MINUTE: Variable<u32> = Variable {
    name: "WIX_CALLS_PER_MINUTE",
    example: "200",
    parse: |value| {
        whole(value, 1, 60_000).and_then(|number| u32::try_from(number).map_err(|_| format!("{value:?} is too large")))
    },
};
const SETTLE_SECONDS: Variable<Duration> = Variable {
    name: "SETTLE_SECONDS",
    example: "60",
    parse: |value| seconds(value, 0, 3_600),
};
const LEASE_SKEW_SECONDS: Variable<Duration> = Variable {
    name: "LEASE_SKEW_SECONDS",
    example: "5",
    parse: |value| seconds(value, 0, 300),
};
const SECRET_TTL_SECONDS: Variable<Duration> = Variable {
    name: "SECRET_TTL_SECONDS",
    example: "300",
    parse: |value| seconds(value, 1, 86_400),
};
const PAUSED: Variable<bool> = Variable {
    name: "PAUSED",
    example: "false",
    parse: |value| match value {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("is {:?}, neither true nor false", cut(other))),
    },
};
const RETENTION_DAYS: Variable<Duration> = Variable {
    name: "RETENTION_DAYS",
    example: "730",
    parse: |value| match whole(value, 0, 36_500)? {
        // Storefronts deliver again for days, refund for months, and the workers' messages live for two weeks.
        days @ 1..90 => Err(format!(
            "is {days}: 0 keeps all, and records are kept for 90 days at the least"
        )),
        days => Ok(Duration::from_secs(days * 86_400)),
    },
};
const LOG_LEVEL: Variable<LogLevel> = Variable {
    name: "LOG_LEVEL",
    example: "info",
    parse: |value| value.parse().map_err(str::to_owned),
};
const AWS_ENDPOINT_URL: Variable<HttpUrl> = Variable {
    name: "AWS_ENDPOINT_URL",
    example: "http://127.0.0.1:4566",
    parse: parse_shown,
};
const AWS_ENDPOINT_URL_DYNAMODB: Variable<HttpUrl> = Variable {
    name: "AWS_ENDPOINT_URL_DYNAMODB",
    ..AWS_ENDPOINT_URL
};
const AWS_ENDPOINT_URL_SQS: Variable<HttpUrl> = Variable {
    name: "AWS_ENDPOINT_URL_SQS",
    ..AWS_ENDPOINT_URL
};
const AWS_ENDPOINT_URL_SECRETS_MANAGER: Variable<HttpUrl> = Variable {
    name: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    ..AWS_ENDPOINT_URL
};

/// Reads variables and remembers what was wrong.
pub(super) struct Reader<'a> {
    env: &'a Env,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(env: &'a Env) -> Self {
        Self {
            env,
            problems: Vec::new(),
        }
    }

    /// `None` only where a problem was noted.
    pub(super) fn required<T>(&mut self, variable: &Variable<T>) -> Option<T> {
        match self.env.get(variable.name) {
            Some(value) => self.parse(variable, &value),
            None => {
                self.note(variable, "is not set".to_owned());
                None
            }
        }
    }

    /// `None` where it is not set, and where a problem was noted.
    pub(super) fn optional<T>(&mut self, variable: &Variable<T>) -> Option<T> {
        let value = self.env.get(variable.name)?;
        self.parse(variable, &value)
    }

    fn or<T>(&mut self, variable: &Variable<T>, default: T) -> Option<T> {
        match self.env.get(variable.name) {
            Some(value) => self.parse(variable, &value),
            None => Some(default),
        }
    }

    fn parse<T>(&mut self, variable: &Variable<T>, value: &str) -> Option<T> {
        (variable.parse)(value)
            .map_err(|reason| self.note(variable, reason))
            .ok()
    }

    fn note<T>(&mut self, variable: &Variable<T>, reason: String) {
        self.problems.push(Problem {
            variable: variable.name,
            reason,
            example: variable.example,
        });
    }

    pub(super) fn aws(&mut self) -> AwsSettings {
        let mut endpoint = |variable| self.optional(variable);
        AwsSettings {
            endpoint_url: endpoint(&AWS_ENDPOINT_URL),
            dynamodb_endpoint_url: endpoint(&AWS_ENDPOINT_URL_DYNAMODB),
            sqs_endpoint_url: endpoint(&AWS_ENDPOINT_URL_SQS),
            secrets_manager_endpoint_url: endpoint(&AWS_ENDPOINT_URL_SECRETS_MANAGER),
            region: self
                .env
                .get("AWS_REGION")
                .or_else(|| self.env.get("AWS_DEFAULT_REGION")),
            profile: None,
            has_credentials: self.env.get("AWS_ACCESS_KEY_ID").is_some(),
        }
    }

    pub(super) fn common(&mut self) -> Option<CommonConfig> {
        let secret_url = self.required(&SECRET_URL);
        let secret_ttl = self.or(&SECRET_TTL_SECONDS, Duration::from_secs(300));
        let catalog_url = self.required(&CATALOG_URL);
        let log_level = self.or(&LOG_LEVEL, LogLevel::Info);
        let aws = self.aws();
        Some(CommonConfig {
            secret_url: secret_url?,
            secret_ttl: secret_ttl?,
            catalog_url: catalog_url?,
            log_level: log_level?,
            aws,
        })
    }

    pub(super) fn worker(&mut self) -> Option<WorkerConfig> {
        let common = self.common();
        let ledger_url = self.required(&LEDGER_URL);
        let wix_api_base_url = match self.env.get(WIX_API_BASE_URL.name) {
            Some(value) => self.parse(&WIX_API_BASE_URL, &value),
            None => self.parse(&WIX_API_BASE_URL, WIX_API_BASE_URL.example),
        };
        let wix_timeout = self.or(&WIX_TIMEOUT_SECONDS, Duration::from_secs(15));
        let wix_calls_per_minute = self.or(&WIX_CALLS_PER_MINUTE, 200);
        let settle = self.or(&SETTLE_SECONDS, Duration::from_secs(60));
        let lease_skew = self.or(&LEASE_SKEW_SECONDS, Duration::from_secs(5));
        let paused = self.or(&PAUSED, false);
        let retention = self.or(&RETENTION_DAYS, Duration::ZERO);
        Some(WorkerConfig {
            common: common?,
            ledger_url: ledger_url?,
            wix_api_base_url: wix_api_base_url?,
            wix_timeout: wix_timeout?,
            wix_calls_per_minute: wix_calls_per_minute?,
            settle: settle?,
            lease_skew: lease_skew?,
            paused: paused?,
            retention: retention.map(|kept| (!kept.is_zero()).then_some(kept))?,
        })
    }

    pub(super) fn inspect(&mut self) -> Option<InspectConfig> {
        let ledger_url = self.required(&LEDGER_URL);
        let catalog_url = self.required(&CATALOG_URL);
        let log_level = self.or(&LOG_LEVEL, LogLevel::Info);
        let aws = self.aws();
        let names = [
            &ORDER_PAID_QUEUE_URL,
            &ORDER_CANCELED_QUEUE_URL,
            &TAG_EXTERNAL_ID_QUEUE_URL,
            &PARKED_QUEUE_URL,
            &DEAD_LETTERS_QUEUE_URL,
        ];
        let queue_urls = names.map(|variable| self.optional(variable));
        let wix_timeout = self.or(&WIX_TIMEOUT_SECONDS, Duration::from_secs(15));
        let settle = self.or(&SETTLE_SECONDS, Duration::from_secs(60));
        let lease_skew = self.or(&LEASE_SKEW_SECONDS, Duration::from_secs(5));
        let paused = self.or(&PAUSED, false);
        Some(InspectConfig {
            ledger_url: ledger_url?,
            catalog_url: catalog_url?,
            log_level: log_level?,
            aws,
            queue_urls: queue_urls.into_iter().flatten().collect(),
            wix_timeout: wix_timeout?,
            settle: settle?,
            lease_skew: lease_skew?,
            paused: paused?,
        })
    }

    /// What was built, or everything that was wrong.
    pub(super) fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        match build() {
            Some(built) if self.problems.is_empty() => Ok(built),
            Some(_) | None => Err(ConfigError {
                problems: self.problems,
            }),
        }
    }
}

fn parse_shown<T: FromStr<Err: std::fmt::Display>>(value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|error| format!("is {:?}, which cannot be used: {error}", cut(value)))
}

fn seconds(value: &str, least: u64, most: u64) -> Result<Duration, String> {
    whole(value, least, most).map(Duration::from_secs)
}

fn whole(value: &str, least: u64, most: u64) -> Result<u64, String> {
    value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("is {:?}, not a whole number from {least} to {most}", cut(value)))
}

fn cut(value: &str) -> String {
    value.chars().take(80).collect()
}
