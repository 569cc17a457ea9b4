//! `reseller`: the operator's command line. What it does stands in the library beside it, so that tests run it in process.

use std::io::{IsTerminal as _, stderr, stdin, stdout};
use std::process::ExitCode;

use reseller::{Session, Terminal};
use reseller_hooks::config::Env;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let env = Env::process();
    let is_dumb = env.get("TERM").is_some_and(|term| term == "dumb");
    let terminal = Terminal {
        is_out: stdout().is_terminal(),
        is_err: stderr().is_terminal() && !is_dumb,
        is_in: stdin().is_terminal(),
        no_color: env.get("NO_COLOR").is_some() || is_dumb,
    };
    let (mut input, mut out, mut err) = (stdin().lock(), stdout(), stderr());
    let session = Session {
        env,
        terminal,
        input: &mut input,
        out: &mut out,
        err: &mut err,
    };
    let interrupt = async {
        // Where no signal can be waited for, Ctrl-C ends the process as it always does.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let exit = reseller::run_until(session, std::env::args_os(), interrupt).await;
    ExitCode::from(exit.code())
}
