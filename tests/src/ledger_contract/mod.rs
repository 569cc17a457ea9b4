//! What every ledger promises. The in-memory one, SQLite and DynamoDB's API pass the same cases.
//!
//! [`crate::ledger_contract!`] makes a test of each case; each gets handles on one fresh, empty store.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "assertions of tests, in a library only to be shared by them"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, MAX_BODY_BYTES, Stored};
use reseller_hooks::time::Timestamp;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::between::{Fault, Faults, TestLedger};

mod limit;

pub use limit::{of_many_takers_each_call_goes_to_one, the_limit_changes_as_its_rules_say};

pub use crate::race::{
    no_line_of_many_writers_is_lost_or_doubled_when_answers_are_lost,
    sixteen_workers_with_clocks_apart_and_lost_answers_buy_exactly_once,
};

/// How many handles the cases with races want.
pub const WRITERS: usize = 16;

/// Makes a module of tests, one for each case. `$fresh` is called with a number of handles and answers a future of
/// that many ledgers on one fresh store, and of something that keeps the store alive.
#[macro_export]
macro_rules! ledger_contract {
    ($module:ident, $fresh:path) => {
        mod $module {
            $crate::ledger_contract!(@cases $fresh;
                nothing_is_found_in_an_empty_ledger,
                the_first_write_is_read_back_in_full,
                a_first_write_over_an_entry_conflicts_and_answers_with_it,
                a_write_over_an_older_revision_conflicts_and_changes_nothing,
                a_write_that_skips_a_revision_conflicts,
                a_write_to_nothing_but_the_first_conflicts_with_nothing,
                ones_own_write_is_recognised_when_it_is_repeated,
                a_repeated_write_that_was_overwritten_since_conflicts,
                a_lost_answer_leaves_a_write_that_can_be_repeated,
                of_many_writers_of_one_revision_exactly_one_wins,
                no_increment_of_many_writers_is_lost,
                no_line_of_many_writers_is_lost_or_doubled_when_answers_are_lost,
                sixteen_workers_with_clocks_apart_and_lost_answers_buy_exactly_once,
                what_is_due_comes_in_order_up_to_the_limit,
                what_is_settled_is_no_longer_due,
                attention_comes_oldest_first_and_goes,
                a_scan_sees_every_entry_once,
                a_body_at_the_limit_is_kept_and_one_over_it_refused,
                any_unicode_comes_back_as_it_was,
                the_limit_changes_as_its_rules_say,
                an_entry_is_removed_only_as_it_was_seen,
                of_many_takers_each_call_goes_to_one,
            );
        }
    };
    (@cases $fresh:path; $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (ledgers, _store) = $fresh($crate::ledger_contract::WRITERS).await;
                $crate::ledger_contract::$case(ledgers).await;
            }
        )*
    };
}

fn entry(key: &str, rev: u64, write_id: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        body: format!("{{\"rev\":{rev}}}"),
        rev,
        write_id: write_id.to_owned(),
        due_at: None,
        attention_since: None,
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn write(ledger: &impl Ledger, entry: &Entry) {
    assert_eq!(ledger.store(entry).await.unwrap(), Stored::Written, "{}", entry.key);
}

fn conflict(stored: Stored) -> Option<Entry> {
    match stored {
        Stored::Conflict(current) => current.map(|entry| *entry),
        Stored::Written => panic!("written, where it had to conflict"),
    }
}

pub async fn nothing_is_found_in_an_empty_ledger(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    assert_eq!(ledger.load("shopify/1").await.unwrap(), None);
    assert_eq!(ledger.due(at(i64::MAX / 2), 10).await.unwrap(), []);
    assert_eq!(ledger.attention(10).await.unwrap(), []);
    assert_eq!(ledger.scan(None, 10).await.unwrap(), []);
}

pub async fn the_first_write_is_read_back_in_full(ledgers: Vec<impl Ledger>) {
    let first = Entry {
        due_at: Some(at(1_700_000_000_123)),
        attention_since: Some(at(1_600_000_000_456)),
        ..entry("shopify/1", 1, "a")
    };
    write(&ledgers[0], &first).await;
    assert_eq!(ledgers[1].load("shopify/1").await.unwrap(), Some(first));
    assert_eq!(ledgers[1].load("shopify/2").await.unwrap(), None);
}

pub async fn a_first_write_over_an_entry_conflicts_and_answers_with_it(ledgers: Vec<impl Ledger>) {
    let first = entry("shopify/1", 1, "a");
    write(&ledgers[0], &first).await;
    let stored = ledgers[1].store(&entry("shopify/1", 1, "b")).await.unwrap();
    assert_eq!(conflict(stored), Some(first));
}

pub async fn a_write_over_an_older_revision_conflicts_and_changes_nothing(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    write(ledger, &entry("shopify/1", 1, "a")).await;
    let second = Entry {
        due_at: Some(at(5)),
        ..entry("shopify/1", 2, "b")
    };
    write(ledger, &second).await;
    let stored = ledger.store(&entry("shopify/1", 2, "c")).await.unwrap();
    assert_eq!(conflict(stored), Some(second.clone()));
    assert_eq!(ledger.load("shopify/1").await.unwrap(), Some(second));
}

pub async fn a_write_that_skips_a_revision_conflicts(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    let first = entry("shopify/1", 1, "a");
    write(ledger, &first).await;
    let stored = ledger.store(&entry("shopify/1", 3, "c")).await.unwrap();
    assert_eq!(conflict(stored), Some(first.clone()));
    let stored = ledger.store(&entry("shopify/1", 0, "d")).await.unwrap();
    assert_eq!(conflict(stored), Some(first));
}

pub async fn a_write_to_nothing_but_the_first_conflicts_with_nothing(ledgers: Vec<impl Ledger>) {
    let stored = ledgers[0].store(&entry("shopify/1", 2, "b")).await.unwrap();
    assert_eq!(conflict(stored), None);
    assert_eq!(ledgers[0].load("shopify/1").await.unwrap(), None);
}

pub async fn ones_own_write_is_recognised_when_it_is_repeated(ledgers: Vec<impl Ledger>) {
    for rev in 1..=3 {
        let own = entry("shopify/1", rev, &format!("w{rev}"));
        write(&ledgers[0], &own).await;
        write(&ledgers[1], &own).await;
        assert_eq!(ledgers[0].load("shopify/1").await.unwrap(), Some(own));
    }
}

pub async fn a_repeated_write_that_was_overwritten_since_conflicts(ledgers: Vec<impl Ledger>) {
    let own = entry("shopify/1", 1, "a");
    write(&ledgers[0], &own).await;
    let later = entry("shopify/1", 2, "b");
    write(&ledgers[1], &later).await;
    assert_eq!(conflict(ledgers[0].store(&own).await.unwrap()), Some(later));
}

pub async fn a_lost_answer_leaves_a_write_that_can_be_repeated(ledgers: Vec<impl Ledger + 'static>) {
    let faults = [Fault::AnswerLost, Fault::None, Fault::Before, Fault::None, Fault::Twice];
    let ledger = TestLedger::new(ledgers.into_iter().next().unwrap(), Faults::told(faults));
    let first = entry("shopify/1", 1, "a");
    assert!(ledger.store(&first).await.unwrap_err().is_retryable());
    write(&ledger, &first).await;
    let second = entry("shopify/1", 2, "b");
    assert!(ledger.store(&second).await.unwrap_err().is_retryable());
    write(&ledger, &second).await;
    write(&ledger, &entry("shopify/1", 3, "c")).await;
    assert_eq!(ledger.load("shopify/1").await.unwrap().unwrap().rev, 3);
}

pub async fn of_many_writers_of_one_revision_exactly_one_wins<L: Ledger + 'static>(ledgers: Vec<L>) {
    let ledgers: Vec<Arc<L>> = ledgers.into_iter().map(Arc::new).collect();
    for rev in 1..=5 {
        let start = Arc::new(Barrier::new(WRITERS));
        let mut writers = JoinSet::new();
        for (number, ledger) in ledgers.iter().cloned().enumerate() {
            let start = Arc::clone(&start);
            writers.spawn(async move {
                let mine = entry("shopify/1", rev, &format!("{rev}-{number}"));
                start.wait().await;
                let stored = ledger.store(&mine).await.unwrap();
                (mine, stored)
            });
        }
        let outcomes = writers.join_all().await;
        let winners: Vec<&Entry> = outcomes
            .iter()
            .filter(|(_, stored)| *stored == Stored::Written)
            .map(|(mine, _)| mine)
            .collect();
        assert_eq!(winners.len(), 1, "revision {rev}");
        for (_, stored) in &outcomes {
            if let Stored::Conflict(current) = stored {
                assert_eq!(current.as_deref(), Some(winners[0]));
            }
        }
    }
}

pub async fn no_increment_of_many_writers_is_lost<L: Ledger + 'static>(ledgers: Vec<L>) {
    const EACH: u64 = 5;
    let mut writers = JoinSet::new();
    for (number, ledger) in ledgers.into_iter().enumerate() {
        writers.spawn(async move {
            let mut won = Vec::new();
            for round in 0..EACH {
                let mut current = ledger.load("shopify/1").await.unwrap();
                loop {
                    let (rev, sum) = current
                        .as_ref()
                        .map_or((0, 0), |entry| (entry.rev, entry.body.parse::<u64>().unwrap()));
                    let next = Entry {
                        body: (sum + 1).to_string(),
                        ..entry("shopify/1", rev + 1, &format!("{number}-{round}-{rev}"))
                    };
                    match ledger.store(&next).await.unwrap() {
                        Stored::Written => {
                            won.push(next.rev);
                            break;
                        }
                        Stored::Conflict(now) => current = now.map(|entry| *entry),
                    }
                }
            }
            (won, ledger)
        });
    }
    let outcomes = writers.join_all().await;
    let revs: BTreeSet<u64> = outcomes.iter().flat_map(|(won, _)| won.iter().copied()).collect();
    assert_eq!(revs, (1..=80).collect::<BTreeSet<u64>>());
    let last = outcomes[0].1.load("shopify/1").await.unwrap().unwrap();
    assert_eq!((last.rev, last.body.as_str()), (80, "80"));
}

pub async fn what_is_due_comes_in_order_up_to_the_limit(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    for (key, due) in [
        ("a/1", Some(300)),
        ("a/2", Some(100)),
        ("a/3", None),
        ("a/4", Some(200)),
        ("a/5", Some(400)),
    ] {
        let entry = Entry {
            due_at: due.map(at),
            ..entry(key, 1, "w")
        };
        write(ledger, &entry).await;
    }
    let line = |key: &str, millis| Indexed {
        key: key.to_owned(),
        at: at(millis),
    };
    assert_eq!(
        ledger.due(at(300), 10).await.unwrap(),
        [line("a/2", 100), line("a/4", 200), line("a/1", 300)]
    );
    assert_eq!(
        ledger.due(at(399), 2).await.unwrap(),
        [line("a/2", 100), line("a/4", 200)]
    );
    assert_eq!(ledger.due(at(99), 10).await.unwrap(), []);
    assert_eq!(ledger.due(at(300), 0).await.unwrap(), []);
    let since = async |since, now, limit| ledger.due_since(at(since), at(now), limit).await.unwrap();
    assert_eq!(since(101, 300, 10).await, [line("a/4", 200), line("a/1", 300)]);
    assert_eq!(
        since(200, 399, 1).await,
        [line("a/4", 200)],
        "what is due at that very time is in it"
    );
    assert_eq!(since(301, 399, 10).await, []);
    assert_eq!(since(300, 300, 10).await, [line("a/1", 300)]);
}

pub async fn what_is_settled_is_no_longer_due(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    let due = Entry {
        due_at: Some(at(100)),
        ..entry("a/1", 1, "a")
    };
    write(ledger, &due).await;
    assert_eq!(ledger.due(at(100), 10).await.unwrap().len(), 1);
    write(
        ledger,
        &Entry {
            due_at: Some(at(900)),
            ..entry("a/1", 2, "b")
        },
    )
    .await;
    assert_eq!(ledger.due(at(100), 10).await.unwrap(), []);
    assert_eq!(ledger.due(at(900), 10).await.unwrap().len(), 1);
    write(ledger, &entry("a/1", 3, "c")).await;
    assert_eq!(ledger.due(at(900), 10).await.unwrap(), []);
    assert_eq!(ledger.load("a/1").await.unwrap().unwrap().due_at, None);
}

pub async fn attention_comes_oldest_first_and_goes(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    for (key, since) in [("a/1", 300), ("a/2", 100), ("a/3", 200)] {
        let entry = Entry {
            attention_since: Some(at(since)),
            ..entry(key, 1, "w")
        };
        write(ledger, &entry).await;
    }
    let keys = |lines: Vec<Indexed>| lines.into_iter().map(|line| line.key).collect::<Vec<_>>();
    assert_eq!(keys(ledger.attention(10).await.unwrap()), ["a/2", "a/3", "a/1"]);
    assert_eq!(keys(ledger.attention(1).await.unwrap()), ["a/2"]);
    write(ledger, &entry("a/2", 2, "x")).await;
    assert_eq!(keys(ledger.attention(10).await.unwrap()), ["a/3", "a/1"]);
}

pub async fn a_scan_sees_every_entry_once(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    for number in 0..25 {
        write(ledger, &entry(&format!("shopify/{number}"), 1, "w")).await;
    }
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = ledger.scan(after.as_deref(), 4).await.unwrap();
        assert!(page.len() <= 4);
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        seen.extend(page.into_iter().map(|entry| entry.key));
    }
    assert_eq!(seen.len(), 25);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), 25);
}

pub async fn a_body_at_the_limit_is_kept_and_one_over_it_refused(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    let full = Entry {
        body: "x".repeat(348_160),
        ..entry("a/1", 1, "a")
    };
    assert_eq!(full.body.len(), MAX_BODY_BYTES);
    write(ledger, &full).await;
    assert_eq!(ledger.load("a/1").await.unwrap(), Some(full));
    let over = Entry {
        body: "x".repeat(348_161),
        ..entry("a/1", 2, "b")
    };
    let error = ledger.store(&over).await.unwrap_err();
    assert!(matches!(error, LedgerError::TooLarge { bytes: 348_161, .. }), "{error}");
    assert!(!error.is_retryable());
    assert_eq!(ledger.load("a/1").await.unwrap().unwrap().rev, 1);
}

pub async fn any_unicode_comes_back_as_it_was(ledgers: Vec<impl Ledger>) {
    let odd = Entry {
        body: "{\"a\":\"żółć 🧾 \u{202e}\u{0} \u{fffe} \u{1f468}\u{200d}\u{1f469} '; DROP TABLE orders; --\"}"
            .to_owned(),
        ..entry("shopify/ordre-№-🧾", 1, "ünïque")
    };
    write(&ledgers[0], &odd).await;
    assert_eq!(ledgers[1].load("shopify/ordre-№-🧾").await.unwrap(), Some(odd.clone()));
    assert_eq!(ledgers[1].scan(None, 5).await.unwrap(), [odd]);
}

pub async fn an_entry_is_removed_only_as_it_was_seen(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    let entry = Entry {
        key: "shopify/1".to_owned(),
        body: "{}".to_owned(),
        rev: 1,
        write_id: "w".to_owned(),
        due_at: Some(Timestamp::from_secs(5)),
        attention_since: Some(Timestamp::from_secs(5)),
    };
    assert_eq!(ledger.store(&entry).await.unwrap(), Stored::Written);
    assert!(!ledger.remove("shopify/1", 2).await.unwrap());
    assert!(!ledger.remove("shopify/2", 1).await.unwrap());
    assert_eq!(ledger.load("shopify/1").await.unwrap(), Some(entry.clone()));
    assert!(ledger.remove("shopify/1", 1).await.unwrap());
    assert!(!ledger.remove("shopify/1", 1).await.unwrap());
    assert_eq!(ledger.load("shopify/1").await.unwrap(), None);
    assert_eq!(ledger.due(Timestamp::from_secs(9), 5).await.unwrap(), []);
    assert_eq!(ledger.attention(5).await.unwrap(), []);
    assert_eq!(
        ledger.store(&entry).await.unwrap(),
        Stored::Written,
        "it may come again"
    );
}
