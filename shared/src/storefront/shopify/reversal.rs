//! What takes an order of Shopify back, or what a subscription says of itself: refunds, disputes, contracts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::json::{Id, Lenient, Text, Units, decode, list, text};
use super::super::{Hints, ReceiveError, Understood, Verified};
use super::{TEST_NOTIFICATION, WEBHOOK_ID, key, must_be};
use crate::order::{Covers, Dispute, DisputeState, End, Ended, Refund, RefundState, Statement, Version};
use crate::time::Timestamp;

/// A refund, alone or in an order.
#[derive(Deserialize)]
pub(super) struct RefundBody {
    pub(super) id: Id,
    #[serde(default, deserialize_with = "list")]
    refund_line_items: Vec<RefundLine>,
    #[serde(default, deserialize_with = "list")]
    transactions: Vec<Lenient<Transaction>>,
    #[serde(default, deserialize_with = "list")]
    order_adjustments: Vec<Lenient<Adjustment>>,
    #[serde(default, deserialize_with = "list")]
    refund_shipping_lines: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct RefundLine {
    line_item_id: Id,
    quantity: Units,
}

#[derive(Deserialize)]
struct Transaction {
    kind: Text,
    status: Text,
}

#[derive(Deserialize)]
struct Adjustment {
    kind: Text,
}

impl RefundBody {
    /// How far its money is. Goods can be given back without money: then it is through. Where its transactions
    /// disagree, or say a word that we do not know, it is not.
    pub(super) fn state(&self) -> RefundState {
        let mut statuses = self
            .transactions
            .iter()
            .filter_map(|transaction| transaction.0.as_ref())
            .filter(|transaction| transaction.kind.as_deref().is_none_or(|kind| kind == "refund"))
            .map(|transaction| transaction.status.as_deref())
            .peekable();
        if statuses.peek().is_none() {
            return RefundState::Succeeded;
        }
        let statuses: Vec<_> = statuses.collect();
        let all = |words: &[&str]| {
            statuses
                .iter()
                .all(|status| status.is_some_and(|status| words.contains(&status)))
        };
        if all(&["success"]) {
            RefundState::Succeeded
        } else if all(&["failure", "error"]) {
            RefundState::Failed
        } else {
            RefundState::Pending
        }
    }

    /// The units of each line; a line can come twice.
    pub(super) fn units(&self) -> BTreeMap<String, u32> {
        let mut units: BTreeMap<String, u32> = BTreeMap::new();
        for line in self.refund_line_items.iter().filter(|line| line.quantity.0 > 0) {
            let sum = units.entry(line.line_item_id.0.clone()).or_default();
            *sum = sum.saturating_add(line.quantity.0);
        }
        units
    }

    /// Whether it gives back an amount without saying what for. Shipping is none of our products.
    pub(super) fn names_no_line(&self) -> bool {
        self.units().is_empty() && !self.of_shipping_only()
    }

    fn of_shipping_only(&self) -> bool {
        let mut kinds = self
            .order_adjustments
            .iter()
            .map(|adjustment| adjustment.0.as_ref().and_then(|adjustment| adjustment.kind.as_deref()));
        let adjusts_something_else = kinds.any(|kind| kind != Some("shipping_refund"));
        let of_shipping = !self.refund_shipping_lines.is_empty() || !self.order_adjustments.is_empty();
        self.units().is_empty() && of_shipping && !adjusts_something_else
    }
}

impl From<&RefundBody> for Refund {
    fn from(body: &RefundBody) -> Self {
        let units = body.units();
        Self {
            id: body.id.0.clone(),
            state: body.state(),
            lines: (!units.is_empty()).then_some(units),
            // An order that is refunded as a whole says so itself.
            whole: false,
        }
    }
}

/// A delivery of `refunds/create`: these keys tell it from any other resource.
#[derive(Deserialize)]
struct RefundDelivery {
    order_id: Id,
    #[expect(dead_code, reason = "its presence tells a refund from another resource")]
    refund_line_items: Vec<IgnoredAny>,
}

/// Reads a delivery of `refunds/create`.
pub(super) fn refund(verified: &Verified<'_>) -> Result<Understood, ReceiveError> {
    let body = text(verified.payload())?;
    let delivery: RefundDelivery = decode(body)?;
    let refund: RefundBody = decode(body)?;
    if delivery.order_id.0 == TEST_NOTIFICATION {
        return Ok(Understood::Nothing("Shopify's test notification".into()));
    }
    if refund.of_shipping_only() {
        return Ok(Understood::Nothing("a refund of shipping takes no product back".into()));
    }
    say(verified, &delivery.order_id, Statement::Refund(Refund::from(&refund)))
}

#[derive(Deserialize)]
struct DisputeBody {
    id: Id,
    /// Null where the disputed payment is of no order.
    order_id: Option<Id>,
    status: String,
    r#type: String,
}

/// Reads a dispute of Shopify Payments.
pub(super) fn dispute(verified: &Verified<'_>) -> Result<Understood, ReceiveError> {
    let dispute: DisputeBody = decode(text(verified.payload())?)?;
    let Some(order) = dispute.order_id else {
        return Ok(Understood::Nothing("a dispute that names no order".into()));
    };
    if order.0 == TEST_NOTIFICATION {
        return Ok(Understood::Nothing("Shopify's test notification".into()));
    }
    let state = match dispute.status.as_str() {
        "lost" | "accepted" => DisputeState::Lost,
        // `charge_refunded`: the shop gave the money back by itself, which the refund tells.
        "won" | "prevented" | "charge_refunded" => DisputeState::Won,
        _ => DisputeState::Open,
    };
    let dispute = Dispute {
        id: dispute.id.0,
        state,
        inquiry: dispute.r#type == "inquiry",
    };
    say(verified, &order, Statement::Dispute(dispute))
}

#[derive(Deserialize)]
struct Contract {
    id: Id,
    admin_graphql_api_id: Text,
    /// Null for a contract that an app made without an order.
    origin_order_id: Option<Id>,
    status: String,
    /// Raised with each change. The body has no time.
    revision_id: Option<Id>,
}

/// Reads a contract. It says how the subscription stands and names no line; the unsigned topic does not count.
pub(super) fn contract(verified: &Verified<'_>) -> Result<Understood, ReceiveError> {
    let contract: Contract = decode(text(verified.payload())?)?;
    must_be(&contract.admin_graphql_api_id, "SubscriptionContract")?;
    let ended = match contract.status.to_ascii_lowercase().as_str() {
        "cancelled" | "canceled" | "expired" => Some(Ended::TERMINAL),
        // A failed contract can be activated again (documented).
        "failed" => Some(Ended::REVERSIBLE),
        "active" => None,
        _ => {
            return Ok(Understood::Nothing(
                "the subscription goes on, or is only paused".into(),
            ));
        }
    };
    let Some(order) = contract.origin_order_id else {
        return Ok(Understood::Nothing("a subscription that no order began".into()));
    };
    let revision = contract.revision_id.and_then(|id| id.0.parse().ok()).unwrap_or(0);
    let end = End {
        cause: format!("subscription {}", contract.id.0),
        version: Version {
            time: Timestamp::EPOCH,
            sequence: revision,
        },
        ended,
        of: Covers::SubscriptionLines,
    };
    say(verified, &order, Statement::End(end))
}

/// What tells an attempt from any other resource.
#[derive(Deserialize)]
struct BillingAttempt {
    admin_graphql_api_id: Text,
    #[expect(dead_code, reason = "its presence tells an attempt from another resource")]
    subscription_contract_id: IgnoredAny,
}

/// Reads an attempt to bill a subscription. The order that it made says itself that it renews, and a failed attempt is
/// tried again: neither changes anything.
pub(super) fn billing_attempt(verified: &Verified<'_>) -> Result<Understood, ReceiveError> {
    let attempt: BillingAttempt = decode(text(verified.payload())?)?;
    must_be(&attempt.admin_graphql_api_id, "SubscriptionBillingAttempt")?;
    Ok(Understood::Nothing(
        "an attempt to bill a subscription; the order that it makes says the rest".into(),
    ))
}

fn say(verified: &Verified<'_>, order: &Id, statement: Statement) -> Result<Understood, ReceiveError> {
    let delivery = verified.delivery().log_id(&WEBHOOK_ID);
    Ok(Understood::order(key(order)?, delivery, statement, Hints::default()))
}
