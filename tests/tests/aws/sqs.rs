//! The SQS queue: what is sent arrives as it was; what is wrong is said.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use reseller_hooks::aws::Aws;
use reseller_hooks::config::AwsSettings;
use reseller_hooks::queue::sqs::SqsQueue;
use reseller_hooks::queue::{AnyQueue, Queue, QueueError};

use crate::{aws, aws_at, closed_port, settings, unique};

fn client() -> Client {
    Client::new(aws().sdk_config().unwrap())
}

async fn queue_url() -> String {
    let made = client()
        .create_queue()
        .queue_name(unique("order-paid"))
        .attributes(QueueAttributeName::MaximumMessageSize, "1048576")
        .send()
        .await
        .unwrap();
    made.queue_url.unwrap()
}

async fn received(url: &str) -> Vec<String> {
    let answer = client()
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    answer
        .messages()
        .iter()
        .map(|message| message.body().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_sent_arrives() {
    let url = queue_url().await;
    let queue = SqsQueue::open(&url, &aws()).unwrap();
    let body = "{\"name\":\"żółć 🧾\\n\"}";
    queue.send(body).await.unwrap();
    assert_eq!(received(&url).await, [body]);
}

#[tokio::test]
async fn a_message_at_the_limit_arrives_and_one_over_it_is_refused_here() {
    let url = queue_url().await;
    let queue = SqsQueue::open(&url, &aws()).unwrap();
    queue.send(&"x".repeat(1_000_000)).await.unwrap();
    assert_eq!(received(&url).await[0].len(), 1_000_000);
    let error = queue.send(&"x".repeat(1_000_001)).await.unwrap_err();
    assert!(
        matches!(error, QueueError::TooLarge { bytes: 1_000_001, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_emulators_queue_url_is_enough_to_find_the_emulator() {
    let url = queue_url().await;
    let name = url.rsplit('/').next().unwrap();
    let endpoint = settings().endpoint_url.unwrap();
    let own = format!("{}/000000000000/{name}", endpoint.as_str()).parse().unwrap();
    let aws = Aws::new(AwsSettings {
        endpoint_url: None,
        ..settings()
    });
    let queue = AnyQueue::open(&own, &aws).unwrap();
    queue.warm_up().await;
    queue.send("{}").await.unwrap();
    assert_eq!(received(&url).await, ["{}"]);
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named_with_the_remedy() {
    let url = format!("{}/000000000000/no-such-queue", settings().endpoint_url.unwrap());
    let error = SqsQueue::open(&url, &aws()).unwrap().send("{}").await.unwrap_err();
    assert!(matches!(error, QueueError::Misconfigured { .. }), "{error}");
    assert!(
        error.to_string().contains("make the SQS queue no-such-queue"),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_that_is_away_is_said_to_be() {
    let port = closed_port();
    let aws = aws_at(port).with_time_limits(Duration::from_secs(1), Duration::from_secs(2));
    let url = format!("http://127.0.0.1:{port}/000000000000/q");
    let error = SqsQueue::open(&url, &aws).unwrap().send("{}").await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
}
