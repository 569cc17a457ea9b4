//! The storefronts' side: signs bodies as each of them does, for tests, demonstrations and for sending one's own orders.
//! `webhook` does not use it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use super::invalid_key::InvalidKey;
use super::keys::hash;
use super::rsa::pem_block;
use super::spelling;
use crate::order::StorefrontKind;
use crate::time::Timestamp;

/// Why a body could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The secret is none of this storefront.
    #[error("the secret {0}")]
    Secret(#[from] InvalidKey),
    /// Not an RSA private key.
    #[error("the private key is not an RSA key in PKCS #8 (BEGIN PRIVATE KEY)")]
    PrivateKey,
}

/// The headers with which a storefront would send `body`. `topic` is Shopify's or `WooCommerce`'s (`orders/paid`,
/// `order.updated`); the others have it in the body. A Wix body is signed in itself: see [`wix_jwt`].
pub fn sign(
    kind: StorefrontKind,
    secret: &str,
    body: &[u8],
    topic: &str,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, SignError> {
    const JSON: (&str, &str) = ("content-type", "application/json");
    let headers = match kind {
        StorefrontKind::Shopify => vec![
            (JSON.0, JSON.1.to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-shop-domain", "sample.myshopify.com".to_owned()),
            ("x-shopify-webhook-id", format!("wh-{}", hash(body))),
            ("x-shopify-hmac-sha256", STANDARD.encode(hmac(secret.as_bytes(), body))),
        ],
        StorefrontKind::Woocommerce => vec![
            (JSON.0, JSON.1.to_owned()),
            ("x-wc-webhook-topic", topic.to_owned()),
            ("x-wc-webhook-source", "https://sample.example.com/".to_owned()),
            ("x-wc-webhook-delivery-id", hash(body)),
            ("x-wc-webhook-signature", STANDARD.encode(hmac(secret.as_bytes(), body))),
        ],
        StorefrontKind::Stripe => {
            let time = now.as_secs();
            let signature: String = hmac(secret.as_bytes(), &joined(&[&time.to_string()], body))
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            vec![
                (JSON.0, JSON.1.to_owned()),
                ("stripe-signature", format!("t={time},v1={signature}")),
            ]
        }
        StorefrontKind::Standard => {
            let id = format!("msg_{}", hash(body));
            let time = now.as_secs().to_string();
            let secrets = spelling::secrets(kind, secret)?;
            let secret = secrets.first().ok_or(InvalidKey::Empty)?;
            let signature = hmac(secret, &joined(&[&id, &time], body));
            vec![
                (JSON.0, JSON.1.to_owned()),
                ("webhook-id", id),
                ("webhook-timestamp", time),
                ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
            ]
        }
        StorefrontKind::Wix => vec![("content-type", "text/plain; charset=utf-8".to_owned())],
    };
    Ok(headers)
}

/// The body of a Wix delivery: a JWT around a domain event. `private_key` is PKCS #8 in PEM.
pub fn wix_jwt(
    private_key: &str,
    event_type: &str,
    instance_id: &str,
    domain_event: &str,
    now: Timestamp,
) -> Result<String, SignError> {
    let envelope = json!({ "data": domain_event, "instanceId": instance_id, "eventType": event_type }).to_string();
    let claims = json!({ "data": envelope, "iat": now.as_secs(), "exp": now.as_secs().saturating_add(3_600_000) });
    wix_token(private_key, &claims.to_string())
}

/// The `eventType` that Wix gives a domain event: `entityFqdn` and `slug`. `None` where it has none.
pub fn wix_event_type(domain_event: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(domain_event).ok()?;
    let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    Some(format!("{}_{}", text("entityFqdn")?, text("slug")?))
}

/// A token around any claims.
pub fn wix_token(private_key: &str, claims: &str) -> Result<String, SignError> {
    let der = match pem_block(private_key) {
        Some(("PRIVATE KEY", Some(der))) => der,
        Some(_) | None => return Err(SignError::PrivateKey),
    };
    let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| SignError::PrivateKey)?;
    let signed = wix_unsigned(claims);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| SignError::PrivateKey)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What of a token is signed.
fn wix_unsigned(claims: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"kid":"sample","alg":"RS256"}"#);
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims))
}

/// A token around any claims with a signature that fits no key: what a forger sends.
pub fn wix_token_forged(claims: &str) -> String {
    format!("{}.AAAA", wix_unsigned(claims))
}

/// 2026-03-02T14:14:10Z: seconds after the orders in `events/` were placed.
const SAMPLES_MADE: Timestamp = Timestamp::from_secs(1_772_460_850);

/// A sample of `events/` as if it had happened just now: every time in it, as text or in Unix seconds, is moved by the
/// same span. Old orders are treated with more care than fresh ones, which is not what a demonstration is to show.
pub fn as_of(sample: &str, now: Timestamp) -> String {
    let span = now.as_millis().saturating_sub(SAMPLES_MADE.as_millis());
    let moved = |time: Timestamp| Timestamp::from_millis(time.as_millis().saturating_add(span));
    let mut text = String::with_capacity(sample.len());
    let mut rest = sample;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        // A time as text is made of digits, letters and a few signs; a number only of digits.
        let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || "-+:.".contains(c)));
        let (word, after) = from.split_at(end.unwrap_or(from.len()));
        let is_first = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        if let Some(time) = is_first.then(|| time_in(word)).flatten() {
            let written = moved(time).to_string();
            let zoned = word.ends_with('Z') || word.len() > 19;
            text.push_str(if zoned { &written } else { written.trim_end_matches('Z') });
        } else if let Some(seconds) = is_first.then(|| unix_seconds_in(word)).flatten() {
            text.push_str(&moved(Timestamp::from_secs(seconds)).as_secs().to_string());
        } else {
            text.push_str(word);
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn time_in(word: &str) -> Option<Timestamp> {
    let is_time = word.len() >= 19 && word.as_bytes().get(10) == Some(&b'T');
    is_time
        .then(|| word.parse().or_else(|_| format!("{word}Z").parse()).ok())
        .flatten()
}

fn unix_seconds_in(word: &str) -> Option<i64> {
    let is_number = word.len() == 10 && word.starts_with('1') && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok()).flatten()
}

fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message)
        .as_ref()
        .to_vec()
}

/// `part.part.body`
fn joined(parts: &[&str], body: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        message.extend_from_slice(part.as_bytes());
        message.push(b'.');
    }
    message.extend_from_slice(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_moved_with_all_its_times_and_nothing_else() {
        let now: Timestamp = "2026-11-22T14:14:10Z".parse().unwrap();
        let sample = r#"{"id": 9007199254740993, "phone": "0555555555", "a": "2026-03-02T09:14:05-05:00",
            "b": "2026-03-02T14:14:05", "c": "2026-03-02T14:14:05.120Z", "created": 1772460840, "d": "2026-03-02",
            "e": "id-1772460840", "f": "pi_1772460840", "g": "price-2026-03-02T14:14:05Z", "end": 17}"#;
        assert_eq!(
            as_of(sample, now),
            r#"{"id": 9007199254740993, "phone": "0555555555", "a": "2026-11-22T14:14:05Z",
            "b": "2026-11-22T14:14:05", "c": "2026-11-22T14:14:05.12Z", "created": 1795356840, "d": "2026-03-02",
            "e": "id-1772460840", "f": "pi_1772460840", "g": "price-2026-03-02T14:14:05Z", "end": 17}"#
        );
    }

    #[test]
    fn a_moved_sample_is_understood_as_before() {
        let sample = include_str!("../../../events/shopify/orders_paid.json");
        let moved = as_of(sample, SAMPLES_MADE);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["line_items"].clone();
        assert_eq!(read(&moved), read(sample));
    }
}
