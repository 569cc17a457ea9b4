//! Packages that carry an external ID of an order and that its record does not know.

use reseller_hooks_tests::prelude::*;

use super::worlds::*;

#[test]
fn a_second_package_for_a_purchase_is_surplus_and_taken_back() {
    let order = ordered("MAIL", 1).site(SITE);
    let world = one_order(&order);
    let mut duplicate = foreign(EMAIL, OWN, Some(FIRST), START + Duration::from_secs(9));
    duplicate.instances[0].site_id = Some(OTHER_SITE.parse().unwrap());
    world.insert(duplicate);
    let summary = world.audit();
    assert_eq!((summary.surplus, summary.unclaimed, summary.foreign), (1, 0, 0));
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
    world.settle();
    assert_eq!(world.audit().findings(), 0, "one problem is found once");
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);

    world.hears(&order.canceled());
    world.settle();
    world.needs_nobody();
    assert_eq!(world.sites(), 0);
}

#[test]
fn a_surplus_package_that_an_operator_canceled_is_no_attention_any_more() {
    for by_retry in [true, false] {
        let world = one_order(&ordered("MAIL", 1));
        let external_id = Some(FIRST);
        let duplicate = world.insert(foreign(EMAIL, OWN, external_id, START + Duration::from_secs(9)));
        world.audit();
        world.settle();
        assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
        let instance = world.look().package(duplicate).unwrap().instances[0].id;
        world.change(instance, becomes(Status::Canceled));
        if by_retry {
            world.retry(&KEY.parse().unwrap());
        } else {
            assert_eq!(world.audit().ended, 1);
            world.settle();
        }
        world.needs_nobody();
        assert_eq!(world.bases(), 1);
    }
}

#[test]
fn a_package_of_ours_that_has_ended_is_no_finding() {
    let world = one_order(&ordered("MAIL", 1));
    let mut ended = foreign(EMAIL, OWN, Some(FIRST), START);
    ended.instances[0].status = Some(Status::Canceled);
    world.insert(ended);
    let summary = world.audit();
    assert_eq!(
        (summary.findings(), summary.foreign, summary.tally.wix_calls),
        (0, 0, 1)
    );
}

#[test]
fn a_package_that_appears_after_its_purchase_was_given_up_is_taken_back() {
    let order = ordered("ENDS", 1);
    let world = World::kind();
    // The request is on its way for three days.
    let late = Effect::Late { ms: 3 * 86_400_000 };
    world.strike(once(Operation::CreatePackage, late));
    world.hears(&order);
    world.hears(&order.canceled());
    world.settle();
    world.clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(world.bases(), 1, "it has appeared");
    let summary = world.audit();
    assert_eq!(summary.surplus + summary.found, 1);
    world.settle();
    assert_eq!(world.bases(), 0);
    world.holds();
}

#[test]
fn a_package_of_a_canceled_purchase_in_doubt_is_adopted_and_taken_back() {
    let order = ordered("ENDS", 1);
    let world = World::unkind(Duration::from_secs(5));
    world.strike(once(Operation::CreatePackage, Effect::Late { ms: 2 * 3_600_000 }));
    world.hears(&order);
    world.hears(&order.canceled());
    // Looked up after a minute, ten, and an hour; the next time would be after a day.
    for minutes in [2, 11, 50] {
        world.clock.advance(Duration::from_secs(60 * minutes));
        world.sweep();
    }
    world.clock.advance(4 * HOUR);
    assert_eq!(world.audit().found, 1);
    world.sweep();
    assert_eq!(world.bases(), 0);
    world.settle();
    world.holds();
}

#[test]
fn a_package_of_ours_without_an_order_is_reported_and_not_touched() {
    let world = one_order(&ordered("MAIL", 1));
    world.insert(foreign(EMAIL, OWN, Some("rh-shopify-77-b1"), START));
    world.insert_twin(OTHER, START);
    let summary = world.audit();
    assert_eq!((summary.unclaimed, summary.surplus, summary.foreign), (2, 0, 0));
    assert_eq!(summary.unclaimed_listed.len(), 2);
    world.settle();
    world.needs_nobody();
    assert!(world.look().instances().all(|(_, instance)| instance.status.is_alive()));
}
