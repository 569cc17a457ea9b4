//! What reviews of the code found, each a mistake that no scenario had met. The name tells what must not come back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reseller_hooks::fulfilment::{Fulfilment, Outage, Progress};
use reseller_hooks::order::OrderEvent;
use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{OTHER, OWN, Order, Paid, Run, SITE, START, World, poll_through, refund, violations};
use wix_sandbox::{
    Effect, FaultRule, ForeignInstance, ForeignPackage, Guid, Idempotency, InstanceChange, Operation, Status,
};

const KEY: &str = "shopify/5324830114101";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
const DAY: Duration = Duration::from_secs(86_400);

fn mail() -> Order {
    Order::new(KEY).line("1", "MAIL", 1).paid()
}

fn retry(world: &World) {
    world.retry(&KEY.parse().unwrap());
    world.settle();
}

fn always(operation: Operation, effect: Effect) -> FaultRule {
    FaultRule {
        times: u32::MAX,
        ..FaultRule::on(operation, effect)
    }
}

const fn error(status: u16) -> Effect {
    Effect::ErrorBefore { status, code: None }
}

/// A package of one mailbox that somebody made with the external ID of the order's first.
fn insert(world: &World, account: &str, created_ms: i64) -> Guid {
    let now = world.clock.now().as_millis();
    world.look().insert_package(
        now,
        ForeignPackage {
            account_id: account.parse().unwrap(),
            parent_account_id: None,
            external_id: Some("rh-shopify-5324830114101-b1".to_owned()),
            created_ms: Some(created_ms),
            instances: vec![ForeignInstance {
                catalog_product_id: EMAIL.parse().unwrap(),
                site_id: None,
                status: None,
                billing_info: None,
                country_code: None,
                reference_product_instance_id: None,
            }],
        },
    )
}

fn set(world: &World, instance: Guid, change: InstanceChange) {
    let now = world.clock.now().as_millis();
    world.look().set_instance(now, instance, change).unwrap();
}

fn becomes(status: Status) -> InstanceChange {
    InstanceChange {
        status: Some(status),
        ..InstanceChange::default()
    }
}

fn first_instance(world: &World) -> Guid {
    world.look().instances().next().unwrap().1.id
}

fn on_site(world: &World) -> usize {
    world.look().instances().filter(|(_, i)| i.site_id.is_some()).count()
}

/// A worker that must come to an end: one that asks for the same step for good would run for ever.
fn ends(world: &World, event: &OrderEvent) -> Progress {
    let worker = world.worker();
    let mut run = Run::new(worker.accept(event, world.deadline()));
    let ended = run.steps(2_000);
    assert!(ended.is_some(), "it comes to an end");
    ended.unwrap().unwrap().progress
}

#[test]
fn an_old_orders_package_that_was_tagged_is_seen_although_its_own_external_id_is_gone() {
    let world = World::kind();
    let old = mail().reference("SUB-7").placed(START - 3 * DAY);
    world.deliver(&old.event()).unwrap();
    // The ledger is lost, and a dead letter comes again.
    let mut empty = World::kind();
    empty.wix = Arc::clone(&world.wix);
    empty.deliver(&old.event()).unwrap();
    empty.settle();
    assert_eq!(empty.packages(), (1, 0), "it is not bought again");
    assert_eq!(empty.attention(KEY), ["PERHAPS_BOUGHT_BEFORE"]);
    // References need not be unique: where it is another order's, an operator says so.
    retry(&empty);
    assert_eq!(empty.packages(), (2, 0));
    assert_eq!(empty.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_package_with_our_external_id_that_does_not_fit_is_no_proof_of_absence() {
    let older = START.as_millis() - 3_600_000;
    for (account, created) in [(OTHER, START.as_millis()), (OWN, older)] {
        let world = World::unkind(Duration::ZERO);
        world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
        world.deliver(&mail().event()).unwrap();
        let odd = insert(&world, account, created);
        world.settle();
        assert_eq!(
            world.calls(Operation::CreatePackage),
            1,
            "{account}: it is not sent again"
        );
        assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES"], "{account}");
        assert_eq!(world.record(KEY).packages().count(), 0, "{account}: and not adopted");
        // A person looks, cancels it at Wix, and retries.
        let instance = world.look().package(odd).unwrap().instances[0].id;
        set(&world, instance, becomes(Status::Canceled));
        retry(&world);
        if account == OWN {
            // For all we know it was ours: it is shown as canceled first, and a second retry buys anew.
            assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
            retry(&world);
        }
        assert_eq!(world.attention(KEY), Vec::<String>::new(), "{account}");
        assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 }, "{account}");
    }
}

#[test]
fn a_package_of_other_products_that_an_operator_canceled_is_in_nobodys_way_any_more() {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    let odd = insert(&world, OWN, START.as_millis());
    world.settle();
    assert_eq!(
        (world.attention(KEY), world.calls(Operation::CreatePackage)),
        (vec!["SEVERAL_PACKAGES".to_owned(), "SURPLUS_PACKAGE".to_owned()], 1)
    );
    let instance = world.look().package(odd).unwrap().instances[0].id;
    set(&world, instance, becomes(Status::Canceled));
    retry(&world);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
}

#[test]
fn a_retry_reads_before_it_replaces_what_wixs_support_has_mended_meanwhile() {
    let world = World::kind();
    let failed = Effect::NewInstances {
        status: Status::Failed,
        failure: None,
        after_ms: 0,
    };
    world.strike(FaultRule::on(Operation::CreatePackage, failed));
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
    set(&world, first_instance(&world), becomes(Status::Enabled));
    retry(&world);
    assert_eq!(
        world.packages(),
        (1, 1),
        "the plan is not bought anew, and its voucher is bought"
    );
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_retry_of_a_purchase_that_is_under_way_goes_on_with_its_own_key() {
    // Wix shows it only after an hour: nothing but the key can save it.
    let world = World::unkind(Duration::from_secs(3_600));
    world.look().config_mut().idempotency = Idempotency::Honour;
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    world.deliver(&mail().event()).unwrap();
    retry(&world);
    assert_eq!(world.calls(Operation::CreatePackage), 2);
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_voucher_for_a_package_that_is_gone_is_not_asked_for_again() {
    let world = World::kind();
    let event = Order::new(KEY).line("1", "PLAN", 1).paid().event();
    {
        let worker = world.worker();
        let mut run = Run::new(worker.accept(&event, world.deadline()));
        while world.calls(Operation::CreatePackage) == 0 {
            assert!(run.step().is_none());
        }
        let package = world.look().packages().next().unwrap().id;
        world.look().delete_package(START.as_millis(), package).unwrap();
        assert!(run.steps(2_000).is_some(), "it comes to an end");
    }
    assert_eq!(
        world.calls(Operation::CreatePackage),
        2,
        "the plan, and its voucher once"
    );
    assert_eq!(world.attention(KEY), ["PACKAGE_GONE"]);
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn a_refused_voucher_whose_units_first_package_is_gone_does_not_spin() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1).paid();
    let event = order.event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::CreatePackage) == 0 {
        assert!(run.step().is_none());
    }
    let package = world.look().packages().next().unwrap().id;
    world.look().delete_package(START.as_millis(), package).unwrap();
    while run.step().is_none() {}
    // An operator has the plan bought anew, and Wix takes no voucher for that one either.
    let code = "INVALID_REFERENCE_PRODUCT_INSTANCE_ID".to_owned();
    world.strike(FaultRule {
        skip: 1,
        ..always(Operation::CreatePackage, Effect::RejectCode { code: code.clone() })
    });
    let (key, operator) = (KEY.parse().unwrap(), world.worker());
    let mut run = Run::new(operator.retry(&key, world.deadline()));
    assert!(run.steps(2_000).is_some(), "it comes to an end");
    drop(run);
    assert_eq!(world.calls(Operation::CreatePackage), 4, "a plan and a voucher, twice");
    assert_eq!(world.attention(KEY), [code]);
}

#[test]
fn a_lookup_that_wix_does_not_answer_holds_up_only_its_purchase() {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    world.strike(always(Operation::QueryPackages, error(500)));
    let order = mail();
    world.deliver(&order.event()).unwrap();
    world.clock.advance(Duration::from_secs(10));
    world.sweep();
    assert!(world.calls(Operation::QueryPackages) > 0);
    // The customer adds a plan: it is bought at once, and its voucher.
    world.deliver(&order.line("2", "PLAN", 1).event()).unwrap();
    assert_eq!(world.packages(), (2, 1));
    assert_eq!(world.record(KEY).packages().count(), 2);
    world.look().clear_faults();
    world.settle();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 2, vouchers: 1 });
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_read_that_wix_does_not_answer_holds_up_only_its_package() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).line("2", "MAIL", 1);
    let order = order
        .line_account("2", OTHER)
        .line_site("1", SITE)
        .line_site("2", "c10cf845-bf18-4c10-8428-c4e5c7a39744");
    world.deliver(&order.paid().event()).unwrap();
    assert_eq!(on_site(&world), 2);
    world.strike(FaultRule::on(Operation::UnassignProductInstance, Effect::DropBefore));
    world.strike(always(Operation::GetPackage, error(500)));
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    world.clock.advance(Duration::from_secs(20));
    world.sweep();
    assert!(world.calls(Operation::GetPackage) > 0);
    world.deliver(&refund(KEY, "r2", &[("2", 1)])).unwrap();
    assert_eq!(on_site(&world), 1, "the other line's is taken back at once");
    world.look().clear_faults();
    world.settle();
    assert_eq!((on_site(&world), violations(&world)), (0, vec![]));
}

#[test]
fn a_question_that_is_not_answered_for_hours_is_shown_and_gone_when_it_is_answered() {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    world.strike(always(Operation::QueryPackages, error(500)));
    world.deliver(&mail().event()).unwrap();
    let sweep_for = |time: Duration| {
        let end = world.clock.now() + time;
        while world.clock.now() < end {
            world.clock.advance(Duration::from_secs(60));
            world.sweep();
        }
    };
    sweep_for(Duration::from_secs(3_600));
    assert_eq!(
        world.attention(KEY),
        Vec::<String>::new(),
        "an hour is nobody's concern"
    );
    sweep_for(Duration::from_secs(6 * 3_600));
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    assert!(world.entry(KEY).due_at.is_some(), "it is asked again by itself");
    world.look().clear_faults();
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.packages(), (1, 0));
}

#[test]
fn an_unpaid_edit_does_not_bring_a_refunded_unit_back() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 2).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    // Two more are wanted and not paid for; the refund is counted in what is listed.
    world
        .deliver(&order.line("1", "ENDS", 3).counted("r1").unpaid().event())
        .unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!(
        world.attention(KEY),
        Vec::<String>::new(),
        "nothing that is over is wanted again"
    );
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_worker_with_exactly_the_time_of_one_call_leaves_it_to_the_next_and_does_not_spin() {
    let world = World::kind();
    let event = mail().event();
    let worker = world.worker();
    let deadline = world.clock.now() + world.settings.wix_timeout;
    let mut run = Run::new(worker.accept(&event, deadline));
    let ended = run.steps(2_000).expect("it comes to an end").unwrap();
    assert!(matches!(ended.progress, Progress::Waiting { .. }));
    drop(run);
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.settle();
    assert_eq!(world.packages(), (1, 0));
}

#[test]
fn a_change_without_an_answer_does_not_hold_up_those_that_were_begun_with_it() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 3).paid();
    world.deliver(&order.event()).unwrap();
    world.strike(FaultRule::on(Operation::CancelProductInstance, Effect::DropBefore));
    world.deliver(&order.canceled().event()).unwrap();
    assert_eq!(
        Paid::of(&world, KEY).base,
        1,
        "two of three are canceled by the same worker"
    );
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    assert_eq!(world.calls(Operation::CancelProductInstance), 4);
}

#[test]
fn an_instance_that_was_changed_as_surplus_keeps_its_count_when_it_is_adopted() {
    let world = World::unkind(Duration::ZERO);
    world.look().config_mut().idempotency = Idempotency::Honour;
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    let order = mail().site(SITE);
    world.deliver(&order.event()).unwrap();
    let twin = insert(&world, OWN, START.as_millis());
    world.settle();
    assert!(world.attention(KEY).contains(&"SEVERAL_PACKAGES".to_owned()));
    // Canceled: both are off their sites, by the first unassign of each.
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.settle();
    assert_eq!(on_site(&world), 0);
    // Paid again; a person cancels the twin, assigns ours by hand, and retries: it is adopted.
    world.deliver(&canceled.clone().revived().event()).unwrap();
    let over = world.look().package(twin).unwrap().instances[0].id;
    set(&world, over, becomes(Status::Canceled));
    let ours: Guid = world.look().instances().find(|(_, i)| i.id != over).unwrap().1.id;
    let assigned = InstanceChange {
        site_id: Some(Some(SITE.parse().unwrap())),
        ..InstanceChange::default()
    };
    set(&world, ours, assigned);
    retry(&world);
    assert_eq!(world.record(KEY).packages().count(), 1);
    // Canceled again: with the key of its first unassign, Wix would answer what it answered then, and do nothing.
    world.deliver(&canceled.revived().canceled().event()).unwrap();
    world.settle();
    assert_eq!(on_site(&world), 0);
}

#[test]
fn an_old_order_that_is_refunded_in_part_while_it_is_looked_for_buys_only_what_is_left() {
    let world = World::kind();
    // As often as the client asks one question.
    world.strike(FaultRule {
        times: reseller_hooks::wix::retry::MAX_ATTEMPTS,
        ..FaultRule::on(Operation::QueryPackages, error(500))
    });
    let old = Order::new(KEY).line("1", "MAIL", 2).paid().placed(START - 3 * DAY);
    world.deliver(&old.event()).unwrap();
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.deliver(&refund(KEY, "r1", &[("1", 1)])).unwrap();
    world.settle();
    assert_eq!(world.look().instances().count(), 1);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_changed_site_is_closed_and_is_none_where_one_unit_is_on_it() {
    let other = "c10cf845-bf18-4c10-8428-c4e5c7a39744";
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    let moved = order.site(other);
    world.deliver(&moved.event()).unwrap();
    assert_eq!(world.attention(KEY), ["SITE_CHANGED"]);
    retry(&world);
    assert_eq!(world.attention(KEY), ["SITE_CHANGED"], "a retry acknowledges nothing");
    world.close(&KEY.parse().unwrap(), &world.problems(KEY)[0].id).unwrap();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    // Where a second unit was ordered for the new site it is on both, as the order says.
    let world = World::kind();
    let order = mail().site(SITE);
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.line("1", "MAIL", 2).site(other).event()).unwrap();
    assert_eq!((world.attention(KEY), on_site(&world)), (vec![], 2));
}

#[test]
fn a_wix_that_is_away_for_a_day_is_no_orders_problem() {
    let world = World::kind();
    let transport = world.transport();
    transport.unreachable.store(true, Ordering::Relaxed);
    let worker = Fulfilment::new(
        world.port_over(transport, world.clock.clone()),
        world.worker().ledger().clone(),
        world.clock.clone(),
        Ok(world.catalog.clone()),
        world.settings.clone(),
    );
    // One order is in doubt when it begins, another comes then.
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    world.deliver(&mail().event()).unwrap();
    let other = Order::new("shopify/2").line("1", "MAIL", 1).paid().event();
    poll_through(worker.accept(&other, world.deadline())).unwrap();
    for _ in 0..144 {
        world.clock.advance(Duration::from_secs(600));
        let sweep = poll_through(worker.sweep(world.deadline())).unwrap();
        assert!(matches!(sweep.stopped, Some(Outage::WixAway(_))), "{sweep:?}");
        assert_eq!(sweep.orders, 1, "the first that cannot reach it stands for all");
        let attention = [KEY, "shopify/2"].map(|key| world.attention(key));
        assert_eq!(attention, [vec![], Vec::<String>::new()]);
    }
    world.settle();
    assert_eq!((world.packages(), world.calls(Operation::CreatePackage)), ((2, 0), 2));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn an_account_that_the_key_may_not_use_is_that_orders_attention_and_stops_nobody_else() {
    let world = World::kind();
    world.strike(FaultRule {
        account: Some(OTHER.parse().unwrap()),
        ..always(Operation::CreatePackage, error(403))
    });
    let outcome = world.deliver(&mail().account(OTHER).event()).unwrap();
    assert_eq!(outcome.progress, Progress::Settled);
    assert_eq!(world.attention(KEY), ["HTTP 403"]);
    let other = Order::new("shopify/2").line("1", "MAIL", 1).paid().event();
    assert_eq!(ends(&world, &other), Progress::Settled);
    assert_eq!(world.packages(), (1, 0));
    // For the reseller's own account it is the key, and everybody's problem.
    world.strike(always(Operation::CreatePackage, error(403)));
    let own = Order::new("shopify/3").line("1", "MAIL", 1).paid().event();
    assert!(matches!(ends(&world, &own), Progress::Stopped(_)));
    assert_eq!(world.attention("shopify/3"), Vec::<String>::new());
}
