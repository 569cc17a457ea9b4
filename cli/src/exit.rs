//! How a session ends: a number for scripts, and what a person reads.

use std::fmt;

/// How a session ended. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Somebody was asked, and said no; or nobody could be asked.
    Declined,
    /// There are no credentials, or they may not do it.
    Credentials,
    /// There is no such thing.
    NotFound,
    /// Something needs a person; only where `--exit-code` asks for it.
    Attention,
    /// Nothing is bought, because it is paused or something fails for every order.
    Stopped,
    /// It is not done yet when the time is over, or another worker has the order: to be said again.
    Waiting,
    /// Ctrl-C ended it.
    Interrupted,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Declined => 3,
            Self::Credentials => 4,
            Self::NotFound => 5,
            Self::Attention => 6,
            Self::Stopped => 7,
            Self::Waiting => 8,
            // What a shell answers for a process that Ctrl-C ended.
            Self::Interrupted => 130,
        }
    }
}

/// Why something was not done, and what to type next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the session ends.
    pub(crate) exit: Exit,
    /// What is wrong.
    pub(crate) what: String,
    /// What helps.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// It failed.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self::with(Exit::Failed, what)
    }

    /// It ends like this.
    pub(crate) fn with(exit: Exit, what: impl fmt::Display) -> Self {
        Self {
            exit,
            what: what.to_string(),
            hint: None,
        }
    }

    /// Says what helps.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(format_args!("the output cannot be written: {error}"))
    }
}
