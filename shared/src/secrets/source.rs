//! The places that a secret document can be in.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{SecretError, Source};
use crate::config::Env;

/// A file: for local runs, and for what mounts secrets as files.
#[derive(Debug, Clone)]
pub struct FileSource {
    path: PathBuf,
}

impl FileSource {
    /// Nothing is read yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Source for FileSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        // A small file on a local disk: reading it takes less than handing it to another thread.
        std::fs::read_to_string(&self.path)
            .map(SecretString::from)
            .map_err(|error| {
                SecretError::Misconfigured(format!(
                    "the file {} cannot be read: {}: correct SECRET_URL, or make the file",
                    self.path.display(),
                    error.kind()
                ))
            })
    }
}

/// An environment variable that holds the document itself.
#[derive(Debug, Clone)]
pub struct EnvSource {
    env: Env,
    variable: String,
}

impl EnvSource {
    /// Nothing is read yet.
    pub const fn new(env: Env, variable: String) -> Self {
        Self { env, variable }
    }
}

impl Source for EnvSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        self.env.get(&self.variable).map(SecretString::from).ok_or_else(|| {
            SecretError::Misconfigured(format!(
                "the environment variable {} is not set, and SECRET_URL names it",
                self.variable
            ))
        })
    }
}

#[cfg(feature = "secrets-manager")]
pub use manager::{AnySource, SecretsManagerSource};

#[cfg(feature = "secrets-manager")]
mod manager {
    use super::{EnvSource, FileSource, SecretError, SecretString, Source};
    use crate::aws::{Aws, SdkFailure};
    use crate::config::Env;
    use crate::config::url::SecretUrl;

    /// AWS Secrets Manager: the version that is `AWSCURRENT`.
    #[derive(Debug, Clone)]
    pub struct SecretsManagerSource {
        client: aws_sdk_secretsmanager::Client,
        secret_id: String,
    }

    impl SecretsManagerSource {
        /// Makes the client; nothing is read yet.
        pub fn open(secret_id: &str, aws: &Aws) -> Result<Self, SecretError> {
            let config = aws
                .sdk_config()
                .map_err(|error| SecretError::Misconfigured(error.to_string()))?;
            let mut builder = aws_sdk_secretsmanager::config::Builder::from(config);
            if let Some(url) = &aws.settings().secrets_manager_endpoint_url {
                builder = builder.endpoint_url(url.as_str());
            }
            Ok(Self {
                client: aws_sdk_secretsmanager::Client::from_conf(builder.build()),
                secret_id: secret_id.to_owned(),
            })
        }
    }

    impl Source for SecretsManagerSource {
        async fn fetch(&self) -> Result<SecretString, SecretError> {
            let thing = format!("the secret {}", self.secret_id);
            let answer = self
                .client
                .get_secret_value()
                .secret_id(&self.secret_id)
                .send()
                .await
                .map_err(|error| match SdkFailure::read(&error, &thing, "SECRET_URL") {
                    SdkFailure::Misconfigured(reason) => SecretError::Misconfigured(reason),
                    SdkFailure::Unavailable(reason) => SecretError::Unavailable(format!("{thing}: {reason}")),
                })?;
            answer.secret_string.map(SecretString::from).ok_or_else(|| {
                SecretError::Misconfigured(format!("{thing} holds bytes and not text: store the JSON as text"))
            })
        }
    }

    /// The place that `SECRET_URL` names, whichever it is.
    #[derive(Debug, Clone)]
    pub enum AnySource {
        /// `secretsmanager://NAME-OR-ARN`.
        SecretsManager(SecretsManagerSource),
        /// `file:///path.json`.
        File(FileSource),
        /// `env://VARIABLE`.
        Env(EnvSource),
    }

    impl AnySource {
        /// Opens what the address names; nothing is read yet.
        pub fn open(url: &SecretUrl, aws: &Aws, env: &Env) -> Result<Self, SecretError> {
            match url {
                SecretUrl::SecretsManager { secret_id } => {
                    SecretsManagerSource::open(secret_id, aws).map(Self::SecretsManager)
                }
                SecretUrl::File { path } => Ok(Self::File(FileSource::new(path.clone()))),
                SecretUrl::Env { variable } => Ok(Self::Env(EnvSource::new(env.clone(), variable.clone()))),
            }
        }
    }

    impl Source for AnySource {
        async fn fetch(&self) -> Result<SecretString, SecretError> {
            match self {
                Self::SecretsManager(source) => source.fetch().await,
                Self::File(source) => source.fetch().await,
                Self::Env(source) => source.fetch().await,
            }
        }
    }
}
