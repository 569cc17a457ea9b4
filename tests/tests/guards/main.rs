//! Each protection, taken out alone, in a world where the others cannot save it: then a history breaks. With it in, the
//! same world keeps the promise. Here are those of fulfilment, in `edge` those of the webhook and of the batch; the
//! condition on the revision is taken out by the simulation (`sim::GUARDS`). `table` has them all.

mod edge;
mod table;

use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::settings::FulfilmentGuards;
use reseller_hooks_tests::world::{CATALOG, Order, Paid, Run, World, violations};
use wix_sandbox::{DEFAULT_ACCOUNT, Effect, FaultRule, ForeignInstance, ForeignPackage, Operation};

const KEY: &str = "shopify/5324830114101";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";

/// The promise holds in this world with all guards in, and does not hold without this one.
fn is_needed<G: Copy + Default>(take_out: impl Fn(&mut G), broken: impl Fn(G) -> Option<String>) {
    assert_eq!(broken(G::default()), None, "with every guard in");
    let mut guards = G::default();
    take_out(&mut guards);
    assert!(broken(guards).is_some(), "nothing breaks without the guard");
}

fn mail() -> Order {
    Order::new(KEY).line("1", "MAIL", 1).paid()
}

fn world(mut world: World, guards: FulfilmentGuards) -> World {
    world.settings.guards = guards;
    world
}

/// What is not as it should be when one piece of MAIL was ordered.
fn one_mail(world: &World) -> Option<String> {
    world.settle();
    let paid = Paid::of(world, KEY);
    let found = violations(world);
    (paid != Paid { base: 1, vouchers: 0 } || !found.is_empty()).then(|| format!("{paid:?} {found:?}"))
}

#[test]
fn without_the_lookup_a_lost_answer_is_a_second_package() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.lookup = false,
        |guards| {
            let world = world(World::unkind(Duration::ZERO), guards);
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
            world.deliver(&mail().event()).unwrap();
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
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
            world.deliver(&mail().event()).unwrap();
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
            let event = mail().event();
            let stalled = world.worker();
            let mut run = Run::new(stalled.accept(&event, world.deadline()));
            // It has written that it begins, and not heard yet that it is written.
            while world.ledger.entries().is_empty() {
                assert!(run.step().is_none());
            }
            world.clock.advance(Duration::from_secs(120));
            world.settle();
            // Longer than anything: it goes on.
            world.clock.advance(Duration::from_secs(600));
            while run.step().is_none() {}
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
            let order = mail();
            let event = order.event();
            let first = world.worker();
            let mut run = Run::new(first.accept(&event, world.deadline()));
            while world.ledger.entries().is_empty() {
                assert!(run.step().is_none());
            }
            let second = world.deliver(&order.reference("SUB-7").event()).unwrap();
            while run.step().is_none() {}
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
            let order = Order::new(KEY).line("1", "ENDS", 1).paid();
            let event = order.event();
            let first = world.worker();
            let mut run = Run::new(first.accept(&event, world.deadline()));
            while world.calls(Operation::CreatePackage) == 0 {
                assert!(run.step().is_none());
            }
            world.deliver(&order.canceled().event()).unwrap();
            while run.step().is_none() {}
            world.settle();
            (Paid::of(&world, KEY).base > 0).then(|| "it is canceled and runs on".to_owned())
        },
    );
}

#[test]
fn without_a_derived_key_a_wix_that_shows_the_package_too_late_sells_it_twice() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.derived_key = false,
        |guards| {
            // Longer than the settle time: only the key can save it.
            let mut world = world(World::unkind(Duration::from_secs(3_600)), guards);
            world.look().config_mut().idempotency = wix_sandbox::Idempotency::Honour;
            world.careless = false;
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
            world.deliver(&mail().event()).unwrap();
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
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
            world.deliver(&mail().event()).unwrap();
            let other = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
            world.catalog = Catalog::from_toml(&CATALOG.replacen(EMAIL, other, 1)).unwrap();
            world.settle();
            let wix = world.look();
            let bought = wix.instances().map(|(_, i)| i.catalog_product_id.to_string());
            let bought: Vec<String> = bought.collect();
            (bought != [EMAIL]).then(|| format!("{bought:?}"))
        },
    );
}

#[test]
fn without_one_purchase_for_a_package_the_first_unit_is_taken_for_the_second() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.one_package_one_purchase = false,
        |guards| {
            let mut world = world(World::unkind(Duration::ZERO), guards);
            // The external ID cannot save it: queries take no notice of it.
            world.careless = true;
            let order = mail();
            world.deliver(&order.event()).unwrap();
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
            world.deliver(&order.line("1", "MAIL", 2).event()).unwrap();
            world.settle();
            let paid = Paid::of(&world, KEY);
            (paid.base != 2 || !violations(&world).is_empty()).then(|| format!("{paid:?}"))
        },
    );
}

#[test]
fn without_the_check_of_what_is_adopted_somebody_elses_package_is_the_customers() {
    is_needed(
        |guards: &mut FulfilmentGuards| guards.adoption_check = false,
        |guards| {
            let mut world = world(World::unkind(Duration::ZERO), guards);
            world.careless = true;
            let other = ForeignPackage {
                account_id: DEFAULT_ACCOUNT,
                parent_account_id: None,
                external_id: None,
                created_ms: Some(1),
                instances: vec![ForeignInstance {
                    catalog_product_id: EMAIL.parse().unwrap(),
                    site_id: None,
                    status: None,
                    billing_info: None,
                    country_code: None,
                    reference_product_instance_id: None,
                }],
            };
            let now = reseller_hooks::time::Clock::now(&world.clock).as_millis();
            let foreign = world.look().insert_package(now, other).to_string();
            world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
            world.deliver(&mail().event()).unwrap();
            world.settle();
            let record = world.record(KEY);
            let held = record.packages().any(|(_, done)| done.id().as_str() == foreign);
            held.then(|| "the record points at a package that was there before".to_owned())
        },
    );
}
