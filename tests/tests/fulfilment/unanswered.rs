//! Wix never answers clearly: what is asked backs off, becomes attention after some tries, and is bounded.

use reseller_hooks::fulfilment::calls::bound::{PER_INSTANCE, PER_PURCHASE};
use reseller_hooks_tests::prelude::*;

/// A mailbox on its site, whose order is canceled while Wix answers its change so, for good.
fn canceled_while(effect: Effect) -> World {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.strike(always(Operation::UnassignProductInstance, effect));
    world.hears(&order.canceled());
    world.settle();
    world
}

/// A good read says how things are, and not that the change can be made: it must not begin the counting anew.
#[test]
fn a_change_that_is_never_answered_backs_off_and_ends_in_attention() {
    for effect in [fails(500), fails(409), Effect::DropBefore] {
        let world = canceled_while(effect);
        assert_eq!(world.attention(KEY), ["UNANSWERED_CHANGE"]);
        assert_eq!(
            world.calls(Operation::UnassignProductInstance),
            12,
            "it is not asked for good"
        );
        assert!(world.clock.now() < START + 2 * HOUR, "within two hours");
        let problem = &world.problems(KEY)[0];
        assert_eq!(problem.verbs, [Verb::Retry, Verb::Close]);
        world.look().clear_faults();
        world.retries();
        assert_eq!(world.sites(), 0);
        world.is_quiet();
    }
}

#[test]
fn a_closed_unanswered_change_is_asked_no_more_and_comes_back_with_another() {
    let world = canceled_while(fails(500));
    world.closes();
    world.retries();
    assert_eq!(world.calls(Operation::UnassignProductInstance), 12);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn a_change_that_is_answered_after_a_while_needs_nobody() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.strike(times(5, Operation::UnassignProductInstance, fails(500)));
    world.hears(&order.canceled());
    world.settle();
    assert_eq!(world.sites(), 0);
    world.is_quiet();
}

#[test]
fn a_tag_that_is_never_answered_backs_off_and_ends_in_attention() {
    let world = World::kind();
    world.strike(always(Operation::UpdateExternalId, fails(500)));
    world.hears(&ordered("MAIL", 1).reference("SUB-7"));
    world.settle();
    assert_eq!(world.attention(KEY), ["UNANSWERED_TAG"]);
    assert_eq!(world.calls(Operation::UpdateExternalId), 12);
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.external_ids(), ["SUB-7"]);
    world.is_quiet();
}

#[test]
fn a_package_that_is_never_shown_is_asked_for_ever_more_seldom_and_then_no_more() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 1).site(SITE));
    world.strike(always(Operation::GetPackage, fails(500)));
    world.strike(once(Operation::UnassignProductInstance, fails(500)));
    world.hears(&ordered("MAIL", 1).site(SITE).canceled());
    for _ in 0..20 {
        world.settle();
        world.clock.advance(DAY);
    }
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    assert_eq!(world.entry(KEY).due_at, None);
    assert!(world.calls(Operation::GetPackage) <= 40);
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.sites(), 0);
    world.is_quiet();
}

/// Each edit asks for another purchase, and each retry counts its failures from the beginning: without an end of its own, the
/// silence would last as long as somebody edits or retries every few hours.
#[test]
fn edits_and_retries_put_it_off_for_a_day_at_most_that_a_person_is_told() {
    for retries in [false, true] {
        let world = World::kind();
        let order = |newest: u32| {
            let gone = (1..newest).fold(Order::new(KEY), |order, line| order.line(&line.to_string(), "MAIL", 0));
            let order = gone.line(&newest.to_string(), "MAIL", 1).paid();
            // Heard of late, so that it is looked up before it is bought.
            order.placed(START - 3 * DAY)
        };
        world.strike(always(Operation::QueryPackages, fails(503)));
        world.hears(&order(1));
        let mut told_at = None;
        for minute in 1..=26 * 60 {
            world.clock.advance(Duration::from_secs(60));
            world.sweep();
            if told_at.is_none() && !world.attention(KEY).is_empty() {
                told_at = Some(minute / 60);
            }
            if minute % 180 == 0 && retries {
                world.retry(&KEY.parse().expect("a key"));
            } else if minute % 180 == 0 {
                world.hears(&order(minute / 180 + 1));
            }
        }
        assert_eq!(told_at, Some(24));
        world.look().clear_faults();
        world.settle();
        world.ends_with_one_mail();
    }
}

/// Far below the number that `docs/operate.md` names, whatever Wix answers: every operation is answered in one of these ways, for good or
/// for a while, before and after the order is canceled.
#[test]
fn the_calls_of_one_order_are_bounded_over_any_history_of_answers() {
    let operations = [
        Operation::CreatePackage,
        Operation::QueryPackages,
        Operation::GetPackage,
        Operation::AssignProductInstance,
        Operation::UnassignProductInstance,
        Operation::CancelProductInstance,
        Operation::UpdateExternalId,
    ];
    let mut draw = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |most: u64| {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        draw % most
    };
    for history in 0..40 {
        let world = World::unkind(Duration::ZERO);
        for operation in operations {
            let effect = match below(7) {
                0 => fails(500),
                1 => fails(409),
                2 => Effect::DropBefore,
                3 => Effect::ErrorAfter {
                    status: 500,
                    code: None,
                },
                4 => refused("SOMETHING_ELSE"),
                _ => continue,
            };
            let skip = u32::try_from(below(3)).unwrap_or(0);
            let count = if below(2) == 0 {
                u32::MAX
            } else {
                u32::try_from(below(20)).unwrap_or(1)
            };
            world.strike(FaultRule {
                skip,
                ..times(count, operation, effect)
            });
        }
        let sku = ["PLAN", "ENDS", "MAIL"][usize::try_from(below(3)).unwrap_or(0)];
        let order = ordered(sku, 2).site(SITE).reference("SUB-7");
        let rest = |world: &World| {
            for _ in 0..20 {
                world.settle();
                world.clock.advance(3 * DAY);
            }
        };
        world.hears(&order);
        rest(&world);
        world.hears(&order.canceled());
        rest(&world);
        let calls: u64 = operations.into_iter().map(|operation| world.calls(operation)).sum();
        let (purchases, instances) = world
            .look()
            .packages()
            .fold((1_u32, 2_u32), |(purchases, instances), package| {
                let held = u32::try_from(package.instances.len()).unwrap_or(u32::MAX);
                (purchases + 1, instances + held)
            });
        // Two things happened to it.
        let most = 2 * (purchases * PER_PURCHASE + instances * PER_INSTANCE);
        assert!(
            calls <= u64::from(most),
            "history {history}: {calls} calls for {sku}, {most} at the most"
        );
        assert_eq!(
            world.entry(KEY).due_at,
            None,
            "history {history} ({sku}): {:?}",
            world.attention(KEY)
        );
    }
}

/// It was asked for again at once, millions of times, as long as the invocation lasted.
#[test]
fn a_read_after_an_unclear_change_that_fails_is_put_off() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.strike(once(Operation::UnassignProductInstance, fails(500)));
    world.hears(&order.canceled());
    world.strike(always(Operation::GetPackage, Effect::DropBefore));
    let before = world.calls(Operation::GetPackage);
    world.clock.advance(HOUR);
    world.sweep();
    assert!(world.calls(Operation::GetPackage) <= before + 1);
}

/// The older reference would come after the newer one, and no order would be found at Wix by its own name.
#[test]
fn a_reference_that_may_still_come_is_waited_for_before_another_one() {
    for (answered_again, retried) in [(false, false), (true, false), (false, true)] {
        let world = World::kind();
        let order = ordered("MAIL", 1).reference("SUB-7");
        world.strike(once(Operation::UpdateExternalId, Effect::Late { ms: 50_000 }));
        world.hears(&order);
        if answered_again {
            world.clock.advance(Duration::from_secs(10));
            world.sweep();
            assert_eq!(world.external_ids(), ["SUB-7"]);
        }
        world.hears(&order.reference("SUB-8"));
        if retried {
            world.retry(&KEY.parse().expect("a key"));
        }
        world.settle();
        world.clock.advance(HOUR);
        assert_eq!(world.external_ids(), ["SUB-8"], "{answered_again} {retried}");
        world.is_quiet();
    }
}
