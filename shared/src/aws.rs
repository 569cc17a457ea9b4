//! What every client of the AWS SDK shares: one HTTP client on ring with Amazon's own roots, credentials and region
//! from the environment, time limits, and one reading of errors. `docs/decisions/0003` says why.

use std::sync::OnceLock;
#[cfg(feature = "sqs")]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::AwsSettings;

mod failure;
#[cfg(any(feature = "dynamodb", feature = "sqs"))]
mod kept_key;
#[cfg(feature = "local")]
mod profile;
#[cfg(feature = "signed")]
pub mod sign;
mod tls;

#[cfg(any(feature = "dynamodb", feature = "sqs", feature = "secrets-manager"))]
pub(crate) use failure::SdkFailure;

/// The longest that one attempt of a call may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The longest that a call may take with all its attempts.
const OPERATION: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(2);
/// The SDK's own retries: the first and two more, with backoff.
const ATTEMPTS: u32 = 3;

/// The clients' common configuration, made when it is first needed: a run on the local backends never pays for it.
#[derive(Debug)]
pub struct Aws {
    settings: AwsSettings,
    attempt: Duration,
    operation: Duration,
    config: OnceLock<SdkConfig>,
    /// One client for all queues, or one for each endpoint where they are at several.
    #[cfg(feature = "sqs")]
    sqs: Mutex<Vec<(Option<String>, aws_sdk_sqs::Client)>>,
}

/// The AWS clients cannot be made: what is missing, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AwsError(String);

/// The region that AWS's tools know of a profile, or of the default one.
#[cfg(feature = "local")]
pub async fn profile_region(profile: Option<&str>) -> Option<String> {
    profile::region(profile).await
}

impl Aws {
    /// With the usual limits: 5 s for an attempt, 10 s for a call with its retries.
    pub const fn new(settings: AwsSettings) -> Self {
        Self {
            settings,
            attempt: ATTEMPT,
            operation: OPERATION,
            config: OnceLock::new(),
            #[cfg(feature = "sqs")]
            sqs: Mutex::new(Vec::new()),
        }
    }

    /// With other limits: `webhook` has less time than a worker. Only before the first client is made.
    #[must_use]
    pub const fn with_time_limits(mut self, attempt: Duration, operation: Duration) -> Self {
        self.attempt = attempt;
        self.operation = operation;
        self
    }

    /// What was configured.
    pub const fn settings(&self) -> &AwsSettings {
        &self.settings
    }

    /// The configuration that every client is made from. All of them share one HTTP client and its connections.
    pub fn sdk_config(&self) -> Result<&SdkConfig, AwsError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = self.build()?;
        Ok(self.config.get_or_init(|| config))
    }

    /// The client of SQS, at `endpoint` or where the SDK thinks. `webhook` has four queues, and making a client costs.
    #[cfg(feature = "sqs")]
    pub(crate) fn sqs(&self, endpoint: Option<&str>) -> Result<aws_sdk_sqs::Client, AwsError> {
        let mut clients = self.sqs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(at, _)| at.as_deref() == endpoint) {
            return Ok(client.clone());
        }
        let mut builder = aws_sdk_sqs::config::Builder::from(self.sdk_config()?).push_auth_scheme(self.signer("sqs"));
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let client = aws_sdk_sqs::Client::from_conf(builder.build());
        clients.push((endpoint.map(str::to_owned), client.clone()));
        Ok(client)
    }

    /// Signs the calls of a client that is called often. A region is known where there is a client.
    #[cfg(any(feature = "dynamodb", feature = "sqs"))]
    pub(crate) fn signer(&self, service: &'static str) -> kept_key::KeptKey {
        kept_key::KeptKey::new(self.settings.region.clone().unwrap_or_default(), service)
    }

    // Put together by hand, not by aws-config's loader, which would read profile files and ask for a dozen variables
    // at every start.
    fn build(&self) -> Result<SdkConfig, AwsError> {
        let region = self.settings.region.clone().ok_or_else(|| {
            AwsError(
                "no AWS region is known: set AWS_REGION (on Lambda it is always set), for example to eu-west-1"
                    .to_owned(),
            )
        })?;
        let http_client = tls::http_client()?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build();
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .credentials_provider(self.credentials(&http_client))
            .http_client(http_client)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            // Every attempt is short anyway.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = &self.settings.endpoint_url {
            builder = builder.endpoint_url(url.as_str());
        }
        Ok(builder.build())
    }

    #[cfg(not(feature = "local"))]
    fn credentials(&self, _http_client: &SharedHttpClient) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())
    }

    /// Away from Lambda, where the environment has no credentials, profiles and all else that AWS's tools know.
    #[cfg(feature = "local")]
    fn credentials(&self, http_client: &SharedHttpClient) -> SharedCredentialsProvider {
        if self.settings.has_credentials {
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())
        } else {
            let (region, profile) = (self.settings.region.clone(), self.settings.profile.clone());
            SharedCredentialsProvider::new(profile::Chain::new(http_client.clone(), region, profile))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_region_is_said_with_its_remedy() {
        let error = Aws::new(AwsSettings::default()).sdk_config().unwrap_err().to_string();
        assert!(error.contains("set AWS_REGION"), "{error}");
    }

    #[test]
    fn the_clients_share_one_configuration() {
        let aws = Aws::new(AwsSettings {
            region: Some("eu-west-1".into()),
            endpoint_url: Some("http://127.0.0.1:4566".parse().unwrap()),
            ..AwsSettings::default()
        });
        let first: *const SdkConfig = aws.sdk_config().unwrap();
        assert!(std::ptr::eq(first, aws.sdk_config().unwrap()));
        let config = aws.sdk_config().unwrap();
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:4566"));
        assert_eq!(config.region().map(AsRef::as_ref), Some("eu-west-1"));
    }
}
