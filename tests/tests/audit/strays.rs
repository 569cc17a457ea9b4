//! Packages that carry an external ID of an order and that its record does not know.

use std::time::Duration;

use reseller_hooks_tests::world::{OTHER, OWN, Order, Paid, SITE, START, World};
use wix_sandbox::{Effect, FaultRule, Operation, Status};

use super::worlds::*;

#[test]
fn a_second_package_for_a_purchase_is_named_as_surplus_and_taken_back_with_the_order() {
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    let world = one_order(&order);
    let mut duplicate = mail(OWN, Some("rh-shopify-5324830114101-b1"), START + Duration::from_secs(9));
    duplicate.instances[0].site_id = Some("c10cf845-bf18-4c10-8428-c4e5c7a39744".parse().unwrap());
    insert(&world, duplicate);
    let summary = audit(&world);
    assert_eq!((summary.surplus, summary.unclaimed, summary.foreign), (1, 0, 0));
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
    world.settle();
    assert_eq!(audit(&world).findings(), 0, "one problem is found once");
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);

    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.look().instances().filter(|(_, i)| i.site_id.is_some()).count(), 0);
}

#[test]
fn a_surplus_package_that_an_operator_canceled_is_no_attention_any_more() {
    for by_retry in [true, false] {
        let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
        let external_id = Some("rh-shopify-5324830114101-b1");
        let duplicate = insert(&world, mail(OWN, external_id, START + Duration::from_secs(9)));
        audit(&world);
        world.settle();
        assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
        let instance = world.look().package(duplicate).unwrap().instances[0].id;
        change(&world, instance, status(Status::Canceled));
        if by_retry {
            world.retry(&KEY.parse().unwrap());
        } else {
            assert_eq!(audit(&world).ended, 1);
            world.settle();
        }
        assert_eq!(world.attention(KEY), Vec::<String>::new());
        assert_eq!(Paid::of(&world, KEY).base, 1);
    }
}

#[test]
fn a_package_of_ours_that_has_ended_is_no_finding() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    let mut ended = mail(OWN, Some("rh-shopify-5324830114101-b1"), START);
    ended.instances[0].status = Some(Status::Canceled);
    insert(&world, ended);
    let summary = audit(&world);
    assert_eq!(
        (summary.findings(), summary.foreign, summary.tally.wix_calls),
        (0, 0, 1)
    );
}

#[test]
fn a_package_that_appears_a_day_after_its_canceled_purchase_was_given_up_is_taken_back() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = World::kind();
    // The request is on its way for three days.
    let late = Effect::Late { ms: 3 * 86_400_000 };
    world.strike(FaultRule::on(Operation::CreatePackage, late));
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    world.clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(Paid::of(&world, KEY).base, 1, "it has appeared");
    let summary = audit(&world);
    assert_eq!(summary.surplus + summary.found, 1);
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    quiet(&world);
}

#[test]
fn a_package_of_an_unwanted_purchase_of_unknown_outcome_is_adopted_and_taken_back_before_its_last_lookup() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = World::unkind(Duration::from_secs(5));
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::Late { ms: 2 * 3_600_000 },
    ));
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    // Looked up after a minute, ten, and an hour; the next time would be after a day.
    for minutes in [2, 11, 50] {
        world.clock.advance(Duration::from_secs(60 * minutes));
        world.sweep();
    }
    world.clock.advance(4 * HOUR);
    assert_eq!(audit(&world).found, 1);
    world.sweep();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    world.settle();
    quiet(&world);
}

#[test]
fn a_package_of_ours_without_an_order_or_of_another_account_is_reported_and_not_touched() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    insert(&world, mail(OWN, Some("rh-shopify-77-b1"), START));
    insert(&world, mail(OTHER, Some("rh-shopify-5324830114101-b1"), START));
    let summary = audit(&world);
    assert_eq!((summary.unclaimed, summary.surplus, summary.foreign), (2, 0, 0));
    assert_eq!(summary.unclaimed_listed.len(), 2);
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert!(world.look().instances().all(|(_, instance)| instance.status.is_alive()));
}
