//! What a shop says beside the orders themselves: how a subscription stands, disputes, refunds that are not through. And
//! what of it counts in the end, kept apart from the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;

use super::words::Message;

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscription {
    Active,
    /// It may come back.
    Suspended,
    /// It does not come back.
    Ended,
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dispute {
    Open,
    Lost,
    Won,
}

/// How far the money of a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refunded {
    Pending,
    Through,
    Failed,
}

/// A state of a subscription that was told.
#[derive(Debug, Clone)]
pub(super) struct ToldSubscription {
    pub(super) state: Subscription,
    /// The lines that it had then.
    pub(super) lines: BTreeSet<String>,
    /// In which words.
    pub(super) message: Arc<Message>,
}

/// Everything of one order that is said in this way.
#[derive(Debug, Clone, Default)]
pub(super) struct Meaning {
    /// The lines that are sold by subscription.
    pub(super) subscribed: BTreeSet<String>,
    /// The states of the subscription that were told, the newest last.
    pub(super) subscription: Vec<ToldSubscription>,
    /// How each dispute stands in the end.
    pub(super) disputes: BTreeMap<u32, Dispute>,
    /// The payments that were disputed: one of a later cycle has disputes of its own.
    disputed: Vec<String>,
    /// Refunds that failed.
    pub(super) failed: BTreeSet<String>,
    /// The beginning of the subscription is never heard.
    pub(super) begins_unheard: bool,
    /// The order renews the subscription of another.
    pub(super) renews: bool,
    /// Codes of what a person must see of it, whatever happens later.
    pub(super) notices: BTreeSet<&'static str>,
}

impl Meaning {
    /// Whether a line is over because its subscription is.
    pub(super) fn is_over(&self, line: &str) -> bool {
        // A subscription of WooCommerce names its lines, and not what the order had added later.
        let names_it =
            |told: &ToldSubscription| told.message.kind != StorefrontKind::Woocommerce || told.lines.contains(line);
        self.subscribed.contains(line) && self.end().is_some_and(names_it)
    }

    /// Whether the subscription goes on.
    pub(super) fn is_alive(&self) -> bool {
        self.end().is_none()
    }

    /// Whether the subscription is over for ever.
    pub(super) fn has_ended(&self) -> bool {
        self.heard().any(|told| told.state == Subscription::Ended)
    }

    /// What says that the subscription does not go on.
    fn end(&self) -> Option<&ToldSubscription> {
        let ended = self.heard().filter(|told| told.state == Subscription::Ended).last();
        let newest = self.heard().last();
        ended.or_else(|| newest.filter(|told| told.state == Subscription::Suspended))
    }

    fn heard(&self) -> impl Iterator<Item = &ToldSubscription> {
        self.subscription.iter().filter(|told| told.message.is_heard())
    }

    /// What the IDs of a payment's disputes begin after: no two payments have a dispute in common.
    pub(super) fn disputed_before(&mut self, payment: &str) -> u32 {
        let known = self.disputed.iter().position(|known| known == payment);
        let at = known.unwrap_or_else(|| {
            self.disputed.push(payment.to_owned());
            self.disputed.len() - 1
        });
        u32::try_from(at * 2).expect("a history is short")
    }

    /// Whether a dispute is not won.
    pub(super) fn is_disputed(&self) -> bool {
        self.disputes.values().any(|state| *state != Dispute::Won)
    }
}

/// The subscription that an order began, as it stands at a time.
pub(super) fn subscription(kind: StorefrontKind, order: &str, state: Subscription, at: Timestamp) -> Message {
    if kind == StorefrontKind::Shopify {
        let status = match state {
            Subscription::Active => "active",
            Subscription::Suspended => "failed",
            Subscription::Ended => "cancelled",
        };
        let revision = at.as_secs();
        let body =
            format!(r#"{{"id":1{order},"origin_order_id":{order},"status":"{status}","revision_id":{revision}}}"#);
        return message(kind, "subscription_contracts/update", body);
    }
    let status = match state {
        Subscription::Active => "active",
        Subscription::Suspended => "suspended",
        Subscription::Ended => "ended",
    };
    let body = format!(
        r#"{{"type":"subscription.updated","data":{{"id":"sub-{order}","order_id":"{order}","updated_at":"{at}","status":"{status}"}}}}"#
    );
    message(kind, "", body)
}

/// A dispute of an order.
pub(super) fn dispute(kind: StorefrontKind, order: &str, id: u32, state: Dispute) -> Message {
    if kind == StorefrontKind::Shopify {
        let status = match state {
            Dispute::Open => "needs_response",
            Dispute::Lost => "lost",
            Dispute::Won => "won",
        };
        let body = format!(r#"{{"id":{id},"order_id":{order},"type":"chargeback","status":"{status}"}}"#);
        return message(kind, "disputes/update", body);
    }
    let state = match state {
        Dispute::Open => "open",
        Dispute::Lost => "lost",
        Dispute::Won => "won",
    };
    let body = format!(r#"{{"type":"dispute.updated","data":{{"id":"{id}","order_id":"{order}","state":"{state}"}}}}"#);
    message(kind, "", body)
}

/// A refund of units of one line, whose money is under way or came to nothing.
pub(super) fn refund(kind: StorefrontKind, order: &str, id: &str, line: (&str, u32), state: Refunded) -> Message {
    let (line, units) = line;
    if kind == StorefrontKind::Shopify {
        let status = match state {
            Refunded::Pending => "pending",
            Refunded::Through => "success",
            Refunded::Failed => "failure",
        };
        let body = format!(
            r#"{{"id":{id},"order_id":{order},"refund_line_items":[{{"line_item_id":"{line}","quantity":{units}}}],"transactions":[{{"kind":"refund","status":"{status}"}}]}}"#
        );
        return message(kind, "refunds/create", body);
    }
    let state = match state {
        Refunded::Pending => "pending",
        Refunded::Through => "succeeded",
        Refunded::Failed => "failed",
    };
    let body = format!(
        r#"{{"type":"order.refunded","data":{{"id":"{id}","order_id":"{order}","state":"{state}","lines":[{{"id":"{line}","units":{units}}}]}}}}"#
    );
    message(kind, "", body)
}

const fn message(kind: StorefrontKind, topic: &'static str, body: String) -> Message {
    Message::new(kind, topic, body)
}
