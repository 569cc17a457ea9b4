//! The bodies of `WooCommerce`'s REST API, version 3, as far as they mean something here. What decides over money is read
//! strictly, all else leniently: plugins filter every part of them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::php::{First, List};
use crate::order::ProductId;
use crate::storefront::json::{Id, Lenient, Text, present};
use crate::time::Timestamp;

#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    pub(super) parent_id: Text,
    pub(super) number: Text,
    pub(super) status: String,
    pub(super) total: Text,
    pub(super) total_tax: Text,
    pub(super) shipping_total: Text,
    /// May be blank, but is in every order: without it nobody knows whether `processing` means paid.
    #[serde(deserialize_with = "present")]
    pub(super) payment_method: Text,
    pub(super) needs_payment: Text,
    #[serde(default, deserialize_with = "utc")]
    pub(super) date_created_gmt: Option<Timestamp>,
    #[serde(default, deserialize_with = "utc")]
    pub(super) date_modified_gmt: Option<Timestamp>,
    #[serde(default, deserialize_with = "utc")]
    pub(super) date_paid_gmt: Option<Timestamp>,
    pub(super) billing: Lenient<Address>,
    pub(super) shipping: Lenient<Address>,
    #[serde(default)]
    pub(super) meta_data: MetaData,
    pub(super) line_items: List<LineItem>,
    #[serde(default)]
    pub(super) fee_lines: List<Lenient<Fee>>,
    /// In every order, if only empty: without it nobody knows what was given back.
    #[serde(deserialize_with = "not_null")]
    pub(super) refunds: List<RefundBody>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) country: Text,
}

#[derive(Deserialize)]
pub(super) struct Fee {
    pub(super) total: Text,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Id,
    pub(super) sku: Text,
    pub(super) product_id: Text,
    pub(super) variation_id: Text,
    pub(super) quantity: Quantity,
    /// Product Bundles, Composite Products, and Mix and Match: the line that this one is a part of; blank where there is
    /// none.
    pub(super) bundled_by: Text,
    pub(super) bundled_item_id: Text,
    pub(super) composite_parent: Text,
    pub(super) mnm_child_of: Text,
    #[serde(default)]
    pub(super) meta_data: MetaData,
}

/// A refund in an order: an ID and a negative total, no lines (documented).
#[derive(Deserialize)]
pub(super) struct RefundBody {
    pub(super) id: Id,
    pub(super) total: Text,
}

/// A subscription of the plugin WooCommerce Subscriptions.
#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    /// The order that began it; 0 where an administrator made it.
    #[serde(deserialize_with = "present")]
    pub(super) parent_id: Text,
    pub(super) status: String,
    #[serde(default, deserialize_with = "utc")]
    pub(super) date_created_gmt: Option<Timestamp>,
    #[serde(default, deserialize_with = "utc")]
    pub(super) date_modified_gmt: Option<Timestamp>,
    #[serde(default)]
    pub(super) line_items: List<Lenient<SubscriptionItem>>,
}

/// Its line IDs are its own, so the product and the SKU tie it to the order's lines.
#[derive(Deserialize)]
pub(super) struct SubscriptionItem {
    pub(super) sku: Text,
    pub(super) product_id: Text,
    pub(super) variation_id: Text,
    /// Its whole part is compared with the order's, and no more.
    pub(super) quantity: Text,
}

/// The post that was sold: the variation, else the product. Both are posts of one site, so their IDs differ.
pub(super) fn product(variation: &Text, product: &Text) -> Option<ProductId> {
    let id = nonzero(variation).or_else(|| nonzero(product))?;
    (id.len() <= 40).then(|| id.to_owned())
}

/// `{"id": 727}` and nothing else; any other body under this topic is not a deletion.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deleted {
    pub(super) id: Id,
}

/// Custom data: a list, or an object whose values are the list. Anything in it that is no pair is left out.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(super) struct MetaData(List<Lenient<Meta>>);

#[derive(Deserialize)]
struct Meta {
    key: Text,
    value: First,
}

impl MetaData {
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let list = self.0.0.iter();
        list.filter_map(|meta| meta.0.as_ref())
            .filter_map(|meta| Some((meta.key.as_deref()?, meta.value.0.as_deref()?)))
    }

    /// The value of a key. Keys are `WordPress`' own and have one spelling.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.pairs().find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// How many: whole, or with a fraction where a plugin sells by weight or length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantity {
    /// The whole part.
    pub(super) units: u32,
    /// There is more than the whole part.
    pub(super) fraction: bool,
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;
        impl Visitor<'_> for QuantityVisitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of units (0 or more)")
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Quantity, E> {
                self.visit_str(&units.to_string())
            }

            fn visit_f64<E: Error>(self, units: f64) -> Result<Quantity, E> {
                if (0.0..=1e9).contains(&units) {
                    // Within range the text of it has no exponent.
                    return self.visit_str(&units.to_string());
                }
                Err(E::invalid_value(serde::de::Unexpected::Float(units), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
                let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                if whole.is_empty() || !digits(whole) || !digits(fraction) {
                    return Err(wrong());
                }
                Ok(Quantity {
                    units: whole.parse().map_err(|_| E::custom("too many units"))?,
                    fraction: fraction.bytes().any(|digit| digit != b'0'),
                })
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

/// `2026-03-02T14:14:05`, which is UTC without saying so; null or blank where there is none.
fn utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    let Some(text) = text.as_deref() else { return Ok(None) };
    let parsed = text.parse().or_else(|_| format!("{text}Z").parse());
    parsed.map(Some).map_err(Error::custom)
}

/// A list whose absence or null would say that there is nothing in it.
fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<List<T>, D::Error> {
    Option::<List<T>>::deserialize(deserializer)?.ok_or_else(|| Error::custom("null where a list decides"))
}

/// A number that WordPress writes as `0` or blank where there is none.
pub(super) fn nonzero(text: &Text) -> Option<&str> {
    text.as_deref()
        .filter(|id| !id.is_empty() && *id != "0" && *id != "false")
}
