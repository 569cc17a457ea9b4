//! What becomes of the messages of a batch, whatever one of them does.

use serde_json::json;

use super::super::fakes::{FakeEngine, NOW, Standing};
use super::*;

const DEADLINE: Timestamp = Timestamp::from_secs(1_700_000_058);

fn event(order: &str, delivery: &str) -> String {
    json!({
        "schema": 2,
        "key": format!("shopify/{order}"),
        "delivery": delivery,
        "received_at": "2023-11-14T22:13:20Z",
        "says": { "refund": { "id": "7", "state": "succeeded", "lines": { "1": 1 } } },
    })
    .to_string()
}

/// A batch as SQS sends it: message IDs are `m0`, `m1`, … in the order of the bodies.
fn batch(bodies: &[String]) -> SqsEvent {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(at, body)| json!({ "messageId": format!("m{at}"), "body": body, "eventSource": "aws:sqs" }))
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

async fn run(bodies: &[String]) -> (Report, FakeEngine) {
    let engine = FakeEngine::default();
    let report = handle(&engine, &Standing(NOW), batch(bodies), DEADLINE).await;
    (report, engine)
}

#[tokio::test]
async fn a_batch_that_goes_well_sends_nothing_back() {
    let (report, _) = run(&[event("1", "a"), event("2", "b")]).await;
    assert_eq!(report.failed, Vec::<String>::new());
    assert_eq!((report.events, report.settled), (2, 2));
    assert_eq!(
        serde_json::to_string(&report.response()).unwrap(),
        r#"{"batchItemFailures":[]}"#
    );
}

#[tokio::test]
async fn a_panic_in_one_record_sends_back_only_that_one() {
    let (report, engine) = run(&[event("1", "a"), event("panics", "b"), event("3", "c")]).await;
    assert_eq!(
        serde_json::to_string(&report.response()).unwrap(),
        r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#
    );
    let mut ended = engine.ended.take();
    ended.sort();
    assert_eq!(ended, ["1#a", "3#c"]);
}

#[tokio::test]
async fn a_panic_does_not_keep_the_next_message_of_the_same_order_from_being_merged() {
    let (report, engine) = run(&[event("panics", "a"), event("panics", "b")]).await;
    assert_eq!(*engine.began.borrow(), ["panics#a", "panics#b"]);
    assert_eq!(report.failed, ["m0", "m1"]);
}

#[tokio::test]
async fn poison_goes_back_and_the_rest_is_worked_on() {
    let bodies = [
        "{".to_owned(),
        r#"{"schema":9,"anything":true}"#.to_owned(),
        String::new(),
        event("4", "d"),
    ];
    let (report, engine) = run(&bodies).await;
    assert_eq!(report.failed, ["m0", "m1", "m2"]);
    assert_eq!(*engine.ended.borrow(), ["4#d"]);
}

#[tokio::test]
async fn an_event_that_was_not_stored_goes_back() {
    let (report, _) = run(&[event("unstored", "a"), event("2", "b")]).await;
    assert_eq!(report.failed, ["m0"]);
    assert_eq!(report.settled, 1);
}

#[tokio::test]
async fn what_waits_or_is_stopped_is_consumed_because_the_record_is_due_by_itself() {
    let (report, _) = run(&[event("waits", "a"), event("busy", "b"), event("keyless", "c")]).await;
    assert_eq!(report.failed, Vec::<String>::new());
    assert_eq!((report.settled, report.waiting), (0, 3));
    assert_eq!(report.stopped, Some(Outage::ApiKey("HTTP 401".to_owned())));
}

#[tokio::test]
async fn records_that_cannot_be_begun_before_the_deadline_go_back_untouched() {
    let engine = FakeEngine::default();
    let bodies = [event("1", "a"), event("2", "b")];
    let late = Standing(Timestamp::from_secs(1_700_000_055));
    let report = handle(&engine, &late, batch(&bodies), DEADLINE).await;
    let mut failed = report.failed;
    failed.sort();
    assert_eq!(failed, ["m0", "m1"]);
    assert_eq!(*engine.began.borrow(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_never_ends_is_given_up_after_the_deadline_and_the_rest_is_answered_for() {
    let (report, engine) = run(&[event("hangs", "a"), event("2", "b")]).await;
    assert_eq!(report.failed, ["m0"]);
    assert_eq!(*engine.ended.borrow(), ["2#b"]);
}

#[tokio::test]
async fn messages_of_one_order_are_worked_on_in_turn_and_in_their_order() {
    let (report, engine) = run(&[event("1", "a"), event("1", "b"), event("1", "c")]).await;
    assert_eq!(*engine.ended.borrow(), ["1#a", "1#b", "1#c"]);
    assert_eq!(engine.most_at_a_time.get(), 1);
    assert_eq!(report.settled, 3);
}

#[tokio::test]
async fn orders_are_worked_on_together_but_four_at_a_time() {
    let bodies: Vec<String> = (0..10).map(|at| event(&at.to_string(), "a")).collect();
    let (report, engine) = run(&bodies).await;
    assert_eq!(engine.most_at_a_time.get(), 4);
    assert_eq!(report.settled, 10);
}

#[tokio::test]
async fn the_metrics_of_a_batch_are_its_sums() {
    let (report, _) = run(&[event("1", "a"), event("waits", "b"), event("panics", "c")]).await;
    let measures: Vec<(&str, u64)> = report.measures().iter().map(|m| (m.name, m.value)).collect();
    assert_eq!(
        measures,
        [
            ("Events", 3),
            ("EventsFailed", 1),
            ("OrdersSettled", 1),
            ("OrdersWaiting", 1),
            ("WixCalls", 4),
            ("LedgerReads", 0),
            ("LedgerWrites", 6),
            ("PackagesCreated", 4),
            ("AttentionRaised", 0),
            ("UnclearCreates", 0),
            ("Outage", 0),
            ("Paused", 0),
        ]
    );
}

#[tokio::test]
async fn a_pause_is_shown_but_is_no_open_circuit() {
    let (paused, _) = run(&[event("paused", "a")]).await;
    let (keyless, _) = run(&[event("keyless", "a")]).await;
    let value = |report: &Report, name| report.measures().iter().find(|m| m.name == name).map(|m| m.value);
    assert_eq!((value(&paused, "Outage"), value(&paused, "Paused")), (Some(0), Some(1)));
    assert_eq!(
        (value(&keyless, "Outage"), value(&keyless, "Paused")),
        (Some(1), Some(0))
    );
}
