//! A ledger that fails: it does not answer, it has written and does not say so, it writes later what it was asked to
//! write a while ago, its index lags. Each of its effects has an await point before and after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reseller_hooks::ledger::limit::{self, Change, Changed, Limit, LimitStore};
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use reseller_hooks::time::{Clock, Timestamp};

use super::begun::{Lease, signs};
use super::rng::Rng;
use crate::world::{VirtualClock, yield_once};

/// So much the clock of a worker may be ahead of the right one, or behind it.
pub(super) const AHEAD: Duration = Duration::from_millis(2_500);

/// The ledger of one history, seen by one worker.
#[derive(Clone)]
pub(super) struct SimLedger {
    inner: Arc<MemoryLedger>,
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
    /// The revision is compared; only a test of this guard takes it out.
    rev_condition: bool,
}

struct State {
    rng: Rng,
    /// So many calls of a thousand fail.
    permille: u32,
    /// The ledger is away until then.
    away_until: Timestamp,
    due: BTreeMap<String, Timestamp>,
    /// Writes that are still on their way.
    late: Vec<(Timestamp, Entry)>,
    /// What is begun in each record.
    signs: BTreeMap<String, BTreeSet<String>>,
    /// Who has each order, and until when.
    leases: BTreeMap<String, Lease>,
    /// Orders that were taken while another worker had them.
    taken: Vec<String>,
    /// Records in which something else is begun than before, since they were asked for last.
    begun: Vec<(String, String)>,
    /// Every record that was written, where they are kept.
    written: Option<Vec<String>>,
    story: Vec<String>,
}

impl SimLedger {
    /// An empty ledger.
    pub(super) fn new(clock: VirtualClock, rng: Rng, permille: u32, rev_condition: bool) -> Self {
        Self {
            inner: Arc::new(MemoryLedger::new()),
            clock,
            state: Arc::new(Mutex::new(State {
                rng,
                permille,
                away_until: Timestamp::EPOCH,
                due: BTreeMap::new(),
                late: Vec::new(),
                signs: BTreeMap::new(),
                leases: BTreeMap::new(),
                taken: Vec::new(),
                begun: Vec::new(),
                written: None,
                story: Vec::new(),
            })),
            rev_condition,
        }
    }

    /// What lies under it.
    pub(super) fn inner(&self) -> Arc<MemoryLedger> {
        Arc::clone(&self.inner)
    }

    /// The ledger as it was at an earlier time, under another name. What is on its way to the old one never arrives.
    pub(super) fn restored(&self, backup: MemoryLedger) -> Self {
        let mut state = self.state();
        let entries = backup.entries().into_iter();
        state.due = entries.filter_map(|entry| Some((entry.key, entry.due_at?))).collect();
        state.late.clear();
        state.leases.clear();
        drop(state);
        Self {
            inner: Arc::new(backup),
            ..self.clone()
        }
    }

    /// Keeps every record that is written from now on.
    pub(super) fn keep_records(&self) {
        self.state().written = Some(Vec::new());
    }

    /// The records in which something else is begun than when it was asked last: their keys and bodies.
    pub(super) fn begun(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().begun)
    }

    /// The orders that were taken while another worker had them, since it was asked last.
    pub(super) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.state().taken)
    }

    /// The records that were kept.
    pub(super) fn records(&self) -> Vec<String> {
        self.state().written.take().unwrap_or_default()
    }

    /// Nothing fails from now on.
    pub(super) fn calm(&self) {
        let mut state = self.state();
        state.permille = 0;
        state.away_until = Timestamp::EPOCH;
    }

    /// It does not answer for a while.
    pub(super) fn go_away(&self, until: Timestamp) {
        self.state().away_until = until;
    }

    /// When the next order is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.state().due.values().min().copied()
    }

    /// When the next late write arrives.
    pub(super) fn next_late(&self) -> Option<Timestamp> {
        self.state().late.iter().map(|(at, _)| *at).min()
    }

    /// Late writes whose time has come are applied, or not.
    pub(super) fn settle_late(&self) {
        let mut state = self.state();
        self.arrive(&mut state);
    }

    /// What went wrong since it was asked last.
    pub(super) fn story(&self) -> Vec<String> {
        std::mem::take(&mut self.state().story)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, state: &mut State, entry: &Entry) -> Result<Stored, LedgerError> {
        let mut entry = entry.clone();
        if !self.rev_condition {
            // Last writer wins: what this guard is there to prevent.
            let now = ready(self.inner.load(&entry.key))?;
            entry.rev = now.map_or(1, |now| now.rev + 1);
        }
        let stored = ready(self.inner.store(&entry))?;
        if stored == Stored::Written {
            let lease = Lease::of(&entry.body);
            let before = match lease.clone() {
                Some(lease) => state.leases.insert(entry.key.clone(), lease),
                None => state.leases.remove(&entry.key),
            };
            if let (Some(before), Some(lease)) = (before, lease)
                && before.owner != lease.owner
                && before.until > self.clock.now() + AHEAD
            {
                state.taken.push(entry.key.clone());
            }
            let signs = signs(&entry.body);
            let known = state.signs.entry(entry.key.clone()).or_default();
            if !signs.is_subset(known) {
                state.begun.push((entry.key.clone(), entry.body.clone()));
            }
            *known = signs;
            if let Some(written) = &mut state.written
                && entry.key.contains('/')
            {
                written.push(entry.body.clone());
            }
            // A write that was recognised as done already may have been followed by others.
            let now = ready(self.inner.load(&entry.key))?.and_then(|now| now.due_at);
            match now {
                Some(at) => state.due.insert(entry.key.clone(), at),
                None => state.due.remove(&entry.key),
            };
        }
        Ok(stored)
    }

    /// Whether a call fails; that is told.
    fn fails(&self, operation: &str, key: &str) -> bool {
        let mut state = self.state();
        let permille = state.permille;
        let fails = state.away_until > self.clock.now() || state.rng.permille(permille);
        if fails {
            state.story.push(format!("the ledger does not {operation} {key}"));
        }
        fails
    }

    async fn listed(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        yield_once().await;
        let mut state = self.state();
        self.arrive(&mut state);
        let fails = state.permille;
        if state.away_until > now || state.rng.permille(fails) {
            return Err(away("list", "due"));
        }
        let mut due: Vec<(Timestamp, String)> = state
            .due
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(key, at)| (*at, key.clone()))
            .collect();
        due.sort();
        due.truncate(limit);
        // The index lags: now and then it does not have one yet.
        let lags = state.permille;
        due.retain(|_| !state.rng.permille(lags));
        Ok(due.into_iter().map(|(at, key)| Indexed { key, at }).collect())
    }

    fn arrive(&self, state: &mut State) {
        let now = self.clock.now();
        while let Some(at) = state.late.iter().position(|(at, _)| *at <= now) {
            let (_, entry) = state.late.remove(at);
            if matches!(self.write(state, &entry), Ok(Stored::Written)) {
                state
                    .story
                    .push(format!("a write of {} arrives late and is applied", entry.key));
            }
        }
    }
}

/// The ledger in memory never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    crate::world::poll_through(future)
}

fn away(operation: &'static str, key: &str) -> LedgerError {
    LedgerError::Unavailable {
        operation,
        key: key.to_owned(),
        reason: "the simulation says so".to_owned(),
    }
}

impl LimitStore for SimLedger {
    fn home(&self) -> &str {
        self.inner.home()
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        yield_once().await;
        if self.fails("load", limit::KEY) {
            return Err(away("load", limit::KEY));
        }
        self.inner.limit().await
    }

    /// It does not answer, or it has made the change and does not say so.
    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        yield_once().await;
        if self.fails("change", limit::KEY) {
            let is_made = self.state().rng.one_in(2);
            if is_made {
                self.inner.change_limit(change).await?;
            }
            return Err(away("change", limit::KEY));
        }
        let answer = self.inner.change_limit(change).await;
        yield_once().await;
        answer
    }
}

impl Ledger for SimLedger {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        yield_once().await;
        let answer = {
            let mut state = self.state();
            self.arrive(&mut state);
            let fails = state.permille;
            if state.away_until > self.clock.now() || state.rng.permille(fails) {
                state.story.push(format!("the ledger does not load {key}"));
                Err(away("load", key))
            } else {
                ready(self.inner.load(key))
            }
        };
        yield_once().await;
        answer
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        yield_once().await;
        let answer = {
            let mut state = self.state();
            self.arrive(&mut state);
            let fails = state.permille;
            if state.away_until > self.clock.now() {
                Err(away("store", &entry.key))
            } else if state.rng.permille(fails) {
                match state.rng.below(4) {
                    0 => {
                        state.story.push(format!("the ledger does not write {}", entry.key));
                        Err(away("store", &entry.key))
                    }
                    1 => {
                        let after = state.rng.within(Duration::from_secs(90));
                        state.late.push((self.clock.now() + after, entry.clone()));
                        state
                            .story
                            .push(format!("a write of {} is under way and gets no answer", entry.key));
                        Err(away("store", &entry.key))
                    }
                    _ => {
                        self.write(&mut state, entry)?;
                        state
                            .story
                            .push(format!("the ledger writes {} and does not say so", entry.key));
                        Err(away("store", &entry.key))
                    }
                }
            } else {
                self.write(&mut state, entry)
            }
        };
        yield_once().await;
        answer
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.listed(now, limit).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let mut due = self.listed(now, usize::MAX).await?;
        due.reverse();
        due.truncate(limit);
        Ok(due)
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let mut due = self.listed(now, usize::MAX).await?;
        due.retain(|indexed| indexed.at >= since);
        due.truncate(limit);
        Ok(due)
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
