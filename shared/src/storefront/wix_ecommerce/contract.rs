//! What a subscription of Wix says of itself. Its events reach only some apps and stand in no reference (inferred from
//! public code), so they are read leniently: an end is an end wherever its ID stands.

use serde::Deserialize;

use super::super::json::{Lenient, Text, decode};
use super::super::{Hints, ReceiveError, Understood};
use super::{Envelope, Header};
use crate::order::{Covers, End, Ended, Statement, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainEvent {
    action_event: Lenient<ActionEvent>,
}

#[derive(Deserialize)]
struct ActionEvent {
    body: Lenient<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    subscription_contract: Lenient<Entity>,
    order: Lenient<Entity>,
}

/// A contract, or an order of Pricing Plans.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Entity {
    id: Text,
    subscription_id: Text,
    updated_date: Option<Timestamp>,
}

/// Reads an event of a subscription contract.
pub(super) fn subscription(envelope: &Envelope, slug: &str) -> Result<Understood, ReceiveError> {
    if slug == "deleted" {
        return Ok(Understood::Nothing(
            "the personal data of a subscription was erased, which ends nothing".into(),
        ));
    }
    if !matches!(slug, "canceled" | "cancelled" | "expired") {
        return Ok(Understood::Nothing("the subscription goes on".into()));
    }
    let header = envelope.header()?;
    let event: DomainEvent = decode(envelope.data()?)?;
    let contract = event.action_event.0.and_then(|action| action.body.0);
    let contract = contract
        .and_then(|body| body.subscription_contract.0)
        .unwrap_or_default();
    let id = contract.id.as_deref().or(header.entity_id.as_deref());
    let Some(id) = id else {
        return Err(ReceiveError::not_understood(
            "at data: the end of a subscription that is not named",
        ));
    };
    end(envelope, &header, id, contract.updated_date)
}

/// Reads an event of an order of Pricing Plans, which is the plan's whole subscription.
pub(super) fn plan(envelope: &Envelope, slug: &str) -> Result<Understood, ReceiveError> {
    match slug {
        // `canceled` comes at once, or at the end of the period that is paid for; `ended` always at its end (documented).
        "canceled" | "ended" => {}
        "auto_renew_canceled" => {
            return Ok(Understood::Nothing(
                "the plan goes on until the end of what is paid for".into(),
            ));
        }
        _ => return Ok(Understood::Nothing("the plan goes on".into())),
    }
    let header = envelope.header()?;
    let event: DomainEvent = decode(envelope.data()?)?;
    let plan = event.action_event.0.and_then(|action| action.body.0);
    let plan = plan.and_then(|body| body.order.0).unwrap_or_default();
    match plan.subscription_id.as_deref() {
        Some(id) => end(envelope, &header, id, plan.updated_date),
        None => Ok(Understood::Nothing(
            "the end of a plan that names no subscription".into(),
        )),
    }
}

fn end(envelope: &Envelope, header: &Header, id: &str, updated: Option<Timestamp>) -> Result<Understood, ReceiveError> {
    if header.is_privacy_rewrite() {
        return Ok(Understood::Nothing("a privacy rewrite of a subscription".into()));
    }
    let end = End {
        cause: "contract".to_owned(),
        version: Version::at(updated.or(header.event_time).unwrap_or(Timestamp::EPOCH)),
        // A subscription that is canceled or has run out is bought again, and not resumed.
        ended: Some(Ended::TERMINAL),
        of: Covers::All,
    };
    Ok(Understood::order(
        envelope.key(id)?,
        header.delivery(),
        Statement::End(end),
        Hints::default(),
    ))
}
