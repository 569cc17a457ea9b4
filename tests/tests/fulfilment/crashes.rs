//! A worker that dies at an await point: at every one of everything that it does, found by running, so that a new one is
//! covered without a new test. Afterwards the message is delivered again and `reconcile` runs.

use reseller_hooks_tests::effects::Effects;
use reseller_hooks_tests::world::{Order, Run, World};

use super::acts::{KEY, histories, worlds};

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
