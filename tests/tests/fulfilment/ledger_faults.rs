//! Writes that fail, answers of the ledger that are lost, and records that cannot be read.

use reseller_hooks_tests::prelude::*;

const TRIES: [Fault; 3] = [Fault::Before; 3];

#[test]
fn no_create_without_a_stored_intent_while_the_ledger_is_away() {
    let world = World::kind();
    let event = ordered("MAIL", 1).event();
    for _ in 0..10 {
        world.next_writes(&TRIES);
        assert!(world.deliver(&event).is_err(), "the message must come again");
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(world.calls(Operation::CreatePackage), 0);
    world.hears(&event);
    world.ends_with_one_mail();
}

#[test]
fn a_write_that_is_throttled_after_the_create_is_made_good_by_a_lookup() {
    let world = World::late();
    // The begun write goes well, the one after the create does not, however often it is tried.
    world.next_writes(&[Fault::None]);
    world.next_writes(&TRIES);
    world.hears(&ordered("MAIL", 1));
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.clock.advance(Duration::from_secs(120));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.ends_with_one_mail();
}

#[test]
fn a_write_whose_answer_was_lost_is_recognised_as_ones_own() {
    for lost_at in 0..3 {
        let world = World::late();
        let mut fates = vec![Fault::None; lost_at];
        fates.push(Fault::AnswerLost);
        world.next_writes(&fates);
        let outcome = world.hears(&ordered("MAIL", 1));
        assert_eq!(outcome.progress, Progress::Settled, "write {lost_at}");
        assert_eq!(outcome.tally.wix_calls, 1, "write {lost_at}");
        world.ends_with_one_mail();
    }
}

#[test]
fn a_record_of_an_unknown_schema_is_left_as_it_is() {
    let world = World::kind();
    let entry = world.write(KEY, r#"{"schema":99,"from":"the future"}"#);
    assert!(world.deliver(&ordered("MAIL", 1).event()).is_err());
    let sweep = world.sweep();
    assert_eq!((sweep.failed, world.calls(Operation::CreatePackage)), (1, 0));
    assert_eq!(world.entry(KEY).body, entry.body);
}

#[test]
fn an_order_that_cannot_be_read_does_not_hold_up_the_sweep() {
    let world = World::kind();
    world.write("shopify/1", "no record at all");
    world.strike(once(
        Operation::CreatePackage,
        Effect::Throttle { retry_after: Some(1) },
    ));
    world.hears(&ordered("MAIL", 1));
    world.clock.advance(Duration::from_secs(90));
    let sweep = world.sweep();
    assert_eq!((sweep.failed, sweep.settled), (1, 1));
    assert_eq!(world.bases(), 1);
}
