//! Shopify's column.

use reseller_hooks::order::StorefrontKind::Shopify;
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

use super::super::shop::{Body, SITE, Shop};
use super::voice::{Change, Dispute, Told, Voice};
use super::{Cell, OTHER_SITE, Word};

const KEY: &str = "shopify/9007199254740993";
const FIRST: &str = "shopify/9007199254747001";
const RENEWAL: &str = "shopify/9007199254747011";
const SKUS: [&str; 4] = ["PREMIUM-1Y", "PREMIUM-1M", "BUSINESS-EMAIL-1Y", "STUDIO-1Y"];

macro_rules! sample {
    ($file:literal) => {
        Body::of(include_str!(concat!("../../../../events/shopify/", $file, ".json")))
    };
}

/// Three plans of one line, for one site.
fn paid() -> Body {
    let body = sample!("orders_paid");
    let line = body.at("/line_items/0");
    body.with("/line_items", vec![line])
}

fn later(body: Body) -> Body {
    body.with("/updated_at", "2026-03-05T09:00:00-05:00")
}

fn status(body: Body, status: &str) -> Body {
    body.with("/financial_status", status)
}

fn units(body: Body, units: u64) -> Body {
    body.with("/line_items/0/current_quantity", units)
}

fn first() -> Body {
    sample!("orders_paid_subscription_first")
        .with("/note_attributes", json!([{ "name": "wix_site_id", "value": SITE }]))
}

fn contract(status: &str, revision: u64) -> Body {
    sample!("subscription_contracts_cancel")
        .with("/status", status)
        .with("/revision_id", revision)
}

fn shop() -> Shop {
    Shop::selling(Shopify, &SKUS)
}

fn after(body: &Body) -> Shop {
    let shop = shop();
    shop.told("orders/paid", body);
    shop
}

/// The same for another site, wherever the sample names it.
fn elsewhere() -> Body {
    let body = later(paid());
    let text = body.0.to_string().replace(SITE, OTHER_SITE);
    assert!(text.contains(OTHER_SITE), "the sample names the site");
    Body::of(&text)
}

fn dispute(far: Dispute) -> Told {
    match far {
        Dispute::Open => ("disputes/create", sample!("disputes_create")),
        Dispute::Lost => ("disputes/update", sample!("disputes_update_lost")),
        Dispute::Won => ("disputes/update", sample!("disputes_update_won")),
    }
}

fn with_refund(refund: Body) -> Body {
    status(later(paid()), "partially_refunded").with("/refunds", vec![refund.0])
}

fn voice() -> Voice {
    let open = || status(later(paid()), "partially_paid").with("/total_outstanding", "80.00");
    let five = |body| units(body, 5).with("/line_items/0/quantity", 5);
    let amount = || sample!("refunds_create_amount_only");
    let studio = |body: Body| body.with("/line_items/0/sku", "STUDIO-1Y");
    Voice {
        kind: Shopify,
        skus: &SKUS,
        key: KEY,
        units: 3,
        paid: ("orders/paid", paid()),
        more: (("orders/paid", five(later(paid()))), 5),
        fewer: (("orders/updated", units(later(paid()), 2)), 2),
        unpaid_key: "shopify/9007199254747101",
        authorised: ("orders/paid", sample!("orders_create_authorized")),
        deposit: ("orders/updated", sample!("orders_updated_deposit")),
        open_again: ("orders/updated", five(open())),
        unclear: ("orders/updated", status(paid(), "settled_later")),
        without_site: ("orders/paid", paid().with("/line_items/0/properties", json!([]))),
        disagreeing: ("orders/updated", units(paid(), 1)),
        refund_of_lines: ("refunds/create", sample!("refunds_create")),
        refund_in_full: ("orders/updated", status(later(paid()), "refunded")),
        paid_again: (
            "orders/updated",
            paid().with("/updated_at", "2026-03-06T09:00:00-05:00"),
        ),
        refund_of_an_amount: ("refunds/create", amount()),
        first_heard_refunded: vec![("orders/updated", with_refund(amount()))],
        dispute,
        canceled: ("orders/cancelled", sample!("orders_cancelled")),
        paid_before: ("orders/paid", paid()),
        no_lines: ("orders/updated", later(paid()).with("/line_items", json!([]))),
        without_sku: ("orders/paid", paid().with("/line_items/0/sku", json!(null))),
        change: Change {
            key: KEY,
            before: ("orders/paid", paid()),
            has: ("PREMIUM-1Y", 3),
            paid: ("orders/updated", studio(later(paid()))),
            unpaid: ("orders/updated", studio(open())),
            elsewhere: ("orders/updated", elsewhere()),
        },
    }
}

pub(super) fn cells() -> Vec<Cell> {
    [voice().cells(), subscriptions(), payments(), reversals(), lines()]
        .into_iter()
        .flatten()
        .collect()
}

fn subscriptions() -> Vec<Cell> {
    let failed = after(&first());
    failed.told("subscription_contracts/fail", &contract("failed", 2));
    let plain = first()
        .without("/line_items/0/selling_plan_id")
        .without("/line_items/0/selling_plan_allocation");
    let hinted = sample!("orders_paid_subscription_renewal").with("/source_name", "web");
    vec![
        Cell::new("first payment of a subscription", Word::Done, shop(), FIRST)
            .told("orders/paid", first())
            .told("subscription_contracts/activate", contract("active", 1))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new("renewal", Word::Recorded, after(&first()), RENEWAL)
            .told("orders/paid", sample!("orders_paid_subscription_renewal"))
            .told(
                "subscription_billing_attempts/success",
                sample!("subscription_billing_attempts_success"),
            )
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "renewal of a product that is sold once",
            Word::Person(&["NOT_PLANNED"]),
            Shop::selling_once(Shopify, &SKUS),
            RENEWAL,
        )
        .told("orders/paid", sample!("orders_paid_subscription_renewal"))
        .holds("PREMIUM-1M", 0, 0),
        Cell::new(
            "renewal by a hint only",
            Word::Person(&["RENEWAL_UNCLEAR"]),
            after(&first()),
            RENEWAL,
        )
        .told("orders/paid", hinted)
        .holds("PREMIUM-1M", 1, 1),
        Cell::new("end of a subscription", Word::Done, after(&first()), FIRST)
            .told("subscription_contracts/cancel", contract("cancelled", 4))
            .holds("PREMIUM-1M", 1, 0)
            .holds("BUSINESS-EMAIL-1Y", 1, 1),
        Cell::new("end that comes back", Word::Done, failed, FIRST)
            .told("subscription_contracts/activate", contract("active", 3))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "end whose lines nobody knows",
            Word::Person(&["END_UNCLEAR"]),
            after(&plain),
            FIRST,
        )
        .told("subscription_contracts/cancel", contract("cancelled", 4))
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "payment that failed or is overdue",
            Word::Recorded,
            after(&first()),
            FIRST,
        )
        .told(
            "subscription_billing_attempts/failure",
            sample!("subscription_billing_attempts_failure"),
        ),
        Cell::new(
            "subscription that is over and alive at one moment",
            Word::Person(&["STATES_DISAGREE"]),
            after(&first()),
            FIRST,
        )
        .told("subscription_contracts/activate", contract("active", 5))
        .told("subscription_contracts/fail", contract("failed", 5))
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "product that is sold once, beside a subscription",
            Word::Done,
            shop(),
            FIRST,
        )
        .told("orders/paid", first())
        .holds("PREMIUM-1M", 1, 1)
        .holds("BUSINESS-EMAIL-1Y", 1, 1),
        Cell::new("paused", Word::Recorded, after(&first()), FIRST)
            .told("subscription_contracts/pause", contract("paused", 5))
            .holds("PREMIUM-1M", 1, 1),
    ]
}

fn payments() -> Vec<Cell> {
    vec![
        Cell::new("test order", Word::Recorded, shop(), KEY).told("orders/paid", sample!("orders_paid_test_order")),
        Cell::new(
            "event that is none of our business",
            Word::Recorded,
            after(&paid()),
            KEY,
        )
        .told("app/uninstalled", Body(json!({ "id": 1 })))
        .told("orders/edited", sample!("orders_edited")),
    ]
}

fn reversals() -> Vec<Cell> {
    let failed = units(
        with_refund(sample!("refunds_create_pending").with("/transactions/0/status", "failure")),
        2,
    );
    let canceling = || voice().canceling(&("orders/paid", paid()));
    let pending = canceling();
    pending.told("refunds/create", &sample!("refunds_create_pending"));
    let renewed = after(&first());
    renewed.told("orders/paid", &sample!("orders_paid_subscription_renewal"));
    let of_cycle = status(later(sample!("orders_paid_subscription_renewal")), "refunded")
        .with("/updated_at", "2026-04-05T09:00:00-04:00");
    vec![
        Cell::new("refund that is pending", Word::Recorded, canceling(), KEY)
            .told("refunds/create", sample!("refunds_create_pending"))
            .holds("PREMIUM-1Y", 3, 1),
        Cell::new(
            "refund that fails later",
            Word::Person(&["REFUND_FAILED"]),
            pending,
            KEY,
        )
        .told("orders/updated", failed)
        .holds("PREMIUM-1Y", 3, 1),
        Cell::new("refund of one cycle", Word::Recorded, renewed, RENEWAL)
            .told("orders/updated", of_cycle)
            .holds("PREMIUM-1M", 1, 1),
        Cell::new("order deleted", Word::Recorded, after(&paid()), KEY)
            .told("orders/delete", Body(json!({ "id": 9_007_199_254_740_993_u64 })))
            .holds("PREMIUM-1Y", 3, 1),
        Cell::new(
            "refund, dispute or end of what is not ours",
            Word::Recorded,
            shop(),
            KEY,
        )
        .told("refunds/create", sample!("refunds_create"))
        .told("disputes/create", sample!("disputes_create"))
        .told(
            "subscription_contracts/cancel",
            contract("cancelled", 4).with("/origin_order_id", 9_007_199_254_740_993_u64),
        ),
    ]
}

fn lines() -> Vec<Cell> {
    let bundle = sample!("orders_paid_bundle").with("/line_items/1/sku", "BUSINESS-EMAIL-1Y");
    let unknown = sample!("orders_paid_bundle").with("/line_items/0/sku", "PLAN-COMPONENT");
    let careless = Shop::with_catalog(Shopify, &catalog_of(&SKUS, "ignore"));
    let waiting = Shop::with_catalog(Shopify, &catalog_of(&SKUS, "ignore"));
    let unpaid = status(paid(), "partially_paid").with("/total_outstanding", "80.00");
    waiting.told("orders/updated", &unpaid);
    let missing = |body: Body| body.with("/line_items/0/sku", json!(null));
    vec![
        Cell::new("composite", Word::Done, shop(), "shopify/9007199254747201")
            .told("orders/paid", bundle)
            .holds("PREMIUM-1Y", 1, 0)
            .holds("BUSINESS-EMAIL-1Y", 1, 0),
        Cell::new(
            "composite of which no SKU is known",
            Word::Person(&["NOT_PLANNED"]),
            careless,
            "shopify/9007199254747201",
        )
        .told("orders/paid", unknown),
        Cell::new("line that lost its SKU", Word::Person(&["NOT_PLANNED"]), waiting, KEY)
            .told("orders/paid", missing(later(paid())))
            .holds("PREMIUM-1Y", 0, 0),
    ]
}
