//! Cursors: a place in an order together with the query that made the order, so that the next page needs nothing else and
//! packages that come or go meanwhile shift nothing.

use serde_json::{Value, json};

use super::SortField;
use crate::guid::Guid;
use crate::message::hex;
use crate::store::Key;

#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    pub(crate) filter: Value,
    pub(crate) sort: SortField,
    pub(crate) ascending: bool,
    /// The last package that was shown.
    pub(crate) position: Key,
    /// Whether the page before that one is wanted.
    pub(crate) backwards: bool,
}

impl Cursor {
    /// The same query from another place.
    pub(crate) fn at(&self, position: Key, backwards: bool) -> Self {
        Self {
            position,
            backwards,
            ..self.clone()
        }
    }

    /// As one opaque word, good for the reseller `parent` only.
    pub(crate) fn write(&self, parent: Guid) -> String {
        use std::fmt::Write as _;
        let text = json!([
            self.filter,
            self.sort == SortField::Updated,
            self.ascending,
            self.position.0,
            self.position.1,
            self.backwards,
            parent,
        ])
        .to_string();
        text.bytes()
            .fold(String::with_capacity(text.len() * 2), |mut word, byte| {
                let _ = write!(word, "{byte:02x}");
                word
            })
    }

    pub(crate) fn read(word: &str, parent: Guid) -> Option<Self> {
        let bytes: Option<Vec<u8>> = word
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(hex(*high)? * 16 + hex(*low)?),
                _ => None,
            })
            .collect();
        let (filter, updated, ascending, millis, id, backwards, of): (Value, bool, bool, i64, Guid, bool, Guid) =
            serde_json::from_slice(&bytes?).ok()?;
        (of == parent).then_some(Self {
            filter,
            sort: if updated {
                SortField::Updated
            } else {
                SortField::Created
            },
            ascending,
            position: (millis, id),
            backwards,
        })
    }
}
