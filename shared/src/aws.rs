//! What every client of the AWS SDK shares: one HTTP client on ring with Amazon's own roots, credentials and region
//! from the environment, time limits, and one reading of errors. `docs/decisions/0003` says why.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::AwsSettings;

/// The longest that one attempt of a call may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The longest that a call may take with all its attempts.
const OPERATION: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(2);
/// The SDK's own retries: the first and two more, with backoff.
const ATTEMPTS: u32 = 3;
/// A connection that idled longer is not used again: a sandbox that was frozen thaws with dead ones.
const IDLE: Duration = Duration::from_secs(60);

/// The clients' common configuration, made when it is first needed: a run on the local backends never pays for it.
#[derive(Debug)]
pub struct Aws {
    settings: AwsSettings,
    attempt: Duration,
    operation: Duration,
    config: OnceLock<SdkConfig>,
}

/// The AWS clients cannot be made: what is missing, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AwsError(String);

impl Aws {
    /// With the usual limits: 5 s for an attempt, 10 s for a call with its retries.
    pub const fn new(settings: AwsSettings) -> Self {
        Self {
            settings,
            attempt: ATTEMPT,
            operation: OPERATION,
            config: OnceLock::new(),
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

    // Put together by hand, not by aws-config's loader, which would read profile files and ask for a dozen variables
    // at every start.
    fn build(&self) -> Result<SdkConfig, AwsError> {
        let region = self.settings.region.clone().ok_or_else(|| {
            AwsError(
                "no AWS region is known: set AWS_REGION (on Lambda it is always set), for example to eu-west-1"
                    .to_owned(),
            )
        })?;
        let http_client = http_client()?;
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
            SharedCredentialsProvider::new(profile::Chain::new(http_client.clone(), self.settings.region.clone()))
        }
    }
}

/// The SDK's default chain, made when the first credentials are asked for, because making it is asynchronous.
#[cfg(feature = "local")]
mod profile {
    use aws_config::Region;
    use aws_config::default_provider::credentials::DefaultCredentialsChain;
    use aws_config::provider_config::ProviderConfig;
    use aws_credential_types::provider::{ProvideCredentials, future};
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use tokio::sync::OnceCell;

    #[derive(Debug)]
    pub(super) struct Chain {
        http_client: SharedHttpClient,
        region: Option<String>,
        chain: OnceCell<DefaultCredentialsChain>,
    }

    impl Chain {
        pub(super) fn new(http_client: SharedHttpClient, region: Option<String>) -> Self {
            Self {
                http_client,
                region,
                chain: OnceCell::new(),
            }
        }

        async fn chain(&self) -> &DefaultCredentialsChain {
            self.chain
                .get_or_init(|| async {
                    let region = self.region.clone().map(Region::new);
                    let config = ProviderConfig::default()
                        .with_http_client(self.http_client.clone())
                        .with_region(region.clone());
                    let mut builder = DefaultCredentialsChain::builder().configure(config);
                    builder.set_region(region);
                    builder.build().await
                })
                .await
        }
    }

    impl ProvideCredentials for Chain {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async { self.chain().await.provide_credentials().await })
        }
    }
}

fn http_client() -> Result<SharedHttpClient, AwsError> {
    let mut trust_store = TrustStore::empty();
    let mut found = false;
    for pem in amazon_roots() {
        trust_store.add_pem_certificate(pem);
        found = true;
    }
    if !found {
        return Err(AwsError(
            "no root certificate of Amazon was found in the crate webpki-root-certs: build with another version of it"
                .to_owned(),
        ));
    }
    let context = TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .map_err(|error| AwsError(format!("TLS cannot be set up: {}", chain(&error))))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .pool_idle_timeout(IDLE)
        .build_https())
}

/// Whose certificates AWS's endpoints have: Amazon's four roots, and the older one that signs them across.
const AMAZON_NAMES: [&[u8]; 2] = [b"Amazon Root CA ", b"Starfield Services Root Certificate Authority"];

/// Of Mozilla's roots those of Amazon, as PEM, which is what the SDK takes.
fn amazon_roots() -> impl Iterator<Item = String> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter(|der| is_amazon(der))
        .map(|der| {
            let body = STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        })
}

/// Whether a self-signed certificate is Amazon's. Its issuer, which is also its subject, stands within the first few
/// hundred bytes, behind the serial number and the algorithm; looking no further keeps the search short.
fn is_amazon(der: &[u8]) -> bool {
    const HEAD: usize = 300;
    let head = der.get(..HEAD).unwrap_or(der);
    AMAZON_NAMES
        .iter()
        .any(|name| head.windows(name.len()).any(|window| window == *name))
}

/// What a failed call means for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The set-up is wrong; the remedy is said.
    Misconfigured(String),
    /// A retry can help. Whether the call was carried out is not known.
    Unavailable(String),
}

impl Failure {
    /// Reads an error. `thing` is what was asked for ("the table orders"), `variable` where it is configured.
    pub(crate) fn read<E, R>(error: &SdkError<E, R>, thing: &str, variable: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        match error {
            SdkError::ServiceError(service) => Self::of_service(service.err(), thing, variable),
            SdkError::TimeoutError(_) => Self::Unavailable(format!("{thing} did not answer in time")),
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
                let causes = chain(error);
                if is_about_credentials(error) {
                    Self::Misconfigured(format!(
                        "there are no AWS credentials for {thing}: on Lambda the function's role gives them; elsewhere set \
                         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` \
                         prints those of a profile): {causes}"
                    ))
                } else if matches!(error, SdkError::ConstructionFailure(_)) {
                    Self::Misconfigured(format!("{thing} cannot be asked: {causes}"))
                } else {
                    Self::Unavailable(causes)
                }
            }
        }
    }

    fn of_service(error: &impl ProvideErrorMetadata, thing: &str, variable: &str) -> Self {
        let code = error.code().unwrap_or("no code");
        let said = format!("{code}: {}", error.message().unwrap_or("no message"));
        let remedy = match code.rsplit(['.', '#']).next().unwrap_or(code) {
            "ResourceNotFoundException" | "NonExistentQueue" | "QueueDoesNotExist" | "InvalidAddress" => {
                format!("make {thing}, or correct {variable} or AWS_REGION")
            }
            "AccessDeniedException" | "AccessDenied" | "KmsAccessDenied" | "NotAuthorized" => {
                format!("allow this function's role to use {thing} (and its KMS key, where it has one)")
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "OptInRequired" => "correct the AWS credentials, AWS_REGION, or this machine's clock".to_owned(),
            "ValidationException" | "InvalidParameterException" | "InvalidRequestException" => {
                format!("compare {thing} with the one in template.yaml: it seems to be of another shape")
            }
            "DecryptionFailure" | "KmsDisabled" | "KmsInvalidState" | "KmsNotFound" => {
                format!("repair the KMS key of {thing}")
            }
            _ => return Self::Unavailable(said),
        };
        Self::Misconfigured(format!("{thing}: {said}: {remedy}"))
    }
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<CredentialsError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error and its causes in one line. Only what they display: their Debug form would hold whole requests.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a string cannot fail.
        let _ = write!(said, ": {cause}");
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_five_roots_are_found_and_no_other() {
        let found: Vec<&[u8]> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|der| der.as_ref())
            .filter(|der| is_amazon(der))
            .collect();
        assert_eq!(found.len(), 5);
        let of = |name: &[u8]| {
            found
                .iter()
                .filter(|der| der.windows(name.len()).any(|window| window == name))
                .count()
        };
        for name in [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
        ] {
            assert_eq!(of(name.as_bytes()), 1, "{name}");
        }
        assert_eq!(of(b"Starfield Services Root Certificate Authority - G2"), 1);
    }

    #[test]
    fn the_head_that_is_searched_holds_every_name_that_the_whole_certificate_has() {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let anywhere = AMAZON_NAMES
                .iter()
                .any(|name| der.windows(name.len()).any(|window| window == *name));
            assert_eq!(is_amazon(der), anywhere);
        }
    }

    #[test]
    fn a_missing_region_is_said_with_its_remedy() {
        let error = Aws::new(AwsSettings::default()).sdk_config().unwrap_err().to_string();
        assert!(error.contains("set AWS_REGION"), "{error}");
    }

    #[test]
    fn the_clients_share_one_configuration_with_the_roots_accepted() {
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
