//! An engine for tests: what it does with an order stands in the order's ID.

use std::cell::{Cell, RefCell};

use super::Engine;
use crate::fulfilment::{
    AcceptError, Adopt, AdoptError, Adopted, Attention, AttentionReport, AuditRequest, AuditSummary, Close, Closed,
    Erase, ErasedNow, Looking, OperatorError, OrderOutcome, Outage, Progress, Release, Retry, Sweep, Switch, Switched,
    Tally, Tell, Verb,
};
use crate::ledger::limit::{Change, Changed, Limit, LimitStore};
use crate::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};
use crate::wix::{Error, Operation, PackagePage};

/// The time of every test.
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A clock that stands.
pub(super) struct Standing(pub(super) Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

pub(super) fn outcome(progress: Progress) -> OrderOutcome {
    OrderOutcome {
        progress,
        attention: Vec::new(),
        unsettled_since: None,
        tally: Tally {
            wix_calls: 2,
            ledger_writes: 3,
            packages_created: 2,
            ..Tally::default()
        },
    }
}

/// Remembers what it was asked, and does as the order's ID says.
#[derive(Default)]
pub(super) struct FakeEngine {
    pub(super) began: RefCell<Vec<String>>,
    pub(super) ended: RefCell<Vec<String>>,
    pub(super) at_a_time: Cell<usize>,
    pub(super) most_at_a_time: Cell<usize>,
    pub(super) sweep: RefCell<Option<Sweep>>,
    /// The orders in attention, where a test has its own.
    pub(super) reports: RefCell<Option<Vec<AttentionReport>>>,
}

fn problem() -> Attention {
    Attention {
        what: "base package 1".to_owned(),
        code: "PRODUCT_NOT_FOUND".to_owned(),
        request_id: Some("r-1".to_owned()),
        advice: "Correct the catalog, then retry the order.".to_owned(),
        id: "0123456789".parse().expect("an ID"),
        verbs: vec![Verb::Retry],
    }
}

fn away() -> LedgerError {
    LedgerError::Unavailable {
        operation: "load",
        key: "shopify/unstored".to_owned(),
        reason: "throttled".to_owned(),
    }
}

impl Engine for FakeEngine {
    async fn accept(&self, event: &OrderEvent, _deadline: Timestamp) -> Result<OrderOutcome, AcceptError> {
        let name = format!("{}#{}", event.key.order(), event.delivery);
        self.began.borrow_mut().push(name.clone());
        self.at_a_time.set(self.at_a_time.get() + 1);
        self.most_at_a_time
            .set(self.most_at_a_time.get().max(self.at_a_time.get()));
        tokio::task::yield_now().await;
        self.at_a_time.set(self.at_a_time.get() - 1);
        let result = match event.key.order() {
            "panics" => panic!("jane@example.com"),
            "unstored" => return Err(away().into()),
            "hangs" => std::future::pending().await,
            "waits" => Progress::Waiting {
                due_at: Timestamp::from_secs(1_700_000_060),
            },
            "busy" => Progress::Busy,
            "paused" => Progress::Stopped(Outage::Paused("paused by a test".to_owned())),
            "keyless" => Progress::Stopped(Outage::ApiKey("HTTP 401".to_owned())),
            _ => Progress::Settled,
        };
        self.ended.borrow_mut().push(name);
        Ok(outcome(result))
    }

    async fn sweep(&self, _deadline: Timestamp) -> Result<Sweep, LedgerError> {
        self.sweep.borrow().clone().ok_or_else(away)
    }

    async fn retry(&self, key: &OrderKey, retry: &Retry, _deadline: Timestamp) -> Result<OrderOutcome, OperatorError> {
        match key.order() {
            "unstored" => Err(AcceptError::from(away()).into()),
            "unknown" => Err(OperatorError::NotFound(key.to_string())),
            "refused" => Ok(OrderOutcome {
                attention: vec![problem()],
                ..outcome(Progress::Settled)
            }),
            _ if retry.replace => Ok(outcome(Progress::Settled)),
            _ => Ok(outcome(Progress::Waiting {
                due_at: Timestamp::from_secs(1_700_000_060),
            })),
        }
    }

    async fn release(
        &self,
        _key: &OrderKey,
        _release: &Release,
        _deadline: Timestamp,
    ) -> Result<OrderOutcome, OperatorError> {
        Ok(outcome(Progress::Settled))
    }

    async fn adopt(
        &self,
        key: &OrderKey,
        adopt: &Adopt,
        _deadline: Timestamp,
    ) -> Result<(Adopted, OrderOutcome), OperatorError> {
        match adopt.unit {
            1 => Ok((Adopted::Now, outcome(Progress::Settled))),
            2 => Ok((Adopted::Before, outcome(Progress::Settled))),
            _ => Err(OperatorError::Adopt {
                key: key.to_string(),
                reason: AdoptError::Ended,
            }),
        }
    }

    async fn close(&self, key: &OrderKey, close: &Close) -> Result<Closed, OperatorError> {
        match key.order() {
            "moved" => Err(OperatorError::Changed {
                key: key.to_string(),
                problem: close.problem.clone(),
            }),
            "closed" => Ok(Closed::Before),
            _ => Ok(Closed::Now),
        }
    }

    async fn erase(&self, key: &OrderKey, _erase: &Erase, _deadline: Timestamp) -> Result<ErasedNow, OperatorError> {
        match key.order() {
            "live" => Err(OperatorError::NotEnded(key.to_string())),
            "tagged" => Ok(ErasedNow::Waiting),
            _ => Ok(ErasedNow::Now),
        }
    }

    async fn tell(&self, key: &OrderKey, tell: &Tell, deadline: Timestamp) -> Result<OrderOutcome, OperatorError> {
        match tell.paid {
            Some(_) => self.release(key, &Release::default(), deadline).await,
            None => Err(OperatorError::Told {
                key: key.to_string(),
                reason: crate::fulfilment::desired::TellError::Nothing,
            }),
        }
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, LedgerError> {
        Ok(if switch.reason == "again" {
            Switched::Before
        } else {
            Switched::Now
        })
    }

    async fn show(&self, key: &OrderKey) -> Result<Option<serde_json::Value>, LedgerError> {
        Ok((key.order() == "1001").then(|| serde_json::json!({ "record": "of 1001" })))
    }

    async fn packages(&self, looking: &Looking, _deadline: Timestamp) -> Result<PackagePage, OperatorError> {
        match looking.get {
            Some(_) => Err(OperatorError::NotShown(Box::new(Error::not_sent(
                Operation::GetPackage,
                "away",
            )))),
            None => Ok(PackagePage {
                packages: Vec::new(),
                next: looking.cursor.clone(),
            }),
        }
    }

    async fn attention(&self, _limit: usize) -> Result<Vec<AttentionReport>, LedgerError> {
        if let Some(reports) = &*self.reports.borrow() {
            return Ok(reports.clone());
        }
        Ok(vec![AttentionReport {
            key: "shopify/1001".to_owned(),
            since: NOW,
            items: vec![problem()],
        }])
    }

    async fn audit(&self, request: AuditRequest, _deadline: Timestamp) -> Result<AuditSummary, LedgerError> {
        Ok(AuditSummary {
            since: request.since,
            pages: 3,
            packages: 250,
            foreign: 2,
            ended: 1,
            stopped: Some(Outage::WixAway("connection refused".to_owned())),
            ..AuditSummary::default()
        })
    }
}

/// A ledger of which only the indexes matter.
#[derive(Default)]
pub(super) struct FakeLedger {
    pub(super) due: Vec<Indexed>,
    pub(super) attention: Vec<Indexed>,
}

impl LimitStore for FakeLedger {
    fn home(&self) -> &'static str {
        ""
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        Ok(None)
    }

    async fn change_limit(&self, _change: &Change) -> Result<Changed, LedgerError> {
        Err(away())
    }
}

impl Ledger for FakeLedger {
    async fn load(&self, _key: &str) -> Result<Option<Entry>, LedgerError> {
        Err(away())
    }

    async fn store(&self, _entry: &Entry) -> Result<Stored, LedgerError> {
        Err(away())
    }

    async fn remove(&self, _key: &str, _rev: u64) -> Result<bool, LedgerError> {
        Err(away())
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let due = self.due.iter().filter(|indexed| indexed.at <= now);
        Ok(due.take(limit).cloned().collect())
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.due(now, limit).await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let due = self
            .due
            .iter()
            .filter(|indexed| indexed.at >= since && indexed.at <= now);
        Ok(due.take(limit).cloned().collect())
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.attention.iter().take(limit).cloned().collect())
    }

    async fn scan(&self, _after: Option<&str>, _limit: usize) -> Result<Vec<Entry>, LedgerError> {
        Err(away())
    }
}
