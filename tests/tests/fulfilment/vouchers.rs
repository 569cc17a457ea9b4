//! Vouchers, and the plans that they name: failed, gone, not ready, used by somebody else.

use reseller_hooks_tests::prelude::*;

#[test]
fn a_plan_that_failed_or_was_canceled_is_attention_without_a_voucher() {
    for status in [Status::Failed, Status::Canceled] {
        let world = World::kind();
        let code = format!("INSTANCE_{}", status.as_str());
        world.strike(once(Operation::CreatePackage, born(status)));
        world.hears(&ordered("PLAN", 1));
        world.settle();
        assert_eq!((world.packages(), world.attention(KEY)), ((1, 0), vec![code.clone()]));
        world.retries();
        assert_eq!(
            (world.packages(), world.attention(KEY)),
            ((1, 0), vec![code]),
            "a retry replaces nothing"
        );
        world.replaces();
        world.ends_with(1, 1);
    }
}

#[test]
fn a_plan_that_awaits_an_action_gets_its_voucher_when_it_is_ready() {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, born(Status::AwaitingAction)));
    world.hears(&ordered("PLAN", 1));
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(world.attention(KEY), ["AWAITING_ACTION"]);
    world.change_all(&becomes(Status::Enabled));
    world.clock.advance(DAY);
    world.settle();
    world.ends_with(1, 1);
}

/// Found by the simulation (seed 893) once it knew years: a month later the voucher was asked for no more, and nobody was told.
#[test]
fn an_instance_in_a_state_that_nobody_knows_for_long_is_shown() {
    let world = World::kind();
    let strange = Status::Other("MARINATING".to_owned());
    world.strike(always(Operation::CreatePackage, born(strange)));
    world.hears(&ordered("PLAN", 1));
    for _ in 0..60 {
        world.clock.advance(DAY);
        world.settle();
    }
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(world.attention(KEY), ["AWAITING_ACTION"]);
    assert_eq!(world.entry(KEY).due_at, None, "it is not asked for for ever");
    world.change_all(&becomes(Status::Enabled));
    world.retries();
    world.ends_with(1, 1);
}

#[test]
fn a_plan_whose_voucher_was_bought_by_hand_is_attention() {
    let world = World::kind();
    let mut run = world.begins_and_creates(&ordered("PLAN", 1), 1);
    let mut by_hand = foreign(DOMAIN, OWN, None, START);
    by_hand.instances[0].reference_product_instance_id = Some(world.base());
    world.insert(by_hand);
    run.finish();
    world.settle();
    assert_eq!(world.attention(KEY), ["INVALID_REFERENCE_PRODUCT_INSTANCE_ID"]);
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn an_invalid_reference_on_a_first_try_is_attention() {
    let world = World::kind();
    let refused = refused("INVALID_REFERENCE_PRODUCT_INSTANCE_ID");
    world.strike(FaultRule {
        skip: 1,
        ..always(Operation::CreatePackage, refused)
    });
    world.hears(&ordered("PLAN", 1));
    world.settle();
    assert_eq!(world.attention(KEY), ["INVALID_REFERENCE_PRODUCT_INSTANCE_ID"]);
    world.has(1, 0);
}

#[test]
fn an_invalid_reference_on_a_retry_means_that_the_first_one_won() {
    // The voucher is shown only after its absence was taken for proven.
    let world = World::unkind(Duration::from_secs(150));
    world.strike(after(1, Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("PLAN", 1));
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    world.is_quiet();
}

#[test]
fn one_dead_plan_of_three_does_not_hold_up_the_other_vouchers() {
    let world = World::kind();
    let mut run = world.begins_and_creates(&ordered("PLAN", 3), 1);
    world.change(world.base(), becomes(Status::Canceled));
    run.finish();
    world.settle();
    world.has(2, 2);
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}

#[test]
fn a_voucher_for_a_package_that_is_gone_is_not_asked_for_again() {
    let world = World::kind();
    let mut run = world.begins_and_creates(&ordered("PLAN", 1), 1);
    world.delete_package();
    run.finish();
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
    let mut run = world.begins_and_creates(&ordered("PLAN", 1), 1);
    world.delete_package();
    run.finish();
    // An operator has the plan bought again, and Wix takes no voucher for that one either.
    let code = "INVALID_REFERENCE_PRODUCT_INSTANCE_ID";
    world.strike(FaultRule {
        skip: 1,
        ..always(Operation::CreatePackage, refused(code))
    });
    let (key, operator) = (KEY.parse().unwrap(), world.worker());
    Run::new(operator.retry(
        &key,
        &Retry {
            replace: true,
            ..Retry::default()
        },
        world.deadline(),
    ))
    .finish();
    assert_eq!(world.calls(Operation::CreatePackage), 4, "a plan and a voucher, twice");
    assert_eq!(world.attention(KEY), [code]);
}

#[test]
fn a_retry_that_replaces_a_plan_with_a_voucher_in_doubt_ends() {
    let mut world = World::unkind(Duration::ZERO);
    world.change_catalog("on_cancel = \"unassign\"", "on_cancel = \"cancel\"");
    world.strike(FaultRule {
        skip: 1,
        ..times(3, Operation::CreatePackage, Effect::DropBefore)
    });
    let order = ordered("PLAN", 1);
    world.hears(&order);
    world.settle();
    assert_eq!(world.attention(KEY), ["NO_ANSWER"]);
    let canceled = order.canceled();
    world.hears(&canceled);
    world.hears(&canceled.revived());
    world.replaces();
    world.ends_with(1, 1);
}

#[test]
fn a_retry_reads_before_it_replaces_what_was_mended_at_wix() {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, born(Status::Failed)));
    world.hears(&ordered("PLAN", 1));
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
    world.change(world.base(), becomes(Status::Enabled));
    world.retries();
    // The plan is not bought again, and its voucher is bought.
    assert_eq!(world.packages(), (1, 1));
    world.is_quiet();
}

/// Found by the simulation (seed 29577, harsh): the second retry took the voucher of the new plan for one of the plan that had
/// been replaced before, and asked Wix for another one.
#[test]
fn a_second_replacing_retry_leaves_what_the_first_one_bought() {
    let world = World::kind();
    world.hears(&ordered("PLAN", 2));
    world.change(world.base(), becomes(Status::Canceled));
    world.replaces();
    world.needs_nobody();
    let (packages, creates) = (world.packages(), world.calls(Operation::CreatePackage));
    world.replaces();
    assert_eq!(
        (world.packages(), world.calls(Operation::CreatePackage)),
        (packages, creates),
        "both plans and both vouchers are there"
    );
    world.needs_nobody();
}
