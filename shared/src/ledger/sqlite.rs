//! The ledger in a SQLite file, for a run without an AWS account. Several processes may share the file; the queues may
//! be in it too.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::limit::{self, Change, Changed, Limit, LimitStore};
use super::{Entry, Indexed, Ledger, LedgerError, Stored, check_size, decide};
use crate::sqlite::{Sqlite, SqliteFailure};
use crate::time::Timestamp;

const COLUMNS: &str = "key, body, rev, write_id, due_at, attention_since";

/// A ledger in a file.
#[derive(Debug, Clone)]
pub struct SqliteLedger {
    file: Sqlite,
}

impl SqliteLedger {
    /// Opens the file, making it and its tables where they are missing. Waits for the disk: for start-up only.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Sqlite::open(path)
            .map(|file| Self { file })
            .map_err(|failure| named("open", &path.display().to_string(), failure))
    }

    async fn index(
        &self,
        name: &'static str,
        sql: &'static str,
        within: Option<(Timestamp, Timestamp)>,
        limit: usize,
    ) -> Result<Vec<Indexed>, LedgerError> {
        let (since, until) = within.map_or((i64::MIN, i64::MAX), |(since, until)| {
            (since.as_millis(), until.as_millis())
        });
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.file
            .read(move |connection| {
                let mut statement = connection.prepare(sql)?;
                let rows = statement.query_map(params![since, until, limit], |row| {
                    Ok(Indexed {
                        key: row.get(0)?,
                        at: Timestamp::from_millis(row.get(1)?),
                    })
                })?;
                rows.collect()
            })
            .await
            .map_err(|failure| named("list", name, failure))
    }
}

/// The item is a row of the table of orders, with the whole of it as its body.
impl LimitStore for SqliteLedger {
    /// A file may be moved at will: it is always at home.
    fn home(&self) -> &'static str {
        ""
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        let found = self.file.read(find_limit).await;
        found.map_err(|failure| named("load", limit::KEY, failure))
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        let change = change.clone();
        let changed = self.file.write(move |transaction| {
            let changed = change.apply(find_limit(transaction)?.as_ref());
            if let Changed::Done(item) = &changed {
                let body = serde_json::to_string(item)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                transaction.execute(
                    "INSERT OR REPLACE INTO orders (key, body, rev, write_id) VALUES (?1, ?2, ?3, '')",
                    params![limit::KEY, body, i64::try_from(item.rev).unwrap_or(i64::MAX)],
                )?;
            }
            Ok(changed)
        });
        changed.await.map_err(|failure| named("change", limit::KEY, failure))
    }
}

fn find_limit(connection: &Connection) -> rusqlite::Result<Option<Limit>> {
    let unreadable = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    };
    let entry = find(connection, limit::KEY)?;
    entry
        .map(|entry| serde_json::from_str(&entry.body).map_err(unreadable))
        .transpose()
}

impl Ledger for SqliteLedger {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        let wanted = key.to_owned();
        self.file
            .read(move |connection| find(connection, &wanted))
            .await
            .map_err(|failure| named("load", key, failure))
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        check_size(entry)?;
        let new = entry.clone();
        self.file
            .write(move |transaction| {
                let current = find(transaction, &new.key)?;
                if let Some(stored) = decide(&new, current.as_ref()) {
                    return Ok(stored);
                }
                transaction.execute(
                    "INSERT OR REPLACE INTO orders (key, body, rev, write_id, due_at, attention_since)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        new.key,
                        new.body,
                        i64::try_from(new.rev).unwrap_or(i64::MAX),
                        new.write_id,
                        new.due_at.map(Timestamp::as_millis),
                        new.attention_since.map(Timestamp::as_millis),
                    ],
                )?;
                Ok(Stored::Written)
            })
            .await
            .map_err(|failure| named("store", &entry.key, failure))
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        let wanted = key.to_owned();
        let rev = i64::try_from(rev).unwrap_or(i64::MAX);
        self.file
            .write(move |transaction| {
                let sql = "DELETE FROM orders WHERE key = ?1 AND rev = ?2";
                transaction
                    .execute(sql, params![wanted, rev])
                    .map(|removed| removed > 0)
            })
            .await
            .map_err(|failure| named("remove", key, failure))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.due_since(Timestamp::EPOCH, now, limit).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let sql =
            "SELECT key, due_at FROM orders WHERE due_at BETWEEN ?1 AND ?2 ORDER BY due_at DESC, key DESC LIMIT ?3";
        self.index("the index `due`", sql, Some((Timestamp::EPOCH, now)), limit)
            .await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let sql = "SELECT key, due_at FROM orders WHERE due_at BETWEEN ?1 AND ?2 ORDER BY due_at, key LIMIT ?3";
        self.index("the index `due`", sql, Some((since, now)), limit).await
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        let sql = "SELECT key, attention_since FROM orders WHERE attention_since BETWEEN ?1 AND ?2
                   ORDER BY attention_since, key LIMIT ?3";
        self.index("the index `attention`", sql, None, limit).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let after = after.unwrap_or_default().to_owned();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.file
            .read(move |connection| {
                // No key is empty, so that everything comes after the empty one.
                let sql = format!("SELECT {COLUMNS} FROM orders WHERE key > ?1 AND key <> ?3 ORDER BY key LIMIT ?2");
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map(params![after, limit, limit::KEY], read_entry)?;
                rows.collect()
            })
            .await
            .map_err(|failure| named("list", "all entries", failure))
    }
}

fn find(connection: &Connection, key: &str) -> rusqlite::Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM orders WHERE key = ?1");
    connection.query_row(&sql, [key], read_entry).optional()
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let rev: i64 = row.get(2)?;
    Ok(Entry {
        key: row.get(0)?,
        body: row.get(1)?,
        rev: u64::try_from(rev).unwrap_or_default(),
        write_id: row.get(3)?,
        due_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
        attention_since: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
    })
}

fn named(operation: &'static str, key: &str, failure: SqliteFailure) -> LedgerError {
    match failure {
        SqliteFailure::Passing(reason) => LedgerError::Unavailable {
            operation,
            key: key.to_owned(),
            reason,
        },
        SqliteFailure::Lasting(reason) => LedgerError::Misconfigured(reason),
    }
}
