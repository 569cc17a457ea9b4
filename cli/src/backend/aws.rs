//! A stack on AWS: its outputs from CloudFormation, and its functions through Lambda's Invoke.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use reseller_hooks::aws::Aws;
use reseller_hooks::config::url::QueueUrl;
use reseller_hooks::config::{AwsSettings, Env};
use reseller_hooks::queue::AnyQueue;
use reseller_hooks::secrets::{AnySource, Source as _};
use reseller_hooks::time::{Clock as _, SystemClock};
use reseller_hooks::wix::ClientConfig;
use secrecy::SecretString;
use serde_json::Value;

use super::sign::{Answer, Call, Signer};
use super::{of_queue, stack};
use crate::arguments::Global;
use crate::exit::{Exit, Failure};

/// As long as the audit may take, and a little more.
const INVOCATION: Duration = Duration::from_secs(910);
/// For everything that is answered at once.
const SHORT: Duration = Duration::from_secs(20);

/// A stack.
pub(crate) struct Remote {
    signer: Signer,
    endpoint: Option<String>,
    outputs: BTreeMap<String, String>,
    stack: String,
    state: String,
    wix_base_url: String,
    aws: Aws,
}

/// The credentials of the environment.
fn of_environment(env: &Env) -> Option<Credentials> {
    let (id, secret) = (env.get("AWS_ACCESS_KEY_ID")?, env.get("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials::new(
        id,
        secret,
        env.get("AWS_SESSION_TOKEN"),
        None,
        "environment",
    ))
}

impl Remote {
    pub(super) async fn open(env: &Env, global: &Global) -> Result<Self, Failure> {
        let mut settings = AwsSettings::from_env(env).map_err(|error| Failure::with(Exit::Usage, error))?;
        let profile = global.profile.clone().or_else(|| env.get("AWS_PROFILE"));
        if global.profile.is_some() {
            settings.profile.clone_from(&global.profile);
            // A profile that is named goes before credentials in the environment, as with AWS's own command line.
            settings.has_credentials = false;
        }
        settings.region = match global.region.clone().or_else(|| settings.region.take()) {
            Some(region) => Some(region),
            None => reseller_hooks::aws::profile_region(profile.as_deref()).await,
        };
        let Some(region) = settings.region.clone() else {
            return Err(Failure::with(Exit::Usage, "no AWS region is known")
                .hint("say --region eu-west-1, set AWS_REGION, or use --local for a local run"));
        };
        let endpoint = settings.endpoint_url.as_ref().map(|url| url.as_str().to_owned());
        let aws = Aws::new(settings);
        let credentials = match of_environment(env).filter(|_| global.profile.is_none()) {
            Some(credentials) => SharedCredentialsProvider::new(credentials),
            None => {
                let provider = aws.sdk_config().map_err(Failure::new)?.credentials_provider();
                provider.ok_or_else(|| Failure::with(Exit::Credentials, "there are no AWS credentials"))?
            }
        };
        let mut remote = Self {
            signer: Signer::new(credentials, region)?,
            endpoint,
            outputs: BTreeMap::new(),
            stack: global.stack.clone(),
            state: String::new(),
            wix_base_url: env
                .get("WIX_API_BASE_URL")
                .unwrap_or_else(|| ClientConfig::default().base_url),
            aws,
        };
        (remote.outputs, remote.state) = remote.described().await?;
        Ok(remote)
    }

    /// Where it is.
    pub(crate) fn region(&self) -> &str {
        &self.signer.region
    }

    /// The stack's name.
    pub(crate) fn stack(&self) -> &str {
        &self.stack
    }

    /// How CloudFormation says that it is.
    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    /// Where Wix is; another address is for a stack that was deployed with one.
    pub(super) fn wix_base_url(&self) -> &str {
        &self.wix_base_url
    }

    /// An output of the stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::new(format_args!("the stack {} has no output {name}", self.stack))
                .hint("it was deployed from another version: deploy it again (docs/deploy.md)")
        })
    }

    /// Invokes the function that an output names.
    pub(super) async fn invoke(&self, output: &str, event: &Value) -> Result<Value, Failure> {
        let name = self.output(output)?;
        let answer = self
            .call(Call {
                service: "lambda",
                url: format!(
                    "{}/2015-03-31/functions/{}/invocations",
                    self.url("lambda"),
                    stack::encoded(name)
                ),
                content_type: "application/json",
                target: None,
                body: event.to_string(),
                timeout: INVOCATION,
            })
            .await?;
        let value: Value = serde_json::from_str(&answer.text)
            .map_err(|error| Failure::new(format_args!("the answer of {name} is no JSON: {error}")))?;
        if answer.function_failed || value.get("errorType").is_some() {
            let said = value.get("errorMessage").and_then(Value::as_str);
            return Err(Failure::new(format_args!(
                "{name} failed: {}",
                said.unwrap_or("it said no more")
            )));
        }
        Ok(value)
    }

    /// The queue that an output names.
    pub(super) fn queue(&self, output: &str) -> Result<AnyQueue, Failure> {
        let url: QueueUrl = self.output(output)?.parse().map_err(Failure::new)?;
        AnyQueue::open(&url, &self.aws).map_err(of_queue)
    }

    /// The document in the secret that an output names.
    pub(super) async fn secret(&self, output: &str) -> Result<SecretString, Failure> {
        let url = format!("secretsmanager://{}", self.output(output)?);
        let url = url.parse().map_err(Failure::new)?;
        let env = Env::from_pairs::<String, String>([]);
        let source = AnySource::open(&url, &self.aws, &env).map_err(Failure::new)?;
        source
            .fetch()
            .await
            .map_err(|error| Failure::with(Exit::Credentials, error))
    }

    /// To the address that the storefront delivers to.
    pub(super) async fn deliver(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<(u16, String), Failure> {
        let url = format!("{}{path}", self.output("WebhookUrl")?);
        self.signer.post(&url, headers, body, SHORT).await
    }

    /// Asks CloudWatch Logs.
    pub(crate) async fn logs(&self, operation: &str, question: &Value) -> Result<Value, Failure> {
        let answer = self
            .call(Call {
                service: "logs",
                url: format!("{}/", self.url("logs")),
                content_type: "application/x-amz-json-1.1",
                target: Some(format!("Logs_20140328.{operation}")),
                body: question.to_string(),
                timeout: SHORT,
            })
            .await?;
        serde_json::from_str(&answer.text).map_err(Failure::new)
    }

    async fn described(&self) -> Result<(BTreeMap<String, String>, String), Failure> {
        let body = format!(
            "Action=DescribeStacks&Version=2010-05-15&StackName={}",
            stack::encoded(&self.stack)
        );
        let text = self.form("cloudformation", body).await?;
        Ok((stack::outputs(&text), stack::state(&text)))
    }

    /// Asks a service that takes forms and answers in XML.
    pub(super) async fn form(&self, service: &str, body: String) -> Result<String, Failure> {
        let answer = self
            .call(Call {
                service,
                url: format!("{}/", self.url(service)),
                content_type: "application/x-www-form-urlencoded",
                target: None,
                body,
                timeout: SHORT,
            })
            .await?;
        Ok(answer.text)
    }

    fn url(&self, service: &str) -> String {
        let region = &self.signer.region;
        let domain = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.{domain}"),
        }
    }

    async fn call(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let service = call.service.to_owned();
        let answer = self.signer.send(call, SystemClock.now()).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(self.refused(&service, &answer))
    }

    fn refused(&self, service: &str, answer: &Answer) -> Failure {
        let json: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let of = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let said = stack::element(&answer.text, "Message")
            .or_else(|| of("Message"))
            .or_else(|| of("message"));
        let said = said.unwrap_or_else(|| format!("HTTP {}", answer.status));
        let region = &self.signer.region;
        if said.contains("does not exist") || answer.status == 404 {
            return Failure::with(Exit::NotFound, format_args!("{service} in {region}: {said}"))
                .hint("say which stack with --stack, and where with --region");
        }
        let is_about_rights =
            matches!(answer.status, 401 | 403) || said.contains("token") || said.contains("not authorized");
        let exit = if is_about_rights {
            Exit::Credentials
        } else {
            Exit::Failed
        };
        let failure = Failure::with(exit, format_args!("{service} in {region} refused: {said}"));
        // A signature has a time, and AWS allows for five minutes.
        if said.contains("Signature expired") || said.contains("Signature not yet current") {
            failure.hint("this machine's clock is wrong: set it, such as with `timedatectl set-ntp true`")
        } else if is_about_rights {
            failure.hint("sign in again, or ask for the right to call the stack's functions (docs/cli.md)")
        } else {
            failure
        }
    }
}
