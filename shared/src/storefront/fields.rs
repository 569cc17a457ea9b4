//! Where an order says which Wix account and site its products go to: properties of the order or of a line, under
//! names that the catalog gives.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::json::{Lenient, Text};
use super::keys::hash;
use crate::ids::Sku;
use crate::order::{Fields, Snapshot};

/// What `webhook` reads of the catalog's `[defaults]`: the names of order and line properties that mean something,
/// compared without regard to case (where several are given, the first that has a value counts), and how a shop's own
/// words are to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldNames {
    /// `account_fields`: the Wix account to buy for.
    pub account: Vec<String>,
    /// `site_fields`: the Wix site to assign to.
    pub site: Vec<String>,
    /// `external_id_fields`: the storefront's own reference.
    pub external_id: Vec<String>,
    /// `paid_statuses`: `WooCommerce`'s statuses that mean paid beside its own, without `wc-`.
    pub paid_statuses: Vec<String>,
    /// `suborders`: which orders of a `WooCommerce` marketplace count.
    pub suborders: Suborders,
}

/// Which orders of a marketplace count: the parts that its plugin makes of an order have the same lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suborders {
    /// Orders, and not their parts.
    #[default]
    Ignore,
    /// The parts, and not the orders that they are parts of.
    Only,
}

impl Default for FieldNames {
    /// `wix_account_id`, `wix_site_id`, `wix_external_id`.
    fn default() -> Self {
        Self {
            account: vec!["wix_account_id".to_owned()],
            site: vec!["wix_site_id".to_owned()],
            external_id: vec!["wix_external_id".to_owned()],
            paid_statuses: Vec::new(),
            suborders: Suborders::Ignore,
        }
    }
}

impl FieldNames {
    /// What these properties say. The country is not among them: storefronts have it in addresses.
    pub(super) fn pick<'a>(&self, properties: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Fields {
        let first = |names: &[String], cut: fn(&str) -> String| {
            names.iter().find_map(|name| {
                properties
                    .clone()
                    .find(|(title, value)| same(title, name) && !value.trim().is_empty())
                    .map(|(_, value)| cut(value))
            })
        };
        Fields {
            account: first(&self.account, cut),
            site: first(&self.site, cut),
            country: None,
            external_id: first(&self.external_id, cut_reference),
        }
    }
}

fn same(title: &str, name: &str) -> bool {
    let (title, name) = (title.trim(), name.trim());
    !name.is_empty()
        && (title.eq_ignore_ascii_case(name) || (!title.is_ascii() && title.to_lowercase() == name.to_lowercase()))
}

/// Trimmed, and cut to what is kept. The sign at the end of a cut value sees to it that it is no GUID and no country,
/// and so is refused where it is used.
fn cut(value: &str) -> String {
    const SIGN: char = '…';
    let value = value.trim();
    if value.len() <= Fields::MAX_BYTES {
        return value.to_owned();
    }
    let room = Fields::MAX_BYTES - SIGN.len_utf8();
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= room;
    value
        .char_indices()
        .take_while(fits)
        .map(|(_, c)| c)
        .chain([SIGN])
        .collect()
}

/// The same for a reference, which may be any text.
fn cut_reference(value: &str) -> String {
    value.trim().chars().take(Fields::MAX_CHARS).collect()
}

/// The first country that is given; billing goes before shipping.
pub(super) fn country<'a>(countries: impl IntoIterator<Item = Option<&'a str>>) -> Option<String> {
    countries
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|country| !country.is_empty())
        .map(cut)
}

/// What people call the order; none where that is nothing.
pub(super) fn number(text: &Text) -> Option<String> {
    let number: String = text
        .as_deref()?
        .chars()
        .filter(|c| !c.is_control())
        .take(Snapshot::MAX_NUMBER_CHARS)
        .collect();
    (!number.is_empty()).then_some(number)
}

/// A snapshot with the hash of what it says, so that two deliveries that say the same are one state: most storefronts
/// tell one change under several topics.
pub(super) fn hashed(mut snapshot: Snapshot) -> Snapshot {
    snapshot.hash = String::new();
    // A struct of strings, numbers and maps with string keys always serialises.
    let said = serde_json::to_vec(&snapshot).unwrap_or_default();
    snapshot.hash = hash(&said);
    snapshot
}

/// Properties of an order or a line, with their names. They are a courtesy, so that no shape of them is an error: a list
/// of `{name, value}`, an object by name, one such pair alone, and nothing where it is anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Properties(Vec<(String, String)>);

impl Properties {
    /// Each name with its value; what has no text is left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// One of a list.
#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    value: Text,
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Properties;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Properties, A::Error> {
        let mut properties = Vec::new();
        while let Some(Lenient(property)) = seq.next_element::<Lenient<Property>>()? {
            if let Some(Property {
                name: Text(Some(name)),
                value: Text(Some(value)),
            }) = property
            {
                properties.push((name, value));
            }
        }
        Ok(Properties(properties))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Properties, A::Error> {
        let named = BTreeMap::<String, Text>::deserialize(MapAccessDeserializer::new(map))?;
        let of = |key| named.get(key).and_then(Text::as_deref).map(str::to_owned);
        let alone = of("name").zip(of("value"));
        let each = named
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.0.clone()?)));
        Ok(Properties(each.chain(alone).collect()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Properties, E> {
        Ok(Properties::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Properties, E> {
        Ok(Properties::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Properties, E> {
        Ok(Properties::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Properties, E> {
        Ok(Properties::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Properties, E> {
        Ok(Properties::default())
    }

    fn visit_unit<E>(self) -> Result<Properties, E> {
        Ok(Properties::default())
    }
}

/// The SKU; none where it is absent, blank, or nothing that a catalog could hold.
pub(super) fn sku(text: &Text) -> Option<Sku> {
    text.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_regard_to_case_and_the_first_name_with_a_value_counts() {
        let names = FieldNames {
            site: vec!["Wix site".to_owned(), "wix_site_id".to_owned()],
            ..FieldNames::default()
        };
        let properties = [
            ("WIX_SITE_ID", "second"),
            ("wix SITE", "  "),
            ("wix_account_id", " account "),
            ("colour", "green"),
        ];
        let fields = names.pick(properties.into_iter());
        assert_eq!(fields.site.as_deref(), Some("second"));
        assert_eq!(fields.account.as_deref(), Some("account"));
        assert_eq!(fields.external_id, None);
        assert_eq!(fields.country, None);
    }

    #[test]
    fn an_empty_name_in_the_catalog_matches_nothing() {
        let names = FieldNames {
            account: vec![String::new()],
            ..FieldNames::default()
        };
        assert_eq!(names.pick([("", "x")].into_iter()).account, None);
    }

    #[test]
    fn long_references_are_cut_at_300_characters() {
        let long = "ä".repeat(400);
        let fields = FieldNames::default().pick([("wix_external_id", long.as_str())].into_iter());
        assert_eq!(fields.external_id.unwrap().chars().count(), 300);
    }

    #[test]
    fn a_long_account_site_or_country_is_cut_to_64_bytes_and_is_no_guid_any_more() {
        let padded = format!("2250b761-b31c-453b-885b-76e9fc04bdc6{}x", " ".repeat(40));
        let long = "ä".repeat(400);
        let fields = FieldNames::default()
            .pick([("wix_account_id", padded.as_str()), ("wix_site_id", long.as_str())].into_iter());
        let account = fields.account.unwrap();
        assert_eq!(account.len(), 64);
        assert!(account.parse::<crate::ids::AccountId>().is_err(), "{account}");
        assert!(account.trim_end_matches('…').len() < 64, "{account}");
        assert_eq!(fields.site.unwrap(), format!("{}…", "ä".repeat(30)));
        assert_eq!(country([Some(long.as_str())]).unwrap().len(), 63);
    }

    #[derive(Debug, Deserialize)]
    struct Shaped {
        properties: Properties,
    }

    #[test]
    fn properties_of_any_shape_are_read_or_are_none() {
        let pair = ("wix_site_id", "x");
        for (json, expected) in [
            (
                r#"[{"name": "wix_site_id", "value": " x "}, {"name": "a"}, null, 7]"#,
                vec![pair],
            ),
            (r#"{"wix_site_id": "x", "deep": {"a": [1]}}"#, vec![pair]),
            (
                r#"{"name": "wix_site_id", "value": "x"}"#,
                vec![("name", "wix_site_id"), ("value", "x"), pair],
            ),
            ("{}", vec![]),
            ("null", vec![]),
            ("[]", vec![]),
            ("\"text\"", vec![]),
            ("-7", vec![]),
            ("1.5", vec![]),
            ("true", vec![]),
        ] {
            let read: Shaped = serde_json::from_str(&format!(r#"{{"properties": {json}}}"#)).unwrap();
            assert_eq!(read.properties.iter().collect::<Vec<_>>(), expected, "{json}");
        }
    }

    #[test]
    fn a_number_is_what_people_call_the_order_and_no_longer_than_kept() {
        let text = |text: &str| Text(Some(text.to_owned()));
        assert_eq!(number(&text("#1001")).as_deref(), Some("#1001"));
        assert_eq!(number(&text(&"9".repeat(60))).unwrap().len(), 40);
        assert_eq!(number(&Text(None)), None);
    }

    #[test]
    fn a_blank_country_gives_way_to_the_next() {
        assert_eq!(country([Some(" "), None, Some("de")]).as_deref(), Some("de"));
    }
}
