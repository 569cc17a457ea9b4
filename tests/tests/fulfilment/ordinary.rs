//! Orders to which nothing bad happens.

use reseller_hooks::fulfilment::Progress;
use reseller_hooks_tests::world::{OTHER, Order, Paid, SITE, World, refund, violations};
use wix_sandbox::Operation;

const KEY: &str = "shopify/5324830114101";

#[test]
fn a_paid_order_becomes_a_package_and_its_voucher_package_in_two_calls_and_three_writes() {
    let world = World::kind();
    let outcome = world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    assert_eq!(outcome.progress, Progress::Settled);
    assert_eq!(
        (
            outcome.tally.wix_calls,
            outcome.tally.ledger_writes,
            outcome.tally.ledger_reads
        ),
        (2, 3, 1)
    );
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(violations(&world), Vec::<String>::new());
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn delivered_again_it_costs_no_call_and_no_write() {
    let world = World::kind();
    let event = Order::new(KEY).line("1", "PLAN", 1).paid().event();
    world.deliver(&event).unwrap();
    let again = world.deliver(&event).unwrap();
    assert_eq!((again.tally.wix_calls, again.tally.ledger_writes), (0, 0));
    assert_eq!(world.packages(), (1, 1));
}

#[test]
fn quantity_three_makes_three_instances_and_three_vouchers_in_two_packages() {
    let world = World::kind();
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 3).paid().site(SITE).event())
        .unwrap();
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(Paid::of(&world, KEY), Paid { base: 3, vouchers: 3 });
    let assigned = world
        .look()
        .instances()
        .filter(|(_, instance)| instance.site_id.is_some())
        .count();
    assert_eq!(
        assigned, 2,
        "the first plan and its voucher are on the site, the others float"
    );
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_cancellation_before_the_payment_means_that_nothing_is_bought() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid();
    world.deliver(&order.clone().canceled().event()).unwrap();
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.packages(), (0, 0));
    assert_eq!(world.calls(Operation::CreatePackage), 0);
}

#[test]
fn a_canceled_order_loses_its_site_the_voucher_first() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    let sites: Vec<_> = world
        .look()
        .instances()
        .filter_map(|(_, instance)| instance.site_id)
        .collect();
    assert!(sites.is_empty(), "{sites:?}");
    assert_eq!(violations(&world), Vec::<String>::new());
    let wix = world.look();
    let packages: Vec<_> = wix
        .calls()
        .filter(|call| call.operation == Operation::UnassignProductInstance)
        .map(|call| call.package)
        .collect();
    let voucher = wix
        .packages()
        .find(|package| package.instances[0].reference.is_some())
        .map(|package| package.id);
    assert_eq!((packages.len(), packages[0]), (2, voucher));
}

#[test]
fn what_the_plan_says_of_a_cancellation_is_done() {
    for (sku, alive) in [("ENDS", 0), ("KEPT", 1), ("MAIL", 1)] {
        let world = World::kind();
        let order = Order::new(KEY).line("1", sku, 1).paid().site(SITE);
        world.deliver(&order.event()).unwrap();
        world.deliver(&order.canceled().event()).unwrap();
        assert_eq!(Paid::of(&world, KEY).base, alive, "{sku}");
        let on_site = world
            .look()
            .instances()
            .filter(|(_, i)| i.site_id.is_some() && i.status.is_alive())
            .count();
        assert_eq!(on_site, usize::from(sku == "KEPT"), "{sku}");
    }
}

#[test]
fn a_refund_of_one_of_three_units_takes_back_that_one() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 3).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 2);
    // The same refund again, and inside a snapshot: it counts once.
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    world
        .deliver(&order.line("1", "ENDS", 2).counted("r1").event())
        .unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 2);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_refund_of_an_amount_only_takes_nothing_back() {
    let world = World::kind();
    world
        .deliver(&Order::new(KEY).line("1", "ENDS", 2).paid().event())
        .unwrap();
    world.deliver(&refund(KEY, "r1", &[])).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 2);
}

#[test]
fn paid_again_after_a_cancellation_is_assigned_again() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    let revived = canceled.revived();
    world.deliver(&revived.event()).unwrap();
    assert_eq!(
        world
            .look()
            .instances()
            .filter(|(_, instance)| instance.site_id.is_some())
            .count(),
        2
    );
    world.deliver(&revived.canceled().event()).unwrap();
    assert_eq!(
        world
            .look()
            .instances()
            .filter(|(_, instance)| instance.site_id.is_some())
            .count(),
        0
    );
    assert_eq!(world.packages(), (1, 1));
    let wix = world.look();
    let keys: Vec<_> = wix
        .calls()
        .filter(|call| call.committed)
        .filter_map(|call| call.idempotency_key.clone())
        .collect();
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(keys.len(), distinct.len(), "every change has a key of its own");
}

#[test]
fn an_instance_that_was_canceled_at_wix_and_is_wanted_again_is_attention_and_a_retry_buys_it_anew() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    world.deliver(&order.event()).unwrap();
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.deliver(&canceled.revived().event()).unwrap();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
    assert_eq!(Paid::of(&world, KEY).base, 0);
    world.retry(&KEY.parse().unwrap());
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_site_that_appears_later_is_assigned_to_the_floating_instance() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 2).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.site(SITE).event()).unwrap();
    assert_eq!(
        world
            .look()
            .instances()
            .filter(|(_, instance)| instance.site_id.is_some())
            .count(),
        2
    );
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_site_that_changes_is_attention() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    world
        .deliver(&order.site("c10cf845-bf18-4c10-8428-c4e5c7a39744").event())
        .unwrap();
    assert_eq!(world.attention(KEY), ["SITE_CHANGED"]);
    assert_eq!(world.calls(Operation::AssignProductInstance), 0);
}

#[test]
fn an_order_for_two_accounts_makes_a_package_in_each() {
    let world = World::kind();
    let order = Order::new(KEY)
        .line("1", "PLAN", 1)
        .line("2", "PLAN", 1)
        .line_account("2", OTHER)
        .paid();
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.packages(), (2, 2));
    let accounts: std::collections::BTreeSet<String> = world
        .look()
        .packages()
        .map(|package| package.account_id.to_string())
        .collect();
    assert_eq!(accounts.len(), 2);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_thousand_units_with_vouchers_are_two_packages() {
    let world = World::kind();
    let outcome = world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1_000).paid().site(SITE).event())
        .unwrap();
    assert_eq!((outcome.tally.wix_calls, outcome.attention), (2, 0));
    assert_eq!(
        Paid::of(&world, KEY),
        Paid {
            base: 1_000,
            vouchers: 1_000
        }
    );
    let size = world.entry(KEY).body.len();
    assert!(size < 300 * 1024, "{size}");
}

#[test]
fn more_units_than_a_record_can_hold_are_attention_and_nothing_is_bought() {
    let world = World::kind();
    world
        .deliver(
            &Order::new(KEY)
                .line("1", "PLAN", 5_000)
                .line("2", "MAIL", 1)
                .paid()
                .event(),
        )
        .unwrap();
    assert_eq!(world.attention(KEY), ["NOT_PLANNED"]);
    assert_eq!(
        Paid::of(&world, KEY),
        Paid { base: 1, vouchers: 0 },
        "the other line goes on"
    );
}

#[test]
fn one_thousand_and_one_units_of_a_small_product_are_two_packages() {
    let world = World::kind();
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1_001).paid().event())
        .unwrap();
    assert_eq!(world.packages(), (2, 0));
    assert_eq!(Paid::of(&world, KEY).base, 1_001);
}

#[test]
fn the_storefronts_reference_is_set_once_and_the_newest_wins() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().reference("SUB-7");
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.calls(Operation::UpdateExternalId), 2);
    let newer = order.clone().reference("SUB-8");
    world.deliver(&newer.event()).unwrap();
    world.deliver(&order.event()).unwrap();
    let mut tags: Vec<_> = world
        .look()
        .packages()
        .filter_map(|package| package.external_id.clone())
        .collect();
    tags.sort();
    assert_eq!(tags, ["SUB-8", "SUB-8-v1"]);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_reference_that_looks_like_one_of_ours_is_refused() {
    let world = World::kind();
    world
        .deliver(
            &Order::new(KEY)
                .line("1", "PLAN", 1)
                .paid()
                .reference("rh-shopify-2-b1")
                .event(),
        )
        .unwrap();
    assert_eq!(world.attention(KEY), ["REFERENCE_REFUSED"]);
    assert_eq!(world.calls(Operation::UpdateExternalId), 0);
}

#[test]
fn an_order_from_before_going_live_is_kept_and_bought_only_when_an_operator_says_so() {
    let world = World::kind();
    let old = Order::new(KEY)
        .line("1", "PLAN", 1)
        .paid()
        .placed("2025-12-31T23:59:59Z".parse().unwrap());
    world.deliver(&old.event()).unwrap();
    assert_eq!(world.packages(), (0, 0));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.packages(), (0, 0), "a retry releases nothing");
    world.release(&KEY.parse().unwrap());
    assert_eq!(world.packages(), (1, 1));
}

#[test]
fn an_order_that_is_heard_of_days_late_is_looked_up_before_it_is_bought() {
    let world = World::kind();
    let late = Order::new(KEY)
        .line("1", "PLAN", 1)
        .paid()
        .placed(reseller_hooks_tests::world::START - std::time::Duration::from_secs(3 * 86_400));
    world.deliver(&late.event()).unwrap();
    assert_eq!(world.packages(), (1, 1));
    // The ledger is lost and restored empty; the dead letter comes again.
    let mut empty = World::kind();
    empty.wix = std::sync::Arc::clone(&world.wix);
    empty.deliver(&late.event()).unwrap();
    assert_eq!(world.packages(), (1, 1), "the packages were adopted");
    assert_eq!(violations(&empty), Vec::<String>::new());
}

#[test]
fn an_unknown_sku_is_none_of_our_business_and_the_other_lines_go_on() {
    let world = World::kind();
    let outcome = world
        .deliver(
            &Order::new(KEY)
                .line("1", "T-SHIRT", 4)
                .line("2", "MAIL", 1)
                .paid()
                .event(),
        )
        .unwrap();
    assert_eq!((outcome.progress, outcome.attention), (Progress::Settled, 0));
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 });
}

#[test]
fn a_product_that_wix_refuses_is_one_attention_with_code_and_request_id_and_the_rest_goes_on() {
    let world = World::kind();
    let order = Order::new(KEY)
        .line("1", "WRONG", 1)
        .line("2", "PLAN", 1)
        .line_account("2", OTHER)
        .paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.attention(KEY), ["PRODUCT_NOT_FOUND"]);
    assert_eq!(
        world.calls(Operation::CreatePackage),
        3,
        "the refused one is not tried again"
    );
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
}

#[test]
fn a_mended_catalog_and_a_retry_buy_what_was_refused() {
    let mut world = World::kind();
    world
        .deliver(&Order::new(KEY).line("1", "WRONG", 1).paid().event())
        .unwrap();
    let mended = reseller_hooks_tests::world::CATALOG.replace(
        "11111111-2222-4333-8444-555555555555",
        "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c",
    );
    world.catalog = reseller_hooks::catalog::Catalog::from_toml(&mended).unwrap();
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY).base, 1);
    let wix = world.look();
    let keys: std::collections::HashSet<_> = wix.calls().filter_map(|call| call.idempotency_key.clone()).collect();
    assert_eq!(keys.len(), 2, "the new request has a key of its own");
}

#[test]
fn a_product_that_needs_a_site_waits_for_it_as_attention_and_is_bought_when_it_comes() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "SITED", 1).paid();
    world.deliver(&order.event()).unwrap();
    assert_eq!(
        (world.attention(KEY), world.packages()),
        (vec!["NOT_PLANNED".to_owned()], (0, 0))
    );
    world.deliver(&order.site(SITE).event()).unwrap();
    assert_eq!((world.attention(KEY), world.packages()), (vec![], (1, 0)));
}

#[test]
fn an_edit_up_is_bought_when_it_is_paid() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid();
    world.deliver(&order.event()).unwrap();
    let edited = order.line("1", "MAIL", 2).unpaid();
    world.deliver(&edited.event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    world.deliver(&edited.paid().event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 2);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn one_wrong_sku_of_an_order_does_not_hold_up_the_others() {
    let world = World::kind();
    world
        .deliver(
            &Order::new(KEY)
                .line("1", "WRONG", 1)
                .line("2", "PLAN", 2)
                .paid()
                .event(),
        )
        .unwrap();
    assert_eq!(world.attention(KEY), ["PRODUCT_NOT_FOUND"]);
    assert_eq!(Paid::of(&world, KEY), Paid { base: 2, vouchers: 2 });
    assert_eq!(violations(&world), Vec::<String>::new());
}
