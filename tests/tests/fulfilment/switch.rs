//! The operator's switch and the brake: what they stop, what goes on, and that nothing of it needs a deployment.

use reseller_hooks::fulfilment::{Switch, Switched};
use reseller_hooks_tests::prelude::*;

fn turns(world: &World, pauses: bool) -> Switched {
    let switch = Switch {
        pauses,
        by: "jane".to_owned(),
        reason: "a storm of wrong orders".to_owned(),
    };
    poll_through(world.worker().switch(&switch)).unwrap()
}

fn calls(world: &World) -> usize {
    world.look().calls().len()
}

#[test]
fn an_ordinary_order_costs_one_permit_beside_its_calls_and_writes() {
    let world = World::kind();
    for order in 1..=3 {
        // Also the first there ever is, and one after hours in which nobody called.
        let paid = Order::new(&format!("shopify/{order}")).line("1", "PLAN", 1).paid();
        let tally = world.hears(&paid).tally;
        assert_eq!((tally.wix_calls, tally.ledger_writes), (2, 3));
        // These workers are new each time, and start without having read the limit.
        assert!(tally.permits <= 2, "{tally:?}");
        world.clock.advance(Duration::from_secs(7_300));
    }
    let worker = world.worker();
    let mut permits = Vec::new();
    for order in 4..=6 {
        let event = Order::new(&format!("shopify/{order}"))
            .line("1", "PLAN", 1)
            .paid()
            .event();
        let outcome = poll_through(worker.accept(&event, world.deadline())).expect("the ledger answers");
        permits.push(outcome.tally.permits);
        world.clock.advance(Duration::from_secs(7_300));
    }
    assert_eq!(permits[1..], [1, 1]);
}

#[test]
fn a_pause_stops_the_next_call_and_resume_goes_on() {
    let world = World::kind();
    let worker = world.worker();
    let order = ordered("PLAN", 1);
    poll_through(worker.accept(
        &Order::new("shopify/1").line("1", "MAIL", 1).paid().event(),
        world.deadline(),
    ))
    .expect("the ledger answers");
    let before = calls(&world);
    assert_eq!(turns(&world, true), Switched::Now);
    assert_eq!(turns(&world, true), Switched::Before);
    // A process that was running all the time: nobody told it.
    let heard = poll_through(worker.accept(&order.event(), world.deadline())).expect("the event is stored");
    assert!(
        matches!(&heard.progress, Progress::Stopped(Outage::Paused(why)) if why.contains("jane")),
        "{heard:?}"
    );
    world.clock.advance(DAY);
    assert!(matches!(world.sweep().stopped, Some(Outage::Paused(_))));
    assert_eq!(calls(&world), before);
    assert_eq!(turns(&world, false), Switched::Now);
    assert_eq!(turns(&world, false), Switched::Before);
    world.settle();
    assert_eq!(world.packages(), (2, 1));
    world.holds();
}

#[test]
fn a_pause_is_seen_by_each_sweep_while_nothing_is_due() {
    let world = World::kind();
    turns(&world, true);
    let sweep = world.sweep();
    assert_eq!(sweep.orders, 0);
    assert!(matches!(sweep.stopped, Some(Outage::Paused(_))), "{sweep:?}");
}

// Whatever was bought since the backup was made is not in it: buying at once would buy it again.
#[test]
fn a_restored_ledger_starts_paused_and_is_audited_all_the_same() {
    let mut world = World::kind();
    world.hears(&ordered("MAIL", 1));
    world.ledger = Arc::new(world.ledger.restored("restored"));
    world.hears(&Order::new("shopify/2").line("1", "MAIL", 1).paid());
    world.clock.advance(Duration::from_secs(7_200));
    assert!(matches!(world.sweep().stopped, Some(Outage::Paused(_))));
    assert_eq!(world.packages(), (1, 0));
    assert!(world.audit().finished);
    assert_eq!(turns(&world, false), Switched::Now);
    world.settle();
    assert_eq!(world.packages(), (2, 0));
}

// A bug, a typo in the catalog, a stolen secret: the cheapest limit on all of them.
#[test]
fn the_brake_stops_buying_and_not_taking_back_until_resume() {
    let mut world = World::kind();
    world.catalog.defaults.max_purchases_per_hour = 3;
    let order = |number: u32| Order::new(&format!("shopify/{number}")).line("1", "ENDS", 1);
    for number in 1..=3 {
        world.hears(&order(number).paid());
    }
    let heard = world.hears(&order(4).paid());
    assert!(
        matches!(heard.progress, Progress::Stopped(Outage::Braked(_))),
        "{heard:?}"
    );
    world.hears(&order(1).paid().canceled());
    assert_eq!(
        world.calls(Operation::CancelProductInstance),
        1,
        "what is to be taken back is"
    );
    world.clock.advance(DAY);
    let sweep = world.sweep();
    assert!(matches!(sweep.stopped, Some(Outage::Braked(_))), "{sweep:?}");
    assert_eq!(world.packages(), (3, 0), "the next hour does not take the brake off");
    assert_eq!(turns(&world, false), Switched::Now);
    world.settle();
    assert_eq!(world.packages(), (4, 0));
    world.holds();
}

#[test]
fn a_purchase_larger_than_the_brake_is_made_and_the_next_one_waits() {
    let mut world = World::kind();
    world.catalog.defaults.max_purchases_per_hour = 3;
    world.hears(&ordered("MAIL", 20));
    assert_eq!(world.look().instances().count(), 20);
    world.hears(&Order::new("shopify/2").line("1", "MAIL", 1).paid());
    assert_eq!(world.look().instances().count(), 20);
}

// A voucher is free and belongs to a plan that is paid for: withholding it saves nothing.
#[test]
fn the_brake_lets_the_voucher_of_a_bought_plan_through() {
    let mut world = World::kind();
    world.catalog.defaults.max_purchases_per_hour = 1;
    world.strike(after(
        1,
        Operation::CreatePackage,
        Effect::Throttle { retry_after: Some(1) },
    ));
    world.hears(&ordered("PLAN", 1));
    world.clock.advance(Duration::from_secs(20));
    let second = world.hears(&Order::new("shopify/2").line("1", "PLAN", 1).paid());
    assert!(
        matches!(second.progress, Progress::Stopped(Outage::Braked(_))),
        "{second:?}"
    );
    assert_eq!(world.packages(), (1, 0));
    world.settle();
    assert_eq!(world.packages(), (1, 1));
}
