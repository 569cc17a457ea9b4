//! The operator's command line as a library: a session has arguments, an environment, and three streams. What is asked goes
//! to standard output; progress, questions and errors go to standard error.
//!
//! - `arguments` what can be typed; [`help`] the page that is made from it;
//! - `backend` where the answers come from: functions on AWS, or the same code in this process on the local backends;
//! - `commands` one file for each group; `out` how things are written; `exit` how a session ends.

use std::ffi::OsString;
use std::io::{BufRead, Write};

use clap::Parser as _;
use reseller_hooks::config::Env;

mod arguments;
mod backend;
mod commands;
mod exit;
pub mod help;
mod out;
pub mod page;
mod words;

use arguments::Arguments;
pub use exit::Exit;
use out::Out;

/// What the streams are connected to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    /// Somebody looks at standard output.
    pub is_out: bool,
    /// Somebody looks at standard error, and sees progress there.
    pub is_err: bool,
    /// Somebody can answer on standard input.
    pub is_in: bool,
    /// No colours are wanted.
    pub no_color: bool,
}

/// One run of the program.
pub struct Session<'a> {
    /// The environment.
    pub env: Env,
    /// What the streams are connected to.
    pub terminal: Terminal,
    /// Standard input.
    pub input: &'a mut dyn BufRead,
    /// Standard output: data only.
    pub out: &'a mut dyn Write,
    /// Standard error: everything else.
    pub err: &'a mut dyn Write,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

/// Runs one command line.
pub async fn run(session: Session<'_>, arguments: impl IntoIterator<Item = OsString>) -> Exit {
    run_until(session, arguments, std::future::pending()).await
}

/// The same, until it is interrupted: then it says what is left behind.
pub async fn run_until(
    session: Session<'_>,
    arguments: impl IntoIterator<Item = OsString>,
    interrupt: impl Future<Output = ()>,
) -> Exit {
    let mut out = Out::new(session.terminal, session.input, session.out, session.err);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return out.usage(&error),
    };
    out.format = arguments.global.output;
    // Boxed: the futures of all commands together are too deep for the compiler.
    let work = Box::pin(commands::run(&session.env, &arguments, &mut out));
    let ended = tokio::select! {
        biased;
        () = interrupt => {
            out.note(commands::interrupted(&arguments.command));
            return Exit::Interrupted;
        }
        ended = work => ended,
    };
    match ended {
        Ok(exit) => exit,
        Err(failure) => {
            out.failed(&failure);
            failure.exit
        }
    }
}
