//! What every ledger promises of the one item by which all functions keep to Wix's limit of calls.

use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::limit::{Change, Changed, Limit, Step, Take, Turned, Window};
use reseller_hooks::time::Timestamp;
use tokio::task::JoinSet;

use super::at;

fn take(window: i64, step: Step, calls: u32) -> Take {
    Take {
        window: Window(window),
        step,
        new_hour: false,
        calls,
        ahead: 0,
        leave: 0,
        units: 0,
        most: 3,
        top: 14,
        home: String::new(),
    }
}

/// Each change, done or refused, answers what the rules of [`Change::apply`] say of it.
pub async fn the_limit_changes_as_its_rules_say(ledgers: Vec<impl Ledger>) {
    let ledger = &ledgers[0];
    assert_eq!(ledger.limit().await.unwrap(), None);
    let home = ledger.home().to_owned();
    let begun = Limit::new(&home, 14, Window(720_000));
    let turned = |reason: &str| {
        Some(Turned {
            by: "jane".to_owned(),
            reason: reason.to_owned(),
            at: at(1_790_000_000_123),
        })
    };
    let put = |seen: Option<u64>, item: Limit| Change::Put {
        seen,
        item: Box::new(item),
    };
    let of = |take: Take| {
        Change::Take(Take {
            home: home.clone(),
            ..take
        })
    };
    let (here, next, later) = (720_000, 720_001, 720_003);
    let changes = [
        of(take(here, Step::Same, 1)),
        put(Some(1), begun.clone()),
        put(None, begun.clone()),
        put(None, begun.clone()),
        of(take(here, Step::Same, 2)),
        of(Take {
            ahead: 1,
            units: 2,
            ..take(here, Step::Same, 1)
        }),
        of(Take {
            leave: 11,
            ..take(here, Step::Same, 1)
        }),
        of(Take {
            leave: 10,
            units: 1,
            ..take(here, Step::Same, 1)
        }),
        // As many are bought as may be.
        of(Take {
            units: 1,
            ..take(here, Step::Same, 1)
        }),
        of(Take {
            top: 15,
            ..take(here, Step::Same, 1)
        }),
        Change::Take(Take {
            home: "another".to_owned(),
            ..take(here, Step::Same, 1)
        }),
        of(take(next, Step::Same, 1)),
        of(take(next, Step::Later, 1)),
        of(take(next, Step::Next, 14)),
        of(take(next, Step::Next, 13)),
        of(take(later, Step::Next, 1)),
        of(Take {
            ahead: 15,
            ..take(later, Step::Later, 1)
        }),
        of(Take {
            ahead: 2,
            ..take(later, Step::Later, 14)
        }),
        of(take(later, Step::Same, 1)),
        // A new hour, of which nothing is bought.
        of(take(720_730, Step::Later, 1)),
        of(Take {
            new_hour: true,
            units: 5,
            ..take(720_730, Step::Later, 1)
        }),
    ];
    let mut model: Option<Limit> = None;
    for (number, change) in changes.into_iter().enumerate() {
        let expected = change.apply(model.as_ref());
        assert_eq!(ledger.change_limit(&change).await.unwrap(), expected, "change {number}");
        if let Changed::Done(item) = expected {
            model = Some(*item);
        }
        assert_eq!(ledgers[1].limit().await.unwrap(), model, "after change {number}");
    }
    let mut item = model.unwrap();
    for (paused, braked) in [(turned("a storm"), None), (None, turned("3 units")), (None, None)] {
        let seen = item.rev;
        item = Limit {
            rev: seen + 1,
            bought: 0,
            paused,
            braked,
            restored: seen
                .is_multiple_of(2)
                .then_some(Timestamp::from_millis(1_790_000_000_123)),
            table: seen.is_multiple_of(2).then(|| "a table".to_owned()),
            ..item
        };
        let change = put(Some(seen), item.clone());
        assert_eq!(
            ledger.change_limit(&change).await.unwrap(),
            Changed::Done(Box::new(item.clone()))
        );
        for units in [0, 1] {
            let taken = of(Take {
                units,
                ..take(720_730, Step::Same, 1)
            });
            let expected = taken.apply(Some(&item));
            assert_eq!(ledger.change_limit(&taken).await.unwrap(), expected, "{item:?}");
            if let Changed::Done(now) = expected {
                item = *now;
            }
        }
    }
    // It is no order.
    assert_eq!(ledger.scan(None, 5).await.unwrap(), []);
}

pub async fn of_many_takers_each_call_goes_to_one(ledgers: Vec<impl Ledger + 'static>) {
    let home = ledgers[0].home().to_owned();
    let begun = Change::Put {
        seen: None,
        item: Box::new(Limit::new(&home, 14, Window(7))),
    };
    assert!(matches!(
        ledgers[0].change_limit(&begun).await.unwrap(),
        Changed::Done(_)
    ));
    let mut takers = JoinSet::new();
    for ledger in ledgers {
        let change = Change::Take(Take {
            home: home.clone(),
            ..take(7, Step::Same, 1)
        });
        takers.spawn(async move { matches!(ledger.change_limit(&change).await.unwrap(), Changed::Done(_)) });
    }
    let given = takers.join_all().await.into_iter().filter(|given| *given).count();
    assert_eq!(given, 14);
}
