//! A ledger that fails when it is told to, or by a seed: before anything is done, or after all is done and only the
//! answer is lost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reseller_hooks::ledger::limit::{Change, Changed, Limit, LimitStore};
use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use reseller_hooks::time::Timestamp;

use crate::sim::Rng;
use crate::world::yield_once;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It fails and nothing is done.
    Before,
    /// It is done, and the caller hears of a failure.
    AnswerLost,
    /// It is done twice, as by the SDK's own retry after a lost answer; the caller hears the second answer.
    Twice,
}

/// Wraps a ledger. Each call to load or store takes the next fault; when there are none left, all goes well, or as the
/// seed wants it.
#[derive(Debug)]
pub struct FlakyLedger<L> {
    inner: L,
    faults: Mutex<VecDeque<Fault>>,
    chance: Option<Mutex<Rng>>,
    lost: AtomicU64,
}

impl<L> FlakyLedger<L> {
    /// A ledger with no faults yet.
    pub const fn new(inner: L) -> Self {
        Self {
            inner,
            faults: Mutex::new(VecDeque::new()),
            chance: None,
            lost: AtomicU64::new(0),
        }
    }

    /// A ledger of whose calls about a fifth go wrong, mostly by a lost answer.
    pub fn by_seed(inner: L, seed: u64) -> Self {
        Self {
            chance: Some(Mutex::new(Rng::new(seed))),
            ..Self::new(inner)
        }
    }

    /// How many writes were done of which the caller heard a failure.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// What the next calls suffer, in this order, behind what waits already.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().extend(faults);
    }

    /// The ledger behind the faults.
    pub const fn inner(&self) -> &L {
        &self.inner
    }

    fn next(&self) -> Fault {
        let told = self.lock().pop_front();
        told.unwrap_or_else(|| self.by_chance())
    }

    fn by_chance(&self) -> Fault {
        let Some(chance) = &self.chance else {
            return Fault::None;
        };
        match chance.lock().unwrap_or_else(PoisonError::into_inner).below(100) {
            0..3 => Fault::Before,
            3..15 => Fault::AnswerLost,
            15..20 => Fault::Twice,
            _ => Fault::None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(operation: &'static str, key: &str) -> LedgerError {
    LedgerError::Unavailable {
        operation,
        key: key.to_owned(),
        reason: "an injected fault".to_owned(),
    }
}

impl<L: Ledger> LimitStore for FlakyLedger<L> {
    fn home(&self) -> &str {
        self.inner.home()
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        self.inner.limit().await
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        self.inner.change_limit(change).await
    }
}

impl<L: Ledger> Ledger for FlakyLedger<L> {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        yield_once().await;
        match self.next() {
            Fault::None | Fault::Twice => self.inner.load(key).await,
            Fault::Before | Fault::AnswerLost => Err(unavailable("load", key)),
        }
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        yield_once().await;
        match self.next() {
            Fault::None => self.inner.store(entry).await,
            Fault::Before => Err(unavailable("store", &entry.key)),
            Fault::AnswerLost => {
                if self.inner.store(entry).await? == Stored::Written {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                Err(unavailable("store", &entry.key))
            }
            Fault::Twice => {
                self.inner.store(entry).await?;
                self.inner.store(entry).await
            }
        }
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.inner.due(now, limit).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.inner.newly_due(now, limit).await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.inner.due_since(since, now, limit).await
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.inner.attention(limit).await
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        self.inner.remove(key, rev).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        self.inner.scan(after, limit).await
    }
}
