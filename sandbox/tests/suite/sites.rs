//! Assign and Unassign.

use wix_sandbox::{Config, Effect, FaultRule, Operation};

use super::*;

fn site(world: &mut World, id: &str) -> Option<String> {
    world.get(id).package()["productInstances"][0]["siteId"]
        .as_str()
        .map(str::to_owned)
}

#[test]
fn an_instance_is_assigned_moved_and_made_to_float() {
    let mut world = World::default();
    let got = world.buy("a", plan());
    let (id, instance) = (got.id(), got.instance_id(0));
    for target in [SITE, OTHER_SITE] {
        let got = world.instance("PATCH", &format!("{instance}/{target}"));
        assert_eq!(got.package()["productInstances"][0]["siteId"], target);
    }
    let got = world.instance("PATCH", &format!("{instance}/unassign"));
    assert!(got.package()["productInstances"][0].get("siteId").is_none());
    assert_eq!(site(&mut world, &id), None);
}

#[test]
fn an_instance_that_floats_cannot_be_unassigned() {
    let mut world = World::default();
    let instance = world.buy("a", plan()).instance_id(0);
    let got = world.instance("PATCH", &format!("{instance}/unassign"));
    assert_eq!((got.status, got.code()), (428, "MISSING_SITE_ID"));
}

#[test]
fn an_instance_that_was_canceled_cannot_be_unassigned_or_assigned() {
    let mut world = World::default();
    let instance = world.buy("a", on(SITE, plan())).instance_id(0);
    world.instance("DELETE", &instance);
    assert_eq!(
        world.instance("PATCH", &format!("{instance}/unassign")).code(),
        "PRODUCT_INSTANCE_NOT_FOUND"
    );
    assert_eq!(
        world.instance("PATCH", &format!("{instance}/{OTHER_SITE}")).code(),
        "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS"
    );
}

#[test]
fn a_site_must_be_a_guid_known_and_free_of_that_type() {
    let mut world = World::new(Config {
        sites: [(SITE.parse().unwrap(), MAIN.parse().unwrap())].into(),
        accept_any_site: false,
        ..Config::default()
    });
    let instance = world.buy("a", plan()).instance_id(0);
    assert_eq!(
        world.instance("PATCH", &format!("{instance}/home")).violations(),
        ["siteId FORMAT"]
    );
    let unknown = world.instance("PATCH", &format!("{instance}/{NOWHERE}"));
    assert_eq!((unknown.status, unknown.code()), (404, "SITE_NOT_FOUND"));
    world.buy("b", on(SITE, plan()));
    let taken = world.instance("PATCH", &format!("{instance}/{SITE}"));
    assert_eq!((taken.status, taken.code()), (428, "PRODUCT_TYPE_ALREADY_ASSIGNED"));
}

#[test]
fn assigning_to_the_same_site_again_is_no_conflict_with_itself() {
    let mut world = World::default();
    let instance = world.buy("a", on(SITE, plan())).instance_id(0);
    assert_eq!(world.instance("PATCH", &format!("{instance}/{SITE}")).status, 200);
}

#[test]
fn a_site_is_free_again_after_an_unassign() {
    let mut world = World::default();
    let instance = world.buy("a", on(SITE, plan())).instance_id(0);
    world.instance("PATCH", &format!("{instance}/unassign"));
    assert_eq!(world.buy("b", on(SITE, plan())).status, 200);
}

#[test]
fn a_failed_move_may_leave_the_instance_floating() {
    let mut world = World::default();
    let got = world.buy("a", on(SITE, plan()));
    world.wix.add_fault(FaultRule::on(
        Operation::AssignProductInstance,
        Effect::HalfAssign { status: 500 },
    ));
    let failed = world.instance("PATCH", &format!("{}/{OTHER_SITE}", got.instance_id(0)));
    assert_eq!(failed.status, 500);
    assert!(world.wix.calls().last().unwrap().committed);
    assert_eq!(site(&mut world, &got.id()), None);
}
