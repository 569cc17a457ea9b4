//! Bodies that lack something, or have it in another shape than documented.

use reseller_hooks::webhook::Disposition;
use serde_json::json;

use super::bodies::{MAILBOX, Order, PREMIUM, Shop};

#[test]
fn an_order_that_lost_its_lines_takes_nothing_back() {
    for lines in [json!([]), json!({}), json!(null)] {
        let shop = Shop::new();
        let paid = Order::new(1920).line(4401, PREMIUM).line(4402, MAILBOX);
        shop.updated(&paid);
        let lost = paid
            .with("/line_items", lines.clone())
            .status("completed", "2026-03-02T10:05:00");
        assert_eq!(shop.updated(&lost), Disposition::Parked, "{lines}");
        assert_eq!(shop.on_site(), [1, 1], "{lines}");
        shop.end();
    }
}

#[test]
fn a_bundle_is_bought_once_by_its_parts() {
    let whole = || {
        Order::new(1940)
            .line(4601, "BUNDLE-START")
            .line(4602, PREMIUM)
            .line(4603, MAILBOX)
    };
    let by_id = whole()
        .with("/line_items/0/bundled_by", json!(""))
        .with("/line_items/1/bundled_by", json!(4601))
        .with("/line_items/2/bundled_by", json!(4601));
    let shop = Shop::new();
    shop.updated(&by_id);
    assert_eq!(shop.alive(), [1, 1]);
    shop.end();
}

#[test]
fn a_part_that_names_no_whole_belongs_to_the_bundle_before_it() {
    let bundle = |whole: &str| {
        let order = Order::new(1941)
            .line(4601, whole)
            .line(4602, PREMIUM)
            .line(4603, MAILBOX);
        order
            .with("/line_items/1/bundled_item_id", json!(12))
            .with("/line_items/1/bundled_by", json!(""))
    };
    // The mailbox is a line of its own.
    for (whole, expected) in [(MAILBOX, [0, 2]), ("BUNDLE-START", [1, 1])] {
        let shop = Shop::ignoring();
        shop.updated(&bundle(whole));
        assert_eq!(shop.alive(), expected, "{whole}");
        shop.end();
    }
    // It names a whole that is not there: which bundle it was of is not known.
    let shop = Shop::ignoring();
    shop.updated(&bundle(MAILBOX).with("/line_items/1/bundled_by", json!(4609)));
    assert_eq!(shop.alive(), [1, 2]);
}

#[test]
fn custom_data_as_an_object_is_read() {
    const ACCOUNT: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
    for metas in [
        json!({"0": {"id": 1, "key": "wix_account_id", "value": ACCOUNT}, "2": {"id": 3, "key": "colour", "value": "green"}}),
        json!([{"id": 1, "key": "wix_account_id", "value": ACCOUNT}, {"id": 2, "key": "deep", "value": {"a": [1, {}]}}]),
        json!([null, 7, {"id": 1, "key": "wix_account_id", "value": ACCOUNT}]),
    ] {
        let shop = Shop::new();
        let order = Order::new(1960)
            .line(4801, PREMIUM)
            .with("/line_items/0/meta_data", metas.clone());
        assert_eq!(shop.updated(&order), Disposition::Stored, "{metas}");
        let accounts: Vec<_> = shop
            .0
            .world
            .holdings()
            .into_iter()
            .map(|holding| holding.account)
            .collect();
        assert_eq!(accounts, [ACCOUNT], "{metas}");
        shop.end();
    }
}

#[test]
fn an_order_in_test_mode_buys_nothing() {
    for (id, key, value) in [
        (8001, "_wcpay_mode", "test"),
        (8002, "_ppcp_paypal_payment_mode", "sandbox"),
        (8003, "_mollie_payment_mode", "test"),
        (8004, "_wc_stripe_mode", "test"),
    ] {
        let shop = Shop::new();
        let order = Order::new(id).line(1, PREMIUM).meta(key, json!(value));
        assert_eq!(shop.updated(&order), Disposition::Nothing, "{key}");
        assert_eq!(shop.alive(), [0, 0], "{key}");
        let live = Order::new(id).line(1, PREMIUM).meta(key, json!("live"));
        shop.updated(&live);
        assert_eq!(shop.alive(), [1, 0], "{key}");
        shop.end();
    }
}

#[test]
fn older_versions_of_the_webhook_are_parked_with_what_to_choose() {
    const REASON: &str = "the webhook's API version is too old: choose WP REST API Integration v3";
    let of_version = |version: &str| {
        let href = format!("https://shop.example.com/wp-json/wc/{version}/orders/8072");
        Order::new(8072)
            .line(1, PREMIUM)
            .with("/_links/self/0/href", json!(href))
            .body()
    };
    let legacy = json!({"order": {"id": 8071, "order_number": "8071", "status": "processing", "total": "80.00",
        "payment_details": {"paid": true}, "line_items": [{"id": 1, "quantity": 1, "sku": PREMIUM}]}});
    let mut local: serde_json::Value = serde_json::from_str(&Order::new(8072).line(1, PREMIUM).body()).unwrap();
    local.as_object_mut().unwrap().retain(|name, _| !name.ends_with("_gmt"));
    for body in [
        of_version("v1"),
        of_version("v2"),
        legacy.to_string(),
        local.to_string(),
    ] {
        let shop = Shop::new();
        let came = shop.sent("order.updated", &body, "https://shop.example.com/");
        assert_eq!(came, Disposition::Parked, "{body}");
        assert!(shop.parked()[0].contains(REASON), "{:?}", shop.parked());
        shop.0.settle();
        assert_eq!(shop.alive(), [0, 0]);
        shop.end();
    }
}

#[test]
fn a_fraction_of_something_else_does_not_stop_the_order() {
    let shop = Shop::new();
    let order = Order::new(1980).line(1, PREMIUM).line(2, "CABLE-PER-METRE");
    shop.updated(&order.with("/line_items/1/quantity", json!("2.5")));
    assert_eq!(shop.alive(), [1, 0]);
    shop.end();
}

#[test]
fn an_error_of_the_rest_api_is_parked_and_takes_nothing_back() {
    let shop = Shop::new();
    shop.updated(&Order::new(1990).line(1, PREMIUM));
    for code in [
        "woocommerce_rest_cannot_view",
        "woocommerce_rest_shop_order_invalid_id",
        "rest_no_route",
    ] {
        let error = json!({"code": code, "message": "Sorry.", "data": {"status": 401}}).to_string();
        let came = shop.sent("order.updated", &error, "https://shop.example.com/");
        assert_eq!(came, Disposition::Parked, "{code}");
    }
    shop.0.settle();
    assert_eq!(shop.on_site(), [1, 0]);
    shop.end();
}

#[test]
fn a_product_that_was_deleted_before_payment_tells_a_person() {
    let shop = Shop::new();
    let waiting = Order::new(8031)
        .line(1, PREMIUM)
        .unpaid()
        .with("/payment_method", json!("bacs"));
    shop.updated(&waiting.clone().status("on-hold", "2026-03-02T10:00:01"));
    let paid = waiting
        .with("/line_items/0/sku", json!(null))
        .with("/line_items/0/product_id", json!(0))
        .with("/date_paid_gmt", json!("2026-03-05T10:00:08"));
    shop.updated(&paid.status("processing", "2026-03-05T10:00:09"));
    assert_eq!(shop.alive(), [0, 0]);
    assert_ne!(shop.attention("8031"), Vec::<String>::new());
    shop.end();
}

#[test]
fn an_empty_list_takes_nothing_back_whatever_the_total_is() {
    // Free by a coupon, or a trial: the total explains nothing.
    let free = Order::new(1921).line(1, PREMIUM).with("/total", json!("0.00"));
    let fee = json!([{"id": 7, "name": "Fee", "total": "80.00"}]);
    let with_fee = Order::new(1921).line(1, PREMIUM).with("/fee_lines", fee);
    for paid in [free, with_fee] {
        for status in ["processing", "completed", "on-hold", "pending", "of-a-plugin"] {
            let shop = Shop::new();
            shop.updated(&paid);
            assert_eq!(shop.on_site(), [1, 0]);
            let lost = paid.clone().with("/line_items", json!([]));
            shop.updated(&lost.status(status, "2026-03-02T10:05:00"));
            assert_eq!(shop.on_site(), [1, 0], "{status}");
            assert_ne!(shop.attention("1921"), Vec::<String>::new(), "{status}");
            // Told whole again, all is as it was.
            shop.updated(&paid.clone().status("completed", "2026-03-02T10:06:00"));
            assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]), "{status}");
            assert_eq!(shop.attention("1921"), Vec::<String>::new(), "{status}");
            shop.end();
        }
    }
}

#[test]
fn an_order_that_is_over_may_list_nothing() {
    for status in ["cancelled", "refunded", "trash"] {
        let shop = Shop::new();
        let paid = Order::new(1922).line(1, PREMIUM);
        shop.updated(&paid);
        shop.updated(
            &paid
                .with("/line_items", json!([]))
                .status(status, "2026-03-02T10:05:00"),
        );
        assert_eq!(shop.on_site(), [0, 0], "{status}");
        assert_eq!(shop.attention("1922"), Vec::<String>::new(), "{status}");
        shop.end();
    }
}

#[test]
fn a_product_deleted_after_it_was_paid_keeps_what_was_bought() {
    let shop = Shop::new();
    let paid = Order::new(8032).line(1, PREMIUM).line(2, MAILBOX);
    shop.updated(&paid);
    let deleted = paid
        .with("/line_items/0/sku", json!(null))
        .with("/line_items/0/product_id", json!(0));
    shop.updated(&deleted.status("completed", "2026-03-05T10:00:09"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 1], [1, 1]));
    shop.end();
}

#[test]
fn a_deleted_product_is_shown_where_unknown_skus_are_ignored_too() {
    for first in ["on-hold", "pending"] {
        let shop = Shop::ignoring();
        let waiting = Order::new(8033)
            .line(1, PREMIUM)
            .unpaid()
            .with("/payment_method", json!("bacs"));
        // A bank transfer of which the order was heard before it was paid.
        shop.updated(&waiting.clone().status(first, "2026-03-02T10:00:01"));
        let paid = waiting
            .with("/line_items/0/sku", json!(""))
            .with("/line_items/0/product_id", json!(0));
        shop.updated(&paid.status("completed", "2026-03-05T10:00:09"));
        assert_eq!(shop.alive(), [0, 0]);
        if first == "on-hold" {
            assert_eq!(shop.attention("8033"), ["NOT_PLANNED"], "{first}");
        }
        shop.end();
    }
}

/// Deliveries run in batches, so that the state which still had the SKU may come last.
#[test]
fn a_deleted_product_is_shown_whichever_state_is_heard_first() {
    let shop = Shop::ignoring();
    let waiting = Order::new(8034)
        .line(1, PREMIUM)
        .unpaid()
        .status("on-hold", "2026-03-02T10:00:01");
    let paid = waiting
        .clone()
        .with("/line_items/0/sku", json!(null))
        .with("/line_items/0/product_id", json!(0))
        .status("completed", "2026-03-05T10:00:09");
    shop.updated(&paid);
    assert_eq!(
        shop.attention("8034"),
        Vec::<String>::new(),
        "none of ours, as far as is known"
    );
    shop.updated(&waiting);
    assert_eq!(shop.attention("8034"), ["NOT_PLANNED"]);
    assert_eq!(shop.alive(), [0, 0]);
    shop.end();
}

#[test]
fn saves_of_one_second_that_say_the_same_are_one_state() {
    let shop = Shop::new();
    let paid = Order::new(1930).line(1, PREMIUM);
    for number in 0..8 {
        // Each plugin leaves something behind.
        shop.queued("order.updated", &paid.clone().meta("_checked_by", json!(number)));
    }
    shop.0.settle();
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    assert_eq!(shop.attention("1930"), Vec::<String>::new());
    shop.end();
}
