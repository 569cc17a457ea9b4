//! `reconcile`: takes up what is due, and answers an operator. What it understands stands in `worker::reconcile`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    reseller_hooks::worker::run::reconcile("reconcile").await
}
