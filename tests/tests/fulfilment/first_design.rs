//! Histories that a first design got wrong.

use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks_tests::world::{CATALOG, OTHER, Order, Paid, Run, SITE, START, World, refund, violations};
use wix_sandbox::{Effect, FaultRule, InstanceChange, Operation, Status};

const KEY: &str = "shopify/5324830114101";

/// A Wix that ignores keys and shows packages as late as may be: only the lookups can save anything.
fn unkind() -> World {
    World::unkind(Duration::from_secs(55))
}

fn lose_create(world: &World, skip: u32, effect: Effect) {
    world.strike(FaultRule {
        skip,
        ..FaultRule::on(Operation::CreatePackage, effect)
    });
}

fn all_is_well(world: &World, paid: Paid) {
    assert_eq!(Paid::of(world, KEY), paid);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(violations(world), Vec::<String>::new());
}

#[test]
fn an_order_for_two_accounts_whose_second_create_is_lost_has_one_package_in_each() {
    for effect in [Effect::LoseAnswer, Effect::DropBefore] {
        let world = unkind();
        lose_create(&world, 1, effect);
        let order = Order::new(KEY).line("1", "MAIL", 1).line("2", "MAIL", 1);
        world.deliver(&order.line_account("2", OTHER).paid().event()).unwrap();
        world.settle();
        all_is_well(&world, Paid { base: 2, vouchers: 0 });
        let wix = world.look();
        let accounts: std::collections::BTreeSet<_> = wix.packages().map(|package| package.account_id).collect();
        assert_eq!((wix.packages().count(), accounts.len()), (2, 2));
    }
}

#[test]
fn the_first_package_is_not_adopted_as_the_second_when_an_edit_from_one_to_two_is_lost() {
    for effect in [Effect::LoseAnswer, Effect::DropBefore] {
        let world = unkind();
        let order = Order::new(KEY).line("1", "MAIL", 1).paid();
        world.deliver(&order.event()).unwrap();
        lose_create(&world, 0, effect);
        world.deliver(&order.line("1", "MAIL", 2).event()).unwrap();
        world.settle();
        assert_eq!(world.packages(), (2, 0));
        all_is_well(&world, Paid { base: 2, vouchers: 0 });
    }
}

#[test]
fn a_refund_as_an_event_and_inside_a_snapshot_counts_once_in_both_orders_of_arrival() {
    let order = Order::new(KEY).line("1", "ENDS", 3).paid();
    let event = refund(KEY, "r1", &[("1", 1)]);
    let snapshot = order.clone().line("1", "ENDS", 2).counted("r1").event();
    for told in [[&event, &snapshot], [&snapshot, &event]] {
        let world = World::kind();
        world.deliver(&order.event()).unwrap();
        for event in told {
            world.deliver(event).unwrap();
        }
        all_is_well(&world, Paid { base: 2, vouchers: 0 });
    }
}

#[test]
fn updated_with_a_refund_before_paid_buys_what_is_left() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 3).paid();
    world
        .deliver(&order.clone().line("1", "MAIL", 2).counted("r1").event())
        .unwrap();
    world.deliver(&order.event()).unwrap();
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    all_is_well(&world, Paid { base: 2, vouchers: 0 });
}

#[test]
fn an_edit_up_that_is_not_paid_yet_buys_nothing() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.line("1", "MAIL", 5).unpaid().event()).unwrap();
    all_is_well(&world, Paid { base: 1, vouchers: 0 });
}

#[test]
fn a_cancel_merged_while_another_worker_holds_the_lease_is_done_by_that_worker() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    let event = order.event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::CreatePackage) == 0 {
        assert!(run.step().is_none());
    }
    let other = world.deliver(&order.canceled().event()).unwrap();
    assert_eq!(other.tally.wix_calls, 0);
    while run.step().is_none() {}
    // Created, then taken off the site; no voucher.
    assert_eq!(world.packages(), (1, 0));
    assert!(world.look().instances().all(|(_, instance)| instance.site_id.is_none()));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_worker_that_stalls_between_begun_and_sending_past_its_lease_sends_nothing() {
    let world = unkind();
    let event = Order::new(KEY).line("1", "MAIL", 1).paid().event();
    let stalled = world.worker();
    let mut run = Run::new(stalled.accept(&event, world.deadline()));
    while world.ledger.entries().is_empty() {
        assert!(run.step().is_none());
    }
    world.clock.advance(Duration::from_secs(120));
    world.settle();
    world.clock.advance(Duration::from_secs(3_600));
    while run.step().is_none() {}
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    all_is_well(&world, Paid { base: 1, vouchers: 0 });
}

#[test]
fn a_re_send_answered_product_type_already_assigned_because_the_first_one_won_is_no_refusal() {
    // The first is shown only after its absence was taken for proven.
    let world = World::unkind(Duration::from_secs(150));
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    lose_create(&world, 0, Effect::LoseAnswer);
    world.deliver(&order.event()).unwrap();
    world.settle();
    let refused = world
        .look()
        .calls()
        .any(|call| call.code.as_deref() == Some("PRODUCT_TYPE_ALREADY_ASSIGNED"));
    assert!(refused, "the world is such that Wix refuses the second");
    assert_eq!(world.packages(), (1, 1));
    all_is_well(&world, Paid { base: 1, vouchers: 1 });
}

#[test]
fn cancel_paid_again_cancel_again_are_changes_with_different_keys() {
    let world = World::kind();
    let mut order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    for _ in 0..2 {
        order = order.canceled();
        world.deliver(&order.event()).unwrap();
        assert!(world.look().instances().all(|(_, i)| i.site_id.is_none()));
        order = order.revived();
        world.deliver(&order.event()).unwrap();
        assert!(world.look().instances().all(|(_, i)| i.site_id.is_some()));
    }
    let wix = world.look();
    let keys: Vec<_> = wix.calls().filter_map(|call| call.idempotency_key.clone()).collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (5, 5));
}

#[test]
fn cancel_while_unknown_and_the_package_appears_a_day_later_is_taken_back() {
    let world = World::unkind(Duration::from_secs(20 * 3_600));
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    lose_create(&world, 0, Effect::LoseAnswer);
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    assert_eq!(
        world.calls(Operation::CreatePackage),
        1,
        "what is not wanted is never sent again"
    );
    all_is_well(&world, Paid { base: 0, vouchers: 0 });
    assert_eq!(world.packages(), (1, 0), "it was there, and was canceled");
}

#[test]
fn a_catalog_mended_after_product_not_found_buys_nothing_by_itself_and_all_of_it_when_retried() {
    // First the plan of one order is wrong in the catalog, then only the voucher of another.
    let plan = "00ba7923-2655-402a-852d-2b2100568bcf";
    let voucher = "040639ae-277e-4a73-a4d2-1b6801b92f45";
    for (wrong, before) in [
        (plan, Paid { base: 0, vouchers: 0 }),
        (voucher, Paid { base: 1, vouchers: 0 }),
    ] {
        let mut world = unkind();
        let broken = CATALOG.replace(wrong, "99999999-2222-4333-8444-555555555555");
        world.catalog = Catalog::from_toml(&broken).unwrap();
        let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
        world.deliver(&order.event()).unwrap();
        assert_eq!(
            (Paid::of(&world, KEY), world.attention(KEY)),
            (before, vec!["PRODUCT_NOT_FOUND".to_owned()])
        );
        let asked = world.calls(Operation::CreatePackage);
        world.catalog = Catalog::from_toml(CATALOG).unwrap();
        world.deliver(&order.event()).unwrap();
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), asked, "nobody retried");
        world.retry(&KEY.parse().unwrap());
        world.settle();
        all_is_well(&world, Paid { base: 1, vouchers: 1 });
        assert_eq!(world.packages(), (1, 1));
        let wix = world.look();
        let keys: Vec<_> = wix.calls().filter_map(|call| call.idempotency_key.clone()).collect();
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "what is asked anew has another key");
    }
}

#[test]
fn an_sku_added_to_the_catalog_after_old_orders_settled_buys_nothing_for_them() {
    let mut world = World::kind();
    let order = Order::new(KEY).line("1", "NEW", 2).paid();
    world.deliver(&order.event()).unwrap();
    world.catalog = Catalog::from_toml(&CATALOG.replacen("sku = \"MAIL\"", "sku = \"NEW\"", 1)).unwrap();
    world.deliver(&order.reference("SUB-7").event()).unwrap();
    world.settle();
    all_is_well(&world, Paid { base: 0, vouchers: 0 });
}

#[test]
fn a_replayed_year_old_order_buys_nothing() {
    let world = World::kind();
    let year = Duration::from_secs(366 * 86_400);
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().placed(START - year).event())
        .unwrap();
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 0);
}

#[test]
fn a_tag_that_equals_another_orders_derived_external_id_or_dots_is_refused_and_nothing_is_called() {
    for reference in ["rh-shopify-7-b1", "..", "."] {
        let world = World::kind();
        world
            .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().reference(reference).event())
            .unwrap();
        assert_eq!(world.attention(KEY), ["REFERENCE_REFUSED"], "{reference}");
        assert_eq!(world.calls(Operation::UpdateExternalId), 0, "{reference}");
        assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 });
    }
}

#[test]
fn one_of_three_references_dead_in_a_voucher_purchase_does_not_hold_up_the_other_two() {
    let world = World::kind();
    let event = Order::new(KEY).line("1", "PLAN", 3).paid().event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::CreatePackage) == 0 {
        assert!(run.step().is_none());
    }
    let now = reseller_hooks::time::Clock::now(&world.clock).as_millis();
    let mut wix = world.look();
    let dead = wix.instances().map(|(_, instance)| instance.id).next().unwrap();
    let change = InstanceChange {
        status: Some(Status::Canceled),
        ..InstanceChange::default()
    };
    wix.set_instance(now, dead, change).unwrap();
    drop(wix);
    while run.step().is_none() {}
    world.settle();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 2, vouchers: 2 });
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}

#[test]
fn a_thousand_units_whose_create_is_lost_are_adopted_whole() {
    let world = unkind();
    lose_create(&world, 0, Effect::LoseAnswer);
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1_000).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    all_is_well(
        &world,
        Paid {
            base: 1_000,
            vouchers: 1_000,
        },
    );
}

#[test]
fn a_thawed_sandbox_whose_call_never_left_is_not_unknown() {
    let world = unkind();
    let event = Order::new(KEY).line("1", "MAIL", 1).paid().event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.ledger.entries().is_empty() {
        assert!(run.step().is_none());
    }
    // Into the call, and frozen there before anything is sent.
    run.steps(1);
    world.clock.advance(Duration::from_secs(20));
    while run.step().is_none() {}
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    assert!(world.record(KEY).purchases().is_empty(), "nothing is in doubt");
    world.settle();
    assert_eq!(world.calls(Operation::QueryPackages), 0);
    all_is_well(&world, Paid { base: 1, vouchers: 0 });
}
