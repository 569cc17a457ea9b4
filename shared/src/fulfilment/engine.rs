//! Stand-in for the engine until it is merged: the agreed signatures, with bodies that answer simple values.

use std::time::Duration;

use super::ports;
use crate::catalog::Catalog;
use crate::ledger::{Ledger, LedgerError};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub settle: Duration,
    pub lease_skew: Duration,
    pub wix_timeout: Duration,
    pub paused: bool,
}

#[derive(Debug)]
pub struct Fulfilment<W, L, C> {
    _wix: W,
    ledger: L,
    clock: C,
    _catalog: Result<Catalog, String>,
    _settings: Settings,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub progress: Progress,
    pub attention: usize,
    pub tally: Tally,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Settled,
    Waiting { due_at: Timestamp },
    Busy,
    Stopped(Circuit),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub wix_calls: u32,
    pub ledger_reads: u32,
    pub ledger_writes: u32,
    pub packages_created: u32,
    pub attention_raised: u32,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.wix_calls += other.wix_calls;
        self.ledger_reads += other.ledger_reads;
        self.ledger_writes += other.ledger_writes;
        self.packages_created += other.packages_created;
        self.attention_raised += other.attention_raised;
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    pub orders: u32,
    pub settled: u32,
    pub waiting: u32,
    pub stopped: Option<Circuit>,
    pub left: bool,
    pub tally: Tally,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Circuit {
    #[error("paused by PAUSED=true: set it to false to go on")]
    Paused,
    #[error("the catalog cannot be used: {0}")]
    Catalog(String),
    #[error("the Wix API key cannot be used: {0}")]
    ApiKey(String),
    #[error("Wix is away: {0}")]
    WixAway(String),
}

#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("there is no order {0} in the ledger")]
    NotFound(OrderKey),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionReport {
    pub key: OrderKey,
    pub since: Timestamp,
    pub items: Vec<AttentionItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionItem {
    pub what: String,
    pub code: Option<String>,
    pub request_id: Option<String>,
    pub advice: String,
}

impl<W: ports::Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    pub fn new(wix: W, ledger: L, clock: C, catalog: Result<Catalog, String>, settings: Settings) -> Self {
        Self {
            _wix: wix,
            ledger,
            clock,
            _catalog: catalog,
            _settings: settings,
        }
    }

    pub async fn accept(&self, event: &OrderEvent, _deadline: Timestamp) -> Result<Outcome, AcceptError> {
        self.ledger.load(&event.key.to_string()).await?;
        Ok(Outcome {
            progress: Progress::Settled,
            attention: 0,
            tally: Tally::default(),
        })
    }

    pub async fn sweep(&self, _deadline: Timestamp) -> Result<Sweep, LedgerError> {
        self.ledger.due(self.clock.now(), 1).await?;
        Ok(Sweep::default())
    }

    pub async fn retry(&self, key: &OrderKey, _deadline: Timestamp) -> Result<Outcome, RetryError> {
        self.ledger.load(&key.to_string()).await?;
        Err(RetryError::NotFound(key.clone()))
    }

    pub async fn show(&self, key: &OrderKey) -> Result<Option<serde_json::Value>, LedgerError> {
        self.ledger.load(&key.to_string()).await?;
        Ok(None)
    }

    pub async fn attention(&self, limit: usize) -> Result<Vec<AttentionReport>, LedgerError> {
        self.ledger.attention(limit).await?;
        Ok(Vec::new())
    }
}
