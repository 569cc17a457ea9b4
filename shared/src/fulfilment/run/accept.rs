//! An event is taken in, and an order is gone on with.

use uuid::Uuid;

use super::fulfilment::Fulfilment;
use super::work::{Session, Work};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::InvalidRecord;
use crate::fulfilment::report::{OrderOutcome, Progress};
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

/// How often a write is tried over before somebody else's turn is waited for.
pub(super) const MAX_CONFLICTS: usize = 20;

/// The desired state of an event was not stored: the message must come again.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The ledger did not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What the ledger has for the order cannot be read.
    #[error("order {key}: {reason}")]
    Record {
        /// The order.
        key: String,
        /// What is wrong.
        reason: InvalidRecord,
    },
    /// Others wrote all the time.
    #[error("order {0} is being written by others all the time; it is tried again")]
    Contended(String),
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Merges what an event says and does what follows from it, until `deadline`, which is when the record must be
    /// written. An error means that the desired state is not stored and the message must be delivered again.
    pub async fn accept(&self, event: &OrderEvent, deadline: Timestamp) -> Result<OrderOutcome, AcceptError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(&event.key, &mut session).await?;
            let changed = work.record.apply(event);
            if !changed && !work.is_due(self.clock.now()) {
                return Ok(session.outcome(work.standing(), &work));
            }
            match self.work(&mut work, changed, &mut session).await {
                Ok(Some(progress)) => return Ok(session.outcome(progress, &work)),
                Ok(None) => {}
                // The desired state is stored, and due_at with it: the sweep goes on where this stopped.
                Err(error) if session.stored => {
                    tracing::warn!(order = %event.key, error = %error, "interrupted: the sweep goes on");
                    let due_at = work.due_at.unwrap_or(deadline);
                    return Ok(session.outcome(Progress::Waiting { due_at }, &work));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AcceptError::Contended(event.key.to_string()))
    }

    /// Goes on with one order, if it is due.
    pub async fn resume(&self, key: &OrderKey, deadline: Timestamp) -> Result<OrderOutcome, AcceptError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(key, &mut session).await?;
            if !work.is_due(self.clock.now()) {
                return Ok(session.outcome(work.standing(), &work));
            }
            if let Some(progress) = self.work(&mut work, false, &mut session).await? {
                return Ok(session.outcome(progress, &work));
            }
        }
        Err(AcceptError::Contended(key.to_string()))
    }

    pub(super) async fn open(&self, key: &OrderKey, session: &mut Session) -> Result<Work, AcceptError> {
        let entry = self.ledger.load(&key.to_string()).await?;
        session.tally.ledger_reads += 1;
        Work::open(key, entry, &self.settings, self.clock.now()).map_err(|reason| AcceptError::Record {
            key: key.to_string(),
            reason,
        })
    }
}
