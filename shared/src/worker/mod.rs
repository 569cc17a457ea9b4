//! What stands between an invocation and fulfilment: batches, deadlines, panics, an operator's questions, metrics. It
//! decides nothing about orders; [`Engine`] does.

use std::future::Future;
use std::time::Duration;

use crate::fulfilment::{AcceptError, AttentionReport, Fulfilment, Outcome, RetryError, Sweep, ports};
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

pub mod batch;
#[cfg(test)]
mod fakes;
mod measure;
pub mod reconcile;
#[cfg(feature = "worker-runtime")]
pub mod run;

pub use measure::Measure;

/// What is kept of an invocation for writing down what is known: work stops this long before Lambda does.
pub const RESERVE: Duration = Duration::from_secs(2);

/// What an invocation has where nobody says a usable deadline: the timeout that `template.yaml` sets.
const USUAL_TIMEOUT: Duration = Duration::from_secs(60);

/// The time at which an invocation's work must be over, from Lambda's deadline in milliseconds since the epoch.
///
/// `cargo lambda watch` says 600,000 to every invocation, a duration where Lambda has a time (read in its source,
/// version 1.9). What lies more than a day in the past is therefore no deadline.
pub fn own_deadline(lambda_deadline_millis: u64, now: Timestamp) -> Timestamp {
    let deadline = Timestamp::from_millis(i64::try_from(lambda_deadline_millis).unwrap_or(i64::MAX));
    let is_usable = deadline + Duration::from_secs(86_400) > now;
    let deadline = if is_usable { deadline } else { now + USUAL_TIMEOUT };
    deadline - RESERVE
}

/// What the functions ask of fulfilment. The one implementation is [`Fulfilment`]; tests of batches bring their own.
pub trait Engine {
    /// Merges the wish and does at Wix what can be done by `deadline`. An error means that the wish is not stored.
    fn accept(&self, event: &OrderEvent, deadline: Timestamp) -> impl Future<Output = Result<Outcome, AcceptError>>;

    /// Takes up what is due, the longest due first.
    fn sweep(&self, deadline: Timestamp) -> impl Future<Output = Result<Sweep, LedgerError>>;

    /// Takes up one order again, attention included, because an operator asks for it.
    fn retry(&self, key: &OrderKey, deadline: Timestamp) -> impl Future<Output = Result<Outcome, RetryError>>;

    /// The order's record, for an operator's eyes.
    fn show(&self, key: &OrderKey) -> impl Future<Output = Result<Option<serde_json::Value>, LedgerError>>;

    /// Up to `limit` orders that need a person, the oldest first.
    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<AttentionReport>, LedgerError>>;

    /// Compares all packages at Wix with the ledger, until `deadline`; the next one goes on where it stopped.
    fn audit(
        &self,
        request: &reconcile::Audit,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<serde_json::Value, String>>;
}

impl<W: ports::Wix, L: Ledger, C: Clock> Engine for Fulfilment<W, L, C> {
    fn accept(&self, event: &OrderEvent, deadline: Timestamp) -> impl Future<Output = Result<Outcome, AcceptError>> {
        Self::accept(self, event, deadline)
    }

    fn sweep(&self, deadline: Timestamp) -> impl Future<Output = Result<Sweep, LedgerError>> {
        Self::sweep(self, deadline)
    }

    fn retry(&self, key: &OrderKey, deadline: Timestamp) -> impl Future<Output = Result<Outcome, RetryError>> {
        Self::retry(self, key, deadline)
    }

    fn show(&self, key: &OrderKey) -> impl Future<Output = Result<Option<serde_json::Value>, LedgerError>> {
        Self::show(self, key)
    }

    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<AttentionReport>, LedgerError>> {
        Self::attention(self, limit)
    }

    /// The seam for the audit: until fulfilment has one, the daily schedule is answered and nothing is claimed.
    async fn audit(&self, _request: &reconcile::Audit, _deadline: Timestamp) -> Result<serde_json::Value, String> {
        Ok(serde_json::json!({ "audited": false, "reason": "this version has no audit yet" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_in_place_of_a_deadline_is_not_taken_for_one() {
        let now = Timestamp::from_secs(1_700_000_000);
        assert_eq!(own_deadline(600_000, now), Timestamp::from_secs(1_700_000_058));
    }

    #[test]
    fn two_seconds_of_an_invocation_are_kept_for_writing_down_what_is_known() {
        let now = Timestamp::from_secs(1_700_000_000);
        assert_eq!(
            own_deadline(1_700_000_060_000, now),
            Timestamp::from_secs(1_700_000_058)
        );
    }
}
