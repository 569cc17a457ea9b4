//! A process that writes into SQLite, says what it was answered, and is killed while it does: its side, what it writes,
//! and the handle by which a test kills it.
//!
//! A line on its standard output is an acknowledgement. Lines leave one at a time and whole, so that the test reads
//! all that was said before the end and nothing that was not.
#![expect(
    clippy::unwrap_used,
    reason = "run by tests only: what cannot go on there shall say so and stop"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use reseller_hooks::ledger::sqlite::SqliteLedger;
use reseller_hooks::ledger::{Entry, Ledger, Stored};
use reseller_hooks::queue::Queue;
use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::Timestamp;

/// The queue of these tests.
pub const QUEUE: &str = "order-paid";

/// How many orders one process writes in turn.
const ORDERS: u32 = 3;

/// The orders of a process.
pub fn keys(writer: &str) -> impl Iterator<Item = String> {
    (1..=ORDERS).map(move |number| format!("shopify/{writer}{number}"))
}

/// A revision of an order. Its body says which it is, and is from some bytes to more than a page of the file long.
pub fn entry(key: &str, rev: u64) -> Entry {
    let at = |of: u64| {
        rev.is_multiple_of(of)
            .then(|| Timestamp::from_secs(1_700_000_000 + i64::try_from(rev).unwrap()))
    };
    Entry {
        key: key.to_owned(),
        body: body(&format!("{key} {rev}"), rev),
        rev,
        write_id: format!("{key}-{rev}"),
        due_at: at(2),
        attention_since: at(3),
    }
}

/// A message. As with [`entry`], half of one is none.
pub fn message(id: &str) -> String {
    let number: u64 = id.bytes().map(u64::from).sum();
    body(id, number)
}

fn body(name: &str, number: u64) -> String {
    let times = match number % 7 {
        0 => 900,
        1..=3 => 40,
        _ => 1,
    };
    format!("{name} {}end", name.repeat(times))
}

/// Writes revision after revision until it is killed.
pub async fn write_orders(file: &Path, writer: &str) {
    println!("started");
    let ledger = SqliteLedger::open(file).unwrap();
    println!("open");
    let mut orders = Vec::new();
    for key in keys(writer) {
        let rev = ledger.load(&key).await.unwrap().map_or(0, |entry| entry.rev);
        orders.push((key, rev));
    }
    loop {
        for (key, rev) in &mut orders {
            wait_for_leave();
            *rev += 1;
            let stored = ledger.store(&entry(key, *rev)).await.unwrap();
            assert_eq!(stored, Stored::Written, "{key} {rev}: somebody else wrote it");
            println!("written {key} {rev}");
        }
    }
}

/// Sends, receives and deletes until it is killed. What it is about to do it says too: of that alone nobody knows
/// afterwards whether it was done.
pub async fn move_messages(file: &Path, life: &str, now: Timestamp) {
    println!("started");
    let queue = SqliteQueue::open(file, QUEUE).unwrap();
    println!("open");
    let mut number = 0;
    loop {
        wait_for_leave();
        // One more than is taken out, so that there is something in the queue at every death.
        let more = if number == 0 { 3 } else { 2 };
        for _ in 0..more {
            number += 1;
            let id = format!("{life}-{number}");
            println!("sending {id}");
            queue.send(&message(&id)).await.unwrap();
            println!("sent {id}");
        }
        for received in queue.receive(2, Duration::from_secs(60), now).await.unwrap() {
            let id = received.body.split(' ').next().unwrap();
            println!("deleting {id}");
            assert!(queue.delete(&received).await.unwrap(), "{id} was somebody else's");
            println!("deleted {id}");
        }
    }
}

/// One byte on standard input is the leave for one step.
fn wait_for_leave() {
    std::io::stdin().read_exact(&mut [0]).unwrap();
}

/// A writer under way.
#[derive(Debug)]
pub struct Writer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Writer {
    /// Starts the program with these arguments.
    pub fn start(program: &str, arguments: &[&str], file: &Path) -> Self {
        let mut command = Command::new(program);
        let mut child = command
            .args(arguments)
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Lets it do so many steps more.
    pub fn allow(&mut self, steps: usize) {
        let leave = self.child.stdin.as_mut().unwrap();
        leave.write_all(&vec![b'.'; steps]).unwrap();
    }

    /// Its next line, without the end. It must not have ended.
    pub fn hear(&mut self) -> String {
        let line = self.next();
        line.expect("the writer ended by itself; what it said is on standard error")
    }

    /// Kills it with SIGKILL, and answers what it had said by then.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next()).collect()
    }

    /// A line without an end was not said: the writer was killed in it.
    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }
}
