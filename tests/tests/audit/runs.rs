//! A run as a whole: what it costs, where it stops, and that the next one goes on there.

use reseller_hooks_tests::prelude::*;
use serde_json::json;

use super::worlds::*;

#[test]
fn an_order_that_a_worker_holds_is_left_to_the_next_audit() {
    let world = one_order(&sited());
    world.change(world.base(), becomes(Status::Failed));
    world.edit_record(|record| {
        let until = world.clock.now() + Duration::from_secs(60);
        record["lease"] = json!({ "owner": "another", "until": until });
    });
    let before = world.entry(KEY);
    assert_eq!(world.audit().busy, 1);
    assert_eq!(world.entry(KEY), before);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.audit().busy, 0);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
}

#[test]
fn a_record_that_cannot_be_read_does_not_stop_the_others() {
    let world = one_order(&sited());
    world.hears(&Order::new("shopify/2").line("1", "MAIL", 1).paid());
    world.write(KEY, "{}");
    world.clock.advance(2 * HOUR);
    let summary = world.audit();
    assert_eq!((summary.unreadable, summary.orders, summary.finished), (1, 1, true));
}

#[test]
fn a_paused_audit_calls_nobody_and_a_refused_key_stops_it() {
    let mut world = one_order(&sited());
    world.settings.paused = true;
    let before = world.look().calls().len();
    assert!(matches!(world.audit().stopped, Some(Outage::Paused(_))));
    assert_eq!(world.look().calls().len(), before);
    world.settings.paused = false;
    world.look().revoke_api_key(DEFAULT_API_KEY);
    let summary = world.audit();
    assert!(matches!(summary.stopped, Some(Outage::ApiKey(_))), "{summary:?}");
    assert!(!summary.finished);
}

#[test]
fn stopped_at_any_page_by_its_deadline_it_covers_every_package_once() {
    for pages in 1..=6_u64 {
        let world = crowd(520);
        let last = always(Operation::QueryPackages, stalls(10_000));
        world.strike(last);
        // Half of the time is for pages, and the last one needs time for an answer that takes 15 s.
        let time = Duration::from_secs(2 * (10 * pages + 6));
        let (mut packages, mut foreign, mut runs) = (0, 0, 0);
        loop {
            let summary = world.audit_for(AuditRequest::default(), time);
            assert!(
                summary.pages > 0 && summary.pages <= u32::try_from(pages).unwrap() + 1,
                "{summary:?}"
            );
            packages += summary.packages;
            foreign += summary.foreign;
            runs += 1;
            assert_eq!(summary.findings(), 0);
            if summary.finished {
                assert_eq!(summary.next, None);
                break;
            }
            assert!(summary.next.is_some());
        }
        assert_eq!((packages, foreign), (522, 520), "{pages} pages a run");
        assert_eq!(runs > 1, pages < 6, "{pages} pages a run took {runs} runs");
    }
}

#[test]
fn stopped_at_any_page_by_wix_it_goes_on_there() {
    for skip in 0..6 {
        let world = crowd(520);
        world.strike(after(skip, Operation::QueryPackages, fails(503)));
        let first = world.audit();
        assert!(matches!(first.stopped, Some(Outage::WixAway(_))), "{first:?}");
        assert_eq!((first.pages, first.finished), (skip, false));
        let second = world.audit();
        assert_eq!((first.packages + second.packages, second.finished), (522, true));
        assert_eq!(first.foreign + second.foreign, 520);
        assert_eq!(second.since, first.next);
    }
}

#[test]
fn held_back_by_the_rate_limit_it_waits_and_goes_on() {
    let world = crowd(520);
    for skip in [0, 2] {
        world.strike(FaultRule {
            times: 2,
            ..after(skip, Operation::QueryPackages, Effect::Throttle { retry_after: None })
        });
    }
    let before = world.clock.now();
    let summary = world.audit();
    assert_eq!((summary.packages, summary.foreign, summary.finished), (522, 520, true));
    assert_eq!(world.clock.now().since(before), Duration::from_secs(240));
}

#[test]
fn a_cursor_that_wix_has_forgotten_is_replaced_by_the_time_of_creation() {
    let world = crowd(520);
    world.strike(after(
        3,
        Operation::QueryPackages,
        Effect::ErrorBefore {
            status: 400,
            code: Some("INVALID_CURSOR".to_owned()),
        },
    ));
    let summary = world.audit();
    assert_eq!((summary.packages, summary.foreign, summary.finished), (522, 520, true));
}

#[test]
fn on_demand_from_a_time_it_leaves_the_place_of_the_daily_run_as_it_is() {
    let world = crowd(300);
    let since = START + Duration::from_secs(60) + Duration::from_millis(100);
    let request = AuditRequest {
        since: Some(since),
        until: None,
    };
    let summary = world.audit_for(request, Duration::from_secs(898));
    assert_eq!((summary.packages, summary.finished), (100, true));
    assert_eq!(world.audit().packages, 302);
}

#[test]
fn where_it_stands_is_taken_for_no_order() {
    let world = one_order(&sited());
    world.audit();
    assert_eq!(world.ledger.entries().len(), 2);
    assert_eq!(world.sweep().orders, 0);
    let again = world.hears(&sited());
    assert_eq!(again.progress, Progress::Settled);
    assert_eq!(world.audit().orders, 1);
    world.holds();
}

#[test]
fn ten_thousand_packages_cost_a_hundred_and_one_calls() {
    let world = crowd(10_000);
    world.change(world.base(), becomes(Status::Failed));
    let summary = world.audit();
    assert_eq!((summary.pages, summary.tally.wix_calls), (101, 101));
    assert_eq!((summary.packages, summary.foreign, summary.ended), (10_002, 10_000, 1));
    assert_eq!(summary.foreign_listed.len(), 20, "the first are named, all are counted");
}

#[test]
fn when_very_many_packages_are_not_shown_only_some_are_asked_for() {
    let world = World::kind();
    for number in 0..230 {
        let order = Order::new(&format!("shopify/{number}")).line("1", "MAIL", 1).paid();
        world.hears(&order);
    }
    world.clock.advance(2 * HOUR);
    let stale = Effect::StaleQuery { ms: 86_400_000 };
    world.strike(once(Operation::QueryPackages, stale));
    assert_eq!(world.audit().missing, 230);
    let due = poll_through(world.ledger.due(world.clock.now(), 1_000)).unwrap();
    assert_eq!(due.len(), 200);
}

#[test]
fn with_a_small_share_of_the_rate_limit_it_uses_the_time_it_has() {
    // Each page takes ten seconds. 19 fit into the half of 400 s, 10 into the half of the 210 s that are left then, and
    // with 110 s left no other slice is begun.
    let world = crowd(3_000);
    world.strike(always(Operation::QueryPackages, stalls(10_000)));
    let before = world.clock.now();
    let summary = world.audit_for(AuditRequest::default(), Duration::from_secs(400));
    assert_eq!((summary.pages, summary.tally.wix_calls), (29, 29));
    assert_eq!((summary.packages, summary.foreign), (2_900, 2_898));
    assert_eq!(world.clock.now().since(before), Duration::from_secs(290));
    let rest = world.audit();
    assert_eq!((rest.packages, rest.finished), (102, true));
}

#[test]
fn dropped_at_any_await_point_the_next_run_finds_what_there_is() {
    for dropped_at in 0.. {
        let world = one_order(&sited());
        world.change(world.base(), becomes(Status::Failed));
        world.insert_twin(OWN, START);
        let deadline = world.clock.now() + Duration::from_secs(898);
        let ended = {
            let worker = world.worker();
            let mut run = Run::new(worker.audit(AuditRequest::default(), deadline));
            run.steps(dropped_at).is_some()
        };
        world.audit();
        world.settle();
        assert_eq!(
            world.attention(KEY),
            ["SURPLUS_PACKAGE", "INSTANCE_FAILED"],
            "dropped at {dropped_at}"
        );
        assert_eq!(world.calls(Operation::CreatePackage), 2);
        assert_eq!(world.audit().findings(), 0);
        if ended {
            assert!(dropped_at > 10, "{dropped_at}");
            return;
        }
    }
}
