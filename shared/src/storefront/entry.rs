//! One entry of the `storefronts` object of the secret document, read: the keys of one shop, and where its deliveries
//! come from. A message names the place, what is wrong there and what to write, and never the value.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::keys::{Key, ShopKeys, Sites, VerificationGuards};
use crate::ids::SiteId;
use crate::order::{ShopName, StorefrontKind};

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
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

type Members = Map<String, Value>;

/// The name of the list that holds the keys.
pub(super) const fn list_name(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Wix => "public_keys",
        StorefrontKind::Shopify | StorefrontKind::Woocommerce | StorefrontKind::Stripe | StorefrontKind::Standard => {
            "secrets"
        }
    }
}

/// The names that an entry may have beside its list.
const fn other_names(kind: StorefrontKind) -> &'static [&'static str] {
    match kind {
        StorefrontKind::Wix => &["accept_test", "sites", "any_site"],
        StorefrontKind::Woocommerce => &["accept_test", "hosts"],
        StorefrontKind::Shopify | StorefrontKind::Stripe | StorefrontKind::Standard => &["accept_test"],
    }
}

/// Reads the entry of one shop. `also` is a name that may stand in it and is read elsewhere.
pub(super) fn read(
    kind: StorefrontKind,
    name: Option<ShopName>,
    content: &Members,
    also: Option<&str>,
    place: &str,
) -> Result<ShopKeys, InvalidSecrets> {
    let keys = keys(kind, content, place)?;
    let known: Vec<&str> = std::iter::once(list_name(kind))
        .chain(also)
        .chain(other_names(kind).iter().copied())
        .collect();
    only(content, &known, place)?;
    Ok(ShopKeys {
        keys,
        accept_test: flag(content, "accept_test", place)?,
        hosts: match kind {
            StorefrontKind::Woocommerce => hosts(content, place)?,
            StorefrontKind::Shopify | StorefrontKind::Wix | StorefrontKind::Stripe | StorefrontKind::Standard => {
                Vec::new()
            }
        },
        sites: match kind {
            StorefrontKind::Wix => sites(name.as_ref(), content, place)?,
            StorefrontKind::Shopify
            | StorefrontKind::Woocommerce
            | StorefrontKind::Stripe
            | StorefrontKind::Standard => Sites::Any,
        },
        shop: name,
        guards: VerificationGuards::default(),
    })
}

fn keys(kind: StorefrontKind, content: &Members, place: &str) -> Result<Vec<Key>, InvalidSecrets> {
    let name = list_name(kind);
    let list = texts(content, name, place)?
        .ok_or_else(|| InvalidSecrets::new(place, format!("has no `{name}`: write \"{name}\": [\"…\"]")))?;
    if list.is_empty() {
        return Err(InvalidSecrets::new(
            format!("{place}.{name}"),
            "is empty: put the secret that the storefront shows, or take the storefront out",
        ));
    }
    let key = |(at, text): (usize, &str)| {
        Key::new(kind, text).map_err(|error| InvalidSecrets::new(format!("{place}.{name}[{at}]"), error.to_string()))
    };
    list.into_iter().enumerate().map(key).collect()
}

/// Without hosts, a copy of the shop would buy for the shop.
fn hosts(content: &Members, place: &str) -> Result<Vec<super::Host>, InvalidSecrets> {
    let list = texts(content, "hosts", place)?.unwrap_or_default();
    if list.is_empty() {
        return Err(InvalidSecrets::new(
            place,
            "has no `hosts`: write the shop's own host, such as \"hosts\": [\"shop.example.com\"], so that a copy of the shop with the same secret cannot buy",
        ));
    }
    let host = |(at, text): (usize, &str)| {
        text.parse()
            .map_err(|error: super::InvalidHost| InvalidSecrets::new(format!("{place}.hosts[{at}]"), error.to_string()))
    };
    list.into_iter().enumerate().map(host).collect()
}

/// A shop that is named by a site's GUID takes that site; every other one says which sites, or that any will do.
fn sites(name: Option<&ShopName>, content: &Members, place: &str) -> Result<Sites, InvalidSecrets> {
    let named = name.filter(|name| name.as_str().parse::<SiteId>().is_ok());
    let any = flag(content, "any_site", place)?;
    let list = texts(content, "sites", place)?;
    if any && (list.is_some() || named.is_some()) {
        return Err(InvalidSecrets::new(
            place,
            "names a site and says `any_site`: write one of the two",
        ));
    }
    if any {
        return Ok(Sites::Any);
    }
    let mut sites = BTreeSet::new();
    for (at, site) in list.unwrap_or_default().into_iter().enumerate() {
        let site: SiteId = site.trim().parse().map_err(|_| {
            InvalidSecrets::new(
                format!("{place}.sites[{at}]"),
                "is not a site's instance ID: write the GUID that the app's deliveries carry as `instanceId`",
            )
        })?;
        sites.insert(site.as_str().to_ascii_lowercase());
    }
    sites.extend(named.map(|name| name.as_str().to_owned()));
    if sites.is_empty() {
        return Err(InvalidSecrets::new(
            place,
            "says of no site whose orders it takes: write \"sites\": [\"the site's instance ID\"], or \"any_site\": true if nobody else can install the app",
        ));
    }
    Ok(Sites::Only(sites))
}

fn flag(content: &Members, name: &str, place: &str) -> Result<bool, InvalidSecrets> {
    let Some(value) = content.get(name) else {
        return Ok(false);
    };
    value.as_bool().ok_or_else(|| {
        InvalidSecrets::new(
            format!("{place}.{name}"),
            "is neither true nor false: write one of them, without quotes",
        )
    })
}

fn texts<'a>(content: &'a Members, name: &str, place: &str) -> Result<Option<Vec<&'a str>>, InvalidSecrets> {
    let Some(value) = content.get(name) else {
        return Ok(None);
    };
    let place = format!("{place}.{name}");
    let list = value
        .as_array()
        .ok_or_else(|| InvalidSecrets::new(&place, "is not a list of texts: write [\"…\"]"))?;
    let text = |(at, value): (usize, &'a Value)| {
        let place = || format!("{place}[{at}]");
        value
            .as_str()
            .ok_or_else(|| InvalidSecrets::new(place(), "is not a text: write \"…\""))
    };
    list.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
}

pub(super) fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Members, InvalidSecrets> {
    value
        .as_object()
        .ok_or_else(|| InvalidSecrets::new(place, "is not an object: write { … }"))
}

fn only(content: &Members, known: &[&str], place: &str) -> Result<(), InvalidSecrets> {
    match content.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(InvalidSecrets::new(
            format!("{place}.{}", shown(name)),
            format!("is unknown: known are {}", known.join(", ")),
        )),
    }
}

/// A name in the document, cut: somebody may have put a secret where a name belongs.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(24).collect()
}
