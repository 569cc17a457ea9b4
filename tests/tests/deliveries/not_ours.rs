//! What a shop says of an order of which nothing is in the catalog. With `unknown_sku = "ignore"` nobody is told of it,
//! whatever it is: a shop sells other things too, and an alarm for each of them would hide those that matter.

use reseller_hooks::order::StorefrontKind::{self, Shopify, Standard, Stripe, Wix, Woocommerce};
use reseller_hooks_tests::deployment::catalog_of;
use reseller_hooks_tests::post::Post;
use serde_json::{Value, json};

use super::shop::{Body, Shop};
use super::stripe::bodies::{intent, invoice, item, line, subscription};
use super::stripe::{DAY, MONTH, PLACED};
use crate::woocommerce::bodies;

const OTHER: &str = "T-SHIRT";
const WIX_ORDER: &str = "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77";
const CONTRACT: &str = "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f5";

macro_rules! sample {
    ($path:literal) => {
        Body::of(include_str!(concat!("../../../events/", $path, ".json")))
    };
}

/// What is told of the order with a key: topic and body, in order.
type Story = (&'static str, &'static str, Vec<(&'static str, Body)>);

fn shopify() -> Vec<Story> {
    const KEY: &str = "shopify/9007199254740993";
    let sells = |sku: &str| {
        let body = sample!("shopify/orders_paid").with("/line_items/0/sku", sku);
        let line = body.at("/line_items/0");
        body.with("/line_items", vec![line])
    };
    let paid = || sells(OTHER);
    let later = |body: Body| body.with("/updated_at", "2026-03-05T09:00:00-05:00");
    let latest = |body: Body| body.with("/updated_at", "2026-03-06T09:00:00-05:00");
    let refunded = later(paid()).with("/financial_status", "refunded");
    vec![
        (
            "payment status that nobody knows",
            KEY,
            vec![("orders/updated", paid().with("/financial_status", "settled"))],
        ),
        (
            "renewal by a hint only",
            KEY,
            vec![("orders/paid", paid().with("/tags", "Subscription Recurring Order"))],
        ),
        (
            "refunded in full and paid again",
            KEY,
            vec![("orders/updated", refunded), ("orders/updated", latest(paid()))],
        ),
        (
            "dispute",
            KEY,
            vec![
                ("orders/paid", paid()),
                ("disputes/create", sample!("shopify/disputes_create")),
            ],
        ),
        (
            "refund of an amount",
            KEY,
            vec![
                ("refunds/create", sample!("shopify/refunds_create_amount_only")),
                ("orders/updated", paid()),
            ],
        ),
    ]
}

fn woocommerce() -> Vec<Story> {
    const KEY: &str = "woocommerce/3101";
    let body = |order: bodies::Order| Body::of(&order.body());
    let paid = || bodies::Order::new(3101).line(1, OTHER);
    let at = "2026-05-03T10:00:00";
    let over = bodies::subscription(3102, 3101, "cancelled", "2026-04-02T10:00:00", &[OTHER]);
    let switch = paid().meta("_subscription_switch", json!("3102"));
    vec![
        (
            "status that nobody knows",
            KEY,
            vec![("order.updated", body(paid().status("packed-by-robot", at)))],
        ),
        (
            "paid status that needs payment",
            KEY,
            vec![("order.updated", body(paid().with("/needs_payment", json!(true))))],
        ),
        ("switch of a plan", KEY, vec![("order.updated", body(switch))]),
        (
            "paid after the end",
            KEY,
            vec![
                (
                    "order.updated",
                    body(paid().unpaid().status("on-hold", "2026-03-02T10:00:09")),
                ),
                ("subscription.updated", body(over)),
                ("order.updated", body(paid().status("processing", at))),
            ],
        ),
        (
            "refund of an amount",
            KEY,
            vec![("order.updated", body(paid().refunds(&[(7, "-10.00")])))],
        ),
    ]
}

fn stripe() -> Vec<Story> {
    const KEY: &str = "stripe/sub_1";
    const PRICE: &str = "price_of_a_newspaper";
    let body = |event: Value| ("", Body(event));
    let billed = |id: &str, reason: &str, at: i64| invoice(id, reason, at, vec![line("si_1", PRICE, 1, 1000)]);
    let standing = |what: &str, at: i64, status: &str| subscription(what, at, status, vec![item("si_1", PRICE, 1)]);
    let first = || billed("in_1", "subscription_create", PLACED);
    let mut paused = standing("updated", PLACED + DAY, "active");
    paused["data"]["object"]["pause_collection"] = json!({ "behavior": "void", "resumes_at": null });
    vec![
        (
            "first heard of by a renewal",
            KEY,
            vec![body(billed("in_9", "subscription_cycle", PLACED))],
        ),
        ("collection that is paused", KEY, vec![body(first()), body(paused)]),
        (
            "paid after the end",
            KEY,
            vec![
                body(standing("deleted", PLACED + DAY, "canceled")),
                body(billed("in_2", "subscription_cycle", PLACED + MONTH)),
            ],
        ),
        (
            "part of a payment by others",
            "stripe/pi_1",
            vec![body(intent("succeeded", PLACED + DAY, 4_000))],
        ),
    ]
}

fn wix() -> Vec<Story> {
    const LINE: &str = "/actionEvent/body/order/lineItems";
    let other = |body: Body| {
        let body = body.with(&format!("{LINE}/0/physicalProperties/sku"), OTHER);
        let line = body.at(&format!("{LINE}/0"));
        body.with(LINE, vec![line])
    };
    let paid = || other(sample!("wix/order_payment_status_updated_paid"));
    let cycle = |cycle: u32| {
        let first = other(sample!("wix/order_paid_subscription_first"));
        first.with(&format!("{LINE}/0/subscriptionInfo/cycleNumber"), cycle)
    };
    let nameless = paid().with(&format!("{LINE}/0/subscriptionInfo"), json!({ "cycleNumber": 1 }));
    let odd = paid().with("/actionEvent/body/order/paymentStatus", "SETTLED_LATER");
    vec![
        ("payment status that nobody knows", WIX_ORDER, vec![("", odd)]),
        ("subscription that is not named", WIX_ORDER, vec![("", nameless)]),
        ("first heard of by a renewal", CONTRACT, vec![("", cycle(3))]),
        (
            "refund that failed",
            WIX_ORDER,
            vec![("", sample!("wix/order_transactions_refund_failed"))],
        ),
    ]
}

fn standard() -> Vec<Story> {
    const KEY: &str = "standard/1001";
    let body = sample!("standard/order_paid").with("/data/lines/0/sku", OTHER);
    let line = body.at("/data/lines/0");
    let unclear = body
        .with("/type", "order.updated")
        .with("/data/payment", "unclear")
        .with("/data/lines", vec![line]);
    vec![(
        "payment that is unclear",
        KEY,
        vec![("", unclear), ("", sample!("standard/dispute_open"))],
    )]
}

/// Tells each story to a shop of its own: what a person sees of its order.
fn seen(kind: StorefrontKind, unknown_sku: &str, stories: Vec<Story>) -> Vec<(&'static str, Vec<String>)> {
    let tell = |(name, key, deliveries): Story| {
        let shop = Shop::with_catalog(kind, &catalog_of(&["PREMIUM-1Y"], unknown_sku));
        let deployment = &shop.deployment;
        for (topic, body) in deliveries {
            if let Some(made) = body.0["created"].as_i64() {
                shop.at(&reseller_hooks::time::Timestamp::from_secs(made + 1).to_string());
            }
            let post = Post::signed(kind, topic, &body.0.to_string(), deployment.now());
            deployment.post(&post.header("x-wc-webhook-source", "https://shop.example.com/"));
            deployment.settle();
        }
        assert_eq!(deployment.shelf().messages, [], "{kind}: {name}");
        assert_eq!(deployment.world.packages(), (0, 0), "{kind}: {name}");
        let known = deployment.world.ledger.entries().iter().any(|entry| entry.key == key);
        (
            name,
            if known {
                deployment.world.attention(key)
            } else {
                Vec::new()
            },
        )
    };
    stories.into_iter().map(tell).collect()
}

fn is_quiet(kind: StorefrontKind, stories: fn() -> Vec<Story>) {
    for (name, codes) in seen(kind, "ignore", stories()) {
        assert_eq!(codes, Vec::<String>::new(), "{kind}: {name}");
    }
    // Where nothing is ignored most of them are shown, so that the stories are such as could be.
    let shown = seen(kind, "attention", stories());
    assert!(shown.iter().any(|(_, codes)| !codes.is_empty()), "{kind}");
}

#[test]
fn what_shopify_says_of_other_products_is_nothing() {
    is_quiet(Shopify, shopify);
}

#[test]
fn what_woocommerce_says_of_other_products_is_nothing() {
    is_quiet(Woocommerce, woocommerce);
}

#[test]
fn what_stripe_says_of_other_products_is_nothing() {
    is_quiet(Stripe, stripe);
}

#[test]
fn what_wix_says_of_other_products_is_nothing() {
    is_quiet(Wix, wix);
}

#[test]
fn what_others_say_of_other_products_is_nothing() {
    is_quiet(Standard, standard);
}

#[test]
fn lines_that_an_event_does_not_show_may_be_ours() {
    const PRICE: &str = "price_of_a_newspaper";
    let mut cut = invoice(
        "in_1",
        "subscription_create",
        PLACED,
        vec![line("si_1", PRICE, 1, 1000)],
    );
    cut["data"]["object"]["lines"]["has_more"] = true.into();
    let story = || {
        vec![(
            "more lines than are shown",
            "stripe/sub_1",
            vec![("", Body(cut.clone()))],
        )]
    };
    assert_eq!(seen(Stripe, "ignore", story())[0].1, ["INVOICE_NOT_READ"]);
}

#[test]
fn one_product_of_ours_among_others_is_enough_to_be_told() {
    let shop = Shop::with_catalog(Woocommerce, &catalog_of(&["PREMIUM-1Y"], "ignore"));
    let paid = bodies::Order::new(3101).line(1, OTHER);
    let tell = |order: &bodies::Order| {
        shop.told("order.updated", &Body::of(&order.body()));
    };
    tell(&paid);
    shop.calm("woocommerce/3101");
    // The order was reopened, and a product of the catalog came to it: whether that is paid nobody knows.
    tell(
        &paid
            .line(2, "PREMIUM-1Y")
            .status("packed-by-robot", "2026-03-03T10:00:00"),
    );
    shop.needs("woocommerce/3101", &["PAYMENT_UNCLEAR"]);
    shop.has("PREMIUM-1Y", 0, 0);
}
