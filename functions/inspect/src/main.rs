//! `inspect`: answers an operator's questions. It has no secret and writes nothing; what it understands stands in `inspect`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    reseller_hooks::inspect::run::inspect("inspect").await
}
