//! What goes back: refunds, disputes and early warnings. None names lines; all name the payment, which is the order of a
//! one-time payment, and which an invoice's payment joins to its subscription.

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::json::{Id, Lenient, Text, present};
use super::object::{List, Reference, object, payment_key, shown};
use super::{Context, Told};
use crate::order::{Dispute, DisputeState, Notice, Refund, RefundState, Statement};

#[derive(Deserialize)]
struct Charge {
    id: Id,
    refunded: bool,
    payment_intent: Option<Reference>,
    description: Text,
    /// Before API version 2022-11-15.
    refunds: Lenient<List<OfCharge>>,
}

#[derive(Deserialize)]
struct OfCharge {
    id: Id,
}

#[derive(Deserialize)]
struct Refunded {
    id: Id,
    #[serde(deserialize_with = "present")]
    status: Text,
    charge: Option<Reference>,
    payment_intent: Option<Reference>,
}

#[derive(Deserialize)]
struct Disputed {
    id: Id,
    status: String,
    charge: Option<Reference>,
    payment_intent: Option<Reference>,
}

#[derive(Deserialize)]
struct Warning {
    id: Id,
    actionable: Option<bool>,
    charge: Option<Reference>,
    payment_intent: Option<Reference>,
}

fn refund(id: &str, state: RefundState, whole: bool) -> Statement {
    Statement::Refund(Refund {
        id: id.to_owned(),
        state,
        lines: None,
        whole,
    })
}

/// `charge.refunded`: whether all of the charge went back. It does not name the refund, unless it is an old one, so the
/// charge's ID stands for it.
pub(super) fn read_charge(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let charge: Charge = object(context.body)?;
    let this = Reference::Id(charge.id.clone());
    let Some(order) = payment_key(charge.payment_intent.as_ref(), Some(&this)) else {
        return Ok(Told::Nothing("a charge that no checkout session made"));
    };
    let named = match charge.refunds.0.as_ref().map(|refunds| refunds.data.as_slice()) {
        Some([only]) => only.id.0.as_str(),
        Some(_) | None => charge.id.0.as_str(),
    };
    let mut statements = vec![(order.to_owned(), refund(named, RefundState::Succeeded, charge.refunded))];
    // Stripe describes such charges so by itself (observed).
    if charge
        .description
        .as_deref()
        .is_some_and(|text| text.starts_with("Subscription "))
    {
        let id = shown(&charge.id.0);
        let notice = Notice::new(
            &format!("charge:{id}:unjoined"),
            "REFUND_OF_UNKNOWN_SUBSCRIPTION",
            &format!(
                "Charge {id} of a subscription was refunded, and Stripe does not say which: cancel the subscription in Stripe if its products are to be taken back, and subscribe to invoice_payment.paid."
            ),
        );
        statements.push((order.to_owned(), Statement::Notice(notice)));
    }
    Ok(Told::Statements(statements))
}

/// A refund by itself. One that failed undoes what `charge.refunded` said under the charge's ID; what of the charge went
/// back by other refunds is then not known, and holds the order until a person tells.
pub(super) fn read_refund(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let refunded: Refunded = object(context.body)?;
    let Some(order) = payment_key(refunded.payment_intent.as_ref(), refunded.charge.as_ref()) else {
        return Ok(Told::Nothing("a refund of no charge"));
    };
    let state = match refunded.status.as_deref() {
        Some("pending" | "requires_action") => RefundState::Pending,
        Some("succeeded") => RefundState::Succeeded,
        Some("failed" | "canceled") => RefundState::Failed,
        Some(_) | None => {
            return Err(ReceiveError::not_understood(
                "at data.object.status: expected a status of a refund that is known",
            ));
        }
    };
    Ok(Told::one(order, refund(&refunded.id.0, state, false)))
}

/// `charge.dispute.*`.
pub(super) fn read_dispute(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let disputed: Disputed = object(context.body)?;
    let Some(order) = payment_key(disputed.payment_intent.as_ref(), disputed.charge.as_ref()) else {
        return Ok(Told::Nothing("a dispute of no charge"));
    };
    let (state, inquiry) = match disputed.status.as_str() {
        "needs_response" | "under_review" => (DisputeState::Open, false),
        "lost" => (DisputeState::Lost, false),
        // Prevented: the refund that prevented it is told by itself.
        "won" | "prevented" => (DisputeState::Won, false),
        "warning_needs_response" | "warning_under_review" => (DisputeState::Open, true),
        "warning_closed" => (DisputeState::Won, true),
        _ => {
            return Err(ReceiveError::not_understood(
                "at data.object.status: expected a status of a dispute that is known",
            ));
        }
    };
    let dispute = Dispute {
        id: disputed.id.0.clone(),
        state,
        inquiry,
    };
    Ok(Told::one(order, Statement::Dispute(dispute)))
}

/// `radar.early_fraud_warning.*`: a card network thinks that the payment was fraud. No money moved.
pub(super) fn read_warning(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let warning: Warning = object(context.body)?;
    let Some(order) = payment_key(warning.payment_intent.as_ref(), warning.charge.as_ref()) else {
        return Ok(Told::Nothing("a warning of no charge"));
    };
    let dispute = Dispute {
        id: warning.id.0.clone(),
        // It can no longer be acted on once the charge is refunded or disputed, and that is told by itself.
        state: if warning.actionable == Some(false) {
            DisputeState::Won
        } else {
            DisputeState::Open
        },
        inquiry: true,
    };
    Ok(Told::one(order, Statement::Dispute(dispute)))
}
