//! One instance with more than one problem, or whose problem has moved: `close` settles the one that is named, and
//! leaves the others as they are.

use reseller_hooks::fulfilment::Attention;
use reseller_hooks_tests::prelude::*;

/// A plan that floats since its order was canceled, and the same order alive again.
fn floating() -> (World, Order) {
    let world = World::kind();
    let order = ordered("SMALL", 1).site(SITE);
    world.hears(&order);
    world.settle();
    let canceled = order.canceled();
    world.hears(&canceled);
    world.settle();
    assert_eq!(world.sites(), 0);
    (world, canceled.revived())
}

fn close(world: &World, problem: &Attention) {
    let before = world.look().calls().count();
    world.close(&KEY.parse().unwrap(), &problem.id).unwrap();
    world.settle();
    assert_eq!(world.look().calls().count(), before, "closing calls nobody");
}

/// Each was shown with what Wix had answered to the other, and to close one showed the other again, without an end (seed
/// 79267).
#[test]
fn a_refused_assignment_and_a_refused_adjustment_are_two_problems() {
    for adjustment_first in [true, false] {
        let (world, alive) = floating();
        world.strike(always(
            Operation::AssignProductInstance,
            refused("PRODUCT_TYPE_ALREADY_ASSIGNED"),
        ));
        world.strike(always(
            Operation::AdjustProductInstance,
            refused("MISSING_BILLING_CYCLE"),
        ));
        world.hears(&alive.line("1", "LARGE", 1));
        world.settle();
        let mut problems = world.problems(KEY);
        problems.sort_by_key(|problem| problem.code != "MISSING_BILLING_CYCLE");
        let codes: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, ["MISSING_BILLING_CYCLE", "PRODUCT_TYPE_ALREADY_ASSIGNED"]);
        if !adjustment_first {
            problems.reverse();
        }
        close(&world, &problems[0]);
        assert_eq!(world.problems(KEY), problems[1..], "the other stays, as it was");
        close(&world, &problems[1]);
        world.is_quiet();
        world.look().clear_faults();
        world.retries();
        world.needs_nobody();
        let tries = [Operation::AssignProductInstance, Operation::AdjustProductInstance];
        assert_eq!(
            tries.map(|operation| world.calls(operation)),
            [1, 1],
            "both are settled"
        );
    }
}

/// A retry tries both again, whichever was shown.
#[test]
fn a_retry_of_both_ends_both() {
    let (world, alive) = floating();
    world.strike(once(Operation::AssignProductInstance, refused("SITE_NOT_FOUND")));
    world.strike(once(Operation::AdjustProductInstance, refused("INCOMPATIBLE_PRODUCT")));
    world.hears(&alive.line("1", "LARGE", 1));
    world.settle();
    assert_eq!(world.problems(KEY).len(), 2);
    world.retries();
    assert_eq!(world.sites(), 2, "the plan and the voucher of the larger one");
    world.is_quiet();
}

/// Another plan is adjusted in its own time; what was closed of the site is not opened by that.
#[test]
fn an_adjustment_opens_no_assignment_that_was_closed() {
    for effect in [
        Effect::DropBefore,
        Effect::Late { ms: 30_000 },
        refused("INCOMPATIBLE_PRODUCT"),
    ] {
        let (world, alive) = floating();
        world.strike(always(Operation::AssignProductInstance, refused("SITE_NOT_FOUND")));
        world.hears(&alive);
        world.settle();
        world.closes();
        world.needs_nobody();
        world.strike(once(Operation::AdjustProductInstance, effect));
        world.hears(&alive.line("1", "LARGE", 1));
        for _ in 0..10 {
            assert!(!world.attention(KEY).contains(&"SITE_NOT_FOUND".to_owned()));
            world.clock.advance(Duration::from_secs(15));
            world.sweep();
        }
        world.closes();
        world.is_quiet();
        assert_eq!(world.calls(Operation::AssignProductInstance), 1);
    }
}

/// What is closed is about the site that the order names at that time, also where it named another one before.
#[test]
fn an_assignment_to_another_site_that_is_closed_stays_closed() {
    let (world, alive) = floating();
    world.strike(always(Operation::AssignProductInstance, refused("SITE_NOT_FOUND")));
    world.hears(&alive.site(OTHER_SITE));
    world.settle();
    assert_eq!(world.attention(KEY), ["SITE_NOT_FOUND"]);
    close(&world, &world.problems(KEY)[0]);
    world.is_quiet();
}

/// While an assignment to the first site may still come, nothing is sent to the other one; what nobody answered is shown all
/// the same, and can be closed.
#[test]
fn what_was_never_answered_is_shown_and_closed_also_while_it_may_still_come() {
    let (world, alive) = floating();
    world.strike(always(Operation::AssignProductInstance, Effect::DropBefore));
    world.hears(&alive);
    while world.calls(Operation::AssignProductInstance) < 12 {
        world.clock.advance(Duration::from_secs(5));
        world.sweep();
    }
    world.hears(&alive.site(OTHER_SITE));
    assert!(world.entry(KEY).due_at.is_some(), "it is read once more");
    assert_eq!(world.attention(KEY), ["UNANSWERED_CHANGE"]);
    world.closes();
    for _ in 0..30 {
        world.needs_nobody();
        world.clock.advance(Duration::from_secs(5));
        world.sweep();
    }
    assert_eq!(world.calls(Operation::AssignProductInstance), 12);
    world.holds();
}

/// An operator's retry does not make an assignment that may still come harmless.
#[test]
fn a_retry_waits_for_an_assignment_to_the_site_before() {
    let (world, alive) = floating();
    world.strike(once(Operation::AssignProductInstance, Effect::Late { ms: 50_000 }));
    world.hears(&alive);
    world.hears(&alive.site(OTHER_SITE));
    world.retry(&KEY.parse().unwrap());
    world.settle();
    let sites: Vec<_> = world.look().instances().map(|(_, i)| i.site_id).collect();
    assert_eq!(sites, [OTHER_SITE.parse().ok()]);
    world.ends_with(1, 0);
}

/// A move overtakes an assignment as another assignment does.
#[test]
fn a_move_waits_for_an_assignment_to_the_site_before() {
    let (world, alive) = floating();
    world.strike(once(Operation::AssignProductInstance, Effect::Late { ms: 50_000 }));
    world.hears(&alive);
    world.clock.advance(Duration::from_secs(10));
    world.sweep();
    assert_eq!(world.sites(), 1, "the same assignment again is answered");
    world.hears(&alive.site(OTHER_SITE));
    world.settle();
    let sites: Vec<_> = world.look().instances().map(|(_, i)| i.site_id).collect();
    assert_eq!(sites, [OTHER_SITE.parse().ok()]);
    world.ends_with(1, 0);
}

/// A person closed that it is on no site. That it has ended since, or that its package is gone, is told all the same.
#[test]
fn what_is_closed_and_then_ends_at_wix_is_another_problem() {
    for (is_gone, code) in [(false, "INSTANCE_CANCELED"), (true, "PACKAGE_GONE")] {
        let (world, alive) = floating();
        world.strike(always(Operation::AssignProductInstance, refused("SITE_NOT_FOUND")));
        world.hears(&alive);
        world.settle();
        world.closes();
        world.needs_nobody();
        if is_gone {
            let package = world.look().packages().next().map(|package| package.id).unwrap();
            let now = world.clock.now().as_millis();
            world.look().delete_package(now, package).unwrap();
        } else {
            world.change_all(&InstanceChange {
                status: Some(Status::Canceled),
                ..InstanceChange::default()
            });
        }
        world.clock.advance(2 * HOUR);
        world.audit();
        world.settle();
        assert_eq!(world.attention(KEY), [code]);
        world.closes();
        world.is_quiet();
    }
}

/// A voucher follows its plan, and waits while the plan is adjusted: nothing of what was closed has moved by that.
#[test]
fn a_voucher_that_is_closed_stays_closed_while_its_plan_is_adjusted() {
    let world = World::kind();
    let order = ordered("LARGE", 1).site(SITE);
    world.hears(&order);
    world.settle();
    let canceled = order.canceled();
    world.hears(&canceled);
    world.settle();
    let alive = canceled.revived().site(OTHER_SITE);
    world.strike(FaultRule {
        skip: 1,
        ..always(Operation::AssignProductInstance, refused("SITE_NOT_FOUND"))
    });
    world.hears(&alive);
    world.settle();
    assert_eq!(
        (world.attention(KEY), world.sites()),
        (vec!["SITE_NOT_FOUND".to_owned()], 1)
    );
    world.closes();
    world.strike(once(Operation::AdjustProductInstance, Effect::DropBefore));
    world.hears(&alive.line("1", "SMALL", 1));
    for _ in 0..10 {
        assert!(!world.attention(KEY).contains(&"SITE_NOT_FOUND".to_owned()));
        world.clock.advance(Duration::from_secs(15));
        world.sweep();
    }
}
