//! Refunds and disputes, and what undoes them.

use super::super::shop::Shop;
use super::{Body, KEY, Shopify, later, paid, shop};
use serde_json::json;

fn refund() -> Body {
    Body::of(include_str!("../../../../events/shopify/refunds_create.json"))
}

fn pending() -> Body {
    Body::of(include_str!("../../../../events/shopify/refunds_create_pending.json"))
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
fn a_refund_that_is_pending_takes_nothing_back_until_the_money_went() {
    let shop = canceling();
    shop.at("2026-03-05T16:00:05Z")
        .told("refunds/create", &pending())
        .told(
            "orders/updated",
            &after(&pending(), "pending", "2026-03-05T11:00:01-05:00"),
        )
        .has("PREMIUM-1Y", 3, 1);
    shop.at("2026-03-07T16:00:05Z")
        .told(
            "orders/updated",
            &after(&pending(), "success", "2026-03-07T11:00:01-05:00"),
        )
        .has("PREMIUM-1Y", 2, 1)
        .calm(KEY);
}

#[test]
fn a_refund_that_fails_later_makes_the_units_wanted_again() {
    // One unit, on its site.
    let one = |body: Body| {
        body.with("/line_items/0/quantity", 1)
            .with("/line_items/0/current_quantity", 0)
    };
    for first in ["success", "pending"] {
        let shop = shop(&["PREMIUM-1Y"]);
        let alone = one(paid()).with("/line_items/0/current_quantity", 1);
        shop.told("orders/paid", &alone).has("PREMIUM-1Y", 1, 1);
        shop.at("2026-03-05T16:00:05Z")
            .told("refunds/create", &pending().with("/transactions/0/status", first))
            .has("PREMIUM-1Y", 1, usize::from(first == "pending"));
        let failed = one(after(&pending(), "failure", "2026-03-07T11:00:01-05:00"));
        shop.at("2026-03-07T16:00:05Z")
            .told("orders/updated", &failed)
            .has("PREMIUM-1Y", 1, 1)
            .needs(KEY, &["REFUND_FAILED"]);
    }
}

#[test]
fn a_refund_of_an_amount_takes_nothing_back_and_needs_a_person() {
    let amount = Body::of(include_str!(
        "../../../../events/shopify/refunds_create_amount_only.json"
    ));
    let shop = canceling();
    shop.at("2026-03-05T16:00:05Z")
        .told("refunds/create", &amount)
        .has("PREMIUM-1Y", 3, 1)
        .needs(KEY, &["REFUND_UNCLEAR"]);
    let shipping = Body::of(include_str!(
        "../../../../events/shopify/refunds_create_shipping_only.json"
    ));
    let shop = canceling();
    shop.nothing("refunds/create", &shipping)
        .has("PREMIUM-1Y", 3, 1)
        .calm(KEY);
}

#[test]
fn an_order_first_heard_of_with_a_refund_of_an_amount_is_not_bought() {
    let amount = Body::of(include_str!(
        "../../../../events/shopify/refunds_create_amount_only.json"
    ));
    let shop = shop(&["PREMIUM-1Y"]);
    let first = paid()
        .with("/financial_status", "partially_refunded")
        .with("/refunds", vec![amount.0]);
    shop.told("orders/updated", &first)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["REFUND_UNCLEAR"]);
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
fn a_chargeback_needs_a_person_until_it_is_won() {
    let shop = bought();
    shop.at("2026-03-11T00:00:05Z")
        .told("disputes/create", &dispute())
        .has("PREMIUM-1Y", 3, 1)
        .needs(KEY, &["DISPUTE_OPEN"]);
    let won = Body::of(include_str!("../../../../events/shopify/disputes_update_won.json"));
    shop.told("disputes/update", &won).has("PREMIUM-1Y", 3, 1).calm(KEY);
}

#[test]
fn a_chargeback_takes_back_where_the_catalog_says_so_and_a_won_one_gives_back() {
    for (lost, on_site) in [("lost", 0), ("accepted", 0), ("won", 1), ("prevented", 1)] {
        let shop = Shop::with_defaults(Shopify, &["PREMIUM-1Y"], "on_dispute = \"take_back\"");
        shop.told("orders/paid", &paid());
        shop.at("2026-03-11T00:00:05Z")
            .told("disputes/create", &dispute())
            .has("PREMIUM-1Y", 3, 0);
        shop.at("2026-05-11T14:00:05Z")
            .told("disputes/update", &dispute().with("/status", lost))
            .has("PREMIUM-1Y", 3, on_site);
    }
}

#[test]
fn an_inquiry_never_takes_anything_back() {
    let inquiry = Body::of(include_str!("../../../../events/shopify/disputes_create_inquiry.json"));
    let shop = Shop::with_defaults(Shopify, &["PREMIUM-1Y"], "on_dispute = \"take_back\"");
    shop.told("orders/paid", &paid());
    shop.at("2026-03-11T00:00:05Z")
        .told("disputes/create", &inquiry)
        .has("PREMIUM-1Y", 3, 1)
        .needs(KEY, &["DISPUTE_INQUIRY"]);
    // It becomes a chargeback.
    shop.told("disputes/update", &inquiry.with("/type", "chargeback"))
        .has("PREMIUM-1Y", 3, 0);
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
