//! What an audit finds out about packages that a record knows, and what it leaves alone.

use std::time::Duration;

use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{OTHER, Order, Paid, SITE, START, World};
use wix_sandbox::{Effect, FaultRule, InstanceChange, Operation, Status};

use super::worlds::*;

#[test]
fn where_all_is_well_it_costs_one_call_and_writes_nothing_but_its_place() {
    let world = one_order(&paid());
    let before = world.entry(KEY);
    let summary = audit(&world);
    assert!(summary.finished);
    assert_eq!((summary.pages, summary.packages, summary.orders), (1, 2, 1));
    assert_eq!((summary.findings(), summary.foreign, summary.busy), (0, 0, 0));
    assert_eq!((summary.tally.wix_calls, summary.tally.ledger_writes), (1, 1));
    assert_eq!(world.entry(KEY), before);
    quiet(&world);
}

#[test]
fn a_package_that_nobody_knows_is_reported_and_never_touched() {
    let world = one_order(&paid());
    let theirs = insert(&world, mail(OTHER, Some("theirs-1"), START));
    let summary = audit(&world);
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
    let world = one_order(&paid());
    let hour_ago = world.clock.now() - HOUR;
    insert(&world, mail(OTHER, Some("old"), hour_ago));
    insert(&world, mail(OTHER, Some("young"), hour_ago + Duration::from_millis(1)));
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.foreign, summary.finished), (3, 1, true));

    // One that a worker has just bought is not missed either, however late queries are.
    let world = World::unkind(2 * HOUR);
    world.deliver(&paid().event()).unwrap();
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.missing), (0, 0));
}

#[test]
fn an_instance_that_failed_after_all_seemed_well_is_attention() {
    let world = one_order(&paid());
    change(&world, base(&world), status(Status::Failed));
    let summary = audit(&world);
    assert_eq!((summary.ended, summary.findings()), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new(), "a query is no evidence");
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
    assert_eq!(world.calls(Operation::CreatePackage), 2, "nothing is bought again");
    let again = audit(&world);
    assert_eq!(again.findings(), 0, "one problem is found once");
}

#[test]
fn an_instance_that_was_canceled_by_somebody_is_attention_and_an_operator_buys_it_anew() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    change(&world, base(&world), status(Status::Canceled));
    assert_eq!(audit(&world).ended, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY).base, 1);
}

#[test]
fn a_package_that_is_gone_is_attention_after_get_said_so_and_is_not_bought_again() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    let package = world.look().packages().next().unwrap().id;
    world
        .look()
        .delete_package(world.clock.now().as_millis(), package)
        .unwrap();
    assert_eq!(audit(&world).missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["PACKAGE_GONE"]);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(audit(&world).findings(), 0);
}

#[test]
fn a_query_that_does_not_show_a_package_is_no_evidence() {
    let world = one_order(&paid());
    // Both packages are younger than what this query shows.
    let stale = Effect::StaleQuery { ms: 86_400_000 };
    world.strike(FaultRule::on(Operation::QueryPackages, stale));
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.missing), (0, 2));
    let sweep = world.sweep();
    assert_eq!((sweep.orders, sweep.settled), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.packages(), (1, 1));
    quiet(&world);
}

#[test]
fn an_instance_that_is_not_in_its_package_any_more_is_attention() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 2).paid());
    let mut record: serde_json::Value = serde_json::from_str(&world.entry(KEY).body).unwrap();
    let instance = &mut record["actual"]["purchases"][0]["state"]["created"]["instances"][1]["i"];
    assert!(instance.is_string());
    *instance = serde_json::json!("99999999-9999-4999-8999-999999999999");
    rewrite(&world, &record.to_string());
    assert_eq!(audit(&world).instances_missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}

#[test]
fn an_instance_that_is_on_a_site_although_its_order_is_canceled_is_taken_off_it_again() {
    let world = one_order(&paid());
    world.deliver(&paid().canceled().event()).unwrap();
    let moved = InstanceChange {
        site_id: Some(Some(SITE.parse().unwrap())),
        ..InstanceChange::default()
    };
    change(&world, base(&world), moved);
    assert_eq!(audit(&world).assigned, 1);
    world.settle();
    assert_eq!(world.look().instances().filter(|(_, i)| i.site_id.is_some()).count(), 0);
    quiet(&world);
}

#[test]
fn an_instance_that_lives_although_it_was_canceled_is_canceled_again() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = one_order(&order);
    world.deliver(&order.canceled().event()).unwrap();
    change(&world, base(&world), status(Status::Enabled));
    assert_eq!(audit(&world).alive, 1);
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    assert_eq!(audit(&world).findings(), 0);
}

#[test]
fn what_people_move_at_wix_by_hand_is_theirs_to_decide() {
    let world = one_order(&paid());
    for site in [None, Some("c10cf845-bf18-4c10-8428-c4e5c7a39744".parse().unwrap())] {
        let moved = InstanceChange {
            site_id: Some(site),
            ..InstanceChange::default()
        };
        change(&world, base(&world), moved);
        assert_eq!(audit(&world).findings(), 0);
    }
}
