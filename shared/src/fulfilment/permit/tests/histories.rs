//! How many calls a minute may see, over random histories of processes that die and are throttled.

use proptest::prelude::*;

use super::*;

/// One step of a history.
#[derive(Debug, Clone)]
struct Act {
    process: usize,
    /// Time that passes before it.
    after: i64,
    ask: Ask,
    /// It dies with the permit in its hands.
    dies: bool,
    /// After which times it makes its calls.
    calls_after: Vec<i64>,
    throttled: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let class = prop_oneof![
        Just(Class::Begun),
        Just(Class::Fresh),
        Just(Class::Sweep),
        Just(Class::Audit)
    ];
    let after = prop_oneof![4 => 0_i64..50, 2 => 0_i64..900, 1 => 0_i64..7_000];
    let act = (
        0_usize..6,
        after,
        (1_u32..8, 0_u32..2, class),
        prop::bool::weighted(0.1),
        prop::collection::vec(0_i64..3_000, 9),
        prop::bool::weighted(0.01),
    );
    let act = act.prop_map(
        |(process, after, (calls, then, class), dies, calls_after, throttled)| Act {
            process,
            after,
            ask: Ask {
                calls,
                then,
                units: 0,
                class,
            },
            dies,
            calls_after,
            throttled,
        },
    );
    prop::collection::vec(act, 200..900)
}

/// The times of all calls that a history makes, with clocks that are up to `skew` milliseconds apart.
fn calls_of(acts: &[Act], skew: i64) -> Vec<i64> {
    let mut store = Store::default();
    let mut seen: Vec<Option<Limit>> = vec![None; 6];
    let (mut now, mut calls) = (0, Vec::new());
    for act in acts {
        now += act.after;
        let ahead = skew * i64::try_from(act.process).unwrap() / 5 - skew / 2;
        let (permit, _) = store.ask_from(&mut seen[act.process], &act.ask, at(now + ahead));
        let Ok(mut permit) = permit else { continue };
        if act.dies {
            seen[act.process] = None;
            continue;
        }
        // It makes as many calls as the permit lets it, one after the other.
        let mut later = now;
        for after in &act.calls_after {
            later += after;
            if permit.spend(at(later + ahead)) {
                calls.push(later);
            }
        }
        if act.throttled
            && let Some(slower) = after_throttling(store.item(), None, at(now + ahead))
        {
            store.put(slower);
        }
    }
    calls.sort_unstable();
    calls
}

fn most_in_a_minute(calls: &[i64]) -> usize {
    let within = |first: usize| calls[first..].iter().filter(move |call| **call < calls[first] + 60_000);
    (0..calls.len()).map(|first| within(first).count()).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sixty_seconds_see_more_than_182_calls(acts in acts()) {
        prop_assert!(most_in_a_minute(&calls_of(&acts, 0)) <= 182);
    }

    #[test]
    fn with_five_seconds_between_the_clocks_it_is_196(acts in acts()) {
        prop_assert!(most_in_a_minute(&calls_of(&acts, 5_000)) <= 196);
    }
}

#[test]
fn the_bound_is_met_so_that_it_says_something() {
    let act = |after: i64| Act {
        process: 0,
        after,
        ask: Ask {
            then: 0,
            ..order(Class::Fresh)
        },
        dies: false,
        calls_after: vec![0],
        throttled: false,
    };
    // Full windows, the first at its end and the last at its beginning.
    let mut acts: Vec<Act> = vec![act(4_990)];
    acts.extend((0..13).map(|_| act(0)));
    for window in 1..13 {
        acts.push(act(if window == 1 { 10 } else { 5_000 }));
        acts.extend((0..13).map(|_| act(0)));
    }
    assert_eq!(most_in_a_minute(&calls_of(&acts, 0)), 182);
}
