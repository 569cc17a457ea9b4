//! What stands between an invocation and fulfilment: batches, deadlines, panics, an operator's questions, metrics. It
//! decides nothing about orders; [`Engine`] does.

use std::future::Future;
use std::time::Duration;

use crate::fulfilment::{
    AcceptError, Adopt, Adopted, AttentionReport, AuditRequest, AuditSummary, Close, Closed, Erase, ErasedNow,
    Fulfilment, Looking, OperatorError, OrderOutcome, Release, Retry, Sweep, Switch, Switched, Tell, ports,
};
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Timer, Timestamp};
use crate::wix::PackagePage;

pub mod batch;
#[cfg(test)]
mod fakes;
mod measure;
pub mod messages;
pub mod reconcile;
#[cfg(feature = "worker-runtime")]
pub mod run;

pub use measure::Measure;

/// What is kept of an invocation for writing down what is known: work stops this long before Lambda does.
pub const RESERVE: Duration = Duration::from_secs(2);

/// How long an invocation may take where nobody says: as long as the template gives a worker.
const UNSAID: Duration = Duration::from_secs(60);

/// The time at which an invocation's work must be over, from Lambda's deadline in milliseconds since the epoch.
///
/// `cargo lambda watch` sends 600,000 there (observed, 1.9): no time, so within a day of the epoch it counts as unsaid.
pub fn own_deadline(lambda_deadline_millis: u64, now: Timestamp) -> Timestamp {
    const A_DAY: u64 = 24 * 60 * 60 * 1_000;
    let deadline = match i64::try_from(lambda_deadline_millis) {
        Ok(millis) if lambda_deadline_millis > A_DAY => Timestamp::from_millis(millis),
        Ok(_) | Err(_) => now + UNSAID,
    };
    deadline - RESERVE
}

/// What the functions ask of fulfilment. The one implementation is [`Fulfilment`]; tests of batches bring their own.
pub trait Engine {
    /// Merges the event and does at Wix what can be done by `deadline`. An error means that the event is not stored.
    fn accept(
        &self,
        event: &OrderEvent,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, AcceptError>>;

    /// Takes up what is due, the longest due first.
    fn sweep(&self, deadline: Timestamp) -> impl Future<Output = Result<Sweep, LedgerError>>;

    /// Tries again what an order has in attention, because an operator asks for it.
    fn retry(
        &self,
        key: &OrderKey,
        retry: &Retry,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>>;

    /// Lets an order's held and not-ours lines be planned, because an operator says so.
    fn release(
        &self,
        key: &OrderKey,
        release: &Release,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>>;

    /// Takes a package that a person bought for a unit.
    fn adopt(
        &self,
        key: &OrderKey,
        adopt: &Adopt,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<(Adopted, OrderOutcome), OperatorError>>;

    /// Notes that a person has settled a problem.
    fn close(&self, key: &OrderKey, close: &Close) -> impl Future<Output = Result<Closed, OperatorError>>;

    /// Erases the data of an order that has ended.
    fn erase(
        &self,
        key: &OrderKey,
        erase: &Erase,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<ErasedNow, OperatorError>>;

    /// Takes an operator's answer to what the storefront leaves open.
    fn tell(
        &self,
        key: &OrderKey,
        tell: &Tell,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>>;

    /// Pauses or resumes.
    fn switch(&self, switch: &Switch) -> impl Future<Output = Result<Switched, LedgerError>>;

    /// The order's record, for an operator's eyes.
    fn show(&self, key: &OrderKey) -> impl Future<Output = Result<Option<serde_json::Value>, LedgerError>>;

    /// Packages as Wix has them, for an operator's eyes.
    fn packages(
        &self,
        looking: &Looking,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<PackagePage, OperatorError>>;

    /// Up to `limit` orders that need a person, the oldest first.
    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<AttentionReport>, LedgerError>>;

    /// Compares all packages at Wix with the ledger, until `deadline`; the next one goes on where it stopped.
    fn audit(
        &self,
        request: AuditRequest,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<AuditSummary, LedgerError>>;
}

impl<W: ports::Wix, L: Ledger, C: Timer> Engine for Fulfilment<W, L, C> {
    fn accept(
        &self,
        event: &OrderEvent,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, AcceptError>> {
        Self::accept(self, event, deadline)
    }

    fn sweep(&self, deadline: Timestamp) -> impl Future<Output = Result<Sweep, LedgerError>> {
        Self::sweep(self, deadline)
    }

    fn retry(
        &self,
        key: &OrderKey,
        retry: &Retry,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>> {
        Self::retry(self, key, retry, deadline)
    }

    fn release(
        &self,
        key: &OrderKey,
        release: &Release,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>> {
        Self::release(self, key, release, deadline)
    }

    fn adopt(
        &self,
        key: &OrderKey,
        adopt: &Adopt,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<(Adopted, OrderOutcome), OperatorError>> {
        Self::adopt(self, key, adopt, deadline)
    }

    fn close(&self, key: &OrderKey, close: &Close) -> impl Future<Output = Result<Closed, OperatorError>> {
        Self::close(self, key, close)
    }

    fn erase(
        &self,
        key: &OrderKey,
        erase: &Erase,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<ErasedNow, OperatorError>> {
        Self::erase(self, key, erase, deadline)
    }

    fn tell(
        &self,
        key: &OrderKey,
        tell: &Tell,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<OrderOutcome, OperatorError>> {
        Self::tell(self, key, tell, deadline)
    }

    fn switch(&self, switch: &Switch) -> impl Future<Output = Result<Switched, LedgerError>> {
        Self::switch(self, switch)
    }

    fn show(&self, key: &OrderKey) -> impl Future<Output = Result<Option<serde_json::Value>, LedgerError>> {
        Self::show(self, key)
    }

    fn packages(
        &self,
        looking: &Looking,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<PackagePage, OperatorError>> {
        Self::packages(self, looking, deadline)
    }

    fn attention(&self, limit: usize) -> impl Future<Output = Result<Vec<AttentionReport>, LedgerError>> {
        Self::attention(self, limit)
    }

    fn audit(
        &self,
        request: AuditRequest,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<AuditSummary, LedgerError>> {
        Self::audit(self, request, deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_of_an_invocation_are_kept_for_writing_down_what_is_known() {
        let now = Timestamp::from_secs(1_700_000_000);
        assert_eq!(
            own_deadline(1_700_000_055_000, now),
            Timestamp::from_secs(1_700_000_053)
        );
    }

    #[test]
    fn a_deadline_that_is_no_time_is_a_minute_from_now() {
        let now = Timestamp::from_secs(1_700_000_000);
        for unsaid in [0, 600_000, u64::MAX] {
            assert_eq!(own_deadline(unsaid, now), Timestamp::from_secs(1_700_000_058));
        }
    }
}
