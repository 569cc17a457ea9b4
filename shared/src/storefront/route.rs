//! Which queue an event goes to. The queue decides who works, not what is done: every worker merges the whole event
//! and converges the whole order, so a wrong guess here costs nothing but order in the logs. What must not happen is
//! that an event is dropped which the merge needs.

use crate::order::{OrderEvent, Wish};

/// The three queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// `order-canceled`
    OrderCanceled,
    /// `order-paid`
    OrderPaid,
    /// `tag-external-id`
    TagExternalId,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OrderCanceled, Self::OrderPaid, Self::TagExternalId];

    /// The function's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderCanceled => "order-canceled",
            Self::OrderPaid => "order-paid",
            Self::TagExternalId => "tag-external-id",
        }
    }
}

/// How much of an order was ever paid, as far as one delivery shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payment {
    /// Nothing, and nothing can have been paid earlier: the storefront does not lead a paid order back to this status.
    Never,
    /// Some, or it was paid once, or we do not know the status.
    #[default]
    Perhaps,
    /// All of it.
    Full,
}

/// What the queue depends on beside the event itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// The delivery's topic says "paid". It may be unsigned, and so decides the queue and nothing else.
    pub topic_says_paid: bool,
    /// A line has fewer units than were ordered.
    pub reduced: bool,
    /// How much was ever paid.
    pub payment: Payment,
}

/// The queue of an event, the first that fits; `None` when there is nothing to do:
///
/// 1. It takes something back (a refund of lines; a snapshot that is canceled, counts refunds, has a reduced line or
///    says something that nobody can map) → `order-canceled`.
/// 2. Its topic says "paid" → `order-paid`.
/// 3. It carries the storefront's own reference → `tag-external-id`.
/// 4. The order is fully paid, or perhaps was before → `order-paid`. An edit of a paid order makes it partly paid, and
///    lines that it removed, or a site that it brought, are in that snapshot alone: so it must reach the merge.
/// 5. Nothing of it was ever paid → `None`. The snapshot that will say "paid" is newer, and says all of it again.
pub fn route(event: &OrderEvent, hints: Hints) -> Option<Trigger> {
    match &event.wish {
        Wish::Refund(refund) => refund
            .lines
            .values()
            .any(|units| *units > 0)
            .then_some(Trigger::OrderCanceled),
        Wish::Snapshot(snapshot) => {
            let takes_back =
                snapshot.canceled || !snapshot.refunds.is_empty() || !snapshot.unmapped.is_empty() || hints.reduced;
            let paid = snapshot.fully_paid || hints.payment != Payment::Never;
            if takes_back {
                Some(Trigger::OrderCanceled)
            } else if hints.topic_says_paid {
                Some(Trigger::OrderPaid)
            } else if snapshot.fields.external_id.is_some()
                || snapshot.lines.iter().any(|line| line.fields.external_id.is_some())
            {
                Some(Trigger::TagExternalId)
            } else if paid {
                Some(Trigger::OrderPaid)
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::order::{Fields, Refund, SCHEMA, Snapshot, Version};
    use crate::time::Timestamp;

    fn event(change: impl FnOnce(&mut Snapshot)) -> OrderEvent {
        let mut snapshot = Snapshot {
            version: Version {
                time: Timestamp::EPOCH,
                sequence: 0,
                canceled: false,
                refunds: 0,
                hash: String::new(),
            },
            created_at: Timestamp::EPOCH,
            lines: Vec::new(),
            refunds: BTreeSet::new(),
            fully_paid: false,
            canceled: false,
            fields: Fields::default(),
            unmapped: BTreeSet::new(),
        };
        change(&mut snapshot);
        OrderEvent {
            schema: SCHEMA,
            key: "shopify/1".parse().unwrap(),
            delivery: String::new(),
            received_at: Timestamp::EPOCH,
            wish: Wish::Snapshot(snapshot),
        }
    }

    fn never_paid() -> Hints {
        Hints {
            payment: Payment::Never,
            ..Hints::default()
        }
    }

    #[test]
    fn what_takes_something_back_goes_to_order_canceled_whatever_else_it_says() {
        let paid_topic = Hints {
            topic_says_paid: true,
            ..never_paid()
        };
        for taking in [
            event(|order| order.canceled = true),
            event(|order| order.refunds = BTreeSet::from(["7".to_owned()])),
            event(|order| order.unmapped = BTreeSet::from(["A refund.".to_owned()])),
        ] {
            assert_eq!(route(&taking, paid_topic), Some(Trigger::OrderCanceled));
        }
        let reduced = Hints {
            reduced: true,
            ..paid_topic
        };
        assert_eq!(route(&event(|_| ()), reduced), Some(Trigger::OrderCanceled));
    }

    #[test]
    fn a_topic_that_says_paid_goes_before_a_reference_and_a_reference_before_a_paid_order() {
        let tagged = event(|order| {
            order.fully_paid = true;
            order.fields.external_id = Some("PO-7".to_owned());
        });
        let paid_topic = Hints {
            topic_says_paid: true,
            payment: Payment::Full,
            reduced: false,
        };
        assert_eq!(route(&tagged, paid_topic), Some(Trigger::OrderPaid));
        let other_topic = Hints {
            topic_says_paid: false,
            ..paid_topic
        };
        assert_eq!(route(&tagged, other_topic), Some(Trigger::TagExternalId));
        assert_eq!(
            route(&event(|order| order.fully_paid = true), other_topic),
            Some(Trigger::OrderPaid)
        );
    }

    #[test]
    fn an_order_that_was_perhaps_paid_before_is_not_dropped_but_one_never_paid_is() {
        assert_eq!(route(&event(|_| ()), Hints::default()), Some(Trigger::OrderPaid));
        assert_eq!(route(&event(|_| ()), never_paid()), None);
    }

    #[test]
    fn a_refund_of_an_amount_only_is_nothing_to_do() {
        let mut refund = event(|_| ());
        refund.wish = Wish::Refund(Refund {
            id: "7".to_owned(),
            lines: BTreeMap::new(),
        });
        assert_eq!(route(&refund, Hints::default()), None);
        refund.wish = Wish::Refund(Refund {
            id: "7".to_owned(),
            lines: BTreeMap::from([("1".to_owned(), 1)]),
        });
        assert_eq!(route(&refund, Hints::default()), Some(Trigger::OrderCanceled));
    }
}
