//! What was given back: all, an amount that names no line, and a refund that was deleted.

use super::bodies::{MAILBOX, Order, PREMIUM, Shop};

#[test]
fn refunded_in_full_and_waiting_for_a_payment_is_off_its_site() {
    let shop = Shop::new();
    let paid = Order::new(1970).line(4901, PREMIUM);
    shop.updated(&paid);
    assert_eq!(shop.on_site(), [1, 0]);
    let refunded = paid.refunds(&[(1971, "-80.00")]);
    shop.updated(&refunded.clone().status("refunded", "2026-03-03T10:00:00"));
    assert_eq!(shop.on_site(), [0, 0]);
    shop.updated(&refunded.status("pending", "2026-03-03T11:00:00"));
    assert_eq!(
        (shop.alive(), shop.on_site()),
        ([1, 0], [0, 0]),
        "nothing was paid again"
    );
    shop.end();
}

#[test]
fn a_paid_order_of_which_all_is_refunded_waits_for_a_person() {
    for amounts in [["-30.00", "-50.00"], ["-79.99", "-0.01"]] {
        let shop = Shop::new();
        let paid = Order::new(1970).line(4901, PREMIUM);
        shop.updated(&paid);
        // The shop says paid and given back in one: nobody can see whether it was paid once more.
        let refunded = paid.refunds(&[(1971, amounts[0]), (1972, amounts[1])]);
        shop.updated(&refunded.status("processing", "2026-03-03T10:00:00"));
        assert_eq!(shop.alive(), [1, 0], "{amounts:?}");
        shop.end();
    }
}

#[test]
fn an_order_first_heard_with_a_refund_waits_for_a_person() {
    let shop = Shop::new();
    let order = Order::new(8021).line(1, PREMIUM).line(2, MAILBOX);
    let order = order.with("/total", serde_json::json!("120.00"));
    shop.updated(&order.refunds(&[(8022, "-80.00")]));
    assert_eq!(shop.alive(), [0, 0], "nobody knows what was given back");
    assert_ne!(shop.attention("8021"), Vec::<String>::new());
    shop.end();
}

#[test]
fn an_order_first_heard_with_all_of_it_refunded_buys_nothing() {
    let shop = Shop::new();
    shop.updated(&Order::new(8023).line(3, PREMIUM).refunds(&[(8024, "-80.00")]));
    assert_eq!(shop.alive(), [0, 0]);
    assert_eq!(shop.attention("8023"), Vec::<String>::new());
    shop.end();
}

#[test]
fn a_refund_that_was_deleted_counts_no_more() {
    let shop = Shop::new();
    let paid = Order::new(1970).line(1, PREMIUM);
    shop.updated(&paid.clone().refunds(&[(1971, "-20.00")]));
    assert_eq!(shop.alive(), [0, 0]);
    shop.updated(&paid.status("processing", "2026-03-03T10:00:00"));
    assert_eq!(shop.on_site(), [1, 0]);
    assert_eq!(shop.attention("1970"), Vec::<String>::new());
    shop.end();
}

#[test]
fn a_partial_refund_keeps_what_was_bought_and_tells_a_person() {
    let shop = Shop::new();
    let paid = Order::new(1970).line(1, PREMIUM);
    shop.updated(&paid);
    shop.updated(
        &paid
            .refunds(&[(1971, "-20.00")])
            .status("processing", "2026-03-03T10:00:00"),
    );
    assert_eq!(shop.on_site(), [1, 0]);
    assert_ne!(shop.attention("1970"), Vec::<String>::new());
    shop.end();
}
