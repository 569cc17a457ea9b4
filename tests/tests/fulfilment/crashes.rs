//! A worker that dies: at every await point of everything that it does, found by running, so that a new effect is
//! covered without a new test. Afterwards the message is delivered again and `reconcile` runs.

use std::time::Duration;

use reseller_hooks::order::OrderEvent;
use reseller_hooks_tests::world::{Order, Paid, Run, SITE, World, refund, violations};

const KEY: &str = "shopify/5324830114101";

/// The histories: events in the order of their delivery, and what must be alive at the end, where that does not depend
/// on whether a cancellation was heard of before anything was bought.
fn histories() -> Vec<(&'static str, Vec<OrderEvent>, Option<Paid>)> {
    let order = Order::new(KEY)
        .line("1", "PLAN", 2)
        .line("2", "ENDS", 1)
        .paid()
        .site(SITE);
    let tagged = order.clone().reference("SUB-7");
    let canceled = tagged.clone().canceled();
    vec![
        ("paid", vec![order.event()], Some(Paid { base: 3, vouchers: 2 })),
        (
            "paid with a reference",
            vec![order.clone().reference("SUB-7").event()],
            Some(Paid { base: 3, vouchers: 2 }),
        ),
        (
            "paid, tagged",
            vec![order.event(), tagged.event()],
            Some(Paid { base: 3, vouchers: 2 }),
        ),
        (
            "paid, refunded",
            vec![order.event(), refund(KEY, "r", &[("2", 1)])],
            Some(Paid { base: 2, vouchers: 2 }),
        ),
        ("paid, canceled", vec![order.event(), canceled.event()], None),
        (
            "paid, canceled, paid again",
            vec![
                order.event(),
                canceled.event(),
                canceled.clone().line("2", "ENDS", 0).revived().event(),
            ],
            Some(Paid { base: 2, vouchers: 2 }),
        ),
    ]
}

fn worlds() -> Vec<(&'static str, World)> {
    vec![
        ("a Wix that honours keys", World::kind()),
        ("a Wix that ignores keys", World::unkind(Duration::from_secs(30))),
    ]
}

#[test]
fn dropped_at_any_await_point_and_delivered_again_it_ends_right() {
    for (history, events, expected) in histories() {
        for kind in 0..worlds().len() {
            let mut points = 0_u32;
            for dropped_at in 0_u32.. {
                let (wix, world) = worlds().swap_remove(kind);
                let mut left = dropped_at;
                let mut crashed = false;
                for event in &events {
                    let worker = world.worker();
                    let mut run = Run::new(worker.accept(event, world.deadline()));
                    while run.step().is_none() {
                        if left == 0 && !crashed {
                            crashed = true;
                            break;
                        }
                        left = left.saturating_sub(1);
                    }
                }
                // What was not consumed is delivered again; then the schedule does the rest.
                for event in &events {
                    world.clock.advance(Duration::from_secs(120));
                    world.deliver(event).unwrap();
                }
                world.settle();
                let told = format!("{history}, {wix}, dropped at {dropped_at}");
                assert_eq!(violations(&world), Vec::<String>::new(), "{told}");
                if let Some(expected) = expected {
                    assert_eq!(Paid::of(&world, KEY), expected, "{told}");
                }
                assert_eq!(world.attention(KEY), Vec::<String>::new(), "{told}");
                if !crashed {
                    points = dropped_at;
                    break;
                }
            }
            assert!(points >= 12, "{history}: only {points} await points");
        }
    }
}

#[test]
fn a_reference_that_changes_back_while_a_worker_dies_setting_it_is_set_again() {
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().reference("SUB-7");
    let other = order.clone().reference("SUB-8");
    let back = other.clone().reference("SUB-7");
    for dies_at in 1..40 {
        let world = World::kind();
        world.deliver(&order.event()).unwrap();
        let worker = world.worker();
        let event = other.event();
        let mut run = Run::new(worker.accept(&event, world.deadline()));
        let done = run.steps(dies_at).is_some();
        drop(run);
        world.deliver(&back.event()).unwrap();
        world.settle();
        let tags: Vec<_> = world
            .look()
            .packages()
            .filter_map(|package| package.external_id.clone())
            .collect();
        assert_eq!(tags, ["SUB-7"], "died at {dies_at}");
        if done {
            return;
        }
    }
}
