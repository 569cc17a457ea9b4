//! Histories that the simulation found, each of which broke the promise once. The name tells the history.

use std::time::Duration;

use reseller_hooks_tests::world::{Order, Paid, Run, World, violations};
use wix_sandbox::Operation;

const KEY: &str = "shopify/5324830114101";

#[test]
fn a_package_that_was_tagged_by_a_worker_that_then_dies_is_found_again_and_not_bought_twice() {
    let world = World::unkind(Duration::ZERO);
    let event = Order::new(KEY).line("1", "MAIL", 1).paid().reference("SUB-7").event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::UpdateExternalId) == 0 {
        assert!(run.step().is_none(), "it is tagged before the worker is done");
    }
    drop(run);
    world.clock.advance(Duration::from_secs(120));
    world.deliver(&event).unwrap();
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 });
    assert_eq!(violations(&world), Vec::<String>::new());
}
