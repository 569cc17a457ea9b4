//! A worker that dies at an await point: at every one of everything that it does, found by running, so that a new one is
//! covered without a new test. Afterwards the message is delivered again and `reconcile` runs.

use reseller_hooks_tests::effects::worker;
use reseller_hooks_tests::prelude::*;

use super::histories::{histories, worlds};

#[test]
fn dropped_at_any_await_point_and_delivered_again_it_ends_right() {
    for history in histories() {
        for (wix, world) in worlds() {
            let undisturbed = Effects::counted();
            history.play(&mut world(), &undisturbed);
            let points = undisturbed.await_points();
            assert!(points >= 12, "{}: only {points} await points", history.name);
            for at in 0..points {
                let mut world = world();
                history.play(&mut world, &Effects::dropped_at(at));
                let told = format!("{}, {wix}, dropped at {at}", history.name);
                assert_eq!(history.wrong(&world), Vec::<String>::new(), "{told}");
            }
        }
    }
}

/// Three orders that Wix had no time for are due together: one is bought, one was refunded, one was canceled meanwhile.
#[test]
fn a_sweep_over_orders_that_dies_at_any_await_point_is_made_good() {
    for (wix, world) in worlds() {
        let due = || {
            let world = world();
            // The first is throttled, and then the stack rests.
            world.strike(once(
                Operation::CreatePackage,
                Effect::Throttle { retry_after: Some(30) },
            ));
            let order = |number: u32| {
                let order = Order::new(&format!("shopify/{number}")).line("1", "PLAN", 2).paid();
                order.reference("SUB-7")
            };
            for number in 1..=3 {
                world.hears(&order(number));
            }
            world.hears(&refund("shopify/2", "r", &[("1", 1)]));
            world.hears(&order(3).canceled());
            world.clock.advance(Duration::from_secs(60));
            world
        };
        let undisturbed = Effects::counted();
        let first = due();
        let sweep = undisturbed.lives(worker(&first, &undisturbed).sweep(first.deadline()));
        // The canceled one was settled before anything of it was bought.
        assert_eq!(sweep.unwrap().unwrap().settled, 2);
        for at in 0..undisturbed.await_points() {
            let world = due();
            let effects = Effects::dropped_at(at);
            assert!(
                effects
                    .lives(worker(&world, &effects).sweep(world.deadline()))
                    .is_none()
            );
            world.clock.advance(Duration::from_secs(120));
            world.settle();
            let told = format!("{wix}, dropped at {at}");
            assert_eq!(violations(&world), Vec::<String>::new(), "{told}");
            for (key, base) in [("shopify/1", 2), ("shopify/2", 1), ("shopify/3", 0)] {
                assert_eq!(Paid::of(&world, key), Paid { base, vouchers: base }, "{key}, {told}");
                assert_eq!(world.attention(key), Vec::<String>::new(), "{key}, {told}");
            }
        }
    }
}
