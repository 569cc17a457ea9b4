//! `cargo run -p wix-sandbox -- --listen 127.0.0.1:9400 --api-key KEY`

mod args;

use std::process::ExitCode;

use args::{Asked, Options};
use tokio::net::TcpListener;
use wix_sandbox::{Wix, serve, share};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wix-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let read_file = |file: &std::path::Path| {
        std::fs::read_to_string(file).map_err(|error| format!("--config {}: {error}", file.display()))
    };
    // Another run makes other IDs, so that a ledger that outlives the sandbox does not meet them again.
    let seed = u64::from(std::process::id()) ^ started();
    match args::parse(std::env::args_os().skip(1), read_file, seed)? {
        Asked::Help => {
            println!("{}", args::HELP);
            Ok(())
        }
        Asked::Serve(options) => listen(*options).await,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the seed of a run is the one thing that shall differ each time"
)]
fn started() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}

async fn listen(Options { listen, config }: Options) -> Result<(), String> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            format!("{listen} is taken by another program: choose another with --listen, 127.0.0.1:0 takes a free port")
        } else {
            format!("cannot listen on {listen}: {error}")
        }
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("cannot tell the port: {error}"))?;
    println!("wix-sandbox listening on http://{address}");
    tokio::select! {
        ended = serve(listener, share(Wix::new(config))) => match ended {
            Ok(never) => match never {},
            Err(error) => Err(format!("the server ended: {error}")),
        },
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
