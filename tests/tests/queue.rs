//! The local queue: it behaves as an SQS standard queue does where the functions can tell.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use reseller_hooks::queue::Depth;
use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::time::Timestamp;
use reseller_hooks_tests::scratch::Scratch;

const VISIBILITY: Duration = Duration::from_secs(360);

fn queue(name: &str) -> (SqliteQueue, Scratch) {
    let scratch = Scratch::new().unwrap();
    let queue = SqliteQueue::open(&scratch.file("queues.db"), name).unwrap();
    (queue, scratch)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

#[tokio::test]
async fn messages_come_oldest_first_and_are_hidden_until_their_visibility_ends() {
    let (queue, _scratch) = queue("order-paid");
    for body in ["one", "two", "three"] {
        queue.send(body).await.unwrap();
    }
    let bodies = |received: &[reseller_hooks::queue::sqlite::Received]| {
        received.iter().map(|message| message.body.clone()).collect::<Vec<_>>()
    };
    let first = queue.receive(2, VISIBILITY, at(1_000)).await.unwrap();
    assert_eq!(bodies(&first), ["one", "two"]);
    assert_eq!(
        bodies(&queue.receive(10, VISIBILITY, at(1_001)).await.unwrap()),
        ["three"]
    );
    assert_eq!(queue.receive(10, VISIBILITY, at(1_359)).await.unwrap(), []);
    assert_eq!(
        queue.depth(at(1_359)).await.unwrap(),
        Depth {
            visible: 0,
            in_flight: 3
        }
    );
    let again = queue.receive(10, VISIBILITY, at(1_360)).await.unwrap();
    assert_eq!(bodies(&again), ["one", "two"]);
    assert_eq!(again[0].receive_count, 2);
    assert_eq!(queue.next_visible_at().await.unwrap(), Some(at(1_361)));
}

#[tokio::test]
async fn a_deleted_message_is_gone_and_an_outdated_receipt_deletes_nothing() {
    let (queue, _scratch) = queue("order-paid");
    queue.send("one").await.unwrap();
    let stale = queue.receive(1, VISIBILITY, at(0)).await.unwrap().remove(0);
    let fresh = queue.receive(1, VISIBILITY, at(360)).await.unwrap().remove(0);
    assert!(!queue.delete(&stale).await.unwrap());
    assert!(!queue.release(&stale, at(361)).await.unwrap());
    assert!(queue.delete(&fresh).await.unwrap());
    assert!(!queue.delete(&fresh).await.unwrap());
    assert_eq!(queue.depth(at(10_000)).await.unwrap(), Depth::default());
}

#[tokio::test]
async fn a_released_message_comes_when_it_is_told_to() {
    let (queue, _scratch) = queue("order-paid");
    queue.send("one").await.unwrap();
    let message = queue.receive(1, VISIBILITY, at(0)).await.unwrap().remove(0);
    assert!(queue.release(&message, at(5)).await.unwrap());
    assert_eq!(queue.receive(1, VISIBILITY, at(4)).await.unwrap(), []);
    assert_eq!(queue.receive(1, VISIBILITY, at(5)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_poison_message_becomes_a_dead_letter_and_can_be_redriven() {
    let (queue, _scratch) = queue("order-paid");
    let queue = queue.with_dead_letters("order-paid-dead", 3);
    let dead = queue.sibling("order-paid-dead");
    queue.send("poison").await.unwrap();
    for receipt in 0..3 {
        let received = queue
            .receive(1, Duration::from_secs(1), at(receipt * 10))
            .await
            .unwrap();
        assert_eq!(received.len(), 1, "receipt {receipt}");
    }
    assert_eq!(queue.receive(1, VISIBILITY, at(100)).await.unwrap(), []);
    assert_eq!(dead.peek(10).await.unwrap(), ["poison"]);
    assert_eq!(dead.move_all("order-paid").await.unwrap(), 1);
    let back = queue.receive(1, VISIBILITY, at(200)).await.unwrap();
    assert_eq!(back[0].receive_count, 1);
}

#[tokio::test]
async fn queues_of_one_file_do_not_mix() {
    let (queue, scratch) = queue("order-paid");
    let other = SqliteQueue::open(&scratch.file("queues.db"), "parked").unwrap();
    queue.send("one").await.unwrap();
    assert_eq!(other.receive(10, VISIBILITY, at(0)).await.unwrap(), []);
    assert_eq!(queue.sibling("parked").depth(at(0)).await.unwrap(), Depth::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_receivers_each_message_goes_to_one() {
    let (queue, scratch) = queue("order-paid");
    for number in 0..100 {
        queue.send(&number.to_string()).await.unwrap();
    }
    let mut receivers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let queue = SqliteQueue::open(&scratch.file("queues.db"), "order-paid").unwrap();
        receivers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let batch = queue.receive(3, VISIBILITY, at(0)).await.unwrap();
                if batch.is_empty() {
                    return mine;
                }
                mine.extend(batch.into_iter().map(|message| message.body));
            }
        });
    }
    let all: Vec<String> = receivers.join_all().await.into_iter().flatten().collect();
    assert_eq!(all.len(), 100);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 100);
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_one_at_it_taken() {
    let (queue, _scratch) = queue("parked");
    queue.send(&"x".repeat(1_000_000)).await.unwrap();
    let error = queue.send(&"x".repeat(1_000_001)).await.unwrap_err();
    assert!(
        matches!(error, QueueError::TooLarge { bytes: 1_000_001, .. }),
        "{error}"
    );
    assert_eq!(queue.depth(at(0)).await.unwrap().visible, 1);
}
