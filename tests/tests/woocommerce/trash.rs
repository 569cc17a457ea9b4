//! An order in the trash, and out of it: only our receipts date a deletion.

use super::bodies::{Order, PREMIUM, Shop};

const SOURCE: &str = "https://shop.example.com/";

fn bought() -> (Shop, Order) {
    let shop = Shop::new();
    let order = Order::new(2200).line(1, PREMIUM);
    shop.updated(&order);
    assert_eq!(shop.on_site(), [1, 0]);
    (shop, order)
}

#[test]
fn an_order_out_of_the_trash_is_back_on_its_site() {
    let (shop, order) = bought();
    shop.wait(600);
    shop.sent("order.deleted", r#"{"id": 2200}"#, SOURCE);
    shop.0.settle();
    assert_eq!(shop.on_site(), [0, 0]);
    shop.told("order.restored", &order.status("processing", "2026-03-02T14:00:00"));
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [1, 0]));
    shop.end();
}

#[test]
fn any_living_body_after_a_deletion_undoes_it() {
    let (shop, order) = bought();
    shop.wait(600);
    shop.sent("order.deleted", r#"{"id": 2200}"#, SOURCE);
    shop.0.settle();
    // The same state once more: nothing in it is newer, and it was built when it was sent.
    shop.updated(&order);
    assert_eq!(shop.on_site(), [1, 0]);
    shop.end();
}

#[test]
fn a_deletion_of_an_order_that_was_never_heard_of_buys_nothing() {
    let shop = Shop::new();
    shop.sent("order.deleted", r#"{"id": 2300}"#, SOURCE);
    shop.0.settle();
    assert_eq!(shop.alive(), [0, 0]);
    shop.end();
}

#[test]
fn an_order_in_the_trash_is_taken_back_after_two_minutes() {
    let (shop, _) = bought();
    shop.wait(600);
    shop.sent("order.deleted", r#"{"id": 2200}"#, SOURCE);
    assert_eq!(shop.on_site(), [1, 0], "perhaps it is restored at once");
    shop.0.settle();
    assert_eq!((shop.alive(), shop.on_site()), ([1, 0], [0, 0]));
    shop.end();
}
