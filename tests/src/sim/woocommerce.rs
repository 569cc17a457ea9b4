//! The words of WooCommerce, as its REST API has them: an order with its refunds as amounts, a deletion that has no date, a
//! subscription that names the order which began it. Also what only a copy of the shop would send.

use std::fmt::Write as _;

use reseller_hooks::order::{Fields, StorefrontKind};
use reseller_hooks::time::Timestamp;

use super::meaning::Subscription;
use super::oddities::Oddity;
use super::words::{Message, Past};
use crate::world::Order;

/// The shop's host, which its secret names, and that of a copy of the shop, which it does not.
pub(super) const HOST: &str = "shop.example.com";
const COPY: &str = "staging.example.com";

/// An order as it is now. A refund is an amount, and a line without units is still listed.
pub(super) fn order(order: &Order, past: &Past<'_>, topic: &'static str) -> Message {
    let status = match (order.canceled, order.paid) {
        (true, _) if past.may_be_paid_again => "failed",
        (true, _) => "cancelled",
        (false, true) if past.says_paid => "completed",
        (false, true) => "processing",
        (false, false) if past.says_paid => "on-hold",
        (false, false) => "pending",
    };
    let mut lines = String::new();
    for (id, (sku, units)) in &order.lines {
        let comma = if lines.is_empty() { "" } else { "," };
        let meta = meta(order.line_fields.get(id));
        let half = if past.odd == Some(Oddity::Fraction) && lines.is_empty() {
            ".5"
        } else {
            ""
        };
        let part = if past.parts.contains(id) {
            r#""bundled_by":"1","#
        } else {
            ""
        };
        let _ = write!(
            lines,
            r#"{comma}{{"id":{id},"sku":"{sku}","product_id":{},"variation_id":0,{part}"quantity":{units}{half},"meta_data":[{meta}]}}"#,
            product(id)
        );
    }
    // An order without lines costs nothing.
    let total = if lines.is_empty() { "0.00" } else { "1000.00" };
    let number = number(&order.key);
    let (created, updated) = (gmt(order.created_at), gmt(order.updated_at() + past.clock_is_ahead));
    let paid_at = match past.ever_paid {
        true => format!("\"{created}\""),
        false => "null".to_owned(),
    };
    let refunds: Vec<String> = past
        .amounts
        .iter()
        .map(|id| format!(r#"{{"id":{id},"reason":"asked for by Jane Doe","total":"-1.00"}}"#))
        .collect();
    let mut own = meta(Some(&order.fields));
    if past.renews {
        let comma = if own.is_empty() { "" } else { "," };
        let _ = write!(own, r#"{comma}{{"key":"_subscription_renewal","value":"1{number}"}}"#);
    }
    Message::new(
        StorefrontKind::Woocommerce,
        topic,
        format!(
            r#"{{"id":{number},"parent_id":0,"number":"{number}","status":"{status}","total":"{total}","payment_method":"stripe","date_created_gmt":"{created}","date_modified_gmt":"{updated}","date_paid_gmt":{paid_at},"billing":{{"first_name":"Jane Doe","address_1":"1 Example Street","email":"jane.doe@example.com","country":"US"}},"meta_data":[{own}],"line_items":[{lines}],"refunds":[{}],"_links":{{"self":[{{"href":"https://{HOST}/wp-json/wc/v3/orders/{number}"}}]}}}}"#,
            refunds.join(",")
        ),
    )
}

/// An order that went to the trash.
pub(super) fn deleted(key: &str) -> Message {
    let body = format!(r#"{{"id":{}}}"#, number(key));
    Message::new(StorefrontKind::Woocommerce, "order.deleted", body)
}

/// The subscription that an order began. It waits for a payment (`on-hold`) for a moment with each renewal.
pub(super) fn subscription(order: &Order, lines: &[&str], state: Subscription, at: Timestamp) -> Message {
    let number = number(&order.key);
    let status = match state {
        Subscription::Active => "active",
        // It can become active again.
        Subscription::Suspended => "cancelled",
        Subscription::Ended => "expired",
    };
    let items: Vec<String> = lines
        .iter()
        .filter_map(|id| Some((id, order.lines.get(*id)?)))
        .map(|(id, (sku, units))| {
            format!(
                r#"{{"id":5{id},"sku":"{sku}","product_id":{},"variation_id":0,"quantity":{units}}}"#,
                product(id)
            )
        })
        .collect();
    let at = gmt(at);
    Message::new(
        StorefrontKind::Woocommerce,
        "subscription.updated",
        format!(
            r#"{{"id":1{number},"parent_id":{number},"status":"{status}","date_created_gmt":"{at}","date_modified_gmt":"{at}","billing":{{"email":"jane.doe@example.com"}},"line_items":[{}],"_links":{{"self":[{{"href":"https://{HOST}/wp-json/wc/v3/subscriptions/1{number}"}}]}}}}"#,
            items.join(",")
        ),
    )
}

/// The same from a copy of the shop, which has its secret.
pub(super) fn of_a_copy(message: &Message) -> Message {
    let body = message.body.replace(HOST, COPY).replace("processing", "cancelled");
    Message::new(message.kind, message.topic, body)
}

fn number(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// Each line sells a product of its own, by which a subscription names it.
fn product(line: &str) -> String {
    format!("9{line}")
}

/// The time without its zone, as WordPress writes it.
fn gmt(at: Timestamp) -> String {
    let text = at.to_string();
    text.split(['Z', '.']).next().unwrap_or_default().to_owned()
}

fn meta(fields: Option<&Fields>) -> String {
    let Some(fields) = fields else { return String::new() };
    let named = [
        ("wix_account_id", &fields.account),
        ("wix_site_id", &fields.site),
        ("wix_external_id", &fields.external_id),
    ];
    let pairs: Vec<String> = named
        .into_iter()
        .filter_map(|(name, value)| Some(format!(r#"{{"key":"{name}","value":"{}"}}"#, value.as_deref()?)))
        .collect();
    pairs.join(",")
}
