//! The item of the limit as a process saw it last, and the permit that an order's session holds.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fulfilment::permit::{Permit, Spend};
use crate::ledger::limit::Limit;
use crate::time::Timestamp;

/// The item as a process saw it last. It is only a guess of what to try.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<Limit>>);

impl Seen {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Limit>> {
        // It is replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> Option<Limit> {
        self.lock().clone()
    }

    /// When somebody resumed a restored ledger.
    pub(super) fn restored(&self) -> Option<Timestamp> {
        self.lock().as_ref().and_then(|limit| limit.restored)
    }

    /// Whether the ledger was restored from one of another name, and nobody has resumed it yet.
    pub(super) fn awaits_resume(&self, home: &str) -> bool {
        self.lock().as_ref().is_some_and(|limit| limit.home != home)
    }

    /// Of two answers that come in another order than they were given the later one counts.
    pub(super) fn keep(&self, item: &Limit) {
        let mut seen = self.lock();
        if seen.as_ref().is_none_or(|seen| seen.rev <= item.rev) {
            *seen = Some(item.clone());
        }
    }
}

/// A permit in the hands of one order's session, and how often the ledger was asked for one.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<(Permit, u32)>);

impl Held {
    fn lock(&self) -> MutexGuard<'_, (Permit, u32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn allows(&self, now: Timestamp) -> Spend {
        self.lock().0.allows(now)
    }

    pub(super) fn spend(&self, now: Timestamp) -> bool {
        self.lock().0.spend(now)
    }

    pub(super) fn give(&self, permit: Permit) {
        self.lock().0 = permit;
    }

    /// How often the ledger was asked.
    pub(super) fn asked(&self) -> u32 {
        self.lock().1
    }

    /// The ledger is asked once more.
    pub(super) fn count(&self) {
        self.lock().1 += 1;
    }
}
