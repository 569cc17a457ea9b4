//! The topic by which people are told, over SNS's own API.

use std::time::Duration;

use reseller_hooks::config::topic::TopicArn;
use reseller_hooks::time::SystemClock;
use reseller_hooks::wix::{ClientConfig, HttpTransport, Transport as _};
use reseller_hooks::worker::messages::{AnyTopic, Message, Topic as _};

use crate::{aws, closed_port, settings, unique};

/// Asks the emulator for a topic; its ARN.
async fn topic() -> TopicArn {
    let url = settings().endpoint_url.unwrap();
    let body = format!("Action=CreateTopic&Version=2010-03-31&Name={}", unique("alarms"));
    let request = http::Request::post(format!("{}/", url.as_str().trim_end_matches('/')))
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0",
        )
        .body(body.into_bytes())
        .unwrap();
    let http = HttpTransport::new(&ClientConfig::default(), SystemClock).unwrap();
    let made = http.exchange(request, Duration::from_secs(5)).await.unwrap();
    let text = String::from_utf8(made.body).unwrap();
    let (_, arn) = text.split_once("<TopicArn>").expect("an ARN");
    arn.split('<').next().unwrap().parse().unwrap()
}

fn message() -> Message {
    Message {
        subject: "reseller-hooks: 1 new".to_owned(),
        text: "shopify/1 · base package b1 · PRODUCT_NOT_FOUND\nA & B = \"C\" + 100 %\n".to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_signed_and_published() {
    let topic = AnyTopic::Sns {
        arn: topic().await,
        aws: Box::new(aws()),
    };
    assert_eq!(topic.publish(&message()).await, Ok(()));
}

#[tokio::test]
async fn a_topic_that_is_not_there_or_does_not_answer_is_said() {
    let arn: TopicArn = "arn:aws:sns:us-east-1:000000000000:no-such-topic".parse().unwrap();
    let missing = AnyTopic::Sns {
        arn: arn.clone(),
        aws: Box::new(aws()),
    };
    let said = missing.publish(&message()).await.unwrap_err();
    assert!(said.starts_with("SNS answered 4"), "{said}");
    let away = AnyTopic::Sns {
        arn,
        aws: Box::new(crate::aws_at(closed_port())),
    };
    let said = away.publish(&message()).await.unwrap_err();
    assert!(said.contains("no connection"), "{said}");
}
