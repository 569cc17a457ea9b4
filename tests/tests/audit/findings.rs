//! What an audit finds out about packages that a record knows, and what it leaves alone.

use reseller_hooks_tests::prelude::*;

use super::worlds::*;

#[test]
fn where_all_is_well_it_costs_one_call_and_writes_nothing_but_its_place() {
    let world = one_order(&sited());
    let before = world.entry(KEY);
    let summary = world.audit();
    assert!(summary.finished);
    assert_eq!((summary.pages, summary.packages, summary.orders), (1, 2, 1));
    assert_eq!((summary.findings(), summary.foreign, summary.busy), (0, 0, 0));
    assert_eq!((summary.tally.wix_calls, summary.tally.ledger_writes), (1, 1));
    assert_eq!(world.entry(KEY), before);
    world.holds();
}

#[test]
fn a_package_that_nobody_knows_is_reported_and_never_touched() {
    let world = one_order(&sited());
    let theirs = world.insert(foreign(EMAIL, OTHER, Some("theirs-1"), START));
    let summary = world.audit();
    assert_eq!((summary.foreign, summary.findings()), (1, 0));
    assert_eq!(summary.foreign_listed[0].package.to_string(), theirs.to_string());
    assert_eq!(summary.foreign_listed[0].account.as_str(), OTHER);
    world.settle();
    let wix = world.look();
    assert!(wix.package(theirs).unwrap().instances[0].status.is_alive());
    assert_eq!(wix.count(Operation::GetPackage).calls, 0);
}

#[test]
fn packages_younger_than_an_hour_are_left_alone() {
    let world = one_order(&sited());
    let hour_ago = world.clock.now() - HOUR;
    world.insert(foreign(EMAIL, OTHER, Some("old"), hour_ago));
    world.insert(foreign(
        EMAIL,
        OTHER,
        Some("young"),
        hour_ago + Duration::from_millis(1),
    ));
    let summary = world.audit();
    assert_eq!((summary.packages, summary.foreign, summary.finished), (3, 1, true));

    // One that a worker has just bought is not missed either, however late queries are.
    let world = World::unkind(2 * HOUR);
    world.hears(&sited());
    let summary = world.audit();
    assert_eq!((summary.packages, summary.missing), (0, 0));
}

#[test]
fn an_instance_that_failed_after_all_seemed_well_is_attention() {
    let world = one_order(&sited());
    world.change(world.base(), becomes(Status::Failed));
    let summary = world.audit();
    assert_eq!((summary.ended, summary.findings()), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new(), "a query is no evidence");
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
    assert_eq!(world.calls(Operation::CreatePackage), 2, "nothing is bought again");
    let again = world.audit();
    assert_eq!(again.findings(), 0, "one problem is found once");
}

#[test]
fn an_instance_that_was_canceled_is_attention_until_it_is_replaced() {
    let world = one_order(&ordered("MAIL", 1));
    world.change(world.base(), becomes(Status::Canceled));
    assert_eq!(world.audit().ended, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
    world.replace(&KEY.parse().unwrap());
    world.needs_nobody();
    assert_eq!(world.bases(), 1);
}

#[test]
fn a_package_that_is_gone_is_attention_after_a_read_says_so() {
    let world = one_order(&ordered("MAIL", 1));
    world.delete_package();
    assert_eq!(world.audit().missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["PACKAGE_GONE"]);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(world.audit().findings(), 0);
}

#[test]
fn a_query_that_does_not_show_a_package_is_no_evidence() {
    let world = one_order(&sited());
    // Both packages are younger than what this query shows.
    let stale = Effect::StaleQuery { ms: 86_400_000 };
    world.strike(once(Operation::QueryPackages, stale));
    let summary = world.audit();
    assert_eq!((summary.packages, summary.missing), (0, 2));
    let sweep = world.sweep();
    assert_eq!((sweep.orders, sweep.settled), (1, 1));
    world.needs_nobody();
    assert_eq!(world.packages(), (1, 1));
    world.holds();
}

#[test]
fn an_instance_that_is_not_in_its_package_any_more_is_attention() {
    let world = one_order(&ordered("MAIL", 2));
    world.edit_record(|record| {
        let instance = &mut record["actual"]["purchases"][0]["state"]["created"]["instances"][1]["i"];
        assert!(instance.is_string());
        *instance = serde_json::json!("99999999-9999-4999-8999-999999999999");
    });
    assert_eq!(world.audit().instances_missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}

#[test]
fn an_instance_on_a_site_of_a_canceled_order_is_taken_off_it_again() {
    let world = one_order(&sited());
    world.hears(&sited().canceled());
    let moved = moves(Some(SITE));
    world.change(world.base(), moved);
    assert_eq!(world.audit().assigned, 1);
    world.settle();
    assert_eq!(world.sites(), 0);
    world.holds();
}

#[test]
fn an_instance_that_lives_although_it_was_canceled_is_canceled_again() {
    let order = ordered("ENDS", 1);
    let world = one_order(&order);
    world.hears(&order.canceled());
    world.change(world.base(), becomes(Status::Enabled));
    assert_eq!(world.audit().alive, 1);
    world.settle();
    assert_eq!(world.bases(), 0);
    assert_eq!(world.audit().findings(), 0);
}

#[test]
fn what_people_move_at_wix_by_hand_is_theirs_to_decide() {
    let world = one_order(&sited());
    for site in [None, Some(OTHER_SITE)] {
        world.change(world.base(), moves(site));
        assert_eq!(world.audit().findings(), 0);
    }
}
