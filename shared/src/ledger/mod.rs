//! The ledger: the durable store of order records, one entry an order, and of the one [`limit`] of the stack. It knows
//! nothing of what a record means.
//!
//! Every write is conditional on the revision that was read: together with the owner inside the record that is the
//! fence which makes one writer of many workers.

use std::future::Future;

use crate::time::Timestamp;

#[cfg(feature = "dynamodb")]
mod any;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "dynamodb")]
mod dynamodb_limit;
pub mod limit;
pub mod memory;
#[cfg(feature = "local")]
pub mod sqlite;

#[cfg(feature = "dynamodb")]
pub use any::AnyLedger;
pub use limit::{Changed, Limit, LimitStore};

/// The largest body that is taken, in bytes. DynamoDB takes items of 400 KB; what is left is for keys and growth.
pub const MAX_BODY_BYTES: usize = 340 * 1024;

/// One order's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The order's key.
    pub key: String,
    /// The record as JSON.
    pub body: String,
    /// The revision: 1 for the first write, one more with each.
    pub rev: u64,
    /// Unique for each write, so that a writer recognises its own when it sees its condition fail because the answer
    /// of a first attempt was lost.
    pub write_id: String,
    /// When there is something to do; `None` when the record is settled.
    pub due_at: Option<Timestamp>,
    /// Since when it needs a person; `None` when it does not.
    pub attention_since: Option<Timestamp>,
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// It is durable (possibly since an earlier attempt whose answer was lost).
    Written,
    /// Another write came first; nothing was changed. The entry as it is now, `None` where there is none.
    Conflict(Option<Box<Entry>>),
}

/// A line of an index: which order, and since or at when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// The order's key.
    pub key: String,
    /// `due_at` or `attention_since`.
    pub at: Timestamp,
}

/// The ledger could not answer. Whether a write was applied is not known.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Away, throttled, or the connection broke: a retry can help.
    #[error("the ledger did not {operation} {key}: {reason}")]
    Unavailable {
        /// `load`, `store`, `list`.
        operation: &'static str,
        /// The order's key, or the index.
        key: String,
        /// The cause, in one line.
        reason: String,
    },
    /// The body is over [`MAX_BODY_BYTES`]: a retry cannot help. Nothing was written.
    #[error("the record of {key} would take {bytes} bytes, more than the {MAX_BODY_BYTES} that the ledger keeps")]
    TooLarge {
        /// The order's key.
        key: String,
        /// What it would take.
        bytes: usize,
    },
    /// It is not there, not ours, or not permitted: the set-up is wrong, and a retry cannot help.
    #[error("the ledger cannot be used: {0}")]
    Misconfigured(String),
}

impl LedgerError {
    /// Whether the same call can succeed later without anybody doing anything.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::TooLarge { .. } | Self::Misconfigured(_) => false,
        }
    }
}

/// A durable store of entries, and of the one limit. Reads by key are strongly consistent; the indexes may lag.
pub trait Ledger: LimitStore {
    /// The entry of a key.
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<Entry>, LedgerError>> + Send;

    /// Writes `entry` if the stored revision is `entry.rev - 1` (no entry for revision 1). All or nothing; durable
    /// when it answers [`Stored::Written`].
    fn store(&self, entry: &Entry) -> impl Future<Output = Result<Stored, LedgerError>> + Send;

    /// Removes the entry of a key if it still has this revision; `false`: it was written since, or is gone.
    fn remove(&self, key: &str, rev: u64) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// Up to `limit` orders that are due at `now`, the longest due first.
    fn due(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send;

    /// Up to `limit` orders that are due at `now`, the shortest due first.
    fn newly_due(&self, now: Timestamp, limit: usize)
    -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send;

    /// Up to `limit` orders that came due at `since` or later, the longest due first.
    fn due_since(
        &self,
        since: Timestamp,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send;

    /// Up to `limit` orders that need a person, the oldest first.
    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send;

    /// Up to `limit` entries with keys after `after`, in an order that is stable while nothing is written. Fewer than
    /// `limit` does not mean the end; no entry does.
    fn scan(&self, after: Option<&str>, limit: usize) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send;
}

impl<L: Ledger> Ledger for std::sync::Arc<L> {
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<Entry>, LedgerError>> + Send {
        (**self).load(key)
    }

    fn store(&self, entry: &Entry) -> impl Future<Output = Result<Stored, LedgerError>> + Send {
        (**self).store(entry)
    }

    fn remove(&self, key: &str, rev: u64) -> impl Future<Output = Result<bool, LedgerError>> + Send {
        (**self).remove(key, rev)
    }

    fn due(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send {
        (**self).due(now, limit)
    }

    fn newly_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send {
        (**self).newly_due(now, limit)
    }

    fn due_since(
        &self,
        since: Timestamp,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send {
        (**self).due_since(since, now, limit)
    }

    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<Indexed>, LedgerError>> + Send {
        (**self).attention(limit)
    }

    fn scan(&self, after: Option<&str>, limit: usize) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send {
        (**self).scan(after, limit)
    }
}

/// Refuses what is too large before anything is asked of the store, so that all ledgers agree.
fn check_size(entry: &Entry) -> Result<(), LedgerError> {
    let bytes = entry.body.len();
    if bytes > MAX_BODY_BYTES {
        return Err(LedgerError::TooLarge {
            key: entry.key.clone(),
            bytes,
        });
    }
    Ok(())
}

/// What becomes of `entry` over `current`, for the ledgers that compare by themselves; `None` when it may be written.
fn decide(entry: &Entry, current: Option<&Entry>) -> Option<Stored> {
    let current_rev = current.map_or(0, |current| current.rev);
    match current {
        Some(current) if current.rev == entry.rev && current.write_id == entry.write_id => Some(Stored::Written),
        Some(_) | None if current_rev.checked_add(1) == Some(entry.rev) => None,
        Some(_) | None => Some(Stored::Conflict(current.cloned().map(Box::new))),
    }
}
