//! The `storefronts` object of the secret document: which keys sign the deliveries of which shop. It is checked whole,
//! and a message names the place and not the value.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys::{Key, ShopKeys, VerificationGuards};
use crate::order::{ShopName, StorefrontKind};

/// The keys of all storefronts. `Debug` shows names and numbers of keys, never a key.
///
/// ```
/// use reseller_hooks::order::StorefrontKind;
/// use reseller_hooks::storefront::StorefrontSecrets;
///
/// let document = r#"{
///     "shopify":  { "secrets": ["current", "previous"] },
///     "standard": { "shops": { "north": { "secrets": ["whsec_bm9ydGggbm9ydGggbm9ydGg="] } } }
/// }"#;
/// let secrets: StorefrontSecrets = serde_json::from_str(document).unwrap();
/// assert_eq!(secrets.shops(StorefrontKind::Shopify, None)[0].keys.len(), 2);
/// assert!(secrets.shops(StorefrontKind::Stripe, None).is_empty());
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct StorefrontSecrets(BTreeMap<StorefrontKind, Vec<ShopKeys>>);

/// What is wrong in the `storefronts` object, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} {problem}")]
pub struct InvalidSecrets {
    /// Such as `storefronts.shopify.secrets[1]`.
    pub place: String,
    /// What is wrong there, and the remedy.
    pub problem: String,
}

impl InvalidSecrets {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl TryFrom<Value> for StorefrontSecrets {
    type Error = InvalidSecrets;

    fn try_from(value: Value) -> Result<Self, InvalidSecrets> {
        Self::from_json(&value)
    }
}

impl StorefrontSecrets {
    /// Reads the `storefronts` object.
    pub fn from_json(value: &Value) -> Result<Self, InvalidSecrets> {
        let mut storefronts = BTreeMap::new();
        for (name, value) in object(value, "storefronts")? {
            let place = format!("storefronts.{}", shown(name));
            let kind: StorefrontKind = name.parse().map_err(|_| {
                let known: Vec<_> = StorefrontKind::ALL.iter().map(|kind| kind.as_str()).collect();
                InvalidSecrets::new(&place, format!("is no storefront: known are {}", known.join(", ")))
            })?;
            storefronts.insert(kind, storefront(kind, value, &place)?);
        }
        Ok(Self(storefronts))
    }

    /// The shops whose keys may have signed a delivery: all of the storefront, or the one that the route names. Empty
    /// where there is none; then nothing is taken.
    pub fn shops(&self, kind: StorefrontKind, route_shop: Option<&ShopName>) -> Vec<ShopKeys> {
        let all = self.0.get(&kind).map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .filter(|keys| route_shop.is_none() || keys.shop.as_ref() == route_shop)
            .cloned()
            .collect()
    }

    /// The same keys, asked with these guards.
    #[must_use]
    pub(crate) fn guarded(mut self, guards: VerificationGuards) -> Self {
        for shop in self.0.values_mut().flatten() {
            shop.guards = guards;
        }
        self
    }

    /// Whether the storefront has any keys.
    pub fn has(&self, kind: StorefrontKind) -> bool {
        self.0.get(&kind).is_some_and(|shops| !shops.is_empty())
    }
}

fn storefront(kind: StorefrontKind, value: &Value, place: &str) -> Result<Vec<ShopKeys>, InvalidSecrets> {
    let content = object(value, place)?;
    let list = list_name(kind);
    let mut shops = Vec::new();
    if content.contains_key(list) {
        shops.push(shop(kind, None, content, place)?);
    }
    if let Some(value) = content.get("shops") {
        let place = format!("{place}.shops");
        for (name, value) in object(value, &place)? {
            let place = format!("{place}.{}", shown(name));
            let name: ShopName = name
                .parse()
                .map_err(|_| InvalidSecrets::new(&place, "is not a shop's name: 1 to 40 of a-z, 0-9, _ and -"))?;
            let content = object(value, &place)?;
            only(content, &[list, "accept_test"], &place)?;
            shops.push(shop(kind, Some(name), content, &place)?);
        }
    }
    only(content, &[list, "shops", "accept_test"], place)?;
    if shops.is_empty() {
        return Err(InvalidSecrets::new(place, format!("has neither `{list}` nor `shops`")));
    }
    all_differ(kind, &shops, place)?;
    Ok(shops)
}

const fn list_name(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Wix => "public_keys",
        StorefrontKind::Shopify | StorefrontKind::Woocommerce | StorefrontKind::Stripe | StorefrontKind::Standard => {
            "secrets"
        }
    }
}

fn shop(
    kind: StorefrontKind,
    name: Option<ShopName>,
    content: &Map<String, Value>,
    place: &str,
) -> Result<ShopKeys, InvalidSecrets> {
    let place_of_list = format!("{place}.{}", list_name(kind));
    let texts = content
        .get(list_name(kind))
        .and_then(Value::as_array)
        .ok_or_else(|| InvalidSecrets::new(&place_of_list, "is not a list of texts"))?;
    if texts.is_empty() {
        return Err(InvalidSecrets::new(
            place_of_list,
            "is empty: put the secret that the storefront shows, or take the storefront out",
        ));
    }
    let mut keys = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let place = || format!("{place_of_list}[{at}]");
        let text = text
            .as_str()
            .ok_or_else(|| InvalidSecrets::new(place(), "is not a text"))?;
        keys.push(Key::new(kind, text).map_err(|error| InvalidSecrets::new(place(), error.to_string()))?);
    }
    let accept_test = match content.get("accept_test") {
        None => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| InvalidSecrets::new(format!("{place}.accept_test"), "is neither true nor false"))?,
    };
    Ok(ShopKeys {
        shop: name,
        keys,
        accept_test,
        guards: VerificationGuards::default(),
    })
}

/// Where the shop is told by whose secret fits, two shops with one secret would be one shop.
fn all_differ(kind: StorefrontKind, shops: &[ShopKeys], place: &str) -> Result<(), InvalidSecrets> {
    if kind == StorefrontKind::Wix {
        return Ok(()); // one app, one key, many sites: the site is signed
    }
    for (at, one) in shops.iter().enumerate() {
        for other in shops.iter().skip(at + 1) {
            if one.keys.iter().any(|key| other.keys.iter().any(|k| key.is_same(k))) {
                return Err(InvalidSecrets::new(
                    place,
                    format!(
                        "has one secret for two shops ({} and {}): give each its own, or their orders cannot be told apart",
                        named(one),
                        named(other)
                    ),
                ));
            }
        }
    }
    Ok(())
}

fn named(keys: &ShopKeys) -> &str {
    keys.shop.as_ref().map_or("the one without a name", ShopName::as_str)
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, InvalidSecrets> {
    value
        .as_object()
        .ok_or_else(|| InvalidSecrets::new(place, "is not an object"))
}

fn only(content: &Map<String, Value>, known: &[&str], place: &str) -> Result<(), InvalidSecrets> {
    match content.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(InvalidSecrets::new(
            format!("{place}.{}", shown(name)),
            format!("is unknown: known are {}", known.join(", ")),
        )),
    }
}

/// A name in the document, cut: somebody may have put a secret where a name belongs.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(24).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(value: &Value) -> String {
        StorefrontSecrets::from_json(value).unwrap_err().to_string()
    }

    #[test]
    fn shops_are_found_by_storefront_and_by_the_name_in_the_route() {
        let secrets = StorefrontSecrets::from_json(&json!({
            "woocommerce": {"secrets": ["a"], "shops": {"north": {"secrets": ["b", "c"]}, "south": {"secrets": ["d"]}}},
            "stripe": {"secrets": ["whsec_x"], "accept_test": true},
        }))
        .unwrap();
        let all = secrets.shops(StorefrontKind::Woocommerce, None);
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|shop| !shop.accept_test));
        let north = secrets.shops(StorefrontKind::Woocommerce, Some(&"north".parse().unwrap()));
        assert_eq!(north.len(), 1);
        assert_eq!(north[0].keys.len(), 2);
        assert!(
            secrets
                .shops(StorefrontKind::Woocommerce, Some(&"east".parse().unwrap()))
                .is_empty()
        );
        assert!(secrets.shops(StorefrontKind::Shopify, None).is_empty());
        assert!(secrets.shops(StorefrontKind::Stripe, None)[0].accept_test);
        assert!(secrets.has(StorefrontKind::Stripe) && !secrets.has(StorefrontKind::Wix));
    }

    #[test]
    fn an_empty_secret_is_refused_and_its_place_named() {
        assert_eq!(
            refused(&json!({"shopify": {"secrets": ["x", " "]}})),
            "storefronts.shopify.secrets[1] is empty: put the secret that the storefront shows"
        );
        assert!(refused(&json!({"shopify": {"secrets": []}})).starts_with("storefronts.shopify.secrets is empty"));
        assert_eq!(
            refused(&json!({"standard": {"shops": {"north": {"secrets": ["whsec_"]}}}})),
            "storefronts.standard.shops.north.secrets[0] is empty: put the secret that the storefront shows"
        );
    }

    #[test]
    fn unknown_storefronts_and_names_are_refused() {
        assert_eq!(
            refused(&json!({"magento": {}})),
            "storefronts.magento is no storefront: known are shopify, wix, woocommerce, stripe, standard"
        );
        assert_eq!(
            refused(&json!({"shopify": {"secret": "x", "secrets": ["y"]}})),
            "storefronts.shopify.secret is unknown: known are secrets, shops, accept_test"
        );
        assert_eq!(
            refused(&json!({"shopify": {}})),
            "storefronts.shopify has neither `secrets` nor `shops`"
        );
        assert!(refused(&json!({"stripe": {"shops": {"North": {"secrets": ["x"]}}}})).contains("shops.North"));
    }

    #[test]
    fn one_secret_for_two_shops_is_refused_and_not_shown() {
        let message = refused(&json!({"woocommerce": {"shops": {
            "north": {"secrets": ["hush-hush"]}, "south": {"secrets": ["other", "hush-hush"]}}}}));
        assert!(message.contains("north and south"), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }

    #[test]
    fn no_secret_is_printed() {
        let secrets = StorefrontSecrets::from_json(&json!({"shopify": {"secrets": ["hush-hush"]}})).unwrap();
        assert!(!format!("{secrets:?}").contains("hush"));
    }
}
