//! Contracts and their cycles.

use super::super::shop::{SITE, Shop, steps};
use super::{Body, ORDER, Wix, changed, key, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

const CONTRACT: &str = "7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f5";
const ENDS: &str = "2026-06-20T10:00:05Z";

fn first() -> Body {
    sited(Body::of(include_str!(
        "../../../../events/wix/order_paid_subscription_first.json"
    )))
}

fn renewal() -> Body {
    sited(Body::of(include_str!(
        "../../../../events/wix/order_paid_subscription_renewal.json"
    )))
}

/// Every cycle's order carries the text that the buyer wrote at the checkout.
fn sited(body: Body) -> Body {
    let texts = json!({ "wix_site_id": SITE });
    body.with(
        &format!("{ORDER}/lineItems/0/catalogReference/options/customTextFields"),
        texts,
    )
}

/// Another cycle of the same contract, a month later each.
fn cycle(number: u64) -> Body {
    let month = number + 2;
    let placed = format!("2026-{month:02}-02T10:00:00.120Z");
    let values = json!({ "id": format!("6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c31{number:02}"), "createdDate": placed });
    let body = changed(renewal(), &format!("2026-{month:02}-02T10:00:04.310Z"), &values);
    body.with(&format!("{ORDER}/lineItems/0/subscriptionInfo/cycleNumber"), number)
}

fn units(body: Body, quantity: u64) -> Body {
    body.with(&format!("{ORDER}/lineItems/0/quantity"), quantity)
}

fn bought() -> Shop {
    let shop = shop(&["PREMIUM-1M"]);
    shop.told("", &first()).has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
    shop
}

#[test]
fn a_renewal_of_a_subscription_is_the_same_package_once_more() {
    let shop = shop(&["PREMIUM-1M"]);
    for (topic, body) in steps(include_str!("cases/subscription-renewal.json")) {
        shop.told(&topic, &body).has("PREMIUM-1M", 1, 0);
    }
    shop.calm(&key(CONTRACT));
}

#[test]
fn renewals_twice_late_and_out_of_order_are_the_same_package() {
    let shop = bought();
    shop.at("2026-05-02T10:00:05Z").told("", &cycle(3));
    shop.told("", &cycle(2)).told("", &first()).told("", &cycle(3));
    shop.has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
}

#[test]
fn a_renewal_whose_lines_have_other_ids_and_a_renamed_sku_is_not_bought_anew() {
    let shop = shop(&["PREMIUM-1M", "PREMIUM-MONTHLY"]);
    shop.told("", &first()).has("PREMIUM-1M", 1, 1);
    let renamed = cycle(2)
        .with(
            &format!("{ORDER}/lineItems/0/id"),
            "9d1f0a52-0000-4000-8000-00000000000f",
        )
        .with(
            &format!("{ORDER}/lineItems/0/physicalProperties/sku"),
            "PREMIUM-MONTHLY",
        );
    shop.at("2026-04-02T10:00:05Z")
        .told("", &renamed)
        .has("PREMIUM-1M", 1, 1)
        .has("PREMIUM-MONTHLY", 0, 0)
        .needs(&key(CONTRACT), &["PLAN_CHANGED"]);
}

#[test]
fn a_late_change_of_an_old_cycle_is_older_than_the_cycle_after_it() {
    let shop = bought();
    shop.at("2026-04-02T10:00:05Z")
        .told("", &units(cycle(2), 2))
        .has("PREMIUM-1M", 2, 1);
    // The first order is archived a month later.
    let archived = changed(first(), "2026-04-20T10:00:00.000Z", &json!({ "archived": true }));
    shop.at("2026-04-20T10:00:05Z")
        .told("", &archived)
        .has("PREMIUM-1M", 2, 1)
        .calm(&key(CONTRACT));
}

#[test]
fn more_units_in_a_later_cycle_are_bought_and_fewer_are_taken_back() {
    let catalog = catalog_of(&["PREMIUM-1M"], "attention").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::with_catalog(Wix, &catalog);
    shop.told("", &first()).has("PREMIUM-1M", 1, 1);
    shop.at("2026-04-02T10:00:05Z")
        .told("", &units(cycle(2), 3))
        .has("PREMIUM-1M", 3, 1);
    shop.at("2026-05-02T10:00:05Z")
        .told("", &units(cycle(3), 2))
        .has("PREMIUM-1M", 2, 1);
    shop.calm(&key(CONTRACT));
}

#[test]
fn a_subscription_first_heard_of_in_a_later_cycle_needs_a_person() {
    let shop = shop(&["PREMIUM-1M"]);
    shop.at("2026-04-02T10:00:05Z")
        .told("", &cycle(2))
        .has("PREMIUM-1M", 0, 0)
        .needs(&key(CONTRACT), &["FIRST_HEARD_BY_RENEWAL"]);
    // Its first order comes after all.
    shop.told("", &first()).has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
}

#[test]
fn a_later_cycle_that_is_not_paid_changes_nothing() {
    let shop = bought();
    let unpaid = Body::of(include_str!(
        "../../../../events/wix/order_approved_renewal_unpaid.json"
    ));
    shop.at("2026-05-02T10:00:05Z").nothing("", &unpaid);
    for status in ["DECLINED", "CANCELED", "PENDING_MERCHANT"] {
        shop.told("", &unpaid.clone().with(&format!("{ORDER}/paymentStatus"), status));
    }
    shop.has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
}

#[test]
fn a_cycle_that_was_refunded_or_canceled_ends_nothing_and_is_shown() {
    let refunded = Body::of(include_str!("../../../../events/wix/order_updated_cycle_refunded.json"));
    let canceled = changed(cycle(2), "2026-04-05T10:00:00.000Z", &json!({ "status": "CANCELED" }));
    for reversed in [refunded, canceled] {
        let shop = bought();
        shop.at("2026-04-02T10:00:05Z").told("", &cycle(2));
        shop.at("2026-04-05T10:00:05Z")
            .told("", &reversed)
            .has("PREMIUM-1M", 1, 1)
            .needs(&key(CONTRACT), &["CYCLE_REVERSED"]);
    }
}

#[test]
fn a_first_cycle_that_was_refunded_before_it_was_bought_is_not_bought() {
    let shop = shop(&["PREMIUM-1M"]);
    let refunded = changed(
        first(),
        "2026-03-02T15:10:00.000Z",
        &json!({ "paymentStatus": "FULLY_REFUNDED" }),
    );
    shop.told("", &refunded)
        .told("", &first())
        .has("PREMIUM-1M", 0, 0)
        .needs(&key(CONTRACT), &["CYCLE_REVERSED", "PAYMENT_UNCLEAR"]);
}

#[test]
fn a_contract_that_is_canceled_or_runs_out_is_taken_back() {
    for sample in [
        include_str!("../../../../events/wix/subscription_contract_canceled.json"),
        include_str!("../../../../events/wix/subscription_contract_expired.json"),
        include_str!("../../../../events/wix/pricing_plans_order_ended.json"),
    ] {
        let shop = bought();
        shop.at("2026-04-02T10:00:05Z").told("", &cycle(2));
        shop.at(ENDS)
            .told("", &Body::of(sample))
            .has("PREMIUM-1M", 1, 0)
            .calm(&key(CONTRACT));
        // A cycle that was on its way changes nothing any more.
        shop.told("", &cycle(3)).has("PREMIUM-1M", 1, 0);
    }
}

#[test]
fn an_end_is_read_wherever_its_contract_is_named() {
    let canceled = Body::of(include_str!(
        "../../../../events/wix/subscription_contract_canceled.json"
    ));
    let nameless = canceled.clone().without("/actionEvent");
    let empty = canceled.with("/actionEvent/body/subscriptionContract", json!({}));
    for body in [nameless, empty] {
        let shop = bought();
        shop.at(ENDS)
            .told("", &body)
            .has("PREMIUM-1M", 1, 0)
            .calm(&key(CONTRACT));
    }
}

#[test]
fn what_ends_no_contract_is_answered_and_no_more() {
    let shop = bought();
    for sample in [
        include_str!("../../../../events/wix/subscription_contract_deleted.json"),
        include_str!("../../../../events/wix/subscription_contract_updated.json"),
        include_str!("../../../../events/wix/pricing_plans_order_auto_renew_canceled.json"),
    ] {
        shop.nothing("", &Body::of(sample));
    }
    let of_none = Body::of(include_str!("../../../../events/wix/pricing_plans_order_ended.json"))
        .without("/actionEvent/body/order/subscriptionId");
    shop.nothing("", &of_none).has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
}

#[test]
fn the_end_of_a_contract_that_is_not_ours_is_nothing_at_all() {
    let shop = shop(&["PREMIUM-1M"]);
    let canceled = Body::of(include_str!(
        "../../../../events/wix/subscription_contract_canceled.json"
    ));
    shop.at(ENDS).told("", &canceled).calm(&key(CONTRACT));
}

#[test]
fn a_checkout_of_both_kinds_is_an_order_and_a_contract() {
    let mixed = Body::of(include_str!("../../../../events/wix/order_paid_mixed.json"));
    let (order, contract) = (
        key("6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3010"),
        key("7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e401"),
    );
    let shop = shop(&["PREMIUM-1M", "BUSINESS-EMAIL-1Y"]);
    shop.told("", &mixed)
        .has("PREMIUM-1M", 1, 0)
        .has("BUSINESS-EMAIL-1Y", 1, 0)
        .calm(&order)
        .calm(&contract);
    // The order is canceled: its own line is taken back, and the subscription goes on.
    let catalog = catalog_of(&["PREMIUM-1M", "BUSINESS-EMAIL-1Y"], "attention").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::with_catalog(Wix, &catalog);
    shop.told("", &mixed);
    let canceled = changed(mixed, "2026-03-03T10:00:00.000Z", &json!({ "status": "CANCELED" }));
    shop.at("2026-03-03T10:00:05Z")
        .told("", &canceled)
        .has("PREMIUM-1M", 1, 0)
        .has("BUSINESS-EMAIL-1Y", 0, 0)
        .calm(&order)
        .needs(&contract, &["CYCLE_REVERSED", "PAYMENT_UNCLEAR"]);
}

#[test]
fn two_contracts_of_one_checkout_with_one_product_and_site_share_it_not() {
    let mut second = first().at(&format!("{ORDER}/lineItems/0"));
    second["subscriptionInfo"]["id"] = "7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f6".into();
    let two = first().with(&format!("{ORDER}/lineItems/-"), second);
    let shop = shop(&["PREMIUM-1M"]);
    shop.told("", &two)
        .has("PREMIUM-1M", 2, 1)
        .calm(&key(CONTRACT))
        .calm(&key("7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f6"));
}

#[test]
fn a_subscription_line_that_names_no_contract_is_not_bought_and_shown() {
    let unnamed = first().without(&format!("{ORDER}/lineItems/0/subscriptionInfo/id"));
    let order = key("6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3001");
    let shop = shop(&["PREMIUM-1M"]);
    shop.told("", &unnamed)
        .has("PREMIUM-1M", 0, 0)
        .needs(&order, &["SUBSCRIPTION_UNNAMED"]);
    // The next event names it.
    shop.told("", &first()).has("PREMIUM-1M", 1, 1).calm(&key(CONTRACT));
}

#[test]
fn a_later_cycle_that_names_no_contract_is_not_bought_and_shown() {
    let unnamed = cycle(2).without(&format!("{ORDER}/lineItems/0/subscriptionInfo/id"));
    let shop = bought();
    shop.at("2026-04-02T10:00:05Z")
        .told("", &unnamed)
        .has("PREMIUM-1M", 1, 1)
        .needs(&key("6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3102"), &["SUBSCRIPTION_UNNAMED"]);
}

/// The payment of one cycle's order is disputed.
fn chargeback(order: &str, status: &str) -> Body {
    let chargeback = json!({ "id": "cb-1", "status": status });
    let payment = json!({ "id": "p-1", "regularPaymentDetails": { "chargebacks": [chargeback] } });
    let transactions = json!({ "orderId": order, "payments": [payment], "refunds": [] });
    Body::of(include_str!(
        "../../../../events/wix/order_transactions_refund_failed.json"
    ))
    .with("/slug", "details_updated")
    .with("/entityId", order)
    .with("/actionEvent/body", json!({ "orderTransactions": transactions }))
}

#[test]
fn a_chargeback_of_a_cycle_is_shown_at_its_contract_in_whatever_order() {
    let of = |body: &Body| body.at(&format!("{ORDER}/id")).as_str().expect("an ID").to_owned();
    for cycle in [first(), renewal()] {
        let disputed = chargeback(&of(&cycle), "PENDING");
        // Told after the order of the cycle, and before it.
        for early in [false, true] {
            let shop = shop(&["PREMIUM-1M"]);
            if early {
                shop.told("", &disputed);
            }
            shop.told("", &first()).told("", &cycle);
            if !early {
                shop.told("", &disputed);
            }
            shop.has("PREMIUM-1M", 1, 1).needs(&key(CONTRACT), &["DISPUTE_OPEN"]);
            shop.told("", &chargeback(&of(&cycle), "REVERSED"))
                .has("PREMIUM-1M", 1, 1)
                .calm(&key(CONTRACT));
        }
    }
}

#[test]
fn a_chargeback_of_a_cycle_takes_back_where_the_catalog_says_so() {
    let shop = Shop::with_defaults(Wix, &["PREMIUM-1M"], "on_dispute = \"take_back\"");
    shop.told("", &first()).told("", &renewal()).has("PREMIUM-1M", 1, 1);
    let order = renewal().at(&format!("{ORDER}/id"));
    shop.told("", &chargeback(order.as_str().expect("an ID"), "APPROVED"))
        .has("PREMIUM-1M", 1, 0)
        .needs(&key(CONTRACT), &["DISPUTE_LOST"]);
}

#[test]
fn a_cycle_that_is_paid_after_the_end_revives_nothing_and_is_shown() {
    let shop = bought();
    let ended = Body::of(include_str!(
        "../../../../events/wix/subscription_contract_canceled.json"
    ));
    let at_end = "/actionEvent/body/subscriptionContract/updatedDate";
    shop.told("", &ended.with(at_end, "2026-03-20T10:00:00.000Z"))
        .has("PREMIUM-1M", 1, 0)
        .calm(&key(CONTRACT));
    // An order of a cycle before the end is no news, a later one is.
    shop.told("", &first()).has("PREMIUM-1M", 1, 0).calm(&key(CONTRACT));
    shop.at("2026-04-02T10:00:05Z")
        .told("", &renewal())
        .has("PREMIUM-1M", 1, 0)
        .needs(&key(CONTRACT), &["PAID_AFTER_END"]);
}
