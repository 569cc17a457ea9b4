//! Paid, not paid, paid once and open again.

use reseller_hooks::webhook::Disposition;
use serde_json::json;

use super::bodies::{MAILBOX, Order, PREMIUM, Shop};

#[test]
fn a_paid_order_that_is_reopened_and_grown_keeps_what_was_paid() {
    for open in ["pending", "on-hold"] {
        let shop = Shop::new();
        let paid = Order::new(1900).line(4201, PREMIUM);
        shop.updated(&paid);
        let grown = paid.clone().line(4202, MAILBOX);
        shop.updated(&grown.clone().status(open, "2026-03-02T11:30:00"));
        assert_eq!(
            (shop.alive(), shop.on_site()),
            ([1, 0], [1, 0]),
            "{open}: the new line waits"
        );
        assert_eq!(shop.attention("1900"), Vec::<String>::new(), "{open}");
        shop.updated(&grown.status("processing", "2026-03-02T12:00:00"));
        assert_eq!(shop.on_site(), [1, 1], "{open}: it is paid now");
        shop.end();
    }
}

#[test]
fn more_units_of_a_reopened_line_wait_for_their_payment() {
    let shop = Shop::new();
    let paid = Order::new(1900).line(4201, PREMIUM);
    shop.updated(&paid);
    let more = paid.with("/line_items/0/quantity", json!(3));
    shop.updated(&more.clone().status("on-hold", "2026-03-02T11:30:00"));
    assert_eq!(shop.alive(), [1, 0]);
    shop.updated(&more.status("completed", "2026-03-02T12:00:00"));
    assert_eq!(shop.alive(), [3, 0]);
    shop.end();
}

#[test]
fn an_unpaid_edit_to_another_plan_buys_and_takes_back_nothing() {
    let shop = Shop::new();
    let paid = Order::new(1900).line(4201, PREMIUM);
    shop.updated(&paid);
    let edited = paid.with("/line_items/0/sku", json!(MAILBOX));
    shop.updated(&edited.status("pending", "2026-03-02T11:30:00"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    shop.end();
}

#[test]
fn a_date_of_payment_is_history_and_buys_nothing() {
    for status in ["pending", "on-hold", "checkout-draft", "partially-paid", "deposit-paid"] {
        let shop = Shop::new();
        shop.updated(&Order::new(1900).line(1, PREMIUM).status(status, "2026-03-02T10:00:09"));
        assert_eq!(shop.alive(), [0, 0], "{status}");
        shop.updated(
            &Order::new(1900)
                .line(1, PREMIUM)
                .status("processing", "2026-03-02T10:30:00"),
        );
        assert_eq!(shop.alive(), [1, 0], "{status}, then paid");
        shop.end();
    }
}

#[test]
fn cash_on_delivery_is_bought_when_the_order_is_completed() {
    let shop = Shop::new();
    let cash = Order::new(1900).line(1, PREMIUM).with("/payment_method", json!("cod"));
    shop.updated(&cash);
    assert_eq!(shop.alive(), [0, 0], "processing, with a date of payment");
    shop.updated(&cash.clone().status("on-hold", "2026-03-02T10:10:00"));
    assert_eq!(shop.alive(), [0, 0]);
    shop.updated(&cash.status("completed", "2026-03-05T10:00:00"));
    assert_eq!(shop.alive(), [1, 0]);
    shop.end();
}

#[test]
fn a_status_of_a_plugin_is_paid_only_where_the_reseller_says_so() {
    let packed = Order::new(1900)
        .line(1, PREMIUM)
        .status("packed", "2026-03-02T10:00:09");
    let shop = Shop::new();
    shop.updated(&packed);
    assert_eq!(shop.alive(), [0, 0], "nobody knows what it means");
    let named = Shop::with_defaults("paid_statuses = [\"wc-packed\"]");
    named.updated(&packed);
    assert_eq!(named.on_site(), [1, 0]);
    named.end();
}

#[test]
fn an_order_that_needs_payment_is_not_bought_whatever_its_status() {
    let shop = Shop::new();
    let order = Order::new(1900).line(1, PREMIUM).with("/needs_payment", json!(true));
    assert_eq!(shop.updated(&order), Disposition::Stored);
    assert_eq!(shop.alive(), [0, 0]);
    shop.end();
}

#[test]
fn a_failed_payment_takes_off_the_site_and_a_later_one_puts_back() {
    let shop = Shop::new();
    let paid = Order::new(1900).line(1, PREMIUM);
    shop.updated(&paid);
    shop.updated(&paid.clone().status("failed", "2026-03-03T10:00:00"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [0, 0]));
    shop.updated(&paid.status("processing", "2026-03-04T10:00:00"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    shop.end();
}

#[test]
fn a_status_of_a_plugin_keeps_what_was_bought_and_buys_no_more() {
    let shop = Shop::new();
    let paid = Order::new(1900).line(1, PREMIUM);
    shop.updated(&paid);
    shop.updated(&paid.clone().line(2, MAILBOX).status("packed", "2026-03-02T12:00:00"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    shop.end();
}
