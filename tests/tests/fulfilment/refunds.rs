//! Refunds of lines, of units, and of what nobody can map to lines.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_refund_of_one_line_takes_back_that_line() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 1).line("2", "KEPT", 1).paid();
    world.hears(&order);
    world.hears(&refund(KEY, "r", &[("1", 1)]));
    assert_eq!(world.bases(), 1);
    world.holds();
}

#[test]
fn a_refund_as_an_event_and_inside_a_snapshot_counts_once() {
    let order = ordered("ENDS", 3);
    let event = refund(KEY, "r1", &[("1", 1)]);
    let snapshot = order.clone().line("1", "ENDS", 2).counted("r1").event();
    for told in [[&event, &snapshot], [&snapshot, &event]] {
        let world = World::kind();
        world.hears(&order);
        for event in told {
            world.hears(event);
            world.hears(event);
            world.ends_with(2, 0);
        }
    }
}

#[test]
fn a_refund_of_an_amount_only_takes_nothing_back() {
    let world = World::kind();
    world.hears(&ordered("ENDS", 2));
    world.hears(&refund(KEY, "r1", &[]));
    assert_eq!(world.bases(), 2);
}

#[test]
fn updated_with_a_refund_before_paid_buys_what_is_left() {
    let world = World::kind();
    let order = ordered("MAIL", 3);
    world.hears(&order.clone().line("1", "MAIL", 2).counted("r1"));
    world.hears(&order);
    world.hears(&refund(KEY, "r1", &[("1", 1)]));
    world.ends_with(2, 0);
}

#[test]
fn what_maps_to_no_line_is_shown_once_and_again_when_more_comes() {
    let world = World::kind();
    let order = ordered("MAIL", 2);
    world.hears(&order);
    let refunded = order.unmapped("a refund of 10.00 names no line");
    world.hears(&refunded);
    world.hears(&refunded);
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"]);
    assert_eq!(world.bases(), 2, "nothing is taken back by a guess");
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"], "a retry acknowledges nothing");
    world.close(&KEY.parse().unwrap(), &world.problems(KEY)[0].id).unwrap();
    world.needs_nobody();
    world.hears(&refunded.unmapped("a refund of 5.00 names no line"));
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"]);
}
