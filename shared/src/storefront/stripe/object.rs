//! Shapes that many of Stripe's objects share. A reference may be an ID or, expanded, the object (documented).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::fields::country;
use super::super::json::{Id, Lenient, Text, Units, decode, unix_seconds};
use super::super::keys::hash;
use crate::order::{Snapshot, Statement};
use crate::time::Timestamp;

/// The envelope of every event.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) r#type: String,
    /// Whole seconds: the version of the state that the event holds.
    #[serde(deserialize_with = "unix_seconds")]
    pub(super) created: Timestamp,
    pub(super) api_version: Text,
    pub(super) livemode: bool,
}

#[derive(Deserialize)]
struct Body<T> {
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
}

/// The object that an event holds.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, ReceiveError> {
    Ok(decode::<Body<T>>(body)?.data.object)
}

/// An ID, or an object that has one.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Reference {
    Id(Id),
    Object {
        id: Id,
        /// Of an expanded charge.
        payment_intent: Option<Box<Self>>,
    },
}

impl Reference {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id, .. } => &id.0,
        }
    }

    fn payment_intent(&self) -> Option<&Self> {
        match self {
            Self::Id(_) => None,
            Self::Object { payment_intent, .. } => payment_intent.as_deref(),
        }
    }
}

/// A list as it is embedded in another object: only its beginning, where `has_more` says so.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// A price, or the plan that it was called before 2020.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Price {
    Id(Id),
    Object {
        id: Id,
        recurring: Lenient<Recurring>,
        /// Where a plan says the same.
        usage_type: Text,
        unit_amount: Option<i64>,
        /// Where a plan says the same.
        amount: Option<i64>,
    },
}

#[derive(Deserialize)]
pub(super) struct Recurring {
    usage_type: Text,
}

impl Price {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id, .. } => &id.0,
        }
    }

    /// Billed by what was used: it has no quantity.
    pub(super) fn is_metered(&self) -> bool {
        match self {
            Self::Id(_) => false,
            Self::Object {
                recurring, usage_type, ..
            } => {
                let recurring = recurring
                    .0
                    .as_ref()
                    .and_then(|recurring| recurring.usage_type.as_deref());
                recurring.or(usage_type.as_deref()) == Some("metered")
            }
        }
    }

    /// It says of itself that it is billed again and again.
    pub(super) const fn recurs(&self) -> bool {
        match self {
            Self::Id(_) => false,
            Self::Object { recurring, .. } => recurring.0.is_some(),
        }
    }

    /// It says of itself that it costs nothing.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Self::Id(_) => false,
            Self::Object {
                unit_amount, amount, ..
            } => unit_amount.or(*amount) == Some(0),
        }
    }
}

/// How many units: from API version 2026-03-25 (dahlia) `quantity` is cut to a whole number, and `quantity_decimal`
/// has all of it.
pub(super) fn units(quantity: Option<Units>, decimal: Option<&str>) -> Option<u32> {
    match decimal {
        None => quantity.map(|units| units.0),
        Some(decimal) => {
            let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
            let is_whole = fraction.bytes().all(|digit| digit == b'0')
                && !whole.is_empty()
                && whole.bytes().all(|digit| digit.is_ascii_digit());
            is_whole.then(|| whole.parse().ok()).flatten()
        }
    }
}

pub(super) type Metadata = Lenient<BTreeMap<String, Text>>;

pub(super) fn properties(metadata: &Metadata) -> impl Iterator<Item = (&str, &str)> + Clone {
    metadata
        .0
        .iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
}

pub(super) fn property<'a>(metadata: &'a Metadata, name: &str) -> Option<&'a str> {
    metadata.0.as_ref()?.get(name)?.as_deref()
}

#[derive(Deserialize)]
pub(super) struct WithAddress {
    address: Lenient<Address>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    country: Text,
}

pub(super) fn country_of(address: &Lenient<Address>) -> Option<&str> {
    address.0.as_ref()?.country.as_deref()
}

pub(super) fn country_in(with: &Lenient<WithAddress>) -> Option<&str> {
    country_of(&with.0.as_ref()?.address)
}

/// The country of the first address that has one.
pub(super) fn first_country<'a>(countries: impl IntoIterator<Item = Option<&'a str>>) -> Option<String> {
    country(countries)
}

/// The key of what a payment paid for: its intent, else its charge. Both may be absent in what is told of them, and an
/// expanded charge names the intent itself.
pub(super) fn payment_key<'a>(intent: Option<&'a Reference>, charge: Option<&'a Reference>) -> Option<&'a str> {
    let of_charge = || charge.and_then(Reference::payment_intent);
    intent.or_else(of_charge).or(charge).map(Reference::id)
}

/// A snapshot as a statement. Its hash is that of the state, so that two events that state the same are one.
pub(super) fn stated(mut snapshot: Snapshot) -> Statement {
    // A struct of strings, numbers and lists always serialises.
    snapshot.hash = hash(serde_json::to_string(&snapshot).unwrap_or_default().as_bytes());
    Statement::Snapshot(snapshot)
}

/// An ID as it may stand in a sentence or another ID.
pub(super) fn shown(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_quantity_counts_where_it_is_whole() {
        let cases = [
            (Some(2), None, Some(2)),
            (Some(2), Some("2"), Some(2)),
            (Some(2), Some("2.000"), Some(2)),
            // Truncated: the quantity alone would say 2.
            (Some(2), Some("2.5"), None),
            (Some(2), Some(""), None),
            (Some(2), Some("-2"), None),
            (None, Some("3"), Some(3)),
            (None, None, None),
        ];
        for (quantity, decimal, expected) in cases {
            assert_eq!(
                units(quantity.map(Units), decimal),
                expected,
                "{quantity:?} {decimal:?}"
            );
        }
    }

    #[test]
    fn a_price_says_whether_it_is_metered_or_free() {
        let price = |json: &str| serde_json::from_str::<Price>(json).unwrap();
        assert!(price(r#"{"id": "price_1", "recurring": {"usage_type": "metered"}}"#).is_metered());
        assert!(price(r#"{"id": "plan_1", "usage_type": "metered"}"#).is_metered());
        assert!(!price(r#"{"id": "price_1", "recurring": {"usage_type": "licensed"}}"#).is_metered());
        assert!(!price(r#""price_1""#).is_metered());
        assert!(price(r#"{"id": "price_1", "unit_amount": 0}"#).is_free());
        assert!(price(r#"{"id": "plan_1", "amount": 0}"#).is_free());
        assert!(!price(r#"{"id": "price_1", "unit_amount": 100}"#).is_free());
        assert!(!price(r#"{"id": "price_1"}"#).is_free());
    }
}
