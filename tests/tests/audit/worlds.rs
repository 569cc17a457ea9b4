//! Worlds to audit: with an order that settled long ago, or a crowd of packages of somebody else.

use reseller_hooks_tests::prelude::*;

/// A world with one settled order, two hours ago.
pub(crate) fn one_order(order: &Order) -> World {
    let world = World::kind();
    world.hears(order);
    world.clock.advance(2 * HOUR);
    world
}

pub(crate) fn sited() -> Order {
    ordered("PLAN", 1).site(SITE)
}

/// A world with so many packages of somebody else, several of them of one millisecond, and one settled order.
pub(crate) fn crowd(packages: usize) -> World {
    let world = one_order(&sited());
    let template = foreign(EMAIL, OTHER, Some("theirs-{n}"), START + Duration::from_secs(60));
    let now = world.clock.now().as_millis();
    world.look().insert_packages(now, packages / 2, &template);
    world.look().insert_packages(now, packages - packages / 2, &template);
    world
}
