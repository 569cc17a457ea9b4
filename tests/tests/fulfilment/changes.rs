//! Changes of what was bought (assign, unassign, cancel) that get no answer, come late, or are refused.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_change_that_could_not_be_answered_in_time_is_not_sent() {
    let world = World::kind();
    let order = ordered("ENDS", 16);
    world.hears(&order);
    world.strike(always(Operation::CancelProductInstance, stalls(4_000)));
    // 58 s, of which the last 15 are one call's: the first at once, the last after 40 s.
    world.hears(&order.canceled());
    assert_eq!(world.calls(Operation::CancelProductInstance), 11);
    world.settle();
    assert_eq!(world.calls(Operation::CancelProductInstance), 16);
    assert_eq!((world.bases(), violations(&world)), (0, vec![]));
}

#[test]
fn a_change_without_an_answer_does_not_hold_up_the_others() {
    let world = World::kind();
    let order = ordered("ENDS", 3);
    world.hears(&order);
    world.strike(once(Operation::CancelProductInstance, Effect::DropBefore));
    world.hears(&order.canceled());
    assert_eq!(world.bases(), 1, "two of three are canceled by the same worker");
    world.settle();
    assert_eq!(world.bases(), 0);
    assert_eq!(world.calls(Operation::CancelProductInstance), 4);
}

/// "Do it at Wix by hand or correct the cause, then retry the order": after either the problem is gone.
#[test]
fn a_change_that_wix_refuses_is_attention_until_it_is_done() {
    let order = ordered("MAIL", 1);
    let sited = order.clone().site(SITE);
    let canceled = sited.clone().canceled();
    for (operation, before, then, by_hand) in [
        (Operation::AssignProductInstance, &order, &sited, moves(Some(SITE))),
        (Operation::UnassignProductInstance, &sited, &canceled, moves(None)),
    ] {
        for cured in [true, false] {
            let world = World::kind();
            world.hears(before);
            let code = "SITE_NOT_FOUND";
            world.strike(always(operation, refused(code)));
            world.hears(then);
            world.settle();
            assert_eq!(world.attention(KEY), [code], "{operation:?}");
            assert_eq!(world.calls(operation), 1, "{operation:?}: asked once");
            if !cured {
                world.change_all(&by_hand);
            }
            world.look().clear_faults();
            world.retries();
            assert_eq!(world.attention(KEY), Vec::<String>::new(), "{operation:?}, {cured}");
            assert_eq!(violations(&world), Vec::<String>::new(), "{operation:?}, {cured}");
        }
    }
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
    world.hears(&order);
    for operation in [Operation::UnassignProductInstance, Operation::CancelProductInstance] {
        world.strike(times(2, operation, refused("PRODUCT_LIMIT_EXCEEDED")));
    }
    world.hears(&order.canceled());
    world.settle();
    assert_eq!(world.attention(KEY), ["PRODUCT_LIMIT_EXCEEDED"]);
    world.has(3, 0);
}

#[test]
fn an_unassign_that_takes_effect_after_the_order_was_paid_again_is_undone() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.strike(once(Operation::UnassignProductInstance, Effect::Late { ms: 50_000 }));
    let canceled = order.canceled();
    world.hears(&canceled);
    world.clock.advance(Duration::from_secs(20));
    world.hears(&canceled.revived());
    world.settle();
    assert_eq!(world.sites(), 1);
    world.holds();
}

#[test]
fn an_assign_that_takes_effect_after_the_order_was_canceled_is_taken_back() {
    let world = World::kind();
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.strike(once(Operation::AssignProductInstance, Effect::Late { ms: 50_000 }));
    let sited = order.site(SITE);
    world.hears(&sited);
    world.clock.advance(Duration::from_secs(20));
    world.hears(&sited.canceled());
    world.settle();
    assert_eq!(world.sites(), 0);
    world.holds();
}

#[test]
fn a_voucher_that_could_not_be_canceled_goes_with_its_plan() {
    // The cancellation of the plan is answered, or is seen by a read later.
    for answered in [true, false] {
        let mut world = World::kind();
        world.change_catalog("on_cancel = \"unassign\"", "on_cancel = \"cancel\"");
        let order = ordered("PLAN", 1);
        world.hears(&order);
        world.has(1, 1);
        // The voucher's turn comes first.
        world.strike(once(
            Operation::CancelProductInstance,
            refused("PRODUCT_LIMIT_EXCEEDED"),
        ));
        if !answered {
            world.strike(after(1, Operation::CancelProductInstance, Effect::LoseAnswer));
        }
        let canceled = order.canceled();
        world.hears(&canceled);
        world.settle();
        world.ends_with(0, 0);
        world.hears(&canceled.revived());
        world.settle();
        world.holds();
        assert!(world.attention(KEY).contains(&"INSTANCE_CANCELED".to_owned()));
    }
}

#[test]
fn an_instance_changed_as_surplus_keeps_its_count_when_adopted() {
    let world = World::unkind(Duration::ZERO);
    world.look().config_mut().idempotency = Idempotency::Honour;
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    let twin = world.insert_twin(OWN, START);
    world.settle();
    assert!(world.attention(KEY).contains(&"SEVERAL_PACKAGES".to_owned()));
    // Canceled: both are off their sites, by the first unassign of each.
    let canceled = order.canceled();
    world.hears(&canceled);
    world.settle();
    assert_eq!(world.sites(), 0);
    // Paid again; a person cancels the twin, assigns ours by hand, and retries: it is adopted.
    world.hears(&canceled.clone().revived());
    let over = world.look().package(twin).unwrap().instances[0].id;
    world.change(over, becomes(Status::Canceled));
    let ours: Guid = world.look().instances().find(|(_, i)| i.id != over).unwrap().1.id;
    world.change(ours, moves(Some(SITE)));
    world.retries();
    assert_eq!(world.held(KEY).len(), 1);
    // Canceled again: with the key of its first unassign, Wix would answer what it answered then, and do nothing.
    world.hears(&canceled.revived().canceled());
    world.settle();
    assert_eq!(world.sites(), 0);
}

#[test]
fn a_read_that_wix_does_not_answer_holds_up_only_its_package() {
    let world = World::kind();
    let order = Order::new(KEY)
        .line("1", "MAIL", 1)
        .line("2", "MAIL", 1)
        .line_account("2", OTHER)
        .line_site("1", SITE)
        .line_site("2", OTHER_SITE);
    world.hears(&order.paid());
    assert_eq!(world.sites(), 2);
    world.strike(once(Operation::UnassignProductInstance, Effect::DropBefore));
    world.strike(always(Operation::GetPackage, fails(500)));
    world.hears(&refund(KEY, "r1", &[("1", 1)]));
    world.clock.advance(Duration::from_secs(20));
    world.sweep();
    assert!(world.calls(Operation::GetPackage) > 0);
    world.hears(&refund(KEY, "r2", &[("2", 1)]));
    assert_eq!(world.sites(), 1, "the other line's is taken back at once");
    world.look().clear_faults();
    world.settle();
    assert_eq!((world.sites(), violations(&world)), (0, vec![]));
}
