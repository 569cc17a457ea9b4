//! `cargo xtask deploy-test`: deploys as `docs/deploy.md` says, block by block, to an emulator of AWS, and uses what was
//! deployed as shops and operators would: deliveries over HTTP, an outage, rotated secrets, a pause, a second deployment,
//! a restore, and the end.

use std::time::Instant;

use crate::arguments::DeployOptions;
use crate::failure::Failure;
use crate::progress::seconds;

pub(crate) mod artifacts;
mod aws;
#[cfg(test)]
mod cost;
mod emulator;
mod page;
mod shell;
mod story;
#[cfg(test)]
mod template;
mod twice;

/// How the functions are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As users do.
    Release,
    /// The release profile with thin LTO: minutes less, and the bytes differ from what is deployed.
    Thin,
    /// No compiler at all: the debug binaries of this workspace, to try the test itself.
    Debug,
}

pub(crate) async fn run(options: &DeployOptions) -> Result<u64, Failure> {
    let started = Instant::now();
    let build = match (options.release, options.debug) {
        (true, _) => Build::Release,
        (false, true) => Build::Debug,
        (false, false) => Build::Thin,
    };
    let checks = Box::pin(story::tell(build)).await?;
    println!("deployed and used: {checks} checks in {}", seconds(started.elapsed()));
    Ok(checks)
}
