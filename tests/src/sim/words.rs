//! The shop's words: an order or a refund as the JSON of a storefront, signed as that storefront signs. Buyers have
//! names and addresses in it, which must never show up anywhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::order::{Fields, StorefrontKind};
use reseller_hooks::storefront::sign;
use reseller_hooks::time::Timestamp;

use super::oddities::{Beside, Oddity};
use super::rsa::KEYS;
use super::stripe;
use super::wix::{self, Cycle};
use super::woocommerce;
use crate::world::Order;

/// The storefronts of the simulation: one whose deliveries are signed without a time, two whose with, one that sends nothing
/// twice, and one that signs with the private half of a key.
pub(super) const STOREFRONTS: [StorefrontKind; 5] = [
    StorefrontKind::Shopify,
    StorefrontKind::Standard,
    StorefrontKind::Woocommerce,
    StorefrontKind::Wix,
    StorefrontKind::Stripe,
];

/// What no log line may hold: the buyer, and every secret.
pub(super) const PRIVATE: [&str; 9] = [
    "jane.doe@example.com",
    "Jane Doe",
    "1 Example Street",
    SECRETS[0],
    SECRETS[1],
    SECRETS[2],
    FORGED,
    WIX_KEYS[0],
    WIX_KEYS[1],
];

/// The keys for Wix, one of which is in the secret document.
pub(super) const WIX_KEYS: [&str; 2] = [wix_sandbox::DEFAULT_API_KEY, "IST.sandbox-second-key"];

/// The secrets that a shop has one after the other. They are good for each storefront but Wix, which has a key for each.
pub(super) const SECRETS: [&str; 3] = [
    "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==",
    "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcA==",
    "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcQ==",
];

/// What a forger signs with.
pub(super) const FORGED: &str = "whsec_Zm9yZ2VkIHNlY3JldCBvZiAyNCBieXRlcyEhIQ==";

/// What a delivery says, before it is signed.
#[derive(Debug)]
pub(super) struct Message {
    /// Whose words they are.
    pub kind: StorefrontKind,
    /// The topic, where it is a header.
    pub topic: &'static str,
    /// The body; of Wix the event in its token.
    pub body: String,
    /// Whose site of Wix it is.
    pub shop: &'static str,
    receipts: Mutex<Vec<Receipt>>,
    /// It was answered that it is about nothing: such a state is not kept.
    is_nothing: AtomicBool,
    /// How far it has come: received 1, consumed 2.
    came: AtomicU8,
    /// Such an answer is wrong.
    takes_back: bool,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// No queue has anything of it.
    Untold,
    /// A queue has it, and a worker may have put it into the ledger.
    Received,
    /// It is in the ledger.
    Consumed,
    /// It says nothing that is kept.
    Nothing,
}

/// When a message was received: not before the first and not after the second, by any clock.
pub(super) type Receipt = (Timestamp, Timestamp);

/// What the clocks of two processes may be apart.
const SKEW: Duration = Duration::from_secs(5);

impl Message {
    /// A message that nobody has received yet.
    pub(super) const fn new(kind: StorefrontKind, topic: &'static str, body: String) -> Self {
        Self {
            kind,
            topic,
            body,
            shop: wix::SITE,
            receipts: Mutex::new(Vec::new()),
            is_nothing: AtomicBool::new(false),
            came: AtomicU8::new(0),
            takes_back: false,
        }
    }

    /// The same, of what was given before and is given no more: whatever is answered, it counts.
    pub(super) fn taking_back(self, takes_back: bool) -> Self {
        Self { takes_back, ..self }
    }

    /// The same from another site of Wix.
    pub(super) fn of_shop(self, shop: &'static str) -> Self {
        Self { shop, ..self }
    }

    /// A queue has what it says.
    pub(super) fn is_received(&self, begun: Timestamp, now: Timestamp) {
        let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        receipts.push((begun - SKEW, now + SKEW));
    }

    /// The last of its receipts.
    pub(super) fn last_receipt(&self) -> Option<Receipt> {
        let receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        last(receipts.iter().copied())
    }

    /// Whether queues got it more than once.
    pub(super) fn was_told_again(&self) -> bool {
        let receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        receipts.len() > 1
    }

    /// It says nothing that is kept: an order that was never paid is nobody's business yet.
    pub(super) fn says_nothing(&self) {
        self.is_nothing.store(true, Ordering::Relaxed);
    }

    /// A queue has something of it.
    pub(super) fn received(&self) {
        self.came.fetch_max(1, Ordering::Relaxed);
    }

    /// Everything that queues had of it is in the ledger.
    pub(super) fn consumed(&self) {
        let _ = self.came.compare_exchange(1, 2, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// How far it has come.
    pub(super) fn way(&self) -> Way {
        match self.came.load(Ordering::Relaxed) {
            0 if self.is_nothing.load(Ordering::Relaxed) => Way::Nothing,
            0 => Way::Untold,
            1 => Way::Received,
            _ => Way::Consumed,
        }
    }

    /// Whether the ledger knows what it says.
    pub(super) fn is_known(&self) -> bool {
        self.is_heard() && (self.takes_back || !self.is_nothing.load(Ordering::Relaxed))
    }

    /// Whether it was heard. What a storefront sends until it is taken is heard in the end.
    pub(super) fn is_heard(&self) -> bool {
        self.kind != StorefrontKind::Woocommerce || self.last_receipt().is_some()
    }

    /// The headers and the body with which it is sent.
    pub(super) fn signed(&self, secret: &str, now: Timestamp) -> (HeaderMap, String) {
        let body = if self.kind == StorefrontKind::Wix {
            let place = SECRETS.iter().position(|known| *known == secret);
            wix::token(self, &KEYS[place.unwrap_or(SECRETS.len())], now)
        } else {
            self.body.clone()
        };
        let headers = sign::sign(self.kind, secret, body.as_bytes(), self.topic, now).expect("a good secret");
        let headers = headers.into_iter().map(|(name, value)| {
            let value = HeaderValue::try_from(value).expect("a header's value");
            (HeaderName::from_static(name), value)
        });
        (headers.collect(), body)
    }

    /// The path that it is sent to.
    pub(super) fn path(&self) -> String {
        format!("/webhooks/{}", self.kind)
    }
}

/// When the last of several receipts was.
pub(super) fn last(receipts: impl Iterator<Item = Receipt>) -> Option<Receipt> {
    receipts.reduce(|one, two| (one.0.max(two.0), one.1.max(two.1)))
}

/// What an order has beside itself: what the storefront remembers of its past.
pub(super) struct Past<'a> {
    /// The most units that each line ever had.
    pub most: &'a BTreeMap<String, u32>,
    /// Whether it was ever fully paid.
    pub ever_paid: bool,
    /// Whether the topic says that it is paid, where it is.
    pub says_paid: bool,
    /// The refunds that the order has counted, each with its units by line.
    pub refunds: &'a BTreeMap<String, BTreeMap<String, u32>>,
    /// The lines that are sold by subscription.
    pub subscribed: &'a BTreeSet<String>,
    /// It renews a subscription.
    pub renews: bool,
    /// The refunds of an amount that the order lists.
    pub amounts: &'a BTreeSet<u32>,
    /// Where it is canceled: because a payment failed.
    pub may_be_paid_again: bool,
    /// So much the shop's clock is ahead.
    pub clock_is_ahead: Duration,
    /// The cycle of a contract of Wix that the order is for.
    pub cycle: Option<&'a Cycle>,
    /// What is odd about this body.
    pub odd: Option<Oddity>,
    /// Whether its lines are on trial, where they say so.
    pub trial: Option<bool>,
    /// The lines that are parts of a bundle.
    pub parts: &'a BTreeSet<String>,
    /// What is sold once beside the cycle.
    pub beside: Option<&'a Beside>,
}

/// Whether the time of a delivery is signed with it.
pub(super) const fn signs_time(kind: StorefrontKind) -> bool {
    matches!(kind, StorefrontKind::Standard | StorefrontKind::Stripe)
}

/// The key of an order.
pub(super) fn key(kind: StorefrontKind, number: &str) -> String {
    if kind == StorefrontKind::Wix {
        return format!("{kind}/{}/{number}", wix::SITE);
    }
    format!("{kind}/{number}")
}

/// An order as it is now.
pub(super) fn order(kind: StorefrontKind, order: &Order, past: &Past<'_>) -> Message {
    match kind {
        StorefrontKind::Shopify => shopify(order, past),
        StorefrontKind::Woocommerce => woocommerce::order(order, past, "order.updated"),
        StorefrontKind::Wix => wix::order(order, past),
        StorefrontKind::Stripe => {
            let (topic, is_paid) = ("checkout.session.completed", order.paid);
            stripe::session(order, stripe::Session { topic, is_paid })
        }
        StorefrontKind::Standard => standard(order, past),
    }
}

/// A refund, as an event of its own.
pub(super) fn refund(kind: StorefrontKind, order: &Order, id: u32, lines: &[(&str, u32)]) -> Message {
    let number = order.key.rsplit('/').next().unwrap_or_default();
    let (line, units) = if kind == StorefrontKind::Shopify {
        ("line_item_id", "quantity")
    } else {
        ("id", "units")
    };
    let lines: Vec<String> = lines
        .iter()
        .map(|(id, count)| format!(r#"{{"{line}":"{id}","{units}":{count}}}"#))
        .collect();
    let lines = lines.join(",");
    let (topic, body) = if kind == StorefrontKind::Shopify {
        (
            "refunds/create",
            format!(
                r#"{{"id":{id},"order_id":{number},"note":"asked for by Jane Doe","refund_line_items":[{lines}]}}"#
            ),
        )
    } else {
        // An empty list would concern no product; an amount names no list at all.
        let lines = if lines.is_empty() {
            "null".to_owned()
        } else {
            format!("[{lines}]")
        };
        (
            "",
            format!(r#"{{"type":"order.refunded","data":{{"id":"{id}","order_id":"{number}","lines":{lines}}}}}"#),
        )
    };
    Message::new(kind, topic, body)
}

fn shopify(order: &Order, past: &Past<'_>) -> Message {
    let topic = match (order.canceled, order.paid && past.says_paid) {
        (true, _) => "orders/cancelled",
        (false, true) => "orders/paid",
        (false, false) => "orders/updated",
    };
    let status = match (order.paid, past.ever_paid) {
        (true, _) if order.refunds.is_empty() => "paid",
        (true, _) => "partially_refunded",
        (false, true) => "partially_paid",
        (false, false) => "pending",
    };
    let pair = |name: &str, value: &str| format!(r#"{{"name":"{name}","value":"{value}"}}"#);
    let mut lines = String::new();
    for (id, (sku, units)) in &order.lines {
        let ordered = past.most.get(id).copied().unwrap_or(*units).max(*units);
        let units = if order.canceled { 0 } else { *units };
        let properties = properties(order.line_fields.get(id), pair);
        let plan = if past.subscribed.contains(id) { "{}" } else { "null" };
        let bundle = if past.parts.contains(id) { r#""77""# } else { "null" };
        let comma = if lines.is_empty() { "" } else { "," };
        let _ = write!(
            lines,
            r#"{comma}{{"id":{id},"sku":"{sku}","quantity":{ordered},"current_quantity":{units},"selling_plan_allocation":{plan},"sales_line_item_group_id":{bundle},"properties":[{properties}]}}"#
        );
    }
    let number = order.key.rsplit('/').next().unwrap_or_default();
    let updated = order.updated_at();
    let canceled = if order.canceled {
        format!("\"{updated}\"")
    } else {
        "null".to_owned()
    };
    let created = order.created_at;
    let note = properties(Some(&order.fields), pair);
    let refunds: Vec<String> = past
        .refunds
        .iter()
        .map(|(id, lines)| refund_in_order(id, lines))
        .collect();
    let refunds = refunds.join(",");
    let source = if past.renews { "subscription_contract" } else { "web" };
    let tags = if past.odd == Some(Oddity::Tag) {
        "VIP, Renewal order"
    } else {
        ""
    };
    Message::new(
        StorefrontKind::Shopify,
        topic,
        format!(
            r#"{{"id":{number},"test":false,"source_name":"{source}","tags":"{tags}","email":"jane.doe@example.com","cancelled_at":{canceled},"financial_status":"{status}","total_outstanding":"0.00","created_at":"{created}","updated_at":"{updated}","shipping_address":{{"name":"Jane Doe","address1":"1 Example Street"}},"note_attributes":[{note}],"line_items":[{lines}],"refunds":[{refunds}]}}"#
        ),
    )
}

/// The same without its lines; `None` where it has no list of them.
pub(super) fn cut(message: &Message) -> Option<Message> {
    let (list, end) = match message.kind {
        StorefrontKind::Shopify | StorefrontKind::Woocommerce => (r#""line_items":["#, r#"],"refunds""#),
        StorefrontKind::Standard => (r#""lines":["#, r#"],"refunds""#),
        StorefrontKind::Wix => (r#""lineItems":["#, r#"],"buyerInfo""#),
        StorefrontKind::Stripe => return None,
    };
    let (before, rest) = message.body.split_once(list)?;
    let (_, after) = rest.split_once(end)?;
    let body = format!("{before}{list}{end}{after}");
    Some(Message::new(message.kind, message.topic, body))
}

/// A refund as an order of Shopify lists it.
fn refund_in_order(id: &str, lines: &BTreeMap<String, u32>) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|(line, units)| format!(r#"{{"line_item_id":{line},"quantity":{units}}}"#))
        .collect();
    format!(r#"{{"id":{id},"refund_line_items":[{}]}}"#, lines.join(","))
}

fn standard(order: &Order, past: &Past<'_>) -> Message {
    let kind = match (order.canceled, order.paid && past.says_paid) {
        (true, _) => "order.canceled",
        (false, true) => "order.paid",
        (false, false) => "order.updated",
    };
    let payment = match (order.paid, past.ever_paid) {
        (true, _) => "paid",
        (false, true) => "partial",
        (false, false) => "unpaid",
    };
    let status = if order.canceled { "canceled" } else { "open" };
    let pair = |name: &str, value: &str| format!(r#""{name}":"{value}""#);
    let mut lines = String::new();
    for (id, (sku, units)) in &order.lines {
        let units = if order.canceled { 0 } else { *units };
        let properties = properties(order.line_fields.get(id), pair);
        let subscribed = past.subscribed.contains(id);
        let part_of = if past.parts.contains(id) {
            r#""part_of":"1","#
        } else {
            ""
        };
        let trial = past
            .trial
            .map_or_else(String::new, |trial| format!(r#""trial":{trial},"#));
        let comma = if lines.is_empty() { "" } else { "," };
        let _ = write!(
            lines,
            r#"{comma}{{"id":"{id}","sku":"{sku}","units":{units},{part_of}{trial}"subscription":{subscribed},"properties":{{{properties}}}}}"#
        );
    }
    let number = order.key.rsplit('/').next().unwrap_or_default();
    let (created, updated) = (order.created_at, order.updated_at());
    // A buyer's name among the properties is nobody's business either.
    let buyer = pair("buyer", "Jane Doe, 1 Example Street, jane.doe@example.com");
    let own = properties(Some(&order.fields), pair);
    let comma = if own.is_empty() { "" } else { "," };
    let refunds: Vec<String> = order.refunds.iter().map(|id| format!(r#""{id}""#)).collect();
    let refunds = refunds.join(",");
    let renews = if past.renews { r#""renews":"sub-1","# } else { "" };
    Message::new(
        StorefrontKind::Standard,
        "",
        format!(
            r#"{{"type":"{kind}","timestamp":"{updated}","data":{{"id":"{number}","created_at":"{created}","updated_at":"{updated}","status":"{status}","payment":"{payment}",{renews}"properties":{{{own}{comma}{buyer}}},"lines":[{lines}],"refunds":[{refunds}]}}}}"#
        ),
    )
}

fn properties(fields: Option<&Fields>, pair: impl Fn(&str, &str) -> String) -> String {
    let Some(fields) = fields else { return String::new() };
    let named = [
        ("wix_account_id", &fields.account),
        ("wix_site_id", &fields.site),
        ("wix_external_id", &fields.external_id),
    ];
    let pairs: Vec<String> = named
        .into_iter()
        .filter_map(|(name, value)| Some(pair(name, value.as_deref()?)))
        .collect();
    pairs.join(",")
}
