//! `WooCommerce`. Each webhook has its own secret, so the shop is told by whose secret fits, and a copy of the shop by
//! the addresses in the body. Only the body is signed; it is built when it is sent, so states can be skipped, and
//! nothing is ever sent again (documented).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::body::Deleted;
use self::probe::Origin;
use super::json::{decode, text};
use super::{Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError};
use crate::order::{OrderKey, Statement, StorefrontKind};

mod body;
mod order;
mod payment;
mod php;
mod probe;
mod source;
mod subscription;

#[cfg(test)]
pub(super) use self::source::SOURCE;

/// See the [module](self).
pub(super) struct Woocommerce;

pub(super) const SIGNATURE: [&str; 1] = ["x-wc-webhook-signature"];
pub(super) const TOPIC: [&str; 1] = ["x-wc-webhook-topic"];
/// Not unique (observed): for the logs only.
pub(super) const DELIVERY_ID: [&str; 1] = ["x-wc-webhook-delivery-id"];

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
                probe::probe(verified, body)?.known()?;
                order::order(verified, body, names)
            }
            "order.deleted" => {
                probe::probe(verified, body)?.known()?;
                deleted(verified, body)
            }
            "subscription.created" | "subscription.updated" | "subscription.switched" => {
                let origin = probe::probe(verified, body)?;
                subscription::subscription(verified, body, origin)
            }
            "subscription.deleted" => {
                let origin = probe::probe(verified, body)?;
                subscription::deleted(verified, body, origin)
            }
            other => Ok(Understood::Nothing(
                format!("the topic {} means nothing here", super::log_id(other)).into(),
            )),
        }
    }
}

/// The key of an order; the shop is the one whose secret fitted.
fn key(verified: &Verified<'_>, id: &str) -> Result<OrderKey, ReceiveError> {
    Ok(OrderKey::new(
        StorefrontKind::Woocommerce,
        verified.shop().shop.clone(),
        id,
    )?)
}

/// The body has no date: only our receipt, which the event carries, says when the order was moved to the trash.
fn deleted(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let deleted: Deleted = decode(body)?;
    Ok(Understood::order(
        key(verified, &deleted.id.0)?,
        verified.delivery().log_id(&DELIVERY_ID),
        Statement::Trashed,
        Hints::default(),
    ))
}

impl Origin {
    /// For what means money: a delivery that names no shop may be of a copy.
    fn known(self) -> Result<(), ReceiveError> {
        match self {
            Self::Own => Ok(()),
            Self::Unnamed => Err(ReceiveError::not_understood(
                "it does not say which shop it comes from (no `_links`, no `payment_url`, no header X-WC-Webhook-Source): look at the order in the shop",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
