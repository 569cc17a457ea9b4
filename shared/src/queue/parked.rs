//! Parked deliveries: signed, but not understood. Each is kept whole, split over several messages where one would be
//! too large, so that it can be looked at and delivered again once the code understands it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::MAX_MESSAGE_BYTES;
use crate::order::{ShopName, StorefrontKind};
use crate::time::Timestamp;

/// The schema version this code writes, and the newest that it reads.
pub const SCHEMA: u32 = 1;

/// Headers by which a delivery can be verified and understood again. No others are kept: no cookies, no
/// authorization, nothing about the sender's network.
pub const KEPT_HEADERS: [&str; 31] = [
    "content-type",
    "shopify-api-version",
    "shopify-event-id",
    "shopify-hmac-sha256",
    "shopify-shop-domain",
    "shopify-test",
    "shopify-topic",
    "shopify-triggered-at",
    "shopify-webhook-id",
    "stripe-signature",
    "svix-id",
    "svix-signature",
    "svix-timestamp",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-shopify-api-version",
    "x-shopify-event-id",
    "x-shopify-hmac-sha256",
    "x-shopify-shop-domain",
    "x-shopify-test",
    "x-shopify-topic",
    "x-shopify-triggered-at",
    "x-shopify-webhook-id",
    "x-wc-webhook-delivery-id",
    "x-wc-webhook-event",
    "x-wc-webhook-id",
    "x-wc-webhook-resource",
    "x-wc-webhook-signature",
    "x-wc-webhook-source",
    "x-wc-webhook-topic",
];

/// The longest header that is kept, in bytes. Signatures are far shorter.
const MAX_HEADER_BYTES: usize = 4_096;

/// A delivery that was verified and could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedDelivery {
    /// Unique for each delivery: what its parts have in common. The Lambda request ID serves.
    pub id: String,
    /// Which storefront's route it came to.
    pub storefront: StorefrontKind,
    /// Which shop's.
    pub shop: Option<ShopName>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Why it could not be understood, in one sentence without personal data.
    pub reason: String,
    /// Headers by name in lower case; only [`KEPT_HEADERS`] are stored.
    pub headers: BTreeMap<String, String>,
    /// The body as it was received.
    pub body: Vec<u8>,
}

/// One message of a parked delivery.
#[derive(Serialize, Deserialize)]
struct Part {
    schema: u32,
    id: String,
    /// 1 to `parts`.
    part: u32,
    parts: u32,
    storefront: StorefrontKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shop: Option<ShopName>,
    received_at: Timestamp,
    reason: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// This part of the body in base64. Each part stands for itself.
    body: String,
}

/// What is not a parked delivery, or not all of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParked {
    /// There is no message.
    #[error("no message was given")]
    Nothing,
    /// A message is not a part of one.
    #[error("message {number} is not a part of a parked delivery: {reason}")]
    Malformed {
        /// Which of those that were given, from 1.
        number: usize,
        /// What is wrong; the body is not repeated.
        reason: String,
    },
    /// A message belongs to another delivery.
    #[error("message {number} belongs to the parked delivery {other}, not to {id}")]
    Foreign {
        /// Which of those that were given, from 1.
        number: usize,
        /// The delivery of the first message.
        id: String,
        /// The delivery of this one.
        other: String,
    },
    /// Parts are missing.
    #[error("the parked delivery {id} has {parts} parts, and these are missing: {missing:?}")]
    Incomplete {
        /// Which delivery.
        id: String,
        /// How many parts it has.
        parts: u32,
        /// Those that were not given.
        missing: Vec<u32>,
    },
}

/// The messages that hold a delivery, each at most [`MAX_MESSAGE_BYTES`] long.
pub fn encode(delivery: &ParkedDelivery) -> Vec<String> {
    encode_within(delivery, MAX_MESSAGE_BYTES)
}

fn encode_within(delivery: &ParkedDelivery, limit: usize) -> Vec<String> {
    let mut part = Part {
        schema: SCHEMA,
        id: cut(&delivery.id, 128),
        part: u32::MAX,
        parts: u32::MAX,
        storefront: delivery.storefront,
        shop: delivery.shop.clone(),
        received_at: delivery.received_at,
        reason: cut(&delivery.reason, 1_000),
        headers: kept(&delivery.headers),
        body: String::new(),
    };
    // The numbers are at their widest here, so that no part is longer than this and its piece of the body.
    let frame = to_json(&part).len();
    // Four characters of base64 hold three bytes; at least one such group, so that any limit makes progress.
    let piece = (limit.saturating_sub(frame) / 4 * 3).max(3);
    let mut pieces: Vec<&[u8]> = delivery.body.chunks(piece).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    part.parts = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    (1..)
        .zip(pieces)
        .map(|(number, piece)| {
            part.part = number;
            part.body = STANDARD.encode(piece);
            to_json(&part)
        })
        .collect()
}

/// Puts the messages of one delivery together again, in whatever order and however often they came.
pub fn decode(messages: &[String]) -> Result<ParkedDelivery, InvalidParked> {
    let mut first: Option<Part> = None;
    let mut pieces: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for (number, message) in (1..).zip(messages) {
        let malformed = |reason: String| InvalidParked::Malformed { number, reason };
        let mut part = read(message).map_err(malformed)?;
        let piece = STANDARD
            .decode(std::mem::take(&mut part.body))
            .map_err(|_| malformed("its body is not base64".to_owned()))?;
        match &first {
            Some(first) if first.id != part.id || first.parts != part.parts => {
                return Err(InvalidParked::Foreign {
                    number,
                    id: first.id.clone(),
                    other: part.id,
                });
            }
            Some(_) | None => {}
        }
        pieces.insert(part.part, piece);
        first.get_or_insert(part);
    }
    let first = first.ok_or(InvalidParked::Nothing)?;
    let missing: Vec<u32> = (1..=first.parts)
        .filter(|part| !pieces.contains_key(part))
        .take(20)
        .collect();
    if !missing.is_empty() {
        return Err(InvalidParked::Incomplete {
            id: first.id,
            parts: first.parts,
            missing,
        });
    }
    Ok(ParkedDelivery {
        id: first.id,
        storefront: first.storefront,
        shop: first.shop,
        received_at: first.received_at,
        reason: first.reason,
        headers: first.headers,
        body: pieces.into_values().flatten().collect(),
    })
}

fn read(message: &str) -> Result<Part, String> {
    let part: Part = crate::decode::decode_text(message)
        .map_err(|misfit| format!("what stands at `{}` is not what is expected there", misfit.place()))?;
    if part.schema == 0 || part.schema > SCHEMA {
        return Err(format!(
            "it has schema {}, and this code reads up to {SCHEMA}",
            part.schema
        ));
    }
    if !(1..=part.parts).contains(&part.part) {
        return Err(format!("it is part {} of {}", part.part, part.parts));
    }
    Ok(part)
}

fn kept(headers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, value)| KEPT_HEADERS.contains(&name.as_str()) && value.len() <= MAX_HEADER_BYTES)
        .map(|(name, value)| (name, value.clone()))
        .collect()
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

fn to_json(part: &Part) -> String {
    // A struct of strings, numbers and maps with string keys always serialises.
    serde_json::to_string(part).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delivery(body: Vec<u8>) -> ParkedDelivery {
        ParkedDelivery {
            id: "8f5c7e0a-4a39-4f3f-9f62-6d5d6b1f2c11".into(),
            storefront: StorefrontKind::Standard,
            shop: Some("north".parse().unwrap()),
            received_at: Timestamp::from_secs(1_700_000_000),
            reason: "`lines[3].units` is no whole number".into(),
            headers: BTreeMap::from([("webhook-signature".to_owned(), "v1,abc=".to_owned())]),
            body,
        }
    }

    #[test]
    fn six_megabytes_go_over_several_messages_and_come_back() {
        let body: Vec<u8> = (0..6_000_000_u32).map(|at| (at % 251) as u8).collect();
        let parked = delivery(body);
        let mut messages = encode(&parked);
        assert_eq!(messages.len(), 9);
        assert!(messages.iter().all(|message| message.len() <= 1_000_000));
        messages.reverse();
        messages.push(messages[4].clone());
        assert_eq!(decode(&messages).unwrap(), parked);
    }

    #[test]
    fn a_small_one_and_an_empty_one_are_one_message() {
        for body in [Vec::new(), b"{\"id\":1}".to_vec(), vec![0xff, 0x00, 0xfe]] {
            let messages = encode(&delivery(body.clone()));
            assert_eq!(messages.len(), 1);
            assert_eq!(decode(&messages).unwrap().body, body);
        }
    }

    #[test]
    fn cookies_and_authorization_are_not_kept() {
        let mut parked = delivery(Vec::new());
        for name in ["Cookie", "Authorization", "X-Forwarded-For", "X-Shopify-Topic"] {
            parked.headers.insert(name.to_owned(), "orders/paid".to_owned());
        }
        let kept = decode(&encode(&parked)).unwrap().headers;
        assert_eq!(
            kept.keys().collect::<Vec<_>>(),
            ["webhook-signature", "x-shopify-topic"]
        );
    }

    #[test]
    fn missing_parts_and_parts_of_another_are_named() {
        let messages = encode_within(&delivery(vec![7; 2_000]), 1_000);
        assert!(messages.len() > 2);
        let error = decode(&messages[1..]).unwrap_err();
        assert!(matches!(error, InvalidParked::Incomplete { missing, .. } if missing == [1]));
        let mut other = delivery(vec![7; 2_000]);
        other.id = "another".into();
        let mixed = [messages[0].clone(), encode_within(&other, 1_000)[1].clone()];
        let error = decode(&mixed).unwrap_err().to_string();
        assert_eq!(
            error,
            "message 2 belongs to the parked delivery another, not to 8f5c7e0a-4a39-4f3f-9f62-6d5d6b1f2c11"
        );
        assert_eq!(decode(&[]).unwrap_err(), InvalidParked::Nothing);
    }

    #[test]
    fn what_is_no_part_is_refused_without_repeating_it() {
        for wrong in ["", "{}", "[1]", "{\"schema\":1,\"id\":\"jane@example.com\"}", "null"] {
            let error = decode(&[wrong.to_owned()]).unwrap_err();
            assert!(!error.to_string().contains("jane"), "{error}");
        }
        let newer = encode(&delivery(Vec::new()))[0].replace("\"schema\":1", "\"schema\":9");
        assert!(decode(&[newer]).unwrap_err().to_string().contains("schema 9"));
    }

    proptest! {
        #[test]
        fn any_body_survives_any_limit(body in proptest::collection::vec(any::<u8>(), 0..3_000), limit in 0_usize..2_000) {
            let parked = delivery(body);
            let messages = encode_within(&parked, limit);
            prop_assert_eq!(decode(&messages).unwrap(), parked);
        }
    }
}
