//! Messages that a person looks at: received, hidden for a short time, and given back or deleted. The workers' own messages
//! are received by Lambda and never here.

use std::time::Duration;

use super::sqlite::Received;
use super::{AnyQueue, QueueError};
use crate::time::Timestamp;

/// How many messages come at a time: SQS gives ten at the most (documented).
const AT_A_TIME: usize = 10;

/// A message that was received to be looked at.
#[derive(Debug)]
pub struct Looked {
    /// What was sent.
    pub body: String,
    receipt: Receipt,
}

#[derive(Debug)]
enum Receipt {
    Sqs(String),
    Sqlite(Received),
}

impl AnyQueue {
    /// Some messages, hidden for `hidden`. An empty answer of SQS does not mean that there are none; two in a row nearly do.
    pub async fn look(&self, hidden: Duration, now: Timestamp) -> Result<Vec<Looked>, QueueError> {
        match self {
            Self::Sqs(queue) => {
                let received = queue.receive(AT_A_TIME, hidden).await?;
                let looked = received.into_iter().map(|(body, handle)| Looked {
                    body,
                    receipt: Receipt::Sqs(handle),
                });
                Ok(looked.collect())
            }
            Self::Sqlite(queue) => {
                let received = queue.receive(AT_A_TIME, hidden, now).await?;
                let looked = received.into_iter().map(|received| Looked {
                    body: received.body.clone(),
                    receipt: Receipt::Sqlite(received),
                });
                Ok(looked.collect())
            }
        }
    }

    /// The next receiver gets it again, at once.
    pub async fn give_back(&self, looked: &Looked, now: Timestamp) -> Result<(), QueueError> {
        match (self, &looked.receipt) {
            (Self::Sqs(queue), Receipt::Sqs(handle)) => queue.give_back(handle).await,
            (Self::Sqlite(queue), Receipt::Sqlite(received)) => queue.release(received, now).await.map(|_| ()),
            (Self::Sqs(_), Receipt::Sqlite(_)) | (Self::Sqlite(_), Receipt::Sqs(_)) => Ok(()),
        }
    }

    /// It is gone.
    pub async fn delete(&self, looked: &Looked) -> Result<(), QueueError> {
        match (self, &looked.receipt) {
            (Self::Sqs(queue), Receipt::Sqs(handle)) => queue.delete(handle).await,
            (Self::Sqlite(queue), Receipt::Sqlite(received)) => queue.delete(received).await.map(|_| ()),
            (Self::Sqs(_), Receipt::Sqlite(_)) | (Self::Sqlite(_), Receipt::Sqs(_)) => Ok(()),
        }
    }
}
