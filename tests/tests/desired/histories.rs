//! Random histories: few different times, lines, SKUs and IDs, so that statements collide.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use reseller_hooks::fulfilment::desired::{Desired, Policy};
use reseller_hooks::order::{
    Answer, Covers, Dispute, DisputeState, End, Ended, Fields, Item, Line, Notice, OrderEvent, Paid, Payment,
    PaymentLine, Refund, RefundState, SCHEMA, Snapshot, Statement, Told, Version,
};
use reseller_hooks::time::Timestamp;

pub(super) const LINES: [&str; 3] = ["1", "2", "3"];
pub(super) const SKUS: [&str; 2] = ["A", "B"];
const PRODUCTS: [&str; 2] = ["7", "8"];

/// A time of the shop's and of ours: minutes, so that the two minutes of the trash matter.
pub(super) const fn minute(at: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + at * 60)
}

pub(super) fn event(received: i64, says: Statement) -> OrderEvent {
    OrderEvent {
        schema: SCHEMA,
        key: "woocommerce/1".parse().expect("a key"),
        delivery: String::new(),
        received_at: minute(received),
        says,
    }
}

pub(super) fn told(events: &[OrderEvent]) -> Desired {
    let mut desired = Desired::default();
    for event in events {
        desired.apply(event);
    }
    desired
}

fn line() -> impl Strategy<Value = Line> {
    let sku = prop_oneof![8 => prop::sample::select(&SKUS[..]).prop_map(Some), 1 => Just(None)];
    (
        prop::sample::select(&LINES[..]),
        sku,
        0_u32..5,
        prop::bool::weighted(0.1),
        any::<bool>(),
        prop_oneof![2 => Just(None), 1 => prop::sample::select(&PRODUCTS[..]).prop_map(Some)],
    )
        .prop_map(|(id, sku, units, trial, subscription, product)| Line {
            trial,
            subscription,
            product: product.map(ToOwned::to_owned),
            ..Line::new(
                id.to_owned(),
                sku.map(|sku| sku.parse().expect("an SKU")),
                units,
                Fields::default(),
            )
        })
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec(line(), 0..4).prop_map(|lines| {
        let by_id: BTreeMap<String, Line> = lines.into_iter().map(|line| (line.id.clone(), line)).collect();
        by_id.into_values().collect()
    })
}

fn ended() -> impl Strategy<Value = Option<Ended>> {
    prop_oneof![
        12 => Just(None),
        2 => Just(Some(Ended::PLAIN)),
        1 => Just(Some(Ended::REVERSIBLE)),
        1 => Just(Some(Ended::TERMINAL)),
    ]
}

fn ids(pattern: &'static str) -> impl Strategy<Value = BTreeSet<String>> {
    prop_oneof![3 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(pattern, 0..3)]
}

/// A snapshot with a hash of all that it says, as adapters make it.
pub(super) fn hashed(mut snapshot: Snapshot) -> Statement {
    snapshot.hash = format!("{snapshot:?}");
    Statement::Snapshot(snapshot)
}

pub(super) fn snapshot() -> impl Strategy<Value = Statement> {
    let paid = prop_oneof![
        4 => Just(Paid::Full),
        3 => Just(Paid::No),
        1 => Just(Paid::Unclear),
        2 => Just(Paid::ByPayments),
    ];
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (0_i64..5, lines(), paid, ended(), ids("r[0-2]"), ids("u[0-2]"), flags).prop_map(
        |(time, lines, paid, ended, refunds, unmapped_refunds, (refunded_all, renewal))| {
            hashed(Snapshot {
                lines,
                paid,
                ended,
                refunds,
                unmapped_refunds,
                refunded_all,
                renewal,
                ..Snapshot::new(Version::at(minute(time)), String::new(), minute(0))
            })
        },
    )
}

fn payment() -> impl Strategy<Value = Statement> {
    let lines = prop::collection::btree_map(
        (prop::sample::select(&LINES[..]), prop::sample::select(&SKUS[..])),
        0_u32..5,
        0..3,
    );
    (0_i64..5, lines, "in_[0-3]", any::<bool>()).prop_map(|(time, lines, id, first)| {
        let lines = lines.into_iter().map(|((line, sku), units)| PaymentLine {
            line: line.to_owned(),
            sku: sku.parse().expect("an SKU"),
            units,
            free: false,
            fields: Fields::default(),
        });
        Statement::Payment(Payment {
            id,
            version: Version::at(minute(time)),
            paid_at: minute(time),
            first,
            lines: lines.collect(),
            created_at: None,
            fields: Fields::default(),
            number: None,
        })
    })
}

pub(super) fn refund_lines() -> impl Strategy<Value = BTreeMap<String, u32>> {
    prop::collection::btree_map(
        prop::sample::select(&LINES[..]).prop_map(ToOwned::to_owned),
        1_u32..3,
        1..3,
    )
}

fn refund() -> impl Strategy<Value = Statement> {
    let states = [RefundState::Pending, RefundState::Succeeded, RefundState::Failed];
    let lines = prop_oneof![4 => refund_lines().prop_map(Some), 1 => Just(None)];
    (
        "[ru][0-2]",
        prop::sample::select(states.to_vec()),
        lines,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(id, state, lines, whole)| {
            Statement::Refund(Refund {
                id,
                state,
                lines,
                whole,
            })
        })
}

fn dispute() -> impl Strategy<Value = Statement> {
    let states = [DisputeState::Open, DisputeState::Lost, DisputeState::Won];
    ("d[0-1]", prop::sample::select(states.to_vec()), any::<bool>())
        .prop_map(|(id, state, inquiry)| Statement::Dispute(Dispute { id, state, inquiry }))
}

fn item() -> impl Strategy<Value = Item> {
    let product = prop_oneof![1 => Just(None), 2 => prop::sample::select(&PRODUCTS[..]).prop_map(Some)];
    let sku = prop_oneof![1 => Just(None), 2 => prop::sample::select(&SKUS[..]).prop_map(Some)];
    (product, sku).prop_map(|(product, sku)| Item {
        product: product.map(ToOwned::to_owned),
        sku: sku.map(|sku| sku.parse().expect("an SKU")),
        units: 1,
    })
}

fn end() -> impl Strategy<Value = Statement> {
    let of = prop_oneof![
        Just(Covers::All),
        Just(Covers::SubscriptionLines),
        Just(Covers::Skus(BTreeSet::from(["A".parse().expect("an SKU")]))),
        item().prop_map(|item| Covers::Items(BTreeSet::from([item]))),
    ];
    ("e[0-1]", 0_i64..4, ended(), of).prop_map(|(cause, time, ended, of)| {
        Statement::End(End {
            cause,
            version: Version::at(minute(time)),
            ended,
            of,
        })
    })
}

fn answer() -> impl Strategy<Value = Statement> {
    let answer = prop_oneof![
        (0_i64..5).prop_map(|time| Answer::NotPaid {
            version: Version::at(minute(time))
        }),
        prop::sample::select(&LINES[..]).prop_map(|line| Answer::NotOurs { line: line.to_owned() }),
        (ids("u[0-2]"), refund_lines()).prop_map(|(refunds, lines)| Answer::Refunded { refunds, lines }),
    ];
    (0_i64..10, answer).prop_map(|(at, answer)| {
        Statement::Told(Told {
            at: minute(at),
            answer,
            by: "ada".to_owned(),
            reason: String::new(),
        })
    })
}

/// Everything that can be said.
pub(super) fn statement() -> impl Strategy<Value = Statement> {
    prop_oneof![
        8 => snapshot(),
        3 => payment(),
        3 => refund(),
        1 => dispute(),
        1 => end(),
        1 => Just(Statement::Trashed),
        1 => answer(),
        1 => "n[0-3]".prop_map(|id| Statement::Notice(Notice::new(&id, "CODE", "A sentence."))),
        1 => "[0-1]".prop_map(|id| Statement::BelongsTo(format!("woocommerce/9{id}").parse().expect("a key"))),
    ]
}

pub(super) fn history(most: usize) -> impl Strategy<Value = Vec<OrderEvent>> {
    prop::collection::vec(
        (0_i64..10, statement()).prop_map(|(received, says)| event(received, says)),
        0..most,
    )
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), any::<bool>()).prop_map(
        |(buy_on_trial, take_back_on_dispute, buy_unpaid_changes, released)| Policy {
            buy_on_trial,
            take_back_on_dispute,
            buy_unpaid_changes,
            released,
            ..Policy::default()
        },
    )
}
