//! Subscriptions that are paid by invoices, and orders whose payment is told without them.

use super::*;
use crate::order::{Fields, Line, Payment, PaymentLine, SCHEMA};

const NOW: Timestamp = Timestamp::from_secs(1_772_445_600);

fn at(seconds: i64) -> Version {
    Version::at(NOW + std::time::Duration::from_secs(seconds.unsigned_abs()))
}

fn event(says: Statement) -> OrderEvent {
    OrderEvent {
        schema: SCHEMA,
        key: "stripe/sub_1".parse().unwrap(),
        delivery: String::new(),
        received_at: NOW,
        says,
    }
}

/// The same state in whatever order it is told, and told twice.
fn told(statements: &[Statement]) -> Desired {
    let mut desired = Desired::default();
    for says in statements {
        desired.apply(&event(says.clone()));
    }
    let mut backwards = Desired::default();
    for says in statements.iter().rev().chain(statements) {
        backwards.apply(&event(says.clone()));
    }
    assert_eq!(desired, backwards);
    desired
}

fn paid(id: &str, made: i64, line: &str, units: u32, free: bool) -> Statement {
    Statement::Payment(Payment {
        id: id.into(),
        version: at(made),
        paid_at: at(made).time,
        first: made == 0,
        lines: vec![PaymentLine {
            line: line.into(),
            sku: "price".parse().unwrap(),
            units,
            free,
            fields: Fields::default(),
        }],
        created_at: None,
        fields: Fields::default(),
        number: None,
    })
}

fn standing(made: i64, line: &str, units: u32, change: impl FnOnce(&mut Snapshot)) -> Statement {
    let mut snapshot = Snapshot::new(at(made), made.to_string(), NOW);
    snapshot.paid = Paid::ByPayments;
    snapshot.lines = vec![Line::new(line.into(), "price".parse().ok(), units, Fields::default())];
    change(&mut snapshot);
    Statement::Snapshot(snapshot)
}

fn refund(id: &str, state: RefundState, whole: bool) -> Statement {
    Statement::Refund(Refund {
        id: id.into(),
        state,
        lines: None,
        whole,
    })
}

fn interval(desired: &Desired, line: &str, policy: &Policy) -> (u32, u32) {
    let entitlement = desired.entitlement(line, FAR, policy);
    (entitlement.buy, entitlement.keep)
}

const BUY: Policy = Policy {
    buy_on_trial: true,
    take_back_on_dispute: false,
    buy_unpaid_changes: false,
    not_before: Timestamp::EPOCH,
    released: false,
    settle: std::time::Duration::from_secs(60),
};
const WAIT: Policy = Policy {
    buy_on_trial: false,
    ..BUY
};

#[test]
fn what_is_listed_for_nothing_counts_where_trials_are_bought() {
    let trial = [paid("in_1", 0, "si", 1, true), standing(5, "si", 1, |_| {})];
    assert_eq!(interval(&told(&trial), "si", &BUY), (1, 1));
    assert_eq!(interval(&told(&trial), "si", &WAIT), (0, 1));
    assert_eq!(interval(&told(&trial[..1]), "si", &WAIT), (0, 0));
    // What was charged before a trial is still paid for during it.
    let extended = [
        paid("in_1", 0, "si", 2, false),
        paid("in_2", 10, "si", 2, true),
        standing(15, "si", 2, |_| {}),
    ];
    assert_eq!(interval(&told(&extended), "si", &WAIT), (2, 2));
    assert_eq!(interval(&told(&extended), "si", &BUY), (2, 2));
}

#[test]
fn the_invoice_that_was_made_last_says_how_many() {
    // The older one is paid last.
    let desired = told(&[paid("in_2", 10, "si", 3, false), paid("in_1", 0, "si", 1, false)]);
    assert_eq!(interval(&desired, "si", &BUY), (3, 3));
}

#[test]
fn a_line_that_an_old_invoice_called_by_its_price_is_one_line() {
    let desired = told(&[
        paid("in_1", 0, "price", 1, false),
        standing(5, "si", 1, |_| {}),
        paid("in_2", 10, "si", 1, false),
    ]);
    assert_eq!(interval(&desired, "price", &BUY), (1, 1));
    assert_eq!(interval(&desired, "si", &BUY), (0, 0));
    assert_eq!(desired.latest().unwrap().lines[0].id, "price");
}

#[test]
fn a_list_that_is_cut_takes_nothing_back() {
    let first = paid("in_1", 0, "other", 2, false);
    let cut = |snapshot: &mut Snapshot| snapshot.incomplete = true;
    assert_eq!(
        interval(&told(&[first.clone(), standing(5, "si", 1, cut)]), "other", &BUY),
        (2, 2)
    );
    assert_eq!(
        interval(&told(&[first, standing(5, "si", 1, |_| {})]), "other", &BUY),
        (0, 0)
    );
}

#[test]
fn a_refund_of_all_of_one_payment_leaves_a_subscription_unclear() {
    let whole = refund("ch_1", RefundState::Succeeded, true);
    let first = paid("in_1", 0, "si", 1, false);
    assert_eq!(interval(&told(&[first.clone(), whole.clone()]), "si", &BUY), (0, 1));
    assert_eq!(
        interval(&told(&[first, standing(5, "si", 1, |_| {}), whole]), "si", &BUY),
        (0, 1)
    );
}

#[test]
fn a_settled_order_is_paid_and_a_failed_refund_beside_a_whole_one_holds_it() {
    let unpaid = standing(0, "1", 1, |snapshot| snapshot.paid = Paid::No);
    assert_eq!(interval(&told(std::slice::from_ref(&unpaid)), "1", &BUY), (0, 0));
    assert_eq!(
        interval(&told(&[unpaid.clone(), Statement::Settled]), "1", &BUY),
        (1, 1)
    );
    let whole = refund("ch_1", RefundState::Succeeded, true);
    let refunded = [
        unpaid,
        Statement::Settled,
        whole,
        refund("re_1", RefundState::Failed, false),
    ];
    assert_eq!(interval(&told(&refunded[..3]), "1", &BUY), (0, 0));
    // Whether the charge's refund is the one that failed is not said.
    assert_eq!(interval(&told(&refunded), "1", &BUY), (0, 1));
    // Where it is named, it is undone.
    let named = [
        refunded[0].clone(),
        Statement::Settled,
        refund("re_1", RefundState::Succeeded, true),
        refunded[3].clone(),
    ];
    assert_eq!(interval(&told(&named), "1", &BUY), (1, 1));
}

#[test]
fn an_item_that_one_invoice_calls_by_two_names_is_one_line() {
    let Statement::Payment(mut payment) = paid("in_1", 0, "si_1", 2, false) else {
        unreachable!("it is a payment");
    };
    let by_sku = PaymentLine {
        line: "price".into(),
        ..payment.lines[0].clone()
    };
    payment.lines.push(by_sku);
    let payment = Statement::Payment(payment);
    let desired = told(&[payment, standing(0, "si_1", 2, |_| {})]);
    // Two units were paid for, and not two under each name.
    let live: u32 = desired.live_lines().map(|(_, units)| units).sum();
    assert_eq!(live, 2);
}

/// Found by the simulation (seed 83568): an item was bought for its invoice, then came an older state of the subscription, without
/// the item, and what was paid for was canceled.
#[test]
fn a_state_that_is_older_than_an_invoice_takes_back_nothing_of_it() {
    let before = standing(0, "si_1", 1, |_| {});
    let invoice = paid("in_2", 10, "si_2", 1, false);
    let more = paid("in_3", 10, "si_1", 3, false);
    let after = standing(20, "si_1", 1, |_| {});
    let known = [before, invoice, more, after];
    let of = |line: &str, until: usize| interval(&told(&known[..until]), line, &BUY);
    assert_eq!(
        (of("si_2", 2), of("si_1", 3)),
        ((0, 1), (1, 3)),
        "no more is bought before a newer state lists it"
    );
    assert_eq!(
        (of("si_2", 4), of("si_1", 4)),
        ((0, 0), (1, 1)),
        "the newer state says so"
    );
}
