//! Cancellations, at every moment, and payments after them.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_cancellation_before_the_payment_means_that_nothing_is_bought() {
    for order in [ordered("PLAN", 1), Order::new(KEY).line("1", "PLAN", 1)] {
        let world = World::kind();
        world.hears(&order.clone().canceled());
        world.hears(&order);
        world.settle();
        assert_eq!(world.look().calls().count(), 0);
    }
}

#[test]
fn a_canceled_order_loses_its_site_the_voucher_first() {
    let world = World::kind();
    let order = ordered("PLAN", 1).site(SITE);
    world.hears(&order);
    world.hears(&order.canceled());
    assert_eq!(world.sites(), 0);
    world.holds();
    let wix = world.look();
    let packages: Vec<_> = wix
        .calls()
        .filter(|call| call.operation == Operation::UnassignProductInstance)
        .map(|call| call.package)
        .collect();
    let voucher = wix
        .packages()
        .find(|package| package.instances[0].reference.is_some())
        .map(|package| package.id);
    assert_eq!((packages.len(), packages[0]), (2, voucher));
}

#[test]
fn what_the_plan_says_of_a_cancellation_is_done() {
    for (sku, alive) in [("ENDS", 0), ("KEPT", 1), ("MAIL", 1)] {
        let world = World::kind();
        let order = ordered(sku, 1).site(SITE);
        world.hears(&order);
        world.hears(&order.canceled());
        assert_eq!(world.bases(), alive, "{sku}");
        assert_eq!(world.sites(), usize::from(sku == "KEPT"), "{sku}");
    }
}

#[test]
fn a_cancellation_while_the_create_is_in_flight_buys_no_voucher() {
    for creates in [0, 1] {
        let world = World::kind();
        let order = ordered("PLAN", 1).site(SITE);
        let mut run = world.begins(&order);
        run.until(|| world.calls(Operation::CreatePackage) >= creates && !world.ledger.entries().is_empty());
        world.hears(&order.canceled());
        run.finish();
        world.settle();
        assert_eq!((world.packages(), world.sites()), ((1, 0), 0));
        world.holds();
    }
}

#[test]
fn canceled_twice_is_taken_back_once() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    let canceled = order.canceled();
    world.hears(&canceled);
    world.hears(&canceled.reference("SUB-7"));
    assert_eq!(world.calls(Operation::UnassignProductInstance), 1);
    assert_eq!(world.sites(), 0);
}

#[test]
fn an_unassign_whose_response_is_lost_is_read_before_it_is_repeated() {
    for (effect, calls) in [(Effect::LoseAnswer, 1), (Effect::DropBefore, 2)] {
        let world = World::kind();
        let order = ordered("MAIL", 1).site(SITE);
        world.hears(&order);
        world.strike(once(Operation::UnassignProductInstance, effect));
        world.hears(&order.canceled());
        world.settle();
        assert_eq!(
            (world.sites(), world.calls(Operation::UnassignProductInstance)),
            (0, calls)
        );
        world.needs_nobody();
    }
}

#[test]
fn an_unassign_of_what_floats_was_canceled_or_is_gone_is_done_already() {
    for change in [Some(moves(None)), Some(becomes(Status::Canceled)), None] {
        let world = World::kind();
        let order = ordered("MAIL", 1).site(SITE);
        world.hears(&order);
        match &change {
            Some(change) => world.change_all(change),
            None => world.delete_package(),
        }
        world.hears(&order.canceled());
        world.settle();
        assert_eq!((world.sites(), world.attention(KEY)), (0, vec![]), "{change:?}");
        assert_eq!(world.entry(KEY).due_at, None, "{change:?}");
    }
}

#[test]
fn what_wix_calls_floating_is_read_and_not_believed() {
    let world = World::kind();
    let order = ordered("SMALL", 1).site(SITE);
    world.hears(&order);
    world.strike(always(Operation::UnassignProductInstance, refused("MISSING_SITE_ID")));
    world.hears(&order.canceled());
    world.settle();
    assert_eq!(world.sites(), 1);
    assert_eq!(
        world.attention(KEY),
        ["MISSING_SITE_ID"],
        "it is still in use, and nobody pays for it"
    );
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.sites(), 0);
    world.needs_nobody();
}

#[test]
fn paid_again_after_a_cancellation_is_assigned_again_with_new_keys() {
    let world = World::kind();
    let mut order = ordered("PLAN", 1).site(SITE);
    world.hears(&order);
    for _ in 0..2 {
        order = order.canceled();
        world.hears(&order);
        assert_eq!(world.sites(), 0);
        order = order.revived();
        world.hears(&order);
        assert_eq!(world.sites(), 2);
    }
    assert_eq!(world.packages(), (1, 1));
    // Two creates, and a change of two instances four times.
    assert_eq!(world.keys(), (10, 10));
}

#[test]
fn paid_again_what_has_ended_is_attention_until_it_is_replaced() {
    for (sku, attention) in [("MAIL", vec![]), ("ENDS", vec!["INSTANCE_CANCELED".to_owned()])] {
        let world = World::kind();
        let order = ordered(sku, 1).site(SITE);
        world.hears(&order);
        let canceled = order.canceled();
        world.hears(&canceled);
        world.hears(&canceled.revived());
        assert_eq!(world.attention(KEY), attention);
        assert_eq!(world.calls(Operation::CreatePackage), 1);
        assert_eq!(world.sites(), usize::from(sku == "MAIL"));
        world.replaces();
        world.ends_with(1, 0);
    }
}

#[test]
fn a_cancellation_that_comes_at_any_moment_takes_everything_back() {
    let order = Order::new(KEY)
        .line("1", "PLAN", 1)
        .line("2", "ENDS", 1)
        .paid()
        .site(SITE);
    let canceled = order.clone().reference("SUB-7").canceled();
    let mut moments = 0;
    loop {
        let world = World::unkind(Duration::from_secs(30));
        let mut run = world.begins(&order);
        let done = run.steps(moments).is_some();
        world.hears(&canceled);
        while !done && run.step().is_none() {}
        world.settle();
        let told = format!("canceled after {moments} await points");
        assert_eq!((world.sites(), world.attention(KEY)), (0, vec![]), "{told}");
        assert_eq!(violations(&world), Vec::<String>::new(), "{told}");
        if done {
            break;
        }
        moments += 1;
    }
    assert!(moments > 12, "{moments}");
}

#[test]
fn a_cancellation_merged_under_a_lease_is_done_by_its_worker() {
    let world = World::kind();
    let order = ordered("PLAN", 1).site(SITE);
    let mut run = world.begins_and_creates(&order, 1);
    let other = world.hears(&order.canceled());
    assert_eq!(other.tally.wix_calls, 0);
    run.finish();
    // Created, then taken off the site; no voucher.
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(world.sites(), 0);
    world.holds();
}

#[test]
fn a_package_that_appears_a_day_after_the_cancellation_is_taken_back() {
    let world = World::unkind(Duration::from_secs(20 * 3_600));
    let order = ordered("ENDS", 1);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&order);
    world.hears(&order.canceled());
    world.settle();
    assert_eq!(
        world.calls(Operation::CreatePackage),
        1,
        "what is not wanted is never sent again"
    );
    world.ends_with(0, 0);
    assert_eq!(world.packages(), (1, 0), "it was there, and was canceled");
}

/// Each change takes a second, so that no worker comes to the end of it, and some die over it.
#[test]
fn an_order_of_many_units_is_taken_back_although_workers_die_over_it() {
    let world = World::unkind(Duration::from_secs(30));
    let order = ordered("ENDS", 120);
    world.hears(&order);
    world.strike(always(Operation::CancelProductInstance, stalls(1_000)));
    // First a part of it is refunded, then all.
    let events = [refund(KEY, "r", &[("1", 40)]), order.canceled().event()];
    for (event, steps) in events.iter().zip([47, 91]) {
        assert!(world.begins(event).steps(steps).is_none());
        world.clock.advance(Duration::from_secs(120));
    }
    world.settle();
    assert_eq!(world.bases(), 0);
    world.is_quiet();
}

/// A customer says that a site lost its plan: nobody has looked since it was bought, so a retry looks. What is found alive is
/// not bought again.
#[test]
fn a_retry_looks_at_wix_and_replaces_only_what_has_ended() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 2));
    world.settle();
    world.replaces();
    assert_eq!(world.packages(), (1, 0), "all of it is alive");
    world.change(world.base(), becomes(Status::Canceled));
    world.settle();
    world.needs_nobody();
    world.retries();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
    assert_eq!(world.packages(), (1, 0), "a retry buys nothing again");
    world.replaces();
    assert_eq!((world.packages(), world.alive("MAIL")), ((2, 0), 2));
    world.needs_nobody();
}
