//! Shopify. Only the body is signed: the topic, the shop and the time are not. So everything is read from the body, the
//! body must fit the topic, and the shop stays out of the order key (documented: order IDs are global).

mod order;
mod reversal;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::{Id, Text};
use super::{Delivery, FieldNames, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{OrderKey, StorefrontKind};

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
            | "orders/partially_fulfilled" => order::read(verified, topic == "orders/paid", names),
            "refunds/create" => reversal::refund(verified),
            "disputes/create" | "disputes/update" => reversal::dispute(verified),
            "subscription_billing_attempts/success"
            | "subscription_billing_attempts/failure"
            | "subscription_billing_attempts/challenged" => reversal::billing_attempt(verified),
            "orders/edited" => Ok(Understood::Nothing(
                "orders/edited says as a difference what orders/updated says whole".into(),
            )),
            "orders/delete" => Ok(Understood::Nothing(
                "orders/delete says nothing of what was in the order; cancel an order to take it back".into(),
            )),
            "subscription_contracts/create" => Ok(Understood::Nothing(
                "a subscription begins; the order that began it says the rest".into(),
            )),
            other if other.starts_with("subscription_contracts/") => reversal::contract(verified),
            other => Ok(Understood::Nothing(
                format!("the topic {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

fn key(order: &Id) -> Result<OrderKey, ReceiveError> {
    Ok(OrderKey::new(StorefrontKind::Shopify, None, &order.0)?)
}

/// The topic is not signed, so the body must say itself what it is, where it says it at all.
fn must_be(gid: &Text, resource: &str) -> Result<(), ReceiveError> {
    let prefix = format!("gid://shopify/{resource}/");
    match gid.as_deref() {
        Some(id) if !id.starts_with(&prefix) => Err(ReceiveError::not_understood(format!(
            "at admin_graphql_api_id: the topic is of a {resource}, the body another resource's"
        ))),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
