//! What plugins beside WooCommerce Subscriptions write into an order: renewals, deposits, and bundles of other makers.

use reseller_hooks::webhook::Disposition;
use serde_json::{Value, json};

use super::bodies::{MAILBOX, Order, PREMIUM, Shop};

fn paid() -> Order {
    Order::new(2400).line(5001, PREMIUM)
}

#[test]
fn renewals_of_other_plugins_buy_nothing() {
    let metas: [&[(&str, Value)]; 6] = [
        &[("is_a_renew", json!("yes")), ("subscriptions", json!([7]))],
        &[("is_a_renew", json!(true))],
        &[
            ("wps_sfw_renewal_order", json!("yes")),
            ("wps_sfw_subscription", json!(7)),
        ],
        // A list, as a plugin that renews several in one order writes it.
        &[("_subscription_renewal", json!([1801, 1802]))],
        &[("_subscription_renewal", json!("1801".repeat(20)))],
        &[
            ("_subscription_renewal", json!("1801")),
            ("_subscription_renewal", json!("1802")),
        ],
    ];
    for metas in metas {
        let shop = Shop::new();
        shop.updated(&paid());
        let renewal = metas
            .iter()
            .fold(Order::new(2401).line(5002, PREMIUM), |order, (key, value)| {
                order.meta(key, value.clone())
            });
        assert_eq!(shop.updated(&renewal), Disposition::Stored);
        assert_eq!(shop.alive(), [1, 0], "{metas:?}");
        assert_eq!(shop.attention("2401"), Vec::<String>::new(), "{metas:?}");
        shop.end();
    }
}

#[test]
fn a_first_order_that_a_plugin_marks_as_no_renewal_is_bought() {
    for (key, value) in [
        ("is_a_renew", json!("no")),
        ("is_a_renew", json!("")),
        ("wps_sfw_renewal_order", json!("no")),
        ("wps_sfw_subscription", json!(7)),
        ("_subscription_renewal", json!("")),
        ("_subscription_renewal", json!("0")),
        ("_subscription_renewal", json!(false)),
        ("_subscription_renewal", json!(null)),
        ("_subscription_renewal", json!([])),
    ] {
        let shop = Shop::new();
        shop.updated(&paid().meta(key, value.clone()));
        assert_eq!(shop.alive(), [1, 0], "{key}: {value}");
        shop.end();
    }
}

#[test]
fn a_deposit_buys_nothing_until_all_of_it_is_paid() {
    for status in [
        "partially-paid",
        "partial-payment",
        "wc-partially-paid",
        "pending-deposit",
    ] {
        let shop = Shop::new();
        // The date of payment is the deposit's.
        shop.updated(&paid().status(status, "2026-03-02T10:00:09"));
        assert_eq!(shop.alive(), [0, 0], "{status}");
        assert_eq!(shop.attention("2400"), Vec::<String>::new(), "{status}");
        shop.updated(&paid().status("completed", "2026-03-20T10:00:09"));
        assert_eq!(shop.alive(), [1, 0], "{status}");
        shop.end();
    }
}

#[test]
fn a_paid_status_of_which_only_the_deposit_came_needs_a_person() {
    for plugin in ["_wc_deposits", "_awcdp_deposits"] {
        let shop = Shop::new();
        let deposit = |second: &str| {
            paid()
                .meta(&format!("{plugin}_order_has_deposit"), json!("yes"))
                .meta(&format!("{plugin}_deposit_paid"), json!("yes"))
                .meta(&format!("{plugin}_second_payment_paid"), json!(second))
        };
        shop.updated(&deposit("no"));
        assert_eq!(shop.alive(), [0, 0], "{plugin}");
        assert_eq!(shop.attention("2400"), ["PAYMENT_UNCLEAR"], "{plugin}");
        shop.updated(&deposit("yes").status("processing", "2026-03-20T10:00:09"));
        assert_eq!(shop.alive(), [1, 0], "{plugin}");
        assert_eq!(shop.attention("2400"), Vec::<String>::new(), "{plugin}");
        shop.end();
    }
}

#[test]
fn the_order_of_a_remaining_payment_buys_nothing_more() {
    let shop = Shop::new();
    shop.updated(&paid().status("partial-payment", "2026-03-02T10:00:09"));
    let rest = json!([{"id": 1, "key": "_original_order_id", "value": "2400"}]);
    let remaining = Order::new(2402)
        .line(5003, PREMIUM)
        .with("/created_via", json!("wc_deposits"))
        .with("/line_items/0/meta_data", rest);
    shop.updated(&remaining.status("completed", "2026-03-20T10:00:00"));
    assert_eq!(shop.alive(), [0, 0]);
    shop.updated(&paid().status("completed", "2026-03-20T10:00:09"));
    assert_eq!(shop.alive(), [1, 0]);
    assert_eq!(shop.attention("2402"), Vec::<String>::new());
    shop.end();
}

/// A whole of product 80 with two parts, marked by a plugin.
fn bundle(whole: &str, mark: impl Fn(Order, usize) -> Order) -> Order {
    let order = Order::new(2410).line(1, whole).line(2, PREMIUM).line(3, MAILBOX);
    let order = order
        .with("/line_items/0/product_id", json!(80))
        .with("/line_items/1/product_id", json!(81))
        .with("/line_items/2/product_id", json!(82));
    mark(mark(order, 1), 2)
}

fn by_meta(key: &'static str, value: Value) -> impl Fn(Order, usize) -> Order {
    move |order, at| {
        let metas = json!([{"id": 1, "key": key, "value": value}]);
        order.with(&format!("/line_items/{at}/meta_data"), metas)
    }
}

#[test]
fn bundles_of_other_makers_buy_each_product_once() {
    // The whole is PREMIUM too, so that parts which are not seen as parts would be bought beside it.
    let shop = Shop::new();
    let marks: [Box<dyn Fn(Order, usize) -> Order>; 6] = [
        Box::new(by_meta("_woosb_parent_id", json!("80"))),
        Box::new(by_meta("_wooco_parent_id", json!(80))),
        Box::new(by_meta("_chained_product_of", json!("80"))),
        Box::new(|order, at| order.with(&format!("/line_items/{at}/mnm_child_of"), json!(1))),
        Box::new(|order, at| order.with(&format!("/line_items/{at}/composite_parent"), json!("1"))),
        Box::new(|order, at| order.with(&format!("/line_items/{at}/bundled_by"), json!(1))),
    ];
    for (at, mark) in marks.iter().enumerate() {
        let known = bundle(PREMIUM, mark).with("/id", json!(2410 + at));
        shop.updated(&known);
        assert_eq!(shop.alive(), [at + 1, 0], "mark {at}: the whole is in the catalog");
    }
    shop.end();
    let shop = Shop::new();
    for (at, mark) in marks.iter().enumerate() {
        let unknown = bundle("BUNDLE-START", mark).with("/id", json!(2410 + at));
        shop.updated(&unknown);
        assert_eq!(
            shop.alive(),
            [at + 1, at + 1],
            "mark {at}: the parts are in the catalog"
        );
    }
    shop.end();
}

#[test]
fn a_line_that_names_a_whole_which_is_not_there_is_bought() {
    let shop = Shop::new();
    let alone = Order::new(2420).line(1, PREMIUM);
    shop.updated(&by_meta("_woosb_parent_id", json!("999"))(alone, 0));
    assert_eq!(shop.alive(), [1, 0]);
    shop.end();
}
