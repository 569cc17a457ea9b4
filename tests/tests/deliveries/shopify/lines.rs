//! Lines: their SKUs, their bundles and their properties.

use super::super::shop::{SITE, Shop, steps};
use super::{Body, KEY, Shopify, later, paid, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

fn case(text: &str) -> (String, Body) {
    steps(text).into_iter().next().expect("a step")
}

fn careless(skus: &[&str]) -> Shop {
    Shop::with_catalog(Shopify, &catalog_of(skus, "ignore"))
}

#[test]
fn a_variant_without_sku_needs_a_person_where_unknown_ones_do() {
    let (topic, body) = case(include_str!("cases/variant-without-sku.json"));
    shop(&["PREMIUM-1M"])
        .told(&topic, &body)
        .needs("shopify/5981000000001", &["NOT_PLANNED"]);
    careless(&["PREMIUM-1M"])
        .told(&topic, &body)
        .calm("shopify/5981000000001");
}

#[test]
fn a_line_without_sku_beside_a_known_one_is_shown_and_the_known_one_is_bought() {
    for missing in [
        json!({ "id": 1, "quantity": 1, "sku": "", "title": "Setup help" }),
        json!({ "id": 1, "quantity": 2, "current_quantity": 2, "sku": null, "product_exists": false, "variant_id": null }),
    ] {
        let body = paid().with("/line_items/-", missing);
        shop(&["PREMIUM-1Y"])
            .told("orders/paid", &body)
            .has("PREMIUM-1Y", 3, 1)
            .needs(KEY, &["NOT_PLANNED"]);
    }
}

#[test]
fn a_gift_card_is_money_and_needs_no_sku() {
    let loose = Body::of(include_str!("../../../../events/shopify/orders_paid_loose_shapes.json"));
    shop(&["PREMIUM-1Y"])
        .told("orders/paid", &loose)
        .has("PREMIUM-1Y", 2, 1)
        .calm("shopify/9007199254747301");
}

#[test]
fn a_line_that_had_an_sku_and_lost_it_is_always_shown() {
    let shop = careless(&["PREMIUM-1Y"]);
    let pending = paid()
        .with("/financial_status", "partially_paid")
        .with("/total_outstanding", "1.00");
    shop.told("orders/updated", &pending).has("PREMIUM-1Y", 0, 0);
    let lost = later(paid(), "2026-03-03T09:00:00-05:00")
        .with("/line_items/0/sku", json!(null))
        .with("/line_items/0/product_exists", false);
    shop.told("orders/paid", &lost)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["NOT_PLANNED"]);
}

#[test]
fn a_bundle_of_which_no_component_is_known_is_always_shown() {
    let (topic, body) = case(include_str!("cases/bundle-sku-in-no-line.json"));
    careless(&["BUNDLE-START"])
        .told(&topic, &body)
        .has("BUNDLE-START", 0, 0)
        .needs("shopify/5982000000001", &["NOT_PLANNED"]);
}

#[test]
fn a_bundle_is_bought_by_the_skus_of_its_components() {
    let bundle = Body::of(include_str!("../../../../events/shopify/orders_paid_bundle.json"));
    let key = "shopify/9007199254747201";
    let both = bundle.clone().with("/line_items/1/sku", "MAILBOX-12M");
    careless(&["PREMIUM-1Y", "MAILBOX-12M"])
        .told("orders/paid", &both)
        .has("PREMIUM-1Y", 1, 0)
        .has("MAILBOX-12M", 1, 0)
        .calm(key);
}

#[test]
fn an_empty_object_of_properties_says_nothing_and_the_order_is_bought() {
    let (topic, body) = case(include_str!("cases/properties-empty-object.json"));
    shop(&["PREMIUM-1M"])
        .told(&topic, &body)
        .has("PREMIUM-1M", 1, 0)
        .calm("shopify/5983000000001");
}

#[test]
fn properties_of_any_shape_park_nothing_and_give_what_they_have() {
    for (properties, on_site) in [
        (json!({ "wix_site_id": SITE }), 1),
        (json!({ "name": "wix_site_id", "value": SITE }), 1),
        (json!([{ "name": "WIX_SITE_ID", "value": SITE }, null, [], 7]), 1),
        (json!(null), 0),
        (json!("none"), 0),
        (json!([[]]), 0),
        (json!(0), 0),
    ] {
        let of_line = paid().with("/line_items/0/properties", properties.clone());
        shop(&["PREMIUM-1Y"])
            .told("orders/paid", &of_line)
            .has("PREMIUM-1Y", 3, on_site)
            .calm(KEY);
        let of_order = paid()
            .with("/line_items/0/properties", json!([]))
            .with("/note_attributes", properties);
        shop(&["PREMIUM-1Y"])
            .told("orders/paid", &of_order)
            .has("PREMIUM-1Y", 3, on_site)
            .calm(KEY);
    }
}

#[test]
fn an_order_that_lost_its_lines_is_parked_and_nothing_is_taken_back() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("orders/paid", &paid());
    for status in ["paid", "partially_refunded"] {
        let empty = later(paid(), "2026-03-03T09:00:00-05:00")
            .with("/line_items", json!([]))
            .with("/financial_status", status);
        let reason = shop.parked("orders/updated", &empty);
        assert_eq!(reason, "at line_items: an order without lines");
    }
    shop.has("PREMIUM-1Y", 3, 1).calm(KEY);
}

#[test]
fn a_number_that_is_no_text_is_read_all_the_same() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("orders/paid", &paid().with("/name", 1001))
        .has("PREMIUM-1Y", 3, 1)
        .calm(KEY);
    let record = shop.deployment.world.record(KEY);
    let number = record.desired().latest().and_then(|latest| latest.number.clone());
    assert_eq!(number.as_deref(), Some("1001"));
}
