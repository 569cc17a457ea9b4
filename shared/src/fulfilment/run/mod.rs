//! Fulfilment as workers call it: take an event in, go on with an order, and answer questions.
//!
//! Whatever goes wrong here, an order is left in the ledger with its desired state merged and a time at which it is taken
//! up again. A message may be consumed as soon as that is so: from then on `due_at` and the sweep own the order.
//!
//! - `work` a record in the hands of a worker, and its writes; `converge` the loop;
//! - `sweep` what is due; `operator` an operator's verbs and questions.

mod converge;
mod operator;
mod sweep;
mod work;

use uuid::Uuid;

use super::calls::Caller;
use super::ports::Wix;
use super::record::InvalidRecord;
use super::report::{OrderOutcome, Outage, Progress};
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::ids::AccountId;
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

pub use operator::OperatorError;
pub(crate) use work::{Session, Work};

/// How often a write is tried over before somebody else's turn is waited for.
const MAX_CONFLICTS: usize = 20;

/// The fulfilment of orders, over the ports that it is given.
#[derive(Debug)]
pub struct Fulfilment<W, L, C> {
    pub(super) wix: W,
    pub(super) ledger: L,
    pub(super) clock: C,
    catalog: Result<Catalog, String>,
    pub(super) settings: Settings,
}

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
    /// A fulfilment. `catalog` may be the reason why it cannot be read: then events are merged and nothing is called.
    pub const fn new(wix: W, ledger: L, clock: C, catalog: Result<Catalog, String>, settings: Settings) -> Self {
        Self {
            wix,
            ledger,
            clock,
            catalog,
            settings,
        }
    }

    /// The clock that was given.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// The ledger that was given.
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    /// The port to Wix that was given.
    pub const fn wix(&self) -> &W {
        &self.wix
    }

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

    /// What every call needs: the catalog, and the reseller's own account. Or what stops every order.
    async fn gate(&self) -> Result<(&Catalog, AccountId), Outage> {
        if self.settings.paused {
            return Err(Outage::Paused);
        }
        let catalog = self.catalog.as_ref();
        let catalog = catalog.map_err(|reason| Outage::Catalog(reason.clone()))?;
        let own = self.wix.own_account().await;
        let own = own.map_err(|error| Outage::ApiKey(error.to_string()))?;
        Ok((catalog, own))
    }

    async fn open(&self, key: &OrderKey, session: &mut Session) -> Result<Work, AcceptError> {
        let entry = self.ledger.load(&key.to_string()).await?;
        session.tally.ledger_reads += 1;
        Work::open(key, entry, &self.settings).map_err(|reason| AcceptError::Record {
            key: key.to_string(),
            reason,
        })
    }

    /// What calls are sent with.
    pub(super) const fn caller<'a>(&'a self, own: &'a AccountId, session: &'a mut Session) -> Caller<'a, W, C> {
        Caller {
            wix: &self.wix,
            clock: &self.clock,
            settings: &self.settings,
            own,
            deadline: session.deadline,
            tally: &mut session.tally,
        }
    }
}
