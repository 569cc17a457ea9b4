//! The ledger that `LEDGER_URL` names, whichever it is.

use super::dynamodb::DynamoDbLedger;
use super::limit::{Change, Changed, Limit, LimitStore};
#[cfg(feature = "local")]
use super::sqlite::SqliteLedger;
use super::{Entry, Indexed, Ledger, LedgerError, Stored};
use crate::aws::Aws;
use crate::config::url::LedgerUrl;
use crate::time::Timestamp;

/// One of the durable ledgers.
#[derive(Debug, Clone)]
pub enum AnyLedger {
    /// `dynamodb://TABLE`.
    DynamoDb(DynamoDbLedger),
    /// `sqlite:///path.db`.
    #[cfg(feature = "local")]
    Sqlite(SqliteLedger),
}

impl AnyLedger {
    /// Opens what the address names. Nothing is asked of DynamoDB yet; a file is opened, and made where it is missing.
    pub fn open(url: &LedgerUrl, aws: &Aws) -> Result<Self, LedgerError> {
        match url {
            LedgerUrl::DynamoDb { table } => DynamoDbLedger::open(table, aws).map(Self::DynamoDb),
            #[cfg(feature = "local")]
            LedgerUrl::Sqlite { path } => SqliteLedger::open(path).map(Self::Sqlite),
            #[cfg(not(feature = "local"))]
            LedgerUrl::Sqlite { path } => Err(LedgerError::Misconfigured(format!(
                "LEDGER_URL names the SQLite file {}, and this binary was built without the feature `local`: build with \
                 `--features local`, or use dynamodb://TABLE",
                path.display()
            ))),
        }
    }
}

impl LimitStore for AnyLedger {
    fn home(&self) -> &str {
        match self {
            Self::DynamoDb(ledger) => ledger.home(),
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.home(),
        }
    }

    async fn table(&self) -> Result<Option<String>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.table().await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.table().await,
        }
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.limit().await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.limit().await,
        }
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.change_limit(change).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.change_limit(change).await,
        }
    }
}

impl Ledger for AnyLedger {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.load(key).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.load(key).await,
        }
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.store(entry).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.store(entry).await,
        }
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.remove(key, rev).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.remove(key, rev).await,
        }
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.due(now, limit).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.due(now, limit).await,
        }
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.newly_due(now, limit).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.newly_due(now, limit).await,
        }
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.due_since(since, now, limit).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.due_since(since, now, limit).await,
        }
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.attention(limit).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.attention(limit).await,
        }
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::DynamoDb(ledger) => ledger.scan(after, limit).await,
            #[cfg(feature = "local")]
            Self::Sqlite(ledger) => ledger.scan(after, limit).await,
        }
    }
}
