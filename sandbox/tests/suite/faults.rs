//! Faults: what each does to the call, to the packages and to the log.

use serde_json::json;
use wix_sandbox::{Config, Effect, Failure, FaultRule, Operation, Status};

use super::*;

/// Strikes one create with `effect`; gives the answer, how many packages there are, and what the log says was committed and
/// delivered.
fn strike(effect: Effect) -> (Reply, usize, bool, bool) {
    let mut world = World::default();
    world.wix.add_fault(FaultRule::new(effect));
    let reply = world.raw(
        MAIN,
        "POST",
        "/resellers/v2/packages",
        &order("a", vec![plan()]).to_string(),
    );
    let call = world.wix.calls().last().unwrap().clone();
    (reply, world.wix.packages().count(), call.committed, call.delivered)
}

#[test]
fn each_fault_commits_or_not_and_delivers_or_not() {
    let code = |code: &str| Some(code.to_owned());
    let cases = [
        (Effect::LoseAnswer, 200, Fate::Close, 1, false),
        (Effect::DropBefore, 502, Fate::Close, 0, false),
        (
            Effect::ErrorBefore {
                status: 500,
                code: None,
            },
            500,
            Fate::Deliver,
            0,
            true,
        ),
        (
            Effect::ErrorBefore {
                status: 500,
                code: code("INTERNAL"),
            },
            500,
            Fate::Deliver,
            0,
            true,
        ),
        (
            Effect::ErrorAfter {
                status: 504,
                code: None,
            },
            504,
            Fate::Deliver,
            1,
            true,
        ),
        (
            Effect::Stall {
                ms: 20_000,
                commit: true,
            },
            200,
            Fate::Stall { ms: 20_000 },
            1,
            true,
        ),
        (
            Effect::Stall {
                ms: 20_000,
                commit: false,
            },
            504,
            Fate::Stall { ms: 20_000 },
            0,
            true,
        ),
        (
            Effect::Truncate { bytes: Some(10) },
            200,
            Fate::Truncate { bytes: 10 },
            1,
            false,
        ),
        (
            Effect::Html {
                status: 502,
                commit: false,
            },
            502,
            Fate::Deliver,
            0,
            true,
        ),
        (
            Effect::Html {
                status: 200,
                commit: true,
            },
            200,
            Fate::Deliver,
            1,
            true,
        ),
        (
            Effect::EmptyBody {
                status: 403,
                commit: false,
            },
            403,
            Fate::Deliver,
            0,
            true,
        ),
        (
            Effect::EmptyBody {
                status: 200,
                commit: true,
            },
            200,
            Fate::Deliver,
            1,
            true,
        ),
        (Effect::Throttle { retry_after: Some(7) }, 429, Fate::Deliver, 0, true),
        (
            Effect::RejectCode {
                code: "PRODUCT_LIMIT_EXCEEDED".to_owned(),
            },
            428,
            Fate::Deliver,
            0,
            true,
        ),
        (
            Effect::RejectCode {
                code: "SITE_NOT_FOUND".to_owned(),
            },
            404,
            Fate::Deliver,
            0,
            true,
        ),
        (Effect::WrongAccountInAnswer, 200, Fate::Deliver, 1, true),
        (Effect::CutJson, 200, Fate::Deliver, 1, true),
    ];
    for (effect, status, fate, packages, delivered) in cases {
        let (reply, made, committed, arrived) = strike(effect.clone());
        assert_eq!(reply.status, status, "{effect:?}");
        assert_eq!(reply.fate, fate, "{effect:?}");
        assert_eq!(made, packages, "{effect:?}");
        assert_eq!(committed, packages == 1, "{effect:?}");
        assert_eq!(arrived, delivered, "{effect:?}");
        assert!(reply.header_value("x-wix-request-id").is_some(), "{effect:?}");
    }
}

#[test]
fn bodies_are_spoiled_as_said() {
    let (html, ..) = strike(Effect::Html {
        status: 502,
        commit: false,
    });
    assert!(html.body.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(html.header_value("content-type"), Some("text/html"));
    let (empty, ..) = strike(Effect::EmptyBody {
        status: 403,
        commit: false,
    });
    assert_eq!(empty.body, b"");
    let (system, ..) = strike(Effect::ErrorBefore {
        status: 500,
        code: None,
    });
    assert_eq!(
        serde_json::from_slice::<Value>(&system.body).unwrap(),
        json!({"message": "", "details": {}})
    );
    let (cut, ..) = strike(Effect::CutJson);
    assert!(cut.body.starts_with(b"{\"package\"") && serde_json::from_slice::<Value>(&cut.body).is_err());
    let (wrong, ..) = strike(Effect::WrongAccountInAnswer);
    let wrong: Value = serde_json::from_slice(&wrong.body).unwrap();
    assert_eq!(wrong["package"]["accountId"], "deaddead-dead-4ead-8ead-deaddeaddead");
    let (throttled, ..) = strike(Effect::Throttle { retry_after: Some(7) });
    assert_eq!(throttled.header_value("retry-after"), Some("7"));
}

#[test]
fn a_truncated_answer_is_cut_in_the_middle_where_nothing_else_is_said() {
    let (reply, ..) = strike(Effect::Truncate { bytes: None });
    let half = reply.body.len() / 2;
    assert_eq!(reply.fate, Fate::Truncate { bytes: half });
    assert!(half > 100);
}

#[test]
fn a_late_request_is_done_after_its_connection_was_closed() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule::new(Effect::Late { ms: 5_000 }));
    assert_eq!(world.buy("a", plan()).fate, Fate::Close);
    world.now += 4_999;
    assert_eq!(world.query(json!({})).found().len(), 0);
    world.now += 1;
    assert_eq!(world.query(json!({})).found(), ["a"]);
    assert_eq!(world.wix.packages().next().unwrap().created_ms, NOON + 5_000);
    let late: Vec<_> = world.wix.calls().filter(|call| call.fault == Some("late")).collect();
    assert_eq!(
        late.iter().map(|call| call.committed).collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn a_late_request_whose_retry_came_first_is_answered_from_the_key() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule::new(Effect::Late { ms: 5_000 }));
    world.buy("a", plan());
    assert_eq!(world.buy("a", plan()).status, 200);
    world.wix.advance(NOON + 5_000);
    assert_eq!(world.wix.packages().count(), 1);
}

#[test]
fn new_instances_get_the_status_that_is_asked_for() {
    let mut world = World::default();
    let failure = Failure {
        code: "EXTERNAL_FAILURE".to_owned(),
        message: String::new(),
    };
    world.wix.add_fault(FaultRule::new(Effect::NewInstances {
        status: Status::Failed,
        failure: Some(failure.clone()),
        after_ms: 3_000,
    }));
    let got = world.buy("later", plan());
    assert_eq!(got.package()["productInstances"][0]["status"], "PENDING");
    world.now += 3_000;
    let got = world.get(&got.id());
    assert_eq!(got.package()["productInstances"][0]["status"], "FAILED");
    assert_eq!(
        got.package()["productInstances"][0]["failure"]["code"],
        "EXTERNAL_FAILURE"
    );
    world.wix.add_fault(FaultRule::new(Effect::NewInstances {
        status: Status::Other("ON_HOLD".to_owned()),
        failure: None,
        after_ms: 0,
    }));
    let got = world.buy("now", plan());
    assert_eq!(got.package()["productInstances"][0]["status"], "ON_HOLD");
}

#[test]
fn a_rule_picks_by_operation_account_and_external_id() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule {
        operation: Some(Operation::CreatePackage),
        account: Some(SUB.parse().unwrap()),
        external_id_contains: Some("bad".to_owned()),
        ..FaultRule::new(Effect::DropBefore)
    });
    assert_eq!(
        world.query(json!({"filter": {"externalId": "bad"}})).fate,
        Fate::Deliver
    );
    assert_eq!(world.buy("bad-1", plan()).fate, Fate::Deliver);
    let mut as_sub = |name: &str| {
        let body = order(name, vec![plan()]);
        world.call_as(SUB, "POST", "/resellers/v2/packages", &body).fate
    };
    assert_eq!(as_sub("good"), Fate::Deliver);
    assert_eq!(as_sub("bad-2"), Fate::Close);
    assert_eq!(as_sub("bad-3"), Fate::Deliver);
}

#[test]
fn a_rule_finds_the_external_id_behind_every_operation() {
    let mut world = World::default();
    let got = world.buy("needle", on(SITE, plan()));
    let (id, instance) = (got.id(), got.instance_id(0));
    world.wix.add_fault(FaultRule {
        external_id_contains: Some("needle".to_owned()),
        times: u32::MAX,
        ..FaultRule::new(Effect::DropBefore)
    });
    let base = "/resellers/v1/packages";
    for (method, path) in [
        ("GET", format!("{base}/{id}")),
        ("DELETE", format!("{base}/{id}")),
        ("DELETE", format!("{base}/product-instances/{instance}")),
        ("PATCH", format!("{base}/product-instances/{instance}")),
        ("PATCH", format!("{base}/product-instances/{instance}/unassign")),
        ("PATCH", format!("{base}/product-instances/{instance}/{OTHER_SITE}")),
        ("PATCH", format!("{base}/update/{id}/new")),
    ] {
        assert_eq!(
            world.call(method, &path, &Value::Null).fate,
            Fate::Close,
            "{method} {path}"
        );
    }
    assert_eq!(
        world.query(json!({"filter": {"externalId": "needle"}})).fate,
        Fate::Close
    );
    assert_eq!(world.query(json!({})).fate, Fate::Deliver);
}

#[test]
fn a_rule_skips_and_counts() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule {
        skip: 1,
        times: 2,
        ..FaultRule::new(Effect::Throttle { retry_after: None })
    });
    let statuses: Vec<u16> = (0..5).map(|_| world.query(json!({})).status).collect();
    assert_eq!(statuses, [200, 429, 429, 200, 200]);
    assert_eq!(world.wix.faults().count(), 0);
}

#[test]
fn faults_can_be_taken_away() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule {
        times: u32::MAX,
        ..FaultRule::new(Effect::DropBefore)
    });
    assert_eq!(world.query(json!({})).fate, Fate::Close);
    world.wix.clear_faults();
    assert_eq!(world.query(json!({})).fate, Fate::Deliver);
}

#[test]
fn the_log_says_what_was_called_and_the_counts_outlive_it() {
    let mut world = World::new(Config {
        remembered_calls: 2,
        ..Config::default()
    });
    let id = world.buy("a", plan()).id();
    world.get(&id);
    world.buy("b", json!({"catalogProductId": NOWHERE, "countryCode": "US"}));
    let calls: Vec<_> = world.wix.calls().collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (calls[0].seq, calls[0].operation, calls[0].committed),
        (2, Operation::GetPackage, false)
    );
    assert_eq!(calls[0].package.unwrap().to_string(), id);
    assert_eq!(
        (calls[1].status, calls[1].code.as_deref()),
        (404, Some("PRODUCT_NOT_FOUND"))
    );
    assert_eq!(calls[1].idempotency_key.as_deref(), Some("key-b"));
    let count = world.wix.count(Operation::CreatePackage);
    assert_eq!((count.calls, count.committed, count.succeeded), (2, 1, 1));
}
