//! Wix eCommerce's column.

use reseller_hooks::order::StorefrontKind::Wix;
use serde_json::{Value, json};

use super::super::shop::{Body, SITE, Shop};
use super::voice::{Change, Dispute, Told, Voice};
use super::{Cell, OTHER_SITE, Word};

const KEY: &str = "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77";
const CONTRACT: &str = "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f5";
const SKUS: [&str; 3] = ["PREMIUM-1Y", "PREMIUM-1M", "STUDIO-1Y"];

macro_rules! sample {
    ($file:literal) => {
        Body::of(include_str!(concat!("../../../../events/wix/", $file, ".json")))
    };
}

fn at(body: Body, name: &str, value: impl Into<Value>) -> Body {
    body.with(&format!("/actionEvent/body/order/{name}"), value)
}

/// Two plans of one line, for one site.
fn paid() -> Body {
    let body = sample!("order_payment_status_updated_paid");
    let line = body.at("/actionEvent/body/order/lineItems/0");
    at(body, "lineItems", vec![line])
}

fn later(body: Body) -> Body {
    at(body, "updatedDate", "2026-03-05T10:00:00.000Z")
}

fn earlier(body: Body) -> Body {
    at(body, "updatedDate", "2026-03-02T14:14:08.000Z")
}

fn sited(body: Body) -> Body {
    at(
        body,
        "lineItems/0/catalogReference/options/customTextFields",
        json!({ "wix_site_id": SITE }),
    )
}

fn first() -> Body {
    sited(sample!("order_paid_subscription_first"))
}

fn second() -> Body {
    sited(sample!("order_paid_subscription_renewal"))
}

fn shop() -> Shop {
    Shop::selling(Wix, &SKUS)
}

fn after(body: &Body) -> Shop {
    let shop = shop();
    shop.told("", body);
    shop
}

/// The contract's next cycle, for another site.
fn elsewhere() -> Body {
    at(
        second(),
        "lineItems/0/catalogReference/options/customTextFields",
        json!({ "wix_site_id": OTHER_SITE }),
    )
}

fn dispute(far: Dispute) -> Told {
    let status = match far {
        Dispute::Open => "PENDING",
        Dispute::Lost => "APPROVED",
        Dispute::Won => "REVERSED",
    };
    let chargeback = json!({ "id": "cb-1", "status": status });
    let payment = json!({ "id": "p-1", "regularPaymentDetails": { "chargebacks": [chargeback] } });
    let transactions = json!({ "orderId": "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77", "payments": [payment] });
    let body = sample!("order_transactions_refund_failed")
        .with("/slug", "details_updated")
        .with("/actionEvent/body", json!({ "orderTransactions": transactions }));
    ("", body)
}

fn voice() -> Voice {
    let payment = |status: &str| at(paid(), "paymentStatus", status);
    let open = || at(later(paid()), "paymentStatus", "PARTIALLY_PAID");
    let units = |body, units: u64| at(body, "lineItems/0/quantity", units);
    let refunded = |status: &str, units: u64| {
        let order = at(later(paid()), "paymentStatus", status);
        ("", at(order, "lineItems/0/refundQuantity", units))
    };
    let studio = || at(second(), "lineItems/0/physicalProperties/sku", "STUDIO-1Y");
    let texts = "lineItems/0/catalogReference/options/customTextFields";
    Voice {
        kind: Wix,
        skus: &SKUS,
        key: KEY,
        units: 2,
        paid: ("", paid()),
        more: (("", units(later(paid()), 4)), 4),
        fewer: (("", units(later(paid()), 1)), 1),
        unpaid_key: KEY,
        authorised: ("", payment("AUTHORIZED")),
        deposit: ("", payment("PARTIALLY_PAID")),
        open_again: ("", units(open(), 4)),
        unclear: ("", payment("CHARGED_LATER")),
        without_site: ("", at(paid(), texts, json!({}))),
        disagreeing: ("", units(paid(), 1)),
        refund_of_lines: refunded("PARTIALLY_REFUNDED", 1),
        refund_in_full: refunded("FULLY_REFUNDED", 2),
        paid_again: ("", at(paid(), "updatedDate", "2026-03-06T10:00:00.000Z")),
        refund_of_an_amount: refunded("PARTIALLY_REFUNDED", 0),
        first_heard_refunded: vec![refunded("PARTIALLY_REFUNDED", 0)],
        dispute,
        canceled: ("", at(later(paid()), "status", "CANCELED")),
        paid_before: ("", earlier(paid())),
        no_lines: ("", at(later(paid()), "lineItems", json!([]))),
        without_sku: ("", at(paid(), "lineItems/0/physicalProperties/sku", json!(null))),
        // Of an order each product is a line of its own; a contract's next cycle may have another one.
        change: Change {
            key: CONTRACT,
            before: ("", first()),
            has: ("PREMIUM-1M", 1),
            paid: ("", studio()),
            unpaid: ("", at(studio(), "paymentStatus", "PARTIALLY_PAID")),
            elsewhere: ("", elsewhere()),
        },
    }
}

pub(super) fn cells() -> Vec<Cell> {
    let voice = voice();
    [voice.cells(), vec![voice.adjusted()], subscriptions(), others()]
        .into_iter()
        .flatten()
        .collect()
}

fn subscriptions() -> Vec<Cell> {
    let failed = at(sample!("order_approved_renewal_unpaid"), "paymentStatus", "DECLINED");
    let over = after(&first());
    let at_end = "/actionEvent/body/subscriptionContract/updatedDate";
    over.told(
        "",
        &sample!("subscription_contract_canceled").with(at_end, "2026-03-20T10:00:00.000Z"),
    );
    vec![
        Cell::new(
            "product that is sold once, beside a subscription",
            Word::Done,
            Shop::selling(Wix, &["PREMIUM-1M", "BUSINESS-EMAIL-1Y"]),
            "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3010",
        )
        .told("", sample!("order_paid_mixed"))
        .holds("PREMIUM-1M", 1, 0)
        .holds("BUSINESS-EMAIL-1Y", 1, 0),
        Cell::new("paid after the end", Word::Person(&["PAID_AFTER_END"]), over, CONTRACT)
            .told("", second())
            .holds("PREMIUM-1M", 1, 0),
        Cell::new("first payment of a subscription", Word::Done, shop(), CONTRACT)
            .told("", first())
            .holds("PREMIUM-1M", 1, 1),
        Cell::new("renewal", Word::Recorded, after(&first()), CONTRACT)
            .told("", second())
            .told("", sample!("subscription_contract_updated"))
            .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "first heard of by a renewal",
            Word::Person(&["FIRST_HEARD_BY_RENEWAL"]),
            shop(),
            CONTRACT,
        )
        .told("", second())
        .holds("PREMIUM-1M", 0, 0),
        Cell::new("end of a subscription", Word::Done, after(&first()), CONTRACT)
            .told("", sample!("subscription_contract_canceled"))
            .holds("PREMIUM-1M", 1, 0),
        Cell::new(
            "end that comes only at the period's end",
            Word::Recorded,
            after(&first()),
            CONTRACT,
        )
        .told("", sample!("pricing_plans_order_auto_renew_canceled"))
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "payment that failed or is overdue",
            Word::Recorded,
            after(&first()),
            CONTRACT,
        )
        .told("", failed)
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "refund of one cycle",
            Word::Person(&["CYCLE_REVERSED"]),
            after(&first()),
            CONTRACT,
        )
        .told("", second())
        .told("", sample!("order_updated_cycle_refunded"))
        .holds("PREMIUM-1M", 1, 1),
    ]
}

fn others() -> Vec<Cell> {
    vec![
        Cell::new(
            "event that is none of our business",
            Word::Recorded,
            after(&paid()),
            KEY,
        )
        .told("", sample!("subscription_contract_deleted"))
        .told("", sample!("order_created_imported")),
        Cell::new(
            "refund that fails later",
            Word::Person(&["REFUND_FAILED"]),
            after(&paid()),
            KEY,
        )
        .told("", sample!("order_transactions_refund_failed"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "refund, dispute or end of what is not ours",
            Word::Recorded,
            shop(),
            CONTRACT,
        )
        .told("", sample!("subscription_contract_canceled"))
        .hears(&dispute(Dispute::Lost)),
    ]
}
