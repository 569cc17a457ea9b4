//! Wix eCommerce's column.

use reseller_hooks::order::StorefrontKind::Wix;
use serde_json::{Value, json};

use super::super::shop::{Body, SITE, Shop};
use super::{CHANGING, Cell, OTHER_SITE, PARKED, Word};

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

/// What is not wanted any more is canceled there, so that it can be counted.
fn canceling(body: &Body) -> Shop {
    let shop = Shop::canceling(Wix, &SKUS);
    shop.told("", body);
    shop
}

/// With what follows another plan and another site.
fn changing(body: &Body) -> Shop {
    let shop = Shop::with_defaults(Wix, &SKUS, CHANGING);
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

fn disputed(policy: &str) -> Shop {
    let shop = Shop::with_defaults(Wix, &SKUS, policy);
    shop.told("", &paid());
    shop
}

fn dispute(status: &str) -> Body {
    let chargeback = json!({ "id": "cb-1", "status": status });
    let payment = json!({ "id": "p-1", "regularPaymentDetails": { "chargebacks": [chargeback] } });
    let transactions = json!({ "orderId": "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77", "payments": [payment] });
    sample!("order_transactions_refund_failed")
        .with("/slug", "details_updated")
        .with("/actionEvent/body", json!({ "orderTransactions": transactions }))
}

pub(super) fn cells() -> Vec<Cell> {
    [subscriptions(), payments(), reversals(), lines()]
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

fn payments() -> Vec<Cell> {
    let open = |body| at(later(body), "paymentStatus", "PARTIALLY_PAID");
    let without_text = at(
        paid(),
        "lineItems/0/catalogReference/options/customTextFields",
        json!({}),
    );
    vec![
        Cell::new("first payment", Word::Done, shop(), KEY)
            .told("", paid())
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new("more units, paid", Word::Done, after(&paid()), KEY)
            .told("", at(later(paid()), "lineItems/0/quantity", 4))
            .holds("PREMIUM-1Y", 4, 1),
        Cell::new("fewer units", Word::Done, canceling(&paid()), KEY)
            .told("", at(later(paid()), "lineItems/0/quantity", 1))
            .holds("PREMIUM-1Y", 1, 1),
        Cell::new(
            "another product in the same line, paid",
            Word::Person(&["PLAN_CHANGED"]),
            after(&first()),
            CONTRACT,
        )
        .told("", at(second(), "lineItems/0/physicalProperties/sku", "STUDIO-1Y"))
        .holds("PREMIUM-1M", 1, 1)
        .holds("STUDIO-1Y", 0, 0),
        Cell::new(
            "another product in the same line, `on_plan_change = \"adjust\"`",
            Word::Done,
            changing(&first()),
            CONTRACT,
        )
        .told("", at(second(), "lineItems/0/physicalProperties/sku", "STUDIO-1Y"))
        .holds("PREMIUM-1M", 0, 0)
        .holds("STUDIO-1Y", 1, 1),
        Cell::new(
            "another site than before",
            Word::Person(&["SITE_CHANGED"]),
            after(&first()),
            CONTRACT,
        )
        .told("", elsewhere())
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "another site than before, `on_site_change = \"move\"`",
            Word::Done,
            changing(&first()),
            CONTRACT,
        )
        .told("", elsewhere())
        .holds("PREMIUM-1M", 1, 1),
        Cell::new(
            "another product in the same line, unpaid",
            Word::Recorded,
            after(&first()),
            CONTRACT,
        )
        .told(
            "",
            at(
                at(second(), "lineItems/0/physicalProperties/sku", "STUDIO-1Y"),
                "paymentStatus",
                "PARTIALLY_PAID",
            ),
        )
        .holds("STUDIO-1Y", 0, 0),
        Cell::new("authorisation", Word::Recorded, shop(), KEY).told("", at(paid(), "paymentStatus", "AUTHORIZED")),
        Cell::new("deposit, partial payment", Word::Recorded, shop(), KEY)
            .told("", at(paid(), "paymentStatus", "PARTIALLY_PAID")),
        Cell::new("paid once and open again", Word::Recorded, after(&paid()), KEY)
            .told("", at(open(paid()), "lineItems/0/quantity", 4))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "payment status that nobody knows",
            Word::Person(&["PAYMENT_UNCLEAR"]),
            shop(),
            KEY,
        )
        .told("", at(paid(), "paymentStatus", "CHARGED_LATER")),
        Cell::new("two states of one moment that agree", Word::Done, shop(), KEY)
            .told("", without_text)
            .told("", paid())
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "two states of one moment that disagree",
            Word::Person(&["STATES_DISAGREE"]),
            after(&paid()),
            KEY,
        )
        .told("", at(paid(), "lineItems/0/quantity", 1))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "event that is none of our business",
            Word::Recorded,
            after(&paid()),
            KEY,
        )
        .told("", sample!("subscription_contract_deleted"))
        .told("", sample!("order_created_imported")),
    ]
}

fn reversals() -> Vec<Cell> {
    let refunded = |status: &str, units: u64| {
        at(
            at(later(paid()), "paymentStatus", status),
            "lineItems/0/refundQuantity",
            units,
        )
    };
    let given_back = after(&paid());
    given_back.told("", &refunded("FULLY_REFUNDED", 2));
    let disputes = disputed("on_dispute = \"attention\"");
    disputes.told("", &dispute("PENDING"));
    vec![
        Cell::new("refund of lines", Word::Done, canceling(&paid()), KEY)
            .told("", refunded("PARTIALLY_REFUNDED", 1))
            .holds("PREMIUM-1Y", 1, 1),
        Cell::new("refund in full", Word::Done, canceling(&paid()), KEY)
            .told("", refunded("FULLY_REFUNDED", 2))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new(
            "refunded in full and paid again",
            Word::Person(&["PAID_AGAIN"]),
            given_back,
            KEY,
        )
        .told("", at(paid(), "updatedDate", "2026-03-06T10:00:00.000Z"))
        .holds("PREMIUM-1Y", 2, 0),
        Cell::new(
            "refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            canceling(&paid()),
            KEY,
        )
        .told("", refunded("PARTIALLY_REFUNDED", 0))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "first heard of with a refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            shop(),
            KEY,
        )
        .told("", refunded("PARTIALLY_REFUNDED", 0))
        .holds("PREMIUM-1Y", 0, 0),
        Cell::new(
            "refund that fails later",
            Word::Person(&["REFUND_FAILED"]),
            after(&paid()),
            KEY,
        )
        .told("", sample!("order_transactions_refund_failed"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "dispute, `on_dispute = \"attention\"`",
            Word::Person(&["DISPUTE_OPEN", "DISPUTE_LOST"]),
            disputed("on_dispute = \"attention\""),
            KEY,
        )
        .told("", dispute("APPROVED"))
        .holds("PREMIUM-1Y", 2, 1),
        Cell::new(
            "dispute, `on_dispute = \"take_back\"`",
            Word::Person(&["DISPUTE_OPEN", "DISPUTE_LOST"]),
            disputed("on_dispute = \"take_back\""),
            KEY,
        )
        .told("", dispute("APPROVED"))
        .holds("PREMIUM-1Y", 2, 0),
        Cell::new("dispute that is won", Word::Recorded, disputes, KEY)
            .told("", dispute("REVERSED"))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new("order canceled", Word::Done, canceling(&paid()), KEY)
            .told("", at(later(paid()), "status", "CANCELED"))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new("canceled before it is paid", Word::Recorded, shop(), KEY)
            .told("", at(later(paid()), "status", "CANCELED"))
            .told("", earlier(paid()))
            .holds("PREMIUM-1Y", 0, 0),
        Cell::new(
            "refund, dispute or end of what is not ours",
            Word::Recorded,
            shop(),
            CONTRACT,
        )
        .told("", sample!("subscription_contract_canceled"))
        .told("", dispute("APPROVED")),
    ]
}

fn lines() -> Vec<Cell> {
    vec![
        Cell::new("list of lines that is empty", PARKED, after(&paid()), KEY)
            .told("", at(later(paid()), "lineItems", json!([])))
            .holds("PREMIUM-1Y", 2, 1),
        Cell::new("line without SKU", Word::Person(&["NOT_PLANNED"]), shop(), KEY)
            .told("", at(paid(), "lineItems/0/physicalProperties/sku", json!(null)))
            .holds("PREMIUM-1Y", 0, 0),
    ]
}
