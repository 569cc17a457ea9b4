//! `order-paid`: the worker of what is paid. What it does with an event is the library's; see `worker::run`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    reseller_hooks::worker::run::queue_worker("order-paid").await
}
