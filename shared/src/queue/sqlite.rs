//! Queues in a SQLite file, for a run without an AWS account. They behave as SQS standard queues do where it matters:
//! a received message is hidden for a time, comes again unless it is deleted, and ends in a dead-letter queue.

use std::path::Path;
use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Depth, Queue, QueueError, check_size};
use crate::sqlite::{Sqlite, SqliteFailure};
use crate::time::Timestamp;

/// One queue of a file.
#[derive(Debug, Clone)]
pub struct SqliteQueue {
    file: Sqlite,
    name: String,
    dead_letters: Option<DeadLetters>,
}

#[derive(Debug, Clone)]
struct DeadLetters {
    queue: String,
    max_receive_count: u32,
}

/// A message as it was received. It is hidden until its visibility ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's number in the file: the same at every receipt.
    pub id: i64,
    /// What was sent.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

impl SqliteQueue {
    /// Opens the file, making it and its tables where they are missing. Waits for the disk: for start-up only.
    pub fn open(path: &Path, name: &str) -> Result<Self, QueueError> {
        Sqlite::open(path)
            .map(|file| Self {
                file,
                name: name.to_owned(),
                dead_letters: None,
            })
            .map_err(|failure| named(name, failure))
    }

    /// Another queue of the same file.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        Self {
            file: self.file.clone(),
            name: name.to_owned(),
            dead_letters: None,
        }
    }

    /// The same queue, whose messages move to the queue `dead_letters` of the same file when they would be received
    /// once more than `max_receive_count` times.
    #[must_use]
    pub fn with_dead_letters(mut self, dead_letters: &str, max_receive_count: u32) -> Self {
        self.dead_letters = Some(DeadLetters {
            queue: dead_letters.to_owned(),
            max_receive_count,
        });
        self
    }

    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Up to `max` messages that are visible at `now`, oldest first. They are hidden for `visibility`.
    pub async fn receive(&self, max: usize, visibility: Duration, now: Timestamp) -> Result<Vec<Received>, QueueError> {
        let queue = self.name.clone();
        let dead_letters = self.dead_letters.clone();
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        self.file
            .write(move |transaction| {
                if let Some(dead_letters) = &dead_letters {
                    bury(transaction, &queue, dead_letters, now)?;
                }
                let mut statement = transaction.prepare(
                    "UPDATE messages SET visible_at = ?3, received = received + 1 WHERE id IN
                     (SELECT id FROM messages WHERE queue = ?1 AND visible_at <= ?2 ORDER BY id LIMIT ?4)
                     RETURNING id, body, received",
                )?;
                let hidden_until = (now + visibility).as_millis();
                let rows = statement.query_map(params![queue, now.as_millis(), hidden_until, max], |row| {
                    Ok(Received {
                        id: row.get(0)?,
                        body: row.get(1)?,
                        receive_count: row.get(2)?,
                    })
                })?;
                let mut received = rows.collect::<rusqlite::Result<Vec<_>>>()?;
                // RETURNING has no order of its own.
                received.sort_by_key(|message| message.id);
                Ok(received)
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// Removes a message that was worked off. `false` when it is gone, or was received by another one since.
    pub async fn delete(&self, message: &Received) -> Result<bool, QueueError> {
        let (id, received) = (message.id, message.receive_count);
        let queue = self.name.clone();
        self.file
            .write(move |transaction| {
                let sql = "DELETE FROM messages WHERE id = ?1 AND received = ?2 AND queue = ?3";
                Ok(transaction.execute(sql, params![id, received, queue])? == 1)
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// Sets when a received message can be received again: `now` for at once. `false` as for [`Self::delete`].
    pub async fn release(&self, message: &Received, visible_at: Timestamp) -> Result<bool, QueueError> {
        let (id, received) = (message.id, message.receive_count);
        let queue = self.name.clone();
        self.file
            .write(move |transaction| {
                let sql = "UPDATE messages SET visible_at = ?4 WHERE id = ?1 AND received = ?2 AND queue = ?3";
                Ok(transaction.execute(sql, params![id, received, queue, visible_at.as_millis()])? == 1)
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// How many messages there are at `now`.
    pub async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError> {
        let queue = self.name.clone();
        self.file
            .read(move |connection| {
                let sql = "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2), COUNT(*) FILTER (WHERE visible_at > ?2)
                           FROM messages WHERE queue = ?1";
                connection.query_row(sql, params![queue, now.as_millis()], |row| {
                    let (visible, in_flight): (i64, i64) = (row.get(0)?, row.get(1)?);
                    Ok(Depth {
                        visible: u64::try_from(visible).unwrap_or_default(),
                        in_flight: u64::try_from(in_flight).unwrap_or_default(),
                    })
                })
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// Moves everything to the queue `target` of the same file, as new messages: a redrive of dead letters. How many.
    pub async fn move_all(&self, target: &str) -> Result<u64, QueueError> {
        let (queue, target) = (self.name.clone(), target.to_owned());
        self.file
            .write(move |transaction| {
                // New rows, not changed ones: receipts from before must not fit them.
                let last: Option<i64> = transaction.query_row("SELECT MAX(id) FROM messages", [], |row| row.get(0))?;
                let copy =
                    "INSERT INTO messages (queue, body) SELECT ?2, body FROM messages WHERE queue = ?1 ORDER BY id";
                let moved = transaction.execute(copy, params![queue, target])?;
                let remove = "DELETE FROM messages WHERE queue = ?1 AND id <= ?2";
                transaction.execute(remove, params![queue, last.unwrap_or_default()])?;
                Ok(u64::try_from(moved).unwrap_or(u64::MAX))
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// The bodies of up to `max` messages, oldest first, without receiving them.
    pub async fn peek(&self, max: usize) -> Result<Vec<String>, QueueError> {
        let queue = self.name.clone();
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        self.file
            .read(move |connection| {
                let sql = "SELECT body FROM messages WHERE queue = ?1 ORDER BY id LIMIT ?2";
                let mut statement = connection.prepare(sql)?;
                let rows = statement.query_map(params![queue, max], |row| row.get(0))?;
                rows.collect()
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }

    /// The oldest message that can be received, or will be: when. `None` when there is none.
    pub async fn next_visible_at(&self) -> Result<Option<Timestamp>, QueueError> {
        let queue = self.name.clone();
        self.file
            .read(move |connection| {
                let sql = "SELECT MIN(visible_at) FROM messages WHERE queue = ?1";
                let at: Option<Option<i64>> = connection.query_row(sql, [queue], |row| row.get(0)).optional()?;
                Ok(at.flatten().map(Timestamp::from_millis))
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }
}

impl Queue for SqliteQueue {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        check_size(&self.name, body)?;
        let (queue, body) = (self.name.clone(), body.to_owned());
        self.file
            .write(move |transaction| {
                let sql = "INSERT INTO messages (queue, body) VALUES (?1, ?2)";
                transaction.execute(sql, params![queue, body]).map(|_| ())
            })
            .await
            .map_err(|failure| named(&self.name, failure))
    }
}

/// Moves what was received often enough. As in SQS, that happens when it would be received once more.
fn bury(
    transaction: &Transaction<'_>,
    queue: &str,
    dead_letters: &DeadLetters,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE messages SET queue = ?3, visible_at = 0
         WHERE queue = ?1 AND visible_at <= ?2 AND received >= ?4",
        params![
            queue,
            now.as_millis(),
            dead_letters.queue,
            dead_letters.max_receive_count
        ],
    )?;
    Ok(())
}

fn named(queue: &str, failure: SqliteFailure) -> QueueError {
    let queue = queue.to_owned();
    match failure {
        SqliteFailure::Passing(reason) => QueueError::Unavailable { queue, reason },
        SqliteFailure::Lasting(reason) => QueueError::Misconfigured { queue, reason },
    }
}
