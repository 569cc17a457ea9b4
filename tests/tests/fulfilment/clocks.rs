//! Two workers whose clocks are apart: up to the setting nothing is bought twice. Beyond it something may be, where Wix
//! ignores keys; that is documented, and the audit names it.

use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::fulfilment::{AuditRequest, Fulfilment};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks_tests::world::{
    Order, Paid, Run, SkewedClock, WixPort, World, YieldingLedger, poll_through, violations,
};
use wix_sandbox::{Effect, FaultRule, Operation};

const KEY: &str = "shopify/5324830114101";

type Worker = Fulfilment<WixPort<SkewedClock>, YieldingLedger, SkewedClock>;

/// A worker whose clock is ahead of the time by so many milliseconds, or behind it.
fn worker(world: &World, ahead: i64) -> Worker {
    let clock = SkewedClock {
        right: world.clock.clone(),
        ahead,
    };
    Fulfilment::new(
        world.port_over(world.transport(), clock.clone()),
        YieldingLedger(Arc::clone(&world.ledger), Arc::clone(&world.writes)),
        clock,
        Ok(world.catalog.clone()),
        world.settings.clone(),
    )
}

fn deadline(clock: &impl Clock) -> Timestamp {
    clock.now() + Duration::from_secs(58)
}

/// The worst that can be: a worker whose clock is slow begins, freezes, sends at the last moment that its clock allows,
/// and is dead. Wix takes all the time of a call to do it. One whose clock is fast takes over as soon as it may.
fn the_worst(world: &World, apart: Duration) {
    let half = i64::try_from(apart.as_millis() / 2).unwrap();
    let (slow, fast) = (worker(world, -half), worker(world, half));
    let event = Order::new(KEY).line("1", "MAIL", 1).paid().event();
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::Late { ms: 14_999 }));
    let ends = deadline(slow.clock());
    {
        let mut run = Run::new(slow.accept(&event, ends));
        while world.ledger.entries().is_empty() {
            assert!(run.step().is_none());
        }
        let last = ends - world.settings.wix_timeout;
        let frozen = Duration::from_millis(last.since(slow.clock().now()).as_millis().try_into().unwrap_or(0) - 1);
        world.clock.advance(frozen);
        while world.calls(Operation::CreatePackage) == 0 {
            assert!(run.step().is_none());
        }
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
        assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 }, "{skew:?}");
        assert_eq!(violations(&world), Vec::<String>::new(), "{skew:?}");
    }
}

#[test]
fn clocks_apart_beyond_the_skew_setting_buy_once_where_wix_honours_keys() {
    let world = World::unkind(Duration::from_secs(59));
    world.look().config_mut().idempotency = wix_sandbox::Idempotency::Honour;
    the_worst(&world, Duration::from_secs(60));
    assert!(sent(&world) > 1, "it is sent again too early");
    assert_eq!((alive(&world), violations(&world)), (1, vec![]));
}

#[test]
fn clocks_apart_beyond_the_skew_setting_may_buy_twice_where_wix_ignores_keys_and_the_audit_names_it() {
    let world = World::unkind(Duration::from_secs(59));
    the_worst(&world, Duration::from_secs(60));
    assert_eq!(alive(&world), 2, "this is the documented limit");
    world.clock.advance(Duration::from_secs(7_200));
    let until = world.clock.now() + Duration::from_secs(898);
    let summary = poll_through(world.worker().audit(AuditRequest::default(), until)).unwrap();
    assert_eq!(summary.surplus, 1);
    world.settle();
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
}
