//! Standard Webhooks with our own order format: for any shop that can sign a request. The format is published in
//! `docs/order-event.schema.json`. It is ours, so it is read strictly: a misspelt name that decides over money is
//! parked with its place named, and not ignored.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::fields::{country, sku};
use super::json::{Id, Lenient, Text, Units, decode, list, text};
use super::keys::hash;
use super::{Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{Ended, Line, OrderKey, Paid, Refund, RefundState, Snapshot, Statement, StorefrontKind, Version};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct Standard;

/// Svix, which made the scheme, sends its own names beside or instead (documented).
pub(super) const ID: [&str; 2] = ["webhook-id", "svix-id"];
pub(super) const TIMESTAMP: [&str; 2] = ["webhook-timestamp", "svix-timestamp"];
pub(super) const SIGNATURE: [&str; 2] = ["webhook-signature", "svix-signature"];

impl Storefront for Standard {
    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
        // Symmetric signatures are `v1`; what begins with anything else (`v1a` is asymmetric) is not for us.
        let signatures: Vec<Vec<u8>> = delivery
            .header(&SIGNATURE)
            .unwrap_or_default()
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .collect();
        let id = delivery.header(&ID).unwrap_or_default();
        let time = delivery.header(&TIMESTAMP).unwrap_or_default();
        let mut message = Vec::with_capacity(id.len() + time.len() + 2 + delivery.body.len());
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", delivery.body] {
            message.extend_from_slice(part);
        }
        let verified = Verified::by_hmac(delivery, shops, &message, &signatures)?;
        verified.signed_at(time.parse().map_err(|_| VerifyError::MissingSignature)?)
    }

    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError> {
        let body = text(verified.payload())?;
        let envelope: Envelope = decode(body)?;
        if envelope.r#type.is_none() && envelope.producer.is_some() && envelope.scope.is_some() {
            return Err(ReceiveError::not_understood(
                "a BigCommerce webhook, which holds an order's ID and not the order: send the order in our format (docs/storefronts/standard.md)",
            ));
        }
        let kind = envelope
            .r#type
            .as_deref()
            .ok_or_else(|| ReceiveError::not_understood("at the top: missing field `type`"))?;
        match kind {
            "order.created" | "order.updated" | "order.paid" | "order.canceled" => order(verified, body, kind, names),
            "order.refunded" => refund(verified, body),
            other => Ok(Understood::Nothing(
                format!("the type {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    r#type: Option<String>,
    // What BigCommerce signs in the same way: {"scope": "store/order/created", "producer": "stores/…", …}.
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    producer: Option<String>,
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: Id,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    sequence: u64,
    status: Status,
    payment: PaymentStatus,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    country: Text,
    #[serde(default)]
    properties: Lenient<BTreeMap<String, Text>>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<Id>,
    lines: Vec<OrderLine>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Canceled,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Unpaid,
    Partial,
    Paid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLine {
    id: Id,
    #[serde(default)]
    sku: Text,
    units: Units,
    #[serde(default)]
    properties: Lenient<BTreeMap<String, Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    id: Id,
    order_id: Id,
    lines: Vec<RefundLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundLine {
    id: Id,
    units: Units,
}

fn properties(map: &Lenient<BTreeMap<String, Text>>) -> impl Iterator<Item = (&str, &str)> + Clone {
    map.0
        .iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
}

fn order(verified: &Verified<'_>, body: &str, kind: &str, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let order = decode::<Body<Order>>(body)?.data;
    let contradiction = match kind {
        "order.paid" if order.payment != PaymentStatus::Paid => {
            Some("at data.payment: order.paid of an order that is not paid")
        }
        "order.canceled" if order.status != Status::Canceled => {
            Some("at data.status: order.canceled of an order that is not canceled")
        }
        _ => None,
    };
    if let Some(contradiction) = contradiction {
        return Err(ReceiveError::not_understood(contradiction));
    }
    if order.test && !verified.shop().accept_test {
        return Ok(Understood::Nothing("a test order".into()));
    }
    let mut seen = BTreeSet::new();
    if !order.lines.iter().all(|line| seen.insert(&line.id)) {
        return Err(ReceiveError::not_understood("at data.lines: two lines have one ID"));
    }
    let canceled = order.status == Status::Canceled;
    let refunds: BTreeSet<_> = order.refunds.into_iter().map(|id| id.0).collect();
    let mut fields = names.pick(properties(&order.properties));
    fields.country = country([order.country.as_deref()]);
    let line = |line: &OrderLine| {
        let fields = names.pick(properties(&line.properties));
        Line::new(line.id.0.clone(), sku(&line.sku), line.units.0, fields)
    };
    let version = Version {
        time: order.updated_at,
        sequence: order.sequence,
    };
    let snapshot = Snapshot {
        lines: order.lines.iter().map(line).collect(),
        refunds,
        paid: match order.payment {
            PaymentStatus::Paid => Paid::Full,
            PaymentStatus::Partial | PaymentStatus::Unpaid => Paid::No,
        },
        ended: canceled.then_some(Ended::PLAIN),
        fields,
        ..Snapshot::new(version, hash(verified.payload()), order.created_at)
    };
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Standard, verified.shop().shop.clone(), &order.id.0)?,
        verified.delivery().log_id(&ID),
        Statement::Snapshot(snapshot),
        Hints {
            topic_says_paid: kind == "order.paid",
            reduced: false,
            // The format defines `unpaid` as "nothing was ever paid", and `partial` as anything between.
            never_paid: order.payment == PaymentStatus::Unpaid,
        },
    ))
}

fn refund(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let refund = decode::<Body<RefundBody>>(body)?.data;
    let mut lines: BTreeMap<String, u32> = BTreeMap::new();
    for line in refund.lines.into_iter().filter(|line| line.units.0 > 0) {
        let units = lines.entry(line.id.0).or_default();
        *units = units.saturating_add(line.units.0);
    }
    if lines.is_empty() {
        return Ok(Understood::Nothing(
            "a refund of an amount only takes nothing back".into(),
        ));
    }
    Ok(Understood::order(
        OrderKey::new(
            StorefrontKind::Standard,
            verified.shop().shop.clone(),
            &refund.order_id.0,
        )?,
        verified.delivery().log_id(&ID),
        Statement::Refund(Refund {
            id: refund.id.0,
            state: RefundState::Succeeded,
            lines: Some(lines),
            whole: false,
        }),
        Hints::default(),
    ))
}

#[cfg(test)]
#[path = "standard_tests.rs"]
mod tests;
