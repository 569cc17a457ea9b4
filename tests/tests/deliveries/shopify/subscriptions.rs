//! First orders, renewals and ends of subscriptions.

use super::super::shop::{SITE, Shop, steps};
use super::{Body, Shopify, later, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

/// The order that began the subscription.
const FIRST: &str = "shopify/9007199254747001";
const RENEWAL: &str = "shopify/9007199254747011";
const SKUS: [&str; 2] = ["PREMIUM-1M", "BUSINESS-EMAIL-1Y"];

/// A plan by subscription and a mailbox that is sold once, both for one site.
fn first() -> Body {
    Body::of(include_str!(
        "../../../../events/shopify/orders_paid_subscription_first.json"
    ))
    .with("/note_attributes", json!([{ "name": "wix_site_id", "value": SITE }]))
}

fn renewal() -> Body {
    Body::of(include_str!(
        "../../../../events/shopify/orders_paid_subscription_renewal.json"
    ))
}

fn contract(status: &str, revision: u64) -> Body {
    Body::of(include_str!(
        "../../../../events/shopify/subscription_contracts_cancel.json"
    ))
    .with("/status", status)
    .with("/revision_id", revision)
}

fn bought() -> Shop {
    let shop = shop(&SKUS);
    shop.told("orders/paid", &first())
        .has("PREMIUM-1M", 1, 1)
        .has("BUSINESS-EMAIL-1Y", 1, 1);
    shop
}

#[test]
fn an_end_of_which_no_line_shows_a_plan_is_shown_and_takes_nothing_back() {
    let shop = shop(&["PREMIUM-1M"]);
    for (topic, body) in steps(include_str!("cases/subscription-canceled.json")) {
        shop.told(&topic, &body);
    }
    shop.has("PREMIUM-1M", 1, 0)
        .needs("shopify/5917000000001", &["END_UNCLEAR"]);
}

#[test]
fn a_renewal_is_recorded_and_buys_no_recurring_product() {
    for source in ["subscription_contract", "subscription_contract_checkout_one"] {
        let shop = bought();
        shop.at("2026-04-02T13:15:00Z")
            .told("orders/paid", &renewal().with("/source_name", source))
            .has("PREMIUM-1M", 1, 1)
            .calm(RENEWAL)
            .calm(FIRST);
    }
}

#[test]
fn a_renewal_by_a_one_off_charge_of_several_units_buys_no_recurring_product() {
    let shop = bought();
    let several = renewal()
        .with("/line_items/0/quantity", 3)
        .with("/line_items/0/current_quantity", 3)
        .with("/tags", "");
    shop.at("2026-04-02T13:15:00Z")
        .told("orders/updated", &several)
        .has("PREMIUM-1M", 1, 1)
        .calm(RENEWAL);
}

#[test]
fn a_renewal_of_a_product_that_is_sold_once_is_what_the_catalog_says() {
    let catalog = |on_renewal: &str| {
        let once = "billing = { type = \"ONE_TIME\" }";
        let recurring = "billing = { type = \"RECURRING\", unit = \"MONTH\", count = 1 }";
        catalog_of(&["PREMIUM-1M"], "attention")
            .replace(recurring, once)
            .replacen("[defaults]\n", &format!("[defaults]\n{on_renewal}\n"), 1)
    };
    for (on_renewal, alive, codes) in [
        ("", 0, vec!["NOT_PLANNED"]),
        ("on_renewal = \"nothing\"", 0, vec![]),
        ("on_renewal = \"buy\"", 1, vec![]),
    ] {
        let shop = Shop::with_catalog(Shopify, &catalog(on_renewal));
        shop.at("2026-04-02T13:15:00Z").told("orders/paid", &renewal());
        shop.has("PREMIUM-1M", alive, 0).needs(RENEWAL, &codes);
    }
}

#[test]
fn a_tag_that_says_renewal_where_nothing_else_does_needs_a_person() {
    for tags in [
        json!("Subscription, Subscription Recurring Order"),
        json!(["VIP", "subscription renewal"]),
    ] {
        let shop = shop(&["PREMIUM-1M"]);
        let tagged = renewal().with("/source_name", "580111").with("/tags", tags);
        shop.told("orders/paid", &tagged)
            .has("PREMIUM-1M", 0, 0)
            .needs(RENEWAL, &["PAYMENT_UNCLEAR", "RENEWAL_UNCLEAR"]);
        let untagged = later(tagged, "2026-04-03T09:00:00-04:00").with("/tags", "VIP");
        shop.told("orders/updated", &untagged)
            .has("PREMIUM-1M", 1, 0)
            .calm(RENEWAL);
    }
}

#[test]
fn the_end_of_a_subscription_takes_its_lines_back_and_no_others() {
    for status in ["cancelled", "expired", "CANCELLED"] {
        let shop = bought();
        shop.at("2026-06-20T10:00:00Z")
            .told("subscription_contracts/update", &contract(status, 4))
            .has("PREMIUM-1M", 1, 0)
            .has("BUSINESS-EMAIL-1Y", 1, 1)
            .calm(FIRST);
        // Nothing undoes it.
        shop.told("subscription_contracts/activate", &contract("active", 5))
            .has("PREMIUM-1M", 1, 0);
    }
}

#[test]
fn the_end_of_a_subscription_cancels_where_the_catalog_says_so() {
    let catalog = catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::with_catalog(Shopify, &catalog);
    shop.told("orders/paid", &first()).has("PREMIUM-1M", 1, 1);
    shop.told("subscription_contracts/cancel", &contract("cancelled", 4))
        .has("PREMIUM-1M", 0, 0)
        .has("BUSINESS-EMAIL-1Y", 1, 1);
}

#[test]
fn an_end_that_is_heard_before_its_first_order_buys_nothing_for_it() {
    let shop = shop(&SKUS);
    shop.told("subscription_contracts/cancel", &contract("cancelled", 4));
    shop.told("orders/paid", &first())
        .has("PREMIUM-1M", 0, 0)
        .has("BUSINESS-EMAIL-1Y", 1, 1)
        .calm(FIRST);
}

#[test]
fn a_failed_subscription_is_off_its_site_until_it_is_activated_again() {
    let catalog = catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::with_catalog(Shopify, &catalog);
    shop.told("orders/paid", &first());
    shop.at("2026-05-02T10:00:00Z")
        .told("subscription_contracts/fail", &contract("failed", 2))
        .has("PREMIUM-1M", 1, 0);
    shop.told("subscription_contracts/activate", &contract("active", 3))
        .has("PREMIUM-1M", 1, 1)
        .calm(FIRST);
    // The older state comes again.
    shop.told("subscription_contracts/fail", &contract("failed", 2))
        .has("PREMIUM-1M", 1, 1);
}

#[test]
fn what_changes_nothing_of_a_subscription_is_answered_and_no_more() {
    let shop = bought();
    let attempt = |text| Body::of(text);
    let success = attempt(include_str!(
        "../../../../events/shopify/subscription_billing_attempts_success.json"
    ));
    let failure = attempt(include_str!(
        "../../../../events/shopify/subscription_billing_attempts_failure.json"
    ));
    let created = Body::of(include_str!(
        "../../../../events/shopify/subscription_contracts_create.json"
    ));
    shop.nothing("subscription_billing_attempts/success", &success)
        .nothing("subscription_billing_attempts/failure", &failure)
        .nothing("subscription_contracts/create", &created)
        .nothing("subscription_contracts/pause", &contract("paused", 5))
        .nothing("subscription_contracts/update", &contract("stale", 6))
        .nothing(
            "subscription_contracts/cancel",
            &contract("cancelled", 7).with("/origin_order_id", json!(null)),
        )
        .has("PREMIUM-1M", 1, 1)
        .calm(FIRST);
}

#[test]
fn a_contract_that_is_another_resource_is_parked() {
    let shop = shop(&SKUS);
    shop.parked("subscription_contracts/cancel", &first());
    let draft = contract("cancelled", 4).with("/admin_graphql_api_id", "gid://shopify/DraftOrder/1");
    let reason = shop.parked("subscription_contracts/cancel", &draft);
    assert!(reason.contains("admin_graphql_api_id"), "{reason}");
}

#[test]
fn two_states_of_a_contract_with_one_revision_are_shown() {
    let shop = bought();
    let state = |status: &str, revision: u64| {
        Body::of(include_str!(
            "../../../../events/shopify/subscription_contracts_cancel.json"
        ))
        .with("/status", status)
        .with("/revision_id", revision)
    };
    let key = "shopify/9007199254747001";
    shop.told("subscription_contracts/fail", &state("failed", 5));
    shop.told("subscription_contracts/activate", &state("active", 5))
        .needs(key, &["STATES_DISAGREE"]);
    shop.told("subscription_contracts/activate", &state("active", 6))
        .has("PREMIUM-1M", 1, 1)
        .calm(key);
}
