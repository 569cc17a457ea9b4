//! One order must not end a sweep: an order whose work panics, whose record cannot be read or would be too large, is put
//! off, as [`put_off`] says how.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::accept::AcceptError;
use super::fulfilment::Fulfilment;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::put_off;
use crate::fulfilment::report::OrderOutcome;
use crate::ledger::{Ledger, LedgerError, Stored};
use crate::time::Clock;

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
        let (later, until) = put_off::later(entry, self.clock.now());
        match self.ledger.store(&later).await? {
            Stored::Written => {
                tracing::warn!(order = key, times = put_off::times(&later), due_at = %until, "order put off");
            }
            // Somebody else goes on with it.
            Stored::Conflict(_) => {}
        }
        Ok(())
    }
}
