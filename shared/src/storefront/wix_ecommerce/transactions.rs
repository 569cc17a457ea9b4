//! Payments and refunds of an order of Wix. What a refund takes back stands in the order itself (`refundQuantity`), so
//! these events add what the order cannot say: that a refund failed, and that a payment is disputed.

use serde::Deserialize;

use super::super::json::{Lenient, Text, decode, list};
use super::super::{AboutOrder, Hints, ReceiveError, Understood};
use super::{Envelope, Json};
use crate::order::{Dispute, DisputeState, Notice, Statement};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainEvent {
    action_event: Option<ActionEvent>,
    updated_event: Option<UpdatedEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionEvent {
    #[serde(alias = "bodyAsJson")]
    body: Json<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedEvent {
    #[serde(alias = "currentEntityAsJson")]
    current_entity: Json<Transactions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    order_id: Text,
    refund: Lenient<Refund>,
    order_transactions: Lenient<Transactions>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Transactions {
    order_id: Text,
    #[serde(default, deserialize_with = "list")]
    payments: Vec<Lenient<Payment>>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<Lenient<Refund>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    regular_payment_details: Lenient<PaymentDetails>,
}

#[derive(Deserialize)]
struct PaymentDetails {
    #[serde(default, deserialize_with = "list")]
    chargebacks: Vec<Lenient<Chargeback>>,
}

#[derive(Deserialize)]
struct Chargeback {
    id: Text,
    status: Text,
}

#[derive(Deserialize)]
struct Refund {
    id: Text,
    #[serde(default, deserialize_with = "list")]
    transactions: Vec<Lenient<RefundTransaction>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundTransaction {
    refund_status: Text,
}

impl Refund {
    /// Nothing of it came back to the buyer.
    fn failed(&self) -> bool {
        let mut statuses = self
            .transactions
            .iter()
            .filter_map(|transaction| transaction.0.as_ref())
            .map(|transaction| transaction.refund_status.as_deref());
        !self.transactions.is_empty() && statuses.all(|status| status == Some("FAILED"))
    }
}

/// Reads an event of an order's transactions.
pub(super) fn read(envelope: &Envelope, slug: &str) -> Result<Understood, ReceiveError> {
    let header = envelope.header()?;
    let event: DomainEvent = decode(envelope.data()?)?;
    let mut order = header.entity_id.0.clone();
    let mut refunds = Vec::new();
    let mut transactions = event.updated_event.map(|updated| updated.current_entity.0);
    if let Some(action) = event.action_event {
        let body = action.body.0;
        order = body.order_id.0.or(order);
        refunds.extend(body.refund.0);
        transactions = transactions.or(body.order_transactions.0);
    }
    let transactions = transactions.unwrap_or_default();
    let order = transactions.order_id.0.or(order);
    refunds.extend(transactions.refunds.into_iter().filter_map(|refund| refund.0));
    let failed = refunds.iter().filter(|refund| refund.failed()).map(|refund| {
        let id = refund.id.as_deref().unwrap_or("unnamed");
        Statement::Notice(Notice::new(
            &format!("refund:{}:failed", id.chars().take(60).collect::<String>()),
            "REFUND_FAILED",
            "A refund of the order failed. What it named was taken back with it: if the buyer keeps it, lower the \
             refunded quantity at Wix or tell that the order is paid.",
        ))
    });
    let disputed = transactions
        .payments
        .iter()
        .filter_map(|payment| payment.0.as_ref()?.regular_payment_details.0.as_ref())
        .flat_map(|details| {
            details
                .chargebacks
                .iter()
                .filter_map(|chargeback| chargeback.0.as_ref())
        })
        .map(|chargeback| {
            Statement::Dispute(Dispute {
                id: chargeback
                    .id
                    .as_deref()
                    .unwrap_or("unnamed")
                    .chars()
                    .take(100)
                    .collect(),
                state: match chargeback.status.as_deref() {
                    Some("REVERSED") => DisputeState::Won,
                    Some("APPROVED") => DisputeState::Lost,
                    Some(_) | None => DisputeState::Open,
                },
                inquiry: false,
            })
        });
    let said: Vec<Statement> = failed.chain(disputed).collect();
    if header.is_privacy_rewrite() || said.is_empty() {
        return Ok(Understood::Nothing(
            format!(
                "transactions_{}: payments and refunds, of which order_updated brings what counts",
                super::super::log_id(slug)
            )
            .into(),
        ));
    }
    let key = envelope.key(
        order
            .as_deref()
            .ok_or_else(|| ReceiveError::not_understood("at data: transactions of an order that is not named"))?,
    )?;
    let about = |says| AboutOrder {
        key: key.clone(),
        says,
        hints: Hints::default(),
    };
    Ok(Understood::Orders {
        delivery: header.delivery(),
        statements: said.into_iter().map(about).collect(),
    })
}
