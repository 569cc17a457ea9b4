//! The sweep: every order that is due, the longest due first.

use std::collections::HashSet;

use super::fulfilment::Fulfilment;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::{Outage, Sweep};
use crate::ledger::{Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};

/// How many due orders are asked for at once.
const DUE_AT_ONCE: usize = 50;

/// After so many orders in a row whose create got no clear answer, Wix is taken to be down.
const UNCLEAR_IN_A_ROW: u32 = 3;

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Goes on with every order that is due until nothing is due, the deadline is near, or something fails that would
    /// fail for every order.
    pub async fn sweep(&self, deadline: Timestamp) -> Result<Sweep, LedgerError> {
        let mut sweep = Sweep::default();
        let mut seen: HashSet<String> = HashSet::new();
        let mut unclear = 0;
        loop {
            let due = self.ledger.due(self.clock.now(), DUE_AT_ONCE + seen.len()).await?;
            sweep.tally.ledger_reads += 1;
            let fresh = due.into_iter().map(|due| due.key).filter(|key| !seen.contains(key));
            let fresh: Vec<String> = fresh.collect();
            if fresh.is_empty() {
                return Ok(sweep);
            }
            for text in fresh {
                if self.clock.now() + self.settings.wix_timeout > deadline {
                    sweep.left = true;
                    return Ok(sweep);
                }
                let resumed = self.resume_one(&text, deadline, &mut sweep).await;
                seen.insert(text);
                let Some(is_unclear) = resumed else { continue };
                unclear = if is_unclear { unclear + 1 } else { 0 };
                if unclear >= UNCLEAR_IN_A_ROW {
                    let why = format!("{unclear} orders in a row got no clear answer");
                    sweep.stopped = Some(Outage::WixAway(why));
                }
                if sweep.stopped.is_some() {
                    return Ok(sweep);
                }
            }
        }
    }

    /// Goes on with one order; whether Wix gave it an unclear answer.
    async fn resume_one(&self, text: &str, deadline: Timestamp, sweep: &mut Sweep) -> Option<bool> {
        let Ok(key) = text.parse::<OrderKey>() else {
            tracing::error!(
                order = text,
                "the ledger has a due entry whose key is no order key: delete it"
            );
            return None;
        };
        match self.or_put_off(text, self.resume(&key, deadline)).await {
            Ok(outcome) => {
                sweep.orders += 1;
                sweep.add(&outcome);
                Some(outcome.tally.unclear > 0)
            }
            Err(error) => {
                sweep.failed += 1;
                tracing::error!(order = text, error = %error, "the order could not be worked on");
                None
            }
        }
    }
}
