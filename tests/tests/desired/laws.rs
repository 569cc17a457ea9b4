//! The merge is commutative, associative and idempotent over any history, and what merged survives the ledger.

use proptest::prelude::*;
use reseller_hooks::fulfilment::desired::Desired;

use super::histories::{history, told};

fn merged(mut one: Desired, other: &Desired) -> Desired {
    one.merge(other);
    one
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_deliveries_does_not_matter(
        (events, shuffled) in history(10).prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        prop_assert_eq!(told(&events), told(&shuffled));
    }

    #[test]
    fn what_is_told_again_changes_nothing_and_says_so(events in history(10)) {
        let mut desired = told(&events);
        let before = desired.clone();
        for event in &events {
            let changed = desired.apply(event);
            prop_assert!(!changed, "{:?}", event);
        }
        prop_assert_eq!(desired, before);
    }

    #[test]
    fn copies_merge_to_what_one_that_heard_all_would_be(one in history(6), two in history(6), three in history(6)) {
        let (a, b, c) = (told(&one), told(&two), told(&three));
        prop_assert_eq!(merged(a.clone(), &a), a.clone());
        prop_assert_eq!(merged(a.clone(), &b), merged(b.clone(), &a));
        let left = merged(merged(a.clone(), &b), &c);
        prop_assert_eq!(&left, &merged(a, &merged(b, &c)));
        prop_assert_eq!(left, told(&[one, two, three].concat()));
    }

    #[test]
    fn what_merged_survives_the_ledger(events in history(10)) {
        let desired = told(&events);
        let json = serde_json::to_string(&desired).expect("it serialises");
        let again: Desired = serde_json::from_str(&json).expect("it is read back");
        prop_assert_eq!(again, desired);
    }
}
