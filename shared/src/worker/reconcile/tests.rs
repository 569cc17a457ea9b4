//! Which events `reconcile` understands, and what it answers.

use super::super::fakes::{FakeEngine, FakeLedger, NOW, Standing};
use serde_json::json;

use super::*;
use crate::fulfilment::{Adopt, AuditRequest, By, Close, Outage, Release, Retry, Tally, Tell};
use crate::ledger::Indexed;
use crate::order::OrderKey;

const DEADLINE: Timestamp = Timestamp::from_secs(1_700_000_053);

async fn ask(event: Value) -> Result<Answer, ReconcileError> {
    let engine = FakeEngine::default();
    handle(&engine, &FakeLedger::default(), &Standing(NOW), &event, DEADLINE).await
}

#[test]
fn an_empty_event_and_a_schedules_event_take_up_what_is_due() {
    let scheduled = json!({
        "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.scheduler",
        "account": "123456789012", "time": "2026-01-31T09:30:00Z", "region": "eu-west-1",
        "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/x"], "detail": "{}",
    });
    assert_eq!(Request::parse(&json!({})).unwrap(), Request::Sweep);
    assert_eq!(Request::parse(&scheduled).unwrap(), Request::Sweep);
}

#[test]
fn an_operators_answer_is_read_and_a_misspelt_one_is_not() {
    let tell = json!({ "order": "standard/north/1001", "refunded": { "1": 2 }, "by": "jane", "reason": "by phone" });
    let expected = Tell {
        refunded: Some(std::collections::BTreeMap::from([("1".to_owned(), 2)])),
        by: "jane".to_owned(),
        reason: "by phone".to_owned(),
        ..Tell::default()
    };
    assert_eq!(
        Request::parse(&json!({ "tell": tell })).unwrap(),
        Request::Tell("standard/north/1001".parse().unwrap(), expected)
    );
    for wrong in [
        json!({ "order": "standard/north/1001", "payed": true, "by": "jane" }),
        json!({ "refunded": {}, "by": "jane" }),
        json!({ "order": "standard/north/1001", "refunded": { "1": -1 } }),
    ] {
        assert!(Request::parse(&json!({ "tell": wrong })).is_err(), "{wrong}");
    }
}

#[test]
fn each_command_is_read() {
    let key: OrderKey = "standard/north/1001".parse().unwrap();
    assert_eq!(
        Request::parse(&json!({ "retry": "standard/north/1001" })).unwrap(),
        Request::Retry(key.clone(), Retry::default())
    );
    let retry = json!({ "order": "standard/north/1001", "replace": true, "by": "jane", "reason": "by hand" });
    let who = By {
        by: "jane".to_owned(),
        reason: "by hand".to_owned(),
    };
    let expected = Retry {
        replace: true,
        who: who.clone(),
    };
    assert_eq!(
        Request::parse(&json!({ "retry": retry })).unwrap(),
        Request::Retry(key.clone(), expected)
    );
    let release = json!({ "order": "standard/north/1001", "line": "2" });
    let expected = Release {
        line: Some("2".to_owned()),
        who: By::default(),
    };
    assert_eq!(
        Request::parse(&json!({ "release": release })).unwrap(),
        Request::Release(key.clone(), expected)
    );
    let package = "6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5";
    let adopt = json!({
        "order": "standard/north/1001", "line": "2", "unit": 3, "package": package, "by": "jane", "reason": "by hand",
    });
    let expected = Adopt {
        line: "2".to_owned(),
        unit: 3,
        package: package.parse().unwrap(),
        who: who.clone(),
    };
    assert_eq!(
        Request::parse(&json!({ "adopt": adopt })).unwrap(),
        Request::Adopt(key.clone(), expected)
    );
    assert_eq!(
        Request::parse(&json!({ "show": "standard/north/1001" })).unwrap(),
        Request::Show(key.clone())
    );
    assert_eq!(Request::parse(&json!({ "attention": {} })).unwrap(), Request::Attention);
    assert_eq!(
        Request::parse(&json!({ "release": { "order": "standard/north/1001" } })).unwrap(),
        Request::Release(key.clone(), Release::default())
    );
    let close = json!({ "order": "standard/north/1001", "problem": "0123456789", "by": "jane", "reason": "by hand" });
    let expected = Close {
        problem: "0123456789".parse().unwrap(),
        who,
    };
    assert_eq!(
        Request::parse(&json!({ "close": close })).unwrap(),
        Request::Close(key, expected)
    );
    let since = |text: Option<&str>| {
        Request::Audit(AuditRequest {
            since: text.map(|text| text.parse().unwrap()),
            until: None,
        })
    };
    assert_eq!(Request::parse(&json!({ "audit": {} })).unwrap(), since(None));
    assert_eq!(
        Request::parse(&json!({ "audit": { "since": "2026-01-01T00:00:00Z" } })).unwrap(),
        since(Some("2026-01-01T00:00:00Z"))
    );
}

#[test]
fn what_is_not_understood_is_told_what_would_be() {
    for wrong in [
        json!(null),
        json!([]),
        json!("retry"),
        json!({ "retry": 1001 }),
        json!({ "retry": "1001" }),
        json!({ "retry": "shopify/1", "show": "shopify/1" }),
        json!({ "repeat": "shopify/1" }),
        json!({ "release": "shopify/1" }),
        json!({ "release": { "order": "shopify/1", "lines": ["1"] } }),
        json!({ "retry": { "order": "shopify/1", "replace": "yes" } }),
        json!({ "adopt": { "order": "shopify/1", "line": "1", "unit": 1, "package": "x", "by": "j", "reason": "r" } }),
        json!({ "adopt": { "order": "shopify/1", "line": "1", "unit": 1, "by": "jane", "reason": "by hand" } }),
        json!({ "close": { "order": "shopify/1", "problem": "0123456789", "by": "jane" } }),
        json!({ "close": { "order": "shopify/1", "problem": "all", "by": "jane", "reason": "bought by hand" } }),
        json!({ "close": { "order": "shopify/1", "problem": "0123456789", "by": " ", "reason": "bought by hand" } }),
        json!({ "audit": true }),
        json!({ "audit": { "since": "yesterday" } }),
        json!({ "audit": { "since": 5 } }),
        json!({ "audit": { "before": "2026-01-01T00:00:00Z" } }),
        json!({ "detail-type": "Scheduled Event", "source": "my.own" }),
    ] {
        let error = Request::parse(&wrong).unwrap_err().to_string();
        assert!(error.contains(r#"{"retry": "ORDER-KEY"}"#), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn a_sweep_answers_what_it_did_and_measures_how_things_stand() {
    let engine = FakeEngine::default();
    *engine.sweep.borrow_mut() = Some(Sweep {
        orders: 3,
        settled: 1,
        waiting: 2,
        failed: 0,
        stopped: Some(Outage::WixAway("connection refused".to_owned())),
        left: true,
        oldest_unsettled: Some(Timestamp::from_secs(1_699_998_000)),
        tally: Tally {
            wix_calls: 5,
            ..Tally::default()
        },
    });
    let indexed = |seconds| Indexed {
        key: "shopify/1".to_owned(),
        at: Timestamp::from_secs(seconds),
    };
    let ledger = FakeLedger {
        due: vec![indexed(1_699_999_100)],
        attention: vec![indexed(1_699_000_000), indexed(1_699_000_001)],
    };
    let answer = handle(&engine, &ledger, &Standing(NOW), &json!({}), DEADLINE)
        .await
        .unwrap();
    assert_eq!(answer.body["orders"], 3);
    assert_eq!(answer.body["left"], true);
    assert!(answer.body["stopped"].as_str().unwrap().contains("connection refused"));
    let value = |name| answer.measures.iter().find(|m| m.name == name).map(|m| m.value);
    assert_eq!(value("OrdersDue"), Some(3));
    assert_eq!(value("Outage"), Some(1));
    assert_eq!(value("OrdersInAttention"), Some(2));
    assert_eq!(value("OldestUnsettledSeconds"), Some(2_000));
    assert_eq!(value("WixCalls"), Some(5));
}

#[tokio::test]
async fn a_ledger_that_is_away_fails_the_sweep_so_that_an_alarm_sees_it() {
    let error = ask(json!({})).await.unwrap_err().to_string();
    assert!(error.contains("throttled"), "{error}");
}

#[tokio::test]
async fn a_retry_says_how_far_the_order_came() {
    let answer = ask(json!({ "retry": "shopify/1001" })).await.unwrap();
    assert_eq!(answer.body["progress"], "waiting");
    assert_eq!(answer.body["due_at"], "2023-11-14T22:14:20Z");
}

/// A refused retry would else look like one that went well.
#[tokio::test]
async fn a_retry_that_is_refused_again_says_so_with_code_and_sentence() {
    let answer = ask(json!({ "retry": "shopify/refused" })).await.unwrap();
    assert_eq!(
        (&answer.body["progress"], &answer.body["attention"]),
        (&json!("settled"), &json!(1))
    );
    let problem = &answer.body["problems"][0];
    assert_eq!(problem["code"], "PRODUCT_NOT_FOUND");
    assert_eq!(problem["advice"], "Correct the catalog, then retry the order.");
}

#[tokio::test]
async fn a_verb_for_an_unknown_order_is_an_answer_and_fails_no_invocation() {
    let error = ask(json!({ "retry": "shopify/unknown" })).await.unwrap_err();
    assert!(error.is_answer());
    assert_eq!(error.body()["kind"], "not_found");
    let away = ask(json!({ "retry": "shopify/unstored" })).await.unwrap_err();
    assert!(!away.is_answer(), "a ledger that is away is a failure, and rings");
}

#[tokio::test]
async fn adopting_says_whether_it_is_news_or_why_it_is_refused() {
    let adopt = |unit: u32| {
        let package = "6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5";
        json!({ "adopt": { "order": "shopify/1001", "line": "1", "unit": unit, "package": package, "by": "jane", "reason": "by hand" } })
    };
    assert_eq!(ask(adopt(1)).await.unwrap().body["adopted"], "now");
    assert_eq!(ask(adopt(2)).await.unwrap().body["adopted"], "before");
    let error = ask(adopt(3)).await.unwrap_err();
    assert_eq!((error.is_answer(), error.kind()), (true, "refused"));
}

#[tokio::test]
async fn closing_says_whether_the_problem_is_closed_or_has_moved() {
    let close = |order: &str| json!({ "close": { "order": format!("shopify/{order}"), "problem": "0123456789", "by": "jane", "reason": "by hand" } });
    assert_eq!(ask(close("1001")).await.unwrap().body["closed"], "now");
    assert_eq!(ask(close("closed")).await.unwrap().body["closed"], "before");
    let error = ask(close("moved")).await.unwrap_err().to_string();
    assert!(error.contains("it has changed, look again"), "{error}");
}

#[tokio::test]
async fn pausing_wants_who_and_why_and_says_whether_it_was_so_before() {
    let turn = |verb: &str, reason: &str| json!({ verb: { "by": "jane", "reason": reason } });
    assert_eq!(
        ask(turn("pause", "a storm")).await.unwrap().body,
        json!({ "paused": "now" })
    );
    assert_eq!(
        ask(turn("resume", "again")).await.unwrap().body,
        json!({ "resumed": "before" })
    );
    for wrong in [
        json!({}),
        json!({ "by": "jane", "reason": " " }),
        json!({ "by": "jane", "reason": "x", "until": 5 }),
    ] {
        assert!(ask(json!({ "pause": wrong })).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_release_says_how_far_the_order_came() {
    let answer = ask(json!({ "release": { "order": "shopify/1001" } })).await.unwrap();
    assert_eq!(answer.body["progress"], "settled");
}

#[tokio::test]
async fn show_gives_the_record_or_says_that_there_is_none() {
    let answer = ask(json!({ "show": "shopify/1001" })).await.unwrap();
    assert_eq!(answer.body, json!({ "record": "of 1001" }));
    let error = ask(json!({ "show": "shopify/1002" })).await.unwrap_err().to_string();
    assert!(error.starts_with("there is no order shopify/1002"), "{error}");
}

#[tokio::test]
async fn attention_lists_each_order_with_cause_and_advice() {
    let answer = ask(json!({ "attention": {} })).await.unwrap();
    assert_eq!(
        answer.body,
        json!({
            "orders": [{
                "key": "shopify/1001",
                "since": "2023-11-14T22:13:20Z",
                "items": [{
                    "what": "base package 1",
                    "code": "PRODUCT_NOT_FOUND",
                    "request_id": "r-1",
                    "advice": "Correct the catalog, then retry the order.",
                    "id": "0123456789",
                    "verbs": ["retry"],
                }],
            }],
            "more": false,
            "paused": null,
            "braked": null,
        })
    );
}

#[tokio::test]
async fn an_audit_answers_and_measures_what_it_found() {
    let answer = ask(json!({ "audit": { "since": "2026-01-01T00:00:00Z" } }))
        .await
        .unwrap();
    assert_eq!(answer.body["since"], "2026-01-01T00:00:00Z");
    assert_eq!(
        (&answer.body["packages"], &answer.body["ended"]),
        (&json!(250), &json!(1))
    );
    assert!(answer.body["stopped"].as_str().unwrap().contains("connection refused"));
    let value = |name| answer.measures.iter().find(|m| m.name == name).map(|m| m.value);
    assert_eq!(value("AuditedPackages"), Some(250));
    assert_eq!(value("AuditFindings"), Some(1));
    assert_eq!(value("ForeignPackages"), Some(2));
    assert_eq!(value("Outage"), Some(1));
}
