//! The guards of moves and adjustments.

use reseller_hooks::fulfilment::settings::FulfilmentGuards;
use reseller_hooks_tests::prelude::*;

use super::{is_needed, world};

/// A world that moves, with one mailbox on a site.
fn moving(guards: FulfilmentGuards) -> (World, Order) {
    // The key cannot save it.
    let mut world = world(World::unkind(Duration::ZERO), guards);
    world.change_catalog("on_cancel = \"unassign\"", "on_site_change = \"move\"");
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.settle();
    (world, order)
}

fn site(world: &World) -> Option<String> {
    let base = world.base();
    let wix = world.look();
    let found = wix.instances().find(|(_, instance)| instance.id == base);
    found
        .and_then(|(_, instance)| instance.site_id)
        .map(|site| site.to_string())
}

/// The move takes effect half a minute after the order has come to name the old site again.
fn late_and_taken_back(guards: FulfilmentGuards) -> Option<String> {
    let (world, order) = moving(guards);
    world.strike(once(Operation::AssignProductInstance, Effect::Late { ms: 50_000 }));
    let moved = order.site(OTHER_SITE);
    world.hears(&moved);
    world.clock.advance(Duration::from_secs(20));
    world.hears(&moved.site(SITE));
    world.settle();
    world.clock.advance(HOUR);
    let site = site(&world);
    (site.as_deref() != Some(SITE)).then(|| format!("it is on {site:?}"))
}

#[test]
fn without_the_doubt_a_late_move_stays_where_nobody_wants_it() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.change_in_doubt = false,
        late_and_taken_back,
    );
}

#[test]
fn without_the_settle_time_get_is_believed_too_early() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.change_settle_time = false,
        late_and_taken_back,
    );
}

#[test]
fn without_the_way_back_a_failed_move_leaves_a_site_dark() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.move_back = false,
        |guards| {
            let (world, order) = moving(guards);
            world.strike(once(
                Operation::AssignProductInstance,
                Effect::HalfAssign { status: 400 },
            ));
            world.hears(&order.site(OTHER_SITE));
            world.settle();
            let site = site(&world);
            (site.as_deref() != Some(SITE)).then(|| format!("it is on {site:?}"))
        },
    );
}
