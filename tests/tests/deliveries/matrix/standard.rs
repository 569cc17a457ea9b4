//! The column of our own format.

use reseller_hooks::order::StorefrontKind::Standard;
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

use super::super::shop::{Body, SITE, Shop};
use super::{CHANGING, Cell, OTHER_SITE, PARKED, Word};

const KEY: &str = "standard/1001";
const FIRST: &str = "standard/2001";
const RENEWAL: &str = "standard/2044";
const SKUS: [&str; 4] = ["PREMIUM-1Y", "PREMIUM-1M", "BUSINESS-EMAIL-1Y", "STUDIO-1Y"];

macro_rules! sample {
    ($file:literal) => {
        Body::of(include_str!(concat!("../../../../events/standard/", $file, ".json")))
    };
}

/// Two plans of one line, for one site.
fn paid() -> Body {
    let body = sample!("order_paid");
    let line = body.at("/data/lines/0");
    body.with("/data/lines", vec![line])
}

/// The same as it stands three days later.
fn later(payment: &str) -> Body {
    paid()
        .with("/type", "order.updated")
        .with("/data/updated_at", "2026-03-05T10:00:00Z")
        .with("/data/payment", payment)
}

fn first() -> Body {
    sample!("subscription_first").with("/data/properties", json!({ "wix_site_id": SITE }))
}

fn state(status: &str, updated_at: &str) -> Body {
    sample!("subscription_ended")
        .with("/data/status", status)
        .with("/data/updated_at", updated_at)
}

fn shop() -> Shop {
    Shop::selling(Standard, &SKUS)
}

fn after(body: &Body) -> Shop {
    let shop = shop();
    shop.told("", body);
    shop
}

/// What is not wanted any more is canceled there, so that it can be counted.
fn canceling(body: &Body) -> Shop {
    let shop = Shop::canceling(Standard, &SKUS);
    shop.told("", body);
    shop
}

/// With what follows another plan and another site.
fn changing(body: &Body) -> Shop {
    let shop = Shop::with_defaults(Standard, &SKUS, CHANGING);
    shop.told("", body);
    shop
}

/// The same for another site.
fn elsewhere() -> Body {
    Body::of(&later("paid").0.to_string().replace(SITE, OTHER_SITE))
}

fn disputed(policy: &str) -> Shop {
    let shop = Shop::with_defaults(Standard, &SKUS, policy);
    shop.told("", &paid());
    shop
}

fn dispute(state: &str) -> Body {
    sample!("dispute_open").with("/data/state", state)
}

pub(super) fn cells() -> Vec<Cell> {
    [subscriptions(), payments(), reversals(), lines()]
        .into_iter()
        .flatten()
        .collect()
}

fn subscriptions() -> Vec<Cell> {
    let ended = shop();
    ended.told("", &state("ended", "2026-03-02T14:14:08Z"));
    let suspended = after(&first());
    suspended.told("", &state("suspended", "2026-05-04T14:00:00Z"));
    let trial = sample!("order_trial").with("/data/lines/0/properties", json!({ "wix_site_id": SITE }));
    let over = trial
        .clone()
        .with("/data/updated_at", "2026-03-16T14:14:09Z")
        .with("/data/payment", "partial")
        .with("/data/lines/0/trial", false);
    let unpaid = sample!("subscription_renewal")
        .with("/type", "order.created")
        .with("/data/payment", "unpaid");
    let plain = first().with("/data/lines/0/subscription", false);
    vec![
        Cell::new(
            "product that is sold once, beside a subscription",
            Word::Done,
            shop(),
            FIRST,
        )
        .told("", first())
        .holds("PREMIUM-1M", 1, 1)
        .holds("BUSINESS-EMAIL-1Y", 1, 1),
        Cell::new("paid after the end", Word::Person(&["PAID_AFTER_END"]), ended, FIRST)
            .told("", first())
            .holds("PREMIUM-1M", 0, 0),
        Cell::new(
            "subscription that is over and alive at one moment",
            Word::Person(&["STATES_DISAGREE"]),
            after(&first()),
            FIRST,
        )
        .told("", state("active", "2026-04-01T10:00:00Z"))
        .told("", state("suspended", "2026-04-01T10:00:00Z"))
        .holds("PREMIUM-1M", 1, 1),
        Cell::new("first payment of a subscription", Word::Done, shop(), FIRST)
            .told("", first())
            .told("", state("active", "2026-03-02T14:14:10Z"))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new("renewal", Word::Recorded, after(&first()), RENEWAL)
            .told("", sample!("subscription_renewal"))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "renewal of a product that is sold once",
            Word::Person(&["NOT_PLANNED"]),
            Shop::selling_once(Standard, &SKUS),
            RENEWAL,
        )
        .told("", sample!("subscription_renewal")),
        Cell::new("trial", Word::Done, shop(), "standard/2002")
            .told("", trial.clone())
            .holds("PREMIUM-1M", 1, 1),
        Cell::new("trial that ends unpaid", Word::Done, after(&trial), "standard/2002")
            .told("", over)
            .holds("PREMIUM-1M", 1, 0),
        Cell::new("end of a subscription", Word::Done, after(&first()), FIRST)
            .told("", sample!("subscription_ended"))
            .holds("PREMIUM-1M", 1, 0)
            .holds("BUSINESS-EMAIL-1Y", 1, 1),
        Cell::new("end that comes back", Word::Done, suspended, FIRST)
            .told("", state("active", "2026-05-06T14:00:00Z"))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "end whose lines nobody knows",
            Word::Person(&["END_UNCLEAR"]),
            after(&plain),
            FIRST,
        )
        .told("", sample!("subscription_ended"))
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "payment that failed or is overdue",
            Word::Recorded,
            after(&first()),
            RENEWAL,
        )
        .told("", unpaid),
    ]
}

fn payments() -> Vec<Cell> {
    let placed = paid().with("/type", "order.created");
    vec![
        Cell::new("first payment", Word::Done, shop(), KEY)
            .told("", paid())
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new("more units, paid", Word::Done, after(&paid()), KEY)
            .told("", later("paid").with("/data/lines/0/units", 4))
            .holds("PREMIUM-1Y", 4, 1),
        Cell::new("fewer units", Word::Done, canceling(&paid()), KEY)
            .told("", later("paid").with("/data/lines/0/units", 1))
            .holds("PREMIUM-1Y", 1, 1),
        Cell::new(
            "another product in the same line, paid",
            Word::Person(&["PLAN_CHANGED"]),
            after(&paid()),
            KEY,
        )
        .told("", later("paid").with("/data/lines/0/sku", "STUDIO-1Y"))
        .holds("PREMIUM-1Y", 2, 1)
        .holds("STUDIO-1Y", 0, 0),
        Cell::new(
            "another product in the same line, `on_plan_change = \"adjust\"`",
            Word::Done,
            changing(&paid()),
            KEY,
        )
        .told("", later("paid").with("/data/lines/0/sku", "STUDIO-1Y"))
        .holds("PREMIUM-1Y", 0, 0)
        .holds("STUDIO-1Y", 2, 1),
        Cell::new(
            "another site than before",
            Word::Person(&["SITE_CHANGED"]),
            after(&paid()),
            KEY,
        )
        .told("", elsewhere())
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "another site than before, `on_site_change = \"move\"`",
            Word::Done,
            changing(&paid()),
            KEY,
        )
        .told("", elsewhere())
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "another product in the same line, unpaid",
            Word::Recorded,
            after(&paid()),
            KEY,
        )
        .told("", later("partial").with("/data/lines/0/sku", "STUDIO-1Y"))
        .holds("STUDIO-1Y", 0, 0),
        Cell::new("authorisation", Word::Recorded, shop(), KEY)
            .told("", placed.clone().with("/data/payment", "unpaid")),
        Cell::new("deposit, partial payment", Word::Recorded, shop(), KEY)
            .told("", placed.with("/data/payment", "partial")),
        Cell::new("paid once and open again", Word::Recorded, after(&paid()), KEY)
            .told("", later("partial").with("/data/lines/0/units", 4))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "payment status that nobody knows",
            Word::Person(&["PAYMENT_UNCLEAR"]),
            shop(),
            KEY,
        )
        .told("", later("unclear")),
        Cell::new(
            "amount that is not the catalog's price",
            Word::Person(&["NOT_PLANNED"]),
            Shop::with_catalog(
                Standard,
                &catalog_of(&SKUS, "attention").replace(
                    "sku = \"PREMIUM-1Y\"\n",
                    "sku = \"PREMIUM-1Y\"\nprice = { amount = 9000, currency = \"USD\" }\n",
                ),
            ),
            KEY,
        )
        .told(
            "",
            paid().with("/data/lines/0/amount", json!({ "minor": 16_000, "currency": "USD" })),
        ),
        Cell::new("test order", Word::Recorded, shop(), KEY).told("", paid().with("/data/test", true)),
        Cell::new("two states of one moment that agree", Word::Done, shop(), KEY)
            .told("", paid().with("/data/lines/0/properties", json!({})))
            .told("", paid())
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "two states of one moment that disagree",
            Word::Person(&["STATES_DISAGREE"]),
            after(&paid()),
            KEY,
        )
        .told("", paid().with("/data/lines/0/units", 1))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "event that is none of our business",
            Word::Recorded,
            after(&paid()),
            KEY,
        )
        .told("", sample!("bigcommerce_product_updated"))
        .told("", paid().with("/type", "customer.created")),
    ]
}

fn reversals() -> Vec<Cell> {
    let refunded = after(&paid());
    refunded.told("", &later("refunded"));
    let pending = || sample!("order_refund_pending");
    let succeeded = canceling(&paid());
    succeeded.told("", &pending());
    let disputes = disputed("on_dispute = \"attention\"");
    disputes.told("", &dispute("open"));
    let renewed = after(&first());
    renewed.told("", &sample!("subscription_renewal"));
    let of_cycle = sample!("subscription_renewal")
        .with("/type", "order.updated")
        .with("/data/updated_at", "2026-04-05T10:00:00Z")
        .with("/data/payment", "refunded");
    let unmapped = shop();
    unmapped.stored("", &sample!("order_refund_of_an_amount"));
    vec![
        Cell::new("refund of lines", Word::Done, canceling(&paid()), KEY)
            .told("", sample!("order_refunded"))
            .holds("PREMIUM-1Y", 1, 1),
        Cell::new("refund in full", Word::Done, canceling(&paid()), KEY)
            .told("", sample!("order_refund_whole"))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new(
            "refunded in full and paid again",
            Word::Person(&["PAID_AGAIN"]),
            refunded,
            KEY,
        )
        .told("", later("paid").with("/data/updated_at", "2026-03-06T10:00:00Z"))
        .holds("PREMIUM-1Y", 2, 0),
        Cell::new(
            "refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            canceling(&paid()),
            KEY,
        )
        .told("", sample!("order_refund_of_an_amount"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "first heard of with a refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            unmapped,
            KEY,
        )
        .told("", paid())
        .holds("PREMIUM-1Y", 0, 0),
        Cell::new("refund that is pending", Word::Recorded, canceling(&paid()), KEY)
            .told("", pending())
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "refund that fails later",
            Word::Person(&["REFUND_FAILED"]),
            succeeded,
            KEY,
        )
        .told("", sample!("order_refund_failed"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new("refund of one cycle", Word::Recorded, renewed, RENEWAL)
            .told("", of_cycle)
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "dispute, `on_dispute = \"attention\"`",
            Word::Person(&["DISPUTE_OPEN", "DISPUTE_LOST"]),
            disputed("on_dispute = \"attention\""),
            KEY,
        )
        .told("", dispute("lost"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "dispute, `on_dispute = \"take_back\"`",
            Word::Person(&["DISPUTE_OPEN", "DISPUTE_LOST"]),
            disputed("on_dispute = \"take_back\""),
            KEY,
        )
        .told("", dispute("open"))
        .holds("PREMIUM-1Y", 2, 0),
        Cell::new("dispute that is won", Word::Recorded, disputes, KEY)
            .told("", dispute("won"))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new("order canceled", Word::Done, canceling(&paid()), KEY)
            .told("", sample!("order_canceled"))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new("canceled before it is paid", Word::Recorded, shop(), KEY)
            .told("", sample!("order_canceled"))
            .told("", paid())
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new(
            "refund, dispute or end of what is not ours",
            Word::Recorded,
            shop(),
            KEY,
        )
        .told("", sample!("order_refunded"))
        .told("", dispute("open"))
        .told("", sample!("subscription_ended").with("/data/order_id", "1001")),
    ]
}

fn lines() -> Vec<Cell> {
    let composite = || sample!("order_composite");
    let unknown = composite()
        .with("/data/lines/1/sku", "A")
        .with("/data/lines/2/sku", "B");
    let waiting = Shop::with_catalog(Standard, &catalog_of(&SKUS, "ignore"));
    waiting.told(
        "",
        &paid().with("/type", "order.updated").with("/data/payment", "partial"),
    );
    let lost = later("paid").with("/data/lines/0/sku", json!(null));
    let unnamed = Body(json!({ "id": "9", "sku": null, "units": 1 }));
    vec![
        Cell::new("list of lines that is empty", PARKED, after(&paid()), KEY)
            .told("", later("paid").with("/data/lines", json!([])))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "composite",
            Word::Done,
            Shop::with_catalog(Standard, &catalog_of(&SKUS, "ignore")),
            "standard/2003",
        )
        .told("", composite())
        .holds("PREMIUM-1Y", 1, 0)
        .holds("BUSINESS-EMAIL-1Y", 1, 0),
        Cell::new(
            "composite of which no SKU is known",
            Word::Person(&["NOT_PLANNED"]),
            shop(),
            "standard/2003",
        )
        .told("", unknown),
        Cell::new("line without SKU", Word::Person(&["NOT_PLANNED"]), after(&paid()), KEY)
            .told("", later("paid").with("/data/lines/-", unnamed.0)),
        Cell::new("line that lost its SKU", Word::Person(&["NOT_PLANNED"]), waiting, KEY).told("", lost),
    ]
}
