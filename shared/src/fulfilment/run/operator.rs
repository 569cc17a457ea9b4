//! An operator's verbs, each one thing, and questions.

use uuid::Uuid;

use super::accept::{AcceptError, MAX_CONFLICTS};
use super::fulfilment::Fulfilment;
use super::session::Session;
use super::work::Work;
use crate::fulfilment::attention::{Attention, attention_of};
use crate::fulfilment::derive;
use crate::fulfilment::desired::{Tell, TellError};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::{OrderRecord, ProblemId, RecordError};
use crate::fulfilment::report::{AttentionReport, OrderOutcome, Outage};
use crate::fulfilment::verbs::{self, Adopt, AdoptError, Adopted, By, Close, Closed, Release, Retry};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::order::{LineId, OrderEvent, OrderKey, SCHEMA, Statement};
use crate::time::{Timer, Timestamp};
use crate::wix::{Error, GetPackage, Package};

/// How many entries are read at a time in a search of the ledger.
const SCANNED_AT_ONCE: usize = 200;

/// An operator's request that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No such order.
    #[error("the ledger has no order {0}: the key is as in the logs, such as shopify/5324830114101")]
    NotFound(String),
    /// Somebody works on it.
    #[error("order {key} is being worked on until {until} at the latest: try again after that")]
    Busy {
        /// The order.
        key: String,
        /// Until when its lease runs.
        until: Timestamp,
    },
    /// The problem to close is not there.
    #[error("order {key} has no problem {problem}: it has changed, look again")]
    Changed {
        /// The order.
        key: String,
        /// The problem.
        problem: ProblemId,
    },
    /// The order has no such line.
    #[error("order {key} has no planned line {line}: `show` lists its lines")]
    NoSuchLine {
        /// The order.
        key: String,
        /// The line.
        line: LineId,
    },
    /// The package is not taken for the unit.
    #[error("order {key}: {reason}")]
    Adopt {
        /// The order.
        key: String,
        /// Why not.
        reason: AdoptError,
    },
    /// Whether another order has the package could not be seen in time.
    #[error(
        "order {0}: the ledger could not be searched in time for another order that has the package: ask again, with more time if the ledger is large"
    )]
    NotSearched(String),
    /// Wix did not show the package.
    #[error("Wix does not show the package, so nothing is changed: {0}")]
    Wix(Error),
    /// Wix did not show the packages that an operator wants to see.
    #[error("Wix does not show it: {0}")]
    NotShown(Box<Error>),
    /// Wix was not asked: the limit of calls is used up, or the time is.
    #[error("Wix was not asked: {0}; try again in some seconds")]
    NotAsked(Box<Error>),
    /// Wix is not to be called at all.
    #[error("nothing is changed: {0}")]
    Outage(Outage),
    /// Something of the order is still wanted, or under way.
    #[error(
        "order {0} has not ended: something of it is still wanted, is to be taken back, or may belong to another order; its data goes only after that"
    )]
    NotEnded(String),
    /// What is told answers nothing.
    #[error("order {key}: {reason}")]
    Told {
        /// The order.
        key: String,
        /// Why not.
        reason: TellError,
    },
    /// A defect.
    #[error("order {key}: {reason}")]
    Record {
        /// The order.
        key: String,
        /// What is wrong.
        reason: RecordError,
    },
    /// It could not be loaded or stored.
    #[error(transparent)]
    Accept(#[from] AcceptError),
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// What an operator asks for after correcting a cause: what Wix refused, what is unclear and what the catalog refused
    /// is tried again, the latter from today's catalog.
    pub async fn retry(
        &self,
        key: &OrderKey,
        retry: &Retry,
        deadline: Timestamp,
    ) -> Result<OrderOutcome, OperatorError> {
        self.change_and_work(key, deadline, |record, now| {
            verbs::retry(record, retry, now).map_err(|reason| record_error(key, reason))
        })
        .await
    }

    /// Lets held and not-ours lines be planned from today's catalog, whatever its `not_before` says.
    pub async fn release(
        &self,
        key: &OrderKey,
        release: &Release,
        deadline: Timestamp,
    ) -> Result<OrderOutcome, OperatorError> {
        self.change_and_work(key, deadline, |record, now| match &release.line {
            Some(line) if !verbs::release(record, release, now) => Err(OperatorError::NoSuchLine {
                key: key.to_string(),
                line: line.clone(),
            }),
            Some(_) => Ok(()),
            None => {
                verbs::release(record, release, now);
                Ok(())
            }
        })
        .await
    }

    /// A package that a person bought is a unit's from now on. It is read at Wix and compared with the plan first.
    pub async fn adopt(
        &self,
        key: &OrderKey,
        adopt: &Adopt,
        deadline: Timestamp,
    ) -> Result<(Adopted, OrderOutcome), OperatorError> {
        let refused = |reason| OperatorError::Adopt {
            key: key.to_string(),
            reason,
        };
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open_for_operator(key, &mut session).await?;
            let account = verbs::adopt::account(&work.record, adopt).map_err(refused)?;
            self.gate().await.map_err(OperatorError::Outage)?;
            session.tally.wix_calls += 1;
            let call = GetPackage {
                package: adopt.package.clone(),
            };
            let port = self.metered(&session.held, deadline, session.class);
            let package = port.send(&account, &call).await.map_err(OperatorError::Wix)?;
            if let Some(other) = self.holder_of(&package, key, deadline).await? {
                return Err(refused(AdoptError::HeldByOrder(other)));
            }
            let adopted = verbs::adopt::adopt(&mut work.record, adopt, &package, self.clock.now()).map_err(refused)?;
            if adopted == Adopted::Before {
                return Ok((adopted, work.outcome(work.standing(), &session)));
            }
            let worked = self.work(&mut work, true, &mut session).await;
            if let Some(progress) = worked.map_err(AcceptError::from)? {
                tracing::info!(order = %key, package = %adopt.package, by = adopt.who.by, reason = adopt.who.reason, "package adopted by an operator");
                return Ok((adopted, work.outcome(progress, &session)));
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }

    /// A person has settled a problem. Nobody is called here; what the problem held up goes on with the next sweep.
    pub async fn close(&self, key: &OrderKey, close: &Close) -> Result<Closed, OperatorError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), self.clock.now());
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open_for_operator(key, &mut session).await?;
            let closed = verbs::close(&mut work.record, close, &self.settings, self.clock.now());
            match closed.map_err(|reason| record_error(key, reason))? {
                Closed::Before => return Ok(Closed::Before),
                Closed::Moved => {
                    return Err(OperatorError::Changed {
                        key: key.to_string(),
                        problem: close.problem.clone(),
                    });
                }
                Closed::Now => {}
            }
            // What the problem held up goes on with the next sweep, such as a voucher that waited for a move.
            let due_at = Some(self.clock.now());
            if self
                .put(&mut work, due_at, &mut session)
                .await
                .map_err(AcceptError::from)?
            {
                tracing::info!(order = %key, problem = %close.problem, by = close.who.by, reason = close.who.reason, "problem closed");
                return Ok(Closed::Now);
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }

    /// Takes an operator's answer to what the storefront leaves open: it is merged like any other statement.
    pub async fn tell(&self, key: &OrderKey, tell: &Tell, deadline: Timestamp) -> Result<OrderOutcome, OperatorError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open_for_operator(key, &mut session).await?;
            let now = self.clock.now();
            let answers = work.record.desired().answers(tell, now);
            let answers = answers.map_err(|reason| OperatorError::Told {
                key: key.to_string(),
                reason,
            })?;
            if !answers.is_empty() {
                let who = By {
                    by: tell.by.clone(),
                    reason: tell.reason.clone(),
                };
                work.record.note(now, &format!("told {}", who.in_words()));
            }
            for told in answers {
                work.record.apply(&OrderEvent {
                    schema: SCHEMA,
                    key: key.clone(),
                    delivery: String::new(),
                    received_at: now,
                    says: Statement::Told(told),
                });
            }
            let worked = self.work(&mut work, true, &mut session).await;
            if let Some(progress) = worked.map_err(AcceptError::from)? {
                tracing::info!(order = %key, by = tell.by, reason = tell.reason, "operator told");
                return Ok(work.outcome(progress, &session));
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }

    /// The other order whose record names a package. One that was created or adopted here has an external ID, which is told
    /// apart by itself while it is derived; once it is the storefront's reference, only the ledger knows whose it is.
    async fn holder_of(
        &self,
        package: &Package,
        key: &OrderKey,
        deadline: Timestamp,
    ) -> Result<Option<String>, OperatorError> {
        let named = package.external_id.as_deref();
        if named.is_none_or(|named| derive::split(named).is_some()) {
            return Ok(None);
        }
        let mut after = None;
        loop {
            if self.clock.now() >= deadline {
                return Err(OperatorError::NotSearched(key.to_string()));
            }
            let page = self.ledger.scan(after.as_deref(), SCANNED_AT_ONCE).await;
            let page = page.map_err(AcceptError::from)?;
            let Some(last) = page.last() else { return Ok(None) };
            after = Some(last.key.clone());
            // What is no order's, such as what people were told, may name the package as well.
            let is_order = |entry: &&Entry| entry.key.contains('/') && entry.key != key.to_string();
            let is_other = |entry: &&Entry| is_order(entry) && entry.body.contains(package.id.as_str());
            if let Some(other) = page.iter().find(is_other) {
                return Ok(Some(other.key.clone()));
            }
        }
    }

    async fn change_and_work(
        &self,
        key: &OrderKey,
        deadline: Timestamp,
        change: impl Fn(&mut OrderRecord, Timestamp) -> Result<(), OperatorError>,
    ) -> Result<OrderOutcome, OperatorError> {
        let mut session = Session::new(Uuid::new_v4().to_string(), deadline);
        for _ in 0..MAX_CONFLICTS {
            let mut work = self.open_for_operator(key, &mut session).await?;
            change(&mut work.record, self.clock.now())?;
            let worked = self.work(&mut work, true, &mut session).await;
            if let Some(progress) = worked.map_err(AcceptError::from)? {
                return Ok(work.outcome(progress, &session));
            }
        }
        Err(AcceptError::Contended(key.to_string()).into())
    }

    /// A record that exists and that no worker holds: the actual state is the lease holder's to write.
    pub(super) async fn open_for_operator(&self, key: &OrderKey, session: &mut Session) -> Result<Work, OperatorError> {
        let work = self.open(key, session).await?;
        if work.rev == 0 {
            return Err(OperatorError::NotFound(key.to_string()));
        }
        let now = self.clock.now();
        match work.record.lease().filter(|lease| lease.until > now) {
            Some(lease) => Err(OperatorError::Busy {
                key: key.to_string(),
                until: lease.until,
            }),
            None => Ok(work),
        }
    }

    /// The record of an order as the ledger has it, with what of it is in attention.
    pub async fn show(&self, key: &OrderKey) -> Result<Option<serde_json::Value>, LedgerError> {
        let Some(entry) = self.ledger.load(&key.to_string()).await? else {
            return Ok(None);
        };
        let record: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
        Ok(Some(serde_json::json!({
            "rev": entry.rev,
            "due_at": entry.due_at,
            "attention_since": entry.attention_since,
            "attention": self.problems_of(&entry),
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
            let items = self.problems_of(&entry);
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

    fn problems_of(&self, entry: &Entry) -> Vec<Attention> {
        attention_of(entry, &self.settings, self.clock.now())
    }
}

fn record_error(key: &OrderKey, reason: RecordError) -> OperatorError {
    OperatorError::Record {
        key: key.to_string(),
        reason,
    }
}
