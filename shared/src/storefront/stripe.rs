//! Stripe: how its events are signed, and which file reads which. A subscription is one order, known by its ID, and a
//! one-time payment one, known by its payment intent. Events are read as what they state, never as what to do.

mod invoice;
mod object;
mod payment;
mod reversal;
mod session;
mod subscription;

use serde::Deserialize;

use self::object::Event;
use super::json::{decode, text};
use super::{
    AboutOrder, Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError,
};
use crate::order::{OrderKey, Paid, Statement, StorefrontKind};

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
        // A thin event names an object and does not hold it, whatever its type is called (`v1.billing.meter…` too).
        if decode::<Kind>(body)?.object.as_deref() == Some("v2.core.event") {
            return Ok(Understood::Nothing("a thin event, which holds no object".into()));
        }
        let event: Event = decode(body)?;
        if !event.livemode && !verified.shop().accept_test {
            return Ok(Understood::Nothing("an event of Stripe's test mode".into()));
        }
        let context = Context {
            body,
            event: &event,
            names,
        };
        let told = read(&context)?;
        let about = |(order, says): (String, Statement)| {
            let paid = match &says {
                Statement::Payment(_) | Statement::Settled => true,
                Statement::Snapshot(snapshot) => snapshot.paid == Paid::Full,
                Statement::Refund(_)
                | Statement::Dispute(_)
                | Statement::End(_)
                | Statement::Trashed
                | Statement::BelongsTo(_)
                | Statement::Notice(_)
                | Statement::Told(_) => false,
            };
            Ok(AboutOrder {
                key: OrderKey::new(StorefrontKind::Stripe, None, &order)?,
                says,
                hints: Hints {
                    topic_says_paid: paid,
                    reduced: false,
                    never_paid: false,
                },
            })
        };
        Ok(match told {
            Told::Nothing(reason) => Understood::Nothing(reason.into()),
            Told::Statements(statements) => Understood::Orders {
                delivery: super::log_id(&event.id),
                statements: statements.into_iter().map(about).collect::<Result<_, ReceiveError>>()?,
            },
        })
    }
}

/// What an event comes to.
enum Told {
    /// Nothing for us, and why.
    Nothing(&'static str),
    /// What it states, each of the order that Stripe's ID names.
    Statements(Vec<(String, Statement)>),
}

impl Told {
    /// One statement of one order.
    fn one(order: &str, says: Statement) -> Self {
        Self::Statements(vec![(order.to_owned(), says)])
    }
}

/// One event on its way to an order.
struct Context<'a> {
    body: &'a str,
    event: &'a Event,
    names: &'a FieldNames,
}

/// Which file reads which event.
fn read(context: &Context<'_>) -> Result<Told, ReceiveError> {
    match context.event.r#type.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed" => session::read(context),
        "checkout.session.expired" => Ok(Told::Nothing("a session that was left without a payment")),
        "invoice.paid" | "invoice.payment_succeeded" => invoice::read(context),
        "invoice_payment.paid" => invoice::read_payment(context),
        "payment_intent.succeeded" | "payment_intent.canceled" => payment::read_intent(context),
        "charge.captured" | "charge.expired" => payment::read_charge(context),
        "charge.refunded" => reversal::read_charge(context),
        "charge.refund.updated" | "refund.created" | "refund.updated" | "refund.failed" => {
            reversal::read_refund(context)
        }
        other if other.starts_with("charge.dispute.") => reversal::read_dispute(context),
        other if other.starts_with("radar.early_fraud_warning.") => reversal::read_warning(context),
        other if other.starts_with("customer.subscription.") => subscription::read(context),
        // Draft, open, overdue, not collectable, void: products stay as long as the subscription lasts.
        other if other.starts_with("invoice.") => Ok(Told::Nothing("an invoice that is not paid changes nothing")),
        _ => Ok(Told::Nothing("an event that says nothing about an order")),
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    object: super::json::Text,
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
#[path = "stripe/tests/mod.rs"]
mod tests;
