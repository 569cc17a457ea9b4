//! An event is taken in, and an order is gone on with.

use uuid::Uuid;

use super::fulfilment::Fulfilment;
use super::session::Session;
use super::work::Work;
use crate::fulfilment::desired::Desired;
use crate::fulfilment::permit::Class;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::InvalidRecord;
use crate::fulfilment::report::{OrderOutcome, Progress};
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Timer, Timestamp};

/// How often a write is tried over before somebody else's turn is waited for.
pub(super) const MAX_CONFLICTS: usize = 20;

/// How many keys may belong to each other in a row: Stripe has three (payment intent, invoice, subscription).
const MAX_FORWARDED: usize = 4;

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
    /// A defect: the work on the order panicked.
    #[error("order {0}: the work on it panicked, which is a defect to report")]
    Panicked(String),
    /// Others wrote all the time.
    #[error("order {0} is being written by others all the time; it is tried again")]
    Contended(String),
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Merges what an event says and does what follows from it, until `deadline`, which is when the record must be
    /// written. An error means that the desired state is not stored and the message must be delivered again.
    pub async fn accept(&self, event: &OrderEvent, deadline: Timestamp) -> Result<OrderOutcome, AcceptError> {
        let (outcome, told) = self.accept_here(event, deadline).await?;
        if let Some(told) = told {
            self.forward(&event.key, *told, deadline).await?;
        }
        Ok(outcome)
    }

    /// The same for the event's own record; with it the desired state, where that belongs to another order.
    async fn accept_here(
        &self,
        event: &OrderEvent,
        deadline: Timestamp,
    ) -> Result<(OrderOutcome, Option<Box<Desired>>), AcceptError> {
        let told = |work: &Work| {
            let desired = work.record.desired();
            desired.belongs_to().is_some().then(|| Box::new(desired.clone()))
        };
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        let mut fits = true;
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(&event.key, &mut session).await?;
            let changed = if fits {
                work.record.apply(event)
            } else {
                work.record.refuse_more(event.received_at)
            };
            if !changed && !work.is_due(self.clock.now()) {
                return Ok((work.outcome(work.standing(), &session), told(&work)));
            }
            match self.work(&mut work, changed, &mut session).await {
                Ok(Some(progress)) => return Ok((work.outcome(progress, &session), told(&work))),
                Ok(None) => {}
                // A message that can never be merged would end among the dead letters: a person is told instead.
                Err(LedgerError::TooLarge { .. }) if !session.stored && fits => fits = false,
                // The desired state is stored, and due_at with it: the sweep goes on where this stopped.
                Err(error) if session.stored => {
                    tracing::warn!(order = %event.key, error = %error, "interrupted: the sweep goes on");
                    let due_at = work.due_at.unwrap_or(deadline);
                    return Ok((work.outcome(Progress::Waiting { due_at }, &session), told(&work)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AcceptError::Contended(event.key.to_string()))
    }

    /// Merges what a record was told into the record of the order that it belongs to, before the message is consumed:
    /// whichever of the two is told first, the order has all of it. A chain of keys that comes back to itself ends.
    async fn forward(&self, from: &OrderKey, mut desired: Desired, deadline: Timestamp) -> Result<(), AcceptError> {
        let mut seen = vec![from.clone()];
        while let Some(target) = desired.belongs_to().filter(|target| !seen.contains(target)).cloned() {
            if seen.len() > MAX_FORWARDED {
                tracing::warn!(order = %from, target = %target, "too many orders belong to each other: not forwarded");
                return Ok(());
            }
            desired = self.take_in(&target, &desired.for_target(), deadline).await?;
            seen.push(target);
        }
        Ok(())
    }

    /// Merges into one record, durably; the desired state that it has then.
    async fn take_in(&self, key: &OrderKey, told: &Desired, deadline: Timestamp) -> Result<Desired, AcceptError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        let mut fits = true;
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(key, &mut session).await?;
            let before = work.record.desired().clone();
            if fits {
                work.record.take_in(told);
            } else {
                work.record.refuse_more(self.clock.now());
            }
            let desired = work.record.desired().clone();
            if desired == before {
                return Ok(desired);
            }
            match self.work(&mut work, true, &mut session).await {
                Ok(Some(_)) => return Ok(desired),
                Ok(None) => {}
                Err(LedgerError::TooLarge { .. }) if !session.stored && fits => fits = false,
                // It is stored, and due_at with it: the sweep goes on where this stopped.
                Err(error) if session.stored => {
                    tracing::warn!(order = %key, error = %error, "interrupted: the sweep goes on");
                    return Ok(desired);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AcceptError::Contended(key.to_string()))
    }

    /// Goes on with one order, if it is due.
    pub async fn resume(&self, key: &OrderKey, deadline: Timestamp) -> Result<OrderOutcome, AcceptError> {
        self.resume_as(key, Session::of(Class::Fresh, deadline)).await
    }

    pub(super) async fn resume_as(&self, key: &OrderKey, mut session: Session) -> Result<OrderOutcome, AcceptError> {
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(key, &mut session).await?;
            if !work.is_due(self.clock.now()) {
                return Ok(work.outcome(work.standing(), &session));
            }
            if let Some(progress) = self.work(&mut work, false, &mut session).await? {
                return Ok(work.outcome(progress, &session));
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
