//! What the catalog says, does not say, says no more, and what Wix does not sell.

use reseller_hooks_tests::prelude::*;

#[test]
fn an_unknown_sku_is_none_of_our_business_and_the_other_lines_go_on() {
    let world = World::kind();
    let outcome = world.hears(&Order::new(KEY).line("1", "T-SHIRT", 4).line("2", "MAIL", 1).paid());
    assert_eq!((outcome.progress, outcome.attention.len()), (Progress::Settled, 0));
    world.has(1, 0);
}

#[test]
fn a_product_that_wix_refuses_is_one_attention_and_the_rest_goes_on() {
    let one_account = Order::new(KEY).line("1", "WRONG", 1).line("2", "PLAN", 2).paid();
    // In one account a create has several products, and is taken apart when one of them is refused.
    for (order, creates) in [(one_account.clone().line_account("2", OTHER), 3), (one_account, 4)] {
        let world = World::kind();
        world.hears(&order);
        world.hears(&order);
        assert_eq!(world.attention(KEY), ["PRODUCT_NOT_FOUND"]);
        let asked = world.calls(Operation::CreatePackage);
        assert_eq!(asked, creates, "the refused one is not tried again");
        world.has(2, 2);
        world.holds();
    }
}

#[test]
fn a_mended_catalog_buys_what_was_refused_only_when_retried() {
    // First the plan of one order is wrong in the catalog, then only the voucher of another.
    for (wrong, before) in [(PREMIUM, paid(0, 0)), (DOMAIN, paid(1, 0))] {
        let mut world = World::late();
        world.change_catalog(wrong, NOT_SOLD);
        let order = ordered("PLAN", 1).site(SITE);
        world.hears(&order);
        assert_eq!(
            (Paid::of(&world, KEY), world.attention(KEY)),
            (before, vec!["PRODUCT_NOT_FOUND".to_owned()])
        );
        let asked = world.calls(Operation::CreatePackage);
        world.change_catalog("", "");
        world.hears(&order);
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), asked, "nobody retried");
        world.retries();
        world.ends_with(1, 1);
        assert_eq!(world.packages(), (1, 1));
        let (calls, keys) = world.keys();
        assert_eq!(calls, keys, "what is asked for again has another key");
    }
}

#[test]
fn a_product_that_needs_a_site_is_attention_until_the_site_comes() {
    let world = World::kind();
    let order = ordered("SITED", 1);
    world.hears(&order);
    assert_eq!(
        (world.attention(KEY), world.packages()),
        (vec!["NOT_PLANNED".to_owned()], (0, 0))
    );
    world.hears(&order.site(SITE));
    assert_eq!((world.attention(KEY), world.packages()), (vec![], (1, 0)));
}

#[test]
fn an_sku_added_to_the_catalog_buys_nothing_for_settled_orders() {
    let mut world = World::kind();
    let order = ordered("NEW", 2);
    world.hears(&order);
    world.change_catalog("sku = \"MAIL\"", "sku = \"NEW\"");
    world.hears(&order.reference("SUB-7"));
    world.settle();
    world.ends_with(0, 0);
}

#[test]
fn a_catalog_that_is_changed_after_the_order_touches_new_units_only() {
    let mut world = World::kind();
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.change_catalog(EMAIL, OTHER_PRODUCT);
    world.hears(&order.line("1", "MAIL", 2));
    assert_eq!(world.products(), [EMAIL, OTHER_PRODUCT]);
}

#[test]
fn a_catalog_entry_taken_out_leaves_what_was_bought_to_its_plan() {
    let mut world = World::kind();
    let order = ordered("ENDS", 2);
    world.hears(&order);
    world.change_catalog("sku = \"ENDS\"", "sku = \"OTHER\"");
    // One more is none of our business now; one that is refunded is canceled as was planned.
    world.hears(&order.line("1", "ENDS", 3));
    assert_eq!(world.bases(), 2);
    world.hears(&refund(KEY, "r", &[("1", 2)]));
    assert_eq!(world.bases(), 1);
    world.is_quiet();
}

#[test]
fn each_permanent_code_is_one_call_and_one_attention_with_the_code() {
    let codes = [
        "PRODUCT_NOT_FOUND",
        "PRODUCT_SETTINGS_NOT_FOUND",
        "MISSING_BILLING_CYCLE",
        "INCOMPATIBLE_BILLING_CYCLE",
        "INVALID_BILLING_CYCLE",
        "SITE_NOT_FOUND",
        "PRODUCT_NOT_SUPPORTED_ON_SITE",
        "ACCOUNT_NOT_FOUND",
        "PRODUCT_TYPE_ALREADY_ASSIGNED",
        "MULTIPLE_PRODUCT_ASSIGNMENTS",
        "PRODUCT_LIMIT_EXCEEDED",
        "INVALID_PRODUCTS",
        "SOMETHING_NEW",
    ];
    for code in codes {
        let world = World::kind();
        world.strike(always(Operation::CreatePackage, refused(code)));
        let event = ordered("MAIL", 1).event();
        let first = world.hears(&event);
        let again = world.hears(&event);
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), 1, "{code}");
        assert_eq!(world.attention(KEY), [code]);
        let raised = [first, again].map(|outcome| outcome.tally.attention_raised);
        assert_eq!(raised, [1, 0], "{code}");
    }
}
