//! The words of Wix eCommerce: a token around an event in an event. An order has its refunds in its lines; what is sold by
//! subscription is told by an order of each cycle, and only the contract says that it is over. Also what only another site
//! that has the app would send.

use std::fmt::Write as _;

use reseller_hooks::order::{Fields, StorefrontKind};
use reseller_hooks::storefront::sign;
use reseller_hooks::time::Timestamp;
use serde_json::json;

use super::meaning::{Dispute, Refunded};
use super::oddities::{Beside, Oddity};
use super::rsa::SigningKey;
use super::words::{Message, Past};
use crate::world::Order;

/// The shop's site, which its entry names, and that of a copy, which it does not.
pub(super) const SITE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";
const COPY: &str = "4ccdbcd8-ebb7-4fc8-8829-13ea0e142123";

/// One cycle of a subscription, of which an order tells.
#[derive(Debug, Clone)]
pub(super) struct Cycle {
    /// Which one; the first is the checkout's.
    pub(super) number: u32,
    /// The payment status in its place, where it was given back, or `CANCELED`, where it was called off.
    pub(super) reversed: Option<&'static str>,
}

impl Cycle {
    /// The ID of its order.
    pub(super) fn order(&self, contract: &str) -> String {
        format!("{contract}{:03}", self.number)
    }
}

/// What comes after the time of a cycle's order in the order of versions, as the documentation has it: the cycle, then the time
/// of the change.
pub(super) fn place(cycle: &Cycle, updated: Timestamp) -> u64 {
    let millis = u64::try_from(updated.as_millis()).unwrap_or(0);
    u64::from(cycle.number) << 54 | millis << 12
}

/// What a unit costs in these shops.
const PRICE: u32 = 8;

/// An order as it is now, by itself or as a cycle of a contract.
pub(super) fn order(order: &Order, past: &Past<'_>) -> Message {
    let number = order.key.rsplit('/').next().unwrap_or_default();
    let is_reduced = order.lines.keys().any(|line| refunded(past, line) > 0);
    let is_gone = is_reduced && order.lines.values().all(|(_, units)| *units == 0);
    let (mut payment, mut balance) = match (order.paid, past.ever_paid) {
        (true, _) => ("PAID", "0"),
        (false, true) => ("PARTIALLY_PAID", "8.00"),
        (false, false) if past.says_paid => ("AUTHORIZED", "8.00"),
        (false, false) => ("NOT_PAID", "8.00"),
    };
    if is_gone {
        payment = "FULLY_REFUNDED";
    } else if is_reduced || !past.amounts.is_empty() {
        payment = "PARTIALLY_REFUNDED";
        balance = if order.paid { "0" } else { "8.00" };
    }
    let reversed = past.cycle.and_then(|cycle| cycle.reversed);
    let is_over = order.canceled || reversed == Some("CANCELED");
    if let Some(reversed) = reversed.filter(|reversed| *reversed != "CANCELED") {
        payment = reversed;
    }
    let status = if is_over { "CANCELED" } else { "APPROVED" };
    let (mut lines, mut total, mut of_units) = (String::new(), 0, 0);
    for (id, (sku, units)) in &order.lines {
        let (given_back, comma) = (refunded(past, id), if lines.is_empty() { "" } else { "," });
        let all = units + given_back;
        total += all * PRICE;
        of_units += given_back * PRICE;
        let name = id.split('#').next().unwrap_or_default();
        let texts = named(order.line_fields.get(id), |name, value| {
            format!(r#""{name}":"{value}""#)
        });
        let subscription = match past.cycle {
            Some(cycle) => format!(
                r#","subscriptionInfo":{{"id":"{number}","cycleNumber":{},"subscriptionOptionTitle":"Every month"}}"#,
                cycle.number
            ),
            None => String::new(),
        };
        let _ = write!(
            lines,
            r#"{comma}{{"id":"{name}","productName":{{"original":"{sku}"}},"catalogReference":{{"catalogItemId":"{name}","options":{{"variantId":"00000000-0000-0000-0000-000000000000","customTextFields":{{{texts}}}}}}},"quantity":{all},"refundQuantity":{given_back},"totalPriceAfterTax":{{"amount":"{}"}},"physicalProperties":{{"sku":"{sku}"}}{subscription}}}"#,
            all * PRICE
        );
    }
    if past.odd == Some(Oddity::Unnamed) {
        total += PRICE;
        lines.push_str(&once(
            "u1",
            "PLAN",
            1,
            r#","subscriptionInfo":{"cycleNumber":1,"subscriptionOptionTitle":"Every month"}"#,
        ));
    }
    if let Some(beside) = past.beside {
        total += beside.units * PRICE;
        lines.push_str(&once(Beside::LINE, beside.sku, beside.units, ""));
    }
    let id = past
        .cycle
        .map_or_else(|| number.to_owned(), |cycle| cycle.order(number));
    let (created, updated) = (order.created_at, order.updated_at());
    let custom = named(Some(&order.fields), |name, value| {
        format!(r#"{{"title":"{name}","value":"{value}"}}"#)
    });
    let entity = format!(
        r#"{{"id":"{id}","number":"{number}","createdDate":"{created}","updatedDate":"{updated}","lineItems":[{lines}],"buyerInfo":{{"email":"jane.doe@example.com"}},"paymentStatus":"{payment}","status":"{status}","billingInfo":{{"address":{{"country":"US","addressLine":"1 Example Street"}},"contactDetails":{{"firstName":"Jane Doe"}}}},"customFields":[{custom}],"priceSummary":{{"total":{{"amount":"{total}.00"}}}},"balanceSummary":{{"balance":{{"amount":"{balance}"}},"refunded":{{"amount":"{}.00"}}}}}}"#,
        past.amounts.len() + usize::try_from(of_units).expect("a price")
    );
    let (topic, event) = match (is_over, order.paid && past.says_paid, past.says_paid) {
        (true, ..) => (
            "wix.ecom.v1.order_canceled",
            format!(r#""actionEvent":{{"body":{{"order":{entity}}}}}"#),
        ),
        (false, true, _) => (
            "wix.ecom.v1.order_payment_status_updated",
            format!(r#""actionEvent":{{"body":{{"order":{entity},"previousPaymentStatus":"NOT_PAID"}}}}"#),
        ),
        (false, false, true) => (
            "wix.ecom.v1.order_approved",
            format!(r#""actionEvent":{{"bodyAsJson":{}}}"#, json!({ "order": entity })),
        ),
        (false, false, false) => (
            "wix.ecom.v1.order_updated",
            format!(r#""updatedEvent":{{"currentEntity":{entity}}}"#),
        ),
    };
    domain_event(topic, &id, updated, &event)
}

/// One more line, of which nothing is given back.
fn once(id: &str, sku: &str, units: u32, subscription: &str) -> String {
    format!(
        r#",{{"id":"{id}","productName":{{"original":"{sku}"}},"catalogReference":{{"catalogItemId":"{id}"}},"quantity":{units},"refundQuantity":0,"totalPriceAfterTax":{{"amount":"{}"}},"physicalProperties":{{"sku":"{sku}"}}{subscription}}}"#,
        units * PRICE
    )
}

/// What was given back of a line, and is counted in the order.
fn refunded(past: &Past<'_>, line: &str) -> u32 {
    past.refunds.values().filter_map(|lines| lines.get(line)).sum()
}

fn domain_event(topic: &'static str, id: &str, at: Timestamp, event: &str) -> Message {
    Message::new(
        StorefrontKind::Wix,
        topic,
        format!(
            r#"{{"id":"evt-{id}-{at}","entityId":"{id}","eventTime":"{at}","triggeredByAnonymizeRequest":false,{event}}}"#
        ),
    )
}

/// What the contract of a subscription says of itself: its end, or nothing that counts.
pub(super) fn contract(topic: &'static str, id: &str, at: Timestamp) -> Message {
    let event = match topic.starts_with("wix.pricing_plans") {
        true => format!(
            r#""actionEvent":{{"body":{{"order":{{"id":"plan-{id}","subscriptionId":"{id}","updatedDate":"{at}"}}}}}}"#
        ),
        false => format!(r#""actionEvent":{{"body":{{"subscriptionContract":{{"id":"{id}","updatedDate":"{at}"}}}}}}"#),
    };
    domain_event(topic, id, at, &event)
}

/// A chargeback of an order's payment.
pub(super) fn dispute(order: &str, id: u32, state: Dispute, at: Timestamp) -> Message {
    let status = match state {
        Dispute::Open => "PENDING",
        Dispute::Lost => "APPROVED",
        Dispute::Won => "REVERSED",
    };
    let event = format!(
        r#""updatedEvent":{{"currentEntity":{{"orderId":"{order}","payments":[{{"regularPaymentDetails":{{"chargebacks":[{{"id":"{id}","status":"{status}"}}]}}}}],"refunds":[]}}}}"#
    );
    domain_event("wix.ecom.v1.order_transactions_updated", order, at, &event)
}

/// How far the money of a refund is, which the order has counted at once.
pub(super) fn refund(order: &str, id: &str, state: Refunded, at: Timestamp) -> Message {
    let status = match state {
        Refunded::Pending => "PENDING",
        Refunded::Through => "SUCCEEDED",
        Refunded::Failed => "FAILED",
    };
    let event = format!(
        r#""actionEvent":{{"body":{{"orderId":"{order}","refund":{{"id":"{id}","transactions":[{{"refundStatus":"{status}"}}]}}}}}}"#
    );
    domain_event("wix.ecom.v1.order_transactions_refund_completed", order, at, &event)
}

/// The same from a site that has the app and is not the shop's.
pub(super) fn of_a_copy(message: &Message) -> Message {
    let copy = Message::new(
        message.kind,
        message.topic,
        message.body.replace("APPROVED", "CANCELED"),
    );
    copy.of_shop(COPY)
}

/// The token that is sent, which holds and signs the event.
pub(super) fn token(message: &Message, key: &SigningKey, now: Timestamp) -> String {
    let envelope = json!({ "data": message.body, "instanceId": message.shop, "eventType": message.topic }).to_string();
    let claims = json!({ "data": envelope, "iat": now.as_secs(), "exp": now.as_secs() + 3_600_000 }).to_string();
    let unsigned = sign::wix_token_forged(&claims);
    let signed = unsigned.rsplit_once('.').map_or("", |(signed, _)| signed);
    format!("{signed}.{}", key.sign(signed.as_bytes()))
}

fn named(fields: Option<&Fields>, pair: impl Fn(&str, &str) -> String) -> String {
    let Some(fields) = fields else { return String::new() };
    let named = [
        ("wix_account_id", &fields.account),
        ("wix_site_id", &fields.site),
        ("wix_external_id", &fields.external_id),
    ];
    let pairs = named
        .into_iter()
        .filter_map(|(name, value)| Some(pair(name, value.as_deref()?)));
    pairs.collect::<Vec<_>>().join(",")
}
