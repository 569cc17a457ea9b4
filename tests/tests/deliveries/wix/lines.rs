//! Lines: their SKUs and the texts that the buyer wrote.

use super::super::shop::{SITE, Shop};
use super::{Body, KEY, ORDER, Wix, key, paid, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

#[test]
fn a_text_that_is_sent_by_its_key_is_found_by_its_title() {
    let text = Body::of(include_str!("../../../../events/wix/order_paid_free_text.json"));
    let order = key("6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3020");
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &text).has("PREMIUM-1Y", 1, 1).calm(&order);

    let by_key = catalog_of(&["PREMIUM-1Y"], "attention").replacen(
        "[defaults]\n",
        "[defaults]\nsite_fields = [\"free_text_1\"]\n",
        1,
    );
    let untitled = text.with(&format!("{ORDER}/lineItems/0/descriptionLines"), json!([]));
    Shop::with_catalog(Wix, &by_key)
        .told("", &untitled)
        .has("PREMIUM-1Y", 1, 1)
        .calm(&order);
}

#[test]
fn texts_of_any_shape_park_nothing() {
    for lines in [json!({}), json!(null), json!([[], 7, { "name": SITE }])] {
        if lines.is_object() {
            continue;
        }
        let body = paid().with(&format!("{ORDER}/lineItems/0/descriptionLines"), lines);
        shop(&["PREMIUM-1Y"]).told("", &body).has("PREMIUM-1Y", 2, 1).calm(KEY);
    }
}

#[test]
fn a_line_without_sku_is_shown_where_unknown_ones_are() {
    for sku in [json!(null), json!(" ")] {
        let body = paid().with(&format!("{ORDER}/lineItems/0/physicalProperties/sku"), sku);
        shop(&["PREMIUM-1Y"])
            .told("", &body)
            .has("PREMIUM-1Y", 0, 0)
            .needs(KEY, &["NOT_PLANNED"]);
        let careless = Shop::with_catalog(Wix, &catalog_of(&["PREMIUM-1Y"], "ignore"));
        careless.told("", &body).calm(KEY);
    }
}

#[test]
fn an_order_that_lost_its_lines_is_parked_and_nothing_is_taken_back() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    let empty = paid()
        .with(&format!("{ORDER}/updatedDate"), "2026-03-05T10:00:00.000Z")
        .with(&format!("{ORDER}/lineItems"), json!([]));
    assert_eq!(shop.parked("", &empty), "at lineItems: an order without lines");
    shop.has("PREMIUM-1Y", 2, 1).calm(KEY);
}

#[test]
fn a_privacy_rewrite_of_anything_is_answered_and_no_more() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    let rewritten = |body: Body| body.with("/triggeredByAnonymizeRequest", true);
    let canceled = Body::of(include_str!(
        "../../../../events/wix/subscription_contract_canceled.json"
    ));
    shop.nothing("", &rewritten(paid())).nothing("", &rewritten(canceled));
}
