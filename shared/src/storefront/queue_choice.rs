//! Which queue an event goes to. The queue decides who works, not what is done: every worker merges the whole event
//! and converges the whole order, so a wrong guess here costs nothing but order in the logs. What must not happen is
//! that an event is dropped which the merge needs.

use crate::order::{Paid, Statement};

/// The three queues of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderQueue {
    /// `order-canceled`
    OrderCanceled,
    /// `order-paid`
    OrderPaid,
    /// `tag-external-id`
    TagExternalId,
}

impl OrderQueue {
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

/// What the choice depends on beside the statement itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// The delivery's topic says "paid". It may be unsigned, and so decides the queue and nothing else.
    pub topic_says_paid: bool,
    /// A line has fewer units than were ordered.
    pub reduced: bool,
    /// Nothing of the order is paid, and nothing can have been earlier: the storefront does not lead a paid order back
    /// to this status. In doubt `false`: an event too many costs a read, one too few costs an order.
    pub never_paid: bool,
}

/// The queue of a statement, the first that fits; `None` when there is nothing to do:
///
/// 1. It takes something back, or may (a refund, a dispute, an end, the trash; a snapshot that has ended, counts
///    refunds, has a reduced line or a notice) → `order-canceled`.
/// 2. Its topic says "paid" → `order-paid`.
/// 3. It carries the storefront's own reference → `tag-external-id`.
/// 4. The order is fully paid, or perhaps was before → `order-paid`. An edit of a paid order makes it partly paid, and
///    lines that it removed, or a site that it brought, are in that snapshot alone: so it must reach the merge.
/// 5. Nothing of it was ever paid → `None`. The snapshot that will say "paid" is newer, and says all of it again.
pub fn choose_queue(says: &Statement, hints: Hints) -> Option<OrderQueue> {
    match says {
        Statement::Refund(refund) => {
            let named = refund.lines.as_ref();
            let of_nothing = named.is_some_and(|lines| lines.values().all(|units| *units == 0)) && !refund.whole;
            (!of_nothing).then_some(OrderQueue::OrderCanceled)
        }
        Statement::Dispute(_) | Statement::End(_) | Statement::Trashed => Some(OrderQueue::OrderCanceled),
        Statement::Payment(_) | Statement::BelongsTo(_) | Statement::Notice(_) | Statement::Told(_) => {
            Some(OrderQueue::OrderPaid)
        }
        Statement::Snapshot(snapshot) => {
            let takes_back = snapshot.ended.is_some()
                || !snapshot.refunds.is_empty()
                || !snapshot.unmapped_refunds.is_empty()
                || snapshot.refunded_all
                || !snapshot.notices.is_empty()
                || hints.reduced;
            let tagged = |fields: &crate::order::Fields| fields.external_id.is_some();
            if takes_back {
                Some(OrderQueue::OrderCanceled)
            } else if hints.topic_says_paid {
                Some(OrderQueue::OrderPaid)
            } else if tagged(&snapshot.fields) || snapshot.lines.iter().any(|line| tagged(&line.fields)) {
                Some(OrderQueue::TagExternalId)
            } else if snapshot.paid == Paid::Full || !hints.never_paid {
                Some(OrderQueue::OrderPaid)
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
    use crate::order::{Ended, Notice, Refund, RefundState, Snapshot, Version};
    use crate::time::Timestamp;

    fn snapshot(change: impl FnOnce(&mut Snapshot)) -> Statement {
        let mut snapshot = Snapshot::new(Version::at(Timestamp::EPOCH), String::new(), Timestamp::EPOCH);
        change(&mut snapshot);
        Statement::Snapshot(snapshot)
    }

    const NEVER_PAID: Hints = Hints {
        topic_says_paid: false,
        reduced: false,
        never_paid: true,
    };

    #[test]
    fn what_takes_something_back_goes_to_order_canceled() {
        let paid_topic = Hints {
            topic_says_paid: true,
            ..NEVER_PAID
        };
        for taking in [
            snapshot(|order| order.ended = Some(Ended::PLAIN)),
            snapshot(|order| order.refunds = BTreeSet::from(["7".to_owned()])),
            snapshot(|order| order.unmapped_refunds = BTreeSet::from(["7".to_owned()])),
            snapshot(|order| order.notices = vec![Notice::new("refund:7", "REFUND", "A refund.")]),
            Statement::Trashed,
        ] {
            assert_eq!(choose_queue(&taking, paid_topic), Some(OrderQueue::OrderCanceled));
        }
        let reduced = Hints {
            reduced: true,
            ..paid_topic
        };
        assert_eq!(
            choose_queue(&snapshot(|_| ()), reduced),
            Some(OrderQueue::OrderCanceled)
        );
    }

    #[test]
    fn a_paid_topic_goes_before_a_reference_and_that_before_a_paid_order() {
        let tagged = snapshot(|order| {
            order.paid = Paid::Full;
            order.fields.external_id = Some("PO-7".to_owned());
        });
        let paid_topic = Hints {
            topic_says_paid: true,
            ..Hints::default()
        };
        assert_eq!(choose_queue(&tagged, paid_topic), Some(OrderQueue::OrderPaid));
        assert_eq!(choose_queue(&tagged, Hints::default()), Some(OrderQueue::TagExternalId));
        let paid = snapshot(|order| order.paid = Paid::Full);
        assert_eq!(choose_queue(&paid, Hints::default()), Some(OrderQueue::OrderPaid));
    }

    #[test]
    fn an_order_that_was_perhaps_paid_is_kept_and_one_never_paid_is_not() {
        assert_eq!(
            choose_queue(&snapshot(|_| ()), Hints::default()),
            Some(OrderQueue::OrderPaid)
        );
        assert_eq!(choose_queue(&snapshot(|_| ()), NEVER_PAID), None);
    }

    #[test]
    fn a_refund_of_no_unit_is_nothing_to_do() {
        let refund = |lines, whole| {
            Statement::Refund(Refund {
                id: "7".to_owned(),
                state: RefundState::Succeeded,
                lines,
                whole,
            })
        };
        let queue = |says| choose_queue(&says, Hints::default());
        assert_eq!(queue(refund(Some(BTreeMap::new()), false)), None);
        let one = BTreeMap::from([("1".to_owned(), 1)]);
        assert_eq!(queue(refund(Some(one), false)), Some(OrderQueue::OrderCanceled));
        assert_eq!(queue(refund(None, false)), Some(OrderQueue::OrderCanceled));
        assert_eq!(
            queue(refund(Some(BTreeMap::new()), true)),
            Some(OrderQueue::OrderCanceled)
        );
    }
}
