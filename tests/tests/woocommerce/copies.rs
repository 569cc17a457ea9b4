//! The same secret at another host, and the parts that a marketplace makes of an order.

use reseller_hooks::webhook::Disposition;
use serde_json::json;

use super::bodies::{MAILBOX, Order, PREMIUM, Shop};

#[test]
fn a_copy_of_the_shop_buys_nothing_and_the_shop_does() {
    const COPY: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
    const LIVE: &str = "8d1f6a30-52c7-4e0b-9b64-17a3c5e0f2d9";
    for host in [
        "staging.shop.example.com",
        "shop.example.com.staging.example",
        "localhost:8080",
    ] {
        let shop = Shop::new();
        let order = |account: &str| {
            Order::new(2001)
                .line(501, PREMIUM)
                .meta("wix_account_id", json!(account))
        };
        assert_eq!(shop.updated(&order(COPY).at_host(host)), Disposition::Parked, "{host}");
        assert_eq!(shop.alive(), [0, 0], "{host}");
        let parked = shop.parked();
        let name = host.split(':').next().unwrap();
        assert!(
            parked[0].contains("it comes from") && parked[0].contains(name),
            "{parked:?}"
        );
        // Two hours later the live shop has an order of the same number, for another customer.
        shop.updated(&order(LIVE).status("processing", "2026-03-02T12:00:09"));
        let accounts: Vec<_> = shop
            .0
            .world
            .holdings()
            .into_iter()
            .map(|holding| holding.account)
            .collect();
        assert_eq!(accounts, [LIVE], "{host}");
        shop.end();
    }
}

#[test]
fn a_deletion_in_a_copy_of_the_shop_takes_nothing_back() {
    let shop = Shop::new();
    shop.updated(&Order::new(2001).line(501, PREMIUM));
    let deleted = shop.sent("order.deleted", r#"{"id": 2001}"#, "https://staging.shop.example.com/");
    assert_eq!(deleted, Disposition::Parked);
    shop.0.settle();
    assert_eq!(shop.on_site(), [1, 0]);
    shop.end();
}

/// The parent with both lines, and a suborder for each vendor.
fn marketplace(shop: &Shop) {
    shop.updated(&Order::new(3000).line(4501, PREMIUM).line(4502, MAILBOX));
    for (id, line, sku) in [(3001, 4503, PREMIUM), (3002, 4504, MAILBOX)] {
        let part = Order::new(id).line(line, sku).with("/parent_id", json!(3000));
        shop.told("order.created", &part.with("/created_via", json!("dokan")));
    }
}

#[test]
fn each_product_of_a_marketplace_is_bought_once_from_the_order() {
    let shop = Shop::new();
    marketplace(&shop);
    assert_eq!(shop.alive(), [1, 1]);
    assert_eq!(shop.attention("3000"), Vec::<String>::new());
    shop.end();
}

#[test]
fn each_product_of_a_marketplace_is_bought_once_from_its_parts() {
    let shop = Shop::with_defaults("suborders = \"only\"");
    marketplace(&shop);
    assert_eq!(shop.alive(), [1, 1]);
    assert_eq!(shop.attention("3001"), Vec::<String>::new());
    shop.end();
}

#[test]
fn a_part_of_an_order_that_comes_first_is_ignored() {
    let shop = Shop::new();
    let part = Order::new(3001).line(4503, PREMIUM).with("/parent_id", json!("3000"));
    assert_eq!(shop.told("order.created", &part), Disposition::Nothing);
    assert_eq!(shop.alive(), [0, 0]);
    shop.end();
}
