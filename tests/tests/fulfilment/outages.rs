//! What is no order's fault: limits, a revoked key, a Wix that is away, the switch that pauses everything.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_throttled_order_is_due_when_wix_says_and_else_within_a_minute() {
    for (retry_after, seconds) in [(Some(7), 7), (Some(90), 90), (None, 50)] {
        let world = World::kind();
        world.strike(once(Operation::CreatePackage, Effect::Throttle { retry_after }));
        world.hears(&ordered("MAIL", 1));
        let due_at = START + Duration::from_secs(seconds);
        assert_eq!(world.entry(KEY).due_at, Some(due_at));
        world.clock.set(due_at - Duration::from_millis(1));
        assert_eq!(world.sweep().orders, 0);
        world.clock.set(due_at);
        assert_eq!((world.sweep().settled, world.packages()), (1, (1, 0)));
    }
}

#[test]
fn a_storm_of_429_ends_with_one_package_and_no_attention() {
    let world = World::kind();
    world.strike(FaultRule {
        times: 30,
        ..FaultRule::new(Effect::Throttle { retry_after: None })
    });
    world.hears(&ordered("PLAN", 1));
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    world.needs_nobody();
    assert!(world.calls(Operation::CreatePackage) < 40, "nobody spins");
}

#[test]
fn a_revoked_key_is_no_orders_attention_and_nothing_is_lost() {
    let world = World::kind();
    world.look().revoke_api_key(DEFAULT_API_KEY);
    let keys: Vec<String> = (1..=5).map(|number| format!("shopify/{number}")).collect();
    for key in &keys {
        world.hears(&Order::new(key).line("1", "PLAN", 1).paid());
        assert_eq!(world.attention(key), Vec::<String>::new());
        assert!(world.entry(key).due_at.is_some());
    }
    world.clock.advance(HOUR);
    let sweep = world.sweep();
    assert!(sweep.stopped.is_some());
    assert_eq!(sweep.orders, 1, "the first 401 stops the sweep");
    world.look().add_api_key(DEFAULT_API_KEY);
    world.settle();
    assert_eq!(world.packages(), (5, 5));
    world.holds();
}

#[test]
fn a_wix_that_is_away_for_a_day_is_no_orders_problem() {
    let world = World::kind();
    let transport = world.transport();
    transport.unreachable.store(true, Ordering::Relaxed);
    let port = world.port_over(transport, world.clock.clone());
    let worker = world.worker_over(port, world.yielding(), world.clock.clone());
    // One order is in doubt when it begins, another comes then.
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("MAIL", 1));
    let other = Order::new("shopify/2").line("1", "MAIL", 1).paid().event();
    poll_through(worker.accept(&other, world.deadline())).unwrap();
    for _ in 0..144 {
        world.clock.advance(Duration::from_secs(600));
        let sweep = poll_through(worker.sweep(world.deadline())).unwrap();
        assert!(matches!(sweep.stopped, Some(Outage::WixAway(_))), "{sweep:?}");
        assert_eq!(sweep.orders, 1, "the first that cannot reach it stands for all");
        let attention = [KEY, "shopify/2"].map(|key| world.attention(key));
        assert_eq!(attention, [vec![], Vec::<String>::new()]);
    }
    world.settle();
    assert_eq!((world.packages(), world.calls(Operation::CreatePackage)), ((2, 0), 2));
    world.holds();
}

#[test]
fn an_account_that_the_key_may_not_use_stops_nobody_else() {
    let world = World::kind();
    world.strike(FaultRule {
        account: Some(OTHER.parse().unwrap()),
        ..always(Operation::CreatePackage, fails(403))
    });
    let outcome = world.hears(&ordered("MAIL", 1).account(OTHER));
    assert_eq!(outcome.progress, Progress::Settled);
    assert_eq!(world.attention(KEY), ["HTTP 403"]);
    let other = Order::new("shopify/2").line("1", "MAIL", 1).paid();
    assert_eq!(world.begins(&other).finish().progress, Progress::Settled);
    assert_eq!(world.packages(), (1, 0));
    // For the reseller's own account it is the key, and everybody's problem.
    world.strike(always(Operation::CreatePackage, fails(403)));
    let own = Order::new("shopify/3").line("1", "MAIL", 1).paid();
    assert!(matches!(world.begins(&own).finish().progress, Progress::Stopped(_)));
    assert_eq!(world.attention("shopify/3"), Vec::<String>::new());
}

#[test]
fn paused_by_the_switch_wix_is_not_called_and_nothing_is_lost() {
    let mut world = World::kind();
    world.settings.paused = true;
    world.hears(&ordered("MAIL", 1));
    world.clock.advance(DAY);
    world.sweep();
    assert_eq!(world.look().calls().count(), 0);
    world.settings.paused = false;
    world.settle();
    world.ends_with_one_mail();
}
