//! Where messages go: to a topic of Amazon SNS, and in a local run to the log.

use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Message, Topic};
use crate::aws::{Aws, sign};
use crate::config::topic::TopicArn;
use crate::time::{Clock as _, SystemClock};
use crate::wix::{ClientConfig, ExchangeError, HttpTransport, Transport as _};

/// The longest that SNS is waited for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A topic, whichever it is.
#[derive(Debug)]
pub enum AnyTopic {
    /// `ALARM_TOPIC_ARN`.
    Sns {
        /// The topic.
        arn: TopicArn,
        /// Credentials, and where an emulator is.
        aws: Box<Aws>,
    },
    /// There is none: messages are lines of the log.
    Log,
}

impl Topic for AnyTopic {
    async fn publish(&self, message: &Message) -> Result<(), String> {
        match self {
            Self::Sns { arn, aws } => publish(arn, aws, message).await,
            Self::Log => {
                let Message { subject, text } = message;
                tracing::warn!(subject, text, "message to people");
                Ok(())
            }
        }
    }
}

/// One call of SNS's query API. Nothing of its answer is needed but the status.
async fn publish(arn: &TopicArn, aws: &Aws, message: &Message) -> Result<(), String> {
    let config = aws.sdk_config().map_err(|error| error.to_string())?;
    let provider = config.credentials_provider().ok_or("there are no AWS credentials")?;
    let credentials = provider
        .provide_credentials()
        .await
        .map_err(|error| error.to_string())?;
    let endpoint = config.endpoint_url().map_or_else(|| arn.endpoint(), str::to_owned);
    let fields = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", arn.as_str()),
        ("Subject", &message.subject),
        ("Message", &message.text),
    ];
    let body: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    let mut request = http::Request::post(format!("{}/", endpoint.trim_end_matches('/')))
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.join("&").into_bytes())
        .map_err(|error| error.to_string())?;
    sign::sign(&mut request, credentials, (arn.region(), "sns"), SystemClock.now())?;
    // Made for each message: there is one in a quarter of an hour at the most.
    let http = HttpTransport::new(&ClientConfig::default(), SystemClock).map_err(|error| error.to_string())?;
    let answer = match http.exchange(request, TIMEOUT).await {
        Ok(answer) => answer,
        Err(ExchangeError::NotSent(reason) | ExchangeError::Lost(reason)) => return Err(reason),
    };
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&answer.body).chars().take(400).collect();
    Err(format!("SNS answered {}: {said}", answer.status))
}
