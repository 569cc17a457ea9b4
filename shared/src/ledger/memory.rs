//! A ledger in memory, for tests and for simulations that run millions of steps: a map behind a lock, no runtime, and
//! every answer at once. It keeps the same contract as the durable ones.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::limit::{Change, Changed, Limit, LimitStore};
use super::{Entry, Indexed, Ledger, LedgerError, Stored, check_size};
use crate::time::Timestamp;

/// Entries by key, with no copy anywhere else.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: Mutex<BTreeMap<String, Entry>>,
    /// What is due, in order. It is changed with the entries locked.
    due: Mutex<BTreeSet<(Timestamp, String)>>,
    limit: Mutex<Option<Limit>>,
    name: &'static str,
}

impl MemoryLedger {
    /// An empty ledger.
    pub const fn new() -> Self {
        Self {
            entries: Mutex::new(BTreeMap::new()),
            due: Mutex::new(BTreeSet::new()),
            limit: Mutex::new(None),
            name: "",
        }
    }

    /// A copy under another name, as a restore makes one.
    pub fn restored(&self, name: &'static str) -> Self {
        Self {
            entries: Mutex::new(self.lock().clone()),
            due: Mutex::new(self.lock_due().clone()),
            limit: Mutex::new(self.lock_limit().clone()),
            name,
        }
    }

    /// Every entry, in the order of keys: what a test looks at afterwards.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().values().cloned().collect()
    }

    // A panic elsewhere cannot leave the map half changed: every change is one insert.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_limit(&self) -> MutexGuard<'_, Option<Limit>> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_due(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, String)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn indexed<'a>(found: impl Iterator<Item = &'a (Timestamp, String)>, limit: usize) -> Vec<Indexed> {
    let line = |(at, key): &(Timestamp, String)| Indexed {
        key: key.clone(),
        at: *at,
    };
    found.take(limit).map(line).collect()
}

/// Greater than every key that is due at a time.
fn after(now: Timestamp) -> (Timestamp, String) {
    (now + Duration::from_millis(1), String::new())
}

impl LimitStore for MemoryLedger {
    fn home(&self) -> &str {
        self.name
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        Ok(self.lock_limit().clone())
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        let mut limit = self.lock_limit();
        let changed = change.apply(limit.as_ref());
        if let Changed::Done(item) = &changed {
            *limit = Some(Limit::clone(item));
        }
        Ok(changed)
    }
}

impl Ledger for MemoryLedger {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        Ok(self.lock().get(key).cloned())
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        check_size(entry)?;
        let mut entries = self.lock();
        let current = entries.get(&entry.key);
        let stored = super::decide(entry, current);
        if stored.is_none() {
            let mut due = self.lock_due();
            if let Some(at) = current.and_then(|current| current.due_at) {
                due.remove(&(at, entry.key.clone()));
            }
            due.extend(entry.due_at.map(|at| (at, entry.key.clone())));
            entries.insert(entry.key.clone(), entry.clone());
        }
        Ok(stored.unwrap_or(Stored::Written))
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        let mut entries = self.lock();
        let Some(current) = entries.get(key).filter(|current| current.rev == rev) else {
            return Ok(false);
        };
        if let Some(at) = current.due_at {
            self.lock_due().remove(&(at, key.to_owned()));
        }
        entries.remove(key);
        Ok(true)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(indexed(self.lock_due().range(..after(now)), limit))
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(indexed(self.lock_due().range(..after(now)).rev(), limit))
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let since = (since, String::new());
        if since >= after(now) {
            return Ok(Vec::new());
        }
        Ok(indexed(self.lock_due().range(since..after(now)), limit))
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let since = |entry: &Entry| Some((entry.attention_since?, entry.key.clone()));
        let found: BTreeSet<_> = self.lock().values().filter_map(since).collect();
        Ok(indexed(found.iter(), limit))
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.lock();
        Ok(entries
            .range::<str, _>((from, Bound::Unbounded))
            .take(limit)
            .map(|(_, entry)| entry.clone())
            .collect())
    }
}
