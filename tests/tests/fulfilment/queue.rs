//! Messages that come again, late, or with something else in them.

use reseller_hooks_tests::prelude::*;

#[test]
fn delivered_again_it_costs_no_call_and_no_write() {
    for world in [World::kind(), World::late()] {
        let order = ordered("PLAN", 1);
        world.hears(&order);
        let again = world.hears(&order);
        assert_eq!((again.tally.wix_calls, again.tally.ledger_writes), (0, 0));
        assert_eq!(world.packages(), (1, 1));
        world.ends_with(1, 1);
    }
}

#[test]
fn two_different_events_for_one_payment_are_one_package() {
    let world = World::late();
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.hears(&order.reference("SUB-7"));
    world.ends_with_one_mail();
}

#[test]
fn the_last_retry_and_a_dead_letter_after_14_days_have_no_effect() {
    let world = World::late();
    let event = ordered("MAIL", 1).event();
    world.hears(&event);
    for days in [2, 12] {
        world.clock.advance(Duration::from_secs(days * 86_400));
        let outcome = world.hears(&event);
        assert_eq!((outcome.tally.wix_calls, outcome.tally.ledger_writes), (0, 0));
    }
    world.ends_with_one_mail();
}

#[test]
fn the_same_order_id_with_another_body_is_the_same_order() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 1));
    world.hears(&Order::new(KEY).line("1", "MAIL", 1).line("2", "ENDS", 1).paid());
    world.has(2, 0);
    assert_eq!(world.ledger.entries().len(), 1);
}

#[test]
fn a_redriven_message_of_a_settled_order_has_no_effect() {
    let world = World::kind();
    let order = ordered("ENDS", 2);
    world.hears(&order);
    world.hears(&order.clone().line("1", "ENDS", 1));
    let before = world.look().calls().count();
    world.hears(&order);
    assert_eq!(world.look().calls().count(), before);
    assert_eq!(world.bases(), 1);
}
