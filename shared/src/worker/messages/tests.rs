//! What people are told, and that they are told it once.

use std::cell::{Cell, RefCell};

use super::super::fakes::{FakeEngine, NOW, Standing};
use super::*;
use crate::fulfilment::record::ProblemId;
use crate::fulfilment::{Attention, AttentionReport, Verb};
use crate::ledger::limit::{Change, Limit, LimitStore, Turned, Window};
use crate::ledger::memory::MemoryLedger;

const MINUTE: Duration = Duration::from_secs(60);

/// A topic that keeps what it was given. It may fail, before or after it took the message.
#[derive(Default)]
struct Kept {
    messages: RefCell<Vec<Message>>,
    fails: Cell<u32>,
    takes_all_the_same: Cell<bool>,
}

impl Topic for Kept {
    async fn publish(&self, message: &Message) -> Result<(), String> {
        let fails = self.fails.get();
        if fails == 0 || self.takes_all_the_same.get() {
            self.messages.borrow_mut().push(message.clone());
        }
        self.fails.set(fails.saturating_sub(1));
        if fails == 0 {
            Ok(())
        } else {
            Err("throttled".to_owned())
        }
    }
}

/// What `reconcile` looks at, and where it tells.
#[derive(Default)]
struct World {
    ledger: MemoryLedger,
    engine: FakeEngine,
    topic: Kept,
}

fn report(order: &str, problems: &[&str]) -> AttentionReport {
    let item = |code: &&str| Attention {
        what: "base package b1".to_owned(),
        code: (*code).to_owned(),
        request_id: Some("r-1".to_owned()),
        advice: "Wix does not know the product: correct the catalog, then retry the order".to_owned(),
        id: ProblemId::of(&[order, code]),
        verbs: vec![Verb::Retry],
    };
    AttentionReport {
        key: order.to_owned(),
        since: NOW,
        items: problems.iter().map(item).collect(),
    }
}

impl World {
    /// These orders need a person from now on, and no others.
    async fn stands(&self, reports: Vec<AttentionReport>) {
        let mut known = self.ledger.entries();
        known.retain(|entry| entry.key.contains('/'));
        for mut entry in known {
            entry.rev += 1;
            entry.attention_since = None;
            self.ledger.store(&entry).await.unwrap();
        }
        for report in &reports {
            let rev = self
                .ledger
                .load(&report.key)
                .await
                .unwrap()
                .map_or(0, |entry| entry.rev);
            let entry = Entry {
                key: report.key.clone(),
                body: String::new(),
                rev: rev + 1,
                write_id: "w".to_owned(),
                due_at: None,
                attention_since: Some(report.since),
            };
            self.ledger.store(&entry).await.unwrap();
        }
        *self.engine.reports.borrow_mut() = Some(reports);
    }

    async fn run(&self, at: Timestamp) -> Vec<Measure> {
        tell(&self.engine, &self.ledger, &Standing(at), &self.topic, false)
            .await
            .unwrap()
    }

    /// Runs once a minute.
    async fn minutes(&self, from: u32, to: u32) {
        for minute in from..to {
            self.run(NOW + MINUTE * minute).await;
        }
    }

    fn subjects(&self) -> Vec<String> {
        self.topic
            .messages
            .borrow()
            .iter()
            .map(|message| message.subject.clone())
            .collect()
    }

    fn text(&self, at: usize) -> String {
        self.topic.messages.borrow()[at].text.clone()
    }
}

#[tokio::test]
async fn a_problem_is_told_once_with_its_command_and_that_it_is_resolved() {
    let world = World::default();
    world.minutes(0, 3).await;
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.stands(vec![report("shopify/1", &["PRODUCT_NOT_FOUND"])]).await;
    world.minutes(3, 60).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new"]);
    let text = world.text(0);
    for said in [
        "shopify/1 · base package b1 · PRODUCT_NOT_FOUND",
        "Wix does not know the product: correct the catalog, then retry the order",
        "Wix's request ID: r-1",
        "  reseller order retry shopify/1\n",
    ] {
        assert!(text.contains(said), "{text}");
    }
    world.stands(Vec::new()).await;
    world.minutes(60, 120).await;
    assert_eq!(
        world.subjects(),
        ["reseller-hooks: 1 new", "reseller-hooks: 1 resolved"]
    );
    assert!(world.text(1).contains("resolved: shopify/1 · PRODUCT_NOT_FOUND"));
}

#[tokio::test]
async fn what_comes_within_a_quarter_of_an_hour_is_collected() {
    let world = World::default();
    world.stands(vec![report("shopify/1", &["A"])]).await;
    world.minutes(0, 2).await;
    let more = vec![
        report("shopify/1", &["A"]),
        report("shopify/2", &["B", "C"]),
        report("shopify/3", &["D"]),
    ];
    world.stands(more).await;
    world.minutes(2, 15).await;
    assert_eq!(world.subjects().len(), 1);
    world.minutes(15, 16).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new", "reseller-hooks: 3 new"]);
}

/// It moves no index: the order needed a person before.
#[tokio::test]
async fn a_second_problem_of_an_order_is_told_too() {
    let world = World::default();
    world.stands(vec![report("shopify/1", &["A"])]).await;
    world.minutes(0, 40).await;
    *world.engine.reports.borrow_mut() = Some(vec![report("shopify/1", &["A", "B"])]);
    world.minutes(40, 60).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new", "reseller-hooks: 1 new"]);
    assert!(world.text(1).contains("· B"));
}

#[tokio::test]
async fn a_topic_that_is_away_gets_the_same_message_later() {
    let world = World::default();
    world.topic.fails.set(2);
    world.stands(vec![report("shopify/1", &["A"])]).await;
    let unsent = world.run(NOW).await;
    assert_eq!((unsent[0].name, unsent[0].value), ("MessagesUnsent", 1));
    // Another run that began it may still be at it.
    assert_eq!(world.run(NOW + MINUTE).await, Vec::new());
    world.minutes(2, 30).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new"]);
}

#[tokio::test]
async fn a_thousand_problems_are_counted_and_not_all_spelt_out() {
    let world = World::default();
    let reports: Vec<_> = (0..900)
        .map(|order| report(&format!("shopify/{order}"), &["A"]))
        .collect();
    world.stands(reports).await;
    world.minutes(0, 40).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 500 new"]);
    let text = world.text(0);
    assert!(text.contains("and 880 more problems\n  reseller attention"), "{text}");
    assert!(text.len() < 10_000, "{}", text.len());
    let item = world.ledger.load(KEY).await.unwrap().unwrap();
    assert!(item.body.len() < 60_000, "{}", item.body.len());
}

fn orders(from: usize, to: usize) -> Vec<AttentionReport> {
    (from..to)
        .map(|order| report(&format!("shopify/{order:05}"), &["A"]))
        .collect()
}

#[tokio::test]
async fn a_flood_that_grows_is_told_when_it_has_doubled() {
    let world = World::default();
    world.stands(orders(0, 510)).await;
    world.minutes(0, 20).await;
    // Ten were counted beside the 500: three more are no news, and eleven more are.
    world.stands(orders(0, 513)).await;
    world.minutes(20, 60).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 500 new"]);
    world.stands(orders(0, 521)).await;
    world.minutes(60, 120).await;
    assert_eq!(world.subjects()[1..], ["reseller-hooks: 21 more"]);
    assert!(world.text(1).contains("and 21 more problems"), "{}", world.text(1));
}

/// A problem that moved behind those that are read is still there: a person who hears of it as resolved looks no more.
#[tokio::test]
async fn what_stands_behind_the_first_thousand_is_not_resolved() {
    let world = World::default();
    world.stands(orders(10, 20)).await;
    world.minutes(0, 2).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 10 new"]);
    world.stands(orders(20, 1_020)).await;
    world.minutes(2, 60).await;
    assert_eq!(world.subjects()[1..], ["reseller-hooks: 490 new"]);
    // And when all are read again, it is known what is gone.
    world.stands(orders(15, 20)).await;
    world.minutes(60, 120).await;
    assert_eq!(world.subjects()[2..], ["reseller-hooks: 495 resolved"]);
}

/// Money: nothing is bought meanwhile.
#[tokio::test]
async fn a_pause_that_somebody_forgot_is_told_after_two_hours() {
    let world = World::default();
    let turned = Turned {
        by: "jane".to_owned(),
        reason: "a storm".to_owned(),
        at: NOW,
    };
    let item = Limit {
        paused: Some(turned),
        ..Limit::new("", 14, Window::of(NOW))
    };
    let change = Change::Put {
        seen: None,
        item: Box::new(item.clone()),
    };
    world.ledger.change_limit(&change).await.unwrap();
    world.minutes(0, 120).await;
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.minutes(120, 180).await;
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new"]);
    assert!(world.text(0).contains("paused by jane"), "{}", world.text(0));
    assert!(world.text(0).contains("reseller resume --reason WHY"));
    let resumed = Change::Put {
        seen: Some(1),
        item: Box::new(Limit {
            rev: 2,
            paused: None,
            ..item
        }),
    };
    world.ledger.change_limit(&resumed).await.unwrap();
    world.minutes(180, 200).await;
    assert_eq!(world.subjects()[1..], ["reseller-hooks: 1 resolved"]);
}

#[tokio::test]
async fn the_deployments_own_pause_is_told_likewise() {
    let world = World::default();
    for minute in 0..150 {
        let at = Standing(NOW + MINUTE * minute);
        tell(&world.engine, &world.ledger, &at, &world.topic, true)
            .await
            .unwrap();
    }
    assert_eq!(world.subjects(), ["reseller-hooks: 1 new"]);
    assert!(world.text(0).contains("Paused=true"), "{}", world.text(0));
}

#[tokio::test]
async fn an_audit_that_never_ends_and_what_one_found_are_told() {
    let world = World::default();
    world.minutes(0, 1).await;
    let days = |days: u32| NOW + MINUTE * 1_440 * days;
    world.run(days(4)).await;
    assert!(
        world.text(0).contains("the audit has not come to its end yet"),
        "{}",
        world.text(0)
    );
    let found = serde_json::json!({ "finished": days(4), "found": { "foreign": 2, "unclaimed": 1 }, "so_far": {} });
    let entry = Entry {
        key: "audit".to_owned(),
        body: found.to_string(),
        rev: 1,
        write_id: "w".to_owned(),
        due_at: None,
        attention_since: None,
    };
    world.ledger.store(&entry).await.unwrap();
    world.run(days(5)).await;
    let text = world.text(1);
    assert!(text.contains("2 that nobody here bought"), "{text}");
    assert!(text.contains("over: the audit has not come to its end yet"), "{text}");
    world.run(days(6)).await;
    assert_eq!(world.subjects().len(), 2);
}

/// The topic may have taken it: the answer was lost.
#[tokio::test]
async fn a_message_of_which_nobody_knows_whether_it_left_is_sent_again() {
    let world = World::default();
    world.topic.fails.set(1);
    world.topic.takes_all_the_same.set(true);
    world.stands(vec![report("shopify/1", &["A"])]).await;
    world.minutes(0, 40).await;
    let messages = world.topic.messages.borrow();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0], messages[1]);
}

/// Two runs at the same time: the claim is conditional.
#[tokio::test]
async fn of_two_runs_one_tells() {
    let world = World::default();
    world.stands(vec![report("shopify/1", &["A"])]).await;
    let stale = world.ledger.load(KEY).await.unwrap();
    world.run(NOW).await;
    let mut late = Item::read(stale.as_ref(), NOW);
    let waiting = Waiting {
        at: NOW,
        message: world.topic.messages.borrow()[0].clone(),
    };
    send(&mut late, waiting, &world.ledger, &Standing(NOW), &world.topic)
        .await
        .unwrap();
    assert_eq!(world.subjects().len(), 1);
}
