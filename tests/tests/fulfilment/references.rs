//! The storefront's own reference as the external ID of its packages.

use reseller_hooks_tests::prelude::*;

#[test]
fn the_storefronts_reference_is_set_once_and_the_newest_wins() {
    let world = World::kind();
    let order = ordered("PLAN", 1).reference("SUB-7");
    world.hears(&order);
    assert_eq!(world.calls(Operation::UpdateExternalId), 2);
    let newer = order.clone().reference("SUB-8");
    world.hears(&newer);
    world.hears(&order);
    assert_eq!(world.external_ids(), ["SUB-8", "SUB-8-v1"]);
    world.holds();
}

#[test]
fn a_reference_like_one_of_ours_or_of_dots_is_refused() {
    for reference in ["rh-shopify-7-b1", "..", "."] {
        let world = World::kind();
        world.hears(&ordered("MAIL", 1).reference(reference));
        assert_eq!(world.attention(KEY), ["REFERENCE_REFUSED"], "{reference}");
        assert_eq!(world.calls(Operation::UpdateExternalId), 0, "{reference}");
        world.has(1, 0);
    }
}

#[test]
fn an_external_id_that_cannot_be_set_holds_up_nothing_else() {
    let world = World::kind();
    world.strike(always(Operation::UpdateExternalId, refused("INVALID_EXTERNAL_ID")));
    world.hears(&ordered("PLAN", 1).reference("SUB-7"));
    assert_eq!(world.packages(), (1, 1));
    assert!(world.attention(KEY).iter().all(|code| code == "INVALID_EXTERNAL_ID"));
    world.look().clear_faults();
    world.retry(&KEY.parse().unwrap());
    world.needs_nobody();
}

#[test]
fn a_package_tagged_by_a_worker_that_dies_is_found_again() {
    let world = World::unkind(Duration::ZERO);
    let order = ordered("MAIL", 1).reference("SUB-7");
    let mut run = world.begins(&order);
    run.until(|| world.calls(Operation::UpdateExternalId) > 0);
    drop(run);
    world.clock.advance(Duration::from_secs(120));
    world.hears(&order);
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.ends_with(1, 0);
}

#[test]
fn a_reference_that_changes_back_while_a_worker_dies_is_set_again() {
    let order = ordered("MAIL", 1).reference("SUB-7");
    let other = order.clone().reference("SUB-8");
    let back = other.clone().reference("SUB-7");
    for dies_at in 1..40 {
        let world = World::kind();
        world.hears(&order);
        let done = world.begins(&other).steps(dies_at).is_some();
        world.hears(&back);
        world.settle();
        assert_eq!(world.external_ids(), ["SUB-7"], "died at {dies_at}");
        if done {
            return;
        }
    }
}
