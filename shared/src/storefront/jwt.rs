//! The token that a Wix delivery is: a compact JWT with RS256, nothing else. The algorithm is pinned before anything is
//! believed, because Wix's own SDK would take others with the same key (read in its source).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::keys::{Key, TOLERANCE_SECONDS, Verified, VerifyError};
use super::{Delivery, ShopKeys};

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<serde_json::Value>,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    instance_id: String,
}

/// Proves that one of the public keys signed the token. What is proven is the text in the claim `data`.
///
/// `exp` is neither required nor strict: past it by more than the tolerance is [`VerifyError::Stale`]. In the one real
/// token that is public it lies 41 days after `iat`, and a replay is harmless because the merge is idempotent.
///
/// A shop takes the deliveries of its sites only, by their `instanceId`.
pub(super) fn verify<'a>(delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
    let token = std::str::from_utf8(delivery.body)
        .map_err(|_| VerifyError::MissingSignature)?
        .trim();
    let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::MissingSignature)?;
    let (header, claims) = signed.split_once('.').ok_or(VerifyError::MissingSignature)?;
    let header: Header = decode(header).ok_or(VerifyError::MissingSignature)?;
    if header.alg != "RS256" {
        return Err(VerifyError::WrongAlgorithm);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| VerifyError::BadSignature)?;

    let mut error = VerifyError::NoKeys;
    let mut proven: Option<(Claims, Option<String>)> = None;
    for shop in shops {
        let mut fits = false;
        for key in shop.keys.iter().filter_map(Key::public) {
            if error == VerifyError::NoKeys {
                error = VerifyError::BadSignature;
            }
            fits |= key.verifies(signed.as_bytes(), &signature) || !shop.guards.signature_check;
        }
        if !fits {
            continue;
        }
        let (_, instance) = match &proven {
            Some(proven) => proven,
            None => {
                let claims: Claims = decode(claims).ok_or(VerifyError::BadSignature)?;
                let instance = serde_json::from_str::<Instance>(&claims.data).ok();
                let instance = instance.map(|instance| instance.instance_id.to_ascii_lowercase());
                proven.insert((claims, instance))
            }
        };
        if shop.sites.have(instance.as_deref()) {
            let (claims, _) = proven.ok_or(VerifyError::BadSignature)?;
            if shop.guards.replay_tolerance {
                check_expiry(&claims, delivery)?;
            }
            return Ok(Verified::proven(*delivery, shop, Cow::Owned(claims.data.into_bytes())));
        }
        error = VerifyError::OtherShop;
    }
    Err(error)
}

fn check_expiry(claims: &Claims, delivery: &Delivery<'_>) -> Result<(), VerifyError> {
    let Some(exp) = &claims.exp else { return Ok(()) };
    if exp.is_null() {
        return Ok(());
    }
    // A NumericDate may have a fraction.
    let exp = exp.as_f64().ok_or(VerifyError::Stale)?;
    let late = delivery.received_at.as_secs() as f64 - exp;
    if late > TOLERANCE_SECONDS as f64 {
        return Err(VerifyError::Stale);
    }
    Ok(())
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
