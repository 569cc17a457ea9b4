//! The operator's switch, `pause` and `resume`: a change of the limit's item, which is in force with the next permit.

use super::fulfilment::Fulfilment;
use crate::fulfilment::permit::{self, Switch};
use crate::fulfilment::ports::Wix;
use crate::ledger::limit::{self, Change, Changed};
use crate::ledger::{Ledger, LedgerError};
use crate::time::Clock;

/// How often it is tried while others change the item: in a crowd they do so some ten times a second.
const TRIES: u32 = 40;

/// What came of turning the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It is turned.
    Now,
    /// It was so before: nothing is changed.
    Before,
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Pauses or resumes. Turning it twice is turning it once.
    pub async fn switch(&self, switch: &Switch) -> Result<Switched, LedgerError> {
        let (home, top, now) = (self.ledger.home(), self.terms().top, self.clock.now());
        let mut seen = self.ledger.limit().await?;
        // A change whose answer was lost below this is seen as somebody else's.
        let mut tried = false;
        for _ in 0..TRIES {
            let Some(item) = permit::switched(seen.as_ref(), switch, home, top, now) else {
                return Ok(if tried { Switched::Now } else { Switched::Before });
            };
            tried = true;
            let change = Change::Put {
                seen: seen.as_ref().map(|seen| seen.rev),
                item: Box::new(item),
            };
            match self.ledger.change_limit(&change).await? {
                Changed::Done(item) => {
                    self.learn(Some(&item));
                    let (paused, by, reason) = (switch.pauses, &switch.by, &switch.reason);
                    tracing::warn!(paused, by, reason, "the switch is turned");
                    return Ok(Switched::Now);
                }
                Changed::Refused(item) => seen = item.map(|item| *item),
            }
        }
        Err(LedgerError::Unavailable {
            operation: "change",
            key: limit::KEY.to_owned(),
            reason: "others change it all the time: try again".to_owned(),
        })
    }

    /// Compares the ledger with the table that its limit was written in: one that was restored under its old name is another.
    /// Then nobody calls Wix from the next permit on, until somebody resumes.
    pub async fn recognise(&self) -> Result<(), LedgerError> {
        let Some(table) = self.ledger.table().await? else {
            return Ok(());
        };
        let mut seen = self.ledger.limit().await?;
        for _ in 0..TRIES {
            let Some(item) = seen.as_ref().and_then(|seen| permit::in_table(seen, &table)) else {
                return Ok(());
            };
            let is_restored = item.home != self.ledger.home();
            let change = Change::Put {
                seen: seen.as_ref().map(|seen| seen.rev),
                item: Box::new(item),
            };
            match self.ledger.change_limit(&change).await? {
                Changed::Done(item) => {
                    self.learn(Some(&item));
                    if is_restored {
                        tracing::warn!("the ledger was restored: wix is not called until somebody resumes");
                    }
                    return Ok(());
                }
                Changed::Refused(item) => seen = item.map(|item| *item),
            }
        }
        // The next run looks again.
        Ok(())
    }
}
