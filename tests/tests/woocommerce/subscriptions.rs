//! WooCommerce Subscriptions: bought once, renewed without a purchase, ended with the subscription.

use reseller_hooks::webhook::Disposition;
use serde_json::json;

use super::bodies::{MAILBOX, Order, PREMIUM, Shop, subscription};

const BOUGHT: u64 = 1950;

/// A shop whose order 1950 began subscription 1951.
fn begun() -> Shop {
    let shop = Shop::new();
    shop.updated(
        &Order::new(BOUGHT)
            .line(4701, PREMIUM)
            .status("completed", "2026-03-02T10:00:09"),
    );
    let active = subscription(1951, BOUGHT, "active", "2026-03-02T10:00:10", &[PREMIUM]);
    assert_eq!(shop.told("subscription.created", &active), Disposition::Stored);
    assert_eq!(shop.on_site(), [1, 0]);
    shop
}

fn renewal(id: u64, value: serde_json::Value) -> Order {
    Order::new(id)
        .line(4190, PREMIUM)
        .with("/created_via", json!("subscription"))
        .with("/date_created_gmt", json!("2026-04-02T10:00:00"))
        .status("processing", "2026-04-02T10:00:09")
        .meta("_subscription_renewal", value)
}

#[test]
fn a_resubscription_and_a_first_order_of_the_admin_are_bought() {
    let shop = Shop::new();
    let made_by_admin = Order::new(1860)
        .line(1, PREMIUM)
        .with("/created_via", json!("subscription"));
    shop.updated(&made_by_admin);
    let again = Order::new(1861)
        .line(2, PREMIUM)
        .meta("_subscription_resubscribe", json!("1801"));
    shop.updated(&again.with("/created_via", json!("subscription")));
    assert_eq!(shop.alive(), [2, 0]);
    shop.end();
}

#[test]
fn a_switch_of_plan_buys_nothing_and_tells_a_person() {
    let shop = begun();
    let switch = Order::new(1870)
        .line(1, MAILBOX)
        .meta("_subscription_switch", json!("1951"));
    shop.updated(&switch);
    assert_eq!(shop.alive(), [1, 0]);
    assert_eq!(shop.attention("1870"), ["PLAN_CHANGED"]);
    let advice = shop.advice("1870");
    assert!(
        advice.contains("Order 1870") && advice.contains("subscription 1951"),
        "{advice}"
    );
    shop.end();
}

#[test]
fn a_subscription_that_ends_takes_its_product_back() {
    for status in ["cancelled", "expired", "trash"] {
        let shop = begun();
        let over = subscription(1951, BOUGHT, status, "2026-05-02T10:00:00", &[PREMIUM]);
        shop.told("subscription.updated", &over);
        assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [0, 0]), "{status}");
        assert_eq!(shop.attention("1950"), Vec::<String>::new(), "{status}");
        shop.end();
    }
}

#[test]
fn a_subscription_without_lines_ends_its_first_order() {
    let shop = begun();
    shop.told(
        "subscription.updated",
        &subscription(1951, BOUGHT, "cancelled", "2026-05-02T10:00:00", &[]),
    );
    assert_eq!(shop.on_site(), [0, 0]);
    shop.end();
}

#[test]
fn an_end_takes_back_its_own_products_only() {
    let shop = Shop::new();
    shop.updated(&Order::new(BOUGHT).line(1, PREMIUM).line(2, MAILBOX));
    let over = subscription(1951, BOUGHT, "cancelled", "2026-05-02T10:00:00", &[PREMIUM]);
    shop.told("subscription.updated", &over);
    assert_eq!(shop.on_site(), [0, 1]);
    shop.end();
}

#[test]
fn a_subscription_that_is_overdue_or_ends_later_keeps_its_product() {
    for status in ["on-hold", "pending-cancel", "pending", "of-a-plugin"] {
        let shop = begun();
        let waiting = subscription(1951, BOUGHT, status, "2026-04-02T10:00:00", &[PREMIUM]);
        shop.told("subscription.updated", &waiting);
        assert_eq!(shop.on_site(), [1, 0], "{status}");
        assert_eq!(shop.attention("1950"), Vec::<String>::new(), "{status}");
        shop.end();
    }
}

#[test]
fn a_canceled_subscription_that_is_active_again_has_its_product_again() {
    let shop = begun();
    let told = |status, modified| {
        shop.told(
            "subscription.updated",
            &subscription(1951, BOUGHT, status, modified, &[PREMIUM]),
        );
    };
    told("cancelled", "2026-05-02T10:00:00");
    told("active", "2026-05-03T10:00:00");
    // An older delivery that comes late changes nothing.
    told("cancelled", "2026-05-02T10:00:00");
    assert_eq!(
        (shop.alive(), shop.on_site()),
        ([1, 0], [1, 0]),
        "bought once, and assigned again"
    );
    shop.end();
}

#[test]
fn an_end_that_comes_before_its_order_still_counts() {
    let shop = Shop::new();
    let over = subscription(1951, BOUGHT, "expired", "2026-05-02T10:00:00", &[PREMIUM]);
    shop.told("subscription.updated", &over);
    shop.updated(&Order::new(BOUGHT).line(4701, PREMIUM));
    assert_eq!(shop.alive(), [0, 0]);
    shop.end();
}

#[test]
fn a_renewal_order_buys_nothing() {
    let shop = Shop::new();
    shop.updated(&Order::new(1800).line(4101, PREMIUM));
    for (id, value) in [(1850, json!("1801")), (1851, json!(1801)), (1852, json!("1801"))] {
        let order = renewal(id, value).meta("_subscription_renewal_early", json!("1801"));
        assert_eq!(shop.updated(&order), Disposition::Stored);
        shop.updated(&order.status("completed", "2026-04-02T10:05:00"));
    }
    assert_eq!(shop.alive(), [1, 0], "Wix renews the package by itself");
    shop.end();
}

/// Two lines of one SKU, of two variations of one product, each with a subscription of its own.
fn two_of_one_sku() -> (Shop, impl Fn(u64, u64, &str, &str) -> Order) {
    let shop = Shop::new();
    let order = Order::new(BOUGHT).line(1, PREMIUM).line(2, PREMIUM);
    let order = order
        .with("/line_items/0/variation_id", json!(101))
        .with("/line_items/1/variation_id", json!(102));
    shop.updated(&order);
    assert_eq!((shop.alive(), shop.on_site()), ([2, 0], [2, 0]));
    let state = |id, variation, status: &str, modified: &str| {
        let state = subscription(id, BOUGHT, status, modified, &[PREMIUM]);
        state.with("/line_items/0/variation_id", json!(variation))
    };
    (shop, state)
}

#[test]
fn of_two_subscriptions_with_one_sku_each_ends_its_own_line() {
    let (shop, state) = two_of_one_sku();
    shop.told(
        "subscription.updated",
        &state(1951, 101, "cancelled", "2026-05-02T10:00:00"),
    );
    assert_eq!(shop.on_site(), [1, 0]);
    shop.told(
        "subscription.updated",
        &state(1952, 102, "active", "2026-05-02T11:00:00"),
    );
    assert_eq!(shop.on_site(), [1, 0]);
    shop.told(
        "subscription.updated",
        &state(1952, 102, "expired", "2026-06-02T11:00:00"),
    );
    assert_eq!(shop.on_site(), [0, 0]);
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();
}

/// One product in two lines, as it is sold for two sites: a subscription with both units gives both back, and of one with a
/// single unit nobody knows which it was.
#[test]
fn an_end_of_fewer_units_than_its_lines_have_needs_a_person() {
    let one = |id, status: &str, modified: &str| subscription(id, BOUGHT, status, modified, &[PREMIUM]);
    let both = |status: &str, modified: &str| subscription(1951, BOUGHT, status, modified, &[PREMIUM, PREMIUM]);
    let sold = || {
        let shop = Shop::new();
        shop.updated(&Order::new(BOUGHT).line(1, PREMIUM).line(2, PREMIUM));
        assert_eq!(shop.on_site(), [2, 0]);
        shop
    };
    let shop = sold();
    shop.told("subscription.updated", &both("cancelled", "2026-05-02T10:00:00"));
    assert_eq!(shop.on_site(), [0, 0]);
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();

    let shop = sold();
    shop.told("subscription.updated", &one(1951, "cancelled", "2026-05-02T10:00:00"));
    assert_eq!(shop.on_site(), [2, 0], "the customer goes on paying for one of them");
    assert_eq!(shop.attention("1950"), ["END_UNCLEAR"]);
    assert!(
        shop.advice("1950").contains("more lines of the order fit"),
        "{}",
        shop.advice("1950")
    );
    shop.told("subscription.updated", &one(1951, "active", "2026-05-02T11:00:00"));
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();

    // Units that were taken off one line leave no doubt which line it is.
    let shop = Shop::new();
    let three = Order::new(BOUGHT)
        .line(1, PREMIUM)
        .with("/line_items/0/quantity", json!(3));
    shop.updated(&three);
    shop.told("subscription.updated", &one(1951, "cancelled", "2026-05-02T10:00:00"));
    assert_eq!(shop.on_site(), [0, 0]);
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();
}

#[test]
fn an_sku_that_was_renamed_after_the_sale_still_ends_its_line() {
    let shop = begun();
    let renamed = subscription(1951, BOUGHT, "cancelled", "2026-05-02T10:00:00", &["PREMIUM-2027"]);
    shop.told("subscription.updated", &renamed);
    assert_eq!(shop.on_site(), [0, 0]);
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();
}

#[test]
fn an_end_of_something_that_the_order_has_not_is_shown_and_takes_nothing_back() {
    for (sku, product) in [(json!("OTHER"), json!(77)), (json!(null), json!(0))] {
        let shop = begun();
        let strange = subscription(1951, BOUGHT, "cancelled", "2026-05-02T10:00:00", &["OTHER"]);
        let strange = strange
            .with("/line_items/0/sku", sku)
            .with("/line_items/0/product_id", product);
        shop.told("subscription.updated", &strange);
        assert_eq!(shop.on_site(), [1, 0]);
        assert_eq!(shop.attention("1950"), ["END_UNCLEAR"]);
        shop.end();
    }
}

#[test]
fn a_subscription_over_and_alive_in_one_second_waits_and_is_shown() {
    let shop = begun();
    let state = |status, at| subscription(1951, BOUGHT, status, at, &[PREMIUM]);
    shop.told("subscription.updated", &state("cancelled", "2026-05-02T10:00:00"));
    shop.told("subscription.updated", &state("active", "2026-05-02T10:00:00"));
    assert_eq!(shop.attention("1950"), ["STATES_DISAGREE"]);
    // A newer state settles it.
    shop.told("subscription.updated", &state("active", "2026-05-02T10:00:01"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();
}

#[test]
fn an_order_paid_after_its_subscription_was_over_buys_nothing_and_is_shown() {
    for status in ["cancelled", "expired"] {
        let shop = Shop::new();
        let order = Order::new(BOUGHT).line(4701, PREMIUM);
        shop.updated(&order.clone().unpaid().status("on-hold", "2026-03-02T10:00:01"));
        let over = subscription(1951, BOUGHT, status, "2026-03-05T10:00:00", &[PREMIUM]);
        shop.told("subscription.updated", &over);
        assert_eq!(shop.attention("1950"), Vec::<String>::new(), "{status}");
        shop.updated(&order.status("processing", "2026-03-09T10:00:00"));
        assert_eq!(shop.alive(), [0, 0], "{status}");
        assert_eq!(shop.attention("1950"), ["PAID_AFTER_END"], "{status}");
        shop.end();
    }
}

#[test]
fn the_end_of_a_trial_of_which_nothing_was_paid_takes_it_back() {
    let shop = Shop::new();
    let free = Order::new(BOUGHT)
        .line(1, PREMIUM)
        .with("/total", json!("0.00"))
        .with("/line_items/0/total", json!("0.00"));
    shop.updated(&free.status("completed", "2026-03-02T10:00:09"));
    assert_eq!(shop.on_site(), [1, 0]);
    let trial = subscription(1951, BOUGHT, "cancelled", "2026-03-16T10:00:00", &[PREMIUM]);
    shop.told(
        "subscription.updated",
        &trial.with("/trial_end_date_gmt", json!("2026-03-16T10:00:00")),
    );
    assert_eq!(shop.on_site(), [0, 0]);
    assert_eq!(shop.attention("1950"), Vec::<String>::new());
    shop.end();
}

#[test]
fn a_subscription_that_was_edited_to_have_more_is_shown_at_its_first_order() {
    let edited =
        |edit: &dyn Fn(Order) -> Order| edit(subscription(1951, BOUGHT, "active", "2026-03-20T10:00:00", &[PREMIUM]));
    let more = edited(&|order| order.with("/line_items/0/quantity", json!(3)));
    let other = edited(&|order| {
        order
            .with("/line_items/0/sku", json!(MAILBOX))
            .with("/line_items/0/product_id", json!(94))
    });
    for changed in [more, other] {
        let shop = begun();
        assert_eq!(shop.attention("1950"), Vec::<String>::new());
        shop.told("subscription.updated", &changed);
        assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
        assert_eq!(shop.attention("1950"), ["SUBSCRIPTION_CHANGED"]);
        // As it was again, nobody has to look.
        let back = subscription(1951, BOUGHT, "active", "2026-03-21T10:00:00", &[PREMIUM]);
        shop.told("subscription.updated", &back);
        assert_eq!(shop.attention("1950"), Vec::<String>::new());
        shop.end();
    }
}
