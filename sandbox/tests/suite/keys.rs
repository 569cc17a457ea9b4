//! What an idempotency key does in each of the modes that a client must get on with.

use serde_json::json;
use wix_sandbox::{Config, Effect, FaultRule, Idempotency};

use super::*;

fn world(idempotency: Idempotency) -> World {
    World::new(Config {
        idempotency,
        ..Config::default()
    })
}

#[test]
fn a_repeated_request_gets_the_first_answer_and_makes_nothing() {
    let mut world = world(Idempotency::Honour);
    let first = world.buy("a", plan());
    world.now += 60_000;
    let second = world.buy("a", plan());
    assert_eq!(second, first);
    assert_eq!(world.wix.packages().count(), 1);
    let call = world.wix.calls().last().unwrap();
    assert!(call.replayed && !call.committed);
}

#[test]
fn another_body_under_the_same_key_is_409() {
    let mut world = world(Idempotency::Honour);
    world.buy("a", plan());
    let got = world.create(&json!({"idempotencyKey": "key-a", "products": [plan(), plan()]}));
    assert_eq!(got.status, 409);
    assert_eq!(world.wix.packages().count(), 1);
}

#[test]
fn a_key_counts_for_one_account_and_one_operation() {
    let mut world = world(Idempotency::Honour);
    let first = world.buy("a", plan());
    let other = world.call_as(SUB, "POST", "/resellers/v2/packages", &order("a", vec![plan()]));
    assert_ne!(other.id(), first.id());
    let cancel = format!("{}?idempotencyKey=key-a", first.instance_id(0));
    world.instance("DELETE", &cancel);
    assert_eq!(
        world.get(&first.id()).package()["productInstances"][0]["status"],
        "CANCELED"
    );
}

#[test]
fn the_key_of_a_second_unassign_that_replays_the_first_leaves_the_site() {
    // Why a client needs another key for each take-back.
    let mut world = world(Idempotency::Honour);
    let got = world.buy("a", on(SITE, plan()));
    let instance = got.instance_id(0);
    let unassign = |world: &mut World, key: &str| {
        let path = format!("/resellers/v1/packages/product-instances/{instance}/unassign");
        world.call("PATCH", &path, &json!({"idempotencyKey": key}))
    };
    assert_eq!(unassign(&mut world, "k").status, 200);
    world.instance("PATCH", &format!("{instance}/{SITE}"));
    assert_eq!(unassign(&mut world, "k").status, 200);
    assert_eq!(world.get(&got.id()).package()["productInstances"][0]["siteId"], SITE);
    assert_eq!(unassign(&mut world, "another").status, 200);
    assert!(
        world.get(&got.id()).package()["productInstances"][0]
            .get("siteId")
            .is_none()
    );
}

#[test]
fn failures_are_not_remembered() {
    let mut world = world(Idempotency::Honour);
    let unknown = json!({"catalogProductId": NOWHERE, "countryCode": "US"});
    assert_eq!(world.buy("a", unknown.clone()).status, 404);
    world.wix.config_mut().accept_any_product = true;
    assert_eq!(world.buy("a", unknown).status, 200);
}

#[test]
fn a_lost_answer_is_replayed() {
    let mut world = world(Idempotency::Honour);
    world.wix.add_fault(FaultRule::new(Effect::LoseAnswer));
    assert_eq!(world.buy("a", plan()).fate, Fate::Close);
    let got = world.buy("a", plan());
    assert_eq!(got.status, 200);
    assert_eq!(world.wix.packages().count(), 1);
}

#[test]
fn ignored_keys_make_a_second_package() {
    let mut world = world(Idempotency::Ignore);
    assert_ne!(world.buy("a", plan()).id(), world.buy("a", plan()).id());
    assert_eq!(world.wix.packages().count(), 2);
}

#[test]
fn a_stored_failure_is_replayed_where_the_mode_says_so() {
    let mut world = world(Idempotency::ReplayFailures);
    world.wix.add_fault(FaultRule::new(Effect::ErrorBefore {
        status: 500,
        code: None,
    }));
    assert_eq!(world.buy("a", plan()).status, 500);
    assert_eq!(world.buy("a", plan()).status, 500);
    assert_eq!(world.wix.packages().count(), 0);
    world.wix.add_fault(FaultRule::new(Effect::ErrorAfter {
        status: 504,
        code: None,
    }));
    assert_eq!(world.buy("b", plan()).status, 504);
    assert_eq!(world.buy("b", plan()).status, 504);
    assert_eq!(world.wix.packages().count(), 1);
}

#[test]
fn what_never_reached_wix_is_not_remembered_as_a_failure() {
    for effect in [
        Effect::Throttle { retry_after: None },
        Effect::DropBefore,
        Effect::Html {
            status: 502,
            commit: false,
        },
        Effect::Stall { ms: 1, commit: false },
    ] {
        let mut world = world(Idempotency::ReplayFailures);
        world.wix.add_fault(FaultRule::new(effect.clone()));
        assert_ne!(world.buy("a", plan()).body["package"]["externalId"], "a", "{effect:?}");
        assert_eq!(world.buy("a", plan()).status, 200, "{effect:?}");
    }
}

#[test]
fn a_failure_on_a_retry_does_not_replace_the_stored_success() {
    let mut world = world(Idempotency::ReplayFailures);
    let first = world.buy("a", plan());
    for effect in [
        Effect::ErrorBefore {
            status: 500,
            code: None,
        },
        Effect::ErrorAfter {
            status: 500,
            code: None,
        },
    ] {
        world.wix.add_fault(FaultRule::new(effect));
        assert_eq!(world.buy("a", plan()).status, 500);
        assert_eq!(world.buy("a", plan()), first);
    }
}

#[test]
fn a_key_can_be_forgotten() {
    let mut world = world(Idempotency::Forget { after_ms: 1_000 });
    world.buy("a", plan());
    world.now += 999;
    world.buy("a", plan());
    assert_eq!(world.wix.packages().count(), 1);
    world.now += 1;
    world.buy("a", plan());
    assert_eq!(world.wix.packages().count(), 2);
}

#[test]
fn the_latest_state_or_a_conflict_can_be_the_second_answer() {
    let mut world = world(Idempotency::LatestState);
    world.buy("a", plan());
    world.now += 1_000;
    assert_eq!(
        world.buy("a", plan()).package()["productInstances"][0]["status"],
        "ENABLED"
    );
    world.wix.config_mut().idempotency = Idempotency::Conflict;
    assert_eq!(world.buy("a", plan()).status, 409);
    assert_eq!(world.wix.packages().count(), 1);
}
