//! Two workers whose clocks are apart: up to the setting nothing is bought twice. Beyond it something may be, where Wix
//! ignores keys; that is documented, and the audit names it.

use reseller_hooks_tests::prelude::*;

fn deadline(clock: &impl Clock) -> Timestamp {
    clock.now() + Duration::from_secs(58)
}

/// The worst that can be: a worker whose clock is slow begins, freezes, sends at the last moment that its clock allows,
/// and is dead. Wix takes all the time of a call to do it. One whose clock is fast takes over as soon as it may.
fn the_worst(world: &World, apart: Duration) {
    let half = i64::try_from(apart.as_millis() / 2).unwrap();
    let [slow, fast] = [-half, half].map(|ahead| world.skewed_worker(world.yielding(), ahead));
    let event = ordered("MAIL", 1).event();
    world.strike(once(Operation::CreatePackage, Effect::Late { ms: 14_999 }));
    let ends = deadline(slow.clock());
    {
        let mut run = Run::new(slow.accept(&event, ends));
        run.until(|| !world.ledger.entries().is_empty());
        let last = ends - world.settings.wix_timeout;
        let frozen = Duration::from_millis(last.since(slow.clock().now()).as_millis().try_into().unwrap_or(0) - 1);
        world.clock.advance(frozen);
        run.until(|| world.calls(Operation::CreatePackage) > 0);
    }
    for _ in 0..600 {
        poll_through(fast.sweep(deadline(fast.clock()))).unwrap();
        world.clock.advance(Duration::from_secs(1));
    }
}

/// How many creates were sent. The sandbox counts one that arrives late once more when it does.
fn sent(world: &World) -> u64 {
    world.calls(Operation::CreatePackage) - 1
}

fn alive(world: &World) -> usize {
    world.look().instances().filter(|(_, i)| i.status.is_alive()).count()
}

/// The second setting is longer than what passes between two lookups, which would else make up for it.
#[test]
fn clocks_apart_by_the_skew_setting_buy_once_in_the_worst_case() {
    for skew in [5, 30].map(Duration::from_secs) {
        let mut world = World::unkind(Duration::from_secs(59));
        world.settings.lease_skew = skew;
        the_worst(&world, skew);
        assert_eq!(sent(&world), 1, "{skew:?}");
        assert_eq!(world.wrong(KEY, paid(1, 0)), Vec::<String>::new(), "{skew:?}");
    }
}

#[test]
fn clocks_apart_beyond_the_skew_setting_buy_once_where_wix_honours_keys() {
    let world = World::unkind(Duration::from_secs(59));
    world.look().config_mut().idempotency = Idempotency::Honour;
    the_worst(&world, Duration::from_secs(60));
    assert!(sent(&world) > 1, "it is sent again too early");
    assert_eq!((alive(&world), violations(&world)), (1, vec![]));
}

#[test]
fn clocks_apart_beyond_the_setting_may_buy_twice_and_the_audit_tells() {
    let world = World::unkind(Duration::from_secs(59));
    the_worst(&world, Duration::from_secs(60));
    assert_eq!(alive(&world), 2, "this is the documented limit");
    world.clock.advance(Duration::from_secs(7_200));
    assert_eq!(world.audit().surplus, 1);
    world.settle();
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
}
