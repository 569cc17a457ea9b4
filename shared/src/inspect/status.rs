//! How the whole stands: what needs a person, what is late, what is paused, and what waits in the queues.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use super::{InspectError, Inspector, MOST};
use crate::fulfilment::{OrderRecord, Standing, audit};
use crate::ledger::Ledger;
use crate::queue::Depth;
use crate::time::{Clock, Timestamp};

/// One queue of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// What it is for: `order-paid`, `parked`, `dead-letters`, …
    pub queue: String,
    /// What it holds; nothing where it could not be asked.
    #[serde(flatten)]
    pub depth: Option<Depth>,
    /// Why it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Where the depths of the queues come from.
pub trait Queues {
    /// All queues. One that does not answer is listed with the reason.
    fn depths(&self, now: Timestamp) -> impl Future<Output = Vec<QueueStatus>>;
}

/// No queues.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoQueues;

impl Queues for NoQueues {
    async fn depths(&self, _now: Timestamp) -> Vec<QueueStatus> {
        Vec::new()
    }
}

/// How many of the orders that are due soon are read for [`Status::unsettled`].
const LOOKED_AT: usize = 50;

/// An outage puts an order off by less than this.
const SOON: Duration = Duration::from_secs(15 * 60);

/// How the whole stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// When it was looked at.
    pub at: Timestamp,
    /// Nothing is bought because somebody says so.
    pub paused: bool,
    /// Who or what says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<String>,
    /// Why the catalog cannot be used; then nothing is bought either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_problem: Option<String>,
    /// How many orders need a person; at most [`MOST`] are counted.
    pub in_attention: usize,
    /// Since when the oldest of them does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention_since: Option<Timestamp>,
    /// How many orders are due and were not taken up yet; at most [`MOST`] are counted.
    pub due: usize,
    /// The order that has been due for longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_due: Option<OldestDue>,
    /// How many orders that were to be done at once are not: an outage, such as a key that Wix does not take, is nobody's
    /// problem in particular and puts each of them off. At most 50 are looked at.
    pub unsettled: usize,
    /// Since when the oldest of them is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled_since: Option<Timestamp>,
    /// The queues.
    pub queues: Vec<QueueStatus>,
    /// Up to which time of creation the packages at Wix were compared; nothing before the first audit, and after one that
    /// came to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audited_until: Option<Timestamp>,
    /// When an audit of all packages came to its end last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_finished: Option<Timestamp>,
}

/// An order that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OldestDue {
    /// Its key.
    pub key: String,
    /// Since when.
    pub since: Timestamp,
}

impl<L: Ledger, C: Clock, Q: Queues> Inspector<L, C, Q> {
    pub(super) async fn status(&self) -> Result<Status, InspectError> {
        let now = self.clock.now();
        let attention = self.ledger.attention(MOST).await?;
        let due = self.ledger.due(now, MOST).await?;
        let standing = Standing::of(self.ledger.limit().await?.as_ref(), self.ledger.home());
        let own = self
            .settings
            .paused
            .then(|| "paused by the deployment with PAUSED=true".to_owned());
        let pause = own.or(standing.paused).or(standing.braked);
        let (unsettled, unsettled_since) = self.unsettled(now).await?;
        let audit = audit::stands_at(&self.ledger).await?;
        Ok(Status {
            at: now,
            paused: pause.is_some(),
            pause,
            catalog_problem: self.catalog_problem.clone(),
            in_attention: attention.len(),
            attention_since: attention.first().map(|indexed| indexed.at),
            due: due.len(),
            oldest_due: due.into_iter().next().map(|indexed| OldestDue {
                key: indexed.key,
                since: indexed.at,
            }),
            unsettled,
            unsettled_since,
            queues: self.queues.depths(now).await,
            audited_until: audit.until,
            audit_finished: audit.finished,
        })
    }

    /// The orders that are due soon and unsettled for a while.
    async fn unsettled(&self, now: Timestamp) -> Result<(usize, Option<Timestamp>), InspectError> {
        let mut since = Vec::new();
        for indexed in self.ledger.due(now + SOON, LOOKED_AT).await? {
            let entry = self.ledger.load(&indexed.key).await?;
            let record = entry.and_then(|entry| OrderRecord::from_json(&entry.body).ok());
            since.extend(record.and_then(|record| record.unsettled_since()));
        }
        Ok((since.len(), since.into_iter().min()))
    }
}
