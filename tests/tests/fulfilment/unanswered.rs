//! Wix never answers clearly: what is asked backs off, becomes attention after some tries, and is bounded.

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
    assert!(world.calls(Operation::GetPackage) <= 40 * u64::from(MAX_ATTEMPTS));
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.sites(), 0);
    world.is_quiet();
}
