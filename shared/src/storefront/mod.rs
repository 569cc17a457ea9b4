//! From a delivery to an order event: who sent it is proven first, over the bytes as they came, and only then is it
//! read.
//!
//! [`receive`] is the whole of it, without I/O. Each storefront is one implementation of [`Storefront`]: how it signs,
//! and how it says what we call a snapshot or a refund. What all share stands here and in the files beside: keys
//! ([`Key`], [`StorefrontSecrets`]), the names of properties ([`FieldNames`]), the queue of an event ([`choose_queue`]).
//! `docs/storefronts/adding-one.md` says how another storefront is added.
//!
//! ```
//! use http::HeaderMap;
//! use reseller_hooks::order::StorefrontKind;
//! use reseller_hooks::storefront::{Delivery, FieldNames, Outcome, StorefrontSecrets, receive, sign};
//! use reseller_hooks::time::Timestamp;
//!
//! let secrets: StorefrontSecrets = serde_json::from_str(r#"{"shopify": {"secrets": ["shpss_example"]}}"#).unwrap();
//! let body = br#"{"shop": "north.myshopify.com"}"#;
//! let now = Timestamp::from_secs(1_767_000_000);
//! let mut headers = HeaderMap::new();
//! for (name, value) in sign::sign(StorefrontKind::Shopify, "shpss_example", body, "app/uninstalled", now).unwrap() {
//!     headers.insert(name, value.parse().unwrap());
//! }
//! let delivery = Delivery { headers: &headers, body, received_at: now };
//! let shops = secrets.shops(StorefrontKind::Shopify, None);
//! let outcome = receive(StorefrontKind::Shopify, &delivery, &shops, &FieldNames::default()).unwrap();
//! assert!(matches!(outcome, Outcome::Nothing(_)));
//! ```

mod amount;
mod courtesy;
mod entry;
mod fields;
mod hosts;
mod invalid_key;
mod json;
mod jwt;
mod keys;
mod queue_choice;
mod rsa;
mod secrets;
mod shopify;
pub mod sign;
mod spelling;
mod standard;
mod stripe;
#[cfg(test)]
mod testing;
mod wix_ecommerce;
mod woocommerce;

use std::borrow::Cow;

use http::HeaderMap;

pub use entry::InvalidSecrets;
pub use fields::{FieldNames, Suborders};
pub use hosts::{Host, InvalidHost};
pub use invalid_key::InvalidKey;
#[doc(hidden)]
pub use keys::VerificationGuards;
pub use keys::{Key, ShopKeys, Sites, Verified, VerifyError};
pub use queue_choice::{Hints, OrderQueue, choose_queue};
pub use secrets::{Mistake, StorefrontSecrets};

use crate::order::{InvalidOrderKey, OrderEvent, OrderKey, SCHEMA, Statement, StorefrontKind};
use crate::time::Timestamp;

/// The most lines of an order that is taken.
const MAX_LINES: usize = 2_000;

/// One HTTP request of a storefront's webhook. The body is what was received: decoded from base64 where API Gateway
/// encoded it, and otherwise untouched.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The request's body, byte for byte.
    pub body: &'a [u8],
    /// When it came; signed times are compared with it.
    pub received_at: Timestamp,
}

impl<'a> Delivery<'a> {
    /// The first of these headers that is there and is visible ASCII.
    fn header(&self, names: &[&str]) -> Option<&'a str> {
        names
            .iter()
            .find_map(|name| self.headers.get(*name)?.to_str().ok())
            .map(str::trim)
    }

    /// The same as an ID for the logs: printable, and no longer than a log line should be.
    fn log_id(&self, names: &[&str]) -> String {
        log_id(self.header(names).unwrap_or_default())
    }
}

fn log_id(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// What a delivery comes to. The storefront is answered 200 in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something for a worker: at least one event, each with the queue it goes to. All of them must be stored before
    /// the storefront is answered.
    Events(Vec<(OrderEvent, OrderQueue)>),
    /// Nothing for us, and why: a ping, a test order, a topic without meaning for us. Without personal data.
    Nothing(Cow<'static, str>),
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// It is not proven who sent it: answer 401.
    #[error("the delivery is not verified: {0}")]
    Unverified(#[from] VerifyError),
    /// It is signed, but lacks what every delivery of this storefront has, such as a header that names the topic:
    /// answer 400.
    #[error("the delivery is malformed: {reason}")]
    Malformed {
        /// What is missing or wrong.
        reason: String,
    },
    /// It is signed by the storefront and says something we cannot read: park the whole delivery and answer 200,
    /// because the storefront would only send the same again.
    #[error("the delivery is signed, and not understood: {reason}")]
    NotUnderstood {
        /// Where and what, without values of the body.
        reason: String,
    },
}

impl ReceiveError {
    fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed { reason: reason.into() }
    }

    fn not_understood(reason: impl Into<String>) -> Self {
        Self::NotUnderstood { reason: reason.into() }
    }

    /// One sentence for the sender: what to do about it, and nothing of our inside.
    pub fn outward(&self) -> &str {
        match self {
            Self::Unverified(error) => error.outward(),
            Self::Malformed { reason } => reason,
            Self::NotUnderstood { .. } => "The delivery was kept for a person to look at.",
        }
    }
}

impl From<InvalidOrderKey> for ReceiveError {
    fn from(error: InvalidOrderKey) -> Self {
        Self::not_understood(error.to_string())
    }
}

/// What an adapter read out of a verified delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understood {
    /// Something about one or several orders.
    Orders {
        /// The storefront's ID of the delivery, for the logs; may be empty.
        delivery: String,
        /// What it says of each, in the order in which it is stored.
        statements: Vec<AboutOrder>,
    },
    /// Nothing for us, and why.
    Nothing(Cow<'static, str>),
}

impl Understood {
    /// One statement about one order.
    fn order(key: OrderKey, delivery: String, says: Statement, hints: Hints) -> Self {
        Self::Orders {
            delivery,
            statements: vec![AboutOrder { key, says, hints }],
        }
    }
}

/// One statement about one order, as an adapter read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutOrder {
    /// Which order; made of signed data only.
    pub key: OrderKey,
    /// What it says.
    pub says: Statement,
    /// What the queue depends on and the statement does not hold.
    pub hints: Hints,
}

/// One storefront: how it proves who it is, and how its words become ours. Both are pure.
pub trait Storefront: Sync {
    /// An unsigned request that wants a 200 and means nothing, such as `WooCommerce`'s ping: why it is let through.
    fn ping(&self, _delivery: &Delivery<'_>) -> Option<&'static str> {
        None
    }

    /// Proves over the bytes received that one of the keys signed them, and says whose. Reads nothing else.
    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError>;

    /// Reads a verified delivery.
    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError>;
}

/// The adapter of a storefront.
fn adapter(kind: StorefrontKind) -> &'static dyn Storefront {
    match kind {
        StorefrontKind::Shopify => &shopify::Shopify,
        StorefrontKind::Standard => &standard::Standard,
        StorefrontKind::Wix => &wix_ecommerce::WixEcommerce,
        StorefrontKind::Woocommerce => &woocommerce::Woocommerce,
        StorefrontKind::Stripe => &stripe::Stripe,
    }
}

/// Verifies a delivery, reads it, and says which queue its event goes to.
///
/// `shops` are the shops whose keys may have signed it (see [`StorefrontSecrets::shops`]); all keys are tried, and no
/// keys means that nothing is taken. A pure function: time comes from [`Delivery::received_at`].
pub fn receive(
    kind: StorefrontKind,
    delivery: &Delivery<'_>,
    shops: &[ShopKeys],
    names: &FieldNames,
) -> Result<Outcome, ReceiveError> {
    let storefront = adapter(kind);
    if let Some(reason) = storefront.ping(delivery) {
        return Ok(Outcome::Nothing(reason.into()));
    }
    let verified = storefront.verify(delivery, shops)?;
    read(storefront, &verified, names)
}

/// What [`receive`] makes of a payload whose signature it has checked, without one: a signature of RSA costs a hundred
/// times what reading does. For the fuzz targets; no function is deployed with it.
#[cfg(feature = "unverified")]
#[doc(hidden)]
pub fn read_unverified(
    kind: StorefrontKind,
    delivery: &Delivery<'_>,
    shop: &ShopKeys,
    payload: &[u8],
    names: &FieldNames,
) -> Result<Outcome, ReceiveError> {
    let verified = Verified::proven(*delivery, shop, Cow::Borrowed(payload));
    read(adapter(kind), &verified, names)
}

/// Reads a verified delivery, and says which queue each of its events goes to.
fn read(storefront: &dyn Storefront, verified: &Verified<'_>, names: &FieldNames) -> Result<Outcome, ReceiveError> {
    let (delivery, mut statements) = match storefront.normalise(verified, names)? {
        Understood::Nothing(reason) => return Ok(Outcome::Nothing(reason)),
        Understood::Orders { delivery, statements } => (delivery, statements),
    };
    for about in &mut statements {
        limit_lines(&mut about.says)?;
    }
    let events: Vec<_> = statements
        .into_iter()
        .filter_map(|about| {
            let queue = choose_queue(&about.says, about.hints)?;
            let event = OrderEvent {
                schema: SCHEMA,
                key: about.key,
                delivery: delivery.clone(),
                received_at: verified.delivery().received_at,
                says: about.says,
            };
            Some((event, queue))
        })
        .collect();
    Ok(if events.is_empty() {
        Outcome::Nothing("nothing of the order is paid, and nothing is taken back".into())
    } else {
        Outcome::Events(events)
    })
}

/// The buyer writes what stands in lines, and the ledger takes 340 KB: a snapshot that could never be merged is kept for a
/// person instead. The reference of a line decides the queue and no more, so it is kept as long as Wix takes one.
fn limit_lines(says: &mut Statement) -> Result<(), ReceiveError> {
    let too_many = |lines: usize| {
        ReceiveError::not_understood(format!(
            "the order has {lines} lines, and {MAX_LINES} is the most: fulfil it by hand"
        ))
    };
    match says {
        Statement::Snapshot(snapshot) if snapshot.lines.len() > MAX_LINES => Err(too_many(snapshot.lines.len())),
        Statement::Payment(payment) if payment.lines.len() > MAX_LINES => Err(too_many(payment.lines.len())),
        Statement::Snapshot(snapshot) => {
            for line in &mut snapshot.lines {
                line.fields.shorten_reference();
            }
            Ok(())
        }
        Statement::Payment(payment) => {
            for line in &mut payment.lines {
                line.fields.shorten_reference();
            }
            Ok(())
        }
        Statement::Settled
        | Statement::Refund(_)
        | Statement::Dispute(_)
        | Statement::End(_)
        | Statement::Trashed
        | Statement::BelongsTo(_)
        | Statement::Notice(_)
        | Statement::Told(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{PRIVATE_KEY, deliver, parked, received, shops, signed, snapshot};
    use super::*;

    const TOPICS: [(StorefrontKind, &str); 5] = [
        (StorefrontKind::Shopify, "orders/paid"),
        (StorefrontKind::Woocommerce, "order.updated"),
        (StorefrontKind::Stripe, ""),
        (StorefrontKind::Standard, ""),
        (StorefrontKind::Wix, ""),
    ];

    /// Rightly signed, whatever it is; for Wix it is the claims.
    fn post(kind: StorefrontKind, topic: &str, body: &[u8]) -> Result<Outcome, ReceiveError> {
        if kind == StorefrontKind::Wix {
            let claims = String::from_utf8_lossy(body);
            let token = sign::wix_token(PRIVATE_KEY, &claims).unwrap();
            return received(kind, &HeaderMap::new(), token.as_bytes(), &shops(kind));
        }
        received(kind, &signed(kind, body, topic), body, &shops(kind))
    }

    #[test]
    fn signed_bodies_of_no_bytes_of_six_megabytes_not_utf_8_or_nested_ten_thousand_deep_are_errors_and_no_crash() {
        let nested = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
        let inner = serde_json::json!({ "data": String::from_utf8(nested("[", "]")).unwrap() }).to_string();
        let bodies: [Vec<u8>; 8] = [
            Vec::new(),
            vec![b' '; 6_000_000],
            vec![b'['; 6_000_000],
            vec![0xff; 1_000],
            nested("[", "]"),
            nested("{\"data\":", "}"),
            nested("{\"line_items\":[", "]}"),
            inner.into_bytes(),
        ];
        for (kind, topic) in TOPICS {
            for body in &bodies {
                let outcome = post(kind, topic, body);
                assert!(outcome.is_err(), "{kind}: {outcome:?}");
            }
        }
    }

    fn order_of(lines: usize) -> String {
        let lines: Vec<String> = (0..lines)
            .map(|id| {
                let reference = "r".repeat(200);
                format!(r#"{{"id":"{id}","sku":"A","units":1,"properties":{{"wix_external_id":"{reference}"}}}}"#)
            })
            .collect();
        format!(
            r#"{{"type":"order.paid","timestamp":"2026-03-09T00:00:00Z","data":{{"id":"1","created_at":"2026-03-09T00:00:00Z","updated_at":"2026-03-09T00:00:00Z","status":"open","payment":"paid","lines":[{}]}}}}"#,
            lines.join(",")
        )
    }

    #[test]
    fn an_order_of_more_than_two_thousand_lines_is_kept_for_a_person() {
        let taken = deliver(StorefrontKind::Standard, order_of(2_000).as_bytes(), "");
        assert_eq!(snapshot(taken).lines.len(), 2_000);
        let reason = parked(deliver(StorefrontKind::Standard, order_of(2_001).as_bytes(), ""));
        assert_eq!(
            reason,
            "the order has 2001 lines, and 2000 is the most: fulfil it by hand"
        );
    }

    #[test]
    fn the_reference_of_a_line_is_cut_at_100_characters() {
        let order = snapshot(deliver(StorefrontKind::Standard, order_of(1).as_bytes(), ""));
        let reference = order.lines[0].fields.external_id.as_deref();
        assert_eq!(reference.map(str::len), Some(100));
    }

    #[test]
    fn every_header_that_an_adapter_reads_is_kept_with_a_parked_delivery() {
        let read: [&[&str]; 11] = [
            &shopify::SIGNATURE,
            &shopify::TOPIC,
            &shopify::WEBHOOK_ID,
            &standard::ID,
            &standard::TIMESTAMP,
            &standard::SIGNATURE,
            &stripe::SIGNATURE,
            &woocommerce::SIGNATURE,
            &woocommerce::TOPIC,
            &woocommerce::DELIVERY_ID,
            &woocommerce::SOURCE,
        ];
        for header in read.iter().copied().flatten() {
            assert!(crate::queue::parked::KEPT_HEADERS.contains(header), "{header}");
        }
    }

    #[test]
    fn a_delivery_signed_for_one_storefront_is_not_taken_as_anothers() {
        let body = include_bytes!("../../../events/shopify/orders_paid.json");
        let headers = signed(StorefrontKind::Shopify, body, "orders/paid");
        for (kind, _) in TOPICS {
            if kind != StorefrontKind::Shopify {
                assert_eq!(
                    received(kind, &headers, body, &shops(kind)),
                    Err(ReceiveError::Unverified(VerifyError::MissingSignature)),
                    "{kind}"
                );
            }
        }
    }

    #[test]
    fn what_is_said_outward_tells_nothing_of_our_inside() {
        let parked = ReceiveError::not_understood("at line_items[3].quantity: expected a number of units");
        assert_eq!(parked.outward(), "The delivery was kept for a person to look at.");
        let unverified = ReceiveError::Unverified(VerifyError::NoKeys);
        assert_eq!(unverified.outward(), "The signature does not fit.");
    }
}
