//! The one ledger of the tests that misbehaves: before and after each call of another ledger something comes between, which
//! may wait, fail the call, lose its answer, do it twice, or panic. The simulation has one of its own, whose indexes lag and
//! whose writes are still under way when their writer is dead.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reseller_hooks::ledger::limit::{Change, Changed, Limit, LimitStore};
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use reseller_hooks::time::Timestamp;

use crate::sim::Rng;
use crate::world::yield_once;

/// A call of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerCall<'a> {
    /// Of the entry of this key.
    Load(&'a str),
    /// Of the entry of this key.
    Store(&'a str),
    /// Of the entry of this key.
    Remove(&'a str),
    /// The limit is read.
    Limit,
    /// The limit is changed: mostly a permit is taken.
    Permit,
    /// What is due, the longest first.
    Due,
    /// What is due, from another end.
    DueOtherwise,
    /// What needs a person, or all.
    List,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It fails and nothing is done.
    Before,
    /// It is done, and the caller hears of a failure.
    AnswerLost,
    /// It is done twice, as by the SDK's own retry after a lost answer; the caller hears the second answer.
    Twice,
}

/// What comes between a ledger and its callers.
pub trait Between: Send + Sync {
    /// Before a call: what becomes of it.
    fn before(&self, call: LedgerCall<'_>) -> impl Future<Output = Fault> + Send;

    /// After it, whatever became of it.
    fn after(&self, _call: LedgerCall<'_>) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

/// A ledger with something between it and its callers.
#[derive(Debug, Clone)]
pub struct TestLedger<L, B> {
    inner: L,
    between: B,
}

impl<L, B> TestLedger<L, B> {
    /// This ledger, with this between it and its callers.
    pub const fn new(inner: L, between: B) -> Self {
        Self { inner, between }
    }

    /// The ledger behind.
    pub const fn inner(&self) -> &L {
        &self.inner
    }

    /// What comes between.
    pub const fn between(&self) -> &B {
        &self.between
    }
}

impl<L: Ledger, B: Between> TestLedger<L, B> {
    async fn passes<T, F>(&self, call: LedgerCall<'_>, inner: impl Fn() -> F + Send) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, LedgerError>> + Send,
        T: Send,
    {
        let answer = match self.between.before(call).await {
            Fault::None => inner().await,
            Fault::Before => Err(unavailable(call)),
            Fault::AnswerLost => inner().await.and_then(|_| Err(unavailable(call))),
            Fault::Twice => match inner().await {
                Ok(_) => inner().await,
                Err(error) => Err(error),
            },
        };
        self.between.after(call).await;
        answer
    }
}

fn unavailable(call: LedgerCall<'_>) -> LedgerError {
    let (operation, key) = match call {
        LedgerCall::Load(key) => ("load", key),
        LedgerCall::Store(key) => ("store", key),
        LedgerCall::Remove(key) => ("remove", key),
        LedgerCall::Limit => ("load", "the limit"),
        LedgerCall::Permit => ("store", "the limit"),
        LedgerCall::Due | LedgerCall::DueOtherwise | LedgerCall::List => ("list", "orders"),
    };
    LedgerError::Unavailable {
        operation,
        key: key.to_owned(),
        reason: "the test says so".to_owned(),
    }
}

impl<L: Ledger, B: Between> LimitStore for TestLedger<L, B> {
    fn home(&self) -> &str {
        self.inner.home()
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        self.passes(LedgerCall::Limit, || self.inner.limit()).await
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        self.passes(LedgerCall::Permit, || self.inner.change_limit(change))
            .await
    }
}

impl<L: Ledger, B: Between> Ledger for TestLedger<L, B> {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        self.passes(LedgerCall::Load(key), || self.inner.load(key)).await
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        self.passes(LedgerCall::Store(&entry.key), || self.inner.store(entry))
            .await
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        self.passes(LedgerCall::Remove(key), || self.inner.remove(key, rev))
            .await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.passes(LedgerCall::Due, || self.inner.due(now, limit)).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.passes(LedgerCall::DueOtherwise, || self.inner.newly_due(now, limit))
            .await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.passes(LedgerCall::DueOtherwise, || self.inner.due_since(since, now, limit))
            .await
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.passes(LedgerCall::List, || self.inner.attention(limit)).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        self.passes(LedgerCall::List, || self.inner.scan(after, limit)).await
    }
}

/// An await point before and after each effect, where a test can stop a worker, and what becomes of the next writes.
#[derive(Debug, Clone, Default)]
pub struct Stops {
    writes: Arc<Mutex<VecDeque<Fault>>>,
}

/// A worker's view of a world's ledger.
pub type StoppingLedger = TestLedger<Arc<MemoryLedger>, Stops>;

impl Stops {
    /// What becomes of the next writes, behind what waits already. Then all goes well.
    pub fn next_writes(&self, fates: &[Fault]) {
        lock(&self.writes).extend(fates.iter().copied());
    }
}

impl Between for Stops {
    async fn before(&self, call: LedgerCall<'_>) -> Fault {
        match call {
            LedgerCall::Load(_) | LedgerCall::Store(_) | LedgerCall::Limit | LedgerCall::Permit | LedgerCall::Due => {
                yield_once().await;
            }
            LedgerCall::Remove(_) | LedgerCall::DueOtherwise | LedgerCall::List => {}
        }
        if let LedgerCall::Store(_) = call {
            lock(&self.writes).pop_front().unwrap_or_default()
        } else {
            Fault::None
        }
    }

    async fn after(&self, call: LedgerCall<'_>) {
        if let LedgerCall::Load(_) | LedgerCall::Store(_) | LedgerCall::Permit = call {
            yield_once().await;
        }
    }
}

/// Faults of loads and stores: those that are told, and then as the seed wants it, where there is one.
#[derive(Debug)]
pub struct Faults {
    told: Mutex<VecDeque<Fault>>,
    chance: Option<Mutex<Rng>>,
    lost: AtomicU64,
}

impl Faults {
    /// These, in this order; then none.
    pub fn told(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            told: Mutex::new(faults.into_iter().collect()),
            chance: None,
            lost: AtomicU64::new(0),
        }
    }

    /// About a fifth of the calls go wrong, mostly by a lost answer.
    pub fn by_seed(seed: u64) -> Self {
        Self {
            chance: Some(Mutex::new(Rng::new(seed))),
            ..Self::told([])
        }
    }

    /// Of how many writes the answer was lost.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn by_chance(&self) -> Fault {
        let Some(chance) = &self.chance else {
            return Fault::None;
        };
        match lock(chance).below(100) {
            0..3 => Fault::Before,
            3..15 => Fault::AnswerLost,
            15..20 => Fault::Twice,
            _ => Fault::None,
        }
    }
}

impl Between for Faults {
    async fn before(&self, call: LedgerCall<'_>) -> Fault {
        let is_write = matches!(call, LedgerCall::Store(_));
        if !is_write && !matches!(call, LedgerCall::Load(_)) {
            return Fault::None;
        }
        yield_once().await;
        let told = lock(&self.told).pop_front();
        let fault = told.unwrap_or_else(|| self.by_chance());
        if is_write && fault == Fault::AnswerLost {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
