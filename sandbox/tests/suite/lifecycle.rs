//! Statuses that move, external IDs that change, adjustments, and what others do to packages.

use serde_json::json;
use wix_sandbox::{BillingSpelling, Config, Failure, InstanceChange, Status};

use super::*;

fn status(got: &Got) -> &str {
    got.package()["productInstances"][0]["status"].as_str().unwrap()
}

#[test]
fn a_new_instance_is_pending_and_then_enabled() {
    let mut world = World::new(Config {
        pending_to_enabled_ms: Some(5_000),
        ..Config::default()
    });
    let id = world.buy("a", plan()).id();
    world.now += 4_999;
    assert_eq!(status(&world.get(&id)), "PENDING");
    world.now += 1;
    let got = world.get(&id);
    assert_eq!(status(&got), "ENABLED");
    assert_eq!(got.package()["updatedDate"], "2026-01-01T12:00:05.000Z");
    assert_eq!(got.package()["createdDate"], "2026-01-01T12:00:00.000Z");
}

#[test]
fn it_stays_pending_where_nobody_enables_it() {
    let mut world = World::new(Config {
        pending_to_enabled_ms: None,
        ..Config::default()
    });
    let id = world.buy("a", plan()).id();
    world.now += 86_400_000;
    assert_eq!(status(&world.get(&id)), "PENDING");
}

#[test]
fn what_failed_or_was_canceled_meanwhile_does_not_become_enabled() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    let change = InstanceChange {
        status: Some(Status::Failed),
        failure: Some(Failure {
            code: "DELIVERY_TIMEOUT".to_owned(),
            message: "too late".to_owned(),
        }),
        ..InstanceChange::default()
    };
    world
        .wix
        .set_instance(NOON, got.instance_id(0).parse().unwrap(), change)
        .unwrap();
    world.now += 10_000;
    let got = world.get(&got.id());
    assert_eq!(status(&got), "FAILED");
    assert_eq!(
        got.package()["productInstances"][0]["failure"],
        json!({"code": "DELIVERY_TIMEOUT", "message": "too late"})
    );
}

#[test]
fn the_external_id_is_set_and_found_under_the_new_one() {
    let mut world = World::default();
    let id = world.buy("old", plan()).id();
    world.now += 1_000;
    let got = world.call(
        "PATCH",
        &format!("/resellers/v1/packages/update/{id}/sub%20scription-%C3%BC"),
        &Value::Null,
    );
    assert_eq!(got.status, 200);
    assert_eq!(got.body["updatedPackage"]["externalId"], "sub scription-ü");
    assert_eq!(got.body["updatedPackage"]["updatedDate"], "2026-01-01T12:00:01.000Z");
    assert_eq!(
        world
            .query(json!({"filter": {"externalId": "sub scription-ü"}}))
            .found()
            .len(),
        1
    );
    assert_eq!(world.query(json!({"filter": {"externalId": "old"}})).found().len(), 0);
}

#[test]
fn the_external_id_of_a_package_that_is_not_there_or_too_long_is_refused() {
    let mut world = World::default();
    let id = world.buy("old", plan()).id();
    let unknown = world.call(
        "PATCH",
        &format!("/resellers/v1/packages/update/{NOWHERE}/x"),
        &Value::Null,
    );
    assert_eq!(unknown.status, 404);
    let long = format!("/resellers/v1/packages/update/{id}/{}", "x".repeat(101));
    assert_eq!(
        world.call("PATCH", &long, &Value::Null).violations(),
        ["externalId MAX_LENGTH"]
    );
    let other = world.call_as(
        SUB,
        "PATCH",
        &format!("/resellers/v1/packages/update/{id}/x"),
        &Value::Null,
    );
    assert_eq!(other.status, 404);
}

#[test]
fn an_instance_is_adjusted_to_another_product_of_its_type() {
    let mut world = World::default();
    let instance = world.buy("a", plan()).instance_id(0);
    let path = format!("/resellers/v1/packages/product-instances/{instance}");
    let got = world.call("PATCH", &path, &json!({"catalogProductId": LARGER_PLAN}));
    assert_eq!(got.package()["productInstances"][0]["catalogProductId"], LARGER_PLAN);
    assert_eq!(got.package()["productInstances"][0]["billingInfo"], yearly());
    let got = world.call("PATCH", &path, &json!({"billingInfo": monthly()}));
    assert_eq!(got.package()["productInstances"][0]["catalogProductId"], LARGER_PLAN);
    assert_eq!(got.package()["productInstances"][0]["billingInfo"], monthly());
}

#[test]
fn what_cannot_be_adjusted_is_refused_with_the_documented_code() {
    let mut world = World::default();
    let instance = world.buy("a", plan()).instance_id(0);
    let voucher = world.buy("v", voucher_of(&instance)).instance_id(0);
    let mut adjust = |instance: &str, body: Value| {
        let got = world.call(
            "PATCH",
            &format!("/resellers/v1/packages/product-instances/{instance}"),
            &body,
        );
        (got.status, got.code().to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(
        adjust(NOWHERE, json!({"catalogProductId": PLAN})),
        is(428, "PRODUCT_INSTANCE_NOT_FOUND")
    );
    assert_eq!(adjust(&instance, json!({})), is(428, "MISSING_PRODUCT_DETAILS"));
    assert_eq!(
        adjust(&instance, json!({"catalogProductId": NOWHERE})),
        is(404, "PRODUCT_NOT_FOUND")
    );
    assert_eq!(
        adjust(&instance, json!({"catalogProductId": EMAIL})),
        is(428, "INCOMPATIBLE_PRODUCT")
    );
    assert_eq!(
        adjust(&instance, json!({"billingInfo": {"type": "ONE_TIME"}})),
        is(428, "INCOMPATIBLE_BILLING_CYCLE")
    );
    assert_eq!(
        adjust(&instance, json!({"billingInfo": {"type": "RECURRING"}})),
        is(400, "")
    );
    assert_eq!(
        adjust(&voucher, json!({"billingInfo": yearly()})),
        is(428, "OPERATION_NOT_SUPPORTED_FOR_PRODUCT")
    );
    world.instance("DELETE", &instance);
    let got = world.call(
        "PATCH",
        &format!("/resellers/v1/packages/product-instances/{instance}"),
        &json!({"catalogProductId": LARGER_PLAN}),
    );
    assert_eq!((got.status, got.code()), (428, "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS"));
}

#[test]
fn an_expiration_is_shown_once_it_is_set() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    assert!(got.package()["productInstances"][0].get("expirationDate").is_none());
    let change = serde_json::from_value(json!({"expiresMs": NOON + 86_400_000})).unwrap();
    world
        .wix
        .set_instance(NOON, got.instance_id(0).parse().unwrap(), change)
        .unwrap();
    let shown = world.get(&got.id()).package()["productInstances"][0].clone();
    assert_eq!(shown["expirationDate"], "2026-01-02T12:00:00.000Z");
    assert_eq!(shown["status"], "PENDING");
}

#[test]
fn a_deleted_package_is_gone_everywhere() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    world.wix.delete_package(NOON, got.id().parse().unwrap()).unwrap();
    assert_eq!(world.get(&got.id()).status, 404);
    assert_eq!(world.query(json!({})).found().len(), 0);
    let unassign = world.instance("PATCH", &format!("{}/unassign", got.instance_id(0)));
    assert_eq!((unassign.status, unassign.code()), (428, "PRODUCT_INSTANCE_NOT_FOUND"));
    assert!(world.wix.delete_package(NOON, got.id().parse().unwrap()).is_err());
}

#[test]
fn the_older_spellings_are_written_on_demand() {
    let mut world = World::default();
    let id = world.buy("a", plan()).id();
    world.now += 1_000;
    let spelling = &mut world.wix.config_mut().spelling;
    spelling.billing = BillingSpelling::PaymentInfo;
    spelling.paging_metadata = true;
    spelling.snake_updated_package = true;
    spelling.enabled = "ACTIVE".to_owned();
    let got = world.query(json!({"filter": {"productInstances.status": {"$hasSome": ["ACTIVE"]}}}));
    assert_eq!(got.body["pagingMetadata"]["count"], 1);
    assert!(got.body.get("metadata").is_none());
    let instance = &got.body["packages"][0]["productInstances"][0];
    assert_eq!(instance["status"], "ACTIVE");
    assert_eq!(instance["paymentInfo"], yearly());
    assert!(instance.get("billingInfo").is_none());
    world.wix.config_mut().spelling.billing = BillingSpelling::ContractDetails;
    let got = world.call("PATCH", &format!("/resellers/v1/packages/update/{id}/b"), &Value::Null);
    let instance = &got.body["updated_package"]["productInstances"][0];
    assert_eq!(instance["contractDetails"]["billingInfo"], yearly());
}
