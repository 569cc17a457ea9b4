//! What would be done for an order and bought: asked, and never done.

use reseller::Exit;
use serde_json::Value;

use super::questions::refused;
use super::shop::{Ran, Shop, sample};

const KEY: &str = "shopify/9007199254740993";

fn of_event(shop: &Shop, file: &str, more: &[&str]) -> Ran {
    let file = sample(file);
    let words = [
        "order",
        "plan",
        "--event",
        file.to_str().unwrap(),
        "--storefront",
        "shopify",
    ];
    shop.types(&[&words[..], more].concat())
}

/// Neither Wix nor the ledger has noticed anything.
fn untouched(shop: &Shop) {
    assert_eq!(shop.created(), 0);
    assert_eq!(shop.types(&["order", "list"]).done().out, "");
}

#[test]
fn a_delivery_is_planned_as_it_would_be_bought_and_nothing_is_written() {
    let shop = Shop::new();
    let ran = of_event(&shop, "shopify/orders_paid.json", &[]).done();
    for part in [
        "shopify/9007199254740993  (the ledger does not have it)",
        "By itself: 3 products would be bought and 3 free extras",
        "next: Query Packages for b1, before anything is bought",
        "PREMIUM-1Y: looked up at Wix",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(ran.err, "nothing was written, and nobody was called\n");
    untouched(&shop);
    // The same order, really: what was said is what is bought.
    shop.sells("shopify/orders_paid.json", "orders/paid");
    assert_eq!(shop.created(), 2);
    let planned = shop.types(&["order", "plan", KEY, "-o", "json"]).done().json();
    assert_eq!(planned["by_itself"]["buys"], 0, "{planned:#}");
    assert_eq!(planned["if_retried"], Value::Null);
}

#[test]
fn what_would_come_of_a_test_order_or_of_nonsense_is_said() {
    let shop = Shop::new();
    let ran = of_event(&shop, "shopify/orders_paid_test_order.json", &[]).done();
    assert_eq!(ran.out, "nothing would be done: a test order\n");
    let odd = shop.file("odd.json");
    std::fs::write(&odd, "{}").unwrap();
    let ran = of_event(&shop, odd.to_str().unwrap(), &[]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(
        ran.err.contains("it would be parked") && ran.err.contains("--topic"),
        "{}",
        ran.err
    );
    let ran = shop.types(&["order", "plan", "shopify/1"]);
    assert_eq!(ran.exit, Exit::NotFound);
    assert_eq!(shop.types(&["order", "plan"]).exit, Exit::Usage);
    untouched(&shop);
}

// The question of somebody who has corrected the catalog and not deployed it yet.
#[test]
fn an_order_with_an_unknown_sku_is_planned_from_the_catalog_that_is_to_be() {
    let shop = Shop::new();
    let deployed = std::fs::read_to_string(shop.file("catalog.toml")).unwrap();
    let without = deployed.replace("\"PREMIUM-1Y\"", "\"PREMIUM-0Y\"");
    shop.write_catalog(&without);
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let ran = shop.types(&["order", "plan", KEY]).done();
    assert!(ran.out.contains("By itself: nothing would be bought"), "{}", ran.out);
    assert!(!ran.out.contains("If it is retried"), "{}", ran.out);
    let corrected = shop.file("corrected.toml");
    std::fs::write(&corrected, deployed).unwrap();
    let words = ["order", "plan", KEY, "--catalog", corrected.to_str().unwrap()];
    let ran = shop.types(&words).done();
    assert!(
        ran.out.contains("If it is released: 3 products would be bought"),
        "{}",
        ran.out
    );
    assert_eq!(shop.created(), 0);
    std::fs::write(&corrected, "[defaults]\ncolor = \"red\"\n").unwrap();
    let ran = shop.types(&words);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("color"), "{}", ran.err);
}

#[test]
fn a_refused_order_says_what_a_retry_would_do_before_anybody_does_it() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let calls = |shop: &Shop| shop.types(&["order", "show", KEY, "--record"]).done().json()["rev"].clone();
    let before = calls(&shop);
    let planned = shop.types(&["order", "plan", KEY, "-o", "json"]).done().json();
    assert_eq!(planned["by_itself"]["buys"], 0, "{planned:#}");
    assert_eq!(planned["if_retried"]["buys"], 3, "{planned:#}");
    assert_eq!(calls(&shop), before, "nothing is written");
    assert_eq!(shop.created(), 0);
}

#[test]
fn packages_are_shown_as_wix_has_them_and_nothing_is_changed() {
    let shop = Shop::new();
    assert_eq!(shop.types(&["packages", "query"]).done().out, "");
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let all = shop.types(&["packages", "query", "-o", "json"]).done().json();
    let packages = all["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 2, "{all:#}");
    let id = packages[0]["id"].as_str().unwrap();
    // The order names an account: the reseller's own does not see it by Get, and a query knows whose it is.
    let one = shop.types(&["packages", "get", id]).done().out;
    assert!(one.contains(id) && one.contains(", on site 918aa943"), "{one}");
    let external = packages[0]["externalId"].as_str().unwrap();
    let found = shop.types(&["packages", "query", "--external-id", external]).done().out;
    assert!(found.contains(id), "{found}");
    let page = shop.types(&["packages", "query", "--limit", "1"]).done();
    let cursor = page.err.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(page.err.contains("--cursor"), "{}", page.err);
    let next = shop
        .types(&["packages", "query", "--limit", "1", "--cursor", &cursor])
        .done();
    assert_ne!(page.out, next.out);
    let other = "00000000-0000-4000-8000-000000000009";
    let ran = shop.types(&["packages", "get", other]);
    assert_eq!(ran.exit, Exit::NotFound, "{}", ran.err);
    assert!(ran.err.contains("packages query"), "{}", ran.err);
    assert_eq!(shop.types(&["packages", "get", "mine"]).exit, Exit::Usage);
    shop.types(&["pause", "--reason", "a test"]).done();
    let ran = shop.types(&["packages", "query"]);
    assert_eq!(ran.exit, Exit::Stopped, "who pauses pauses every call: {}", ran.err);
    assert_eq!(shop.created(), 2);
}

/// What a shop's own API gives: three orders, of which one was never delivered and one has changed since.
fn exported(shop: &Shop) -> String {
    let sold = std::fs::read_to_string(sample("shopify/orders_paid.json")).unwrap();
    let other = |number: u32| {
        sold.replace("9007199254740993", &format!("900719925474200{number}"))
            .replace("918aa943", &format!("918aa95{number}"))
    };
    let delivery = shop.file("delivery.json");
    for body in [&sold, &other(1)] {
        std::fs::write(&delivery, body).unwrap();
        let file = delivery.to_str().unwrap();
        let topic = "orders/paid";
        let send = ["send", file, "--storefront", "shopify", "--topic", topic, "--as-it-is"];
        shop.types(&send).done();
    }
    shop.works();
    // An old order is looked up before it is bought.
    shop.sweeps();
    let changed = other(1).replace("2026-03-02T09:14:09-05:00", "2027-03-02T09:14:09-05:00");
    let changed = changed.replace("\"current_quantity\": 3", "\"current_quantity\": 2");
    assert_ne!(changed, other(1));
    let test = std::fs::read_to_string(sample("shopify/orders_paid_test_order.json")).unwrap();
    format!(
        r#"{{ "orders": [{sold}, {changed}, {}, {test}, {{ "id": 1 }}] }}"#,
        other(2)
    )
}

#[test]
fn exported_orders_are_compared_and_what_was_missed_is_delivered_once() {
    let shop = Shop::new();
    let file = shop.file("export.json");
    let text = exported(&shop);
    std::fs::write(&file, text).unwrap();
    let words = ["import", file.to_str().unwrap(), "--storefront", "shopify"];
    let created = shop.created();
    let dry = shop.types(&words).done();
    for part in [
        "5 orders\n",
        "     1  newer than heard:",
        "     1  never heard of\n",
        "     1  nothing for us\n",
        "     1  not understood",
    ] {
        assert!(dry.out.contains(part), "{part}: {}", dry.out);
    }
    assert!(
        dry.err.contains("nothing was delivered: repeat it with --deliver"),
        "{}",
        dry.err
    );
    assert_eq!(shop.created(), created);

    let deliver = [&words[..], &["--deliver"]].concat();
    assert_eq!(
        shop.types(&deliver).exit,
        Exit::Declined,
        "in a pipe nobody can be asked"
    );
    let few = [&deliver[..], &["--yes", "--max", "1"]].concat();
    assert_eq!(shop.types(&few).exit, Exit::Usage);
    let ran = shop
        .types(&[&deliver[..], &["--yes", "-o", "json"]].concat())
        .done()
        .json();
    assert_eq!(ran["delivered"], 2, "{ran:#}");
    shop.works();
    // An old order is looked up before it is bought: on a busy machine that takes more than one permit.
    shop.sweeps();
    assert_eq!(shop.created(), created + 2, "the missed order and its free extras");
    let again = shop.types(&[&deliver[..], &["--yes"]].concat()).done();
    assert!(again.out.contains("     3  heard of\n"), "{}", again.out);
    assert!(!again.out.contains("delivered now"), "{}", again.out);
}

/// Its bodies name their shop's host, which only the secret can tell from a copy's; here nobody has signed them. None was
/// understood, so that the documented command found nothing.
#[test]
fn exported_orders_of_woocommerce_are_understood() {
    let shop = Shop::new();
    let file = sample("woocommerce/order_updated_processing.json");
    let ran = shop
        .types(&["import", file.to_str().unwrap(), "--storefront", "woocommerce"])
        .done();
    assert!(ran.out.contains("     1  never heard of\n"), "{}", ran.out);
    let words = ["order", "plan", "--event", file.to_str().unwrap()];
    let ran = shop
        .types(&[&words[..], &["--storefront", "woocommerce"]].concat())
        .done();
    assert!(!ran.out.contains("not understood"), "{}", ran.out);
}

#[test]
fn nothing_of_wix_is_imported_because_nobody_else_can_sign_it() {
    let shop = Shop::new();
    let file = sample("wix/order_payment_status_updated_paid.json");
    let words = ["import", file.to_str().unwrap(), "--storefront", "wix"];
    let ran = shop.types(&words);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("--shop"), "{}", ran.err);
    let words = [&words[..], &["--shop", "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"]].concat();
    assert!(shop.types(&words).done().out.contains("never heard of"));
    let ran = shop.types(&[&words[..], &["--deliver", "--yes"]].concat());
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("such as by a note"), "{}", ran.err);
    assert_eq!(
        shop.types(&["import", "/nowhere.json", "--storefront", "wix"]).exit,
        Exit::NotFound
    );
}
