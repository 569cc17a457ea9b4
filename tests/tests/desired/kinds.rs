//! What each kind of thing that a shop says comes to, one by one.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::fulfilment::desired::{Desired, Entitlement, Policy, Tell};
use reseller_hooks::order::{
    Covers, Dispute, DisputeState, End, Ended, Fields, Line, OrderEvent, Paid, Payment, PaymentLine, Refund,
    RefundState, Snapshot, Statement, Version,
};

use super::histories::{event, hashed, minute, told};

fn snapshot(time: i64, units: u32, change: impl FnOnce(&mut Snapshot)) -> Statement {
    let line = Line::new("1".to_owned(), "A".parse().ok(), units, Fields::default());
    let mut snapshot = Snapshot::new(Version::at(minute(time)), String::new(), minute(0));
    snapshot.lines = vec![line];
    snapshot.paid = Paid::Full;
    change(&mut snapshot);
    hashed(snapshot)
}

fn invoice(id: &str, time: i64, first: bool, sku: &str, units: u32) -> Statement {
    Statement::Payment(Payment {
        id: id.to_owned(),
        version: Version::at(minute(time)),
        paid_at: minute(time),
        first,
        lines: vec![PaymentLine {
            line: "1".to_owned(),
            sku: sku.parse().expect("an SKU"),
            units,
            free: false,
            fields: Fields::default(),
        }],
        created_at: None,
        fields: Fields::default(),
        number: None,
    })
}

fn after(statements: impl IntoIterator<Item = Statement>) -> Desired {
    let events: Vec<OrderEvent> = statements.into_iter().map(|says| event(0, says)).collect();
    told(&events)
}

fn of(desired: &Desired, now: i64) -> (u32, u32) {
    let Entitlement { buy, keep, .. } = desired.entitlement("1", minute(now), &Policy::default());
    (buy, keep)
}

fn codes(desired: &Desired, now: i64) -> Vec<String> {
    let notices = desired.notices(minute(now), &Policy::default());
    notices.into_iter().map(|notice| notice.code).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn an_unpaid_edit_never_supplies_the_sku_that_is_bought() {
    let edit = snapshot(2, 1, |order| {
        order.paid = Paid::No;
        order.lines[0].sku = "B".parse().ok();
    });
    let desired = after([snapshot(1, 1, |_| ()), edit]);
    assert_eq!(of(&desired, 5), (1, 1));
    let planned = desired.planned_order().expect("an order");
    assert_eq!(planned.lines[0].sku, "A".parse().ok());
}

#[test]
fn a_paid_order_that_is_open_again_keeps_what_was_paid_and_no_more() {
    let grown = snapshot(2, 3, |order| order.paid = Paid::No);
    assert_eq!(of(&after([snapshot(1, 1, |_| ()), grown]), 5), (1, 1));
}

#[test]
fn a_refund_that_fails_later_makes_the_units_wanted_again() {
    let refund = |state| {
        Statement::Refund(Refund {
            id: "re_1".to_owned(),
            state,
            lines: Some(BTreeMap::from([("1".to_owned(), 1)])),
            whole: false,
        })
    };
    let paid = || snapshot(1, 2, |_| ());
    assert_eq!(of(&after([paid(), refund(RefundState::Pending)]), 5), (1, 2));
    assert_eq!(of(&after([paid(), refund(RefundState::Succeeded)]), 5), (1, 1));
    let failed = after([paid(), refund(RefundState::Failed), refund(RefundState::Succeeded)]);
    assert_eq!(of(&failed, 5), (2, 2));
    assert_eq!(codes(&failed, 5), ["REFUND_FAILED"]);
}

#[test]
fn a_refund_that_names_no_lines_stops_buying_until_it_is_told() {
    let refunded = snapshot(1, 3, |order| order.unmapped_refunds = BTreeSet::from(["7".to_owned()]));
    let mut desired = after([refunded.clone()]);
    assert_eq!(of(&desired, 5), (0, 3));
    assert_eq!(codes(&desired, 5), ["REFUND_UNCLEAR"]);
    let tell = Tell {
        refunded: Some(BTreeMap::from([("1".to_owned(), 1)])),
        by: "ada".to_owned(),
        ..Tell::default()
    };
    for answer in desired.clone().answers(&tell, minute(5)).expect("an answer") {
        assert!(desired.apply(&event(5, Statement::Told(answer))));
    }
    assert_eq!(of(&desired, 6), (2, 2));
    assert_eq!(codes(&desired, 6), NONE);
    // Telling it twice is telling it once.
    assert_eq!(desired.answers(&tell, minute(7)).expect("an answer"), []);
    // A refund that is deleted at the shop takes its answer along; another one opens the question again.
    desired.apply(&event(8, snapshot(2, 3, |_| ())));
    assert_eq!(of(&desired, 9), (3, 3));
    let another = snapshot(3, 3, |order| order.unmapped_refunds = BTreeSet::from(["8".to_owned()]));
    desired.apply(&event(9, another));
    assert_eq!(of(&desired, 9), (0, 3));
}

#[test]
fn refunded_in_full_is_nothing_and_marked_as_paid_again_is_a_question() {
    let all = |time| snapshot(time, 2, |order| order.refunded_all = true);
    let first_heard = after([all(1)]);
    assert_eq!(of(&first_heard, 5), (0, 0));
    assert_eq!(codes(&first_heard, 5), NONE);
    let mut again = after([snapshot(1, 2, |_| ()), all(2)]);
    assert_eq!(of(&again, 5), (0, 2));
    assert_eq!(codes(&again, 5), ["PAID_AGAIN"]);
    let tell = |paid| Tell {
        paid: Some(paid),
        by: "ada".to_owned(),
        ..Tell::default()
    };
    let answers = again.answers(&tell(false), minute(6)).expect("an answer");
    for answer in answers {
        assert!(again.apply(&event(6, Statement::Told(answer))));
    }
    assert_eq!(of(&again, 7), (0, 0));
    let answers = again.answers(&tell(true), minute(8)).expect("an answer");
    for answer in answers {
        assert!(again.apply(&event(8, Statement::Told(answer))));
    }
    assert_eq!((of(&again, 9), codes(&again, 9).len()), ((2, 2), 0));
}

/// Found by the simulation (seed 878, harsh): an edit that was not paid gave back a unit whose money was with the buyer.
#[test]
fn what_was_refunded_in_full_is_not_wanted_by_an_unpaid_edit() {
    let all = |time| snapshot(time, 2, |order| order.refunded_all = true);
    let unpaid = |time| snapshot(time, 3, |order| order.paid = Paid::No);
    // A shop of WooCommerce can take a refund away again.
    let after = |statements: Vec<Statement>| {
        let mut desired = Desired::default();
        for says in statements {
            let key = "wix/1".parse().expect("a key");
            desired.apply(&OrderEvent { key, ..event(0, says) });
        }
        desired
    };
    let edited = after(vec![snapshot(1, 2, |_| ()), all(2), unpaid(3)]);
    assert_eq!(of(&edited, 5), (0, 0));
    assert_eq!(codes(&edited, 5), NONE);
    // Called paid once more in between, it is the same question as without the edit.
    let again = after(vec![snapshot(1, 2, |_| ()), all(2), snapshot(3, 2, |_| ()), unpaid(4)]);
    assert_eq!(of(&again, 5), (0, 2));
    assert_eq!(codes(&again, 5), ["PAID_AGAIN"]);
}

#[test]
fn a_deletion_counts_after_two_minutes_and_a_later_body_undoes_it() {
    let alive = |received| event(received, snapshot(received, 1, |_| ()));
    let trashed = |received| event(received, Statement::Trashed);
    let of = |events: &[OrderEvent], now| {
        let desired = told(events);
        let entitlement = desired.entitlement("1", minute(now), &Policy::default());
        (entitlement.buy, entitlement.keep, codes(&desired, now))
    };
    assert_eq!(of(&[alive(0), trashed(10)], 11), (0, 1, vec![]));
    assert_eq!(
        told(&[alive(0), trashed(10)]).next_change(minute(11), &Policy::default()),
        Some(minute(12))
    );
    assert_eq!(of(&[alive(0), trashed(10)], 12), (0, 0, vec![]));
    assert_eq!(of(&[alive(0), trashed(10), alive(13)], 13), (1, 1, vec![]));
    let close = vec!["TRASH_UNCLEAR".to_owned()];
    assert_eq!(of(&[alive(0), trashed(10), alive(11)], 20), (0, 1, close));
}

#[test]
fn states_of_one_second_buy_only_what_they_agree_on() {
    let two = snapshot(1, 2, |_| ());
    let one = snapshot(1, 1, |order| {
        order.fields.site = Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd".to_owned())
    });
    let desired = after([two, one]);
    assert_eq!(of(&desired, 0), (1, 2));
    assert_eq!(codes(&desired, 5), ["STATES_DISAGREE"]);
    // Their fields unite, because a site that only one of them names is not in doubt.
    let planned = desired.planned_order().expect("an order");
    assert!(planned.fields.site.is_some());
    let newer = after([snapshot(1, 2, |_| ()), snapshot(1, 1, |_| ()), snapshot(2, 2, |_| ())]);
    assert_eq!((of(&newer, 5), codes(&newer, 5).len()), ((2, 2), 0));
}

#[test]
fn a_terminal_state_wins_over_any_version() {
    let canceled = snapshot(1, 1, |order| order.ended = Some(Ended::TERMINAL));
    let desired = after([canceled, snapshot(2, 1, |_| ()), invoice("in_9", 3, true, "A", 1)]);
    assert_eq!(of(&desired, 5), (0, 0));
    assert_eq!(codes(&desired, 5), ["PAID_AFTER_END"]);
}

#[test]
fn a_subscription_has_the_lesser_of_what_it_says_and_what_is_paid() {
    let subscription = |time, sku: &str, units| {
        let sku = sku.parse().ok();
        snapshot(time, units, |order| {
            order.paid = Paid::ByPayments;
            order.lines[0].sku = sku;
        })
    };
    // Nothing is bought, and what a trial gave stays: its first invoice is paid an hour after it ends.
    assert_eq!(of(&after([subscription(1, "A", 2)]), 5), (0, 2));
    assert_eq!(of(&after([invoice("in_1", 1, true, "A", 2)]), 5), (2, 2));
    let grown = after([invoice("in_1", 1, true, "A", 1), subscription(2, "A", 3)]);
    assert_eq!(of(&grown, 5), (1, 1));
    assert_eq!(codes(&grown, 61), NONE);
    assert_eq!(codes(&grown, 62), ["UNPAID_CHANGE"]);
    let billed = after([
        invoice("in_1", 1, true, "A", 1),
        subscription(2, "A", 3),
        invoice("in_2", 3, false, "A", 3),
    ]);
    assert_eq!((of(&billed, 62), codes(&billed, 62).len()), ((3, 3), 0));
    // Another price that is not billed: what was paid stays as it was.
    let switched = after([invoice("in_1", 1, true, "A", 1), subscription(2, "B", 1)]);
    assert_eq!(of(&switched, 5), (1, 1));
    assert_eq!(
        switched.planned_order().expect("an order").lines[0].sku,
        "A".parse().ok()
    );
}

#[test]
fn a_subscription_first_heard_of_by_a_renewal_is_not_bought() {
    let renewal = || after([invoice("in_9", 3, false, "A", 1)]);
    assert_eq!(of(&renewal(), 5), (0, 1));
    assert_eq!(codes(&renewal(), 5), ["FIRST_HEARD_BY_RENEWAL"]);
    let released = Policy {
        released: true,
        ..Policy::default()
    };
    let entitlement = renewal().entitlement("1", minute(5), &released);
    assert_eq!((entitlement.buy, entitlement.keep), (1, 1));
    // Begun before the catalog's time: held, and nobody is told.
    let mut old = invoice("in_9", 3, false, "A", 1);
    if let Statement::Payment(payment) = &mut old {
        payment.created_at = Some(minute(0));
    }
    let policy = Policy {
        not_before: minute(1),
        ..Policy::default()
    };
    assert_eq!(after([old]).notices(minute(5), &policy), []);
    // The first invoice comes late, and ends the question.
    let both = after([invoice("in_9", 3, false, "A", 1), invoice("in_1", 1, true, "A", 1)]);
    assert_eq!(of(&both, 5), (1, 1));
}

#[test]
fn a_trial_is_bought_or_waits_as_the_catalog_says() {
    let trial = after([snapshot(1, 1, |order| {
        order.paid = Paid::ByPayments;
        order.lines[0].trial = true;
    })]);
    let entitlement = trial.entitlement("1", minute(5), &Policy::default());
    assert_eq!((entitlement.buy, entitlement.trial), (1, true));
    let wait = Policy {
        buy_on_trial: false,
        ..Policy::default()
    };
    assert_eq!(trial.entitlement("1", minute(5), &wait).buy, 0);
}

#[test]
fn a_dispute_takes_back_where_the_catalog_says_so_and_never_an_inquiry() {
    let take_back = Policy {
        take_back_on_dispute: true,
        ..Policy::default()
    };
    let disputed = |state, inquiry| {
        let id = "dp_1".to_owned();
        after([
            snapshot(1, 1, |_| ()),
            Statement::Dispute(Dispute { id, state, inquiry }),
        ])
    };
    let open = disputed(DisputeState::Open, false);
    assert_eq!(of(&open, 5), (1, 1));
    assert_eq!(codes(&open, 5), ["DISPUTE_OPEN"]);
    let taken = open.entitlement("1", minute(5), &take_back);
    assert_eq!((taken.buy, taken.keep, taken.reversible), (0, 0, true));
    assert_eq!(
        disputed(DisputeState::Open, true)
            .entitlement("1", minute(5), &take_back)
            .buy,
        1
    );
    assert_eq!(
        disputed(DisputeState::Lost, false)
            .entitlement("1", minute(5), &take_back)
            .keep,
        0
    );
    let won = disputed(DisputeState::Won, false);
    assert_eq!(won.entitlement("1", minute(5), &take_back).buy, 1);
    assert_eq!(codes(&won, 5), NONE);
}

#[test]
fn the_end_of_a_subscription_takes_its_own_lines_and_can_be_undone() {
    let end = |time, ended| {
        Statement::End(End {
            cause: "subscription 1801".to_owned(),
            version: Version::at(minute(time)),
            ended,
            of: Covers::SubscriptionLines,
        })
    };
    let sold = |subscription| snapshot(1, 1, move |order| order.lines[0].subscription = subscription);
    assert_eq!(of(&after([sold(true), end(2, Some(Ended::PLAIN))]), 5), (0, 0));
    assert_eq!(of(&after([sold(false), end(2, Some(Ended::PLAIN))]), 5), (1, 1));
    assert_eq!(
        of(&after([sold(true), end(3, None), end(2, Some(Ended::PLAIN))]), 5),
        (1, 1)
    );
    assert_eq!(
        of(&after([sold(true), end(3, None), end(2, Some(Ended::TERMINAL))]), 5),
        (0, 0)
    );
}

#[test]
fn an_unclear_payment_keeps_what_was_bought_and_buys_nothing() {
    let unclear = after([
        snapshot(1, 1, |_| ()),
        snapshot(2, 3, |order| order.paid = Paid::Unclear),
    ]);
    assert_eq!(of(&unclear, 5), (0, 1));
    assert_eq!(codes(&unclear, 5), ["PAYMENT_UNCLEAR"]);
}

#[test]
fn a_line_that_lost_its_sku_is_remembered_to_have_had_one() {
    let lost = snapshot(2, 1, |order| order.lines[0].sku = None);
    assert!(after([snapshot(1, 1, |_| ()), lost.clone()]).had_sku("1"));
    assert!(after([lost.clone(), snapshot(1, 1, |_| ())]).had_sku("1"));
    assert!(!after([lost]).had_sku("1"));
}

#[test]
fn an_order_that_no_record_can_hold_is_left_as_it_is_and_told() {
    let mut desired = after([snapshot(1, 1, |_| ())]);
    let huge = snapshot(2, 1, |order| {
        order.lines = (0..2_000)
            .map(|at| {
                Line::new(
                    format!("{at}{}", "x".repeat(150)),
                    "A".parse().ok(),
                    1,
                    Fields::default(),
                )
            })
            .collect();
    });
    desired.apply(&event(2, huge));
    assert_eq!(of(&desired, 5), (0, u32::MAX));
    assert_eq!(codes(&desired, 5), ["ORDER_TOO_LARGE"]);
    let json = serde_json::to_string(&desired).expect("it serialises");
    assert!(json.len() < 2_000, "the record grew to {} bytes", json.len());
}

/// Who told it by mistake takes it back: the last word counts, and what was bought on the first one is not paid for.
#[test]
fn not_paid_is_heard_after_paid_and_the_other_way_round() {
    let unclear = snapshot(1, 2, |order| order.paid = Paid::Unclear);
    let mut desired = after([unclear]);
    for (minute, paid, owed) in [
        (5, true, (2, 2)),
        (6, false, (0, 0)),
        (7, true, (2, 2)),
        (8, false, (0, 0)),
    ] {
        tells_payment(&mut desired, minute, paid);
        assert_eq!(of(&desired, minute + 1), owed, "{minute}");
    }
    // A newer state asks again.
    desired.apply(&event(9, snapshot(2, 1, |_| ())));
    assert_eq!(of(&desired, 10), (1, 1));
}

/// The storefront's word may be wrong, too. Where an older state was paid for, nobody knows any more what it was: it stays.
#[test]
fn what_the_shop_calls_paid_may_be_told_unpaid() {
    let mut desired = after([snapshot(1, 2, |_| ())]);
    tells_payment(&mut desired, 5, false);
    assert_eq!(of(&desired, 6), (0, 0));
    let mut grown = after([snapshot(1, 1, |_| ()), snapshot(2, 3, |_| ())]);
    tells_payment(&mut grown, 5, false);
    assert_eq!(of(&grown, 6), (0, 3));
}

/// Two operators answer at once, and the clock of the one who saw the newer state is behind: what is bought and what is shown
/// follow the newer state, in whichever order the answers come. An answer about an older state takes nothing of it back.
#[test]
fn the_answer_about_the_newer_state_counts_whatever_the_clocks_say() {
    let unclear = |time, units| snapshot(time, units, |order| order.paid = Paid::Unclear);
    let older = after([unclear(1, 1)]);
    let both = after([unclear(1, 1), unclear(2, 3)]);
    let tell = |paid| Tell {
        paid: Some(paid),
        by: "ada".to_owned(),
        ..Tell::default()
    };
    for paid_before in [true, false] {
        let of_older = older.answers(&tell(paid_before), minute(9)).expect("an answer");
        let of_newer = both.answers(&tell(true), minute(8)).expect("an answer");
        let mut told: Vec<_> = of_older.into_iter().chain(of_newer).collect();
        for _ in 0..2 {
            let mut desired = both.clone();
            for answer in told.clone() {
                desired.apply(&event(9, Statement::Told(answer)));
            }
            assert_eq!(of(&desired, 10), (3, 3));
            assert_eq!(codes(&desired, 10), NONE);
            told.reverse();
        }
    }
}

fn tells_payment(desired: &mut Desired, at: i64, paid: bool) {
    let tell = Tell {
        paid: Some(paid),
        by: "ada".to_owned(),
        ..Tell::default()
    };
    for answer in desired.answers(&tell, minute(at)).expect("an answer") {
        assert!(desired.apply(&event(at, Statement::Told(answer))));
    }
}
