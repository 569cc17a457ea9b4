//! The money rules, over any history: nothing unclear buys, nothing unpaid buys, and what is given back is never bought.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reseller_hooks::fulfilment::desired::Policy;
use reseller_hooks::order::{
    Covers, Dispute, DisputeState, End, Ended, Line, OrderEvent, Paid, Refund, RefundState, Snapshot, Statement,
    Version,
};

use super::book::Book;
use super::histories::{LINES, event, hashed, history, minute, policy, refund_lines, snapshot, told};

/// How many units of a line may be bought, and how many are kept.
fn interval(events: &[OrderEvent], line: &str, now: i64, policy: &Policy) -> (u32, u32) {
    let entitlement = told(events).entitlement(line, minute(now), policy);
    (entitlement.buy, entitlement.keep)
}

/// The most units of a line that anything listed which gives a right to them.
fn most_ever(events: &[OrderEvent], line: &str, policy: &Policy) -> u32 {
    let of_line = |line: &str, snapshot: &Snapshot, counts: &dyn Fn(&Line) -> bool| {
        let lines = snapshot
            .lines
            .iter()
            .filter(|listed| listed.id == line && counts(listed));
        lines.map(|listed| listed.units).max().unwrap_or(0)
    };
    let units = events.iter().map(|event| match &event.says {
        Statement::Snapshot(snapshot) => of_line(line, snapshot, &|listed| {
            snapshot.paid == Paid::Full
                || (listed.trial && policy.buy_on_trial)
                || (snapshot.paid == Paid::ByPayments && policy.buy_unpaid_changes)
        }),
        Statement::Payment(payment) => {
            let lines = payment.lines.iter().filter(|paid| paid.line == line);
            lines.map(|paid| paid.units).max().unwrap_or(0)
        }
        Statement::Settled
        | Statement::Refund(_)
        | Statement::Dispute(_)
        | Statement::End(_)
        | Statement::Trashed
        | Statement::BelongsTo(_)
        | Statement::Notice(_)
        | Statement::Told(_) => 0,
    });
    units.max().unwrap_or(0)
}

/// Snapshots of living orders that are paid, without anything unclear.
fn paid_only() -> impl Strategy<Value = Vec<OrderEvent>> {
    let plain = snapshot().prop_filter_map("a snapshot", |says| {
        let Statement::Snapshot(snapshot) = says else {
            return None;
        };
        Some(hashed(Snapshot {
            hash: String::new(),
            paid: Paid::Full,
            ended: None,
            unmapped_refunds: BTreeSet::new(),
            refunded_all: false,
            renewal: false,
            ..snapshot
        }))
    });
    prop::collection::vec(plain.prop_map(|says| event(0, says)), 1..5)
}

/// A reversal whose cause is told for the first time.
fn reversal() -> impl Strategy<Value = Statement> {
    let refund = |state| {
        refund_lines().prop_map(move |lines| {
            Statement::Refund(Refund {
                id: "new".to_owned(),
                state,
                lines: Some(lines),
                whole: false,
            })
        })
    };
    let dispute = |state| {
        Just(Statement::Dispute(Dispute {
            id: "new".to_owned(),
            state,
            inquiry: false,
        }))
    };
    prop_oneof![
        refund(RefundState::Pending),
        refund(RefundState::Succeeded),
        dispute(DisputeState::Open),
        dispute(DisputeState::Lost),
        Just(Statement::Trashed),
        Just(Statement::End(End {
            cause: "new".to_owned(),
            version: Version::at(minute(0)),
            ended: Some(Ended::PLAIN),
            of: Covers::SubscriptionLines,
        })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_interval_is_what_the_shops_own_book_says(events in history(9), now in 0_i64..15, policy in policy()) {
        let book = Book::of(&events, minute(now), &policy);
        for line in LINES {
            let owed = book.owed(line);
            prop_assert_eq!(interval(&events, line, now, &policy), (owed.buy, owed.keep), "line {}", line);
            prop_assert!(owed.buy <= owed.keep);
        }
    }

    #[test]
    fn nothing_is_bought_that_was_neither_paid_for_nor_given_on_trial(
        events in history(9), now in 0_i64..15, policy in policy(),
    ) {
        for line in LINES {
            let (buy, keep) = interval(&events, line, now, &policy);
            prop_assert!(buy <= keep, "line {}", line);
            prop_assert!(buy <= most_ever(&events, line, &policy), "line {}", line);
        }
    }

    #[test]
    fn an_unpaid_or_unclear_state_never_buys_more(
        events in paid_only(), unpaid in snapshot(), clear in any::<bool>(), policy in policy(),
    ) {
        let Statement::Snapshot(unpaid) = unpaid else { return Ok(()) };
        let lines = unpaid.lines.into_iter().map(|line| Line { trial: false, ..line }).collect();
        let paid = if clear { Paid::No } else { Paid::Unclear };
        let unpaid = hashed(Snapshot { hash: String::new(), lines, paid, renewal: false, ..unpaid });
        let mut more = events.clone();
        more.push(event(0, unpaid));
        for line in LINES {
            let (before, after) = (interval(&events, line, 0, &policy).0, interval(&more, line, 0, &policy).0);
            prop_assert!(after <= before, "line {}: {} and then {}", line, before, after);
        }
    }

    #[test]
    fn a_reversal_never_buys_more(events in history(8), taking in reversal(), now in 0_i64..15, policy in policy()) {
        let mut more = events.clone();
        more.push(event(9, taking));
        for line in LINES {
            let (before, after) = (interval(&events, line, now, &policy).0, interval(&more, line, now, &policy).0);
            prop_assert!(after <= before, "line {}: {} and then {}", line, before, after);
        }
    }

    #[test]
    fn a_refund_that_failed_is_as_if_it_had_never_been(
        events in history(8), lines in refund_lines(), now in 0_i64..15, policy in policy(),
    ) {
        let refund = |state| {
            let (id, lines) = ("failing".to_owned(), Some(lines.clone()));
            event(3, Statement::Refund(Refund { id, state, lines, whole: false }))
        };
        // A whole refund may be the sum of this one, which failed: then nobody knows, and it is held.
        let is_whole = |event: &OrderEvent| matches!(&event.says, Statement::Refund(refund) if refund.whole);
        let events: Vec<OrderEvent> = events.into_iter().filter(|event| !is_whole(event)).collect();
        let mut failed = events.clone();
        failed.push(refund(RefundState::Failed));
        failed.push(refund(RefundState::Succeeded));
        for line in LINES {
            prop_assert_eq!(interval(&failed, line, now, &policy), interval(&events, line, now, &policy));
        }
    }

    #[test]
    fn every_notice_has_its_id_once_and_none_depends_on_the_time(events in history(9), policy in policy()) {
        let desired = told(&events);
        let at = |now| desired.notices(minute(now), &policy).into_iter().map(|notice| notice.id).collect::<Vec<_>>();
        // After a day time alone tells nothing more.
        let (late, later) = (at(3_000), at(6_000));
        let once: BTreeSet<&String> = late.iter().collect();
        prop_assert_eq!(once.len(), late.len());
        prop_assert_eq!(late, later);
    }
}
