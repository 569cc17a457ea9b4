//! Lenient reading of what storefronts send: IDs that are numbers above 2^53 or text, values that may be any JSON,
//! objects that are sometimes null or an empty list. What decides over money is read strictly, by the adapters.

use std::fmt;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

use super::ReceiveError;
pub(super) use super::courtesy::{Lenient, Text, Words, present};
use crate::decode;
use crate::order::OrderKey;
use crate::time::Timestamp;

/// Reads JSON. The reason of a failure names the place and what was expected there, and no value of the body.
pub(super) fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReceiveError> {
    decode::decode_text(text).map_err(|misfit| {
        let reason = if misfit.is_of_data() {
            misfit.to_string()
        } else {
            misfit.reason()
        };
        ReceiveError::not_understood(reason)
    })
}

/// The same for bytes, which must be UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, ReceiveError> {
    std::str::from_utf8(bytes).map_err(|_| ReceiveError::not_understood("the body is not UTF-8"))
}

/// An ID: a whole number that fits 64 bits without a sign, or text of 1 to 200 bytes. Never through a float.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(pub(super) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ID (a whole number, or text of at most 200 bytes)")
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id.to_string()))
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Id, E> {
                let id = id.trim();
                if !(1..=OrderKey::MAX_ORDER_BYTES).contains(&id.len()) {
                    return Err(E::invalid_length(id.len(), &self));
                }
                Ok(Id(id.to_owned()))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

/// A number of units: whole, not negative, at most `u32::MAX`; also as text, and as a float without a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Units(pub(super) u32);

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitsVisitor;
        impl Visitor<'_> for UnitsVisitor {
            type Value = Units;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of units (whole, 0 or more)")
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Units, E> {
                u32::try_from(units).map(Units).map_err(|_| E::custom("too many units"))
            }

            fn visit_f64<E: Error>(self, units: f64) -> Result<Units, E> {
                if units.fract() == 0.0 && (0.0..=1e9).contains(&units) {
                    // Whole and within range: the text of it has no fraction and no exponent.
                    return self.visit_str(&format!("{units:.0}"));
                }
                Err(E::invalid_value(serde::de::Unexpected::Float(units), &self))
            }

            fn visit_str<E: Error>(self, units: &str) -> Result<Units, E> {
                let digits = units.trim();
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(E::invalid_value(serde::de::Unexpected::Str(units), &self));
                }
                digits.parse().map(Units).map_err(|_| E::custom("too many units"))
            }
        }
        deserializer.deserialize_any(UnitsVisitor)
    }
}

/// A list that may be absent or null: empty then. Anything else that is no list is an error.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a value is there and not null. With `deserialize_with` and no `default`, a missing key is an error: used
/// where the absence of the key would buy something.
pub(super) fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// A value that may be null, but whose key must be there.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(deserializer)
}

/// Whole seconds since 1970, of a time that can be written as text.
pub(super) fn unix_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    Timestamp::checked_from_secs(seconds).ok_or_else(|| D::Error::custom("a time beyond the year 9999"))
}

/// The same, absent or null where it is not said.
pub(super) fn optional_unix_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(seconds) = Option::<i64>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let time = Timestamp::checked_from_secs(seconds);
    time.map(Some)
        .ok_or_else(|| D::Error::custom("a time beyond the year 9999"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        id: Id,
        #[serde(default)]
        units: Units,
        #[serde(default)]
        value: Text,
        #[serde(default)]
        address: Lenient<Address>,
    }

    #[derive(Debug, Deserialize)]
    struct Address {
        #[serde(default)]
        country: Text,
    }

    fn read(text: &str) -> Result<Sample, String> {
        decode(text).map_err(|error: ReceiveError| error.to_string())
    }

    #[test]
    fn ids_above_2_to_the_53_are_kept_to_the_last_digit() {
        assert_eq!(
            read(r#"{"id": 18446744073709551615}"#).unwrap().id.0,
            "18446744073709551615"
        );
        assert_eq!(
            read(r#"{"id": 820982911946154509}"#).unwrap().id.0,
            "820982911946154509"
        );
        assert_eq!(read(r#"{"id": " gid-7 "}"#).unwrap().id.0, "gid-7");
        let long = format!("\"{}\"", "a".repeat(201));
        for wrong in ["18446744073709551616", "-1", "1.5", "null", "\" \"", "true", &long] {
            assert!(read(&format!(r#"{{"id": {wrong}}}"#)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn units_are_whole_and_not_negative() {
        for (text, units) in [("2", 2), ("2.0", 2), ("\"2\"", 2), ("0", 0)] {
            assert_eq!(
                read(&format!(r#"{{"id": 1, "units": {text}}}"#)).unwrap().units.0,
                units,
                "{text}"
            );
        }
        for wrong in [
            "-1",
            "1.5",
            "1e300",
            "4294967296",
            "\"-1\"",
            "\"+1\"",
            "\"\"",
            "null",
            "[]",
        ] {
            assert!(read(&format!(r#"{{"id": 1, "units": {wrong}}}"#)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn custom_values_are_any_json() {
        for (json, text) in [
            (r#"" a\/b ""#, Some("a/b")),
            ("7", Some("7")),
            ("-7", Some("-7")),
            ("true", Some("true")),
            (r#"{"a": 1, "stringValue": "x"}"#, Some("x")),
            (r#"{"original": "x", "translated": "y"}"#, Some("x")),
            ("null", None),
            ("[1, [2]]", None),
            (r#""  ""#, None),
        ] {
            let read = read(&format!(r#"{{"id": 1, "value": {json}}}"#)).unwrap();
            assert_eq!(read.value.as_deref(), text, "{json}");
        }
    }

    #[test]
    fn an_address_may_be_null_or_an_empty_list() {
        for json in ["null", "[]", "\"\"", "7", "false"] {
            assert!(
                read(&format!(r#"{{"id": 1, "address": {json}}}"#))
                    .unwrap()
                    .address
                    .0
                    .is_none()
            );
        }
        let address = read(r#"{"id": 1, "address": {"country": "US"}}"#)
            .unwrap()
            .address
            .0
            .unwrap();
        assert_eq!(address.country.as_deref(), Some("US"));
    }

    #[test]
    fn a_reason_names_the_place_and_no_value() {
        let error = read(r#"{"id": {"name": "Sample Buyer"}}"#).unwrap_err();
        assert_eq!(
            error,
            "the delivery is signed, and not understood: at id: expected an ID (a whole number, or text of at most 200 bytes)"
        );
        let error = read(r#"{"id": 1, "units": "Sample Buyer, expected"}"#).unwrap_err();
        assert!(
            error.ends_with("at units: expected a number of units (whole, 0 or more)"),
            "{error}"
        );
        let error = read(r#"{"name": "Sample Buyer"}"#).unwrap_err();
        assert!(error.ends_with("at the top: missing field `id`"), "{error}");
        let error = read(r#"{"id": 1} x"#).unwrap_err();
        assert!(error.ends_with("something follows after its end"), "{error}");
    }

    #[test]
    fn words_come_as_text_as_a_list_or_not_at_all() {
        for (json, words) in [
            ("\"a, b c\"", vec!["a", "b c"]),
            ("[\"a\", \"b c\"]", vec!["a", "b c"]),
            ("null", vec![]),
            ("{\"a\": 1}", vec![]),
            ("[1]", vec![]),
        ] {
            let read: Words = serde_json::from_str(json).unwrap();
            assert_eq!(read.iter().collect::<Vec<_>>(), words, "{json}");
        }
    }

    #[test]
    fn a_body_nested_ten_thousand_deep_is_an_answer_and_not_a_crash() {
        let deep = format!(r#"{{"id": 1, "value": {}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        // Ignored parts are skipped without recursion; what is read has serde_json's limit of 128.
        let _ = read(&deep);
        let deep = format!(r#"{{"id": {}{}}}"#, "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert!(read(&deep).is_err());
    }
}
