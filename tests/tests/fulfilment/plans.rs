//! A line whose paid SKU becomes another one, with `on_plan_change = "adjust"`: one Adjust, whatever happens to it, and
//! never a second package.

use reseller_hooks::fulfilment::Tell;
use reseller_hooks_tests::prelude::*;
use serde_json::json;

/// The products of what is alive and paid, with their cycles.
fn plans(world: &World) -> Vec<(String, String)> {
    let wix = world.look();
    let alive = wix
        .instances()
        .filter(|(_, i)| i.status.is_alive() && i.reference.is_none());
    let billed = |billing: &serde_json::Value| {
        let unit = billing.pointer("/cycleDuration/unit");
        unit.and_then(|unit| unit.as_str()).unwrap_or_default().to_owned()
    };
    let mut all: Vec<_> = alive
        .map(|(_, i)| (i.catalog_product_id.to_string(), billed(&json!(i.billing))))
        .collect();
    all.sort();
    all
}

fn small() -> (String, String) {
    (PREMIUM.to_owned(), "MONTH".to_owned())
}

fn large() -> (String, String) {
    (OTHER_PRODUCT.to_owned(), "YEAR".to_owned())
}

/// Somebody makes the plan a large one at Wix.
fn adjust_by_hand(world: &World) {
    let billing = json!({ "type": "RECURRING", "cycleDuration": { "unit": "YEAR", "count": 1 } });
    let path = format!("/resellers/v1/packages/product-instances/{}", world.base());
    let request = wix_sandbox::Request::new("PATCH", &path)
        .header("authorization", DEFAULT_API_KEY)
        .header("wix-account-id", OWN)
        .body(json!({ "catalogProductId": OTHER_PRODUCT, "billingInfo": billing }).to_string());
    let now = world.clock.now().as_millis();
    assert_eq!(world.look().handle(now, &request).status, 200);
}

/// So many small plans, and the order in which they have become large ones.
fn bought(had: u32, then: u32) -> (World, Order) {
    let world = World::kind();
    let order = ordered("SMALL", had);
    world.hears(&order);
    world.settle();
    assert_eq!(plans(&world).len(), had as usize);
    (world, order.line("1", "LARGE", then))
}

#[test]
fn another_paid_plan_is_adjusted_and_its_voucher_bought_once() {
    let (world, changed) = bought(1, 1);
    let instance = world.base();
    world.hears(&changed);
    world.hears(&changed);
    world.settle();
    assert_eq!(plans(&world), [large()]);
    assert_eq!(world.base(), instance);
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(world.calls(Operation::AdjustProductInstance), 1);
    world.ends_with(1, 1);
    // Back again: the voucher that only the large plan had stays, and is not bought a second time on the way up.
    let back = changed.line("1", "SMALL", 1);
    world.hears(&back);
    assert_eq!(plans(&world), [small()]);
    world.ends_with(1, 1);
    world.hears(&back.line("1", "LARGE", 1));
    assert_eq!(plans(&world), [large()]);
    assert_eq!(world.calls(Operation::AdjustProductInstance), 3);
    assert_eq!(world.calls(Operation::CreatePackage), 2);
    world.ends_with(1, 1);
}

#[test]
fn a_change_that_is_not_paid_adjusts_nothing() {
    let (world, changed) = bought(1, 1);
    let unpaid = changed.unpaid();
    world.hears(&unpaid);
    world.settle();
    assert_eq!(plans(&world), [small()]);
    assert_eq!(world.calls(Operation::AdjustProductInstance), 0);
    world.is_quiet();
    world.hears(&unpaid.paid());
    assert_eq!(plans(&world), [large()]);
    world.ends_with(1, 1);
}

#[test]
fn the_lesser_number_is_adjusted_and_the_rest_bought_or_taken_back() {
    let (world, changed) = bought(2, 3);
    world.hears(&changed);
    world.settle();
    assert_eq!(plans(&world), [large(), large(), large()]);
    assert_eq!(world.calls(Operation::AdjustProductInstance), 2);
    world.ends_with(3, 3);

    let (world, changed) = bought(3, 2);
    let sited = changed.clone().site(SITE);
    world.hears(&sited);
    world.settle();
    assert_eq!(
        plans(&world),
        [small(), large(), large()],
        "what is taken back stays what it was"
    );
    assert_eq!(world.calls(Operation::AdjustProductInstance), 2);
    world.holds();
    // Wanted again: it is adjusted, not bought.
    world.hears(&sited.line("1", "LARGE", 3));
    world.settle();
    assert_eq!(plans(&world), [large(), large(), large()]);
    world.ends_with(3, 3);
}

#[test]
fn a_purchase_in_doubt_is_finished_as_it_was_and_then_adjusted() {
    let world = World::late();
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    let order = ordered("SMALL", 1);
    world.hears(&order);
    world.hears(&order.line("1", "LARGE", 1));
    assert_eq!(world.calls(Operation::AdjustProductInstance), 0);
    world.settle();
    assert_eq!(plans(&world), [large()]);
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(world.calls(Operation::AdjustProductInstance), 1);
    world.ends_with(1, 1);
}

#[test]
fn a_voucher_in_doubt_that_names_the_instance_is_settled_first() {
    let world = World::late();
    let order = ordered("LARGE", 1);
    world.strike(after(1, Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&order);
    world.hears(&order.line("1", "SMALL", 1));
    assert_eq!(world.calls(Operation::AdjustProductInstance), 0);
    world.settle();
    assert_eq!(plans(&world), [small()]);
    assert_eq!(world.packages(), (1, 1));
    world.ends_with(1, 1);
}

/// Found by the simulation (seed 42790): the unit stayed what it was, and nobody was told.
#[test]
fn a_voucher_in_doubt_that_is_closed_stands_in_no_adjustments_way() {
    let world = World::kind();
    let order = ordered("LARGE", 1);
    let rule = always(Operation::CreatePackage, fails(500));
    world.strike(FaultRule { skip: 1, ..rule });
    world.hears(&order);
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    world.look().clear_faults();
    world.hears(&order.line("1", "SMALL", 1));
    world.settle();
    // Whether it was bought is unknown: the instance that it may name stays as it is, and a person is told.
    assert_eq!(plans(&world), [large()]);
    assert_eq!(world.problems(KEY).len(), 1);
    world.closes();
    world.retries();
    world.settle();
    assert_eq!(plans(&world), [small()]);
    assert_eq!(world.packages(), (1, 0));
}

#[test]
fn an_adjustment_without_a_clear_answer_comes_to_the_same_end() {
    for (effect, calls) in [
        (Effect::LoseAnswer, 1),
        (Effect::DropBefore, 2),
        (fails(500), 2),
        (fails(409), 2),
        (
            Effect::ErrorAfter {
                status: 409,
                code: None,
            },
            1,
        ),
        // The sandbox counts a late call once more when it takes effect.
        (Effect::Late { ms: 50_000 }, 2),
        (Effect::CutJson, 1),
    ] {
        let (world, changed) = bought(1, 1);
        world.strike(once(Operation::AdjustProductInstance, effect.clone()));
        world.hears(&changed);
        world.hears(&changed);
        world.settle();
        assert_eq!(plans(&world), [large()], "{effect:?}");
        assert_eq!(world.calls(Operation::AdjustProductInstance), calls, "{effect:?}");
        assert_eq!(world.packages(), (1, 1), "{effect:?}");
        world.ends_with(1, 1);
    }
}

#[test]
fn an_adjustment_that_is_never_answered_is_attention_after_three_calls() {
    for (effect, code) in [
        (Effect::DropBefore, "NO_ANSWER"),
        (fails(500), "HTTP 500"),
        (fails(409), "HTTP 409"),
    ] {
        let (world, changed) = bought(1, 1);
        world.strike(always(Operation::AdjustProductInstance, effect));
        world.hears(&changed);
        world.settle();
        assert_eq!(world.attention(KEY), [code]);
        assert_eq!(world.calls(Operation::AdjustProductInstance), 3);
        // The plan stays, and the voucher of the other one is not bought for it.
        assert_eq!((plans(&world), world.packages()), (vec![small()], (1, 0)));
        world.holds();
        world.look().clear_faults();
        world.retries();
        assert_eq!(plans(&world), [large()]);
        world.ends_with(1, 1);
    }
}

/// Every code that Wix documents for Adjust: one call, the code, the plan as it was, and its remedy in a sentence.
#[test]
fn every_documented_refusal_is_shown_once_and_the_plan_stays() {
    let codes = [
        "PRODUCT_NOT_FOUND",
        "SITE_NOT_FOUND",
        "ACCOUNT_NOT_FOUND",
        "PRODUCT_LIMIT_EXCEEDED",
        "PRODUCT_SETTINGS_NOT_FOUND",
        "MISSING_BILLING_CYCLE",
        "INCOMPATIBLE_BILLING_CYCLE",
        "INVALID_BILLING_CYCLE",
        "INVALID_PRODUCTS",
        "MULTIPLE_PRODUCT_ASSIGNMENTS",
        "PRODUCT_TYPE_ALREADY_ASSIGNED",
        "PRODUCT_NOT_SUPPORTED_ON_SITE",
        "PRODUCT_INSTANCE_NOT_FOUND",
        "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS",
        "INCOMPATIBLE_PRODUCT",
        "MISSING_PRODUCT_DETAILS",
        "OPERATION_NOT_SUPPORTED_FOR_PRODUCT",
    ];
    for code in codes {
        let (world, changed) = bought(2, 2);
        world.strike(always(Operation::AdjustProductInstance, refused(code)));
        world.hears(&changed);
        world.settle();
        let problems = world.problems(KEY);
        assert_eq!(problems.len(), 1, "{code}: those of one package are one problem");
        assert_eq!(problems[0].code, code);
        assert!(problems[0].advice.contains("then retry the order"), "{code}");
        assert!(
            !problems[0].advice.contains("Wix did not adjust it"),
            "{code}: it has a remedy"
        );
        assert_eq!(
            world.calls(Operation::AdjustProductInstance),
            2,
            "{code}: one for each instance"
        );
        assert_eq!(plans(&world), [small(), small()], "{code}");
        world.holds();
    }
}

#[test]
fn a_refused_adjustment_of_which_the_line_goes_back_is_no_problem() {
    let (world, changed) = bought(1, 1);
    world.strike(always(
        Operation::AdjustProductInstance,
        refused("INCOMPATIBLE_PRODUCT"),
    ));
    world.hears(&changed);
    assert_eq!(world.attention(KEY), ["INCOMPATIBLE_PRODUCT"]);
    world.hears(&changed.line("1", "SMALL", 1));
    world.settle();
    assert_eq!(world.calls(Operation::AdjustProductInstance), 1);
    world.ends_with(1, 0);
}

#[test]
fn an_adjustment_in_doubt_whose_line_goes_back_is_undone_when_it_is_known() {
    let (world, changed) = bought(1, 1);
    world.strike(once(Operation::AdjustProductInstance, Effect::Late { ms: 50_000 }));
    world.hears(&changed);
    world.clock.advance(Duration::from_secs(20));
    world.hears(&changed.line("1", "SMALL", 1));
    assert_eq!(world.calls(Operation::AdjustProductInstance), 1);
    world.settle();
    // It took effect after all (which the sandbox counts as a call), and is adjusted back.
    assert_eq!(world.calls(Operation::AdjustProductInstance), 3);
    assert_eq!(plans(&world), [small()]);
    world.ends_with(1, 0);
}

#[test]
fn only_where_both_entries_say_so_and_have_one_component() {
    // PLAN says nothing of it.
    for (had, then) in [("PLAN", "LARGE"), ("SMALL", "PLAN")] {
        let world = World::kind();
        let order = ordered(had, 1);
        world.hears(&order);
        world.hears(&order.line("1", then, 1));
        world.settle();
        assert_eq!(world.attention(KEY), ["PLAN_CHANGED"], "{had}");
        assert_eq!(world.calls(Operation::AdjustProductInstance), 0);
        world.holds();
    }
    // A bundle has several.
    let mut world = World::kind();
    let bundle = format!(
        "{CATALOG}\n[[product]]\nsku = \"PAIR\"\non_plan_change = \"adjust\"\n[[product.component]]\ncatalog_product_id = \"{PREMIUM}\"\n[[product.component]]\ncatalog_product_id = \"{EMAIL}\"\n"
    );
    world.catalog = reseller_hooks::catalog::Catalog::from_toml(&bundle).unwrap();
    let order = ordered("SMALL", 1);
    world.hears(&order);
    world.hears(&order.line("1", "PAIR", 1));
    world.settle();
    assert_eq!(world.attention(KEY), ["PLAN_CHANGED"]);
    assert_eq!(world.calls(Operation::AdjustProductInstance), 0);
}

#[test]
fn another_voucher_than_the_one_that_was_used_is_a_notice_without_a_call() {
    let mut world = World::kind();
    let other = CATALOG.replacen("sku = \"PLAN\"", "sku = \"PLAN\"\non_plan_change = \"adjust\"", 1);
    let domain = other.find(DOMAIN).unwrap();
    let other = format!("{}{EMAIL}{}", &other[..domain], &other[domain + DOMAIN.len()..]);
    world.catalog = reseller_hooks::catalog::Catalog::from_toml(&other).unwrap();
    let order = ordered("LARGE", 1);
    world.hears(&order);
    world.hears(&order.line("1", "PLAN", 1));
    world.settle();
    assert_eq!(plans(&world), [(PREMIUM.to_owned(), "YEAR".to_owned())]);
    assert_eq!(world.attention(KEY), ["VOUCHER_USED_UP"]);
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(world.calls(Operation::CreatePackage), 2);
    world.holds();
    world.closes();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.calls(Operation::CreatePackage), 2);
}

#[test]
fn a_closed_adjustment_leaves_the_plan_until_the_next_change() {
    let (world, changed) = bought(1, 1);
    world.strike(always(
        Operation::AdjustProductInstance,
        refused("INCOMPATIBLE_PRODUCT"),
    ));
    world.hears(&changed);
    let key = KEY.parse().unwrap();
    world.close(&key, &world.problems(KEY)[0].id).unwrap();
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.calls(Operation::AdjustProductInstance), 1);
    assert_eq!((plans(&world), world.packages()), (vec![small()], (1, 0)));
    world.is_quiet();
}

#[test]
fn the_audit_sees_an_adjustment_that_took_effect_much_later() {
    let (world, changed) = bought(1, 1);
    world.strike(always(Operation::AdjustProductInstance, fails(500)));
    world.hears(&changed);
    world.settle();
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    world.look().clear_faults();
    adjust_by_hand(&world);
    world.clock.advance(2 * HOUR);
    assert!(world.audit().finished);
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    world.has(1, 1);
}

/// Found by the simulation (seed 16800): a unit was refused because its siblings were of another plan. They were adjusted when
/// a later invoice paid for that, which is no other state of the order, and the unit was never planned again.
#[test]
fn a_unit_that_was_refused_for_its_siblings_is_bought_once_they_are_adjusted() {
    let world = World::kind();
    world.hears(&ordered("SMALL", 1));
    world.edit_record(|record| {
        let state = &mut record["desired"]["newest"]["states"][0]["snapshot"];
        state["lines"][0]["units"] = 2.into();
        let refused = serde_json::json!({
            "cause": { "another_plan": { "had": "LARGE", "paid": "SMALL" } },
            "version": state["version"],
        });
        let runs = record["actual"]["lines"][0]["runs"].as_array_mut().unwrap();
        runs.push(serde_json::json!({ "count": 1, "sku": "SMALL", "plan": { "refused": refused } }));
    });
    assert_eq!(world.attention(KEY), ["NOT_PLANNED"]);
    let tell = Tell {
        paid: Some(true),
        by: "jane".to_owned(),
        reason: "by phone".to_owned(),
        ..Tell::default()
    };
    poll_through(world.worker().tell(&KEY.parse().unwrap(), &tell, world.deadline())).unwrap();
    world.settle();
    assert_eq!(plans(&world), [small(), small()]);
    world.needs_nobody();
}
