//! Keys, and the proof that one of them signed a delivery. Comparing is done by `ring`, in constant time, on decoded
//! bytes; every active key is tried, and without any nothing is taken.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};

use super::invalid_key::InvalidKey;
use super::rsa::RsaPublicKey;
use super::{Delivery, Host, spelling};
use crate::guards::guards;
use crate::order::{ShopName, StorefrontKind};
use crate::time::Timestamp;

/// How far a signed time may be from ours, either way, in seconds: what Stripe and Standard Webhooks recommend.
pub(super) const TOLERANCE_SECONDS: i64 = 300;

/// What one shop's deliveries are signed with: several keys while one is replaced by another.
#[derive(Debug, Clone)]
pub struct ShopKeys {
    /// The reseller's name of the shop, where there are several; part of the order key of storefronts that sign nothing
    /// else to tell shops apart.
    pub shop: Option<ShopName>,
    /// The active keys, all of which are tried.
    pub keys: Vec<Key>,
    /// Whether test orders (Shopify's `test`, Stripe's `livemode: false`) count as real ones. For trials only.
    pub accept_test: bool,
    /// `WooCommerce`: the hosts that the shop is at. A copy of the shop has its secret too, and another host.
    pub hosts: Vec<Host>,
    /// Wix: whose deliveries count, of those that the app's key signed.
    pub sites: Sites,
    /// Nothing that is read from the secret sets them.
    #[doc(hidden)]
    pub guards: VerificationGuards,
}

guards! {
    /// What is asked of a delivery before it is read, by its name; `true` is on.
    VerificationGuards, VerificationFlags {
        /// One of the keys must have signed it.
        signature_check,
        /// A signed time must be near the time of receipt, and an expiry not past.
        replay_tolerance,
    }
}

/// The Wix sites whose deliveries are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sites {
    /// Every site that has the app.
    #[default]
    Any,
    /// The sites with these instance IDs, in lower case.
    Only(BTreeSet<String>),
}

impl Sites {
    pub(super) fn have(&self, instance: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(sites) => instance.is_some_and(|instance| sites.contains(instance)),
        }
    }
}

impl ShopKeys {
    /// Keys that do not accept test orders, of no host, and of any site.
    pub fn new(shop: Option<ShopName>, keys: Vec<Key>) -> Self {
        Self {
            shop,
            keys,
            accept_test: false,
            hosts: Vec::new(),
            sites: Sites::Any,
            guards: VerificationGuards::default(),
        }
    }
}

/// One secret or public key, checked. Cheap to clone; never printed.
#[derive(Clone)]
pub struct Key(Arc<Material>);

enum Material {
    /// What HMAC takes: each of the byte strings that the text can stand for.
    Secret(Vec<SecretSlice<u8>>),
    /// What Wix signs with the other half of.
    Public(RsaPublicKey),
}

impl Key {
    /// A key as the secret document holds it. For Wix a public key: PEM, or that PEM or its content as one line of
    /// base64. For Standard Webhooks base64, with or without `whsec_` before it. For the others the text itself, without
    /// spaces and line ends around it.
    pub fn new(kind: StorefrontKind, text: &str) -> Result<Self, InvalidKey> {
        if text.trim().is_empty() {
            return Err(InvalidKey::Empty);
        }
        let material = match kind {
            StorefrontKind::Wix => Material::Public(RsaPublicKey::parse(text)?),
            StorefrontKind::Standard
            | StorefrontKind::Shopify
            | StorefrontKind::Woocommerce
            | StorefrontKind::Stripe => {
                let secrets = spelling::secrets(kind, text)?;
                Material::Secret(secrets.into_iter().map(SecretSlice::from).collect())
            }
        };
        Ok(Self(Arc::new(material)))
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        let secrets = match &*self.0 {
            Material::Secret(secrets) => secrets.as_slice(),
            Material::Public(_) => &[],
        };
        secrets.iter().map(|secret| secret.expose_secret())
    }

    pub(super) fn public(&self) -> Option<&RsaPublicKey> {
        match &*self.0 {
            Material::Public(key) => Some(key),
            Material::Secret(_) => None,
        }
    }

    /// Whether what one signs can pass for the other's; for finding a secret that was given to two shops.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&*self.0, &*other.0) {
            (Material::Secret(_), Material::Secret(_)) => {
                self.secrets().any(|one| other.secrets().any(|two| one == two))
            }
            (Material::Public(one), Material::Public(two)) => one == two,
            (Material::Secret(_), Material::Public(_)) | (Material::Public(_), Material::Secret(_)) => false,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why it is not proven who sent a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key is configured for the storefront or shop.
    #[error("no key is configured for this storefront and shop: put one into the secret")]
    NoKeys,
    /// There is no signature, or nothing that can be read as one.
    #[error("it has no signature that can be read")]
    MissingSignature,
    /// No key fits.
    #[error("its signature fits none of the configured keys")]
    BadSignature,
    /// The token is signed in another way than the storefront's.
    #[error("it names another signature algorithm than RS256")]
    WrongAlgorithm,
    /// The signed time is too far from ours.
    #[error("it was signed more than 300 s before or after it came, or has expired")]
    Stale,
    /// The signature is good, but of another shop than the route or the secret names.
    #[error("it is signed for another shop")]
    OtherShop,
}

impl VerifyError {
    /// One sentence for the sender, which tells a forger nothing.
    pub const fn outward(self) -> &'static str {
        match self {
            Self::MissingSignature => "The delivery is not signed.",
            Self::Stale => "The signature is too old, or its time is not yet: check the sender's clock.",
            Self::NoKeys | Self::BadSignature | Self::WrongAlgorithm | Self::OtherShop => "The signature does not fit.",
        }
    }
}

/// A delivery of which it is proven that a configured key signed it. Only verifying makes one.
#[derive(Debug, Clone)]
pub struct Verified<'a> {
    delivery: Delivery<'a>,
    shop: &'a ShopKeys,
    payload: Cow<'a, [u8]>,
}

impl<'a> Verified<'a> {
    /// Proves an HMAC-SHA256 over `message` (as many as the header brought `signatures`, decoded) with any of the keys.
    pub fn by_hmac(
        delivery: &Delivery<'a>,
        shops: &'a [ShopKeys],
        message: &[u8],
        signatures: &[Vec<u8>],
    ) -> Result<Self, VerifyError> {
        let mut tried = false;
        for shop in shops {
            for secret in shop.keys.iter().flat_map(Key::secrets) {
                tried = true;
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                let fits = |signature: &Vec<u8>| hmac::verify(&key, message, signature).is_ok();
                if signatures.iter().any(fits) || !shop.guards.signature_check {
                    return Ok(Self {
                        delivery: *delivery,
                        shop,
                        payload: Cow::Borrowed(delivery.body),
                    });
                }
            }
        }
        Err(if !tried {
            VerifyError::NoKeys
        } else if signatures.is_empty() {
            VerifyError::MissingSignature
        } else {
            VerifyError::BadSignature
        })
    }

    /// What is signed, where a signature was checked in another way. `shop` is whose key fitted.
    pub(super) const fn proven(delivery: Delivery<'a>, shop: &'a ShopKeys, payload: Cow<'a, [u8]>) -> Self {
        Self {
            delivery,
            shop,
            payload,
        }
    }

    /// Refuses what was signed, at this time in seconds, too long before or after it came.
    pub fn signed_at(self, seconds: i64) -> Result<Self, VerifyError> {
        if self.shop.guards.replay_tolerance {
            check_time(seconds, self.delivery.received_at)?;
        }
        Ok(self)
    }

    /// The delivery: its headers may be unsigned.
    pub const fn delivery(&self) -> &Delivery<'a> {
        &self.delivery
    }

    /// The shop whose key signed it.
    pub const fn shop(&self) -> &'a ShopKeys {
        self.shop
    }

    /// The signed content.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// Whether a signed time is near enough to the time of receipt.
fn check_time(signed_secs: i64, received_at: Timestamp) -> Result<(), VerifyError> {
    if received_at.as_secs().abs_diff(signed_secs) <= TOLERANCE_SECONDS.unsigned_abs() {
        Ok(())
    } else {
        Err(VerifyError::Stale)
    }
}

/// The first 16 hex digits of the SHA-256 of these bytes: what tells two versions of one time apart.
pub(super) fn hash(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        let key = Key::new(StorefrontKind::Shopify, "shpss_very_secret").unwrap();
        let keys = ShopKeys::new(Some("north".parse().unwrap()), vec![key]);
        let shown = format!("{keys:?}");
        assert!(shown.contains("north") && !shown.contains("very"), "{shown}");
    }

    #[test]
    fn an_empty_secret_is_refused_also_after_its_prefix() {
        for kind in StorefrontKind::ALL {
            for text in ["", " ", "\n"] {
                assert_eq!(Key::new(kind, text).unwrap_err(), InvalidKey::Empty, "{kind}");
            }
        }
        assert_eq!(
            Key::new(StorefrontKind::Standard, "whsec_").unwrap_err(),
            InvalidKey::Empty
        );
        assert_eq!(
            Key::new(StorefrontKind::Standard, "whsec_not base64").unwrap_err(),
            InvalidKey::NotBase64
        );
    }

    #[test]
    fn a_signed_time_may_be_300_seconds_off_either_way_and_not_301() {
        let now = Timestamp::from_secs(1_700_000_000);
        for (signed, fits) in [
            (1_700_000_300, true),
            (1_699_999_700, true),
            (1_700_000_301, false),
            (1_699_999_699, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(check_time(signed, now).is_ok(), fits, "{signed}");
        }
    }

    #[test]
    fn outward_sentences_do_not_tell_a_missing_key_from_a_wrong_signature() {
        assert_eq!(VerifyError::NoKeys.outward(), VerifyError::BadSignature.outward());
    }
}
