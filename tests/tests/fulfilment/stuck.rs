//! Nothing stays stuck in silence: since when an order is unsettled, and what a record has no room for.

use std::time::Instant;

use reseller_hooks_tests::prelude::*;

/// An order of so many lines, each another one.
fn wide(lines: u32, sku: &str) -> Order {
    let order = (0..lines).fold(Order::new(KEY), |order, line| order.line(&format!("{line}"), sku, 1));
    order.paid()
}

/// A failure puts off when the order is taken up next, and not since when it is unsettled: the alarm looks at the latter.
#[test]
fn an_order_is_unsettled_since_its_first_delivery_until_it_is_settled() {
    let world = World::unkind(Duration::ZERO);
    world.strike(times(2, Operation::CreatePackage, fails(500)));
    let begun = world.clock.now();
    let outcome = world.hears(&ordered("MAIL", 1));
    assert_eq!(outcome.unsettled_since, Some(begun));
    world.clock.advance(Duration::from_secs(90));
    assert_eq!(world.sweep().oldest_unsettled, Some(begun));
    assert_eq!(world.record(KEY).unsettled_since(), Some(begun));
    world.settle();
    assert_eq!(world.record(KEY).unsettled_since(), None);
    world.ends_with_one_mail();
}

#[test]
fn what_a_person_was_told_of_and_what_is_settled_is_not_counted() {
    let world = World::kind();
    assert_eq!(world.hears(&ordered("MAIL", 1)).unsettled_since, None);
    let world = World::kind();
    world.strike(always(Operation::GetPackage, fails(500)));
    world.strike(once(Operation::UnassignProductInstance, fails(500)));
    world.hears(&ordered("MAIL", 1).site(SITE));
    world.hears(&ordered("MAIL", 1).site(SITE).canceled());
    world.settle();
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    world.clock.advance(DAY);
    assert_eq!(world.sweep().oldest_unsettled, None);
}

/// An instance that awaits an action is looked at for a month: the order is where it should be, and no alarm may ring.
#[test]
fn what_waits_for_a_look_by_plan_is_not_unsettled() {
    let world = World::kind();
    world.strike(always(Operation::CreatePackage, born(Status::AwaitingAction)));
    let outcome = world.hears(&ordered("PLAN", 1));
    assert!(matches!(outcome.progress, Progress::Waiting { .. }));
    assert_eq!(outcome.unsettled_since, None);
}

#[test]
fn what_a_record_has_no_room_for_is_attention_and_no_dead_letter() {
    let world = World::kind();
    // The plans of so many lines cannot be kept beside what is said of them.
    world.hears(&wide(2_000, "MAIL"));
    assert!(world.attention(KEY).contains(&"ORDER_TOO_LARGE".to_owned()));
    assert_eq!(
        world.calls(Operation::CreatePackage),
        0,
        "nothing is bought of what is not known in full"
    );
    world.settle();
    assert_eq!(world.entry(KEY).due_at, None);
}

/// What was paid is kept beside the newest state: there must be room to hear of the cancellation.
#[test]
fn whatever_was_bought_can_be_canceled() {
    for lines in [500, 1_000, 1_500] {
        let world = World::kind();
        let order = wide(lines, "ENDS");
        world.hears(&order);
        world.settle();
        let bought = world.bases();
        world.hears(&order.line("0", "ENDS", 1).site(SITE).canceled());
        world.settle();
        assert_eq!(world.bases(), 0, "{lines} lines, {bought} bought");
        assert!(bought > 0 || !world.attention(KEY).is_empty());
    }
}

/// Four times the lines may cost four times as much, and not sixteen times: a batch would not end in time.
#[test]
fn an_order_of_two_thousand_lines_costs_in_proportion() {
    for sku in ["T-SHIRT", "MAIL"] {
        let cost = |lines: u32| {
            let event = wide(lines, sku).event();
            let tries = (0..3).map(|_| {
                let world = World::kind();
                let begun = Instant::now();
                world.deliver(&event).expect("it is taken in");
                begun.elapsed()
            });
            tries.min().expect("three tries")
        };
        let (few, many) = (cost(500), cost(2_000));
        assert!(many < few * 12, "{sku}: {few:?} for 500 lines, {many:?} for 2,000");
    }
}
#[test]
fn tmp_a() {
    for sku in ["T-SHIRT", "MAIL"] {
        for n in [250, 500, 1000, 1500, 2000] {
            let event = wide(n, sku).event();
            let world = World::kind();
            let begun = Instant::now();
            let o = world.deliver(&event);
            println!("{sku} {n} {:?} {:?} att {:?} body {} pl {:?}", begun.elapsed(), o.map(|o| o.progress), world.attention(KEY), world.entry(KEY).body.len(), world.record(KEY).lines().len());
            if n == 2000 { println!("{}", &world.entry(KEY).body[..600]); }
        }
    }
    panic!();
}
