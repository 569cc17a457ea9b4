//! The rules of permits; `histories` has what follows from them over random histories of processes.

use std::time::Duration;

use super::rules::resumed;
use super::*;
use crate::ledger::limit::{Change, Changed, Limit};

mod histories;

const START: Timestamp = Timestamp::from_secs(1_790_000_000);
const TERMS: Terms = Terms { top: 14, most: 1_000 };
const HOME: &str = "ledger";

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + millis)
}

/// An order with a voucher.
const fn order(class: Class) -> Ask {
    Ask {
        calls: 1,
        then: 1,
        units: 1,
        class,
    }
}

/// The item, and a process that asks until it has an answer.
#[derive(Default)]
struct Store(Option<Limit>);

impl Store {
    fn ask(&mut self, ask: &Ask, now: Timestamp) -> Result<Permit, Verdict> {
        self.ask_from(&mut None, ask, now).0
    }

    /// The same by a process that remembers what it saw; how many updates it took.
    fn ask_from(&mut self, seen: &mut Option<Limit>, ask: &Ask, now: Timestamp) -> (Result<Permit, Verdict>, u32) {
        let mut fresh = false;
        for tries in 1..20 {
            let (change, permit) = match verdict(ask, seen.as_ref(), fresh, &TERMS, HOME, now) {
                Verdict::Try(change, permit) => (change, permit),
                Verdict::Brake(change) => (change, Permit::default()),
                verdict @ (Verdict::Full(_) | Verdict::Paused(_) | Verdict::Braked(_)) => {
                    return (Err(verdict), tries - 1);
                }
            };
            match change.apply(self.0.as_ref()) {
                Changed::Done(item) => {
                    self.0 = Some((*item).clone());
                    *seen = Some(*item);
                    if permit != Permit::default() {
                        return (Ok(permit), tries);
                    }
                }
                Changed::Refused(item) => *seen = item.map(|item| *item),
            }
            fresh = true;
        }
        panic!("no answer to {ask:?} from {:?}", self.0);
    }

    fn item(&self) -> &Limit {
        self.0.as_ref().unwrap()
    }

    fn put(&mut self, item: Limit) {
        let seen = self.0.as_ref().map(|item| item.rev);
        let change = Change::Put {
            seen,
            item: Box::new(item),
        };
        assert!(matches!(change.apply(self.0.as_ref()), Changed::Done(_)));
        let Change::Put { item, .. } = change else {
            unreachable!()
        };
        self.0 = Some(*item);
    }
}

#[test]
fn the_documented_limit_is_fourteen_calls_in_five_seconds() {
    assert_eq!(calls_per_window(DOCUMENTED), 14);
    assert_eq!(calls_per_window(1), 1);
    assert_eq!(calls_per_window(600), 42);
}

#[test]
fn an_ordinary_order_takes_one_update_and_has_its_vouchers_call_with_it() {
    let (mut store, mut seen) = (Store::default(), None);
    for order_at in [0, 200, 60_000, 3_700_000] {
        let (permit, tries) = store.ask_from(&mut seen, &order(Class::Fresh), at(order_at));
        let mut permit = permit.unwrap();
        assert_eq!(tries, 1, "at {order_at}");
        assert!(permit.spend(at(order_at)) && permit.spend(at(order_at + 900)));
    }
}

#[test]
fn a_window_that_is_full_is_not_asked_again() {
    let (mut store, mut seen) = (Store::default(), None);
    for _ in 0..7 {
        store.ask_from(&mut seen, &order(Class::Fresh), at(0)).0.unwrap();
    }
    let full = store.ask_from(&mut seen, &order(Class::Fresh), at(100));
    assert_eq!(full, (Err(Verdict::Full(at(5_000))), 0));
}

#[test]
fn a_sweep_leaves_four_of_fourteen_until_the_last_second() {
    let mut store = Store::default();
    for _ in 0..5 {
        store.ask(&order(Class::Sweep), at(0)).unwrap();
    }
    assert_eq!(store.ask(&order(Class::Sweep), at(0)), Err(Verdict::Full(at(4_000))));
    // A worker, and an order that is begun, take of the four.
    store.ask(&order(Class::Fresh), at(1_000)).unwrap();
    store.ask(&Ask::BEGUN, at(1_000)).unwrap();
    assert_eq!(store.item().left, 1);
    store.ask(&order(Class::Sweep), at(4_000)).unwrap();
    assert_eq!((store.item().left, store.item().next), (0, 13));
}

#[test]
fn a_base_in_the_last_second_has_its_voucher_in_the_next_window() {
    let mut store = Store::default();
    let mut permit = store.ask(&order(Class::Sweep), at(4_100)).unwrap();
    assert!(permit.spend(at(4_100)));
    assert_eq!(permit.allows(at(4_600)), Spend::At(at(5_000)));
    assert!(permit.spend(at(5_000)));
    // Others cannot have it: eight bases have taken of the next window.
    for _ in 0..7 {
        store.ask(&order(Class::Sweep), at(4_200)).unwrap();
    }
    store.ask(&order(Class::Fresh), at(5_100)).unwrap();
    assert_eq!(store.item().left, 14 - 8 - 2);
}

#[test]
fn a_permit_is_good_in_its_window_only() {
    let mut store = Store::default();
    let mut permit = store.ask(&order(Class::Fresh), at(2_000)).unwrap();
    assert!(permit.spend(at(4_999)));
    assert_eq!(permit.allows(at(5_000)), Spend::Lapsed);
    assert!(!permit.spend(at(5_000)));
}

#[test]
fn throttling_halves_once_rests_and_comes_back_by_one_a_minute() {
    let mut store = Store::default();
    store.ask(&order(Class::Fresh), at(0)).unwrap();
    let slower = after_throttling(store.item(), Some(Duration::from_secs(30)), at(1_000)).unwrap();
    store.put(slower);
    assert_eq!((store.item().cap, store.item().left), (7, 0));
    // The other answers of the same moment say nothing new.
    assert_eq!(
        after_throttling(store.item(), Some(Duration::from_secs(29)), at(1_500)),
        None
    );
    assert_eq!(
        store.ask(&order(Class::Fresh), at(2_000)),
        Err(Verdict::Full(at(35_000)))
    );
    store.ask(&order(Class::Fresh), at(35_000)).unwrap();
    assert_eq!(store.item().cap, 7);
    for minute in 1..=9 {
        store.ask(&order(Class::Fresh), at(minute * 60_000)).unwrap();
        assert_eq!(i64::from(store.item().cap), (7 + minute).min(14));
    }
}

#[test]
fn a_limit_of_one_call_still_lets_an_order_through() {
    let mut item = Limit::new(HOME, 14, Window::of(START));
    for slowed in 0..6 {
        item = after_throttling(&item, None, at(slowed * 20_000)).unwrap();
    }
    assert_eq!(item.cap, 1);
    let mut store = Store(Some(item));
    for class in [Class::Fresh, Class::Sweep, Class::Audit] {
        let now = at(121_000);
        store.0.as_mut().unwrap().window = Window::of(at(100_000));
        store.ask(&order(class), now).unwrap();
    }
}

#[test]
fn a_pause_stops_every_class_with_the_next_permit() {
    let (mut store, mut seen) = (Store::default(), None);
    store.ask_from(&mut seen, &order(Class::Fresh), at(0)).0.unwrap();
    let turned = Turned {
        by: "jane".to_owned(),
        reason: "a storm of wrong orders".to_owned(),
        at: at(10),
    };
    store.put(Limit {
        rev: store.item().rev + 1,
        paused: Some(turned.clone()),
        ..store.item().clone()
    });
    let paused = Verdict::Paused(Pause::Operator(turned));
    for class in [Class::Begun, Class::Fresh, Class::Sweep, Class::Audit] {
        let ask = Ask {
            units: 0,
            ..order(class)
        };
        assert_eq!(store.ask_from(&mut seen.clone(), &ask, at(20)).0, Err(paused.clone()));
        assert_eq!(store.ask(&ask, at(9_000)), Err(paused.clone()));
    }
    // A process that believes it to be paused sees at once that it is not.
    let (_, _) = store.ask_from(&mut seen, &order(Class::Fresh), at(20));
    let resumed = resumed(store.item(), HOME, at(10));
    store.put(resumed);
    store.ask_from(&mut seen, &order(Class::Fresh), at(30)).0.unwrap();
}

#[test]
fn a_restored_ledger_is_audited_and_nothing_else_until_it_is_resumed() {
    let mut store = Store(Some(Limit::new("the ledger before", 14, Window::of(START))));
    let restored = Verdict::Paused(Pause::Restored {
        from: "the ledger before".to_owned(),
    });
    for class in [Class::Begun, Class::Fresh, Class::Sweep] {
        assert_eq!(store.ask(&order(class), at(0)), Err(restored.clone()));
    }
    let audit = Ask {
        class: Class::Audit,
        ..Ask::BEGUN
    };
    store.ask(&audit, at(0)).unwrap();
    let resumed = resumed(store.item(), HOME, at(10));
    assert_eq!(resumed.restored, Some(at(10)));
    store.put(resumed);
    store.ask(&order(Class::Fresh), at(10)).unwrap();
}

// The cheapest limit on a bug, a typo in the catalog or a stolen secret: so it stays on until a person has looked.
#[test]
fn the_brake_stops_what_buys_and_nothing_else_until_resume() {
    let mut store = Store::default();
    let bulk = Ask {
        units: 999,
        ..order(Class::Fresh)
    };
    store.ask(&bulk, at(0)).unwrap();
    // One purchase may pass the number, so that one that is larger than it can be made at all.
    store.ask(&bulk, at(10)).unwrap();
    let braked = |store: &mut Store, now| matches!(store.ask(&order(Class::Fresh), now), Err(Verdict::Braked(_)));
    assert!(braked(&mut store, at(20)));
    let take_back = Ask {
        calls: 4,
        then: 0,
        units: 0,
        class: Class::Fresh,
    };
    store.ask(&take_back, at(30)).unwrap();
    store.ask(&Ask::BEGUN, at(40)).unwrap();
    // The next hour does not take it off.
    assert!(braked(&mut store, at(7_200_000)));
    let resumed = resumed(store.item(), HOME, at(10));
    store.put(resumed);
    store.ask(&order(Class::Fresh), at(7_200_010)).unwrap();
    assert_eq!(store.item().bought, 1);
}

#[test]
fn what_was_bought_counts_in_its_own_hour_only() {
    let mut store = Store::default();
    let hour = Window::of(START).hour().plus(720).begins();
    let many = Ask {
        units: 999,
        ..order(Class::Fresh)
    };
    store.ask(&many, hour - Duration::from_secs(1)).unwrap();
    assert_eq!(store.item().bought, 999);
    store.ask(&many, hour).unwrap();
    assert_eq!(store.item().bought, 999);
    store.ask(&order(Class::Fresh), hour + Duration::from_secs(6)).unwrap();
    assert_eq!(store.item().bought, 1_000);
}

#[test]
fn a_configured_limit_takes_effect_at_once() {
    let mut store = Store::default();
    for _ in 0..3 {
        store.ask(&order(Class::Fresh), at(0)).unwrap();
    }
    let ask = order(Class::Fresh);
    for (top, left) in [(42, 42 - 6 - 2), (5, 0)] {
        let terms = Terms { top, ..TERMS };
        let Verdict::Try(change, _) = verdict(&ask, store.0.as_ref(), false, &terms, HOME, at(10)) else {
            panic!("it is corrected at once");
        };
        let Changed::Done(item) = change.apply(store.0.as_ref()) else {
            panic!("it is the item that was seen");
        };
        assert_eq!((item.top, item.cap, item.left), (top, top, left));
        store.0 = Some(*item);
    }
}

#[test]
fn a_window_of_a_clock_that_was_far_ahead_does_not_stop_the_stack() {
    let mut store = Store::default();
    store.ask(&order(Class::Fresh), at(3_600_000)).unwrap();
    assert_eq!(store.ask(&order(Class::Fresh), at(0)), Err(Verdict::Full(at(5_000))));
    store.ask(&order(Class::Fresh), at(5_000)).unwrap();
}

/// Money: what the lost ledger bought is not in it.
#[test]
fn a_table_restored_under_its_old_name_is_another_one_and_pauses() {
    let first = in_table(&Limit::new(HOME, 14, Window::of(START)), "id-1").unwrap();
    assert_eq!((first.home.as_str(), in_table(&first, "id-1")), (HOME, None));
    let restored = in_table(&first, "id-2").unwrap();
    let mut store = Store(Some(restored));
    assert!(matches!(
        store.ask(&order(Class::Fresh), at(0)),
        Err(Verdict::Paused(Pause::Restored { .. }))
    ));
    let resumed = resumed(store.item(), HOME, at(10));
    let known = in_table(&resumed, "id-2").unwrap();
    assert_eq!((known.home.as_str(), known.restored), (HOME, Some(at(10))));
    assert_eq!(in_table(&known, "id-2"), None);
    store.put(resumed);
    store.ask(&order(Class::Fresh), at(20)).unwrap();
}

/// The deployment test found it: an operator who resumed within the first minute was paused a second time, because the ID of
/// the lost table still stood there.
#[test]
fn a_resume_before_the_restored_table_was_seen_is_not_taken_back() {
    let lost = in_table(&Limit::new("dynamodb://lost", 14, Window::of(START)), "id-1").unwrap();
    let switch = Switch {
        pauses: false,
        by: "jane".to_owned(),
        reason: "audited".to_owned(),
    };
    let resumed = switched(Some(&lost), &switch, HOME, 14, at(10)).unwrap();
    let seen = in_table(&resumed, "id-2").unwrap();
    assert_eq!((seen.home.as_str(), seen.table.as_deref()), (HOME, Some("id-2")));
}
