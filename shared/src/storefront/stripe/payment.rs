//! A payment that is captured by hand: the session was complete before the money came, and only the intent or the charge
//! says how it ended. Payments that Stripe captures by itself are told by their session or invoice.

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::json::{Id, Lenient, Text};
use super::object::{Reference, object, payment_key, shown};
use super::{Context, Told};
use crate::order::{Covers, End, Ended, Notice, Statement, Version};

#[derive(Deserialize)]
struct Intent {
    id: Id,
    amount: i64,
    amount_received: Option<i64>,
    capture_method: Text,
    payment_method_options: Lenient<std::collections::BTreeMap<String, Lenient<MethodOptions>>>,
    /// Gone since API version 2025-03-31.
    invoice: Option<Reference>,
}

#[derive(Deserialize)]
struct MethodOptions {
    capture_method: Text,
}

#[derive(Deserialize)]
struct Charge {
    id: Id,
    amount: i64,
    amount_captured: Option<i64>,
    #[serde(default)]
    amount_refunded: i64,
    payment_intent: Option<Reference>,
    invoice: Option<Reference>,
}

impl Intent {
    /// Captured by Stripe as soon as it is authorised.
    fn is_automatic(&self) -> bool {
        let options = self
            .payment_method_options
            .0
            .iter()
            .flat_map(|options| options.values());
        let mut by_hand = options.filter_map(|options| options.0.as_ref()?.capture_method.as_deref());
        let automatic = matches!(self.capture_method.as_deref(), Some("automatic" | "automatic_async"));
        automatic && !by_hand.any(|method| method == "manual")
    }
}

/// `payment_intent.succeeded` and `.canceled`.
pub(super) fn read_intent(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let intent: Intent = object(context.body)?;
    if intent.invoice.is_some() {
        return Ok(Told::Nothing("a payment of an invoice, which says it itself"));
    }
    if intent.is_automatic() {
        return Ok(Told::Nothing(
            "a payment that is captured at once; its session or invoice says it",
        ));
    }
    let order = intent.id.0.as_str();
    if context.event.r#type == "payment_intent.canceled" {
        return Ok(Told::one(order, end(context, "payment_intent", Ended::TERMINAL)));
    }
    Ok(captured(order, intent.amount_received.unwrap_or(0), intent.amount))
}

/// `charge.captured` and `.expired`.
pub(super) fn read_charge(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let charge: Charge = object(context.body)?;
    let Some(order) = payment_key(charge.payment_intent.as_ref(), None) else {
        return Ok(Told::Nothing("a charge that no checkout session made"));
    };
    if charge.invoice.is_some() {
        return Ok(Told::Nothing("a charge of an invoice, which says it itself"));
    }
    if context.event.r#type == "charge.expired" {
        let cause = format!("charge {}", shown(&charge.id.0));
        return Ok(Told::one(order, end(context, &cause, Ended::PLAIN)));
    }
    // What is not captured is given back at once; older API versions say only that.
    let captured_amount = charge
        .amount_captured
        .unwrap_or_else(|| charge.amount.saturating_sub(charge.amount_refunded));
    Ok(captured(order, captured_amount, charge.amount))
}

fn end(context: &Context<'_>, cause: &str, ended: Ended) -> Statement {
    Statement::End(End {
        cause: cause.to_owned(),
        version: Version::at(context.event.created),
        ended: Some(ended),
        of: Covers::All,
    })
}

/// A part of the amount succeeds too, and pays for nothing: which lines it is for is not said.
fn captured(order: &str, received: i64, amount: i64) -> Told {
    if received >= amount {
        return Told::one(order, Statement::Settled);
    }
    let notice = Notice::new(
        "payment:part",
        "PAID_IN_PART",
        "Only a part of the payment was captured at Stripe, and nothing was bought for it: tell whether the order is paid.",
    );
    Told::one(order, Statement::Notice(notice))
}
