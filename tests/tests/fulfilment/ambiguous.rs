//! Ambiguous answers of Wix: whatever it says or does not say, one package in the end.

use std::time::Duration;

use reseller_hooks_tests::world::{Order, Paid, SITE, START, World, violations};
use wix_sandbox::{DEFAULT_API_KEY, Effect, FaultRule, ForeignInstance, ForeignPackage, Guid, Idempotency, Operation};

const KEY: &str = "shopify/5324830114101";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";

fn worlds() -> Vec<(Idempotency, World)> {
    let modes = [
        Idempotency::Honour,
        Idempotency::Ignore,
        Idempotency::ReplayFailures,
        Idempotency::Forget { after_ms: 20_000 },
        Idempotency::LatestState,
        Idempotency::Conflict,
    ];
    let world = |mode| {
        let world = World::unkind(Duration::from_secs(30));
        world.look().config_mut().idempotency = mode;
        (mode, world)
    };
    modes.into_iter().map(world).collect()
}

/// A plan with its voucher on a site, whose base or voucher create is struck, in every kind of Wix.
fn survives(effect: &Effect) {
    for skip in [0, 1] {
        for (mode, world) in worlds() {
            world.strike(FaultRule {
                skip,
                ..FaultRule::on(Operation::CreatePackage, effect.clone())
            });
            let order = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
            world.deliver(&order.event()).unwrap();
            world.settle();
            let told = format!("{effect:?}, create {skip}, {mode:?}");
            assert_eq!(world.packages(), (1, 1), "{told}");
            assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 1 }, "{told}");
            assert_eq!(world.attention(KEY), Vec::<String>::new(), "{told}");
            assert_eq!(violations(&world), Vec::<String>::new(), "{told}");
        }
    }
}

#[test]
fn created_but_the_response_is_lost() {
    survives(&Effect::LoseAnswer);
}

#[test]
fn created_then_500_or_409() {
    for status in [500, 502, 503, 409] {
        survives(&Effect::ErrorAfter { status, code: None });
    }
}

#[test]
fn created_then_504_after_a_timeout() {
    survives(&Effect::Stall {
        ms: 29_000,
        commit: true,
    });
    survives(&Effect::StallBody { ms: 29_000 });
}

#[test]
fn not_created_and_504_after_a_timeout() {
    survives(&Effect::Stall {
        ms: 29_000,
        commit: false,
    });
}

#[test]
fn created_late_after_the_connection_was_closed() {
    survives(&Effect::Late { ms: 29_000 });
}

#[test]
fn truncated_json() {
    survives(&Effect::CutJson);
    survives(&Effect::Truncate { bytes: None });
}

#[test]
fn not_created_and_500() {
    survives(&Effect::DropBefore);
    survives(&Effect::ErrorBefore {
        status: 500,
        code: None,
    });
    let code = Some("INTERNAL".to_owned());
    survives(&Effect::ErrorBefore { status: 500, code });
}

#[test]
fn html_or_an_empty_body() {
    for commit in [true, false] {
        for status in [200, 502, 404] {
            survives(&Effect::Html { status, commit });
            survives(&Effect::EmptyBody { status, commit });
        }
    }
}

#[test]
fn an_answer_that_names_another_account() {
    survives(&Effect::WrongAccountInAnswer);
}

#[test]
fn throttled_with_and_without_retry_after() {
    survives(&Effect::Throttle { retry_after: Some(7) });
    survives(&Effect::Throttle { retry_after: None });
}

#[test]
fn a_throttled_order_is_due_when_wix_says_and_else_within_a_minute() {
    for (retry_after, seconds) in [(Some(7), 7), (Some(90), 90), (None, 50)] {
        let world = World::kind();
        world.strike(FaultRule::on(
            Operation::CreatePackage,
            Effect::Throttle { retry_after },
        ));
        world
            .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
            .unwrap();
        let due_at = START + Duration::from_secs(seconds);
        assert_eq!(world.entry(KEY).due_at, Some(due_at));
        world.clock.set(due_at - Duration::from_millis(1));
        assert_eq!(world.sweep().orders, 0);
        world.clock.set(due_at);
        assert_eq!((world.sweep().settled, world.packages()), (1, (1, 0)));
    }
}

#[test]
fn an_unknown_status_is_no_error() {
    let world = World::kind();
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::NewInstances {
            status: wix_sandbox::Status::Other("MARINATING".to_owned()),
            failure: None,
            after_ms: 0,
        },
    ));
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_key_that_replays_a_stored_500_is_left_behind_with_a_new_generation() {
    let world = World::unkind(Duration::ZERO);
    world.look().config_mut().idempotency = Idempotency::ReplayFailures;
    let code = Some("INTERNAL".to_owned());
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::ErrorBefore { status: 500, code },
    ));
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    let wix = world.look();
    let keys: std::collections::BTreeSet<_> = wix.calls().filter_map(|call| call.idempotency_key.clone()).collect();
    assert_eq!((world_creates(&wix), keys.len()), (3, 2));
}

fn world_creates(wix: &wix_sandbox::Wix) -> u64 {
    wix.count(Operation::CreatePackage).calls
}

#[test]
fn sent_thrice_without_a_clear_answer_is_attention_once_and_a_retry_buys() {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(Operation::CreatePackage, Effect::DropBefore)
    });
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 3);
    assert_eq!(world.attention(KEY).len(), 1);
    assert_eq!(world.entry(KEY).due_at, None, "nobody spins");
    world.look().clear_faults();
    world.retry(&KEY.parse().unwrap());
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_lookup_that_is_stale_for_30_seconds_proves_nothing() {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    // All of them: without the settle time two would be taken for proof before it shows.
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(Operation::QueryPackages, Effect::StaleQuery { ms: 30_001 })
    });
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(violations(&world), Vec::<String>::new());
}

fn twin(account: Guid, created_ms: i64) -> ForeignPackage {
    ForeignPackage {
        account_id: account,
        parent_account_id: None,
        external_id: Some("rh-shopify-5324830114101-b1".to_owned()),
        created_ms: Some(created_ms),
        instances: vec![ForeignInstance {
            catalog_product_id: EMAIL.parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    }
}

/// The create is lost, and then a package like it is there, of this account.
fn with_a_twin(account: Guid) -> World {
    let world = World::unkind(Duration::ZERO);
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer));
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    let now = reseller_hooks::time::Clock::now(&world.clock).as_millis();
    world.look().insert_package(now, twin(account, now));
    world.settle();
    world
}

#[test]
fn a_lookup_that_returns_two_adopts_none_and_says_so_once() {
    let world = with_a_twin(wix_sandbox::DEFAULT_ACCOUNT);
    assert!(
        world.attention(KEY).contains(&"SEVERAL_PACKAGES".to_owned()),
        "{:?}",
        world.attention(KEY)
    );
    assert_eq!(world.record(KEY).packages().count(), 0);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(world.entry(KEY).due_at, None);
}

#[test]
fn a_lookup_that_returns_another_accounts_package_does_not_adopt_it() {
    let world = with_a_twin(reseller_hooks_tests::world::OTHER.parse().unwrap());
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    let record = world.record(KEY);
    let held: Vec<_> = record.packages().map(|(_, done)| done.id().to_string()).collect();
    let wix = world.look();
    let ours = wix
        .packages()
        .find(|package| package.account_id == wix_sandbox::DEFAULT_ACCOUNT);
    assert_eq!(held, [ours.unwrap().id.to_string()]);
}

#[test]
fn a_storm_of_429_ends_with_one_package_and_no_attention() {
    let world = World::kind();
    world.strike(FaultRule {
        times: 30,
        ..FaultRule::new(Effect::Throttle { retry_after: None })
    });
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert!(world.calls(Operation::CreatePackage) < 40, "nobody spins");
}

#[test]
fn each_permanent_code_is_one_call_and_one_attention_with_the_code() {
    let codes = [
        "PRODUCT_NOT_FOUND",
        "PRODUCT_SETTINGS_NOT_FOUND",
        "MISSING_BILLING_CYCLE",
        "INCOMPATIBLE_BILLING_CYCLE",
        "INVALID_BILLING_CYCLE",
        "SITE_NOT_FOUND",
        "PRODUCT_NOT_SUPPORTED_ON_SITE",
        "ACCOUNT_NOT_FOUND",
        "PRODUCT_TYPE_ALREADY_ASSIGNED",
        "MULTIPLE_PRODUCT_ASSIGNMENTS",
        "PRODUCT_LIMIT_EXCEEDED",
        "INVALID_PRODUCTS",
        "SOMETHING_NEW",
    ];
    for code in codes {
        let world = World::kind();
        let effect = Effect::RejectCode { code: code.to_owned() };
        world.strike(FaultRule {
            times: u32::MAX,
            ..FaultRule::on(Operation::CreatePackage, effect)
        });
        let event = Order::new(KEY).line("1", "MAIL", 1).paid().event();
        let first = world.deliver(&event).unwrap();
        let again = world.deliver(&event).unwrap();
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), 1, "{code}");
        assert_eq!(world.attention(KEY), [code]);
        assert_eq!(
            (first.tally.attention_raised, again.tally.attention_raised),
            (1, 0),
            "{code}"
        );
    }
}

#[test]
fn a_revoked_key_is_no_attention_of_any_order_and_nothing_is_lost_when_it_is_mended() {
    let world = World::kind();
    world.look().revoke_api_key(DEFAULT_API_KEY);
    let keys: Vec<String> = (1..=5).map(|number| format!("shopify/{number}")).collect();
    for key in &keys {
        world
            .deliver(&Order::new(key).line("1", "PLAN", 1).paid().event())
            .unwrap();
        assert_eq!(world.attention(key), Vec::<String>::new());
        assert!(world.entry(key).due_at.is_some());
    }
    world.clock.advance(Duration::from_secs(3_600));
    let sweep = world.sweep();
    assert!(sweep.stopped.is_some());
    assert_eq!(sweep.orders, 1, "the first 401 stops the sweep");
    world.look().add_api_key(DEFAULT_API_KEY);
    world.settle();
    assert_eq!(world.packages(), (5, 5));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn an_invalid_reference_on_a_first_try_is_attention() {
    let world = World::kind();
    world.strike(FaultRule {
        skip: 1,
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CreatePackage,
            Effect::RejectCode {
                code: "INVALID_REFERENCE_PRODUCT_INSTANCE_ID".to_owned(),
            },
        )
    });
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), ["INVALID_REFERENCE_PRODUCT_INSTANCE_ID"]);
    assert_eq!(Paid::of(&world, KEY), Paid { base: 1, vouchers: 0 });
}

#[test]
fn an_invalid_reference_on_a_retry_means_that_the_first_one_won_and_is_adopted() {
    // The voucher is shown only after its absence was taken for proven.
    let world = World::unkind(Duration::from_secs(150));
    world.strike(FaultRule {
        skip: 1,
        ..FaultRule::on(Operation::CreatePackage, Effect::LoseAnswer)
    });
    world
        .deliver(&Order::new(KEY).line("1", "PLAN", 1).paid().event())
        .unwrap();
    world.settle();
    assert_eq!(world.packages(), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_lookup_that_shows_another_orders_package_does_not_adopt_it() {
    let mut world = World::unkind(Duration::ZERO);
    // A query that shows everything, as a search that takes no notice of its filter, or cuts words, would.
    world.careless = true;
    world.mute = false;
    let other = Order::new("shopify/5324830114102").line("1", "MAIL", 1).paid();
    world.deliver(&other.event()).unwrap();
    world.strike(FaultRule::on(Operation::CreatePackage, Effect::DropBefore));
    world
        .deliver(&Order::new(KEY).line("1", "MAIL", 1).paid().event())
        .unwrap();
    world.settle();
    let held = |key: &str| -> Vec<String> {
        let record = world.record(key);
        record.packages().map(|(_, done)| done.id().to_string()).collect()
    };
    let (mine, others) = (held(KEY), held("shopify/5324830114102"));
    assert_eq!((mine.len(), others.len(), world.packages()), (1, 1, (2, 0)));
    assert_ne!(mine, others);
    assert_eq!(violations(&world), Vec::<String>::new());
}
