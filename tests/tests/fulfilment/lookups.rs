//! Lookups of a create in doubt: what they show late, twice, of somebody else, or not at all.

use reseller_hooks_tests::prelude::*;

#[test]
fn the_first_package_is_not_adopted_as_the_second() {
    for effect in [Effect::LoseAnswer, Effect::DropBefore] {
        let world = World::late();
        let order = ordered("MAIL", 1);
        world.hears(&order);
        world.strike(once(Operation::CreatePackage, effect));
        world.hears(&order.line("1", "MAIL", 2));
        world.settle();
        assert_eq!(world.packages(), (2, 0));
        world.ends_with(2, 0);
    }
}

#[test]
fn a_thousand_units_whose_create_is_lost_are_adopted_whole() {
    let world = World::late();
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("PLAN", 1_000));
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    world.ends_with(1_000, 1_000);
}

#[test]
fn a_lookup_that_is_stale_for_30_seconds_proves_nothing() {
    let world = World::unkind(Duration::ZERO);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    // All of them: without the settle time two would be taken for proof before it shows.
    world.strike(always(Operation::QueryPackages, Effect::StaleQuery { ms: 30_001 }));
    world.hears(&ordered("MAIL", 1));
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    world.holds();
}

/// The create is lost, and then a package like it is there, of this account.
fn with_a_twin(account: &str) -> World {
    let world = World::unkind(Duration::ZERO);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("MAIL", 1));
    world.insert_twin(account, world.clock.now());
    world.settle();
    world
}

#[test]
fn a_lookup_that_returns_two_adopts_none_and_says_so_once() {
    let world = with_a_twin(OWN);
    let attention = world.attention(KEY);
    assert!(attention.contains(&"SEVERAL_PACKAGES".to_owned()), "{attention:?}");
    assert_eq!(world.held(KEY), Vec::<String>::new());
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn a_lookup_that_returns_another_accounts_package_does_not_adopt_it() {
    let world = with_a_twin(OTHER);
    world.needs_nobody();
    let held = world.held(KEY);
    let wix = world.look();
    let ours = wix.packages().find(|package| package.account_id == DEFAULT_ACCOUNT);
    assert_eq!(held, [ours.unwrap().id.to_string()]);
}

#[test]
fn a_lookup_that_shows_another_orders_package_does_not_adopt_it() {
    let mut world = World::unkind(Duration::ZERO);
    // A query that shows everything, as a search that takes no notice of its filter, or cuts words, would.
    world.careless = true;
    world.mute = false;
    let other = Order::new("shopify/5324830114102").line("1", "MAIL", 1).paid();
    world.hears(&other);
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    world.hears(&ordered("MAIL", 1));
    world.settle();
    let (mine, others) = (world.held(KEY), world.held("shopify/5324830114102"));
    assert_eq!((mine.len(), others.len(), world.packages()), (1, 1, (2, 0)));
    assert_ne!(mine, others);
    world.holds();
}

#[test]
fn an_external_id_of_ours_that_does_not_fit_proves_no_absence() {
    for (account, created) in [(OTHER, START), (OWN, START - HOUR)] {
        let world = World::unkind(Duration::ZERO);
        world.strike(once(Operation::CreatePackage, Effect::DropBefore));
        world.hears(&ordered("MAIL", 1));
        let odd = world.insert_twin(account, created);
        world.settle();
        let creates = world.calls(Operation::CreatePackage);
        assert_eq!(creates, 1, "{account}: it is not sent again");
        assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES"], "{account}");
        assert_eq!(world.held(KEY), Vec::<String>::new(), "{account}: and not adopted");
        // A person looks, cancels it at Wix, and retries.
        let instance = world.look().package(odd).unwrap().instances[0].id;
        world.change(instance, becomes(Status::Canceled));
        world.retries();
        if account == OWN {
            // For all we know it was ours: it is shown as canceled first, and replacing it buys anew.
            assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
            world.replaces();
        }
        assert_eq!(world.attention(KEY), Vec::<String>::new(), "{account}");
        assert_eq!(Paid::of(&world, KEY), paid(1, 0), "{account}");
    }
}

#[test]
fn a_package_of_other_products_that_was_canceled_is_in_nobodys_way() {
    let world = World::unkind(Duration::ZERO);
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    world.hears(&ordered("PLAN", 1));
    let odd = world.insert_twin(OWN, START);
    world.settle();
    assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES", "SURPLUS_PACKAGE"]);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    let instance = world.look().package(odd).unwrap().instances[0].id;
    world.change(instance, becomes(Status::Canceled));
    world.retries();
    world.ends_with(1, 1);
}

#[test]
fn a_lookup_that_wix_does_not_answer_holds_up_only_its_purchase() {
    let world = World::unkind(Duration::ZERO);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.strike(always(Operation::QueryPackages, fails(500)));
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.clock.advance(Duration::from_secs(10));
    world.sweep();
    assert!(world.calls(Operation::QueryPackages) > 0);
    // The customer adds a plan: it is bought at once, and its voucher.
    world.hears(&order.line("2", "PLAN", 1));
    assert_eq!(world.packages(), (2, 1));
    assert_eq!(world.held(KEY).len(), 2);
    world.look().clear_faults();
    world.settle();
    world.ends_with(2, 1);
}

#[test]
fn a_question_without_an_answer_for_hours_is_shown_until_answered() {
    let world = World::unkind(Duration::ZERO);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.strike(always(Operation::QueryPackages, fails(500)));
    world.hears(&ordered("MAIL", 1));
    let sweep_for = |time: Duration| {
        let end = world.clock.now() + time;
        while world.clock.now() < end {
            world.clock.advance(Duration::from_secs(60));
            world.sweep();
        }
    };
    sweep_for(HOUR);
    world.needs_nobody();
    sweep_for(Duration::from_secs(6 * 3_600));
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    assert!(world.entry(KEY).due_at.is_some(), "it is asked again by itself");
    world.look().clear_faults();
    world.settle();
    world.needs_nobody();
    assert_eq!(world.packages(), (1, 0));
}
