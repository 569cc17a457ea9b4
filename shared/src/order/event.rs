//! The order event: what one delivery says about one order, and how it goes through a queue.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::key::OrderKey;
use super::notice::Notice;
use super::reversal::{Dispute, End, Refund};
use super::snapshot::Snapshot;
use super::terms::{LineId, Version};
use super::told::Told;
use crate::ids::Sku;
use crate::time::Timestamp;

/// The schema version that this code writes and reads.
pub const SCHEMA: u32 = 2;

/// What one delivery says about one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderEvent {
    /// The version of this format: [`SCHEMA`].
    pub schema: u32,
    /// Which order.
    pub key: OrderKey,
    /// The storefront's ID of the delivery, for the logs; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub delivery: String,
    /// When `webhook` received it.
    pub received_at: Timestamp,
    /// What it says.
    pub says: Statement,
}

/// One statement about an order: how things stand, never what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// The whole order or subscription as it stands.
    Snapshot(Snapshot),
    /// An invoice of a subscription is paid. It says what was paid for, and never which lines the subscription has.
    Payment(Payment),
    /// All that a one-time order costs came, told without the order itself.
    Settled,
    /// A refund, told by itself.
    Refund(Refund),
    /// A dispute or chargeback.
    Dispute(Dispute),
    /// Something that the order began is over, or alive again.
    End(End),
    /// The order was moved to the trash. Only our receipt dates it.
    Trashed,
    /// What is told under this key is about that order.
    BelongsTo(OrderKey),
    /// Something that happened and that a person must see, whatever the state becomes.
    Notice(Notice),
    /// An operator's answer.
    Told(Told),
}

impl Statement {
    /// What was said, in a few words without personal data: a line of an order's history.
    pub const fn in_words(&self) -> &'static str {
        match self {
            Self::Snapshot(snapshot) => match (&snapshot.ended, snapshot.paid) {
                (Some(_), _) => "delivered: the order, which is over",
                (None, super::Paid::Full) => "delivered: the order, paid",
                (None, super::Paid::No) => "delivered: the order, not paid in full",
                (None, super::Paid::Unclear) => "delivered: the order, whose payment is unclear",
                (None, super::Paid::ByPayments) => "delivered: the subscription",
            },
            Self::Payment(_) => "delivered: a paid invoice",
            Self::Settled => "delivered: a payment",
            Self::Refund(_) => "delivered: a refund",
            Self::Dispute(_) => "delivered: a dispute",
            Self::End(_) => "delivered: an end, or that there is none",
            Self::Trashed => "delivered: the order was moved to the trash",
            Self::BelongsTo(_) => "delivered: another name of the order",
            Self::Notice(_) => "delivered: a notice",
            Self::Told(_) => "told by an operator",
        }
    }
}

/// What a paid invoice of a subscription lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// The invoice.
    pub id: String,
    /// When it was made, by the shop's clock: of two invoices the one that was made later says what there is, whichever is
    /// paid first.
    pub version: Version,
    /// When it was paid, by the same clock.
    pub paid_at: Timestamp,
    /// Whether it is the subscription's first.
    pub first: bool,
    /// What it lists, each (line, SKU) once.
    pub lines: Vec<PaymentLine>,
    /// When the subscription began, where the invoice says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// What it says of account, site, country and reference, for what no snapshot says.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// What people call the invoice, at most [`Snapshot::MAX_NUMBER_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// Units of one SKU in one line that an invoice was paid for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentLine {
    /// The subscription's line.
    pub line: LineId,
    /// What was paid for.
    pub sku: Sku,
    /// How many units of it the line has by this invoice: a level, never a difference.
    pub units: u32,
    /// Nothing was charged for it: a trial, or a price of zero.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// What the line says of where its products go.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

/// What is not an order event, and why.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEvent {
    /// The JSON is broken or lacks something.
    #[error("not an order event: at {path}: {reason}")]
    Malformed {
        /// Where in the JSON.
        path: String,
        /// What is wrong there; the values of the body are not repeated.
        reason: String,
    },
    /// It was written by newer code.
    #[error(
        "the order event has schema {found}, and this code reads {SCHEMA}: deploy the version that wrote it, then redrive the queue"
    )]
    UnknownSchema {
        /// The schema that it says.
        found: u32,
    },
}

impl OrderEvent {
    /// Reads what [`OrderEvent::to_json`] wrote. An event of newer code is named as that and not as broken.
    pub fn from_json(text: &str) -> Result<Self, InvalidEvent> {
        let known = SCHEMA..=SCHEMA;
        match decode::<Self>(text) {
            Ok(event) if !known.contains(&event.schema) => Err(InvalidEvent::UnknownSchema { found: event.schema }),
            Ok(event) if event.snapshot().is_some_and(Snapshot::has_lines_of_one_id) => Err(InvalidEvent::Malformed {
                path: "says.snapshot.lines".to_owned(),
                reason: "two lines have one ID".to_owned(),
            }),
            Ok(event) => Ok(event),
            // What newer code wrote need not look like an event to this code.
            Err(misfit) => Err(match decode::<Header>(text) {
                Ok(Header { schema }) if !known.contains(&schema) => InvalidEvent::UnknownSchema { found: schema },
                Ok(_) | Err(_) => misfit,
            }),
        }
    }

    /// The event as it goes into a queue.
    pub fn to_json(&self) -> String {
        // A struct of strings, numbers and maps with string keys always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The snapshot, if it is one.
    pub const fn snapshot(&self) -> Option<&Snapshot> {
        match &self.says {
            Statement::Snapshot(snapshot) => Some(snapshot),
            Statement::Payment(_)
            | Statement::Settled
            | Statement::Refund(_)
            | Statement::Dispute(_)
            | Statement::End(_)
            | Statement::Trashed
            | Statement::BelongsTo(_)
            | Statement::Notice(_)
            | Statement::Told(_) => None,
        }
    }
}

/// What every version of an event begins with.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, InvalidEvent> {
    crate::decode::decode_text(text).map_err(|misfit| InvalidEvent::Malformed {
        path: misfit.place(),
        reason: misfit.reason(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::order::{Answer, Covers, DisputeState, Ended, RefundState};

    fn event(says: Statement) -> OrderEvent {
        OrderEvent {
            schema: SCHEMA,
            key: "shopify/5324830114101".parse().unwrap(),
            delivery: "d-1".into(),
            received_at: Timestamp::from_secs(1_700_000_000),
            says,
        }
    }

    #[test]
    fn every_kind_of_statement_survives_the_queue() {
        let version = Version::at(Timestamp::from_secs(7));
        let statements = [
            Statement::Snapshot(Snapshot::new(version, "00".into(), Timestamp::EPOCH)),
            Statement::Payment(Payment {
                id: "in_1".into(),
                version,
                paid_at: Timestamp::EPOCH,
                first: true,
                lines: vec![PaymentLine {
                    line: "si_1".into(),
                    sku: "price_basic".parse().unwrap(),
                    units: 2,
                    free: false,
                    fields: Fields::default(),
                }],
                created_at: Some(Timestamp::EPOCH),
                fields: Fields::default(),
                number: None,
            }),
            Statement::Refund(Refund {
                id: "7".into(),
                state: RefundState::Succeeded,
                lines: Some(BTreeMap::from([("1".to_owned(), 2)])),
                whole: false,
            }),
            Statement::Dispute(Dispute {
                id: "dp_1".into(),
                state: DisputeState::Open,
                inquiry: false,
            }),
            Statement::End(End {
                cause: "subscription 1801".into(),
                version,
                ended: Some(Ended::TERMINAL),
                of: Covers::Skus(BTreeSet::from(["A".parse().unwrap()])),
            }),
            Statement::Settled,
            Statement::Trashed,
            Statement::BelongsTo("stripe/sub_1".parse().unwrap()),
            Statement::Notice(Notice::new("refund:re_1:failed", "REFUND_FAILED", "A refund failed.")),
            Statement::Told(Told {
                at: Timestamp::EPOCH,
                answer: Answer::NotOurs { line: "1".into() },
                by: "ada".into(),
                reason: String::new(),
            }),
        ];
        for says in statements {
            let event = event(says);
            assert_eq!(OrderEvent::from_json(&event.to_json()).unwrap(), event);
        }
    }

    #[test]
    fn an_event_in_which_two_lines_have_one_id_is_not_believed() {
        let with_lines = |first: &str, second: &str| {
            format!(
                r#"{{"schema":2,"key":"shopify/1","received_at":"2026-03-02T14:14:11Z","says":{{"snapshot":{{
                "version":{{"time":"2026-03-02T14:14:10Z"}},"hash":"a",
                "created_at":"2026-03-02T14:14:05Z","paid":"full",
                "lines":[{{"id":"{first}","units":2}},{{"id":"{second}","units":1}}]}}}}}}"#
            )
        };
        assert!(OrderEvent::from_json(&with_lines("1", "2")).is_ok());
        let error = OrderEvent::from_json(&with_lines("1", "1")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not an order event: at says.snapshot.lines: two lines have one ID"
        );
    }

    #[test]
    fn a_name_that_this_code_does_not_know_is_refused() {
        let json = event(Statement::Trashed).to_json().replace("}", ",\"more\":1}");
        assert!(matches!(
            OrderEvent::from_json(&json),
            Err(InvalidEvent::Malformed { .. })
        ));
    }

    #[test]
    fn other_schemas_and_broken_bodies_are_told_apart() {
        for other in [1, 3] {
            let text = format!(r#"{{"schema":{other},"anything":true}}"#);
            let error = OrderEvent::from_json(&text).unwrap_err();
            assert!(matches!(error, InvalidEvent::UnknownSchema { found } if found == other));
        }
        let broken = OrderEvent::from_json(r#"{"schema":2,"key":7}"#).unwrap_err();
        assert!(broken.to_string().contains("key"), "{broken}");
        let named = OrderEvent::from_json(r#"{"schema":2,"key":"Sample Buyer/1"}"#).unwrap_err();
        assert_eq!(
            named.to_string(),
            "not an order event: at key: a value that cannot be used"
        );
        assert!(
            OrderEvent::from_json("{")
                .unwrap_err()
                .to_string()
                .contains("not valid JSON")
        );
    }
}
