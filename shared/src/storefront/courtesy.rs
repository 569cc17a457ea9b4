//! What a storefront says as a courtesy, such as an address or a note: of any shape, and perhaps missing.
//!
//! One rule for what may be missing: a [`Text`], a [`Lenient`] and an `Option` may be, and nothing else, unless it says
//! `default`. Where the absence of one of these would mean money, the field says `deserialize_with = "present"`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Any JSON, read as text where it has one: text, numbers, true and false; also `{"stringValue": "…"}` and
/// `{"original": "…"}`. Trimmed; `None` where nothing is left, and where the key is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text(pub(super) Option<String>);

impl Text {
    pub(super) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Text, E> {
                let value = value.trim();
                Ok(Text((!value.is_empty()).then(|| value.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_none<E: Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Text, D::Error> {
                value.deserialize_any(self)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                let mut text = Text(None);
                while let Some(key) = map.next_key::<String>()? {
                    if key == "stringValue" || key == "original" {
                        text = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(text)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }
        deserializer.deserialize_option(TextVisitor)
    }
}

/// An object that may be missing, null, or something else altogether (PHP writes an empty object as `[]`): `None` then.
/// For what is a courtesy, such as an address; never for what decides over money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lenient<T>(pub(super) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LenientVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for LenientVisitor<T> {
            type Value = Lenient<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or nothing")
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_unit<E: Error>(self) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_none<E: Error>(self) -> Result<Lenient<T>, E> {
                Ok(Lenient(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Lenient<T>, D::Error> {
                value.deserialize_any(self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Lenient<T>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Lenient(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lenient<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Lenient(Some(value)))
            }
        }
        deserializer.deserialize_option(LenientVisitor(PhantomData))
    }
}

/// Words that come as text with commas or as a list, and are a courtesy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            Text(String),
            List(Vec<String>),
            Other(IgnoredAny),
        }
        Ok(Self(match Shape::deserialize(deserializer)? {
            Shape::Text(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            Shape::List(list) => list,
            Shape::Other(_) => Vec::new(),
        }))
    }
}

/// What may be of any shape but not missing, because its absence would buy something or take it back.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        note: Text,
        address: Lenient<Address>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Address {
        country: Text,
    }

    #[derive(Debug, Deserialize)]
    struct Decisive {
        #[serde(deserialize_with = "present")]
        method: Text,
    }

    #[test]
    fn a_courtesy_may_be_missing_and_what_decides_may_not() {
        for json in [
            "{}",
            r#"{"note": null, "address": null}"#,
            r#"{"note": " ", "address": []}"#,
        ] {
            let sample: Sample = serde_json::from_str(json).unwrap();
            assert_eq!((sample.note, sample.address), (Text(None), Lenient(None)), "{json}");
        }
        let whole: Sample = serde_json::from_str(r#"{"note": 7, "address": {"country": "US"}}"#).unwrap();
        assert_eq!(whole.note.as_deref(), Some("7"));
        let country = Text(Some("US".to_owned()));
        assert_eq!(whole.address.0, Some(Address { country }));
        assert!(serde_json::from_str::<Decisive>("{}").is_err());
        let blank: Decisive = serde_json::from_str(r#"{"method": ""}"#).unwrap();
        assert_eq!(blank.method, Text(None));
    }
}
