//! Desired states merge to the same whatever the order, the number and the grouping of what is told: over any history.
#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use reseller_hooks::fulfilment::desired::Desired;
use reseller_hooks::order::{Fields, Line, OrderEvent, Refund, SCHEMA, Snapshot, Version, Wish};
use reseller_hooks::time::Timestamp;

const LINES: [&str; 3] = ["1", "2", "3"];

/// Few different times and refunds, so that events collide.
fn snapshot() -> impl Strategy<Value = Wish> {
    let units = prop::collection::btree_map(prop::sample::select(&LINES[..]), 0_u32..5, 0..3);
    let refunds = prop::collection::btree_set("r[0-3]", 0..3);
    (0_i64..6, units, refunds, any::<bool>(), any::<bool>()).prop_map(|(time, units, refunds, fully_paid, canceled)| {
        let lines = units.iter().map(|(id, units)| Line {
            id: (*id).to_owned(),
            sku: "MAIL".parse().ok(),
            units: *units,
            fields: Fields::default(),
        });
        Wish::Snapshot(Snapshot {
            version: Version {
                time: Timestamp::from_secs(time),
                sequence: 0,
                canceled,
                refunds: u32::try_from(refunds.len()).unwrap_or(u32::MAX),
                // A hash of the body: different bodies have different ones.
                hash: format!("{units:?} {refunds:?} {fully_paid}"),
            },
            created_at: Timestamp::EPOCH,
            lines: lines.collect(),
            refunds: refunds.into_iter().collect::<BTreeSet<_>>(),
            fully_paid,
            canceled,
            fields: Fields::default(),
            unmapped: BTreeSet::new(),
        })
    })
}

fn refund() -> impl Strategy<Value = Wish> {
    let lines = prop::collection::btree_map(prop::sample::select(&LINES[..]), 0_u32..4, 0..3);
    ("r[0-3]", lines).prop_map(|(id, lines)| {
        let lines: BTreeMap<String, u32> = lines
            .into_iter()
            .map(|(line, units)| (line.to_owned(), units))
            .collect();
        Wish::Refund(Refund { id, lines })
    })
}

fn event() -> impl Strategy<Value = OrderEvent> {
    (0_i64..10, prop_oneof![2 => snapshot(), 1 => refund()]).prop_map(|(received, wish)| OrderEvent {
        schema: SCHEMA,
        key: "shopify/1".parse().expect("a key"),
        delivery: String::new(),
        received_at: Timestamp::from_secs(received),
        wish,
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
            let listed = desired.latest.as_ref().map_or(0, |latest| {
                let lines = latest.lines.iter().filter(|listed| listed.id == line);
                if latest.canceled { 0 } else { lines.map(|listed| listed.units).sum() }
            });
            prop_assert!(desired.live(line) <= listed);
        }
    }
}
