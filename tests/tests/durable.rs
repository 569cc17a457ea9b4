//! What the local ledger and the local queue acknowledged outlives every death: a process that writes is killed with
//! SIGKILL at moments that follow from what it has said by then, hundreds of times, and the file is opened again and
//! read by another one.
//!
//! SIGKILL takes a process and not the machine: what these tests show is that no acknowledgement comes before the
//! commit, that half a write is none, and that the next opener recovers. That a commit waits for the disk is SQLite's
//! `synchronous=FULL`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::sqlite::SqliteLedger;
use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::Timestamp;
use reseller_hooks_tests::durable::{QUEUE, Writer, entry, keys, message};
use reseller_hooks_tests::scratch::Scratch;
use reseller_hooks_tests::sim::Rng;

const PROGRAM: &str = env!("CARGO_BIN_EXE_durable_writer");

/// How often each kind of writer is killed.
const LIVES: u64 = 120;

/// An order, as far as its writer was answered.
#[derive(Debug, Default, Clone, Copy)]
struct Order {
    rev: u64,
    /// How often its writer was killed since, each time perhaps in a write that nobody was told of. Such a write may
    /// show late: where another process has the file open, only the next one to open it alone finds it in the log.
    deaths: u64,
}

/// The orders, as they were acknowledged.
#[derive(Debug, Default)]
struct Acknowledged(BTreeMap<String, Order>);

impl Acknowledged {
    /// Each order's revisions follow each other without a gap, but for the one write that each death may hide.
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["written", key, rev] = words.as_slice() {
            let order = self.0.entry((*key).to_owned()).or_default();
            let rev: u64 = rev.parse().unwrap();
            assert!(order.may_be(rev - 1), "{key}: {rev} after {order:?}");
            *order = Order { rev, deaths: 0 };
        }
    }

    /// Its last words, and what they leave open.
    fn killed(&mut self, writer: &str, lines: &[String]) {
        for line in lines {
            self.hear(line);
        }
        for key in keys(writer) {
            self.0.entry(key).or_default().deaths += 1;
        }
    }

    /// The file has every order as it was acknowledged last, or one revision on, and whole.
    async fn verify(&self, file: &Path, writer: &str) {
        let ledger = SqliteLedger::open(file).unwrap();
        for key in keys(writer) {
            let order = self.0.get(&key).copied().unwrap_or_default();
            let found = ledger.load(&key).await.unwrap();
            let rev = found.as_ref().map_or(0, |entry| entry.rev);
            assert!(
                order.may_be(rev),
                "{key}: {rev} is there where {order:?} was acknowledged"
            );
            assert_eq!(found, (rev > 0).then(|| entry(&key, rev)));
        }
    }

    fn writes(&self) -> u64 {
        self.0.values().map(|order| order.rev).sum()
    }
}

impl Order {
    fn may_be(self, rev: u64) -> bool {
        (self.rev..=self.rev + self.deaths).contains(&rev)
    }
}

#[tokio::test]
async fn every_acknowledged_write_of_the_ledger_outlives_its_killed_writer() {
    let scratch = Scratch::new().unwrap();
    let file = scratch.file("ledger.db");
    let mut chance = Rng::new(9);
    let mut acknowledged = Acknowledged::default();
    for _ in 0..LIVES {
        // Two at a time: one has the file open while the other dies, perhaps with the lock in its hands.
        let mut first = Writer::start(PROGRAM, &["orders", "a"], &file);
        let mut second = Writer::start(PROGRAM, &["orders", "b"], &file);
        assert_eq!(second.hear(), "started");
        assert_eq!(second.hear(), "open");
        first.allow(1_000);
        for _ in 0..=chance.below(16) {
            acknowledged.hear(&first.hear());
        }
        acknowledged.killed("a", &first.kill());
        acknowledged.verify(&file, "a").await;
        second.allow(1_000);
        for _ in 0..=chance.below(8) {
            acknowledged.hear(&second.hear());
        }
        acknowledged.killed("b", &second.kill());
        acknowledged.verify(&file, "a").await;
        acknowledged.verify(&file, "b").await;
    }
    let written = acknowledged.writes();
    assert!(
        written > LIVES,
        "{written} writes only: the writers were killed before they wrote"
    );
}

/// How far the making of a file has come.
#[derive(Debug, Clone, Copy)]
enum Made {
    Nothing,
    File,
    SomeBytes,
    /// The write-ahead log has so many bytes: the tables come through it.
    Log(u64),
}

impl Made {
    fn is_reached(self, file: &Path) -> bool {
        match self {
            Self::Nothing => true,
            Self::File => file.exists(),
            Self::SomeBytes => file.metadata().is_ok_and(|of| of.len() > 0),
            Self::Log(bytes) => file
                .with_extension("db-wal")
                .metadata()
                .is_ok_and(|of| of.len() >= bytes),
        }
    }
}

#[tokio::test]
async fn a_file_whose_maker_was_killed_is_made_by_the_next_one() {
    let logs = (0..8).map(|pages| Made::Log(pages * 4_096));
    let stages: Vec<Made> = [Made::Nothing, Made::File, Made::SomeBytes]
        .into_iter()
        .chain(logs)
        .collect();
    for made in stages.repeat(4) {
        let scratch = Scratch::new().unwrap();
        let file = scratch.file("ledger.db");
        let mut writer = Writer::start(PROGRAM, &["orders", "a"], &file);
        writer.allow(1_000);
        assert_eq!(writer.hear(), "started");
        while !made.is_reached(&file) {
            std::thread::yield_now();
        }
        let mut acknowledged = Acknowledged::default();
        acknowledged.killed("a", &writer.kill());
        acknowledged.verify(&file, "a").await;
        let mut next = Writer::start(PROGRAM, &["orders", "a"], &file);
        next.allow(1_000);
        while acknowledged.writes() < 6 {
            acknowledged.hear(&next.hear());
        }
        next.kill();
    }
}

/// What is known of a message. Of one that is being sent or deleted when its process is killed nobody is told, so that
/// both are right, also later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Sending,
    There,
    Deleting,
    Gone,
}

/// All messages there ever were.
#[derive(Debug, Default)]
struct Messages(BTreeMap<String, Message>);

impl Messages {
    fn hear(&mut self, line: &str) {
        let Some((said, id)) = line.split_once(' ') else {
            return;
        };
        use Message::{Deleting, Gone, Sending, There};
        let before = self.0.get(id).copied();
        let (fits, now) = match said {
            "sending" => (before.is_none(), Sending),
            "sent" => (before == Some(Sending), There),
            "deleting" => (matches!(before, Some(Sending | There | Deleting)), Deleting),
            "deleted" => (before == Some(Deleting), Gone),
            other => panic!("{other} is not a word of the writer"),
        };
        assert!(fits, "{line}, where it was {before:?}");
        self.0.insert(id.to_owned(), now);
    }

    /// The bodies that are in the queue: each once and whole, all that were acknowledged and none that was deleted.
    fn verify(&self, bodies: &[String]) {
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        for body in bodies {
            let id = body.split(' ').next().unwrap();
            assert_eq!(*body, message(id));
            assert_eq!(found.insert(id, body), None, "{id} is there twice");
            assert!(self.0.contains_key(id), "{id} was never sent");
        }
        for (id, known) in &self.0 {
            let is_there = found.contains_key(id.as_str());
            match known {
                Message::There => assert!(is_there, "{id} was acknowledged and is gone"),
                Message::Gone => assert!(!is_there, "{id} was deleted and is there again"),
                Message::Sending | Message::Deleting => {}
            }
        }
    }
}

#[tokio::test]
async fn every_acknowledged_message_outlives_its_killed_sender_and_comes_once() {
    let scratch = Scratch::new().unwrap();
    let file = scratch.file("queues.db");
    let mut chance = Rng::new(10);
    let mut messages = Messages::default();
    for life in 0..LIVES {
        // Each life is an hour later, when all that the last one had received can be received again.
        let now = (3_600_000 * life).to_string();
        let mut writer = Writer::start(PROGRAM, &["messages", &life.to_string(), &now], &file);
        writer.allow(1_000);
        for _ in 0..=chance.below(30) {
            let line = writer.hear();
            if line.contains(' ') {
                messages.hear(&line);
            }
        }
        for line in writer.kill() {
            messages.hear(&line);
        }
        let queue = SqliteQueue::open(&file, QUEUE).unwrap();
        messages.verify(&queue.peek(usize::MAX).await.unwrap());
    }
    assert!(messages.0.values().filter(|known| **known == Message::Gone).count() > 100);

    let queue = SqliteQueue::open(&file, QUEUE).unwrap();
    let later = Timestamp::from_millis(i64::try_from(3_600_000 * LIVES).unwrap());
    let received = queue.receive(usize::MAX, Duration::from_secs(1), later).await.unwrap();
    let bodies: Vec<String> = received.into_iter().map(|message| message.body).collect();
    messages.verify(&bodies);
}
