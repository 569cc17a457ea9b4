//! Histories that the simulation found, each of which broke the promise once. The name tells the history.

use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks_tests::world::{CATALOG, Order, Paid, Run, SITE, World, violations};
use wix_sandbox::{Effect, FaultRule, Operation};

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

#[test]
fn a_reference_that_changes_and_changes_back_while_a_worker_dies_is_the_newest_one_in_the_end() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().reference("SUB-A");
    world.deliver(&order.event()).unwrap();
    let changed = order.reference("SUB-B");
    let event = changed.event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::UpdateExternalId) == 1 {
        assert!(run.step().is_none(), "it is tagged before the worker is done");
    }
    drop(run);
    world.deliver(&changed.reference("SUB-A").event()).unwrap();
    world.settle();
    let tags: Vec<_> = world
        .look()
        .packages()
        .map(|package| package.external_id.clone())
        .collect();
    assert_eq!(tags, [Some("SUB-A".to_owned())]);
}

/// Strikes the next change of that kind: it gets no answer, and Wix makes it 50 seconds later.
fn late(world: &World, operation: Operation) {
    world.strike(FaultRule::on(operation, Effect::Late { ms: 50_000 }));
}

fn sites(world: &World) -> Vec<Option<String>> {
    let wix = world.look();
    let site = |site: wix_sandbox::Guid| site.to_string();
    wix.instances()
        .map(|(_, instance)| instance.site_id.map(site))
        .collect()
}

#[test]
fn an_unassign_that_takes_effect_after_the_order_was_paid_again_is_undone() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    late(&world, Operation::UnassignProductInstance);
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.clock.advance(Duration::from_secs(20));
    world.deliver(&canceled.revived().event()).unwrap();
    world.settle();
    assert_eq!(sites(&world), [Some(SITE.to_owned())]);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn an_assign_that_takes_effect_after_the_order_was_canceled_is_taken_back() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid();
    world.deliver(&order.event()).unwrap();
    late(&world, Operation::AssignProductInstance);
    let sited = order.site(SITE);
    world.deliver(&sited.event()).unwrap();
    world.clock.advance(Duration::from_secs(20));
    world.deliver(&sited.canceled().event()).unwrap();
    world.settle();
    assert_eq!(sites(&world), [None]);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_retry_that_replaces_a_plan_whose_voucher_is_of_unknown_outcome_comes_to_an_end() {
    let mut world = World::unkind(Duration::ZERO);
    let ends = CATALOG.replacen("on_cancel = \"unassign\"", "on_cancel = \"cancel\"", 1);
    world.catalog = Catalog::from_toml(&ends).unwrap();
    world.strike(FaultRule {
        skip: 1,
        times: 3,
        ..FaultRule::on(Operation::CreatePackage, Effect::DropBefore)
    });
    let order = Order::new(KEY).line("1", "PLAN", 1).paid();
    world.deliver(&order.event()).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), ["no answer"]);
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.deliver(&canceled.revived().event()).unwrap();
    world.retry(&KEY.parse().unwrap());
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_voucher_that_could_not_be_canceled_before_its_plan_is_known_to_have_gone_with_it() {
    for answered in [true, false] {
        the_voucher_goes_with_its_plan(answered);
    }
}

/// Whether the cancellation of the plan is answered, or seen by a read later.
fn the_voucher_goes_with_its_plan(answered: bool) {
    let mut world = World::kind();
    let ends = r#"
        [[product]]
        sku = "PLAN-ENDS"
        catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
        billing = { type = "RECURRING", unit = "YEAR", count = 1 }
        on_cancel = "cancel"
        [product.voucher]
        catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
        billing = { type = "RECURRING", unit = "YEAR", count = 1 }
    "#;
    world.catalog = Catalog::from_toml(&format!("{CATALOG}{ends}")).unwrap();
    let order = Order::new(KEY).line("1", "PLAN-ENDS", 1).paid();
    world.deliver(&order.event()).unwrap();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
    // The voucher's turn comes first.
    let refused = Effect::RejectCode {
        code: "PRODUCT_LIMIT_EXCEEDED".to_owned(),
    };
    world.strike(FaultRule::on(Operation::CancelProductInstance, refused));
    if !answered {
        world.strike(FaultRule {
            skip: 1,
            ..FaultRule::on(Operation::CancelProductInstance, Effect::LoseAnswer)
        });
    }
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.settle();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 0, vouchers: 0 });
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    world.deliver(&canceled.revived().event()).unwrap();
    world.settle();
    assert_eq!(violations(&world), Vec::<String>::new());
    assert!(world.attention(KEY).contains(&"INSTANCE_CANCELED".to_owned()));
}

#[test]
fn changes_that_wix_refuses_alike_are_one_attention() {
    let world = World::kind();
    // One package: the one instance is taken off its site, the others end.
    let order = Order::new(KEY)
        .line("1", "MAIL", 1)
        .line("2", "ENDS", 2)
        .site(SITE)
        .paid();
    world.deliver(&order.event()).unwrap();
    let refused = Effect::RejectCode {
        code: "PRODUCT_LIMIT_EXCEEDED".to_owned(),
    };
    for operation in [Operation::UnassignProductInstance, Operation::CancelProductInstance] {
        world.strike(FaultRule {
            times: 2,
            ..FaultRule::on(operation, refused.clone())
        });
    }
    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), ["PRODUCT_LIMIT_EXCEEDED"]);
    assert_eq!(Paid::of(&world, KEY), Paid { base: 3, vouchers: 0 });
}
