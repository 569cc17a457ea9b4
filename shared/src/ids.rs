//! Identifiers that are checked once, where they enter, and trusted from there on.
//!
//! Every one is a newtype over the text as it is written on the wire; GUIDs are kept in lower case.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;

/// An identifier that was refused: which kind, what it looked like, and what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {wanted}")]
pub struct InvalidId {
    /// The value, cut to a length that fits a log line.
    pub value: String,
    /// What would have been accepted.
    pub wanted: &'static str,
}

impl InvalidId {
    fn new(value: &str, wanted: &'static str) -> Self {
        Self {
            value: value.chars().take(48).collect(),
            wanted,
        }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $wanted:literal, $normalise:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The identifier as it is written on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(value: &str) -> Result<Self, InvalidId> {
                let normalise: fn(&str) -> Option<String> = $normalise;
                normalise(value).map(Self).ok_or_else(|| InvalidId::new(value, $wanted))
            }
        }

        as_text!($name);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

/// A GUID with hyphens, in lower case; `None` for anything else.
fn guid(value: &str) -> Option<String> {
    let value = value.trim();
    let well_formed = value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    well_formed.then(|| value.to_ascii_lowercase())
}

fn printable(value: &str, most: usize) -> Option<String> {
    let fits = !value.is_empty() && value.chars().count() <= most && !value.chars().any(char::is_control);
    fits.then(|| value.to_owned())
}

id!(
    /// A Wix account: the reseller's own, or a customer's sub-account. A GUID.
    AccountId, "a Wix account ID (a GUID such as 2250b761-b31c-453b-885b-76e9fc04bdc6)", guid
);
id!(
    /// A Wix site (its "meta site ID"). A GUID, which is what keeps it from being taken for a word in a path.
    SiteId, "a Wix site ID (a GUID such as 918aa943-ab4f-40bc-88c3-8dfd02fae7cd)", guid
);
id!(
    /// A product in Wix's reseller catalog. A GUID.
    CatalogProductId, "a Wix catalog product ID (a GUID such as 00ba7923-2655-402a-852d-2b2100568bcf)", guid
);
id!(
    /// A package at Wix. A GUID.
    PackageId, "a Wix package ID (a GUID)", guid
);
id!(
    /// A product instance at Wix: one product that was bought. A GUID.
    InstanceId, "a Wix product instance ID (a GUID)", guid
);
id!(
    /// A package's external ID: 1 to 100 printable characters, and neither `.` nor `..`, which URL parsers fold away
    /// even when encoded. Wix does not require it to be unique.
    ExternalId, "an external ID (1 to 100 printable characters, not `.` or `..`)", |value| {
        if value == "." || value == ".." { None } else { printable(value, 100) }
    }
);
id!(
    /// What Wix is told to recognise a repeated write by: 1 to 100 printable characters.
    IdempotencyKey, "an idempotency key (1 to 100 printable characters)", |value| printable(value, 100)
);
id!(
    /// An ISO 3166-1 alpha-2 country code, in upper case.
    CountryCode, "a country code of two letters such as US", |value| {
        let value = value.trim();
        (value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| value.to_ascii_uppercase())
    }
);
id!(
    /// A reseller's discount code: 1 to 25 printable characters. Wix ignores a wrong one.
    DiscountCode, "a discount code (1 to 25 printable characters)", |value| printable(value, 25)
);
id!(
    /// A storefront's stock keeping unit, without the spaces around it: 1 to 255 printable characters.
    Sku, "an SKU (1 to 255 printable characters)", |value| printable(value.trim(), 255)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_kept_in_lower_case_and_nothing_else_is_one() {
        let id: SiteId = " 918AA943-ab4f-40bc-88c3-8dfd02fae7cd ".parse().unwrap();
        assert_eq!(id.as_str(), "918aa943-ab4f-40bc-88c3-8dfd02fae7cd");
        for wrong in [
            "unassign",
            "",
            "918aa943ab4f40bc88c38dfd02fae7cd",
            "../../../../../../../../../../../..",
        ] {
            assert!(wrong.parse::<SiteId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn dots_are_no_external_id() {
        for wrong in [".", "..", "", "a\nb"] {
            assert!(wrong.parse::<ExternalId>().is_err(), "{wrong:?}");
        }
        assert!("a".repeat(100).parse::<ExternalId>().is_ok());
        assert!("a".repeat(101).parse::<ExternalId>().is_err());
    }

    #[test]
    fn an_error_names_the_value_and_what_is_wanted() {
        let error = "U".parse::<CountryCode>().unwrap_err().to_string();
        assert_eq!(error, "\"U\" is not a country code of two letters such as US");
    }

    #[test]
    fn deserialising_checks_too() {
        assert!(serde_json::from_str::<AccountId>("\"me\"").is_err());
    }
}
