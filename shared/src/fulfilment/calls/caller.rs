//! What every call is sent with, and what an error of Wix's means for the order as a whole.

use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::{Backoff, OrderRecord, RecordError};
use crate::fulfilment::report::{Outage, Tally};
use crate::fulfilment::settings::Settings;
use crate::ids::AccountId;
use crate::time::{Clock, Timestamp};
use crate::wix::{Error, Failure, Probe};

/// What a call is sent with.
pub(crate) struct Caller<'a, W, C> {
    pub(crate) wix: W,
    pub(crate) clock: &'a C,
    pub(crate) settings: &'a Settings,
    /// The reseller's own account.
    pub(crate) own: &'a AccountId,
    /// When the record must be written.
    pub(crate) deadline: Timestamp,
    pub(crate) tally: &'a mut Tally,
}

/// Why the worker cannot go on with this order now.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// Something fails for every order alike.
    Outage(Outage),
    /// A hold was set; the next decision is to wait.
    Held,
    /// The record does not take what it should: a defect.
    Defect(RecordError),
}

impl From<RecordError> for Interrupt {
    fn from(error: RecordError) -> Self {
        Self::Defect(error)
    }
}

impl<W: Wix, C: Clock> Caller<'_, W, C> {
    /// Whether a call that is sent now could be answered after the record must be written.
    pub(crate) fn is_too_late(&self) -> bool {
        self.settings.guards.send_before && self.clock.now() >= self.deadline - self.settings.wix_timeout
    }

    /// 403 for another account than the reseller's own says nothing of the key: where the key works for its own account,
    /// the refusal is about the order's.
    pub(crate) async fn classify(&mut self, error: Error, account: &AccountId) -> Error {
        if error.failure() != Failure::Forbidden || account == self.own {
            return error;
        }
        self.tally.wix_calls += 1;
        match self.wix.send(self.own, &Probe).await {
            Ok(()) => error.into_rejected(),
            Err(_) => error,
        }
    }

    /// Holds the order back after an error, and says whether that is every order's problem.
    pub(crate) fn hold(&self, record: &mut OrderRecord, error: &Error) -> Interrupt {
        record.set_hold(Some(Backoff::of_order(record.hold(), error, self.clock.now())));
        match error.failure() {
            Failure::Unauthorized | Failure::Forbidden => Interrupt::Outage(Outage::ApiKey(error.to_string())),
            Failure::NotSent => Interrupt::Outage(Outage::WixAway(error.to_string())),
            Failure::Throttled(_) => Interrupt::Outage(Outage::SlowDown(error.to_string())),
            Failure::Rejected | Failure::Unknown => Interrupt::Held,
        }
    }

    /// A question failed. `Ok`: it alone is to be put off, for this error. Else every order would fail the same way.
    pub(crate) async fn unanswered(
        &mut self,
        record: &mut OrderRecord,
        error: Error,
        account: &AccountId,
    ) -> Result<Error, Interrupt> {
        let error = self.classify(error, account).await;
        tracing::warn!(order = %record.key(), error = %error, failure = ?error.failure(), "Wix could not be asked");
        match error.failure() {
            Failure::Rejected | Failure::Unknown => {
                self.tally.unclear += u32::from(error.failure() == Failure::Unknown);
                Ok(error)
            }
            Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                Err(self.hold(record, &error))
            }
        }
    }
}
