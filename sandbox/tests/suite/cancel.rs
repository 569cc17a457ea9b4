//! Cancel Package and Cancel Product Instance.

use wix_sandbox::{Config, Status};

use super::*;

fn statuses(world: &World) -> Vec<Status> {
    world
        .wix
        .instances()
        .map(|(_, instance)| instance.status.clone())
        .collect()
}

#[test]
fn a_canceled_package_answers_as_it_was_and_is_canceled() {
    let mut world = World::default();
    let id = world.buy("a", on(SITE, plan())).id();
    let got = world.call(
        "DELETE",
        &format!("/resellers/v1/packages/{id}?idempotencyKey=c1"),
        &Value::Null,
    );
    assert_eq!(got.package()["productInstances"][0]["status"], "PENDING");
    let got = world.get(&id);
    assert_eq!(got.package()["productInstances"][0]["status"], "CANCELED");
    // As in a documented answer, the site stays on a canceled instance.
    assert_eq!(got.package()["productInstances"][0]["siteId"], SITE);
    assert_eq!(world.wix.calls().nth(1).unwrap().idempotency_key.as_deref(), Some("c1"));
}

#[test]
fn one_instance_is_canceled_and_the_others_stay() {
    let mut world = World::default();
    let got = world.create(&order("a", vec![plan(), plan(), plan()]));
    assert_eq!(world.instance("DELETE", &got.instance_id(1)).status, 200);
    assert_eq!(statuses(&world), [Status::Pending, Status::Canceled, Status::Pending]);
}

#[test]
fn what_depends_on_a_canceled_instance_goes_with_it() {
    let mut world = World::default();
    let paid = world.buy("p", plan());
    world.buy("v", voucher_of(&paid.instance_id(0)));
    world.instance("DELETE", &paid.instance_id(0));
    assert_eq!(statuses(&world), [Status::Canceled, Status::Canceled]);
}

#[test]
fn or_stays_where_the_configuration_says_so() {
    let mut world = World::new(Config {
        cancel_takes_dependents: false,
        ..Config::default()
    });
    let paid = world.buy("p", plan());
    world.buy("v", voucher_of(&paid.instance_id(0)));
    world.instance("DELETE", &paid.instance_id(0));
    assert_eq!(statuses(&world), [Status::Canceled, Status::Pending]);
}

#[test]
fn canceling_twice_changes_nothing_the_second_time() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    for committed in [true, false] {
        assert_eq!(world.instance("DELETE", &got.instance_id(0)).status, 200);
        assert_eq!(world.wix.calls().last().unwrap().committed, committed);
    }
}

#[test]
fn what_is_not_there_or_not_ours_cannot_be_canceled() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    assert_eq!(
        world
            .call("DELETE", &format!("/resellers/v1/packages/{NOWHERE}"), &Value::Null)
            .status,
        404
    );
    assert_eq!(
        world.call("DELETE", "/resellers/v1/packages/mine", &Value::Null).status,
        404
    );
    let missing = world.instance("DELETE", NOWHERE);
    assert_eq!((missing.status, missing.code()), (428, "PRODUCT_INSTANCE_NOT_FOUND"));
    let other = world.call_as(
        SUB,
        "DELETE",
        &format!("/resellers/v1/packages/{}", got.id()),
        &Value::Null,
    );
    assert_eq!(other.status, 404);
    assert_eq!(statuses(&world), [Status::Pending]);
}
