//! Whose turn it is in a sweep while there is a backlog.

use reseller_hooks_tests::prelude::*;

/// Orders that are heard of while nobody calls Wix: each is due 50 seconds later.
fn heard(world: &World, numbers: std::ops::Range<u32>) {
    for number in numbers {
        world.hears(&Order::new(&format!("shopify/{number}")).line("1", "MAIL", 1).paid());
    }
}

/// A backlog of forty; ten orders that have waited for seventy seconds since, and which thirty newer ones have overtaken.
#[test]
fn orders_that_newer_ones_overtook_do_not_wait_for_the_backlog() {
    let mut world = World::kind();
    world.settings.paused = true;
    heard(&world, 100..140);
    world.clock.advance(Duration::from_secs(200));
    heard(&world, 200..210);
    world.clock.advance(Duration::from_secs(60));
    heard(&world, 300..330);
    world.clock.advance(Duration::from_secs(60));
    world.settings.paused = false;
    assert_eq!(world.sweep().settled, 80);
    let bought: Vec<String> = world
        .look()
        .packages()
        .filter_map(|package| package.external_id.clone())
        .collect();
    let first = |group: &str| {
        let of_group = |id: &&String| id.starts_with(&format!("rh-shopify-{group}"));
        bought[..15].iter().filter(of_group).count()
    };
    assert_eq!([first("1"), first("2"), first("3")], [5, 5, 5], "{bought:?}");
    // All of the ten are among the first that are worked on.
    let last = bought.iter().rposition(|id| id.starts_with("rh-shopify-2"));
    assert!(last < Some(32), "{bought:?}");
}
