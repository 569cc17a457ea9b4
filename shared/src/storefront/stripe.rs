//! Stripe: how its events are signed and which of them mean something. Checkout sessions hold no lines, so products come
//! from metadata; a subscription is one order, whatever number of events and renewals tell of it.

use serde::Deserialize;

use super::json::{decode, text, unix_seconds};
use super::{
    Delivery, FieldNames, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError, stripe_objects,
};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct Stripe;

pub(super) const SIGNATURE: [&str; 1] = ["stripe-signature"];

impl Storefront for Stripe {
    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
        let header = delivery.header(&SIGNATURE).unwrap_or_default();
        let mut time = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", value)) => time = time.or(Some(value)),
                Some(("v1", value)) => signatures.extend(from_hex(value)),
                // `v0` is a fake scheme for test mode (documented).
                Some(_) | None => {}
            }
        }
        let time = time.unwrap_or_default();
        let mut message = Vec::with_capacity(time.len() + 1 + delivery.body.len());
        for part in [time.as_bytes(), b".", delivery.body] {
            message.extend_from_slice(part);
        }
        let verified = Verified::by_hmac(delivery, shops, &message, &signatures)?;
        verified.signed_at(time.parse().map_err(|_| VerifyError::MissingSignature)?)
    }

    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError> {
        let body = text(verified.payload())?;
        let event: Event = decode(body)?;
        if !event.livemode && !verified.shop().accept_test {
            return Ok(Understood::Nothing("an event of Stripe's test mode".into()));
        }
        let context = Context {
            body,
            event: &event,
            names,
        };
        match event.r#type.as_str() {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                stripe_objects::session(&context)
            }
            "invoice.paid" | "invoice.payment_succeeded" => stripe_objects::invoice(&context),
            "customer.subscription.deleted" | "customer.subscription.updated" => stripe_objects::subscription(&context),
            "charge.refunded" => stripe_objects::charge(&context),
            other => Ok(Understood::Nothing(
                format!("the event {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

/// What every event has.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) r#type: String,
    /// Whole seconds; the only version that there is.
    #[serde(deserialize_with = "unix_seconds")]
    pub(super) created: Timestamp,
    livemode: bool,
}

/// One event on its way to an order.
pub(super) struct Context<'a> {
    pub(super) body: &'a str,
    pub(super) event: &'a Event,
    pub(super) names: &'a FieldNames,
}

/// Bytes from hex digits; `None` for anything else.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
#[path = "stripe_tests.rs"]
mod tests;
