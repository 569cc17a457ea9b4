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
    let north = json!({ "public_keys": [WIX_PUBLIC_KEY], "sites": ["11111111-1111-4222-8333-444444444444"] });
    json!({ "storefronts": {
        "shopify": shops("secrets", SECRET, NORTH),
        "woocommerce": hosted(&shops("secrets", SECRET, NORTH)),
        "stripe": shops("secrets", SECRET, NORTH),
        "standard": shops("secrets", SECRET, NORTH),
        "wix": {
            "public_keys": [WIX_PUBLIC_KEY],
            "sites": [WIX_INSTANCE],
            "shops": { "north": north, "00000000-1111-4222-8333-444444444444": site },
        },
    }})
    .to_string()
}

/// With the host of the samples in each entry.
fn hosted(storefront: &serde_json::Value) -> serde_json::Value {
    let mut hosted = storefront.clone();
    hosted["hosts"] = json!(["sample.example.com"]);
    for shop in hosted["shops"]
        .as_object_mut()
        .into_iter()
        .flat_map(|shops| shops.values_mut())
    {
        shop["hosts"] = json!(["sample.example.com"]);
    }
    hosted
}

/// Whether what was stored, and what was said, fit the answer; the events that are in queues.
pub(super) fn judged(
    sample: &Sample,
    request: &Request,
    answer: &Answer,
    stored: &[Message],
) -> Result<Vec<OrderEvent>, String> {
    let silent = answer.status().as_u16() == 200;
    if answer.line.is_empty() != silent || answer.line.contains('\n') || answer.line.len() > 120 {
        return Err(format!("answered {} with {:?}", answer.status(), answer.line));
    }
    match (answer.disposition, stored) {
        // One delivery may say several things, of several orders.
        (Disposition::Stored, messages @ [_, ..]) => messages.iter().map(|message| whole(sample, message)).collect(),
        (Disposition::Parked, messages) if messages.iter().all(|(queue, _)| *queue == "parked") => {
            let messages: Vec<String> = messages.iter().map(|(_, message)| message.clone()).collect();
            let kept = parked::decode(&messages).map_err(|error| error.to_string())?;
            if kept.body != request.body || kept.id != REQUEST_ID || kept.storefront != sample.kind {
                return Err("parked, and not as it came".to_owned());
            }
            Ok(Vec::new())
        }
        (Disposition::Stored | Disposition::Parked, _) => Err(format!("{:?}, with {stored:?}", answer.disposition)),
        (_, []) => Ok(Vec::new()),
        (came, _) => Err(format!("{came:?}, and stored all the same: {stored:?}")),
    }
}

/// The event of a message, which must be one of this storefront and in a queue of orders.
fn whole(sample: &Sample, (queue, message): &Message) -> Result<OrderEvent, String> {
    if !OrderQueue::ALL.iter().any(|order| order.as_str() == *queue) {
        return Err(format!("an order event in the queue {queue}"));
    }
    let event = OrderEvent::from_json(message).map_err(|error| error.to_string())?;
    if event.key.storefront() == sample.kind && event.received_at == NOW {
        Ok(event)
    } else {
        Err(format!("not of this storefront, or not of now: {event:?}"))
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
    let event_type = match topic.starts_with("wix.") {
        true => topic.to_owned(),
        false => format!("wix.ecom.v1.order_{topic}"),
    };
    json!({ "data": domain_event, "instanceId": WIX_INSTANCE, "eventType": event_type }).to_string()
}

/// What is signed.
pub(super) fn claims(envelope: &str) -> String {
    json!({ "data": envelope, "iat": NOW.as_secs(), "exp": NOW.as_secs() + 3_600_000 }).to_string()
}
