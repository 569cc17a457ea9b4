//! `WooCommerce`. Each webhook has its own secret, so the shop is told by whose secret fits. Only the body is signed;
//! it is built when it is sent, so states can be skipped, and nothing is ever sent again (documented).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::fields::{country, sku};
use super::json::{Id, Lenient, Text, Units, decode, list, text};
use super::keys::hash;
use super::{Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{Ended, Line, Notice, OrderKey, Paid, Snapshot, Statement, StorefrontKind, Version};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct Woocommerce;

pub(super) const SIGNATURE: [&str; 1] = ["x-wc-webhook-signature"];
pub(super) const TOPIC: [&str; 1] = ["x-wc-webhook-topic"];
/// Not unique (observed): for the logs only.
pub(super) const DELIVERY_ID: [&str; 1] = ["x-wc-webhook-delivery-id"];
/// The ID of the payment method that comes with WooCommerce and is paid at the door.
const CASH_ON_DELIVERY: &str = "cod";

impl Storefront for Woocommerce {
    /// On activation it sends `webhook_id=7` as a form, unsigned, and wants 200 or stays off (documented).
    fn ping(&self, delivery: &Delivery<'_>) -> Option<&'static str> {
        let unsigned = SIGNATURE.iter().all(|name| !delivery.headers.contains_key(*name));
        let number = delivery.body.trim_ascii().strip_prefix(b"webhook_id=")?;
        let ping = unsigned && (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
        ping.then_some("WooCommerce's ping on activation")
    }

    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
        let signature = delivery
            .header(&SIGNATURE)
            .and_then(|header| STANDARD.decode(header).ok());
        Verified::by_hmac(delivery, shops, delivery.body, signature.as_slice())
    }

    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError> {
        let topic = verified
            .delivery()
            .header(&TOPIC)
            .filter(|topic| !topic.is_empty())
            .ok_or_else(|| ReceiveError::malformed("The header X-WC-Webhook-Topic is missing."))?;
        let body = text(verified.payload())?;
        match topic {
            "order.created" | "order.updated" | "order.restored" => {
                rest_error(body)?;
                order(verified, body, names)
            }
            "order.deleted" => {
                rest_error(body)?;
                deleted(verified, body)
            }
            other => Ok(Understood::Nothing(
                format!("the topic {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

#[derive(Deserialize)]
struct Order {
    id: Id,
    status: String,
    #[serde(default)]
    currency: Text,
    /// May be blank, but is in every order: without it nobody knows whether `processing` means paid.
    payment_method: Text,
    #[serde(default, deserialize_with = "utc")]
    date_created_gmt: Option<Timestamp>,
    #[serde(default, deserialize_with = "utc")]
    date_modified_gmt: Option<Timestamp>,
    #[serde(default, deserialize_with = "utc")]
    date_paid_gmt: Option<Timestamp>,
    #[serde(default)]
    billing: Lenient<Address>,
    #[serde(default)]
    shipping: Lenient<Address>,
    #[serde(default, deserialize_with = "list")]
    meta_data: Vec<Lenient<Meta>>,
    line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<RefundBody>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    country: Text,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    key: Text,
    #[serde(default)]
    value: Text,
}

#[derive(Deserialize)]
struct LineItem {
    id: Id,
    #[serde(default)]
    sku: Text,
    quantity: Units,
    #[serde(default, deserialize_with = "list")]
    meta_data: Vec<Lenient<Meta>>,
}

/// A refund in an order: an ID and a total, no lines (documented).
#[derive(Deserialize)]
struct RefundBody {
    id: Id,
    #[serde(default)]
    total: Text,
}

/// `{"id": 727}` and nothing else; any other body under this topic is not a deletion.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deleted {
    id: Id,
}

/// `2026-03-02T14:14:05`, which is UTC without saying so; null or blank where there is none.
fn utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    let Some(text) = text.as_deref() else { return Ok(None) };
    let parsed = text.parse().or_else(|_| format!("{text}Z").parse());
    parsed.map(Some).map_err(serde::de::Error::custom)
}

fn properties(list: &[Lenient<Meta>]) -> impl Iterator<Item = (&str, &str)> + Clone {
    list.iter()
        .filter_map(|meta| meta.0.as_ref())
        .filter_map(|meta| Some((meta.key.as_deref()?, meta.value.as_deref()?)))
}

/// A webhook whose user may not read the order signs and sends the REST API's error instead (observed).
fn rest_error(body: &str) -> Result<(), ReceiveError> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(default)]
        id: Option<Text>,
        #[serde(default)]
        code: Text,
    }
    match decode::<Probe>(body)? {
        Probe {
            id: None,
            code: Text(Some(code)),
        } => {
            let code: String = code
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                .take(60)
                .collect();
            Err(ReceiveError::not_understood(format!(
                "a REST error ({code}) instead of an order: give the webhook's user the right to read orders, then save the order again"
            )))
        }
        _ => Ok(()),
    }
}

fn order(verified: &Verified<'_>, body: &str, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let order: Order = decode(body)?;
    // Clients and old versions write statuses with the prefix that the database has.
    let status = order.status.trim().trim_start_matches("wc-");
    let canceled = matches!(status, "cancelled" | "refunded" | "failed" | "trash");
    // `processing` says that the order may be packed. With cash on delivery that is before anybody has paid; the date
    // of payment is set when it is completed (WooCommerce's source).
    let pays_later = order.payment_method.as_deref() == Some(CASH_ON_DELIVERY);
    let paid_by_status = match status {
        "completed" => true,
        "processing" => !pays_later,
        _ => false,
    };
    let fully_paid = !canceled && (paid_by_status || order.date_paid_gmt.is_some());
    let never_paid = !fully_paid && matches!(status, "pending" | "checkout-draft" | "auto-draft");
    let time = order
        .date_modified_gmt
        .or(order.date_created_gmt)
        .ok_or_else(|| ReceiveError::not_understood("at date_modified_gmt: the order has no date"))?;
    let mut seen = BTreeSet::new();
    if !order.line_items.iter().all(|item| seen.insert(&item.id)) {
        return Err(ReceiveError::not_understood("at line_items: two lines have one ID"));
    }
    let mut fields = names.pick(properties(&order.meta_data));
    let of = |address: &Lenient<Address>| address.0.as_ref().and_then(|address| address.country.0.clone());
    fields.country = country([of(&order.billing).as_deref(), of(&order.shipping).as_deref()]);
    let notices = if canceled {
        Vec::new() // everything is taken back anyway
    } else {
        order
            .refunds
            .iter()
            .map(|refund| unmapped(refund, &order.currency))
            .collect()
    };
    let line = |item: &LineItem| {
        let fields = names.pick(properties(&item.meta_data));
        Line::new(item.id.0.clone(), sku(&item.sku), item.quantity.0, fields)
    };
    let created_at = order.date_created_gmt.unwrap_or(time);
    let snapshot = Snapshot {
        lines: order.line_items.iter().map(line).collect(),
        paid: if fully_paid { Paid::Full } else { Paid::No },
        ended: canceled.then_some(Ended::PLAIN),
        fields,
        notices,
        ..Snapshot::new(Version::at(time), hash(verified.payload()), created_at)
    };
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Woocommerce, verified.shop().shop.clone(), &order.id.0)?,
        verified.delivery().log_id(&DELIVERY_ID),
        Statement::Snapshot(snapshot),
        Hints {
            topic_says_paid: false,
            reduced: false,
            never_paid,
        },
    ))
}

/// One sentence for a person; amount and currency only where they are what they should be.
fn unmapped(refund: &RefundBody, currency: &Text) -> Notice {
    let id: String = refund
        .id
        .0
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(20)
        .collect();
    let amount: String = refund
        .total
        .as_deref()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .take(20)
        .collect();
    let currency: String = currency
        .as_deref()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_uppercase)
        .take(3)
        .collect();
    let sentence = format!(
        "WooCommerce reports refund {id} of {amount} {currency} without saying of what: take back by hand what it was for."
    );
    Notice::new(&format!("refund:{id}"), "NOT_MAPPED", &sentence)
}

/// The body has no date: only our receipt, which the event carries, says when the order was moved to the trash.
fn deleted(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let deleted: Deleted = decode(body)?;
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Woocommerce, verified.shop().shop.clone(), &deleted.id.0)?,
        verified.delivery().log_id(&DELIVERY_ID),
        Statement::Trashed,
        Hints::default(),
    ))
}

#[cfg(test)]
#[path = "woocommerce_tests.rs"]
mod tests;
