//! The column of our own format.

use reseller_hooks::order::StorefrontKind::Standard;
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

use super::super::shop::{Body, SITE, Shop};
use super::voice::{Change, Dispute, Told, Voice};
use super::{Cell, OTHER_SITE, Word};

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

/// The same for another site.
fn elsewhere() -> Body {
    Body::of(&later("paid").0.to_string().replace(SITE, OTHER_SITE))
}

fn dispute(far: Dispute) -> Told {
    let state = match far {
        Dispute::Open => "open",
        Dispute::Lost => "lost",
        Dispute::Won => "won",
    };
    ("", sample!("dispute_open").with("/data/state", state))
}

fn voice() -> Voice {
    let placed = |payment: &str| paid().with("/type", "order.created").with("/data/payment", payment);
    let units = |body: Body, units: u64| body.with("/data/lines/0/units", units);
    let studio = |payment: &str| later(payment).with("/data/lines/0/sku", "STUDIO-1Y");
    Voice {
        kind: Standard,
        skus: &SKUS,
        key: KEY,
        units: 2,
        paid: ("", paid()),
        more: (("", units(later("paid"), 4)), 4),
        fewer: (("", units(later("paid"), 1)), 1),
        unpaid_key: KEY,
        authorised: ("", placed("unpaid")),
        deposit: ("", placed("partial")),
        open_again: ("", units(later("partial"), 4)),
        unclear: ("", later("unclear")),
        without_site: ("", paid().with("/data/lines/0/properties", json!({}))),
        disagreeing: ("", units(paid(), 1)),
        refund_of_lines: ("", sample!("order_refunded")),
        refund_in_full: ("", later("refunded")),
        paid_again: ("", later("paid").with("/data/updated_at", "2026-03-06T10:00:00Z")),
        refund_of_an_amount: ("", sample!("order_refund_of_an_amount")),
        first_heard_refunded: vec![("", sample!("order_refund_of_an_amount")), ("", paid())],
        dispute,
        canceled: ("", sample!("order_canceled")),
        paid_before: ("", paid()),
        no_lines: ("", later("paid").with("/data/lines", json!([]))),
        without_sku: ("", paid().with("/data/lines/0/sku", json!(null))),
        change: Change {
            key: KEY,
            before: ("", paid()),
            has: ("PREMIUM-1Y", 2),
            paid: ("", studio("paid")),
            unpaid: ("", studio("partial")),
            elsewhere: ("", elsewhere()),
        },
    }
}

pub(super) fn cells() -> Vec<Cell> {
    let voice = voice();
    [
        voice.cells(),
        vec![voice.adjusted()],
        subscriptions(),
        payments(),
        reversals(),
        lines(),
    ]
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
    vec![
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
    let pending = || sample!("order_refund_pending");
    let canceling = || voice().canceling(&("", paid()));
    let succeeded = canceling();
    succeeded.told("", &pending());
    let renewed = after(&first());
    renewed.told("", &sample!("subscription_renewal"));
    let of_cycle = sample!("subscription_renewal")
        .with("/type", "order.updated")
        .with("/data/updated_at", "2026-04-05T10:00:00Z")
        .with("/data/payment", "refunded");
    vec![
        Cell::new("refund in full", Word::Done, canceling(), KEY)
            .told("", sample!("order_refund_whole"))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new("refund that is pending", Word::Recorded, canceling(), KEY)
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
            "refund, dispute or end of what is not ours",
            Word::Recorded,
            shop(),
            KEY,
        )
        .told("", sample!("order_refunded"))
        .hears(&dispute(Dispute::Open))
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
    vec![
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
        Cell::new("line that lost its SKU", Word::Person(&["NOT_PLANNED"]), waiting, KEY).told("", lost),
    ]
}
