//! Which order an event is about. Only what the storefront signed goes into it, so that a replayed body under another
//! shop's header is the same order and not a new one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text::as_text;

/// The storefronts whose deliveries are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorefrontKind {
    /// Shopify.
    Shopify,
    /// Wix eCommerce.
    Wix,
    /// WooCommerce.
    Woocommerce,
    /// Stripe.
    Stripe,
    /// Any storefront that signs Standard Webhooks and sends our own order format.
    Standard,
}

impl StorefrontKind {
    /// Every storefront, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Shopify,
        Self::Wix,
        Self::Woocommerce,
        Self::Stripe,
        Self::Standard,
    ];

    /// The name in routes, secrets, order keys and external IDs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::Wix => "wix",
            Self::Woocommerce => "woocommerce",
            Self::Stripe => "stripe",
            Self::Standard => "standard",
        }
    }
}

impl fmt::Display for StorefrontKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StorefrontKind {
    type Err = InvalidOrderKey;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
            InvalidOrderKey(format!(
                "there is no storefront {:?}",
                name.chars().take(40).collect::<String>()
            ))
        })
    }
}

/// The reseller's own name for one of several shops, or what a storefront signed to tell them apart:
/// 1 to 40 of `a-z`, `0-9`, `_` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShopName(String);

impl ShopName {
    /// The name as it stands in the route and the secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShopName {
    type Err = InvalidOrderKey;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fits = (1..=40).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            let shown: String = name.chars().take(40).collect();
            Err(InvalidOrderKey(format!(
                "{shown:?} is not a shop's name (1 to 40 of a-z, 0-9, _ and -)"
            )))
        }
    }
}

as_text!(ShopName);

impl fmt::Debug for ShopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ShopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What cannot be part of an order key, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOrderKey(String);

/// One order of one storefront: `shopify/5324830114101`, or `standard/north/1001` where the shop is part of what was
/// verified. The text form is the ledger's key and what an operator types.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    storefront: StorefrontKind,
    shop: Option<ShopName>,
    order: String,
}

impl OrderKey {
    /// The longest order ID that is taken, in bytes.
    pub const MAX_ORDER_BYTES: usize = 200;

    /// A key from its parts. `order` is the storefront's ID: 1 to 200 bytes, printable, without `/`.
    pub fn new(storefront: StorefrontKind, shop: Option<ShopName>, order: &str) -> Result<Self, InvalidOrderKey> {
        let fits = (1..=Self::MAX_ORDER_BYTES).contains(&order.len())
            && !order.chars().any(|c| c.is_control() || c.is_whitespace() || c == '/');
        if fits {
            Ok(Self {
                storefront,
                shop,
                order: order.to_owned(),
            })
        } else {
            let shown: String = order.chars().take(40).collect();
            Err(InvalidOrderKey(format!(
                "{shown:?} is not an order ID (1 to {} bytes, no spaces, no `/`)",
                Self::MAX_ORDER_BYTES
            )))
        }
    }

    /// Where the order was placed.
    pub const fn storefront(&self) -> StorefrontKind {
        self.storefront
    }

    /// The shop, where it is part of what was verified.
    pub const fn shop(&self) -> Option<&ShopName> {
        self.shop.as_ref()
    }

    /// The storefront's own ID of the order.
    pub fn order(&self) -> &str {
        &self.order
    }
}

impl FromStr for OrderKey {
    type Err = InvalidOrderKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [storefront, order] => Self::new(storefront.parse()?, None, order),
            [storefront, shop, order] => Self::new(storefront.parse()?, Some(shop.parse()?), order),
            _ => Err(InvalidOrderKey(format!(
                "{:?} is not an order key such as shopify/5324830114101 or standard/north/1001",
                text.chars().take(80).collect::<String>()
            ))),
        }
    }
}

as_text!(OrderKey);

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shop {
            Some(shop) => write!(f, "{}/{}/{}", self.storefront, shop, self.order),
            None => write!(f, "{}/{}", self.storefront, self.order),
        }
    }
}

impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_from_its_text() {
        for text in [
            "shopify/5324830114101",
            "standard/north/1001",
            "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/880fa895",
        ] {
            assert_eq!(text.parse::<OrderKey>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_would_be_ambiguous_is_refused() {
        for text in [
            "shopify",
            "shopify/",
            "magento/1",
            "standard/North/1",
            "standard/a/b/c",
            "shopify/1 2",
            "shopify/1\n",
        ] {
            assert!(text.parse::<OrderKey>().is_err(), "{text:?}");
        }
    }
}
