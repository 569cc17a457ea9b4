//! Orders to which nothing bad happens: units, edits, accounts and sites.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_paid_order_is_two_packages_in_two_calls_and_three_writes() {
    let world = World::kind();
    let outcome = world.hears(&ordered("PLAN", 1));
    assert_eq!(outcome.progress, Progress::Settled);
    assert_eq!(
        (
            outcome.tally.wix_calls,
            outcome.tally.ledger_writes,
            outcome.tally.ledger_reads
        ),
        (2, 3, 1)
    );
    assert_eq!(world.packages(), (1, 1));
    world.holds();
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn three_units_are_three_instances_and_three_vouchers_in_two_packages() {
    let world = World::kind();
    world.hears(&ordered("PLAN", 3).site(SITE));
    assert_eq!(world.packages(), (1, 1));
    world.has(3, 3);
    assert_eq!(
        world.sites(),
        2,
        "the first plan and its voucher are on the site, the others float"
    );
    world.holds();
}

#[test]
fn quantity_three_makes_three_units_and_an_edit_from_one_to_two_one_more() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 3).line("2", "ENDS", 1).paid();
    world.hears(&order);
    assert_eq!(world.bases(), 4);
    world.hears(&order.line("2", "ENDS", 2));
    assert_eq!(world.bases(), 5);
    world.holds();
}

#[test]
fn an_order_for_two_accounts_makes_a_package_in_each() {
    let world = World::kind();
    let order = Order::new(KEY)
        .line("1", "PLAN", 1)
        .line("2", "PLAN", 1)
        .line_account("2", OTHER)
        .paid();
    world.hears(&order);
    assert_eq!(world.packages(), (2, 2));
    assert_eq!(world.accounts().len(), 2);
    world.holds();
}

#[test]
fn a_thousand_units_with_vouchers_are_two_packages() {
    let world = World::kind();
    let outcome = world.hears(&ordered("PLAN", 1_000).site(SITE));
    assert_eq!((outcome.tally.wix_calls, outcome.attention.len()), (2, 0));
    world.has(1_000, 1_000);
    let size = world.entry(KEY).body.len();
    assert!(size < 300 * 1024, "{size}");
}

#[test]
fn more_units_than_a_record_can_hold_are_attention_and_nothing_is_bought() {
    let world = World::kind();
    world.hears(&Order::new(KEY).line("1", "PLAN", 5_000).line("2", "MAIL", 1).paid());
    assert_eq!(world.attention(KEY), ["NOT_PLANNED"]);
    assert_eq!(Paid::of(&world, KEY), paid(1, 0), "the other line goes on");
}

#[test]
fn one_thousand_and_one_units_of_a_small_product_are_two_packages() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 1_001));
    assert_eq!(world.packages(), (2, 0));
    assert_eq!(world.bases(), 1_001);
}

#[test]
fn an_edit_up_is_bought_when_it_is_paid() {
    let world = World::kind();
    let order = ordered("MAIL", 1);
    world.hears(&order);
    let edited = order.line("1", "MAIL", 5).unpaid();
    world.hears(&edited);
    world.ends_with(1, 0);
    world.hears(&edited.paid());
    world.ends_with(5, 0);
}

#[test]
fn an_unpaid_edit_does_not_bring_a_refunded_unit_back() {
    let world = World::kind();
    let order = ordered("ENDS", 2);
    world.hears(&order);
    world.hears(&refund(KEY, "r1", &[("1", 1)]));
    assert_eq!(world.bases(), 1);
    // Two more are wanted and not paid for; the refund is counted in what is listed.
    world.hears(&order.line("1", "ENDS", 3).counted("r1").unpaid());
    assert_eq!(world.bases(), 1);
    // Nothing that is over is wanted again.
    world.is_quiet();
}

#[test]
fn a_site_that_appears_later_is_assigned_to_the_floating_instance() {
    let world = World::kind();
    let order = ordered("PLAN", 2);
    world.hears(&order);
    world.hears(&order.site(SITE));
    assert_eq!(world.sites(), 2);
    assert_eq!(world.packages(), (1, 1));
    world.holds();
}

#[test]
fn a_changed_site_is_attention_until_closed_unless_units_have_both() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    let moved = order.site(OTHER_SITE);
    world.hears(&moved);
    assert_eq!(world.attention(KEY), ["SITE_CHANGED"]);
    assert_eq!(world.calls(Operation::AssignProductInstance), 0);
    world.retries();
    assert_eq!(world.attention(KEY), ["SITE_CHANGED"], "a retry acknowledges nothing");
    world.close(&KEY.parse().unwrap(), &world.problems(KEY)[0].id).unwrap();
    world.needs_nobody();
    // Where a second unit was ordered for the new site it is on both, as the order says.
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.hears(&order.line("1", "MAIL", 2).site(OTHER_SITE));
    assert_eq!((world.attention(KEY), world.sites()), (vec![], 2));
}
