//! Ambiguous answers to a create: whatever Wix says or does not say, one package in the end.

use reseller_hooks_tests::prelude::*;

/// A plan with its voucher on a site, whose base or voucher create is struck by each of these, in every kind of Wix.
fn survives(effects: &[Effect]) {
    let modes = [
        Idempotency::Honour,
        Idempotency::Ignore,
        Idempotency::ReplayFailures,
        Idempotency::Forget { after_ms: 20_000 },
        Idempotency::LatestState,
        Idempotency::Conflict,
    ];
    for (effect, mode) in effects.iter().flat_map(|effect| modes.map(|mode| (effect, mode))) {
        for skip in [0, 1] {
            let world = World::unkind(Duration::from_secs(30));
            world.look().config_mut().idempotency = mode;
            world.strike(after(skip, Operation::CreatePackage, effect.clone()));
            world.hears(&ordered("PLAN", 1).site(SITE));
            world.settle();
            let told = format!("{effect:?}, create {skip}, {mode:?}");
            assert_eq!(world.packages(), (1, 1), "{told}");
            assert_eq!(world.wrong(KEY, paid(1, 1)), Vec::<String>::new(), "{told}");
        }
    }
}

#[test]
fn created_but_the_response_is_lost() {
    survives(&[Effect::LoseAnswer]);
}

#[test]
fn created_then_500_or_409() {
    survives(&[500, 502, 503, 409].map(|status| Effect::ErrorAfter { status, code: None }));
}

#[test]
fn created_then_504_after_a_timeout() {
    survives(&[stalls(29_000), Effect::StallBody { ms: 29_000 }]);
}

#[test]
fn not_created_and_504_after_a_timeout() {
    let (ms, commit) = (29_000, false);
    survives(&[Effect::Stall { ms, commit }]);
}

#[test]
fn created_late_after_the_connection_was_closed() {
    survives(&[Effect::Late { ms: 29_000 }]);
}

#[test]
fn truncated_json() {
    survives(&[Effect::CutJson, Effect::Truncate { bytes: None }]);
}

#[test]
fn not_created_and_500() {
    survives(&[Effect::DropBefore, fails(500), internal()]);
}

#[test]
fn html_or_an_empty_body() {
    for commit in [true, false] {
        survives(&[200, 502, 404].map(|status| Effect::Html { status, commit }));
        survives(&[200, 502, 404].map(|status| Effect::EmptyBody { status, commit }));
    }
}

#[test]
fn an_answer_that_names_another_account() {
    survives(&[Effect::WrongAccountInAnswer]);
}

#[test]
fn throttled_with_and_without_retry_after() {
    survives(&[Some(7), None].map(|retry_after| Effect::Throttle { retry_after }));
}

fn internal() -> Effect {
    let code = Some("INTERNAL".to_owned());
    Effect::ErrorBefore { status: 500, code }
}

#[test]
fn an_unknown_status_is_no_error() {
    let world = World::kind();
    let status = Status::Other("MARINATING".to_owned());
    world.strike(once(Operation::CreatePackage, born(status)));
    world.hears(&ordered("MAIL", 1));
    world.ends_with(1, 0);
}

#[test]
fn a_key_that_replays_a_stored_500_is_left_behind_with_a_new_generation() {
    let world = World::unkind(Duration::ZERO);
    world.look().config_mut().idempotency = Idempotency::ReplayFailures;
    world.strike(once(Operation::CreatePackage, internal()));
    world.hears(&ordered("MAIL", 1));
    world.settle();
    assert_eq!(world.bases(), 1);
    assert_eq!((world.calls(Operation::CreatePackage), world.keys()), (3, (3, 2)));
}

#[test]
fn sent_thrice_without_a_clear_answer_is_attention_once_and_a_retry_buys() {
    let world = World::unkind(Duration::ZERO);
    world.strike(always(Operation::CreatePackage, Effect::DropBefore));
    world.hears(&ordered("MAIL", 1));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 3);
    assert_eq!(world.attention(KEY).len(), 1);
    assert_eq!(world.entry(KEY).due_at, None, "nobody spins");
    world.look().clear_faults();
    world.retries();
    assert_eq!(world.bases(), 1);
    world.needs_nobody();
}

#[test]
fn an_order_for_two_accounts_whose_second_create_is_lost_buys_once() {
    for effect in [Effect::LoseAnswer, Effect::DropBefore] {
        let world = World::late();
        world.strike(after(1, Operation::CreatePackage, effect));
        let order = Order::new(KEY).line("1", "MAIL", 1).line("2", "MAIL", 1);
        world.hears(&order.line_account("2", OTHER).paid());
        world.settle();
        world.ends_with(2, 0);
        assert_eq!((world.packages(), world.accounts().len()), ((2, 0), 2));
    }
}

#[test]
fn a_re_send_refused_because_the_first_one_won_is_no_refusal() {
    // The first is shown only after its absence was taken for proven.
    let world = World::unkind(Duration::from_secs(150));
    let order = ordered("PLAN", 1).site(SITE);
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&order);
    world.settle();
    let refusal = Some("PRODUCT_TYPE_ALREADY_ASSIGNED");
    let refused = world.look().calls().any(|call| call.code.as_deref() == refusal);
    assert!(refused, "the world is such that Wix refuses the second");
    assert_eq!(world.packages(), (1, 1));
    world.ends_with(1, 1);
}

#[test]
fn a_retry_of_a_purchase_that_is_under_way_goes_on_with_its_own_key() {
    // Wix shows it only after an hour: nothing but the key can save it.
    let world = World::unkind(HOUR);
    world.look().config_mut().idempotency = Idempotency::Honour;
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("MAIL", 1));
    world.retries();
    assert_eq!(world.calls(Operation::CreatePackage), 2);
    assert_eq!(world.packages(), (1, 0));
    world.holds();
}

/// A Wix that honours keys answers a repeated create as it answered the first one, whatever became of the package since.
#[test]
fn what_a_repeated_create_answers_is_read_before_it_is_believed() {
    let world = World::new(wix_sandbox::Config {
        rate_limit_per_minute: None,
        idempotency: Idempotency::Honour,
        query_delay_ms: 300_000,
        ..wix_sandbox::Config::default()
    });
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    world.hears(&ordered("MAIL", 1));
    world.change_all(&becomes(Status::Canceled));
    world.settle();
    assert_eq!(world.look().calls().filter(|call| call.replayed).count(), 1);
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}
