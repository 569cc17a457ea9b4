//! The doors into fulfilment: accept an order event, work off what is due, and what an operator asks for.
//!
//! An event is accepted when its wish is merged and stored; from then on `due_at` and the sweep own the order.

use std::collections::HashSet;

use uuid::Uuid;

use super::attention::{Attention, attention};
use super::converge::{Session, Work};
use super::ports::Wix;
use super::record::{InvalidRecord, OrderRecord};
use super::report::{AttentionReport, Outage, Outcome, Progress, Sweep, Tally};
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::ids::AccountId;
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

/// How often a write is tried over before somebody else's turn is waited for.
const MAX_CONFLICTS: usize = 20;

/// How many due orders are asked for at once.
const DUE_AT_ONCE: usize = 50;

/// After so many orders in a row whose create got no clear answer, Wix is taken to be down.
const UNCLEAR_IN_A_ROW: u32 = 3;

/// The fulfilment of orders, over the ports that it is given.
#[derive(Debug)]
pub struct Fulfilment<W, L, C> {
    pub(super) wix: W,
    pub(super) ledger: L,
    pub(super) clock: C,
    pub(super) catalog: Result<Catalog, String>,
    pub(super) settings: Settings,
}

/// The wish of an event was not stored: the message must come again.
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

/// An operator's request that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// No such order.
    #[error("the ledger has no order {0}: the key is as in the logs, such as shopify/5324830114101")]
    NotFound(String),
    /// Somebody works on it.
    #[error("order {key} is being worked on until {until} at the latest: retry after that")]
    Busy {
        /// The order.
        key: String,
        /// Until when its lease runs.
        until: Timestamp,
    },
    /// It could not be loaded or stored.
    #[error(transparent)]
    Accept(#[from] AcceptError),
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
    /// written. An error means that the wish is not stored and the message must be delivered again.
    pub async fn accept(&self, event: &OrderEvent, deadline: Timestamp) -> Result<Outcome, AcceptError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(&event.key, &mut session).await?;
            let changed = work.record.apply(event);
            let due = work.due_at.is_some_and(|due_at| due_at <= self.clock.now());
            if !changed && !due {
                return Ok(self.outcome(work.standing(), &work, &session));
            }
            match self.work(&mut work, changed, &mut session).await {
                Ok(Some(progress)) => return Ok(self.outcome(progress, &work, &session)),
                Ok(None) => {}
                // The wish is stored, and due_at with it: the sweep goes on where this stopped.
                Err(error) if session.stored => {
                    tracing::warn!(order = %event.key, error = %error, "interrupted: the sweep goes on");
                    let progress = Progress::Waiting {
                        due_at: work.due_at.unwrap_or(deadline),
                    };
                    return Ok(self.outcome(progress, &work, &session));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AcceptError::Contended(event.key.to_string()))
    }

    /// Goes on with one order, if it is due.
    pub async fn resume(&self, key: &OrderKey, deadline: Timestamp) -> Result<Outcome, AcceptError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(key, &mut session).await?;
            if work.due_at.is_none_or(|due_at| due_at > self.clock.now()) {
                return Ok(self.outcome(work.standing(), &work, &session));
            }
            if let Some(progress) = self.work(&mut work, false, &mut session).await? {
                return Ok(self.outcome(progress, &work, &session));
            }
        }
        Err(AcceptError::Contended(key.to_string()))
    }

    /// Goes on with every order that is due, the longest due first, until nothing is due, the deadline is near, or
    /// something fails that would fail for every order.
    pub async fn sweep(&self, deadline: Timestamp) -> Result<Sweep, LedgerError> {
        let mut sweep = Sweep::default();
        let mut seen: HashSet<String> = HashSet::new();
        let mut unclear = 0;
        loop {
            let due = self.ledger.due(self.clock.now(), DUE_AT_ONCE + seen.len()).await?;
            sweep.tally.ledger_reads += 1;
            let fresh: Vec<String> = due
                .into_iter()
                .map(|due| due.key)
                .filter(|key| !seen.contains(key))
                .collect();
            if fresh.is_empty() {
                return Ok(sweep);
            }
            for text in fresh {
                if self.clock.now() + self.settings.wix_timeout > deadline {
                    sweep.left = true;
                    return Ok(sweep);
                }
                seen.insert(text.clone());
                let Ok(key) = text.parse::<OrderKey>() else {
                    tracing::error!(
                        order = text,
                        "the ledger has a due entry whose key is no order key: delete it"
                    );
                    continue;
                };
                let outcome = match self.resume(&key, deadline).await {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        sweep.failed += 1;
                        tracing::error!(order = text, error = %error, "the order could not be worked on");
                        continue;
                    }
                };
                sweep.orders += 1;
                unclear = if outcome.tally.unclear > 0 { unclear + 1 } else { 0 };
                sweep.add(&outcome);
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

    /// What an operator asks for after mending a cause: everything of the order that is in attention is tried anew,
    /// what was refused from today's catalog.
    pub async fn retry(&self, key: &OrderKey, deadline: Timestamp) -> Result<Outcome, RetryError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open(key, &mut session).await?;
            if work.rev == 0 {
                return Err(RetryError::NotFound(key.to_string()));
            }
            if let Some(lease) = work
                .record
                .lease
                .as_ref()
                .filter(|lease| lease.until > self.clock.now())
            {
                return Err(RetryError::Busy {
                    key: key.to_string(),
                    until: lease.until,
                });
            }
            work.record.retry(self.clock.now());
            let progress = self
                .work(&mut work, true, &mut session)
                .await
                .map_err(AcceptError::from)?;
            if let Some(progress) = progress {
                return Ok(self.outcome(progress, &work, &session));
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }

    /// The record of an order as the ledger has it, with what of it is in attention.
    pub async fn show(&self, key: &OrderKey) -> Result<Option<serde_json::Value>, LedgerError> {
        let Some(entry) = self.ledger.load(&key.to_string()).await? else {
            return Ok(None);
        };
        let attention = OrderRecord::from_json(&entry.body).map(|record| attention(&record, &self.settings));
        let record: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
        Ok(Some(serde_json::json!({
            "rev": entry.rev,
            "due_at": entry.due_at,
            "attention_since": entry.attention_since,
            "attention": attention.unwrap_or_default(),
            "record": record,
        })))
    }

    /// The orders that need a person, the oldest first, each with what and why.
    pub async fn attention(&self, limit: usize) -> Result<Vec<AttentionReport>, LedgerError> {
        let mut reports = Vec::new();
        for indexed in self.ledger.attention(limit).await? {
            let Some(entry) = self.ledger.load(&indexed.key).await? else {
                continue;
            };
            let items = match OrderRecord::from_json(&entry.body) {
                Ok(record) => attention(&record, &self.settings),
                Err(error) => vec![Attention {
                    what: "record".to_owned(),
                    code: "UNREADABLE_RECORD".to_owned(),
                    request_id: None,
                    advice: error.to_string(),
                }],
            };
            if !items.is_empty() {
                reports.push(AttentionReport {
                    key: indexed.key,
                    since: indexed.at,
                    items,
                });
            }
        }
        Ok(reports)
    }

    /// What every call needs: the catalog, and the reseller's own account. Or what stands open.
    pub(super) async fn gate(&self) -> Result<(&Catalog, AccountId), Outage> {
        if self.settings.paused {
            return Err(Outage::Paused);
        }
        let catalog = self
            .catalog
            .as_ref()
            .map_err(|reason| Outage::Catalog(reason.clone()))?;
        let own = self
            .wix
            .own_account()
            .await
            .map_err(|error| Outage::ApiKey(error.to_string()))?;
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

    fn outcome(&self, progress: Progress, work: &Work, session: &Session) -> Outcome {
        let tally = Tally { ..session.tally };
        Outcome {
            progress,
            attention: work.attention.len(),
            tally,
        }
    }
}
