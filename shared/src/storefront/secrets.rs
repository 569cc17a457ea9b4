//! The `storefronts` object of the secret document: which keys sign the deliveries of which shop. Each entry is read by
//! itself: a mistake in one is that one's outage, and an entry that was good before stays in use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::entry::{self, InvalidSecrets, list_name, object, shown};
use super::keys::{ShopKeys, Sites, VerificationGuards};
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
pub struct StorefrontSecrets {
    storefronts: BTreeMap<StorefrontKind, Vec<ShopKeys>>,
    mistakes: Vec<Mistake>,
}

/// A mistake in the document, and whose deliveries it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The storefront; none where the name is no storefront's.
    pub storefront: Option<StorefrontKind>,
    of: Of,
    /// Where it is, and what to write.
    pub error: InvalidSecrets,
    /// Whether what the entry was before is still in use.
    pub kept: bool,
}

/// What a mistake is a mistake of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    /// All of the storefront, or whatever an unknown name was meant for.
    Everything,
    /// One entry.
    Shop(Option<ShopName>),
    /// An entry whose name is no shop's.
    Nameless,
}

/// One entry: whose it is, and what was read.
type Entry = (Of, Result<ShopKeys, InvalidSecrets>);

impl TryFrom<Value> for StorefrontSecrets {
    type Error = InvalidSecrets;

    fn try_from(value: Value) -> Result<Self, InvalidSecrets> {
        Self::from_json(&value)
    }
}

impl StorefrontSecrets {
    /// Reads the `storefronts` object and refuses it where any of it is wrong.
    pub fn from_json(value: &Value) -> Result<Self, InvalidSecrets> {
        let secrets = Self::read(value, None)?;
        match secrets.mistakes.first() {
            None => Ok(secrets),
            Some(mistake) => Err(mistake.error.clone()),
        }
    }

    /// Reads the `storefronts` object, and takes what is good of it. Where an entry is wrong, its old value stays in
    /// use. An error is returned only where nothing can be read at all.
    pub fn read(value: &Value, before: Option<&Self>) -> Result<Self, InvalidSecrets> {
        let mut secrets = Self::default();
        for (name, value) in object(value, "storefronts")? {
            let place = format!("storefronts.{}", shown(name));
            match name.parse() {
                Ok(kind) => secrets.add(kind, storefront(kind, value, &place), before),
                Err(_) => {
                    let known: Vec<_> = StorefrontKind::ALL.iter().map(|kind| kind.as_str()).collect();
                    let problem = format!("is no storefront: known are {}", known.join(", "));
                    secrets.mistakes.push(Mistake {
                        storefront: None,
                        of: Of::Everything,
                        error: InvalidSecrets::new(place, problem),
                        kept: false,
                    });
                }
            }
        }
        Ok(secrets)
    }

    fn add(&mut self, kind: StorefrontKind, entries: Vec<Entry>, before: Option<&Self>) {
        let old = |shop: Option<&ShopName>| {
            let all = before.and_then(|before| before.storefronts.get(&kind));
            all.into_iter().flatten().find(move |old| old.shop.as_ref() == shop)
        };
        let mut shops = Vec::new();
        let mut kept = Vec::new();
        for (of, read) in entries {
            match read {
                Ok(keys) => shops.push(keys),
                Err(error) => {
                    let stays: Vec<ShopKeys> = match &of {
                        Of::Everything => before
                            .and_then(|before| before.storefronts.get(&kind))
                            .cloned()
                            .unwrap_or_default(),
                        Of::Shop(shop) => old(shop.as_ref()).cloned().into_iter().collect(),
                        Of::Nameless => Vec::new(),
                    };
                    self.mistakes.push(Mistake {
                        storefront: Some(kind),
                        of,
                        error,
                        kept: !stays.is_empty(),
                    });
                    kept.extend(stays);
                }
            }
        }
        // An old secret that now belongs to another shop is that shop's.
        kept.retain(|old: &ShopKeys| kind == StorefrontKind::Wix || !shops.iter().any(|new| share_a_key(old, new)));
        shops.extend(kept);
        self.storefronts.insert(kind, shops);
    }

    /// The shops whose keys may have signed a delivery: all of the storefront, or the one that the route names. Empty
    /// where there is none; then nothing is taken.
    pub fn shops(&self, kind: StorefrontKind, route_shop: Option<&ShopName>) -> Vec<ShopKeys> {
        let all = self.storefronts.get(&kind).map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .filter(|keys| route_shop.is_none() || keys.shop.as_ref() == route_shop)
            .cloned()
            .collect()
    }

    /// The mistake because of which a delivery to this route may not verify: it is not the sender's fault then.
    pub fn mistake(&self, kind: StorefrontKind, route_shop: Option<&ShopName>) -> Option<&Mistake> {
        let concerns = |mistake: &&Mistake| match (mistake.storefront, &mistake.of) {
            // A name that was mistyped is that of a storefront which is missing.
            (None, _) => !self.storefronts.contains_key(&kind),
            (Some(of), _) if of != kind => false,
            (Some(_), Of::Everything) => true,
            (Some(_), Of::Shop(shop)) => route_shop.is_none() || shop.as_ref() == route_shop,
            (Some(_), Of::Nameless) => route_shop.is_none() || self.shops(kind, route_shop).is_empty(),
        };
        let mistakes = self.mistakes.iter().filter(concerns);
        mistakes.min_by_key(|mistake| mistake.of == Of::Nameless)
    }

    /// Everything that is wrong in the document.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The same keys, asked with these guards.
    #[must_use]
    pub(crate) fn guarded(mut self, guards: VerificationGuards) -> Self {
        for shop in self.storefronts.values_mut().flatten() {
            shop.guards = guards;
        }
        self
    }

    /// Whether the storefront has any keys.
    pub fn has(&self, kind: StorefrontKind) -> bool {
        self.storefronts.get(&kind).is_some_and(|shops| !shops.is_empty())
    }
}

impl Mistake {
    /// The metric that an alarm watches.
    pub const fn metric(&self) -> &'static str {
        match self.storefront {
            Some(StorefrontKind::Shopify) => "SecretMistakeShopify",
            Some(StorefrontKind::Wix) => "SecretMistakeWix",
            Some(StorefrontKind::Woocommerce) => "SecretMistakeWoocommerce",
            Some(StorefrontKind::Stripe) => "SecretMistakeStripe",
            Some(StorefrontKind::Standard) => "SecretMistakeStandard",
            None => "SecretMistakeUnknownStorefront",
        }
    }
}

/// Reads a storefront. Where something is wrong with all of it, that is the only entry.
fn storefront(kind: StorefrontKind, value: &Value, place: &str) -> Vec<Entry> {
    let entries = match entries(kind, value, place) {
        Ok(entries) => entries,
        Err(error) => return vec![(Of::Everything, Err(error))],
    };
    match mixture(kind, &entries, place) {
        Some(error) => vec![(Of::Everything, Err(error))],
        None => all_differ(kind, entries, place),
    }
}

fn entries(kind: StorefrontKind, value: &Value, place: &str) -> Result<Vec<Entry>, InvalidSecrets> {
    let content = object(value, place)?;
    let list = list_name(kind);
    let shops = content.get("shops");
    if shops.is_none() && !content.contains_key(list) {
        return Err(InvalidSecrets::new(
            place,
            format!("has neither `{list}` nor `shops`: write \"{list}\": [\"…\"]"),
        ));
    }
    let mut entries = Vec::new();
    if content.keys().any(|name| name != "shops") {
        entries.push((Of::Shop(None), entry::read(kind, None, content, Some("shops"), place)));
    }
    let Some(shops) = shops else { return Ok(entries) };
    let place = format!("{place}.shops");
    let shops = object(shops, &place)?;
    if shops.is_empty() && entries.is_empty() {
        return Err(InvalidSecrets::new(
            place,
            "names no shop: write \"north\": { … }, or take the storefront out",
        ));
    }
    for (name, value) in shops {
        let place = format!("{place}.{}", shown(name));
        entries.push(match name.parse::<ShopName>() {
            Ok(name) => {
                let content = object(value, &place);
                let keys = content.and_then(|content| entry::read(kind, Some(name.clone()), content, None, &place));
                (Of::Shop(Some(name)), keys)
            }
            Err(_) => {
                let problem = "is not a shop's name: write 1 to 40 of a-z, 0-9, _ and -";
                (Of::Nameless, Err(InvalidSecrets::new(place, problem)))
            }
        });
    }
    Ok(entries)
}

/// Any site that has the app signs with the same key: an entry for any site makes the named ones mean nothing.
fn mixture(kind: StorefrontKind, entries: &[Entry], place: &str) -> Option<InvalidSecrets> {
    if kind != StorefrontKind::Wix {
        return None;
    }
    let any = |entry: &&Entry| matches!(&entry.1, Ok(keys) if keys.sites == Sites::Any);
    let takes_any = entries.iter().filter(any).count();
    let good = entries.iter().filter(|(_, read)| read.is_ok()).count();
    (takes_any > 0 && takes_any < good).then(|| {
        InvalidSecrets::new(
            place,
            "names sites in one entry and takes any site in another: name the sites in all of them, or say \"any_site\": true in all",
        )
    })
}

/// Where the shop is told by whose secret fits, two shops with one secret would be one shop.
fn all_differ(kind: StorefrontKind, mut entries: Vec<Entry>, place: &str) -> Vec<Entry> {
    if kind == StorefrontKind::Wix {
        return entries; // one app, one key, many sites: the site is signed
    }
    let good: Vec<ShopKeys> = entries.iter().filter_map(|(_, read)| read.clone().ok()).collect();
    for (_, read) in &mut entries {
        let Ok(keys) = read else { continue };
        let twin = good
            .iter()
            .find(|other| other.shop != keys.shop && share_a_key(keys, other));
        if let Some(twin) = twin {
            let problem = format!(
                "has one secret for two shops ({} and {}): give each its own, or their orders cannot be told apart",
                named(keys),
                named(twin)
            );
            *read = Err(InvalidSecrets::new(place, problem));
        }
    }
    entries
}

fn share_a_key(one: &ShopKeys, other: &ShopKeys) -> bool {
    one.keys.iter().any(|key| other.keys.iter().any(|k| key.is_same(k)))
}

fn named(keys: &ShopKeys) -> &str {
    keys.shop.as_ref().map_or("the one without a name", ShopName::as_str)
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
