//! What `reconcile` tells people by the topic of the alarms: one collected message at the most every 15 minutes, with each
//! new problem of an order, its sentence and the command that ends it, and with what is resolved.
//!
//! What was told is kept in one small item of the ledger (`told`). A message is written there before it is sent, so that a
//! run that dies in between leaves it to the next one, and of two runs only one sends it. It may come twice where nobody
//! knows whether it left; its number says so.
//!
//! - `told` what was told, and what is news (pure); `text` how it is said (pure); `facts` what is no order's (pure);
//! - [`Topic`] where it goes.

use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use uuid::Uuid;

use super::{Engine, Measure};
use crate::fulfilment::audit;
use crate::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use crate::time::{Clock, Timestamp};

mod facts;
#[cfg(test)]
mod tests;
mod text;
mod told;
#[cfg(feature = "worker-runtime")]
mod topic;

pub use text::Message;
#[cfg(feature = "worker-runtime")]
pub use topic::AnyTopic;

use told::{Seen, Told, Waiting};

/// The ledger's key of the item. Order keys have a `/`.
pub const KEY: &str = "told";

/// So long nothing more is sent after a message, and orders whose index did not move are not read again.
pub const EVERY: Duration = Duration::from_secs(15 * 60);

/// A message that was begun so long ago was not sent by who began it.
const GIVEN_UP: Duration = Duration::from_secs(120);

/// The most orders that are looked at.
const MOST: usize = 1_000;

/// Where messages go.
pub trait Topic {
    /// Sends a message; else the reason. It may have left all the same.
    fn publish(&self, message: &Message) -> impl Future<Output = Result<(), String>>;
}

/// Tells what is news. `paused` says that the deployment itself is paused.
pub async fn tell(
    engine: &impl Engine,
    ledger: &impl Ledger,
    clock: &impl Clock,
    topic: &impl Topic,
    paused: bool,
) -> Result<Vec<Measure>, LedgerError> {
    let stored = ledger.load(KEY).await?;
    let mut item = Item::read(stored.as_ref(), clock.now());
    if let Some(waiting) = item.told.waiting.clone() {
        let is_left = waiting.at + GIVEN_UP <= clock.now();
        return if is_left {
            send(&mut item, waiting, ledger, clock, topic).await
        } else {
            Ok(Vec::new())
        };
    }
    if item.told.sent.is_some_and(|sent| sent + EVERY > clock.now()) {
        return Ok(Vec::new());
    }
    let before = item.told.clone();
    let limit = ledger.limit().await?;
    let audited = audit::stands_at(ledger).await?;
    let said = facts::facts(
        &mut item.told,
        limit.as_ref(),
        ledger.home(),
        &audited,
        paused,
        clock.now(),
    );
    let in_attention = ledger.attention(MOST).await?;
    let seen = number(&in_attention);
    let problems = item.told.is_to_be_looked_at(&in_attention, seen, clock.now());
    let reports = if problems {
        engine.attention(MOST).await?
    } else {
        Vec::new()
    };
    let seen = problems.then_some(Seen {
        reports: &reports,
        number: seen,
        all: in_attention.len() < MOST,
    });
    let news = item.told.news(seen.as_ref(), &said, clock.now());
    match news.message(item.told.number + 1, clock.now()) {
        Some(message) => {
            let waiting = Waiting {
                at: clock.now(),
                message,
            };
            item.told.number += 1;
            send(&mut item, waiting, ledger, clock, topic).await
        }
        None if item.told != before || stored.is_none() => {
            // Whether it is written does not matter: the next run looks again.
            item.keep(ledger).await?;
            Ok(Vec::new())
        }
        None => Ok(Vec::new()),
    }
}

/// Claims the message, sends it, and notes that it was sent.
async fn send(
    item: &mut Item,
    waiting: Waiting,
    ledger: &impl Ledger,
    clock: &impl Clock,
    topic: &impl Topic,
) -> Result<Vec<Measure>, LedgerError> {
    let is_again = item.told.waiting.is_some();
    let now = clock.now();
    item.told.waiting = Some(Waiting {
        at: now,
        ..waiting.clone()
    });
    item.told.sent = Some(now);
    if !item.keep(ledger).await? {
        return Ok(Vec::new());
    }
    let number = item.told.number;
    if let Err(reason) = topic.publish(&waiting.message).await {
        tracing::error!(number, reason, "the message could not be sent: it is tried again");
        return Ok(vec![Measure::new("MessagesUnsent", 1)]);
    }
    tracing::info!(number, is_again, "message sent");
    item.told.waiting = None;
    item.keep(ledger).await?;
    Ok(Vec::new())
}

/// The item of the ledger.
struct Item {
    told: Told,
    rev: u64,
}

impl Item {
    /// What is stored. One that cannot be read is begun again: everything is told once more.
    fn read(stored: Option<&Entry>, now: Timestamp) -> Self {
        let told = stored.and_then(|entry| serde_json::from_str(&entry.body).ok());
        Self {
            told: told.unwrap_or_else(|| Told::begin(now)),
            rev: stored.map_or(0, |entry| entry.rev),
        }
    }

    /// `false`: another run was quicker, and tells it.
    async fn keep(&mut self, ledger: &impl Ledger) -> Result<bool, LedgerError> {
        let entry = Entry {
            key: KEY.to_owned(),
            // Strings, numbers and times always serialise.
            body: serde_json::to_string(&self.told).unwrap_or_default(),
            rev: self.rev + 1,
            write_id: Uuid::new_v4().to_string(),
            due_at: None,
            attention_since: None,
        };
        let written = ledger.store(&entry).await? == Stored::Written;
        if written {
            self.rev = entry.rev;
        }
        Ok(written)
    }
}

/// The orders that need a person, as a number: it tells whether there are others than before.
fn number(in_attention: &[Indexed]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for indexed in in_attention {
        (&indexed.key, indexed.at.as_millis()).hash(&mut hasher);
    }
    hasher.finish()
}
