//! What waits in the queues that only a person empties.

use reseller::Exit;
use serde_json::json;

use super::shop::{Shop, sample};

/// Something is parked: a body that is signed and that nobody understands.
fn with_something_parked() -> Shop {
    let shop = Shop::new();
    let file = shop.file("odd.json");
    std::fs::write(&file, r#"{ "id": "not a number", "email": "buyer@example.com" }"#).unwrap();
    let send = [
        "send",
        file.to_str().unwrap(),
        "--storefront",
        "shopify",
        "--topic",
        "orders/paid",
    ];
    shop.types(&send).done();
    shop
}

#[test]
fn a_parked_delivery_is_listed_written_to_a_file_and_deleted() {
    let shop = with_something_parked();
    let listed = shop.types(&["parked", "list", "-o", "json"]).done().json();
    let delivery = &listed["deliveries"][0];
    assert_eq!(
        (&delivery["storefront"], &delivery["whole"]),
        (&json!("shopify"), &json!(true))
    );
    let id = delivery["id"].as_str().unwrap().to_owned();
    assert!(shop.types(&["parked", "list"]).done().out.contains(&id));

    let to = shop.file("parked.txt");
    let show = ["parked", "show", &id, "--to", to.to_str().unwrap()];
    let shown = shop.types(&show).done();
    assert!(
        !shown.out.contains("buyer") && !shown.err.contains("buyer"),
        "bodies go into the file only"
    );
    let text = std::fs::read_to_string(&to).unwrap();
    assert!(
        text.contains("x-shopify-topic: orders/paid") && text.contains("buyer@example.com"),
        "{text}"
    );
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(
        shop.types(&show).exit,
        Exit::Failed,
        "a file that is there is not written over"
    );

    // In a pipe nobody can be asked.
    assert_eq!(shop.types(&["parked", "delete", &id]).exit, Exit::Declined);
    shop.types(&["parked", "delete", &id, "--dry-run"]).done();
    assert!(shop.types(&["parked", "list"]).done().out.contains(&id));
    shop.types(&["parked", "delete", &id, "--yes"]).done();
    assert_eq!(shop.types(&["parked", "list"]).done().err, "nothing is parked\n");
    assert_eq!(shop.types(&["parked", "delete", &id, "--yes"]).exit, Exit::NotFound);
}

/// The code does not understand it yet: it stays, and is not parked once more. Then what the catalog says makes sense of it.
#[test]
fn a_parked_delivery_is_delivered_again_and_stays_until_it_is_understood() {
    let shop = with_something_parked();
    let listed = shop.types(&["parked", "list", "-o", "json"]).done().json();
    let id = listed["deliveries"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.types(&["parked", "requeue", &id]).exit, Exit::Declined);
    shop.types(&["parked", "requeue", &id, "--dry-run"]).done();
    let again = shop.types(&["parked", "requeue", &id, "--yes"]);
    assert_eq!(again.exit, Exit::Failed);
    assert!(again.err.contains("stays parked (parked)"), "{}", again.err);
    let after = shop.types(&["parked", "list", "-o", "json"]).done().json();
    assert_eq!(after, listed);
    assert_eq!(shop.types(&["parked", "requeue", "8f5c", "--yes"]).exit, Exit::NotFound);
}

// The alarms look at what is visible: the one who looks gives back.
#[test]
fn looking_at_a_queue_leaves_it_as_it_was() {
    let shop = with_something_parked();
    let queues = |shop: &Shop| shop.types(&["status", "-o", "json"]).done().json()["queues"].clone();
    let before = queues(&shop);
    shop.types(&["parked", "list"]).done();
    assert_eq!(queues(&shop), before);
    let status = shop.types(&["status"]).done().out;
    assert!(
        status.contains("!!  1 message parked") && status.contains("reseller parked list"),
        "{status}"
    );
}

#[test]
fn a_dead_letter_is_listed_shown_and_given_back_to_its_worker() {
    let shop = Shop::new();
    let paid = sample("shopify/orders_paid.json");
    let send = [
        "send",
        paid.to_str().unwrap(),
        "--storefront",
        "shopify",
        "--topic",
        "orders/paid",
    ];
    shop.types(&send).done();
    assert_eq!(
        shop.types(&["dead", "requeue", "--yes"]).done().err,
        "there are no dead letters\n"
    );
    shop.dies("order-paid");
    let key = "shopify/9007199254740993";
    let listed = shop.types(&["dead", "list"]).done();
    assert!(listed.out.contains(key), "{}", listed.out);
    let shown = shop.types(&["dead", "show", key]).done().json();
    assert_eq!(shown["events"][0]["key"], key);
    assert_eq!(shop.types(&["dead", "show", "shopify/7"]).exit, Exit::NotFound);
    assert_eq!(shop.types(&["dead", "requeue"]).exit, Exit::Declined);
    assert_eq!(
        shop.types(&["dead", "requeue", "--yes"]).done().out,
        "1 message requeued\n"
    );
    shop.works();
    assert_eq!(shop.created(), 2);
    assert_eq!(shop.types(&["dead", "list"]).done().err, "there are no dead letters\n");
}

/// A customer says a number, and its delivery could not be understood: who looks for the order is sent there.
#[test]
fn an_order_that_nobody_knows_is_looked_for_among_what_is_parked() {
    let shop = Shop::new();
    let order = r##"{ "id": 5550000003008, "name": "#3008", "email": "buyer@example.com", "line_items": 7 }"##;
    shop.sells_body(order, "orders/paid");
    let listed = shop.types(&["parked", "list", "-o", "json"]).done().json();
    assert_eq!(listed["deliveries"][0]["order"], "#3008 5550000003008");
    let id = listed["deliveries"][0]["id"].as_str().unwrap().to_owned();
    for said in ["#3008", " # 3008", "shopify/3008", "shopify/5550000003008"] {
        let ran = shop.types(&["order", "show", said]);
        assert_eq!(ran.exit, Exit::NotFound);
        assert!(
            ran.err.contains(&format!("reseller parked show {id}")),
            "{said}: {}",
            ran.err
        );
    }
    let ran = shop.types(&["order", "show", "#3009"]);
    assert!(ran.err.contains("no order is known by \"#3009\""), "{}", ran.err);
    assert!(ran.err.contains("is it paid, and no test order?"), "{}", ran.err);
    // What a person is called is in no table.
    let person = r#"{ "id": "x", "name": "Jane Doe", "line_items": 7 }"#;
    shop.sells_body(person, "orders/paid");
    let colours = r#"{ "id": "x", "name": "\u001b[31m#9", "line_items": 7 }"#;
    shop.sells_body(colours, "orders/paid");
    let listed = shop.types(&["parked", "list"]).done();
    assert!(
        !listed.out.contains("Jane") && !listed.out.contains('\u{1b}'),
        "{}",
        listed.out
    );
}
