//! The queue that a URL names, whichever it is.

#[cfg(feature = "local")]
use super::sqlite::SqliteQueue;
use super::sqs::SqsQueue;
use super::{Depth, Queue, QueueError};
use crate::aws::Aws;
use crate::config::url::QueueUrl;
use crate::time::Timestamp;

/// One of the durable queues.
#[derive(Debug, Clone)]
pub enum AnyQueue {
    /// An SQS queue's URL.
    Sqs(SqsQueue),
    /// `sqlite:///path.db?queue=NAME`.
    #[cfg(feature = "local")]
    Sqlite(SqliteQueue),
}

impl AnyQueue {
    /// Opens what the URL names. Nothing is asked of SQS yet; a file is opened, and made where it is missing.
    pub fn open(url: &QueueUrl, aws: &Aws) -> Result<Self, QueueError> {
        match url {
            QueueUrl::Sqs { url } => SqsQueue::open(url, aws).map(Self::Sqs),
            #[cfg(feature = "local")]
            QueueUrl::Sqlite { path, queue } => SqliteQueue::open(path, queue).map(Self::Sqlite),
            #[cfg(not(feature = "local"))]
            QueueUrl::Sqlite { path, queue } => Err(QueueError::Misconfigured {
                queue: queue.clone(),
                reason: format!(
                    "its URL names the SQLite file {}, and this binary was built without the feature `local`: build with \
                     `--features local`, or use an SQS queue's URL",
                    path.display()
                ),
            }),
        }
    }

    /// How many messages there are.
    pub async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError> {
        match self {
            Self::Sqs(queue) => {
                // SQS counts by its own clock.
                let _ = now;
                queue.depth().await
            }
            #[cfg(feature = "local")]
            Self::Sqlite(queue) => queue.depth(now).await,
        }
    }

    /// Opens what a first message would have to open; see [`crate::ledger::AnyLedger`]'s. Never fails.
    pub async fn warm_up(&self) {
        match self {
            Self::Sqs(queue) => queue.warm_up().await,
            #[cfg(feature = "local")]
            Self::Sqlite(_) => {}
        }
    }
}

impl Queue for AnyQueue {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        match self {
            Self::Sqs(queue) => queue.send(body).await,
            #[cfg(feature = "local")]
            Self::Sqlite(queue) => queue.send(body).await,
        }
    }
}
