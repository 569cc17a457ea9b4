//! Refunds and disputes, and what undoes them.

use super::super::shop::Shop;
use super::{Body, KEY, Shopify, later, paid, shop};
use serde_json::json;

fn refund() -> Body {
    Body::of(include_str!("../../../../events/shopify/refunds_create.json"))
}

/// The order after a refund of one unit whose money is in this state.
fn after(refund: &Body, status: &str, updated_at: &str) -> Body {
    let refund = refund.clone().with("/transactions/0/status", status);
    later(paid(), updated_at)
        .with("/financial_status", "partially_refunded")
        .with("/line_items/0/current_quantity", 2)
        .with("/refunds", vec![refund.0])
}

fn bought() -> Shop {
    let shop = shop(&["PREMIUM-1Y"]);
    // The third unit is what a refund takes back: all three must be somewhere.
    shop.told("orders/paid", &paid()).has("PREMIUM-1Y", 3, 1);
    shop
}

/// How many of the three are wanted, by what happens to the rest: a site is for the first, so the others are counted
/// where they would be canceled.
fn canceling() -> Shop {
    let catalog = reseller_hooks_tests::deployment::catalog_of(&["PREMIUM-1Y"], "attention");
    let shop = Shop::with_catalog(Shopify, &catalog.replace("\"unassign\"", "\"cancel\""));
    shop.told("orders/paid", &paid()).has("PREMIUM-1Y", 3, 1);
    shop
}

#[test]
fn a_refund_takes_its_units_back_once_by_whichever_event_it_is_told() {
    let shop = canceling();
    shop.at("2026-03-05T16:00:05Z")
        .told("refunds/create", &refund())
        .has("PREMIUM-1Y", 2, 1);
    shop.told(
        "orders/updated",
        &after(&refund(), "success", "2026-03-05T11:00:01-05:00"),
    )
    .has("PREMIUM-1Y", 2, 1)
    .calm(KEY);
}

#[test]
fn an_order_first_heard_of_as_refunded_in_full_is_nothing() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("orders/updated", &paid().with("/financial_status", "refunded"))
        .has("PREMIUM-1Y", 0, 0)
        .calm(KEY);
}

#[test]
fn an_order_first_heard_of_with_a_refund_of_lines_buys_the_rest() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told(
        "orders/updated",
        &after(&refund(), "success", "2026-03-05T11:00:01-05:00"),
    )
    .has("PREMIUM-1Y", 2, 1)
    .calm(KEY);
}

#[test]
fn a_refund_or_a_dispute_of_what_is_not_ours_is_nothing_at_all() {
    let shop = shop(&["OTHER"]);
    shop.told("refunds/create", &refund())
        .told("disputes/create", &dispute())
        .calm(KEY);
}

fn dispute() -> Body {
    Body::of(include_str!("../../../../events/shopify/disputes_create.json"))
}

#[test]
fn a_dispute_that_names_no_order_or_the_test_notifications_is_nothing() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.nothing("disputes/create", &dispute().with("/order_id", json!(null)))
        .nothing(
            "disputes/create",
            &dispute().with("/order_id", 820_982_911_946_154_508_u64),
        );
}

#[test]
fn a_canceled_order_stays_canceled_whatever_comes_later() {
    let shop = bought();
    let canceled = Body::of(include_str!("../../../../events/shopify/orders_cancelled.json"));
    shop.at("2026-03-06T00:00:05Z")
        .told("orders/cancelled", &canceled)
        .has("PREMIUM-1Y", 3, 0);
    shop.told("orders/updated", &later(paid(), "2026-03-09T09:00:00-05:00"))
        .has("PREMIUM-1Y", 3, 0)
        .calm(KEY);
}
