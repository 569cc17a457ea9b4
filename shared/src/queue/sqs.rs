//! A queue in SQS. Sending is all that functions do with it: Lambda receives for them.

use std::borrow::Cow;
#[cfg(feature = "local")]
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;

use super::{Depth, Queue, QueueError, check_size};
use crate::aws::{Aws, SdkFailure};
use crate::config::url::{HttpUrl, QueueUrl};

/// A queue by its URL.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
    name: String,
}

impl SqsQueue {
    /// Makes the client; nothing is asked of SQS yet. Requests go to `AWS_ENDPOINT_URL_SQS` or `AWS_ENDPOINT_URL` where
    /// one is set, and else to the host in the queue's URL where that is not AWS's, such as an emulator's.
    pub fn open(url: &str, aws: &Aws) -> Result<Self, QueueError> {
        let name = QueueUrl::Sqs { url: url.to_owned() }.name().to_owned();
        let wrong = |reason: String| QueueError::Misconfigured {
            queue: name.clone(),
            reason,
        };
        let parsed: HttpUrl = url
            .parse()
            .map_err(|error| wrong(format!("its URL is wrong: {error}")))?;
        let settings = aws.settings();
        let endpoint = match &settings.sqs_endpoint_url {
            Some(endpoint) => Some(endpoint.as_str()),
            None if settings.endpoint_url.is_none() && !is_aws(parsed.origin()) => Some(parsed.origin()),
            None => None,
        };
        let client = aws.sqs(endpoint).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            client,
            url: url.to_owned(),
            name,
        })
    }

    /// Opens a connection by asking for the queue's ARN. What it answers does not matter, not even whether the role
    /// may ask. Queues of one region share a host, and their clients the connections: one of them is enough.
    pub async fn warm_up(&self) {
        let attribute = QueueAttributeName::QueueArn;
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let _ = request.attribute_names(attribute).send().await;
    }

    /// About how many messages there are: SQS counts over a minute or so (documented).
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let request = request
            .attribute_names(waiting.clone())
            .attribute_names(in_flight.clone());
        let answer = request.send().await.map_err(|error| self.failed(&error))?;
        let count = |name| {
            let attributes = answer.attributes();
            attributes
                .and_then(|all| all.get(name)?.parse().ok())
                .unwrap_or_default()
        };
        Ok(Depth {
            visible: count(&waiting),
            in_flight: count(&in_flight),
        })
    }

    /// Up to `most` messages, each with the handle by which it is given back or deleted.
    #[cfg(feature = "local")]
    pub(super) async fn receive(&self, most: usize, hidden: Duration) -> Result<Vec<(String, String)>, QueueError> {
        let whole = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request
            .max_number_of_messages(i32::try_from(most).unwrap_or(i32::MAX))
            .visibility_timeout(whole(hidden.as_secs()));
        let answer = request.send().await.map_err(|error| self.failed(&error))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages
            .filter_map(|message| Some((message.body?, message.receipt_handle?)))
            .collect())
    }

    /// It is visible again.
    #[cfg(feature = "local")]
    pub(super) async fn give_back(&self, handle: &str) -> Result<(), QueueError> {
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let sent = request.receipt_handle(handle).visibility_timeout(0).send().await;
        sent.map(|_| ()).map_err(|error| self.failed(&error))
    }

    #[cfg(feature = "local")]
    pub(super) async fn delete(&self, handle: &str) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(&self.url);
        let sent = request.receipt_handle(handle).send().await;
        sent.map(|_| ()).map_err(|error| self.failed(&error))
    }

    /// All messages go back to the queues that they came from. `arn` is this queue's.
    #[cfg(feature = "local")]
    pub async fn redrive(&self, arn: &str) -> Result<(), QueueError> {
        let sent = self.client.start_message_move_task().source_arn(arn).send().await;
        sent.map(|_| ()).map_err(|error| self.failed(&error))
    }

    fn failed<E, R>(&self, error: &SdkError<E, R>) -> QueueError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let thing = format!("the SQS queue {}", self.name);
        let queue = self.name.clone();
        match SdkFailure::read(error, &thing, "its queue URL") {
            SdkFailure::Misconfigured(reason) => QueueError::Misconfigured { queue, reason },
            SdkFailure::Unavailable(reason) => QueueError::Unavailable { queue, reason },
        }
    }
}

impl Queue for SqsQueue {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        let body = escape_noncharacters(body);
        check_size(&self.name, &body)?;
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| self.failed(&error))
    }
}

fn is_aws(origin: &str) -> bool {
    let host = origin.rsplit("//").next().unwrap_or(origin);
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"]
        .iter()
        .any(|domain| host.ends_with(domain))
}

/// SQS refuses or replaces U+FFFE and U+FFFF (documented). Messages are JSON, where these can only stand in strings and
/// may as well be escaped; control characters are escaped there already.
fn escape_noncharacters(body: &str) -> Cow<'_, str> {
    if body.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    } else {
        Cow::Borrowed(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqs_refuses_is_escaped_and_means_the_same() {
        let body = "{\"a\":\"x\u{fffe}y\u{ffff}\"}";
        let sent = escape_noncharacters(body);
        assert_eq!(sent, "{\"a\":\"x\\ufffey\\uffff\"}");
        let value: serde_json::Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(value["a"], "x\u{fffe}y\u{ffff}");
        assert!(matches!(escape_noncharacters("{}"), Cow::Borrowed(_)));
    }

    #[test]
    fn aws_hosts_are_told_from_emulators() {
        for host in [
            "https://sqs.eu-west-1.amazonaws.com",
            "https://sqs.cn-north-1.amazonaws.com.cn",
            "https://sqs.eu-west-1.api.aws",
        ] {
            assert!(is_aws(host), "{host}");
        }
        for host in ["http://127.0.0.1:4566", "https://amazonaws.com.evil.example"] {
            assert!(!is_aws(host), "{host}");
        }
    }
}
