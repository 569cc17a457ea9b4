//! WooCommerce's column.

use reseller_hooks::order::StorefrontKind::Woocommerce;
use serde_json::json;

use super::super::shop::{Body, SITE, Shop};
use super::{CHANGING, Cell, OTHER_SITE, PARKED, Word};
use crate::woocommerce::bodies::{MAILBOX, Order, PREMIUM, subscription};

const ORDER: &str = "woocommerce/1950";
const RENEWAL: &str = "woocommerce/1960";
const UPDATED: &str = "order.updated";
const SUBSCRIPTION: &str = "subscription.updated";
/// What is delivered is told of these times, in this order.
const TIMES: [&str; 4] = [
    "2026-03-02T10:00:10",
    "2026-03-03T10:00:00",
    "2026-03-04T10:00:00",
    "2026-03-05T10:00:00",
];
const SKUS: [&str; 2] = [PREMIUM, MAILBOX];

fn of(order: &Order) -> Body {
    Body::of(&order.body())
}

/// One plan, paid.
fn paid() -> Order {
    Order::new(1950).line(4701, PREMIUM)
}

/// The same order for another site.
fn elsewhere(order: &Order) -> Body {
    Body::of(&order.body().replace(SITE, OTHER_SITE))
}

fn renewal() -> Order {
    Order::new(1960)
        .line(4801, PREMIUM)
        .meta("_subscription_renewal", json!("1951"))
}

/// The subscription that the paid order began.
fn state(status: &str, at: usize) -> Body {
    of(&subscription(1951, 1950, status, TIMES[at], &[PREMIUM]))
}

fn shop() -> Shop {
    Shop::selling(Woocommerce, &SKUS)
}

fn told(shop: Shop, order: &Order) -> Shop {
    shop.told(UPDATED, &of(order));
    shop
}

fn after(order: &Order) -> Shop {
    told(shop(), order)
}

/// What is not wanted any more is canceled there, so that it can be counted.
fn canceling(order: &Order) -> Shop {
    told(Shop::canceling(Woocommerce, &SKUS), order)
}

/// A cell of the paid order.
fn cell(kind: &'static str, word: Word, before: Shop) -> Cell {
    Cell::new(kind, word, before, ORDER)
}

pub(super) fn cells() -> Vec<Cell> {
    [subscriptions(), ends(), payments(), reversals(), lines()]
        .into_iter()
        .flatten()
        .collect()
}

fn subscriptions() -> Vec<Cell> {
    let hinted = Order::new(1960)
        .line(4801, PREMIUM)
        .with("/created_via", json!("subscription"));
    let trial = paid()
        .with("/total", json!("0.00"))
        .with("/line_items/0/total", json!("0.00"));
    let renewed = after(&paid());
    renewed.told(UPDATED, &of(&renewal()));
    let refunded = renewal().refunds(&[(1970, "-80.00")]).status("refunded", TIMES[2]);
    let both = paid().line(4702, MAILBOX);
    vec![
        cell("first payment of a subscription", Word::Done, shop())
            .told(UPDATED, of(&paid()))
            .told("subscription.created", state("active", 0))
            .holds(PREMIUM, 1, 1),
        Cell::new("renewal", Word::Recorded, after(&paid()), RENEWAL)
            .told(UPDATED, of(&renewal()))
            .holds(PREMIUM, 1, 1),
        Cell::new(
            "renewal of a product that is sold once",
            Word::Person(&["NOT_PLANNED"]),
            Shop::selling_once(Woocommerce, &SKUS),
            RENEWAL,
        )
        .told(UPDATED, of(&renewal()))
        .holds(PREMIUM, 0, 0),
        Cell::new("renewal by a hint only", Word::Done, shop(), RENEWAL)
            .told(UPDATED, of(&hinted))
            .holds(PREMIUM, 1, 1),
        cell("trial that ends unpaid", Word::Done, after(&trial))
            .told(SUBSCRIPTION, state("cancelled", 2))
            .holds(PREMIUM, 1, 0),
        cell("payment that failed or is overdue", Word::Recorded, after(&paid()))
            .told(SUBSCRIPTION, state("on-hold", 2))
            .holds(PREMIUM, 1, 1),
        cell("paused", Word::Recorded, after(&paid()))
            .told(SUBSCRIPTION, state("on-hold", 2))
            .holds(PREMIUM, 1, 1),
        Cell::new("refund of one cycle", Word::Recorded, renewed, RENEWAL)
            .told(UPDATED, of(&refunded))
            .holds(PREMIUM, 1, 1),
        cell("product that is sold once, beside a subscription", Word::Done, shop())
            .told(UPDATED, of(&both))
            .told("subscription.created", state("active", 0))
            .holds(PREMIUM, 1, 1)
            .holds(MAILBOX, 1, 1),
    ]
}

fn ends() -> Vec<Cell> {
    let back = after(&paid());
    back.told(SUBSCRIPTION, &state("cancelled", 1));
    let over = shop();
    over.told(SUBSCRIPTION, &state("expired", 1));
    let unlisted = subscription(1951, 1950, "cancelled", TIMES[2], &[]);
    vec![
        cell("end of a subscription", Word::Done, after(&paid()))
            .told(SUBSCRIPTION, state("cancelled", 2))
            .holds(PREMIUM, 1, 0),
        cell("end that comes back", Word::Done, back)
            .told(SUBSCRIPTION, state("active", 2))
            .holds(PREMIUM, 1, 1),
        cell("end whose lines nobody knows", Word::Done, after(&paid()))
            .told(SUBSCRIPTION, of(&unlisted))
            .holds(PREMIUM, 1, 0),
        cell(
            "end that comes only at the period's end",
            Word::Recorded,
            after(&paid()),
        )
        .told(SUBSCRIPTION, state("pending-cancel", 2))
        .holds(PREMIUM, 1, 1),
        cell("paid after the end", Word::Person(&["PAID_AFTER_END"]), over)
            .told(UPDATED, of(&paid().status("processing", TIMES[2])))
            .holds(PREMIUM, 0, 0),
        cell(
            "subscription that is over and alive at one moment",
            Word::Person(&["STATES_DISAGREE"]),
            after(&paid()),
        )
        .told(SUBSCRIPTION, state("active", 2))
        .told(SUBSCRIPTION, state("cancelled", 2))
        .holds(PREMIUM, 1, 1),
    ]
}

fn payments() -> Vec<Cell> {
    let twice = |order: Order| order.with("/line_items/0/quantity", json!(2));
    let other = |order: Order| order.with("/line_items/0/sku", json!(MAILBOX));
    let waiting = |status| paid().unpaid().status(status, TIMES[0]);
    let later = |status| paid().status(status, TIMES[2]);
    let without_site = paid().with("/line_items/0/meta_data", json!([]));
    vec![
        cell("first payment", Word::Done, shop())
            .told(UPDATED, of(&paid()))
            .holds(PREMIUM, 1, 1),
        cell("more units, paid", Word::Done, after(&paid()))
            .told(UPDATED, of(&twice(later("completed"))))
            .holds(PREMIUM, 2, 1),
        cell("fewer units", Word::Done, canceling(&twice(paid())))
            .told(UPDATED, of(&later("completed")))
            .holds(PREMIUM, 1, 1),
        cell(
            "another product in the same line, paid",
            Word::Person(&["PLAN_CHANGED"]),
            after(&paid()),
        )
        .told(UPDATED, of(&other(later("completed"))))
        .holds(PREMIUM, 1, 1)
        .holds(MAILBOX, 0, 0),
        cell(
            "another site than before",
            Word::Person(&["SITE_CHANGED"]),
            after(&paid()),
        )
        .told(UPDATED, elsewhere(&later("completed")))
        .holds(PREMIUM, 1, 1),
        cell(
            "another site than before, `on_site_change = \"move\"`",
            Word::Done,
            told(Shop::with_defaults(Woocommerce, &SKUS, CHANGING), &paid()),
        )
        .told(UPDATED, elsewhere(&later("completed")))
        .holds(PREMIUM, 1, 1),
        cell(
            "another product in the same line, unpaid",
            Word::Recorded,
            after(&paid()),
        )
        .told(UPDATED, of(&other(later("on-hold"))))
        .holds(MAILBOX, 0, 0),
        cell("authorisation", Word::Recorded, shop()).told(UPDATED, of(&waiting("on-hold"))),
        cell("deposit, partial payment", Word::Recorded, shop())
            .told(UPDATED, of(&paid().status("partially-paid", TIMES[0]))),
        cell("paid once and open again", Word::Recorded, after(&paid()))
            .told(UPDATED, of(&twice(later("pending"))))
            .holds(PREMIUM, 1, 1),
        cell(
            "payment status that nobody knows",
            Word::Person(&["PAYMENT_UNCLEAR"]),
            shop(),
        )
        .told(UPDATED, of(&later("packed-by-robot"))),
        cell("test order", Word::Recorded, shop()).told(UPDATED, of(&paid().meta("_wcpay_mode", json!("test")))),
        cell("two states of one moment that agree", Word::Done, shop())
            .told(UPDATED, of(&without_site))
            .told(UPDATED, of(&paid()))
            .holds(PREMIUM, 1, 1),
        cell(
            "two states of one moment that disagree",
            Word::Person(&["STATES_DISAGREE"]),
            after(&twice(paid())),
        )
        .told(UPDATED, of(&paid()))
        .holds(PREMIUM, 2, 1),
        cell("event that is none of our business", Word::Recorded, after(&paid()))
            .told("product.updated", Body(json!({ "id": 93 })))
            .told("customer.created", Body(json!({ "id": 4 }))),
    ]
}

fn reversals() -> Vec<Cell> {
    let part = paid().refunds(&[(1970, "-20.00")]);
    let whole = paid().refunds(&[(1970, "-80.00")]);
    let canceled = paid().status("cancelled", TIMES[2]);
    vec![
        cell("refund in full", Word::Done, canceling(&paid()))
            .told(UPDATED, of(&whole.clone().status("refunded", TIMES[2])))
            .holds(PREMIUM, 0, 0),
        cell(
            "refunded in full and paid again",
            Word::Person(&["PAID_AGAIN"]),
            told(after(&paid()), &whole.clone().status("refunded", TIMES[1])),
        )
        .told(UPDATED, of(&whole.status("processing", TIMES[2])))
        .holds(PREMIUM, 1, 0),
        cell("refund of an amount", Word::Person(&["REFUND_UNCLEAR"]), after(&paid()))
            .told(UPDATED, of(&part.clone().status("processing", TIMES[2])))
            .holds(PREMIUM, 1, 1),
        cell(
            "first heard of with a refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            shop(),
        )
        .told(UPDATED, of(&part))
        .holds(PREMIUM, 0, 0),
        cell("refund that fails later", Word::Done, after(&part))
            .told(UPDATED, of(&paid().status("processing", TIMES[2])))
            .holds(PREMIUM, 1, 1),
        cell("order canceled", Word::Done, canceling(&paid()))
            .told(UPDATED, of(&canceled))
            .holds(PREMIUM, 0, 0),
        cell("canceled before it is paid", Word::Recorded, shop())
            .told(UPDATED, of(&canceled))
            .told(UPDATED, of(&paid()))
            .holds(PREMIUM, 0, 0),
        cell("order deleted", Word::Done, after(&paid()))
            .told("order.deleted", Body(json!({ "id": 1950 })))
            .holds(PREMIUM, 1, 0),
        cell("refund, dispute or end of what is not ours", Word::Recorded, shop())
            .told(SUBSCRIPTION, state("cancelled", 2))
            .told("order.deleted", Body(json!({ "id": 1950 }))),
    ]
}

fn lines() -> Vec<Cell> {
    let bundle = |whole: &str, first: &str, second: &str| {
        let order = Order::new(1950).line(1, whole).line(2, first).line(3, second);
        order
            .with("/line_items/1/bundled_by", json!(1))
            .with("/line_items/2/bundled_by", json!(1))
    };
    let waiting = paid().unpaid().with("/payment_method", json!("bacs"));
    let lost = paid()
        .with("/line_items/0/sku", json!(null))
        .with("/line_items/0/product_id", json!(0));
    vec![
        cell("list of lines that is empty", PARKED, after(&paid()))
            .told(
                UPDATED,
                of(&paid().with("/line_items", json!([])).status("completed", TIMES[2])),
            )
            .holds(PREMIUM, 1, 1),
        cell("composite", Word::Done, shop())
            .told(UPDATED, of(&bundle(PREMIUM, MAILBOX, MAILBOX)))
            .holds(PREMIUM, 1, 1)
            .holds(MAILBOX, 0, 0),
        cell(
            "composite of which no SKU is known",
            Word::Person(&["NOT_PLANNED"]),
            shop(),
        )
        .told(UPDATED, of(&bundle("BUNDLE", "FIRST", "SECOND"))),
        cell("line without SKU", Word::Person(&["NOT_PLANNED"]), shop())
            .told(UPDATED, of(&paid().with("/line_items/0/sku", json!(""))))
            .holds(PREMIUM, 0, 0),
        cell(
            "line that lost its SKU",
            Word::Person(&["NOT_PLANNED"]),
            after(&waiting.status("on-hold", TIMES[0])),
        )
        .told(UPDATED, of(&lost.status("processing", TIMES[2])))
        .holds(PREMIUM, 0, 0),
    ]
}
