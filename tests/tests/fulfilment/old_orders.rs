//! Orders that are heard of late: after days, after a year, or after the ledger was lost.

use reseller_hooks_tests::prelude::*;

#[test]
fn an_order_from_before_going_live_is_bought_only_by_an_operator() {
    let world = World::kind();
    let old = ordered("PLAN", 1).placed("2025-12-31T23:59:59Z".parse().unwrap());
    world.hears(&old);
    assert_eq!(world.packages(), (0, 0));
    world.needs_nobody();
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.packages(), (0, 0), "a retry releases nothing");
    world.release(&KEY.parse().unwrap());
    assert_eq!(world.packages(), (1, 1));
}

#[test]
fn an_order_that_is_heard_of_days_late_is_looked_up_before_it_is_bought() {
    let world = World::kind();
    let late = ordered("PLAN", 1).placed(START - 3 * DAY);
    world.hears(&late);
    assert_eq!(world.packages(), (1, 1));
    // The ledger is lost and restored empty; the dead letter comes again.
    let mut empty = World::kind();
    empty.wix = Arc::clone(&world.wix);
    empty.hears(&late);
    assert_eq!(world.packages(), (1, 1), "the packages were adopted");
    empty.holds();
}

#[test]
fn a_replayed_year_old_order_buys_nothing() {
    let world = World::kind();
    world.hears(&ordered("PLAN", 1).placed(START - 366 * DAY));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 0);
}

#[test]
fn an_old_orders_tagged_package_is_seen_without_its_own_external_id() {
    let world = World::kind();
    let old = ordered("MAIL", 1).reference("SUB-7").placed(START - 3 * DAY);
    world.hears(&old);
    // The ledger is lost, and a dead letter comes again.
    let mut empty = World::kind();
    empty.wix = Arc::clone(&world.wix);
    empty.hears(&old);
    empty.settle();
    assert_eq!(empty.packages(), (1, 0), "it is not bought again");
    assert_eq!(empty.attention(KEY), ["PERHAPS_BOUGHT_BEFORE"]);
    // References need not be unique: where it is another order's, an operator says so.
    empty.retries();
    assert_eq!(empty.packages(), (2, 0));
    assert_eq!(empty.attention(KEY), Vec::<String>::new());
}

#[test]
fn an_old_order_refunded_in_part_while_looked_for_buys_what_is_left() {
    let world = World::kind();
    world.strike(once(Operation::QueryPackages, fails(500)));
    let old = ordered("MAIL", 2).placed(START - 3 * DAY);
    world.hears(&old);
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.hears(&refund(KEY, "r1", &[("1", 1)]));
    world.settle();
    assert_eq!(world.look().instances().count(), 1);
    world.holds();
}
