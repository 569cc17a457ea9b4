//! A ledger in memory, for tests and for simulations that run millions of steps: a map behind a lock, no runtime, and
//! every answer at once. It keeps the same contract as the durable ones.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Entry, Indexed, Ledger, LedgerError, Stored, check_size};
use crate::time::Timestamp;

/// Entries by key, with no copy anywhere else.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub const fn new() -> Self {
        Self {
            entries: Mutex::new(BTreeMap::new()),
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

    fn indexed(&self, at: impl Fn(&Entry) -> Option<Timestamp>, limit: usize) -> Vec<Indexed> {
        let mut found: Vec<(Timestamp, String)> = self
            .lock()
            .values()
            .filter_map(|entry| Some((at(entry)?, entry.key.clone())))
            .collect();
        found.sort();
        found.truncate(limit);
        found.into_iter().map(|(at, key)| Indexed { key, at }).collect()
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
            entries.insert(entry.key.clone(), entry.clone());
        }
        Ok(stored.unwrap_or(Stored::Written))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.indexed(|entry| entry.due_at.filter(|at| *at <= now), limit))
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.indexed(|entry| entry.attention_since, limit))
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
