//! The record as the ledger keeps it.

use serde::Deserialize;

use super::OrderRecord;

/// The newest schema version of a record that this code reads.
pub const RECORD_SCHEMA: u32 = 2;

/// What an ordinary record is written with, so that a version before [`TARGETS_SCHEMA`] can go on with it.
pub(super) const FIRST_SCHEMA: u32 = 1;

/// From here on units may have other targets than the first: an older version would lose what it does not know of.
const TARGETS_SCHEMA: u32 = 2;

impl OrderRecord {
    /// Whether a unit has had another target than the first one.
    pub const fn has_other_targets(&self) -> bool {
        self.schema >= TARGETS_SCHEMA
    }

    /// A unit has another target than the first one: code that knows nothing of that must not write this record.
    pub(crate) const fn give_other_target(&mut self) {
        self.schema = RECORD_SCHEMA;
    }

    /// The record as the ledger keeps it.
    pub fn to_json(&self) -> String {
        // Structs, strings, numbers and maps with string keys always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`OrderRecord::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, InvalidRecord> {
        match crate::decode::decode_text::<Self>(text) {
            Ok(record) if record.schema <= RECORD_SCHEMA => Ok(record),
            Ok(record) => Err(InvalidRecord::Newer { found: record.schema }),
            // What newer code wrote need not look like a record to this code.
            Err(misfit) => Err(match serde_json::from_str(text) {
                Ok(Header { schema }) if schema > RECORD_SCHEMA => InvalidRecord::Newer { found: schema },
                Ok(_) | Err(_) => InvalidRecord::Malformed(format!("at {}: {}", misfit.place(), misfit.source())),
            }),
        }
    }
}

/// What every version of a record begins with.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

/// A stored record that cannot be read. Nothing is done for its order until it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    /// Written by newer code.
    #[error("the record has schema {found}, and this code reads up to {RECORD_SCHEMA}: deploy the newer version again")]
    Newer {
        /// The schema that it says.
        found: u32,
    },
    /// It is not a record.
    #[error("the record cannot be read ({0}): restore it from a backup")]
    Malformed(String),
}
