//! `tag-external-id`: the worker of the storefronts' own references. What it does with an event is the library's; see
//! `worker::run`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    reseller_hooks::worker::run::queue_worker("tag-external-id").await
}
