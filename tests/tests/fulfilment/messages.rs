//! What `reconcile` tells people of real orders, and a run that dies while it does.

use std::sync::Mutex;

use reseller_hooks::worker::messages::{EVERY, Message, Topic, tell};
use reseller_hooks_tests::prelude::*;

/// A topic that takes a message in the middle of a call.
#[derive(Default)]
struct Mailbox(Mutex<Vec<Message>>);

impl Mailbox {
    fn messages(&self) -> Vec<Message> {
        self.0.lock().unwrap().clone()
    }
}

impl Topic for Mailbox {
    async fn publish(&self, message: &Message) -> Result<(), String> {
        yield_once().await;
        self.0.lock().unwrap().push(message.clone());
        yield_once().await;
        Ok(())
    }
}

fn needs_a_person() -> World {
    let world = World::kind();
    world.hears(&ordered("WRONG", 1));
    world
}

#[test]
fn a_refused_order_is_told_with_the_command_that_ends_it_and_then_resolved() {
    let mut world = needs_a_person();
    let mailbox = Mailbox::default();
    let run =
        |world: &World| poll_through(tell(&world.worker(), &world.yielding(), &world.clock, &mailbox, false)).unwrap();
    for _ in 0..30 {
        run(&world);
        world.clock.advance(Duration::from_secs(60));
    }
    let told = mailbox.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    let advice = world.problems(KEY)[0].advice.clone();
    for said in [KEY.to_owned(), advice, format!("  reseller order retry {KEY}")] {
        assert!(told[0].text.contains(&said), "{said}: {}", told[0].text);
    }
    world.change_catalog(NOT_SOLD, EMAIL);
    world.retries();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    run(&world);
    assert!(mailbox.messages()[1].text.contains(&format!("resolved: {KEY}")));
}

/// Wherever a run dies, people hear of it from a later one; a message that comes twice is word for word the same.
#[test]
fn a_run_that_dies_at_any_await_point_leaves_the_message_to_the_next() {
    let mut at = 0;
    loop {
        let world = needs_a_person();
        let mailbox = Mailbox::default();
        let (worker, ledger) = (world.worker(), world.yielding());
        let telling = tell(&worker, &ledger, &world.clock, &mailbox, false);
        let is_whole = Run::new(telling).steps(at).is_some();
        for _ in 0..30 {
            world.clock.advance(Duration::from_secs(60));
            poll_through(tell(&worker, &ledger, &world.clock, &mailbox, false)).unwrap();
        }
        let told = mailbox.messages();
        assert!((1..=2).contains(&told.len()), "{at}: {told:?}");
        assert_eq!(told.first(), told.last(), "{at}");
        if is_whole {
            break;
        }
        at += 1;
    }
    assert!(at > 8, "{at}");
}

/// Two runs overlap wherever they may: one of them tells.
#[test]
fn of_two_runs_at_the_same_time_one_tells() {
    for ahead in 0..12 {
        let world = needs_a_person();
        let mailbox = Mailbox::default();
        let (worker, ledger) = (world.worker(), world.yielding());
        let mut first = Run::new(tell(&worker, &ledger, &world.clock, &mailbox, false));
        let mut second = Run::new(tell(&worker, &ledger, &world.clock, &mailbox, false));
        let is_done = first.steps(ahead).is_some();
        second.finish();
        if !is_done {
            first.finish();
        }
        assert_eq!(mailbox.messages().len(), 1, "{ahead}");
        world.clock.advance(EVERY);
        poll_through(tell(&worker, &ledger, &world.clock, &mailbox, false)).unwrap();
        assert_eq!(mailbox.messages().len(), 1, "{ahead}");
    }
}
