//! Refunds, disputes and the state of subscriptions in our own format.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::json::{Id, Units, decode, nullable};
use super::super::{Hints, ReceiveError, Understood, Verified};
use super::{Body, ID, key};
use crate::ids::Sku;
use crate::order::{Covers, Dispute, DisputeState, End, Ended, Refund, RefundState, Statement, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    id: Id,
    order_id: Id,
    #[serde(default)]
    state: RefundBodyState,
    /// It gives back all of the order.
    #[serde(default)]
    whole: bool,
    /// `null`: an amount, of which nobody knows what it was for.
    #[serde(deserialize_with = "nullable")]
    lines: Option<Vec<RefundLine>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefundBodyState {
    Pending,
    #[default]
    Succeeded,
    Failed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundLine {
    id: Id,
    units: Units,
}

/// Reads a refund.
pub(super) fn refund(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let refund = decode::<Body<RefundBody>>(body)?.data;
    let lines = refund.lines.map(|lines| {
        let mut units_of: BTreeMap<String, u32> = BTreeMap::new();
        for line in lines.into_iter().filter(|line| line.units.0 > 0) {
            let units = units_of.entry(line.id.0).or_default();
            *units = units.saturating_add(line.units.0);
        }
        units_of
    });
    match &lines {
        Some(lines) if lines.is_empty() && !refund.whole => {
            return Ok(Understood::Nothing("a refund of no unit takes nothing back".into()));
        }
        Some(_) if refund.whole => {
            return Err(ReceiveError::not_understood(
                "at data.whole: a refund of the whole order that lists lines",
            ));
        }
        Some(_) | None => {}
    }
    let statement = Statement::Refund(Refund {
        id: refund.id.0,
        state: match refund.state {
            RefundBodyState::Pending => RefundState::Pending,
            RefundBodyState::Succeeded => RefundState::Succeeded,
            RefundBodyState::Failed => RefundState::Failed,
        },
        lines,
        whole: refund.whole,
    });
    say(verified, &refund.order_id, statement)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisputeBody {
    id: Id,
    order_id: Id,
    state: DisputeBodyState,
    #[serde(default)]
    inquiry: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DisputeBodyState {
    Open,
    Lost,
    Won,
}

/// Reads a dispute.
pub(super) fn dispute(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let dispute = decode::<Body<DisputeBody>>(body)?.data;
    let statement = Statement::Dispute(Dispute {
        id: dispute.id.0,
        state: match dispute.state {
            DisputeBodyState::Open => DisputeState::Open,
            DisputeBodyState::Lost => DisputeState::Lost,
            DisputeBodyState::Won => DisputeState::Won,
        },
        inquiry: dispute.inquiry,
    });
    say(verified, &dispute.order_id, statement)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscriptionBody {
    id: Id,
    /// The order that began it.
    order_id: Id,
    updated_at: Timestamp,
    #[serde(default)]
    sequence: u64,
    status: SubscriptionStatus,
    /// Which of the order's products it is about; by default the lines that say `subscription`.
    skus: Option<BTreeSet<Sku>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SubscriptionStatus {
    Active,
    Suspended,
    Ended,
}

/// Reads the state of a subscription.
pub(super) fn subscription(verified: &Verified<'_>, body: &str) -> Result<Understood, ReceiveError> {
    let subscription = decode::<Body<SubscriptionBody>>(body)?.data;
    let statement = Statement::End(End {
        cause: format!("subscription {}", subscription.id.0),
        version: Version {
            time: subscription.updated_at,
            sequence: subscription.sequence,
        },
        ended: match subscription.status {
            SubscriptionStatus::Active => None,
            SubscriptionStatus::Suspended => Some(Ended::REVERSIBLE),
            SubscriptionStatus::Ended => Some(Ended::TERMINAL),
        },
        of: subscription.skus.map_or(Covers::SubscriptionLines, Covers::Skus),
    });
    say(verified, &subscription.order_id, statement)
}

fn say(verified: &Verified<'_>, order: &Id, statement: Statement) -> Result<Understood, ReceiveError> {
    let delivery = verified.delivery().log_id(&ID);
    Ok(Understood::order(
        key(verified, order)?,
        delivery,
        statement,
        Hints::default(),
    ))
}
