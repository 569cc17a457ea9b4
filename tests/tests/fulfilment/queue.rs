//! Ledger and queue: writes that fail, answers that are lost, workers that come late, messages that come again.

use std::time::Duration;

use reseller_hooks::fulfilment::Progress;
use reseller_hooks::ledger::{Entry, Ledger, Stored};
use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{Order, Paid, Run, World, WriteFate, poll_through, violations};
use wix_sandbox::{Effect, FaultRule, Operation};

const KEY: &str = "shopify/5324830114101";
const TRIES: [WriteFate; 3] = [WriteFate::Fails; 3];

fn mail() -> Order {
    Order::new(KEY).line("1", "MAIL", 1).paid()
}

fn one_mail(world: &World) {
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(Paid::of(world, KEY), Paid { base: 1, vouchers: 0 });
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(violations(world), Vec::<String>::new());
}

#[test]
fn the_same_event_twice_in_a_row_is_one_package() {
    let world = World::unkind(Duration::from_secs(55));
    let event = mail().event();
    world.deliver(&event).unwrap();
    assert_eq!(world.deliver(&event).unwrap().tally.wix_calls, 0);
    one_mail(&world);
}

/// The first goes on to any point, then the second to any point, then each to its end, in either order.
#[test]
fn the_same_event_at_the_same_time_in_two_workers_is_one_package_at_every_interleaving() {
    let interleaved = |first_steps: usize, second_steps: usize, first_ends_first: bool| {
        let world = World::unkind(Duration::from_secs(55));
        let event = mail().event();
        let (one, two) = (world.worker(), world.worker());
        let mut first = Run::new(one.accept(&event, world.deadline()));
        let mut second = Run::new(two.accept(&event, world.deadline()));
        let done = first.steps(first_steps).is_some();
        let (first_done, second_done) = (done, second.steps(second_steps).is_some());
        let mut left = [(!first_done).then_some(first), (!second_done).then_some(second)];
        if !first_ends_first {
            left.reverse();
        }
        for mut run in left.into_iter().flatten() {
            while run.step().is_none() {}
        }
        world.settle();
        one_mail(&world);
        (first_done, second_done)
    };
    for first_ends_first in [true, false] {
        for first_steps in 0.. {
            let second_steps = (0..).find(|steps| interleaved(first_steps, *steps, first_ends_first).1);
            let steps = second_steps.unwrap();
            if interleaved(first_steps, steps, first_ends_first).0 {
                assert!(first_steps > 5, "{first_steps}");
                break;
            }
        }
    }
}

#[test]
fn two_different_events_for_one_payment_are_one_package() {
    let world = World::unkind(Duration::from_secs(55));
    let order = mail();
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.reference("SUB-7").event()).unwrap();
    one_mail(&world);
}

#[test]
fn the_last_retry_after_48_hours_and_a_dead_letter_after_14_days_have_no_effect() {
    let world = World::unkind(Duration::from_secs(55));
    let event = mail().event();
    world.deliver(&event).unwrap();
    for days in [2, 12] {
        world.clock.advance(Duration::from_secs(days * 86_400));
        let outcome = world.deliver(&event).unwrap();
        assert_eq!((outcome.tally.wix_calls, outcome.tally.ledger_writes), (0, 0));
    }
    one_mail(&world);
}

#[test]
fn the_same_order_id_with_another_body_is_the_same_order() {
    let world = World::kind();
    world.deliver(&mail().event()).unwrap();
    let other = Order::new(KEY).line("1", "MAIL", 1).line("2", "ENDS", 1).paid();
    world.deliver(&other.event()).unwrap();
    assert_eq!(Paid::of(&world, KEY), Paid { base: 2, vouchers: 0 });
    assert_eq!(world.ledger.entries().len(), 1);
}

#[test]
fn quantity_three_makes_three_units_and_an_edit_from_one_to_two_one_more() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 3).line("2", "ENDS", 1).paid();
    world.deliver(&order.event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 4);
    world.deliver(&order.line("2", "ENDS", 2).event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 5);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn no_create_without_a_stored_intent_while_the_ledger_is_away_for_ten_minutes() {
    let world = World::kind();
    let event = mail().event();
    for _ in 0..10 {
        world.next_writes(&TRIES);
        assert!(world.deliver(&event).is_err(), "the message must come again");
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.deliver(&event).unwrap();
    one_mail(&world);
}

#[test]
fn a_write_that_is_throttled_after_the_create_is_made_good_by_a_lookup() {
    let world = World::unkind(Duration::from_secs(55));
    // The begun write goes well, the one after the create does not, however often it is tried.
    world.next_writes(&[WriteFate::Answers]);
    world.next_writes(&TRIES);
    world.deliver(&mail().event()).unwrap();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.clock.advance(Duration::from_secs(120));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    one_mail(&world);
}

#[test]
fn a_write_that_was_applied_and_whose_answer_was_lost_is_recognised_as_ones_own() {
    for lost_at in 0..3 {
        let world = World::unkind(Duration::from_secs(55));
        let mut fates = vec![WriteFate::Answers; lost_at];
        fates.push(WriteFate::LosesAnswer);
        world.next_writes(&fates);
        let outcome = world.deliver(&mail().event()).unwrap();
        assert_eq!(outcome.progress, Progress::Settled, "write {lost_at}");
        assert_eq!(outcome.tally.wix_calls, 1, "write {lost_at}");
        one_mail(&world);
    }
}

#[test]
fn a_worker_that_lost_its_lease_wakes_up_before_or_after_its_create_and_buys_nothing_twice() {
    for after_create in [false, true] {
        let world = World::unkind(Duration::from_secs(55));
        let event = mail().event();
        let sleeper = world.worker();
        let mut run = Run::new(sleeper.accept(&event, world.deadline()));
        let asleep = |world: &World| match after_create {
            true => world.calls(Operation::CreatePackage) > 0,
            false => !world.ledger.entries().is_empty(),
        };
        while !asleep(&world) {
            assert!(run.step().is_none());
        }
        world.clock.advance(Duration::from_secs(300));
        world.settle();
        while run.step().is_none() {}
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), 1);
        one_mail(&world);
    }
}

#[test]
fn the_queue_redelivers_while_the_first_worker_is_running_and_the_second_calls_nobody() {
    let world = World::kind();
    let event = mail().event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.ledger.entries().is_empty() {
        assert!(run.step().is_none());
    }
    let second = world.deliver(&event).unwrap();
    assert_eq!((second.tally.wix_calls, second.tally.ledger_writes), (0, 0));
    while run.step().is_none() {}
    one_mail(&world);
}

#[test]
fn a_redriven_message_of_a_settled_order_has_no_effect_even_when_it_is_older() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 2).paid();
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.clone().line("1", "ENDS", 1).event()).unwrap();
    let before = world.look().calls().count();
    world.deliver(&order.event()).unwrap();
    assert_eq!(world.look().calls().count(), before);
    assert_eq!(Paid::of(&world, KEY).base, 1);
}

#[test]
fn an_unknown_schema_version_of_a_record_is_left_as_it_is_and_the_message_comes_again() {
    let world = World::kind();
    let entry = Entry {
        key: KEY.to_owned(),
        body: r#"{"schema":99,"from":"the future"}"#.to_owned(),
        rev: 1,
        write_id: "newer".to_owned(),
        due_at: Some(world.clock.now()),
        attention_since: None,
    };
    assert_eq!(poll_through(world.ledger.store(&entry)).unwrap(), Stored::Written);
    assert!(world.deliver(&mail().event()).is_err());
    let sweep = world.sweep();
    assert_eq!((sweep.failed, world.calls(Operation::CreatePackage)), (1, 0));
    assert_eq!(world.entry(KEY), entry);
}

#[test]
fn an_order_that_cannot_be_worked_on_does_not_hold_up_the_sweep_of_the_others() {
    let world = World::kind();
    let poison = Entry {
        key: "shopify/1".to_owned(),
        body: "no record at all".to_owned(),
        rev: 1,
        write_id: "x".to_owned(),
        due_at: Some(world.clock.now()),
        attention_since: None,
    };
    poll_through(world.ledger.store(&poison)).unwrap();
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::Throttle { retry_after: Some(1) },
    ));
    world.deliver(&mail().event()).unwrap();
    world.clock.advance(Duration::from_secs(90));
    let sweep = world.sweep();
    assert_eq!((sweep.failed, sweep.settled), (1, 1));
    assert_eq!(Paid::of(&world, KEY).base, 1);
}

#[test]
fn a_manual_retry_against_an_automatic_one_is_refused_while_a_worker_has_the_order() {
    let world = World::kind();
    let event = mail().event();
    let worker = world.worker();
    let mut run = Run::new(worker.accept(&event, world.deadline()));
    while world.ledger.entries().is_empty() {
        assert!(run.step().is_none());
    }
    let operator = world.worker();
    let refused = poll_through(operator.retry(&KEY.parse().unwrap(), world.deadline())).unwrap_err();
    assert!(refused.to_string().contains("try again after that"), "{refused}");
    while run.step().is_none() {}
    one_mail(&world);
}

#[test]
fn an_automatic_retry_against_a_manual_one_leaves_the_order_to_the_operators_worker() {
    let world = World::unkind(Duration::from_secs(55));
    let failed = Effect::DropBefore;
    world.strike(FaultRule {
        times: 3,
        ..FaultRule::on(Operation::CreatePackage, failed)
    });
    let event = mail().event();
    world.deliver(&event).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), ["no answer"]);
    let (key, operator) = (KEY.parse().unwrap(), world.worker());
    let mut run = Run::new(operator.retry(&key, world.deadline()));
    let before = world.calls(Operation::QueryPackages);
    while world.calls(Operation::QueryPackages) == before {
        assert!(run.step().is_none());
    }
    // The schedule comes round, the message again, and something new is said: all leave it alone.
    assert_eq!(world.sweep().tally.wix_calls, 0);
    assert_eq!(world.deliver(&event).unwrap().tally.wix_calls, 0);
    let tagged = mail().reference("SUB-7").event();
    assert_eq!(world.deliver(&tagged).unwrap().tally.wix_calls, 0);
    while run.step().is_none() {}
    world.settle();
    one_mail(&world);
}

#[test]
fn clocks_apart_by_the_skew_setting_do_not_make_two_packages() {
    // The second worker's clock is 5 s fast: it takes over as early as it may.
    let world = World::unkind(Duration::from_secs(55));
    let event = mail().event();
    let deadline = world.deadline();
    let slow = world.worker();
    let mut run = Run::new(slow.accept(&event, deadline));
    while world.calls(Operation::CreatePackage) == 0 {
        assert!(run.step().is_none());
    }
    drop(run);
    // By the fast clock the lease (deadline and skew) is over now.
    world.clock.set(deadline + Duration::from_secs(5));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    one_mail(&world);
}

#[test]
fn an_invocations_deadline_in_the_middle_of_a_create_leaves_it_to_the_next_sweep() {
    let world = World::unkind(Duration::from_secs(55));
    let event = mail().event();
    let deadline = world.clock.now() + Duration::from_secs(17);
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::Stall {
            ms: 60_000,
            commit: true,
        },
    ));
    let outcome = poll_through(world.worker().accept(&event, deadline)).unwrap();
    assert!(matches!(outcome.progress, Progress::Waiting { .. }));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    one_mail(&world);
}

#[test]
fn paused_by_the_switch_wishes_are_kept_wix_is_not_called_and_all_goes_on_afterwards() {
    let mut world = World::kind();
    world.settings.paused = true;
    world.deliver(&mail().event()).unwrap();
    world.clock.advance(Duration::from_secs(86_400));
    world.sweep();
    assert_eq!(world.look().calls().count(), 0);
    world.settings.paused = false;
    world.settle();
    one_mail(&world);
}
