//! Permits for calls to Wix, from one limit for the whole stack ([`crate::ledger::limit`]). Pure: what a process tries
//! next is decided here from the item as it was seen last; `run` tries it.
//!
//! Wix answers 200 requests a minute (documented for apps; nothing is said for API keys). The calls are given out by
//! windows of five seconds, 14 to each: a permit is good in its window only, so what a process that died has taken
//! lapses by itself. Sixty seconds touch at most 13 windows, which is 182 calls; with clocks that are five seconds apart
//! it is 14 windows and 196 calls.

mod rules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::ledger::limit::{Limit, Turned, Window};
use crate::time::Timestamp;

pub use rules::{Verdict, after_throttling, in_table, switched, verdict};

/// How many calls a minute Wix is documented to answer.
pub const DOCUMENTED: u32 = 200;

/// How many windows sixty seconds touch at the most, with clocks that are five seconds apart.
const WINDOWS_A_MINUTE: u32 = 14;

/// How many calls a window has, so that no sixty seconds see more than this many calls.
pub const fn calls_per_window(calls_per_minute: u32) -> u32 {
    let calls = calls_per_minute / WINDOWS_A_MINUTE;
    if calls == 0 { 1 } else { calls }
}

/// The part of a window at its end in which nothing is kept free any more, and in which a call that follows another
/// would hardly be made.
pub const LAST: Duration = Duration::from_secs(1);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An order of which a call is made already, such as a voucher's whose plan is bought: it waits for nobody else.
    Begun,
    /// An order that a worker has just heard of.
    Fresh,
    /// An order that waits. Four of fourteen calls are left to the others until the window's last second.
    Sweep,
    /// The audit. It leaves ten of fourteen.
    Audit,
}

impl Class {
    /// How many calls of a window it leaves to the others, until the window's last second.
    const fn leaves(self, cap: u32) -> u32 {
        match self {
            Self::Begun | Self::Fresh => 0,
            Self::Sweep => cap.saturating_mul(4) / WINDOWS_A_MINUTE,
            Self::Audit => cap.saturating_mul(10) / WINDOWS_A_MINUTE,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// How many calls will be made at once.
    pub calls: u32,
    /// How many will follow their answers.
    pub then: u32,
    /// How many paid units they buy.
    pub units: u32,
    /// Who asks.
    pub class: Class,
}

impl Ask {
    /// One call of an order that is begun.
    pub const BEGUN: Self = Self {
        calls: 1,
        then: 0,
        units: 0,
        class: Class::Begun,
    };
}

/// What is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How many calls a window has while Wix throttles nothing.
    pub top: u32,
    /// How many paid units may be bought in an hour of the clock.
    pub most: u32,
}

/// Calls that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permit {
    window: i64,
    calls: u32,
    ahead: u32,
}

/// What a permit says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spend {
    /// It may be made now.
    Now,
    /// It may be made at this time, which is less than a second or two away.
    At(Timestamp),
    /// Another permit is needed.
    Lapsed,
}

impl Permit {
    /// A permit of calls of a window, and of the one after it.
    pub const fn new(window: Window, calls: u32, ahead: u32) -> Self {
        Self {
            window: window.0,
            calls,
            ahead,
        }
    }

    /// What it says of a call at a time. A window that has not come by this clock has come by somebody else's, who
    /// opened it.
    pub fn allows(&self, now: Timestamp) -> Spend {
        let here = Window::of(now);
        let (own, next) = (Window(self.window), Window(self.window).plus(1));
        if (self.calls > 0 && here <= own) || (self.ahead > 0 && here == next) {
            Spend::Now
        } else if self.ahead > 0 && here <= own {
            Spend::At(next.begins())
        } else {
            Spend::Lapsed
        }
    }

    /// Takes one call off it; `false` where it has none for this time.
    pub fn spend(&mut self, now: Timestamp) -> bool {
        if self.allows(now) != Spend::Now {
            return false;
        }
        if Window::of(now) <= Window(self.window) {
            self.calls -= 1;
        } else {
            self.ahead -= 1;
        }
        true
    }
}

/// Why nobody calls Wix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// An operator has paused it.
    Operator(Turned),
    /// The ledger was restored from one of another name, and nobody has said yet that it may be used.
    Restored {
        /// The name of the ledger that it was.
        from: String,
    },
}

/// Why nobody calls Wix, if so.
pub fn pause_of(limit: &Limit, home: &str) -> Option<Pause> {
    if limit.home != home {
        return Some(Pause::Restored {
            from: limit.home.clone(),
        });
    }
    limit.paused.clone().map(Pause::Operator)
}

/// Who or what keeps everybody from calling Wix, or from buying.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Nobody calls Wix: who paused it and why.
    pub paused: Option<String>,
    /// Nothing is bought: why.
    pub braked: Option<String>,
}

impl Standing {
    /// What the item of this ledger says.
    pub fn of(limit: Option<&Limit>, home: &str) -> Self {
        let paused = limit.and_then(|limit| pause_of(limit, home));
        let braked = limit.and_then(|limit| limit.braked.as_ref());
        Self {
            paused: paused.map(|pause| pause.to_string()),
            braked: braked.map(|braked| braked.reason.clone()),
        }
    }
}

/// An operator's switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Whether it pauses; else it resumes.
    pub pauses: bool,
    /// Who turns it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operator(Turned { by, reason, at }) => write!(f, "paused by {by} at {at}: {reason}"),
            Self::Restored { from } => write!(
                f,
                "paused because the ledger was restored from {from} and nobody has resumed it yet"
            ),
        }
    }
}
