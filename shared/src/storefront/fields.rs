//! Where an order says which Wix account and site its products go to: properties of the order or of a line, under
//! names that the catalog gives.

use super::json::Text;
use crate::ids::Sku;
use crate::order::Fields;

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

    #[test]
    fn a_blank_country_gives_way_to_the_next() {
        assert_eq!(country([Some(" "), None, Some("de")]).as_deref(), Some("de"));
    }
}
