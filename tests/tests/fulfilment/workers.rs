//! Several workers and one order: leases, deadlines, retries, and workers that wake up too late.

use reseller_hooks_tests::prelude::*;

/// The first goes on to any point, then the second to any point, then each to its end, in either order.
#[test]
fn the_same_event_in_two_workers_is_one_package_at_any_interleaving() {
    let interleaved = |first_steps: usize, second_steps: usize, first_ends_first: bool| {
        let world = World::late();
        let event = ordered("MAIL", 1).event();
        let (mut first, mut second) = (world.begins(&event), world.begins(&event));
        let done = first.steps(first_steps).is_some();
        let (first_done, second_done) = (done, second.steps(second_steps).is_some());
        let mut left = [(!first_done).then_some(first), (!second_done).then_some(second)];
        if !first_ends_first {
            left.reverse();
        }
        for mut run in left.into_iter().flatten() {
            run.finish();
        }
        world.settle();
        world.ends_with_one_mail();
        (first_done, second_done)
    };
    for first_ends_first in [true, false] {
        for first_steps in 0.. {
            let second_steps = (0..).find(|steps| interleaved(first_steps, *steps, first_ends_first).1);
            let steps = second_steps.unwrap();
            if interleaved(first_steps, steps, first_ends_first).0 {
                assert!(first_steps > 5, "{first_steps}");
                break;
            }
        }
    }
}

#[test]
fn a_worker_that_lost_its_lease_wakes_up_and_buys_nothing_twice() {
    for after_create in [false, true] {
        let world = World::late();
        let mut run = world.begins(&ordered("MAIL", 1));
        run.until(|| match after_create {
            true => world.calls(Operation::CreatePackage) > 0,
            false => !world.ledger.entries().is_empty(),
        });
        world.clock.advance(Duration::from_secs(300));
        world.settle();
        run.finish();
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), 1);
        world.ends_with_one_mail();
    }
}

#[test]
fn redelivered_while_a_worker_has_it_the_second_calls_nobody() {
    let world = World::kind();
    let order = ordered("MAIL", 1);
    let mut run = world.begins_and_writes(&order);
    let second = world.hears(&order);
    assert_eq!((second.tally.wix_calls, second.tally.ledger_writes), (0, 0));
    run.finish();
    world.ends_with_one_mail();
}

#[test]
fn a_manual_retry_is_refused_while_a_worker_has_the_order() {
    let world = World::kind();
    let mut run = world.begins_and_writes(&ordered("MAIL", 1));
    let operator = world.worker();
    let refused = poll_through(operator.retry(&KEY.parse().unwrap(), &Retry::default(), world.deadline())).unwrap_err();
    assert!(refused.to_string().contains("try again after that"), "{refused}");
    run.finish();
    world.ends_with_one_mail();
}

#[test]
fn an_automatic_retry_leaves_the_order_to_the_operators_worker() {
    let world = World::late();
    world.strike(times(3, Operation::CreatePackage, Effect::DropBefore));
    let event = ordered("MAIL", 1).event();
    world.hears(&event);
    world.settle();
    assert_eq!(world.attention(KEY), ["NO_ANSWER"]);
    let (key, operator) = (KEY.parse().unwrap(), world.worker());
    let retry = Retry::default();
    let mut run = Run::new(operator.retry(&key, &retry, world.deadline()));
    let before = world.calls(Operation::QueryPackages);
    run.until(|| world.calls(Operation::QueryPackages) > before);
    // The schedule comes round, the message again, and something new is said: all leave it alone.
    assert_eq!(world.sweep().tally.wix_calls, 0);
    assert_eq!(world.hears(&event).tally.wix_calls, 0);
    let tagged = ordered("MAIL", 1).reference("SUB-7").event();
    assert_eq!(world.hears(&tagged).tally.wix_calls, 0);
    run.finish();
    world.settle();
    world.ends_with_one_mail();
}

#[test]
fn a_deadline_in_the_middle_of_a_create_leaves_it_to_the_next_sweep() {
    let world = World::late();
    let deadline = world.clock.now() + Duration::from_secs(17);
    world.strike(once(Operation::CreatePackage, stalls(60_000)));
    let outcome = world.begins_within(&ordered("MAIL", 1), deadline).finish();
    assert!(matches!(outcome.progress, Progress::Waiting { .. }));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.ends_with_one_mail();
}

#[test]
fn a_worker_that_stalls_past_its_lease_sends_nothing() {
    let world = World::late();
    let mut run = world.begins_and_writes(&ordered("MAIL", 1));
    world.clock.advance(Duration::from_secs(120));
    world.settle();
    world.clock.advance(HOUR);
    run.finish();
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.ends_with(1, 0);
}

#[test]
fn a_thawed_sandbox_whose_call_never_left_is_not_unknown() {
    let world = World::late();
    let mut run = world.begins_and_writes(&ordered("MAIL", 1));
    // Into the call, and frozen there before anything is sent.
    run.steps(1);
    world.clock.advance(Duration::from_secs(20));
    run.finish();
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    assert_eq!(world.purchases(KEY), 0, "nothing is in doubt");
    world.settle();
    assert_eq!(world.calls(Operation::QueryPackages), 0);
    world.ends_with(1, 0);
}

#[test]
fn a_worker_with_the_time_of_one_call_only_does_not_spin() {
    let world = World::kind();
    let deadline = world.clock.now() + world.settings.wix_timeout;
    let ended = world.begins_within(&ordered("MAIL", 1), deadline).finish();
    assert!(matches!(ended.progress, Progress::Waiting { .. }));
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.settle();
    assert_eq!(world.packages(), (1, 0));
}

#[test]
fn clocks_apart_by_the_skew_setting_do_not_make_two_packages() {
    // The second worker's clock is 5 s fast: it takes over as early as it may.
    let world = World::late();
    let deadline = world.deadline();
    drop(world.begins_and_creates(&ordered("MAIL", 1), 1));
    // By the fast clock the lease (deadline and skew) is over now.
    world.clock.set(deadline + Duration::from_secs(5));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.ends_with_one_mail();
}
