//! The order event and its parts. Versions give snapshots of one order a total order that is the same wherever it is
//! computed, so that any worker merges any history to the same state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::key::OrderKey;
use crate::ids::Sku;
use crate::time::Timestamp;

/// The schema version this code writes, and the newest that it reads.
pub const SCHEMA: u32 = 1;

/// One line of an order: the storefront's line ID. Where a storefront repeats an ID, its adapter makes it unique.
pub type LineId = String;

/// The storefront's ID of one refund.
pub type RefundId = String;

/// What one delivery says about one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// The version of this format: [`SCHEMA`].
    pub schema: u32,
    /// Which order.
    pub key: OrderKey,
    /// The storefront's ID of the delivery, for the logs; empty where it has none.
    #[serde(default)]
    pub delivery: String,
    /// When `webhook` received it.
    pub received_at: Timestamp,
    /// What it says.
    pub wish: Wish,
}

/// What the storefront said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The whole order as it stands.
    Snapshot(Snapshot),
    /// Units of some lines are refunded.
    Refund(Refund),
}

/// The order as it stood at one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which of two snapshots is newer.
    pub version: Version,
    /// When the order was placed. Orders from before the catalog's `not_before` are never bought.
    pub created_at: Timestamp,
    /// The lines with their live units. A line that is not listed has none.
    pub lines: Vec<Line>,
    /// The refunds that `lines` has counted already.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refunds: BTreeSet<RefundId>,
    /// Whether everything in it is paid for.
    pub fully_paid: bool,
    /// Whether the order is canceled, wholly refunded or deleted.
    pub canceled: bool,
    /// What the order says of account, site, country and reference.
    #[serde(default)]
    pub fields: Fields,
    /// What the storefront said and nobody can map to lines, such as a refund of an amount that names no line:
    /// one sentence each, without personal data. Shown as attention.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unmapped: BTreeSet<String>,
}

impl Snapshot {
    /// Whether two lines have one ID: then the units of the one would be wanted for the other, too.
    fn has_lines_of_one_id(&self) -> bool {
        let mut seen = BTreeSet::new();
        !self.lines.iter().all(|line| seen.insert(line.id.as_str()))
    }
}

/// One line of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The storefront's ID of the line, unique within the order.
    pub id: LineId,
    /// What is sold; `None` where the storefront has no or a blank SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Live units: after edits and the refunds that the snapshot has counted.
    pub units: u32,
    /// What the line itself says of account, site and country; it goes before what the order says.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

/// What an order or a line says of where its products go, as the buyer or the shop wrote it: trimmed, cut to
/// [`Fields::MAX_BYTES`] (the reference to [`Fields::MAX_CHARS`]), not yet checked. A value that cannot be used is
/// attention, not an error here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// The Wix account to buy for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Wix site to assign to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The buyer's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The storefront's own reference, which packages are tagged with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl Fields {
    /// The longest account, site and country that are kept, in bytes: buyers write them, and records have a limit.
    pub const MAX_BYTES: usize = 64;
    /// The longest reference of an order that is kept, in characters.
    pub const MAX_CHARS: usize = 300;
    /// The longest reference of a line that is kept, in characters.
    #[cfg(feature = "storefront")]
    const MAX_LINE_CHARS: usize = 100;

    /// Cuts the reference to what a line keeps of it.
    #[cfg(feature = "storefront")]
    pub(crate) fn shorten_reference(&mut self) {
        if let Some(reference) = &mut self.external_id
            && let Some((end, _)) = reference.char_indices().nth(Self::MAX_LINE_CHARS)
        {
            reference.truncate(end);
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which of two snapshots of one order is newer. The order of the members is the order of comparison.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// The source's own time of the change.
    pub time: Timestamp,
    /// The source's own sequence number, where it has one; else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sequence: u64,
    /// A canceled order is newer than the same one alive.
    pub canceled: bool,
    /// How many refunds the snapshot has counted.
    pub refunds: u32,
    /// A hash of the body: any order, but the same one everywhere.
    pub hash: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A refund that came as an event of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The storefront's ID of the refund: a refund counts once, however often it is told.
    pub id: RefundId,
    /// How many units of which lines; empty for an amount only, which takes nothing back.
    pub lines: BTreeMap<LineId, u32>,
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
        "the order event has schema {found}, and this code reads up to {SCHEMA}: deploy the newer version, then redrive the queue"
    )]
    UnknownSchema {
        /// The schema that it says.
        found: u32,
    },
}

impl OrderEvent {
    /// Reads what [`OrderEvent::to_json`] wrote. An event of newer code is named as that and not as broken.
    pub fn from_json(text: &str) -> Result<Self, InvalidEvent> {
        let known = 1..=SCHEMA;
        match decode::<Self>(text) {
            Ok(event) if !known.contains(&event.schema) => Err(InvalidEvent::UnknownSchema { found: event.schema }),
            Ok(event) if event.snapshot().is_some_and(Snapshot::has_lines_of_one_id) => Err(InvalidEvent::Malformed {
                path: "wish.snapshot.lines".to_owned(),
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
        match &self.wish {
            Wish::Snapshot(snapshot) => Some(snapshot),
            Wish::Refund(_) => None,
        }
    }
}

/// What every version of an event begins with.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, InvalidEvent> {
    crate::decode::decode(text.as_bytes()).map_err(|misfit| InvalidEvent::Malformed {
        path: misfit.place(),
        reason: misfit.reason(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(seconds: i64) -> Version {
        Version {
            time: Timestamp::from_secs(seconds),
            sequence: 0,
            canceled: false,
            refunds: 0,
            hash: "a".into(),
        }
    }

    #[test]
    fn a_newer_time_wins_and_a_cancellation_wins_a_tie() {
        let canceled = Version {
            canceled: true,
            ..version(1)
        };
        assert!(version(2) > canceled);
        assert!(canceled > version(1));
    }

    #[test]
    fn an_event_survives_the_queue() {
        let event = OrderEvent {
            schema: SCHEMA,
            key: "shopify/5324830114101".parse().unwrap(),
            delivery: "d-1".into(),
            received_at: Timestamp::from_secs(1_700_000_000),
            wish: Wish::Refund(Refund {
                id: "7".into(),
                lines: BTreeMap::from([("1".to_owned(), 2)]),
            }),
        };
        assert_eq!(OrderEvent::from_json(&event.to_json()).unwrap(), event);
    }

    #[test]
    fn an_event_in_which_two_lines_have_one_id_is_not_believed() {
        let with_lines = |first: &str, second: &str| {
            format!(
                r#"{{"schema":1,"key":"shopify/1","received_at":"2026-03-02T14:14:11Z","wish":{{"snapshot":{{
                "version":{{"time":"2026-03-02T14:14:10Z","canceled":false,"refunds":0,"hash":"a"}},
                "created_at":"2026-03-02T14:14:05Z","fully_paid":true,"canceled":false,
                "lines":[{{"id":"{first}","units":2}},{{"id":"{second}","units":1}}]}}}}}}"#
            )
        };
        assert!(OrderEvent::from_json(&with_lines("1", "2")).is_ok());
        let error = OrderEvent::from_json(&with_lines("1", "1")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not an order event: at wish.snapshot.lines: two lines have one ID"
        );
    }

    #[test]
    fn newer_schemas_and_broken_bodies_are_told_apart() {
        let newer = OrderEvent::from_json(r#"{"schema":2,"anything":true}"#).unwrap_err();
        assert!(matches!(newer, InvalidEvent::UnknownSchema { found: 2 }));
        let broken = OrderEvent::from_json(r#"{"schema":1,"key":7}"#).unwrap_err();
        assert!(broken.to_string().contains("key"), "{broken}");
        let named = OrderEvent::from_json(r#"{"schema":1,"key":"Sample Buyer/1"}"#).unwrap_err();
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
