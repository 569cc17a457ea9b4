//! `erase`: Wix's external IDs are set back to the derived ones first, because they cannot be cleared and may be the buyer's
//! data; then the record is written over by its mark.

use super::accept::MAX_CONFLICTS;
use super::fulfilment::Fulfilment;
use super::operator::OperatorError;
use super::session::Session;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::closing::cut;
use crate::fulfilment::run::AcceptError;
use crate::fulfilment::verbs::{Erase, ErasedNow, MOST_NAME, MOST_REASON};
use crate::ledger::Ledger;
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};

use uuid::Uuid;

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Erases what is known of an order that has ended. Doing it twice is doing it once.
    pub async fn erase(&self, key: &OrderKey, erase: &Erase, deadline: Timestamp) -> Result<ErasedNow, OperatorError> {
        let not_ended = || OperatorError::NotEnded(key.to_string());
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open_for_operator(key, &mut session).await?;
            if work.record.erased().is_some() {
                return Ok(ErasedNow::Before);
            }
            // What is only another name of an order brings it its refunds and disputes, as long as its own record is there. As
            // long as no state of an order was told under this key, it may turn out to be one.
            let desired = work.record.desired();
            let may_be_another_name = desired.belongs_to().is_some() || desired.latest().is_none();
            if may_be_another_name || !work.record.has_ended(self.clock.now()) {
                return Err(not_ended());
            }
            if work.record.may_be_tagged() && !work.record.switches().erasing {
                work.record.switches_mut().erasing = true;
                let worked = self.work(&mut work, true, &mut session).await;
                worked.map_err(AcceptError::from)?;
                continue;
            }
            if work.record.may_be_tagged() {
                return Ok(ErasedNow::Waiting);
            }
            // What is still to be taken back needs the record.
            if work.due_at.is_some() {
                return Err(not_ended());
            }
            let (by, reason) = (cut(&erase.who.by, MOST_NAME), cut(&erase.who.reason, MOST_REASON));
            work.record.erase(by, reason, self.clock.now());
            let written = self.put(&mut work, None, &mut session).await;
            if written.map_err(AcceptError::from)? {
                tracing::info!(order = %key, by = erase.who.by, "the order's data is erased");
                return Ok(ErasedNow::Now);
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }
}
