//! The words of Stripe: many objects for one order. A session or its payment says that a one-time order is paid; a
//! subscription says what it has, and invoices what of that is paid for; refunds and disputes name a payment and no lines.

use std::collections::BTreeMap;

use reseller_hooks::order::{Fields, StorefrontKind};
use reseller_hooks::time::Timestamp;

use super::meaning::{Dispute, Refunded};
use super::words::Message;
use crate::world::Order;

/// What of a session decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) topic: &'static str,
    pub(super) is_paid: bool,
}

/// An event around an object.
fn event(topic: &str, version: &str, at: Timestamp, object: &str) -> Message {
    let created = at.as_secs();
    let body = format!(
        r#"{{"id":"evt_{topic}_{created}","object":"event","api_version":"{version}","created":{created},"livemode":true,"type":"{topic}","data":{{"object":{object}}}}}"#
    );
    Message::new(StorefrontKind::Stripe, "", body)
}

/// The API versions that a shop's events may have.
pub(super) const VERSIONS: [&str; 2] = ["2024-06-20", "2025-09-30.clover"];

/// A session of a one-time payment.
pub(super) fn session(order: &Order, session: Session) -> Message {
    let number = number(order);
    let (sku, units) = order.lines.values().next().cloned().unwrap_or_default();
    let status = if session.is_paid { "paid" } else { "unpaid" };
    let fields = [Some(format!(r#""wix_sku":"{sku}","wix_quantity":"{units}""#))];
    let own = Some(named(&order.fields)).filter(|own| !own.is_empty());
    let metadata: Vec<String> = fields.into_iter().chain([own]).flatten().collect();
    let object = format!(
        r#"{{"id":"cs_{number}","object":"checkout.session","created":{},"mode":"payment","payment_status":"{status}","payment_intent":"{number}","amount_subtotal":8000,"currency":"usd","customer_details":{{"name":"Jane Doe","email":"jane.doe@example.com","address":{{"country":"US","line1":"1 Example Street"}}}},"metadata":{{{}}}}}"#,
        order.created_at.as_secs(),
        metadata.join(",")
    );
    event(session.topic, VERSIONS[1], order.updated_at(), &object)
}

/// A payment that is captured by hand: all of it, a part, or nothing any more.
pub(super) fn intent(order: &Order, received: u32) -> Message {
    let number = number(order);
    let topic = if received == 0 {
        "payment_intent.canceled"
    } else {
        "payment_intent.succeeded"
    };
    let object = format!(
        r#"{{"id":"{number}","object":"payment_intent","amount":8000,"amount_received":{received},"capture_method":"manual"}}"#
    );
    event(topic, VERSIONS[1], order.updated_at(), &object)
}

/// A charge of which money went back.
pub(super) fn charge(payment: &str, id: &str, is_whole: bool, description: &str, at: Timestamp) -> Message {
    let object = format!(
        r#"{{"id":"{id}","object":"charge","amount":8000,"refunded":{is_whole},"payment_intent":"{payment}","description":"{description}","billing_details":{{"name":"Jane Doe"}}}}"#
    );
    event("charge.refunded", VERSIONS[1], at, &object)
}

/// A refund by itself.
pub(super) fn refund(payment: &str, id: &str, state: Refunded, at: Timestamp) -> Message {
    let (topic, status) = match state {
        Refunded::Pending => ("refund.created", "pending"),
        Refunded::Through => ("refund.updated", "succeeded"),
        Refunded::Failed => ("refund.failed", "failed"),
    };
    let object = format!(
        r#"{{"id":"{id}","object":"refund","amount":100,"charge":"ch_{payment}","payment_intent":"{payment}","status":"{status}"}}"#
    );
    event(topic, VERSIONS[1], at, &object)
}

/// A dispute of a payment.
pub(super) fn dispute(payment: &str, id: u32, state: Dispute, at: Timestamp) -> Message {
    let (topic, status) = match state {
        Dispute::Open => ("charge.dispute.created", "needs_response"),
        Dispute::Lost => ("charge.dispute.closed", "lost"),
        Dispute::Won => ("charge.dispute.closed", "won"),
    };
    let object = format!(
        r#"{{"id":"dp_{id}","object":"dispute","amount":8000,"charge":"ch_{payment}","payment_intent":"{payment}","status":"{status}"}}"#
    );
    event(topic, VERSIONS[1], at, &object)
}

/// A card network thinks that a payment was fraud.
pub(super) fn warning(payment: &str, is_open: bool, at: Timestamp) -> Message {
    let object = format!(
        r#"{{"id":"issfr_{payment}","object":"radar.early_fraud_warning","actionable":{is_open},"charge":"ch_{payment}","payment_intent":"{payment}"}}"#
    );
    let topic = if is_open {
        "radar.early_fraud_warning.created"
    } else {
        "radar.early_fraud_warning.updated"
    };
    event(topic, VERSIONS[1], at, &object)
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) topic: &'static str,
    pub(super) status: &'static str,
    /// Its payments are not collected for now.
    pub(super) is_paused: bool,
    /// It is to end with its period.
    pub(super) ends_later: bool,
    /// The event does not show all of its items.
    pub(super) has_more: bool,
}

/// A subscription with its items.
pub(super) fn subscription(order: &Order, standing: Standing) -> Message {
    let number = number(order);
    let items: Vec<String> = order
        .lines
        .iter()
        .map(|(item, (price, units))| {
            format!(
                r#"{{"id":"{item}","object":"subscription_item","metadata":{{}},"price":{{"id":"{price}","object":"price","recurring":{{"usage_type":"licensed"}},"unit_amount":8000}},"quantity":{units}}}"#
            )
        })
        .collect();
    let paused = if standing.is_paused {
        r#"{"behavior":"void"}"#
    } else {
        "null"
    };
    let object = format!(
        r#"{{"id":"{number}","object":"subscription","created":{},"status":"{}","cancel_at_period_end":{},"pause_collection":{paused},"metadata":{{{}}},"items":{{"object":"list","data":[{}],"has_more":{}}}}}"#,
        order.created_at.as_secs(),
        standing.status,
        standing.ends_later,
        named(&order.fields),
        items.join(","),
        standing.has_more
    );
    event(standing.topic, VERSIONS[1], order.updated_at(), &object)
}

/// A paid invoice.
pub(super) struct Invoice<'a> {
    pub(super) id: &'a str,
    pub(super) version: &'static str,
    pub(super) reason: &'static str,
    /// The payment that paid it.
    pub(super) payment: &'a str,
    /// The units that it bills of each price in each item.
    pub(super) lines: &'a BTreeMap<(String, String), u32>,
    /// What it gives back for a part of a period that was paid already.
    pub(super) credits: &'a BTreeMap<(String, String), u32>,
    /// It is for a trial, and costs nothing.
    pub(super) is_free: bool,
    /// The event does not show all of its lines.
    pub(super) has_more: bool,
}

/// An invoice that is paid. It lists what it bills, a change as a credit and a charge.
pub(super) fn invoice(order: &Order, invoice: &Invoice<'_>) -> Message {
    let (number, created) = (number(order), order.updated_at().as_secs());
    let is_old = invoice.version == VERSIONS[0];
    let is_part = !invoice.credits.is_empty();
    let line = |((item, price), units): (&(String, String), &u32), sign: i32| {
        let amount = if invoice.is_free { 0 } else { 8000 * sign };
        let which = match is_old {
            true => format!(
                r#""subscription":"{number}","subscription_item":"{item}","type":"subscription","proration":{is_part},"price":{{"id":"{price}","object":"price","unit_amount":8000}}"#
            ),
            false => format!(
                r#""parent":{{"subscription_item_details":{{"subscription":"{number}","subscription_item":"{item}","proration":{is_part}}}}},"pricing":{{"price_details":{{"price":"{price}"}}}}"#
            ),
        };
        format!(
            r#"{{"id":"il_{item}","object":"line_item","amount":{amount},"metadata":{{}},"quantity":{units},"period":{{"start":{created},"end":{created}}},{which}}}"#
        )
    };
    let credits = invoice.credits.iter().map(|credit| line(credit, -1));
    let lines: Vec<String> = credits
        .chain(invoice.lines.iter().map(|charge| line(charge, 1)))
        .collect();
    let metadata = named(&order.fields);
    let of = match is_old {
        true => format!(
            r#""subscription":"{number}","subscription_details":{{"metadata":{{{metadata}}}}},"payment_intent":"{}","paid":true"#,
            invoice.payment
        ),
        false => format!(
            r#""parent":{{"type":"subscription_details","subscription_details":{{"subscription":"{number}","metadata":{{{metadata}}}}}}}"#
        ),
    };
    let object = format!(
        r#"{{"id":"{}","object":"invoice","created":{created},"billing_reason":"{}","status":"paid","customer_name":"Jane Doe","customer_email":"jane.doe@example.com","customer_address":{{"country":"US","line1":"1 Example Street"}},"metadata":{{}},"lines":{{"object":"list","data":[{}],"has_more":{}}},{of}}}"#,
        invoice.id,
        invoice.reason,
        lines.join(","),
        invoice.has_more
    );
    event("invoice.paid", invoice.version, order.updated_at(), &object)
}

/// Which payment paid an invoice.
pub(super) fn paid_by(invoice: &str, payment: &str, at: Timestamp) -> Message {
    let object = format!(
        r#"{{"id":"inpay_{invoice}","object":"invoice_payment","invoice":"{invoice}","status":"paid","payment":{{"type":"payment_intent","payment_intent":"{payment}"}}}}"#
    );
    event("invoice_payment.paid", VERSIONS[1], at, &object)
}

/// The same session or subscription with a status that nobody knows.
pub(super) fn unknown(message: &Message) -> Message {
    let (before, rest) = message.body.split_once(r#"status":""#).unwrap_or_default();
    let (_, after) = rest.split_once('"').unwrap_or_default();
    let body = format!(r#"{before}status":"marinating"{after}"#);
    Message::new(message.kind, message.topic, body)
}

fn number(order: &Order) -> &str {
    order.key.rsplit('/').next().unwrap_or_default()
}

fn named(fields: &Fields) -> String {
    let named = [
        ("wix_account_id", &fields.account),
        ("wix_site_id", &fields.site),
        ("wix_external_id", &fields.external_id),
    ];
    let pairs = named
        .into_iter()
        .filter_map(|(name, value)| Some(format!(r#""{name}":"{}""#, value.as_deref()?)));
    pairs.collect::<Vec<_>>().join(",")
}
