//! What a sample is sent as, and whether the answer to it is right by itself.

use http::HeaderMap;
use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::queue::parked;
use reseller_hooks::storefront::{OrderQueue, sign};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::webhook::{Answer, Disposition};
use serde_json::json;

use super::samples::Sample;
use crate::door::{Message, REQUEST_ID};
use crate::post::{WIX_INSTANCE, WIX_PRIVATE_KEY, WIX_PUBLIC_KEY, signed};

/// 2026-03-10T00:00:00Z, some days after the orders of the samples.
const NOW: Timestamp = Timestamp::from_secs(1_773_100_800);
/// The secret of the shop without a name.
pub(super) const SECRET: &str = "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==";
/// That of the shop `north`.
pub(super) const NORTH: &str = "whsec_bm9ydGggbm9ydGggbm9ydGggbm9ydGg=";

/// A clock that stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Which of the texts that stand in each other is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The body; for Wix the domain event.
    Body,
    /// Wix: what says whose event it is, and holds it as text.
    Envelope,
    /// Wix: what is signed, and holds the envelope as text.
    Claims,
}

/// A delivery as it is sent.
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The secret of a webhook with three shops of each storefront.
pub(super) fn secret_document() -> String {
    let shops = |list: &str, own: &str, north: &str| {
        json!({
            list: [own],
            "shops": { "north": { list: [north] }, "south": { list: ["whsec_c291dGggc291dGggc291dGggc291dGg="] } },
        })
    };
    let site = json!({ "public_keys": [WIX_PUBLIC_KEY] });
    json!({ "storefronts": {
        "shopify": shops("secrets", SECRET, NORTH),
        "woocommerce": shops("secrets", SECRET, NORTH),
        "stripe": shops("secrets", SECRET, NORTH),
        "standard": shops("secrets", SECRET, NORTH),
        "wix": {
            "public_keys": [WIX_PUBLIC_KEY],
            "shops": { "north": site, "00000000-1111-4222-8333-444444444444": site },
        },
    }})
    .to_string()
}

/// Whether what was stored, and what was said, fit the answer; the event that is in a queue.
pub(super) fn judged(
    sample: &Sample,
    request: &Request,
    answer: &Answer,
    stored: &[Message],
) -> Result<Option<OrderEvent>, String> {
    let silent = answer.status().as_u16() == 200;
    if answer.line.is_empty() != silent || answer.line.contains('\n') || answer.line.len() > 120 {
        return Err(format!("answered {} with {:?}", answer.status(), answer.line));
    }
    match (answer.disposition, stored) {
        (Disposition::Stored, [(queue, message)]) => {
            if !OrderQueue::ALL.iter().any(|trigger| trigger.as_str() == *queue) {
                return Err(format!("an order event in the queue {queue}"));
            }
            let event = OrderEvent::from_json(message).map_err(|error| error.to_string())?;
            if event.key.storefront() != sample.kind || event.received_at != NOW {
                return Err(format!("not of this storefront, or not of now: {event:?}"));
            }
            Ok(Some(event))
        }
        (Disposition::Parked, messages) if messages.iter().all(|(queue, _)| *queue == "parked") => {
            let messages: Vec<String> = messages.iter().map(|(_, message)| message.clone()).collect();
            let kept = parked::decode(&messages).map_err(|error| error.to_string())?;
            if kept.body != request.body || kept.id != REQUEST_ID || kept.storefront != sample.kind {
                return Err("parked, and not as it came".to_owned());
            }
            Ok(None)
        }
        (Disposition::Stored | Disposition::Parked, _) => Err(format!("{:?}, with {stored:?}", answer.disposition)),
        (_, []) => Ok(None),
        (came, _) => Err(format!("{came:?}, and stored all the same: {stored:?}")),
    }
}

/// The delivery of a text of this layer, rightly signed; a token of Wix only where it is asked for.
pub(super) fn request(sample: &Sample, secret: &str, layer: Layer, text: &[u8], sign: bool) -> Request {
    if sample.kind != StorefrontKind::Wix {
        return Request {
            headers: signed(sample.kind, secret, text, sample.topic, NOW),
            body: text.to_vec(),
        };
    }
    let text = String::from_utf8_lossy(text);
    let claims = match layer {
        Layer::Body => claims(&envelope(sample.topic, &text)),
        Layer::Envelope => claims(&text),
        Layer::Claims => text.into_owned(),
    };
    let token = if sign {
        sign::wix_token(WIX_PRIVATE_KEY, &claims).expect("the key is good")
    } else {
        sign::wix_token_forged(&claims)
    };
    Request {
        headers: signed(sample.kind, secret, &[], "", NOW),
        body: token.into_bytes(),
    }
}

/// What says whose event it is.
pub(super) fn envelope(topic: &str, domain_event: &str) -> String {
    let event_type = format!("wix.ecom.v1.order_{topic}");
    json!({ "data": domain_event, "instanceId": WIX_INSTANCE, "eventType": event_type }).to_string()
}

/// What is signed.
pub(super) fn claims(envelope: &str) -> String {
    json!({ "data": envelope, "iat": NOW.as_secs(), "exp": NOW.as_secs() + 3_600_000 }).to_string()
}
