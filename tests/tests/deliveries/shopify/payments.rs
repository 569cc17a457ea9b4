//! Paid, not paid, and what nobody can tell.

use super::super::shop::{Shop, steps};
use super::{Body, KEY, Shopify, later, paid, shop};
use serde_json::json;

const WAITING: &str = "shopify/9007199254747101";

fn authorized() -> Body {
    Body::of(include_str!("../../../../events/shopify/orders_create_authorized.json"))
}

fn deposit() -> Body {
    Body::of(include_str!("../../../../events/shopify/orders_updated_deposit.json"))
}

fn captured() -> Body {
    later(deposit(), "2026-03-04T09:00:00-05:00")
        .with("/financial_status", "paid")
        .with("/total_outstanding", "0.00")
}

#[test]
fn an_authorisation_buys_nothing_until_it_is_captured() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.nothing("orders/create", &authorized());
    // Also where another topic or a reference brings it.
    shop.told("orders/paid", &authorized())
        .has("PREMIUM-1Y", 0, 0)
        .calm(WAITING);
    shop.at("2026-03-04T14:00:05Z")
        .told("orders/updated", &captured())
        .has("PREMIUM-1Y", 1, 0)
        .calm(WAITING);
}

#[test]
fn a_deposit_buys_nothing_until_all_of_it_is_paid() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("orders/updated", &deposit())
        .has("PREMIUM-1Y", 0, 0)
        .calm(WAITING);
    shop.at("2026-03-04T14:00:05Z")
        .told("orders/paid", &captured())
        .has("PREMIUM-1Y", 1, 0)
        .calm(WAITING);
    // The deposit comes once more.
    shop.told("orders/updated", &deposit())
        .has("PREMIUM-1Y", 1, 0)
        .calm(WAITING);
}

#[test]
fn an_authorisation_that_ends_without_money_is_recorded() {
    for status in ["voided", "expired", "unpaid"] {
        let shop = shop(&["PREMIUM-1Y"]);
        shop.told("orders/updated", &authorized().with("/financial_status", status))
            .has("PREMIUM-1Y", 0, 0)
            .calm(WAITING);
    }
}

#[test]
fn a_payment_status_that_nobody_knows_buys_nothing_and_needs_a_person() {
    for status in [json!("settled_later"), json!(null)] {
        let shop = shop(&["PREMIUM-1Y"]);
        shop.told("orders/updated", &authorized().with("/financial_status", status))
            .has("PREMIUM-1Y", 0, 0)
            .needs(WAITING, &["PAYMENT_UNCLEAR"]);
        shop.at("2026-03-04T14:00:05Z")
            .told("orders/paid", &captured())
            .has("PREMIUM-1Y", 1, 0)
            .calm(WAITING);
    }
}

#[test]
fn a_paid_order_that_is_edited_up_keeps_what_was_paid_and_the_rest_waits() {
    let shop = shop(&["PREMIUM-1Y", "MAILBOX-12M"]);
    shop.told("orders/paid", &paid()).has("PREMIUM-1Y", 3, 1);
    let line = paid().at("/line_items/0");
    let added = Body(line)
        .with("/id", 9_007_199_254_741_999_u64)
        .with("/sku", "MAILBOX-12M")
        .0;
    let open = later(paid(), "2026-03-03T09:00:00-05:00")
        .with("/line_items/-", added)
        .with("/line_items/0/quantity", 4)
        .with("/line_items/0/current_quantity", 4)
        .with("/financial_status", "partially_paid")
        .with("/total_outstanding", "92.00");
    shop.at("2026-03-03T14:00:05Z")
        .told("orders/updated", &open)
        .has("PREMIUM-1Y", 3, 1)
        .has("MAILBOX-12M", 0, 0)
        .calm(KEY);
    let whole = later(open, "2026-03-04T09:00:00-05:00")
        .with("/financial_status", "paid")
        .with("/total_outstanding", "0.00");
    shop.at("2026-03-04T14:00:05Z")
        .told("orders/paid", &whole)
        .has("PREMIUM-1Y", 4, 1)
        .has("MAILBOX-12M", 3, 1)
        .calm(KEY);
}

#[test]
fn an_unpaid_edit_to_another_product_never_decides_what_is_bought() {
    let shop = shop(&["PREMIUM-1Y", "STUDIO-1Y"]);
    let edited = later(paid(), "2026-03-03T09:00:00-05:00")
        .with("/line_items/0/sku", "STUDIO-1Y")
        .with("/financial_status", "partially_paid")
        .with("/total_outstanding", "10.00");
    // Both are in the queue before a worker has bought anything.
    shop.stored("orders/paid", &paid())
        .told("orders/updated", &edited)
        .has("PREMIUM-1Y", 3, 1)
        .has("STUDIO-1Y", 0, 0);
}

#[test]
fn an_order_refunded_in_full_and_marked_paid_again_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("orders/paid", &paid()).has("PREMIUM-1Y", 3, 1);
    let refunded = later(paid(), "2026-03-05T09:00:00-05:00").with("/financial_status", "refunded");
    shop.at("2026-03-05T14:00:05Z")
        .told("orders/updated", &refunded)
        .has("PREMIUM-1Y", 3, 0)
        .calm(KEY);
}

#[test]
fn a_partial_refund_that_hides_what_is_open_buys_nothing_and_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    let hidden = paid()
        .with("/financial_status", "partially_refunded")
        .without("/total_outstanding");
    shop.told("orders/updated", &hidden)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["PAYMENT_UNCLEAR"]);
}

#[test]
fn two_states_of_one_second_unite_what_they_say_of_the_site() {
    for turn in [0, 1] {
        let shop = shop(&["PREMIUM-1M"]);
        let mut steps = steps(include_str!("cases/same-second-site.json"));
        steps.rotate_left(turn);
        for (topic, body) in steps {
            shop.told(&topic, &body);
        }
        shop.has("PREMIUM-1M", 1, 1).calm("shopify/5925000000001");
    }
}

#[test]
fn two_states_of_one_second_that_disagree_over_units_buy_the_fewer_and_are_shown() {
    let shop = shop(&["PREMIUM-1Y"]);
    let fewer = paid().with("/line_items/0/current_quantity", 1);
    shop.stored("orders/paid", &paid())
        .told("orders/updated", &fewer)
        .has("PREMIUM-1Y", 1, 1)
        .needs(KEY, &["STATES_DISAGREE"]);
    shop.at("2026-03-06T14:00:05Z")
        .told("orders/updated", &later(fewer, "2026-03-06T09:00:00-05:00"))
        .has("PREMIUM-1Y", 1, 1)
        .calm(KEY);
}

#[test]
fn two_states_of_one_second_that_both_say_paid_under_two_topics_are_one() {
    let shop = Shop::selling(Shopify, &["PREMIUM-1Y"]);
    let noted = paid().with("/note", "called on Monday").with("/tags", "VIP");
    shop.told("orders/paid", &paid())
        .told("orders/updated", &noted)
        .has("PREMIUM-1Y", 3, 1)
        .calm(KEY);
}

#[test]
fn a_test_order_is_answered_and_nothing_more() {
    let test = Body::of(include_str!("../../../../events/shopify/orders_paid_test_order.json"));
    let notification = Body::of(include_str!("../../../../events/shopify/test_notification.json"));
    shop(&["PREMIUM-1Y"])
        .nothing("orders/paid", &test)
        .nothing("orders/updated", &notification)
        .has("PREMIUM-1Y", 0, 0);
}
