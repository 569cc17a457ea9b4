//! Shopify. Only the body is signed: the topic, the shop and the time are not. So everything is read from the body, the
//! body must fit the topic, and the shop stays out of the order key (documented: order IDs are global).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::fields::{country, sku};
use super::json::{Id, Lenient, Text, Units, decode, list, not_null, nullable, text};
use super::keys::hash;
use super::{Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{Ended, Line, OrderKey, Paid, Refund, RefundState, Snapshot, Statement, StorefrontKind, Version};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct Shopify;

/// A newer API sends the same headers without `X-` (documented as a preview).
pub(super) const SIGNATURE: [&str; 2] = ["x-shopify-hmac-sha256", "shopify-hmac-sha256"];
pub(super) const TOPIC: [&str; 2] = ["x-shopify-topic", "shopify-topic"];
pub(super) const WEBHOOK_ID: [&str; 2] = ["x-shopify-webhook-id", "shopify-webhook-id"];

/// The order in every test notification that the admin's "send test notification" makes (observed).
const TEST_NOTIFICATION: &str = "820982911946154508";

impl Storefront for Shopify {
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
            .ok_or_else(|| ReceiveError::malformed("The header X-Shopify-Topic is missing."))?;
        match topic {
            "orders/create"
            | "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => order(verified, topic == "orders/paid", names),
            "refunds/create" => refund(verified),
            "orders/edited" => Ok(Understood::Nothing(
                "orders/edited says as a difference what orders/updated says whole".into(),
            )),
            "orders/delete" => Ok(Understood::Nothing(
                "orders/delete says nothing of what was in the order; cancel an order to take it back".into(),
            )),
            other => Ok(Understood::Nothing(
                format!("the topic {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

/// An order, as far as it matters. The keys without `default` are in every order (documented): a body that lacks one is
/// another resource under an order's topic, or something that we had better not buy for.
#[derive(Deserialize)]
struct Order {
    id: Id,
    #[serde(default)]
    admin_graphql_api_id: Text,
    test: bool,
    #[serde(deserialize_with = "not_null")]
    cancelled_at: bool,
    #[serde(deserialize_with = "nullable")]
    financial_status: Option<String>,
    #[serde(default)]
    total_outstanding: Text,
    created_at: Timestamp,
    /// When it was placed; for an imported order that is long before it was created here (documented).
    #[serde(default)]
    processed_at: Option<Timestamp>,
    updated_at: Timestamp,
    #[serde(default)]
    billing_address: Lenient<Address>,
    #[serde(default)]
    shipping_address: Lenient<Address>,
    #[serde(default, deserialize_with = "list")]
    note_attributes: Vec<Lenient<Property>>,
    line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<RefundBody>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    country_code: Text,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    value: Text,
}

#[derive(Deserialize)]
struct LineItem {
    id: Id,
    #[serde(default)]
    sku: Text,
    quantity: Units,
    /// After edits and refunds; absent in API versions before 2022-04 or so.
    #[serde(default)]
    current_quantity: Option<Units>,
    #[serde(default, deserialize_with = "list")]
    properties: Vec<Lenient<Property>>,
}

/// A refund, alone or in an order.
#[derive(Deserialize)]
struct RefundBody {
    id: Id,
    #[serde(default, deserialize_with = "list")]
    refund_line_items: Vec<RefundLine>,
}

/// A delivery of `refunds/create`: both keys tell it from any other resource.
#[derive(Deserialize)]
struct RefundDelivery {
    id: Id,
    order_id: Id,
    refund_line_items: Vec<RefundLine>,
}

#[derive(Deserialize)]
struct RefundLine {
    line_item_id: Id,
    quantity: Units,
}

fn properties(list: &[Lenient<Property>]) -> impl Iterator<Item = (&str, &str)> + Clone {
    list.iter()
        .filter_map(|property| property.0.as_ref())
        .filter_map(|property| Some((property.name.as_deref()?, property.value.as_deref()?)))
}

fn order(verified: &Verified<'_>, topic_says_paid: bool, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let order: Order = decode(text(verified.payload())?)?;
    if order
        .admin_graphql_api_id
        .as_deref()
        .is_some_and(|id| !id.starts_with("gid://shopify/Order/"))
    {
        return Err(ReceiveError::not_understood(
            "at admin_graphql_api_id: the topic is an order's, the body another resource's",
        ));
    }
    if order.id.0 == TEST_NOTIFICATION {
        return Ok(Understood::Nothing("Shopify's test notification".into()));
    }
    if order.test && !verified.shop().accept_test {
        return Ok(Understood::Nothing("a test order".into()));
    }

    let refunded = refunded_units(order.refunds.iter().flat_map(|refund| &refund.refund_line_items));
    let mut reduced = false;
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(order.line_items.len());
    for item in &order.line_items {
        if !seen.insert(&item.id) {
            return Err(ReceiveError::not_understood("at line_items: two lines have one ID"));
        }
        let ordered = item.quantity.0;
        let units = match item.current_quantity {
            Some(current) => current.0.min(ordered),
            None => ordered.saturating_sub(refunded.get(&item.id.0).copied().unwrap_or(0)),
        };
        reduced |= units < ordered;
        let fields = names.pick(properties(&item.properties));
        lines.push(Line::new(item.id.0.clone(), sku(&item.sku), units, fields));
    }

    let status = order.financial_status.as_deref();
    let fully_paid = match status {
        Some("paid") => true,
        Some("partially_refunded") => order.total_outstanding.as_deref().is_some_and(is_zero),
        _ => false,
    };
    let never_paid = matches!(status, Some("pending" | "authorized"));
    let canceled = order.cancelled_at || status == Some("refunded");
    let refunds: BTreeSet<_> = order.refunds.into_iter().map(|refund| refund.id.0).collect();
    let mut fields = names.pick(properties(&order.note_attributes));
    let address = |address: &Lenient<Address>| address.0.as_ref().and_then(|address| address.country_code.0.clone());
    fields.country = country([
        address(&order.billing_address).as_deref(),
        address(&order.shipping_address).as_deref(),
    ]);
    // The earlier one, so that an import of old orders does not pass the catalog's `not_before`.
    let created_at = order
        .processed_at
        .map_or(order.created_at, |placed| placed.min(order.created_at));
    let hash = hash(verified.payload());
    let snapshot = Snapshot {
        lines,
        refunds,
        paid: if fully_paid { Paid::Full } else { Paid::No },
        ended: canceled.then_some(Ended::PLAIN),
        fields,
        ..Snapshot::new(Version::at(order.updated_at), hash, created_at)
    };
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Shopify, None, &order.id.0)?,
        verified.delivery().log_id(&WEBHOOK_ID),
        Statement::Snapshot(snapshot),
        Hints {
            topic_says_paid,
            reduced,
            never_paid,
        },
    ))
}

fn refund(verified: &Verified<'_>) -> Result<Understood, ReceiveError> {
    let refund: RefundDelivery = decode(text(verified.payload())?)?;
    if refund.order_id.0 == TEST_NOTIFICATION {
        return Ok(Understood::Nothing("Shopify's test notification".into()));
    }
    let mut lines = refunded_units(&refund.refund_line_items);
    lines.retain(|_, units| *units > 0);
    if lines.is_empty() {
        return Ok(Understood::Nothing(
            "a refund of an amount only takes nothing back".into(),
        ));
    }
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Shopify, None, &refund.order_id.0)?,
        verified.delivery().log_id(&WEBHOOK_ID),
        Statement::Refund(Refund {
            id: refund.id.0,
            state: RefundState::Succeeded,
            lines: Some(lines),
            whole: false,
        }),
        Hints::default(),
    ))
}

fn refunded_units<'a>(lines: impl IntoIterator<Item = &'a RefundLine>) -> BTreeMap<String, u32> {
    let mut units = BTreeMap::new();
    for line in lines {
        let sum: &mut u32 = units.entry(line.line_item_id.0.clone()).or_default();
        *sum = sum.saturating_add(line.quantity.0);
    }
    units
}

/// Whether an amount, which may be text or a number, is nothing.
fn is_zero(amount: &str) -> bool {
    amount.contains('0') && amount.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

#[cfg(test)]
#[path = "shopify_tests.rs"]
mod tests;
