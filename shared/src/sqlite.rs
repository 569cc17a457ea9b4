//! The SQLite file that the local ledger and the local queues share, possibly with other processes. Each opened file
//! has a thread of its own, so that a wait for another process's lock never blocks the runtime.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

/// The version of the tables, in the file's `user_version`.
const SCHEMA: i64 = 1;

/// How long a statement waits for another process's lock.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE orders (
    key TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    rev INTEGER NOT NULL,
    write_id TEXT NOT NULL,
    due_at INTEGER,
    attention_since INTEGER
) STRICT;
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_attention ON orders (attention_since) WHERE attention_since IS NOT NULL;
CREATE TABLE messages (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    visible_at INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX messages_queue ON messages (queue, id);
";

/// What went wrong with the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqliteFailure {
    /// Locked for too long, or the disk is full or failing: may be gone later.
    #[error("{0}")]
    Passing(String),
    /// Not a database, not ours, not permitted: stays.
    #[error("{0}")]
    Lasting(String),
}

impl SqliteFailure {
    fn new(path: &Path, error: &rusqlite::Error) -> Self {
        let said = format!("{}: {error}", path.display());
        match error.sqlite_error_code() {
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::NotADatabase
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::AuthorizationForStatementDenied,
            ) => Self::Lasting(format!(
                "{said}: check that the folder exists, that it can be written, and that the file is a SQLite database"
            )),
            _ => Self::Passing(said),
        }
    }
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle on the thread that owns the connection. The thread ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
}

impl Sqlite {
    /// Opens the file, making it and its tables where they are missing. Waits for the disk: for start-up only.
    pub(crate) fn open(path: &Path) -> Result<Self, SqliteFailure> {
        let mut connection = connect(path).map_err(|error| SqliteFailure::new(path, &error))?;
        prepare(path, &mut connection)?;
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(move || {
                for job in queue {
                    job(&mut connection);
                }
            })
            .map_err(|error| SqliteFailure::Passing(format!("no thread for {}: {error}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
            jobs,
        })
    }

    /// Runs `work` in a transaction that holds the write lock from its beginning (one that upgraded later would fail
    /// at once where another process writes, whatever the busy timeout) and commits unless it fails. Once begun it
    /// runs to its end, also when the caller has stopped waiting.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteFailure> {
        self.run(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
        .await
    }

    /// Runs `work`, which only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteFailure> {
        self.run(|connection| work(connection)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteFailure> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody listens any more when the caller was dropped: the work is done all the same.
            let _ = answer.send(work(connection));
        });
        let gone = || SqliteFailure::Passing(format!("the thread of {} is gone", self.path.display()));
        self.jobs.send(job).map_err(|_| gone())?;
        answered
            .await
            .map_err(|_| gone())?
            .map_err(|error| SqliteFailure::new(&self.path, &error))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Durable when it is answered: FULL waits for the disk at every commit, also in WAL mode.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn prepare(path: &Path, connection: &mut Connection) -> Result<(), SqliteFailure> {
    let failure = |error: rusqlite::Error| SqliteFailure::new(path, &error);
    // The mode stays with the file, so that only its first opener changes it.
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(failure)?;
    if mode != "wal" {
        become_wal(connection).map_err(failure)?;
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failure)?;
    let version: i64 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failure)?;
    match version {
        SCHEMA => Ok(()),
        0 => {
            transaction.execute_batch(TABLES).map_err(failure)?;
            transaction
                .pragma_update(None, "user_version", SCHEMA)
                .map_err(failure)?;
            transaction.commit().map_err(failure)
        }
        other => Err(SqliteFailure::Lasting(format!(
            "{} has tables of version {other}, and this code knows version {SCHEMA}: use the newer version, or another file",
            path.display()
        ))),
    }
}

/// Changing the mode needs the file alone, and SQLite answers "busy" at once to one of several processes that try,
/// whatever the busy timeout: so this tries until it has waited as long as any statement may.
fn become_wal(connection: &Connection) -> rusqlite::Result<()> {
    const TRIES: u32 = 1_000;
    let mut last = Ok(());
    for _ in 0..TRIES {
        last = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match &last {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::park_timeout(BUSY / TRIES);
            }
            Ok(()) | Err(_) => break,
        }
    }
    last
}
