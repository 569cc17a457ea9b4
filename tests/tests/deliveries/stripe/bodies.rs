//! Bodies as Stripe sends them, with what a test says and nothing personal.

use serde_json::{Value, json};

use super::{MONTH, PLACED};

pub(crate) const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
pub(crate) const ACCOUNT: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";

/// An event of today's API version.
pub(crate) fn event(kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": format!("evt_{created}_{}", kind.replace('.', "_")), "object": "event", "api_version": "2026-08-26.dahlia",
        "created": created, "data": { "object": object }, "livemode": true, "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null }, "type": kind,
    })
}

/// The same event of another API version.
pub(crate) fn of_version(mut event: Value, version: &str) -> Value {
    event["api_version"] = version.into();
    event
}

/// The same event with other values in its object, by their names.
pub(crate) fn changed(mut event: Value, object: &Value) -> Value {
    for (name, value) in object.as_object().expect("an object") {
        event["data"]["object"][name] = value.clone();
    }
    event
}

/// One item of a subscription.
pub(crate) fn item(id: &str, price: &str, quantity: u32) -> Value {
    json!({
        "id": id, "object": "subscription_item", "metadata": {}, "quantity": quantity,
        "price": { "id": price, "object": "price", "recurring": { "interval": "month", "usage_type": "licensed" }, "unit_amount": 1000 },
    })
}

fn list(data: Vec<Value>) -> Value {
    json!({ "object": "list", "has_more": false, "total_count": data.len(), "data": data, "url": "/v1/sample" })
}

/// `customer.subscription.<what>` of `sub_1`.
pub(crate) fn subscription(what: &str, created: i64, status: &str, items: Vec<Value>) -> Value {
    let over = status == "canceled";
    let object = json!({
        "id": "sub_1", "object": "subscription", "cancel_at_period_end": false, "created": PLACED, "currency": "usd",
        "canceled_at": over.then_some(created), "collection_method": "charge_automatically", "customer": "cus_1",
        "ended_at": over.then_some(created), "items": list(items), "latest_invoice": "in_1", "livemode": true,
        "metadata": { "wix_account_id": ACCOUNT, "wix_site_id": SITE }, "pause_collection": null, "status": status,
    });
    event(&format!("customer.subscription.{what}"), created, object)
}

/// A line of an invoice, of a whole period.
pub(crate) fn line(item: &str, price: &str, quantity: u32, amount: i64) -> Value {
    json!({
        "id": format!("il_{item}_{price}_{amount}"), "object": "line_item", "amount": amount, "currency": "usd", "metadata": {},
        "parent": {
            "invoice_item_details": null, "type": "subscription_item_details",
            "subscription_item_details": { "invoice_item": null, "proration": false, "subscription": "sub_1", "subscription_item": item },
        },
        "period": { "start": PLACED, "end": PLACED + MONTH },
        "pricing": { "price_details": { "price": price, "product": "prod_1" }, "type": "price_details", "unit_amount_decimal": "1000" },
        "quantity": quantity,
    })
}

/// The same for what is left of a period.
pub(crate) fn proration(item: &str, price: &str, quantity: u32, amount: i64, start: i64) -> Value {
    let mut line = line(item, price, quantity, amount);
    line["parent"]["subscription_item_details"]["proration"] = true.into();
    line["period"]["start"] = start.into();
    line
}

/// `invoice.paid` of `sub_1`.
pub(crate) fn invoice(id: &str, reason: &str, created: i64, lines: Vec<Value>) -> Value {
    let total: i64 = lines
        .iter()
        .map(|line| line["amount"].as_i64().expect("an amount"))
        .sum();
    let object = json!({
        "id": id, "object": "invoice", "amount_due": total, "amount_paid": total, "amount_remaining": 0,
        "billing_reason": reason, "collection_method": "charge_automatically", "created": created, "currency": "usd",
        "customer": "cus_1", "customer_address": { "country": "US" }, "customer_shipping": null, "lines": list(lines),
        "livemode": true, "metadata": {}, "status": "paid", "total": total,
        "parent": {
            "quote_details": null, "type": "subscription_details",
            "subscription_details": { "metadata": { "wix_account_id": ACCOUNT, "wix_site_id": SITE }, "subscription": "sub_1" },
        },
    });
    event("invoice.paid", created + 5, object)
}

/// The first invoice of `sub_1`: one unit of a price.
pub(crate) fn first(price: &str) -> Value {
    first_of(price, 1)
}

/// The first invoice of `sub_1`: some units of a price.
pub(crate) fn first_of(price: &str, quantity: u32) -> Value {
    let amount = i64::from(quantity) * 1000;
    invoice(
        "in_1",
        "subscription_create",
        PLACED,
        vec![line("si_1", price, quantity, amount)],
    )
}

/// `invoice_payment.paid`: which payment intent paid which invoice.
pub(crate) fn invoice_payment(intent: &str, invoice: &str) -> Value {
    let object = json!({
        "id": "inpay_1", "object": "invoice_payment", "amount_paid": 1000, "amount_requested": 1000, "created": PLACED, "currency": "usd",
        "invoice": invoice, "is_default": true, "livemode": true, "status": "paid",
        "payment": { "payment_intent": intent, "type": "payment_intent" },
    });
    event("invoice_payment.paid", PLACED + 6, object)
}

/// `checkout.session.<what>` in payment mode: one unit, paid by `pi_1`.
pub(crate) fn session(what: &str, created: i64, payment_status: &str) -> Value {
    let object = json!({
        "id": "cs_1", "object": "checkout.session", "amount_subtotal": 8000, "amount_total": 8000, "created": PLACED, "currency": "usd",
        "client_reference_id": null, "collected_information": { "shipping_details": null }, "customer": null,
        "customer_details": { "address": { "country": "US" }, "email": "sample.buyer@example.com", "name": "Sample Buyer" },
        "invoice": null, "livemode": true, "metadata": { "wix_sku": "PREMIUM-1Y", "wix_account_id": ACCOUNT, "wix_site_id": SITE },
        "mode": "payment", "payment_intent": "pi_1", "payment_link": null, "payment_status": payment_status,
        "status": "complete", "subscription": null,
    });
    event(&format!("checkout.session.{what}"), created, object)
}

/// The session of an order that is paid at once.
pub(crate) fn paid() -> Value {
    session("completed", PLACED + 9, "paid")
}

/// `payment_intent.<what>` of `pi_1`, captured by hand.
pub(crate) fn intent(what: &str, created: i64, received: i64) -> Value {
    let object = json!({
        "id": "pi_1", "object": "payment_intent", "amount": 8000, "amount_received": received, "capture_method": "manual",
        "created": PLACED, "currency": "usd", "livemode": true, "metadata": {}, "status": what,
    });
    event(&format!("payment_intent.{what}"), created, object)
}

/// `charge.<what>` of a charge of an intent.
pub(crate) fn charge(what: &str, created: i64, intent: &str, captured: i64, refunded: i64) -> Value {
    let object = json!({
        "id": format!("ch_of_{intent}"), "object": "charge", "amount": 8000, "amount_captured": captured, "amount_refunded": refunded,
        "captured": captured > 0, "created": PLACED + 5, "currency": "usd", "description": null, "livemode": true, "paid": true,
        "payment_intent": intent, "refunded": refunded == 8000, "status": "succeeded",
    });
    event(&format!("charge.{what}"), created, object)
}

/// `refund.<what>` of an intent.
pub(crate) fn refund(what: &str, created: i64, intent: &str, status: &str) -> Value {
    let object = json!({
        "id": format!("re_of_{intent}"), "object": "refund", "amount": 8000, "charge": format!("ch_of_{intent}"), "created": created,
        "currency": "usd", "payment_intent": intent, "status": status,
    });
    event(&format!("refund.{what}"), created, object)
}

/// `charge.dispute.<what>` of an intent.
pub(crate) fn dispute(what: &str, created: i64, intent: &str, status: &str) -> Value {
    let object = json!({
        "id": format!("dp_of_{intent}"), "object": "dispute", "amount": 8000, "charge": format!("ch_of_{intent}"), "created": created,
        "currency": "usd", "livemode": true, "payment_intent": intent, "reason": "fraudulent", "status": status,
    });
    event(&format!("charge.dispute.{what}"), created, object)
}

/// A line of an invoice that was added by itself: a price that is billed once.
pub(crate) fn added(id: &str, price: &str, quantity: u32, amount: i64) -> Value {
    json!({
        "id": format!("il_{id}"), "object": "line_item", "amount": amount, "currency": "usd", "metadata": {},
        "parent": {
            "type": "invoice_item_details", "subscription_item_details": null,
            "invoice_item_details": { "invoice_item": id, "proration": false, "proration_details": null, "subscription": "sub_1" },
        },
        "period": { "start": PLACED, "end": PLACED },
        "pricing": { "price_details": { "price": price, "product": "prod_2" }, "type": "price_details", "unit_amount_decimal": "8000" },
        "quantity": quantity,
    })
}
