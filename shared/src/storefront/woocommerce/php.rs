//! What PHP makes of lists: a filter that takes an element out of one turns it into an object, whose values are the list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::storefront::json::Text;

/// A value that may be the only one of a list, as plugins keep the IDs of what belongs together: the first that has text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct First(pub(super) Text);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;
        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<First, E> {
                Text::deserialize(value.into_deserializer()).map(First)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<First, E> {
                Text::deserialize(value.into_deserializer()).map(First)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<First, E> {
                Text::deserialize(value.into_deserializer()).map(First)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<First, E> {
                Text::deserialize(value.into_deserializer()).map(First)
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<First, E> {
                Text::deserialize(value.into_deserializer()).map(First)
            }

            fn visit_unit<E: Error>(self) -> Result<First, E> {
                Ok(First::default())
            }

            fn visit_none<E: Error>(self) -> Result<First, E> {
                Ok(First::default())
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<First, D::Error> {
                value.deserialize_any(self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First, A::Error> {
                let mut first = Text::default();
                while let Some(text) = seq.next_element::<Text>()? {
                    if first.0.is_none() {
                        first = text;
                    }
                }
                Ok(First(first))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<First, A::Error> {
                Text::deserialize(MapAccessDeserializer::new(map)).map(First)
            }
        }
        deserializer.deserialize_option(FirstVisitor)
    }
}

/// A list, or an object whose values are the list; empty where it is null or blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
                if text.trim().is_empty() {
                    return Ok(List::default());
                }
                Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while map.next_key::<IgnoredAny>()?.is_some() {
                    items.push(map.next_value()?);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}
