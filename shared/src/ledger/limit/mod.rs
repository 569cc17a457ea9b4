//! One small item of the ledger for the whole stack: how many calls Wix may still get, whether an operator has paused
//! it, and how much was bought in the current hour. Its fields change by one conditional update at a time
//! ([`change`]); what they mean for a call is decided in `fulfilment::permit`.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::time::Timestamp;

pub mod change;

pub use change::{Change, Step, Take};

/// The ledger's key of the item. Order keys have a `/`.
pub const KEY: &str = "limit";

/// A window: five seconds of the clock, counted from the epoch. Calls are allowed by the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Window(pub i64);

impl Window {
    /// How long each is.
    pub const LENGTH: Duration = Duration::from_millis(Self::MILLIS as u64);
    const MILLIS: i64 = 5_000;
    /// How many an hour has.
    const AN_HOUR: i64 = 720;

    /// The window of a time.
    pub const fn of(now: Timestamp) -> Self {
        Self(now.as_millis().div_euclid(Self::MILLIS))
    }

    /// When it begins.
    pub const fn begins(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(Self::MILLIS))
    }

    /// When it is over and the next one begins.
    pub const fn ends(self) -> Timestamp {
        self.plus(1).begins()
    }

    /// The one that comes so many later.
    pub const fn plus(self, windows: i64) -> Self {
        Self(self.0.saturating_add(windows))
    }

    /// How many windows it comes after `earlier`; negative where it comes before.
    pub const fn after(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first window of its hour.
    pub const fn hour(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(Self::AN_HOUR)))
    }
}

/// Who turned a switch, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    /// A name.
    pub by: String,
    /// The reason, for people.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The ledger that it was written for. In a ledger that was restored from it under another name this is another
    /// one than [`LimitStore::home`], and so a restored ledger starts paused.
    pub home: String,
    /// One more with each change.
    pub rev: u64,
    /// The latest window that was opened.
    pub window: Window,
    /// How many calls of that window are left.
    pub left: u32,
    /// How many calls of the window after it are left: some may be given already.
    pub next: u32,
    /// How many calls a window has.
    pub cap: u32,
    /// How many it has when Wix throttles nothing: the configured limit.
    pub top: u32,
    /// In which window `cap` changed last.
    pub moved: Window,
    /// In which window Wix throttled last.
    pub slowed: Window,
    /// How many paid units were bought in the hour of `window`, or tried to be.
    pub bought: u32,
    /// An operator's pause: nobody calls Wix.
    pub paused: Option<Turned>,
    /// The brake's pause: nothing is bought. It stays until an operator resumes.
    pub braked: Option<Turned>,
    /// When somebody resumed it after it was restored. The ledger that was lost may have bought something for each order that
    /// was placed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Timestamp>,
    /// The table that it was written in, by the ID that no other has; `None`: nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

impl Limit {
    /// The item as it begins, in a window of which nothing is used.
    pub fn new(home: &str, top: u32, window: Window) -> Self {
        Self {
            home: home.to_owned(),
            rev: 1,
            window,
            left: top,
            next: top,
            cap: top,
            top,
            moved: window,
            slowed: Window(0),
            bought: 0,
            paused: None,
            braked: None,
            restored: None,
            table: None,
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is made; the item as it is now.
    Done(Box<Limit>),
    /// Its condition does not hold, and nothing was changed. The item as it is, `None` where there is none.
    Refused(Option<Box<Limit>>),
}

/// Where the item is kept. A change whose answer was lost may be made twice: a taken call is lost then, and lapses with
/// its window.
pub trait LimitStore: Send + Sync {
    /// The name of this ledger.
    fn home(&self) -> &str;

    /// The ID of the table, which a restore under the same name has not; `None` where there is no such thing.
    fn table(&self) -> impl Future<Output = Result<Option<String>, LedgerError>> + Send {
        async { Ok(None) }
    }

    /// The item, strongly consistent; `None` before the first change.
    fn limit(&self) -> impl Future<Output = Result<Option<Limit>, LedgerError>> + Send;

    /// Makes a change if its condition holds.
    fn change_limit(&self, change: &Change) -> impl Future<Output = Result<Changed, LedgerError>> + Send;
}

impl<L: LimitStore> LimitStore for std::sync::Arc<L> {
    fn home(&self) -> &str {
        (**self).home()
    }

    fn table(&self) -> impl Future<Output = Result<Option<String>, LedgerError>> + Send {
        (**self).table()
    }

    fn limit(&self) -> impl Future<Output = Result<Option<Limit>, LedgerError>> + Send {
        (**self).limit()
    }

    fn change_limit(&self, change: &Change) -> impl Future<Output = Result<Changed, LedgerError>> + Send {
        (**self).change_limit(change)
    }
}
