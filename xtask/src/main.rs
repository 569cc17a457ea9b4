//! The project's own commands: `cargo xtask demo` shows it at work, `cargo xtask test` proves it, and `cargo xtask fuzz`
//! looks for what nobody thought of. They need Rust and Python and fetch the rest themselves (but for cargo-fuzz), and
//! whatever they start ends with them.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

mod arguments;
mod bench;
mod demo;
mod deploy;
mod dispatch;
mod failure;
mod fuzz;
mod plain_http;
mod ports;
mod processes;
mod progress;
mod runtime_api;
mod sbom;
mod storm;
mod test;
mod tools;
mod workspace;

use arguments::Command;
use failure::Failure;

/// What a shell answers for a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args()) {
        Ok(command) => command,
        // The help that was asked for, or what is wrong.
        Err(error) => error.exit(),
    };
    // Dropping the work is what ends the processes it started, so an interruption is nothing but leaving this block.
    let outcome = tokio::select! {
        outcome = run(command) => outcome,
        name = interrupted() => {
            eprintln!("\n{name}: stopping what was started");
            return ExitCode::from(INTERRUPTED);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(options) => demo::run(&options).await,
        Command::Storm(options) => storm::run(&options).await,
        Command::DeployTest(options) => Box::pin(deploy::run(&options)).await.map(|_| ()),
        Command::Bench(options) => Box::pin(bench::run(&options)).await,
        Command::Sbom => sbom::print(),
        Command::Test(options) => test::run(&options).await,
        Command::Fuzz(options) => fuzz::run(&options).await,
        Command::Sim(passed_on) => dispatch::run("sim", &passed_on.options),
        Command::Mutations(passed_on) => dispatch::run("mutations", &passed_on.options),
    }
}

/// Waits for Ctrl-C, a polite kill, or the terminal's end.
async fn interrupted() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "interrupted",
        _ = terminate.recv() => "told to end",
        _ = hang_up.recv() => "the terminal is gone",
    }
}
