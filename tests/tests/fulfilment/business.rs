//! Order of business: what is ordered, paid, refunded, canceled and moved, in every order of time.

use std::time::Duration;

use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{Order, Paid, Run, SITE, World, refund, violations};
use wix_sandbox::{Effect, Failure, FaultRule, Guid, InstanceChange, Operation, Status};

const KEY: &str = "shopify/5324830114101";

fn sites(world: &World) -> usize {
    let wix = world.look();
    wix.instances()
        .filter(|(_, i)| i.site_id.is_some() && i.status.is_alive())
        .count()
}

/// Changes every instance at Wix, as people or Wix itself do.
fn at_wix(world: &World, change: &InstanceChange) {
    let now = world.clock.now().as_millis();
    let mut wix = world.look();
    let all: Vec<Guid> = wix.instances().map(|(_, instance)| instance.id).collect();
    for instance in all {
        wix.set_instance(now, instance, change.clone()).unwrap();
    }
}

fn becomes(status: Status) -> InstanceChange {
    InstanceChange {
        status: Some(status),
        ..InstanceChange::default()
    }
}

/// New instances have this status instead of PENDING.
fn born(world: &World, status: Status) {
    let failure = (status == Status::Failed).then(|| Failure {
        code: "DELIVERY_TIMEOUT".to_owned(),
        message: String::new(),
    });
    let effect = Effect::NewInstances {
        status,
        failure,
        after_ms: 0,
    };
    world.strike(FaultRule::on(Operation::CreatePackage, effect));
}

#[test]
fn cancel_before_paid_buys_nothing() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "PLAN", 1);
    world.deliver(&order.clone().canceled().event()).unwrap();
    world.deliver(&order.event()).unwrap();
    world.settle();
    assert_eq!(world.look().calls().count(), 0);
}

#[test]
fn cancel_while_the_create_is_in_flight_or_between_package_and_voucher_buys_no_voucher() {
    for creates in [0, 1] {
        let world = World::kind();
        let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
        let event = order.event();
        let worker = world.worker();
        let mut run = Run::new(worker.accept(&event, world.deadline()));
        while world.calls(Operation::CreatePackage) < creates || world.ledger.entries().is_empty() {
            assert!(run.step().is_none());
        }
        world.deliver(&order.canceled().event()).unwrap();
        while run.step().is_none() {}
        world.settle();
        assert_eq!((world.packages(), sites(&world)), ((1, 0), 0));
        assert_eq!(violations(&world), Vec::<String>::new());
    }
}

#[test]
fn canceled_twice_is_taken_back_once() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    world.deliver(&order.event()).unwrap();
    let canceled = order.canceled();
    world.deliver(&canceled.event()).unwrap();
    world.deliver(&canceled.reference("SUB-7").event()).unwrap();
    assert_eq!(world.calls(Operation::UnassignProductInstance), 1);
    assert_eq!(sites(&world), 0);
}

#[test]
fn an_unassign_whose_response_is_lost_is_read_and_not_repeated_when_it_was_done() {
    for (effect, calls) in [(Effect::LoseAnswer, 1), (Effect::DropBefore, 2)] {
        let world = World::kind();
        let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
        world.deliver(&order.event()).unwrap();
        world.strike(FaultRule::on(Operation::UnassignProductInstance, effect));
        world.deliver(&order.canceled().event()).unwrap();
        world.settle();
        assert_eq!(
            (sites(&world), world.calls(Operation::UnassignProductInstance)),
            (0, calls)
        );
        assert_eq!(world.attention(KEY), Vec::<String>::new());
    }
}

#[test]
fn an_unassign_of_an_instance_that_floats_was_canceled_or_is_gone_is_done_already() {
    let floats = InstanceChange {
        site_id: Some(None),
        ..InstanceChange::default()
    };
    for change in [Some(floats), Some(becomes(Status::Canceled)), None] {
        let world = World::kind();
        let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
        world.deliver(&order.event()).unwrap();
        match &change {
            Some(change) => at_wix(&world, change),
            None => {
                let package = world.look().packages().next().unwrap().id;
                let now = world.clock.now().as_millis();
                world.look().delete_package(now, package).unwrap();
            }
        }
        world.deliver(&order.canceled().event()).unwrap();
        world.settle();
        assert_eq!((sites(&world), world.attention(KEY)), (0, vec![]), "{change:?}");
        assert_eq!(world.entry(KEY).due_at, None, "{change:?}");
    }
}

#[test]
fn a_refund_of_one_line_takes_back_that_line() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 1).line("2", "KEPT", 1).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&refund(KEY, "r", &[("1", 1)])).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn paid_again_after_cancel_is_assigned_again_if_it_floats_and_else_attention() {
    for (sku, attention) in [("MAIL", vec![]), ("ENDS", vec!["INSTANCE_CANCELED".to_owned()])] {
        let world = World::kind();
        let order = Order::new(KEY).line("1", sku, 1).paid().site(SITE);
        world.deliver(&order.event()).unwrap();
        let canceled = order.canceled();
        world.deliver(&canceled.event()).unwrap();
        world.deliver(&canceled.revived().event()).unwrap();
        assert_eq!(world.attention(KEY), attention);
        assert_eq!(world.calls(Operation::CreatePackage), 1);
        assert_eq!(sites(&world), usize::from(sku == "MAIL"));
    }
}

#[test]
fn a_reference_that_failed_or_was_canceled_is_attention_and_has_no_voucher() {
    for status in [Status::Failed, Status::Canceled] {
        let world = World::kind();
        let code = format!("INSTANCE_{}", status.as_str());
        born(&world, status);
        world
            .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
            .unwrap();
        world.settle();
        assert_eq!((world.packages(), world.attention(KEY)), ((1, 0), vec![code]));
        world.retry(&KEY.parse().unwrap());
        world.settle();
        assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
        assert_eq!(world.attention(KEY), Vec::<String>::new());
    }
}

#[test]
fn a_reference_that_awaits_an_action_for_days_gets_its_voucher_when_it_is_ready() {
    let world = World::kind();
    born(&world, Status::AwaitingAction);
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(world.attention(KEY), ["AWAITING_ACTION"]);
    at_wix(&world, &becomes(Status::Enabled));
    world.clock.advance(Duration::from_secs(86_400));
    world.settle();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 });
    assert_eq!(world.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_reference_that_another_package_used_is_attention() {
    let world = World::kind();
    let event = Order::new(KEY).line("1", "PLAN", 1).paid().event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.calls(Operation::CreatePackage) == 0 {
        assert!(run.step().is_none());
    }
    let now = world.clock.now().as_millis();
    let mut wix = world.look();
    let reference = wix.instances().next().unwrap().1.id;
    let by_hand = wix_sandbox::ForeignPackage {
        account_id: wix_sandbox::DEFAULT_ACCOUNT,
        parent_account_id: None,
        external_id: None,
        created_ms: None,
        instances: vec![wix_sandbox::ForeignInstance {
            catalog_product_id: "040639ae-277e-4a73-a4d2-1b6801b92f45".parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: Some(reference),
        }],
    };
    wix.insert_package(now, by_hand);
    drop(wix);
    while run.step().is_none() {}
    world.settle();
    assert_eq!(world.attention(KEY), ["INVALID_REFERENCE_PRODUCT_INSTANCE_ID"]);
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn an_external_id_that_cannot_be_set_is_attention_and_holds_up_nothing_else() {
    let world = World::kind();
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::UpdateExternalId,
            Effect::RejectCode {
                code: "INVALID_EXTERNAL_ID".to_owned(),
            },
        )
    });
    let order = Order::new(KEY).line("1", "PLAN", 1).paid().reference("SUB-7");
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.packages(), (1, 1));
    assert!(world.attention(KEY).iter().all(|code| code == "INVALID_EXTERNAL_ID"));
    world.look().clear_faults();
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_catalog_that_is_changed_after_the_order_touches_new_units_only() {
    let mut world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).paid();
    world.deliver(&order.event()).unwrap();
    let (email, other) = (
        "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c",
        "2c6db353-458a-41dd-b4f5-cb8a05be6bff",
    );
    let changed = reseller_hooks_tests::world::CATALOG.replacen(email, other, 1);
    world.catalog = reseller_hooks::catalog::Catalog::from_toml(&changed).unwrap();
    world.deliver(&order.line("1", "MAIL", 2).event()).unwrap();
    let wix = world.look();
    let bought: Vec<String> = wix.instances().map(|(_, i)| i.catalog_product_id.to_string()).collect();
    assert_eq!(bought, [email, other]);
}

#[test]
fn a_catalog_entry_that_is_taken_out_after_the_order_leaves_what_was_bought_to_its_own_plan() {
    let mut world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 2).paid();
    world.deliver(&order.event()).unwrap();
    let without = reseller_hooks_tests::world::CATALOG.replacen("sku = \"ENDS\"", "sku = \"OTHER\"", 1);
    world.catalog = reseller_hooks::catalog::Catalog::from_toml(&without).unwrap();
    // One more is none of our business now; one that is refunded is canceled as was planned.
    world.deliver(&order.line("1", "ENDS", 3).event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 2);
    world.deliver(&refund(KEY, "r", &[("1", 2)])).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!((world.attention(KEY), violations(&world)), (vec![], vec![]));
}

#[test]
fn a_cancellation_that_comes_at_any_moment_takes_everything_back() {
    let order = Order::new(KEY)
        .line("1", "PLAN", 1)
        .line("2", "ENDS", 1)
        .paid()
        .site(SITE);
    let canceled = order.clone().reference("SUB-7").canceled();
    let mut moments = 0;
    loop {
        let world = World::unkind(Duration::from_secs(30));
        let (worker, event) = (world.worker(), order.event());
        let mut run = Run::new(worker.accept(&event, world.deadline()));
        let done = run.steps(moments).is_some();
        world.deliver(&canceled.event()).unwrap();
        while !done && run.step().is_none() {}
        world.settle();
        let told = format!("canceled after {moments} await points");
        assert_eq!((sites(&world), world.attention(KEY)), (0, vec![]), "{told}");
        assert_eq!(violations(&world), Vec::<String>::new(), "{told}");
        if done {
            break;
        }
        moments += 1;
    }
    assert!(moments > 12, "{moments}");
}

#[test]
fn a_change_that_could_not_be_answered_in_time_is_not_sent_although_it_was_begun_with_others() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 16).paid();
    world.deliver(&order.event()).unwrap();
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CancelProductInstance,
            Effect::Stall {
                ms: 4_000,
                commit: true,
            },
        )
    });
    // 58 s, of which the last 15 are one call's: the first at once, the last after 40 s.
    world.deliver(&order.canceled().event()).unwrap();
    assert_eq!(world.calls(Operation::CancelProductInstance), 11);
    world.settle();
    assert_eq!(world.calls(Operation::CancelProductInstance), 16);
    assert_eq!((Paid::of(&world, KEY).base, violations(&world)), (0, vec![]));
}

/// Each change takes a second, so that no worker comes to the end of it, and some die over it.
#[test]
fn an_order_of_many_units_is_taken_back_whole_by_many_workers_some_of_which_die_over_it() {
    let world = World::unkind(Duration::from_secs(30));
    let order = Order::new(KEY).line("1", "ENDS", 120).paid();
    world.deliver(&order.event()).unwrap();
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CancelProductInstance,
            Effect::Stall {
                ms: 1_000,
                commit: true,
            },
        )
    });
    // First a part of it is refunded, then all.
    let events = [refund(KEY, "r", &[("1", 40)]), order.canceled().event()];
    for (event, steps) in events.iter().zip([47, 91]) {
        let worker = world.worker();
        let mut run = Run::new(worker.accept(event, world.deadline()));
        assert!(run.steps(steps).is_none());
        drop(run);
        world.clock.advance(Duration::from_secs(120));
    }
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    assert_eq!((world.attention(KEY), violations(&world)), (vec![], vec![]));
}

/// "Do it at Wix by hand or mend the cause, then retry the order": after either the problem is gone.
#[test]
fn a_change_that_wix_refuses_is_attention_until_it_was_done_by_hand_or_its_cause_was_mended() {
    let order = Order::new(KEY).line("1", "MAIL", 1).paid();
    let (assigned, floats) = (Some(SITE.parse().unwrap()), None);
    let by_hand = |site: Option<Guid>| InstanceChange {
        site_id: Some(site),
        ..InstanceChange::default()
    };
    let sited = order.clone().site(SITE);
    for (operation, before, then, hand) in [
        (
            Operation::AssignProductInstance,
            &order,
            sited.clone(),
            by_hand(assigned),
        ),
        (
            Operation::UnassignProductInstance,
            &sited,
            sited.clone().canceled(),
            by_hand(floats),
        ),
    ] {
        for mended in [true, false] {
            let world = World::kind();
            world.deliver(&before.event()).unwrap();
            let code = "SITE_NOT_FOUND".to_owned();
            world.strike(FaultRule {
                times: u32::MAX,
                ..FaultRule::on(operation, Effect::RejectCode { code: code.clone() })
            });
            world.deliver(&then.event()).unwrap();
            world.settle();
            let asked = world.calls(operation);
            assert_eq!(
                (world.attention(KEY), asked),
                (vec![code], 1),
                "{operation:?}: asked once"
            );
            if !mended {
                at_wix(&world, &hand);
            }
            world.look().clear_faults();
            world.retry(&KEY.parse().unwrap());
            world.settle();
            assert_eq!(world.attention(KEY), Vec::<String>::new(), "{operation:?}, {mended}");
            assert_eq!(violations(&world), Vec::<String>::new(), "{operation:?}, {mended}");
        }
    }
}

#[test]
fn what_maps_to_no_line_is_shown_once_and_again_when_more_comes() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 2).paid();
    world.deliver(&order.event()).unwrap();
    let refunded = order.unmapped("a refund of 10.00 names no line");
    world.deliver(&refunded.event()).unwrap();
    world.deliver(&refunded.event()).unwrap();
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"]);
    assert_eq!(Paid::of(&world, KEY).base, 2, "nothing is taken back by a guess");
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"], "a retry acknowledges nothing");
    world.close(&KEY.parse().unwrap(), &world.problems(KEY)[0].id).unwrap();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    world
        .deliver(&refunded.unmapped("a refund of 5.00 names no line").event())
        .unwrap();
    assert_eq!(world.attention(KEY), ["NOT_MAPPED"]);
}
