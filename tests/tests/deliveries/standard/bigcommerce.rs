//! `BigCommerce` signs in the same way, and sends IDs.

use super::super::shop::steps;
use super::{Body, shop};

#[test]
fn scopes_that_are_no_order_mean_nothing() {
    let shop = shop(&[]);
    for (topic, body) in steps(include_str!("cases/bigcommerce-topics-that-are-no-order.json")) {
        shop.nothing(&topic, &body);
    }
}

#[test]
fn every_scope_of_an_order_is_parked_with_what_to_do() {
    let created = Body::of(include_str!(
        "../../../../events/standard/bigcommerce_order_created.json"
    ));
    let shop = shop(&[]);
    for scope in [
        "store/order/created",
        "store/order/refund/created",
        "store/order/statusUpdated",
        "store/order/*",
    ] {
        let reason = shop.parked("", &created.clone().with("/scope", scope));
        assert!(reason.starts_with("a BigCommerce webhook"), "{reason}");
    }
    for scope in [
        "store/customer/created",
        "store/shipment/updated",
        "store/channel/1/cart/created",
        "store/orderly",
    ] {
        let of_none = created.clone().with("/scope", scope);
        if scope == "store/orderly" {
            // Nobody knows such a scope: in doubt a person looks.
            shop.parked("", &of_none);
        } else {
            shop.nothing("", &of_none);
        }
    }
}

#[test]
fn a_body_of_neither_format_is_parked() {
    let created = Body::of(include_str!(
        "../../../../events/standard/bigcommerce_order_created.json"
    ));
    let reason = shop(&[]).parked("", &created.without("/scope"));
    assert_eq!(reason, "at the top: missing field `type`");
}
