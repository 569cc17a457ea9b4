//! The ledger's contract, kept by the in-memory ledger and by SQLite; DynamoDB's API is asked in `aws/`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::Arc;

use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::ledger::sqlite::SqliteLedger;
use reseller_hooks::ledger::{Entry, Ledger, LedgerError, Stored};
use reseller_hooks_tests::scratch::Scratch;

async fn memory(handles: usize) -> (Vec<Arc<MemoryLedger>>, ()) {
    let ledger = Arc::new(MemoryLedger::new());
    (vec![ledger; handles], ())
}

/// Each handle has its own connection, as each process would.
async fn sqlite(handles: usize) -> (Vec<SqliteLedger>, Scratch) {
    let scratch = Scratch::new().unwrap();
    let path = scratch.file("ledger.db");
    let ledgers = (0..handles).map(|_| SqliteLedger::open(&path).unwrap()).collect();
    (ledgers, scratch)
}

reseller_hooks_tests::ledger_contract!(in_memory, super::memory);
reseller_hooks_tests::ledger_contract!(in_sqlite, super::sqlite);

fn entry(rev: u64) -> Entry {
    Entry {
        key: "shopify/1".into(),
        body: "{}".into(),
        rev,
        write_id: format!("w{rev}"),
        due_at: None,
        attention_since: None,
    }
}

#[tokio::test]
async fn a_sqlite_ledger_is_still_there_when_it_is_opened_again() {
    let scratch = Scratch::new().unwrap();
    let path = scratch.file("ledger.db");
    SqliteLedger::open(&path).unwrap().store(&entry(1)).await.unwrap();
    let reopened = SqliteLedger::open(&path).unwrap();
    assert_eq!(reopened.load("shopify/1").await.unwrap(), Some(entry(1)));
    assert_eq!(reopened.store(&entry(2)).await.unwrap(), Stored::Written);
}

#[test]
fn many_may_make_one_new_file_at_the_same_time() {
    for _ in 0..40 {
        let scratch = Scratch::new().unwrap();
        let path = scratch.file("ledger.db");
        let start = std::sync::Barrier::new(16);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    start.wait();
                    SqliteLedger::open(&path).unwrap();
                });
            }
        });
    }
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_a_usable_ledger() {
    let (ledgers, _scratch) = sqlite(1).await;
    let ledger = &ledgers[0];
    let first = entry(1);
    {
        let store = std::pin::pin!(ledger.store(&first));
        // Polled once, so that the write is under way, and dropped.
        let waker = std::task::Waker::noop();
        assert!(store.poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    assert_eq!(ledger.store(&first).await.unwrap(), Stored::Written);
    assert_eq!(ledger.store(&entry(2)).await.unwrap(), Stored::Written);
}

#[test]
fn what_is_no_ledger_is_refused_with_a_remedy() {
    let scratch = Scratch::new().unwrap();
    let text = scratch.file("notes.txt");
    std::fs::write(
        &text,
        "this is no database, and long enough to be looked at as one: ".repeat(20),
    )
    .unwrap();
    let missing = scratch.file("no/such/folder/ledger.db");
    for path in [text.as_path(), missing.as_path(), Path::new("/")] {
        let error = SqliteLedger::open(path).unwrap_err();
        assert!(matches!(error, LedgerError::Misconfigured(_)), "{error}");
        assert!(error.to_string().contains("check that the folder exists"), "{error}");
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let scratch = Scratch::new().unwrap();
    let path = scratch.file("ledger.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    drop(connection);
    let error = SqliteLedger::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("tables of version 7, and this code knows version 1"),
        "{error}"
    );
}
