//! What fulfilment says of what it did: to the worker, the operator and the metrics.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use super::problem::Attention;
use crate::time::Timestamp;

/// What came of working on one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderOutcome {
    /// Where the order stands.
    pub progress: Progress,
    /// What of it needs a person.
    pub attention: Vec<Attention>,
    /// Since when it is unsettled, where no person was told.
    pub unsettled_since: Option<Timestamp>,
    /// What it cost.
    pub tally: Tally,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// No step is left, but for what is in attention.
    Settled,
    /// There is something to do at a time.
    Waiting {
        /// When.
        due_at: Timestamp,
    },
    /// Another worker has it; the desired state is merged, and that worker or the sweep does what follows.
    Busy,
    /// Something that every order needs is not there.
    Stopped(Outage),
}

/// What fails for every order alike: one alarm, no attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outage {
    /// An operator's switch: whose and why.
    Paused(String),
    /// More was bought in an hour than the catalog allows: nothing is bought, and what is to be taken back is.
    Braked(String),
    /// The catalog cannot be used: why.
    Catalog(String),
    /// There is no API key, or Wix does not take it: why.
    ApiKey(String),
    /// Wix cannot be reached, or gives no clear answers: why.
    WixAway(String),
    /// Wix asks to slow down, or a window has no more calls: why. It passes by itself.
    SlowDown(String),
}

impl Outage {
    /// One word for metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Paused(_) => "paused",
            Self::Braked(_) => "braked",
            Self::Catalog(_) => "catalog",
            Self::ApiKey(_) => "api_key",
            Self::WixAway(_) => "wix_away",
            Self::SlowDown(_) => "slow_down",
        }
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(why) => write!(f, "{why}: orders are recorded and Wix is not called until you resume"),
            Self::Braked(why) => write!(
                f,
                "the brake is on ({why}): nothing is bought until you look at what was bought and resume; what is to be taken back is"
            ),
            Self::Catalog(why) => write!(
                f,
                "the catalog cannot be used ({why}): correct and deploy it; orders are recorded until then"
            ),
            Self::ApiKey(why) => write!(
                f,
                "Wix does not take the API key, or there is none ({why}): put a good one into the secret; orders are recorded until then"
            ),
            Self::WixAway(why) => write!(
                f,
                "Wix does not answer ({why}): nothing to do, orders are recorded and tried again"
            ),
            Self::SlowDown(why) => write!(
                f,
                "no more calls to Wix for a moment ({why}): the orders go on by themselves"
            ),
        }
    }
}

/// What work cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls to Wix.
    pub wix_calls: u32,
    /// Reads of the ledger.
    pub ledger_reads: u32,
    /// Writes of the ledger.
    pub ledger_writes: u32,
    /// Packages that were created or adopted.
    pub packages_created: u32,
    /// Problems that need a person and were not known before.
    pub attention_raised: u32,
    /// Creates and questions without a clear answer.
    pub unclear: u32,
    /// Conditional updates of the limit of calls.
    pub permits: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.wix_calls += other.wix_calls;
        self.ledger_reads += other.ledger_reads;
        self.ledger_writes += other.ledger_writes;
        self.packages_created += other.packages_created;
        self.attention_raised += other.attention_raised;
        self.unclear += other.unclear;
        self.permits += other.permits;
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Orders that were worked on.
    pub orders: u32,
    /// Of these, settled.
    pub settled: u32,
    /// Of these, waiting, or another worker's.
    pub waiting: u32,
    /// Orders that could not be worked on; each is in the log.
    pub failed: u32,
    /// What stopped it. After the brake it goes on with what is to be taken back.
    pub stopped: Option<Outage>,
    /// The deadline came first: more is due.
    pub left: bool,
    /// Since when the oldest of those that were worked on is unsettled, where no person was told.
    pub oldest_unsettled: Option<Timestamp>,
    /// What it cost.
    pub tally: Tally,
}

impl Sweep {
    pub(super) fn add(&mut self, outcome: &OrderOutcome) {
        match &outcome.progress {
            Progress::Settled => self.settled += 1,
            Progress::Waiting { .. } | Progress::Busy => self.waiting += 1,
            // The next order waits for its own permit.
            Progress::Stopped(Outage::SlowDown(_)) => self.waiting += 1,
            Progress::Stopped(outage) => {
                self.stopped = Some(outage.clone());
            }
        }
        let unsettled = [self.oldest_unsettled, outcome.unsettled_since];
        self.oldest_unsettled = unsettled.into_iter().flatten().min();
        self.tally += outcome.tally;
    }
}

/// An order that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttentionReport {
    /// The order's key.
    pub key: String,
    /// Since when.
    pub since: Timestamp,
    /// Each problem with its cause and remedy.
    pub items: Vec<Attention>,
}
