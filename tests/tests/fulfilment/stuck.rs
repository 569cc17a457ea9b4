//! Nothing stays stuck in silence: since when an order is unsettled, and what a record has no room for.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use reseller_hooks::fulfilment::ports::Wix;
use reseller_hooks::ids::AccountId;
use reseller_hooks::wix::{Call, Error};
use reseller_hooks_tests::prelude::*;

/// An order of so many lines, each another one.
fn wide(lines: u32, sku: &str) -> Order {
    let order = (0..lines).fold(Order::new(KEY), |order, line| order.line(&format!("{line}"), sku, 1));
    order.paid()
}

/// A failure puts off when the order is taken up next, and not since when it is unsettled: the alarm looks at the latter.
#[test]
fn an_order_is_unsettled_since_its_first_delivery_until_it_is_settled() {
    let world = World::unkind(Duration::ZERO);
    world.strike(times(2, Operation::CreatePackage, fails(500)));
    let begun = world.clock.now();
    let outcome = world.hears(&ordered("MAIL", 1));
    assert_eq!(outcome.unsettled_since, Some(begun));
    world.clock.advance(Duration::from_secs(90));
    assert_eq!(world.sweep().oldest_unsettled, Some(begun));
    assert_eq!(world.record(KEY).unsettled_since(), Some(begun));
    world.settle();
    assert_eq!(world.record(KEY).unsettled_since(), None);
    world.ends_with_one_mail();
}

#[test]
fn what_a_person_was_told_of_and_what_is_settled_is_not_counted() {
    let world = World::kind();
    assert_eq!(world.hears(&ordered("MAIL", 1)).unsettled_since, None);
    let world = World::kind();
    world.strike(always(Operation::GetPackage, fails(500)));
    world.strike(once(Operation::UnassignProductInstance, fails(500)));
    world.hears(&ordered("MAIL", 1).site(SITE));
    world.hears(&ordered("MAIL", 1).site(SITE).canceled());
    world.settle();
    assert_eq!(world.attention(KEY), ["HTTP 500"]);
    world.clock.advance(DAY);
    assert_eq!(world.sweep().oldest_unsettled, None);
}

/// An instance that awaits an action is looked at for a month: the order is where it should be, and no alarm may ring.
#[test]
fn what_waits_for_a_look_by_plan_is_not_unsettled() {
    let world = World::kind();
    world.strike(always(Operation::CreatePackage, born(Status::AwaitingAction)));
    let outcome = world.hears(&ordered("PLAN", 1));
    assert!(matches!(outcome.progress, Progress::Waiting { .. }));
    assert_eq!(outcome.unsettled_since, None);
}

#[test]
fn what_a_record_has_no_room_for_is_attention_and_no_dead_letter() {
    let world = World::kind();
    // The plans of so many lines cannot be kept beside what is said of them.
    world.hears(&wide(2_000, "MAIL"));
    assert!(world.attention(KEY).contains(&"ORDER_TOO_LARGE".to_owned()));
    assert_eq!(
        world.calls(Operation::CreatePackage),
        0,
        "nothing is bought of what is not known in full"
    );
    world.settle();
    assert_eq!(world.entry(KEY).due_at, None);
}

/// What was paid is kept beside the newest state: there must be room to hear of the cancellation.
#[test]
fn whatever_was_bought_can_be_canceled() {
    for lines in [500, 1_000, 1_500] {
        let world = World::kind();
        let order = wide(lines, "ENDS");
        world.hears(&order);
        world.settle();
        let bought = world.bases();
        world.hears(&order.line("0", "ENDS", 1).site(SITE).canceled());
        world.settle();
        assert_eq!(world.bases(), 0, "{lines} lines, {bought} bought");
        assert!(bought > 0 || !world.attention(KEY).is_empty());
    }
}

/// Nanoseconds of this thread on a processor: other tests run beside this one.
fn on_cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = stat.split_whitespace().next().and_then(|first| first.parse().ok());
    first.unwrap_or_else(|| u64::try_from(Instant::now().elapsed().as_nanos()).unwrap_or(0))
}

/// Four times the lines may cost four times as much, and not sixteen times: a batch would not end in time.
#[test]
fn an_order_of_two_thousand_lines_costs_in_proportion() {
    for sku in ["T-SHIRT", "MAIL"] {
        let cost = |lines: u32| {
            let event = wide(lines, sku).event();
            let tries = (0..3).map(|_| {
                let world = World::kind();
                let begun = on_cpu();
                world.deliver(&event).expect("it is taken in");
                on_cpu() - begun
            });
            tries.min().expect("three tries")
        };
        let (few, many) = (cost(500), cost(2_000));
        assert!(many < few * 10, "{sku}: {few} ns for 500 lines, {many} ns for 2,000");
    }
}

/// The longest due goes first: one that ends every sweep would keep all others waiting, in silence.
#[test]
fn an_order_whose_record_cannot_be_read_is_put_off_and_a_person_is_told() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 1));
    let body = world.entry(KEY).body.replace("\"schema\":1", "\"schema\":9");
    world.write(KEY, &body);
    for (times, is_told) in [(1, false), (2, false), (3, true)] {
        let sweep = world.sweep();
        assert_eq!((sweep.failed, sweep.orders), (1, 0), "{times}");
        let entry = world.entry(KEY);
        assert_eq!(entry.body, body, "nothing of the record is touched");
        assert_eq!(entry.attention_since.is_some(), is_told, "{times}");
        let due_at = entry.due_at.expect("it is tried again");
        assert!(due_at >= world.clock.now() + Duration::from_secs(300), "{times}");
        assert_eq!(world.sweep().failed, 0, "the next sweep goes on with the others");
        world.clock.set(due_at);
    }
    let reports = poll_through(world.worker().attention(10)).expect("the ledger answers");
    let codes: Vec<&str> = reports[0].items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["UNREADABLE_RECORD", "PUT_OFF"]);
    world.write(KEY, &body.replace("\"schema\":9", "\"schema\":1"));
    world.retries();
    assert_eq!(world.entry(KEY).attention_since, None);
}

/// A port whose first call panics.
struct PanicsOnce(WixPort, AtomicBool);

impl Wix for PanicsOnce {
    async fn send<K: Call>(&self, account: &AccountId, call: &K) -> Result<K::Answer, Error> {
        assert!(self.1.swap(true, Ordering::Relaxed), "on purpose");
        self.0.send(account, call).await
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        self.0.own_account().await
    }
}

#[test]
fn an_order_that_panics_does_not_end_the_sweep() {
    let mut world = World::kind();
    world.settings.paused = true;
    let other = "shopify/1002";
    world.hears(&ordered("MAIL", 1));
    world.hears(&Order::new(other).line("1", "MAIL", 1).paid());
    world.settings.paused = false;
    world.clock.advance(HOUR);
    let port = PanicsOnce(world.port(), AtomicBool::new(false));
    let worker = world.worker_over(port, world.yielding(), world.clock.clone());
    let sweep = poll_through(worker.sweep(world.deadline())).expect("the ledger answers");
    assert_eq!((sweep.failed, sweep.settled), (1, 1));
    world.settle();
    assert_eq!(
        (world.held(KEY).len(), world.held(other).len()),
        (1, 1),
        "it was put off, and went on"
    );
    assert_eq!(violations(&world), Vec::<String>::new());
}
