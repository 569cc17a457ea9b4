//! `order-canceled`: the worker of what is taken back. What it does with an event is the library's; see `worker::run`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    reseller_hooks::worker::run::queue_worker("order-canceled").await
}
