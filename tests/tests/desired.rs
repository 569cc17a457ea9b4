//! Desired states merge to the same whatever the order, the number and the grouping of what is told: over any history.
#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use reseller_hooks::fulfilment::desired::Desired;
use reseller_hooks::order::{
    Ended, Fields, Line, OrderEvent, Paid, Refund, RefundState, SCHEMA, Snapshot, Statement, Version,
};
use reseller_hooks::time::Timestamp;

const LINES: [&str; 3] = ["1", "2", "3"];

/// Few different times and refunds, so that events collide.
fn snapshot() -> impl Strategy<Value = Statement> {
    let units = prop::collection::btree_map(prop::sample::select(&LINES[..]), 0_u32..5, 0..3);
    let refunds = prop::collection::btree_set("r[0-3]", 0..3);
    (0_i64..6, units, refunds, any::<bool>(), any::<bool>()).prop_map(|(time, units, refunds, paid, ended)| {
        let lines = units.iter().map(|(id, units)| {
            let sku = "MAIL".parse().ok();
            Line::new((*id).to_owned(), sku, *units, Fields::default())
        });
        // A hash of the body: different bodies have different ones.
        let hash = format!("{units:?} {refunds:?} {paid} {ended}");
        let version = Version::at(Timestamp::from_secs(time));
        Statement::Snapshot(Snapshot {
            lines: lines.collect(),
            refunds: refunds.into_iter().collect::<BTreeSet<_>>(),
            paid: if paid { Paid::Full } else { Paid::No },
            ended: ended.then_some(Ended::PLAIN),
            ..Snapshot::new(version, hash, Timestamp::EPOCH)
        })
    })
}

fn refund() -> impl Strategy<Value = Statement> {
    let lines = prop::collection::btree_map(prop::sample::select(&LINES[..]), 0_u32..4, 0..3);
    ("r[0-3]", lines).prop_map(|(id, lines)| {
        let lines: BTreeMap<String, u32> = lines
            .into_iter()
            .map(|(line, units)| (line.to_owned(), units))
            .collect();
        Statement::Refund(Refund {
            id,
            state: RefundState::Succeeded,
            lines: Some(lines),
            whole: false,
        })
    })
}

fn event() -> impl Strategy<Value = OrderEvent> {
    (0_i64..10, prop_oneof![2 => snapshot(), 1 => refund()]).prop_map(|(received, says)| OrderEvent {
        schema: SCHEMA,
        key: "shopify/1".parse().expect("a key"),
        delivery: String::new(),
        received_at: Timestamp::from_secs(received),
        says,
    })
}

fn told(events: &[OrderEvent]) -> Desired {
    let mut desired = Desired::default();
    for event in events {
        desired.apply(event);
    }
    desired
}

fn merged(mut one: Desired, other: &Desired) -> Desired {
    one.merge(other);
    one
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_deliveries_does_not_matter(
        (events, shuffled) in prop::collection::vec(event(), 0..9)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        prop_assert_eq!(told(&events), told(&shuffled));
    }

    #[test]
    fn what_is_told_again_changes_nothing_and_says_so(events in prop::collection::vec(event(), 0..9)) {
        let mut desired = told(&events);
        let before = desired.clone();
        for event in &events {
            let changed = desired.apply(event);
            prop_assert!(!changed, "{:?}", event);
        }
        prop_assert_eq!(desired, before);
    }

    #[test]
    fn copies_merge_to_what_one_that_heard_all_would_be(
        one in prop::collection::vec(event(), 0..6),
        two in prop::collection::vec(event(), 0..6),
        three in prop::collection::vec(event(), 0..6),
    ) {
        let (a, b, c) = (told(&one), told(&two), told(&three));
        prop_assert_eq!(merged(a.clone(), &a), a.clone());
        prop_assert_eq!(merged(a.clone(), &b), merged(b.clone(), &a));
        let left = merged(merged(a.clone(), &b), &c);
        prop_assert_eq!(&left, &merged(a, &merged(b, &c)));
        prop_assert_eq!(left, told(&[one, two, three].concat()));
    }

    #[test]
    fn nobody_is_owed_more_than_the_newest_version_lists(events in prop::collection::vec(event(), 1..9)) {
        let desired = told(&events);
        for line in LINES {
            let listed = desired.latest().map_or(0, |latest| {
                let lines = latest.lines.iter().filter(|listed| listed.id == line);
                if latest.ended.is_some() { 0 } else { lines.map(|listed| listed.units).sum() }
            });
            prop_assert!(desired.live(line) <= listed);
        }
    }
}
