//! DynamoDB, SQS, SNS and Secrets Manager, asked over their API. Needs an emulator: `AWS_ENDPOINT_URL`, `AWS_REGION` and any
//! `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. `cargo xtask test` starts one and sets them; nothing here talks to
//! anything but that address.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod dynamodb;
mod proxy;
mod secrets;
mod sqs;
mod topic;

use std::sync::atomic::{AtomicU32, Ordering};

use reseller_hooks::aws::Aws;
use reseller_hooks::config::{AwsSettings, Env};
use reseller_hooks::time::{Clock as _, SystemClock};

/// What the environment says, with an emulator in it. Real AWS is refused: these tests make tables and queues.
fn settings() -> AwsSettings {
    let settings = AwsSettings::from_env(&Env::process()).unwrap();
    let url = settings
        .endpoint_url
        .as_ref()
        .expect("set AWS_ENDPOINT_URL to an emulator, such as http://127.0.0.1:4566 (`cargo xtask test` starts one)");
    assert!(
        url.as_str().starts_with("http://127.0.0.1:"),
        "AWS_ENDPOINT_URL is {url}, not an emulator on 127.0.0.1"
    );
    assert!(
        settings.has_credentials && settings.region.is_some(),
        "set AWS_REGION=us-east-1, AWS_ACCESS_KEY_ID=test and AWS_SECRET_ACCESS_KEY=test"
    );
    settings
}

fn aws() -> Aws {
    Aws::new(settings())
}

/// The same, but every call goes to this address of this machine.
fn aws_at(port: u16) -> Aws {
    Aws::new(AwsSettings {
        endpoint_url: Some(format!("http://127.0.0.1:{port}").parse().unwrap()),
        ..settings()
    })
}

/// A name that no other test and no other run uses.
fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{number}", SystemClock.now().as_millis())
}

/// A port on which nothing listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
