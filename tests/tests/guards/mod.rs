//! Each protection, taken out alone, in a world where the others cannot save it: then a history breaks. With it in, the
//! same world keeps the promise. Here are those of fulfilment, in `edge` those of the webhook and of the batch; the
//! condition on the revision is taken out by the simulation (`sim::GUARDS`). `table` has them all.

mod edge;
mod table;
mod targets;

use reseller_hooks::fulfilment::settings::FulfilmentGuards;
use reseller_hooks_tests::prelude::*;

/// The promise holds in this world with all guards in, and does not hold without this one.
fn is_needed<G: Copy + Default>(take_out: impl Fn(&mut G), broken: impl Fn(G) -> Option<String>) {
    assert_eq!(broken(G::default()), None, "with every guard in");
    let mut guards = G::default();
    take_out(&mut guards);
    assert!(broken(guards).is_some(), "nothing breaks without the guard");
}

fn world(mut world: World, guards: FulfilmentGuards) -> World {
    world.settings.guards = guards;
    world
}

/// What is not as it should be when one piece of MAIL was ordered.
fn one_mail(world: &World) -> Option<String> {
    world.settle();
    let wrong = world.wrong(KEY, paid(1, 0));
    (!wrong.is_empty()).then(|| format!("{wrong:?}"))
}

#[test]
fn without_the_lookup_a_lost_answer_is_a_second_package() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.lookup = false,
        |guards| {
            let world = world(World::unkind(Duration::ZERO), guards);
            world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
            world.hears(&ordered("MAIL", 1));
            one_mail(&world)
        },
    );
}

#[test]
fn without_the_settle_time_a_package_that_shows_late_is_bought_again() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.settle_time = false,
        |guards| {
            let world = world(World::unkind(Duration::from_secs(55)), guards);
            world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
            world.hears(&ordered("MAIL", 1));
            one_mail(&world)
        },
    );
}

#[test]
fn without_send_before_a_worker_that_stalled_buys_what_another_has_bought() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.send_before = false,
        |guards| {
            let world = world(World::unkind(Duration::ZERO), guards);
            let mut run = world.begins(&ordered("MAIL", 1));
            // It has written that it begins, and not heard yet that it is written.
            run.until(|| !world.ledger.entries().is_empty());
            world.clock.advance(Duration::from_secs(120));
            world.settle();
            // Longer than anything: it goes on.
            world.clock.advance(Duration::from_secs(600));
            run.finish();
            one_mail(&world)
        },
    );
}

#[test]
fn without_the_lease_two_workers_call_wix_for_one_order() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.lease = false,
        |guards| {
            let world = world(World::kind(), guards);
            let order = ordered("MAIL", 1);
            let mut run = world.begins_and_writes(&order);
            let second = world.hears(&order.reference("SUB-7"));
            run.finish();
            let both = one_mail(&world);
            (second.tally.wix_calls > 0)
                .then(|| "the second worker called Wix".to_owned())
                .or(both)
        },
    );
}

#[test]
fn without_merging_under_the_lease_a_cancellation_is_lost() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.merge_under_lease = false,
        |guards| {
            let world = world(World::kind(), guards);
            let order = ordered("ENDS", 1);
            let mut run = world.begins_and_creates(&order, 1);
            world.hears(&order.canceled());
            run.finish();
            world.settle();
            (Paid::of(&world, KEY).base > 0).then(|| "it is canceled and runs on".to_owned())
        },
    );
}

#[test]
fn without_a_derived_key_a_package_that_shows_too_late_is_sold_twice() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.derived_key = false,
        |guards| {
            // Longer than the settle time: only the key can save it.
            let mut world = world(World::unkind(HOUR), guards);
            world.look().config_mut().idempotency = Idempotency::Honour;
            world.careless = false;
            world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
            world.hears(&ordered("MAIL", 1));
            one_mail(&world)
        },
    );
}

#[test]
fn without_the_stored_request_a_changed_catalog_is_another_order() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.stored_request = false,
        |guards| {
            let mut world = world(World::unkind(Duration::ZERO), guards);
            world.strike(once(Operation::CreatePackage, Effect::DropBefore));
            world.hears(&ordered("MAIL", 1));
            world.change_catalog(EMAIL, OTHER_PRODUCT);
            world.settle();
            let bought = world.products();
            (bought != [EMAIL]).then(|| format!("{bought:?}"))
        },
    );
}

#[test]
fn without_one_purchase_for_a_package_two_units_share_one() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.one_package_one_purchase = false,
        |guards| {
            let mut world = world(World::unkind(Duration::ZERO), guards);
            // The external ID cannot save it: queries take no notice of it.
            world.careless = true;
            let order = ordered("MAIL", 1);
            world.hears(&order);
            world.strike(once(Operation::CreatePackage, Effect::DropBefore));
            world.hears(&order.line("1", "MAIL", 2));
            world.settle();
            let paid = Paid::of(&world, KEY);
            (paid.base != 2 || !violations(&world).is_empty()).then(|| format!("{paid:?}"))
        },
    );
}

#[test]
fn without_the_adoption_check_somebody_elses_package_is_the_customers() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.adoption_check = false,
        |guards| {
            let mut world = world(World::unkind(Duration::ZERO), guards);
            world.careless = true;
            let foreign = world
                .insert(foreign(EMAIL, OWN, None, Timestamp::from_millis(1)))
                .to_string();
            world.strike(once(Operation::CreatePackage, Effect::DropBefore));
            world.hears(&ordered("MAIL", 1));
            world.settle();
            world
                .held(KEY)
                .contains(&foreign)
                .then(|| "the record points at a package that was there before".to_owned())
        },
    );
}

#[test]
fn without_the_permit_a_burst_passes_wixs_limit() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.permit = false,
        |guards| {
            let mut world = world(World::kind(), guards);
            world.settings.calls_per_minute = 200;
            for order in 0..20 {
                world.hears(&Order::new(&format!("shopify/{order}")).line("1", "MAIL", 1).paid());
            }
            let calls = world.look().calls().len();
            (calls > 14).then(|| format!("{calls} calls at once"))
        },
    );
}
