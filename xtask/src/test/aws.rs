//! The step that runs the code for DynamoDB, SQS and Secrets Manager against an emulator of AWS on this machine.

use std::time::Duration;

use super::cargo_steps::{check, counted};
use super::steps::Tests;
use crate::failure::Failure;
use crate::processes::Processes;
use crate::{ports, tools, workspace};

/// Where the tests look for the emulator.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

pub(super) async fn run() -> Result<Tests, Failure> {
    let ministack = tools::MINISTACK.get().await?;
    // Before the emulator is up: its start and the build would only slow each other down.
    let mut build = workspace::cargo();
    build.args([
        "test",
        "--locked",
        "--workspace",
        "--all-features",
        "--test",
        "aws",
        "--no-run",
    ]);
    check("aws-build", "cargo test --test aws --no-run", &mut build).await?;

    let logs = workspace::scratch()?.join("test");
    let mut processes = Processes::new(&logs)?;
    let port = ports::free()?;
    let mut command = workspace::in_root(&ministack);
    command
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1");
    processes.start("ministack", &mut command)?;
    if !ports::listening(port, Duration::from_secs(60)).await {
        processes.check()?;
        return Err(Failure::new(format!(
            "the emulator of AWS did not listen on port {port} within a minute; what it said is in {}",
            processes.log("ministack").display()
        )));
    }
    let mut tests = workspace::cargo();
    tests
        .env(ENDPOINT, format!("http://127.0.0.1:{port}"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .args([
            "test",
            "--locked",
            "--workspace",
            "--all-features",
            "--test",
            "aws",
            "--no-fail-fast",
        ]);
    let log = check("aws", "cargo test --test aws", &mut tests).await?;
    counted(&log)
}
