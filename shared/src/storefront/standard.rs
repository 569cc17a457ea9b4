//! Standard Webhooks with our own order format: for any shop that can sign a request. The format is published in
//! `docs/order-event.schema.json`. It is ours, so it is read strictly: a misspelt name that decides over money is
//! parked with its place named, and not ignored.

mod order;
mod reversal;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::json::{Id, Lenient, Text, decode, text};
use super::spelling::base64;
use super::{Delivery, FieldNames, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{OrderKey, StorefrontKind};

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
            .filter_map(|signature| base64(signature.strip_prefix("v1,")?))
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
        if envelope.r#type.is_none()
            && let Some(scope) = envelope.scope
        {
            return bigcommerce(&scope);
        }
        if envelope.schema.is_some_and(|schema| !(1..=SCHEMA).contains(&schema)) {
            return Err(ReceiveError::not_understood(format!(
                "at schema: a version that this code does not read; it reads 1 to {SCHEMA}"
            )));
        }
        let kind = envelope
            .r#type
            .as_deref()
            .ok_or_else(|| ReceiveError::not_understood("at the top: missing field `type`"))?;
        match kind {
            "order.created" | "order.updated" | "order.paid" | "order.canceled" => {
                order::read(verified, body, kind, names)
            }
            "order.refunded" => reversal::refund(verified, body),
            "dispute.updated" => reversal::dispute(verified, body),
            "subscription.updated" => reversal::subscription(verified, body),
            other => Ok(Understood::Nothing(
                format!("the type {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

/// `BigCommerce` signs in the same way, and sends an ID: `{"scope": "store/order/created", "producer": "stores/…", …}`.
/// Of an order that must not be lost; everything else is none of our business.
fn bigcommerce(scope: &str) -> Result<Understood, ReceiveError> {
    if scope.starts_with("store/order") {
        return Err(ReceiveError::not_understood(
            "a BigCommerce webhook, which holds an order's ID and not the order: send the order in our format (docs/storefronts/standard.md)",
        ));
    }
    Ok(Understood::Nothing(
        format!("the scope {} means nothing here", super::log_id(scope)).into(),
    ))
}

/// The newest version of the public format; a sender of version 1 need not say it.
const SCHEMA: u64 = 2;

#[derive(Deserialize)]
struct Envelope {
    schema: Option<u64>,
    r#type: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

fn properties(map: &Lenient<BTreeMap<String, Text>>) -> impl Iterator<Item = (&str, &str)> + Clone {
    map.0
        .iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
}

fn key(verified: &Verified<'_>, order: &Id) -> Result<OrderKey, ReceiveError> {
    let shop = verified.shop().shop.clone();
    Ok(OrderKey::new(StorefrontKind::Standard, shop, &order.0)?)
}

#[cfg(test)]
mod tests;
