//! One order must not end a sweep: an order whose work panics, whose record cannot be read or would be too large, is put off by
//! a write that touches nothing of its record, ever longer, and after some tries a person is told.
//!
//! How often it was put off is in the write's ID: the next ordinary write of the order forgets it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use uuid::Uuid;

use super::accept::AcceptError;
use super::fulfilment::Fulfilment;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::OrderOutcome;
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::time::Clock;

/// What the IDs of such writes begin with.
const PREFIX: &str = "put-off:";

/// From how many times in a row on a person is told.
const TOLD_AFTER: u32 = 3;

/// How long it is put off the first time; twice as long each time, up to a day.
const FIRST_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// How often an order was put off in a row, where a person is to be told of it.
pub(crate) fn often(entry: &Entry) -> Option<u32> {
    Some(times(entry)).filter(|times| *times >= TOLD_AFTER)
}

fn times(entry: &Entry) -> u32 {
    let counted = entry.write_id.strip_prefix(PREFIX);
    let digits = counted.and_then(|counted| counted.split(':').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Works on an order of the sweep. Where that panics or the ledger does not take the record, the order is put off, so that
    /// it is not the first one of the next sweep again.
    pub(super) async fn or_put_off(
        &self,
        key: &str,
        work: impl Future<Output = Result<OrderOutcome, AcceptError>>,
    ) -> Result<OrderOutcome, AcceptError> {
        let error = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(error)) => error,
            // The panic hook has said where; the payload may quote data, and is not repeated.
            Err(_payload) => AcceptError::Panicked(key.to_owned()),
        };
        let is_its_own = match &error {
            AcceptError::Panicked(_) | AcceptError::Record { .. } => true,
            AcceptError::Ledger(error) => matches!(error, LedgerError::TooLarge { .. }),
            AcceptError::Contended(_) => false,
        };
        if is_its_own && let Err(failed) = self.put_off(key).await {
            tracing::error!(order = key, error = %failed, "the order could not be put off");
        }
        Err(error)
    }

    /// The write that touches nothing of the record.
    async fn put_off(&self, key: &str) -> Result<(), LedgerError> {
        let Some(entry) = self.ledger.load(key).await? else {
            return Ok(());
        };
        let now = self.clock.now();
        let times = times(&entry).saturating_add(1);
        let later = Entry {
            rev: entry.rev + 1,
            write_id: format!("{PREFIX}{times}:{}", Uuid::new_v4()),
            due_at: Some(now + pause(times)),
            attention_since: entry.attention_since.or_else(|| (times >= TOLD_AFTER).then_some(now)),
            ..entry
        };
        match self.ledger.store(&later).await? {
            Stored::Written => tracing::warn!(order = key, times, due_at = %(now + pause(times)), "order put off"),
            // Somebody else goes on with it.
            Stored::Conflict(_) => {}
        }
        Ok(())
    }
}

fn pause(times: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << times.saturating_sub(1).min(10));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn entry(write_id: &str) -> Entry {
        Entry {
            key: "shopify/1".to_owned(),
            body: String::new(),
            rev: 1,
            write_id: write_id.to_owned(),
            due_at: None,
            attention_since: None,
        }
    }

    #[test]
    fn only_a_write_that_put_it_off_counts_and_the_third_is_told() {
        assert_eq!(times(&entry("7b1c:2")), 0);
        assert_eq!((times(&entry("put-off:2:x")), often(&entry("put-off:2:x"))), (2, None));
        assert_eq!(often(&entry("put-off:3:x")), Some(3));
    }

    #[test]
    fn it_is_put_off_ever_longer_up_to_a_day() {
        let minutes = |times| pause(times).as_secs() / 60;
        assert_eq!([1, 2, 3, 9, 99].map(minutes), [5, 10, 20, 1_280, 1_440]);
        assert!(Timestamp::from_secs(0) + pause(u32::MAX) < Timestamp::from_secs(90_000));
    }
}
