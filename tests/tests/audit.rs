//! The audit: what it finds, what it leaves alone, and that a run which is stopped anywhere is taken up where it was.

use std::time::Duration;

use reseller_hooks::fulfilment::audit::{AuditRequest, AuditSummary};
use reseller_hooks::fulfilment::{Circuit, Progress};
use reseller_hooks::ledger::Ledger;
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks_tests::world::{OTHER, OWN, Order, Paid, SITE, START, World, poll_through, violations};
use wix_sandbox::{Effect, FaultRule, ForeignInstance, ForeignPackage, Guid, InstanceChange, Operation, Status};

const KEY: &str = "shopify/5324830114101";
const MAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
const HOUR: Duration = Duration::from_secs(3_600);

fn audit_for(world: &World, request: AuditRequest, time: Duration) -> AuditSummary {
    let deadline = world.clock.now() + time;
    poll_through(world.worker().audit(request, deadline)).unwrap()
}

fn audit(world: &World) -> AuditSummary {
    audit_for(world, AuditRequest::default(), Duration::from_secs(898))
}

/// A world with one settled order, two hours ago.
fn one_order(order: &Order) -> World {
    let world = World::kind();
    world.deliver(&order.event()).unwrap();
    world.clock.advance(2 * HOUR);
    world
}

fn paid() -> Order {
    Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE)
}

fn mail(account: &str, external_id: Option<&str>, created: Timestamp) -> ForeignPackage {
    ForeignPackage {
        account_id: account.parse().unwrap(),
        parent_account_id: None,
        external_id: external_id.map(str::to_owned),
        created_ms: Some(created.as_millis()),
        instances: vec![ForeignInstance {
            catalog_product_id: MAIL.parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    }
}

fn insert(world: &World, package: ForeignPackage) -> Guid {
    world.look().insert_package(world.clock.now().as_millis(), package)
}

fn change(world: &World, instance: Guid, change: InstanceChange) {
    world
        .look()
        .set_instance(world.clock.now().as_millis(), instance, change)
        .unwrap();
}

fn status(status: Status) -> InstanceChange {
    InstanceChange {
        status: Some(status),
        ..InstanceChange::default()
    }
}

/// The instance of the order's first base package.
fn base(world: &World) -> Guid {
    let wix = world.look();
    let mut bases = wix.instances().filter(|(_, instance)| instance.reference.is_none());
    bases.next().unwrap().1.id
}

fn quiet(world: &World) {
    assert_eq!(violations(world), Vec::<String>::new());
}

#[test]
fn where_all_is_well_it_costs_one_call_and_writes_nothing_but_its_place() {
    let world = one_order(&paid());
    let before = world.entry(KEY);
    let summary = audit(&world);
    assert!(summary.finished);
    assert_eq!((summary.pages, summary.packages, summary.orders), (1, 2, 1));
    assert_eq!((summary.findings(), summary.foreign, summary.busy), (0, 0, 0));
    assert_eq!((summary.tally.wix_calls, summary.tally.ledger_writes), (1, 1));
    assert_eq!(world.entry(KEY), before);
    quiet(&world);
}

#[test]
fn a_package_that_nobody_knows_is_reported_and_never_touched() {
    let world = one_order(&paid());
    let theirs = insert(&world, mail(OTHER, Some("theirs-1"), START));
    let summary = audit(&world);
    assert_eq!((summary.foreign, summary.findings()), (1, 0));
    assert_eq!(summary.foreign_listed[0].package.to_string(), theirs.to_string());
    assert_eq!(summary.foreign_listed[0].account.as_str(), OTHER);
    world.settle();
    let wix = world.look();
    assert!(wix.package(theirs).unwrap().instances[0].status.is_alive());
    assert_eq!(wix.count(Operation::GetPackage).calls, 0);
}

#[test]
fn packages_younger_than_an_hour_are_left_alone() {
    let world = one_order(&paid());
    let hour_ago = world.clock.now() - HOUR;
    insert(&world, mail(OTHER, Some("old"), hour_ago));
    insert(&world, mail(OTHER, Some("young"), hour_ago + Duration::from_millis(1)));
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.foreign, summary.finished), (3, 1, true));

    // One that a worker has just bought is not missed either, however late queries are.
    let world = World::unkind(2 * HOUR);
    world.deliver(&paid().event()).unwrap();
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.missing), (0, 0));
}

#[test]
fn an_instance_that_failed_after_all_seemed_well_is_attention() {
    let world = one_order(&paid());
    change(&world, base(&world), status(Status::Failed));
    let summary = audit(&world);
    assert_eq!((summary.ended, summary.findings()), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new(), "a query is no evidence");
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
    assert_eq!(world.calls(Operation::CreatePackage), 2, "nothing is bought again");
    let again = audit(&world);
    assert_eq!(again.findings(), 0, "one problem is found once");
}

#[test]
fn an_instance_that_was_canceled_by_somebody_is_attention_and_an_operator_buys_it_anew() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    change(&world, base(&world), status(Status::Canceled));
    assert_eq!(audit(&world).ended, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
    world.retry(&KEY.parse().unwrap());
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(Paid::of(&world, KEY).base, 1);
}

#[test]
fn a_package_that_is_gone_is_attention_after_get_said_so_and_is_not_bought_again() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    let package = world.look().packages().next().unwrap().id;
    world
        .look()
        .delete_package(world.clock.now().as_millis(), package)
        .unwrap();
    assert_eq!(audit(&world).missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["PACKAGE_GONE"]);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    assert_eq!(audit(&world).findings(), 0);
}

#[test]
fn a_query_that_does_not_show_a_package_is_no_evidence() {
    let world = one_order(&paid());
    // Both packages are younger than what this query shows.
    let stale = Effect::StaleQuery { ms: 86_400_000 };
    world.strike(FaultRule::on(Operation::QueryPackages, stale));
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.missing), (0, 2));
    let sweep = world.sweep();
    assert_eq!((sweep.orders, sweep.settled), (1, 1));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.packages(), (1, 1));
    quiet(&world);
}

#[test]
fn an_instance_that_is_not_in_its_package_any_more_is_attention() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 2).paid());
    let mut record: serde_json::Value = serde_json::from_str(&world.entry(KEY).body).unwrap();
    let instance = &mut record["facts"]["purchases"][0]["state"]["done"]["instances"][1]["i"];
    assert!(instance.is_string());
    *instance = serde_json::json!("99999999-9999-4999-8999-999999999999");
    rewrite(&world, &record.to_string());
    assert_eq!(audit(&world).instances_missing, 1);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_CANCELED"]);
}

/// Somebody restores another record.
fn rewrite(world: &World, body: &str) {
    let mut entry = world.entry(KEY);
    entry.body = body.to_owned();
    entry.rev += 1;
    entry.write_id = format!("restored-{}", entry.rev);
    poll_through(world.ledger.store(&entry)).unwrap();
}

#[test]
fn an_instance_that_is_on_a_site_although_its_order_is_canceled_is_taken_off_it_again() {
    let world = one_order(&paid());
    world.deliver(&paid().canceled().event()).unwrap();
    let moved = InstanceChange {
        site_id: Some(Some(SITE.parse().unwrap())),
        ..InstanceChange::default()
    };
    change(&world, base(&world), moved);
    assert_eq!(audit(&world).assigned, 1);
    world.settle();
    assert_eq!(world.look().instances().filter(|(_, i)| i.site_id.is_some()).count(), 0);
    quiet(&world);
}

#[test]
fn an_instance_that_lives_although_it_was_canceled_is_canceled_again() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = one_order(&order);
    world.deliver(&order.canceled().event()).unwrap();
    change(&world, base(&world), status(Status::Enabled));
    assert_eq!(audit(&world).alive, 1);
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    assert_eq!(audit(&world).findings(), 0);
}

#[test]
fn what_people_move_at_wix_by_hand_is_theirs_to_decide() {
    let world = one_order(&paid());
    for site in [None, Some("c10cf845-bf18-4c10-8428-c4e5c7a39744".parse().unwrap())] {
        let moved = InstanceChange {
            site_id: Some(site),
            ..InstanceChange::default()
        };
        change(&world, base(&world), moved);
        assert_eq!(audit(&world).findings(), 0);
    }
}

#[test]
fn a_second_package_for_a_purchase_is_named_as_surplus_and_taken_back_with_the_order() {
    let order = Order::new(KEY).line("1", "MAIL", 1).paid().site(SITE);
    let world = one_order(&order);
    let mut duplicate = mail(OWN, Some("rh-shopify-5324830114101-b1"), START + Duration::from_secs(9));
    duplicate.instances[0].site_id = Some("c10cf845-bf18-4c10-8428-c4e5c7a39744".parse().unwrap());
    insert(&world, duplicate);
    let summary = audit(&world);
    assert_eq!((summary.surplus, summary.unclaimed, summary.foreign), (1, 0, 0));
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
    world.settle();
    assert_eq!(audit(&world).findings(), 0, "one problem is found once");
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);

    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert_eq!(world.look().instances().filter(|(_, i)| i.site_id.is_some()).count(), 0);
}

#[test]
fn a_surplus_package_that_an_operator_canceled_is_no_attention_any_more() {
    for by_retry in [true, false] {
        let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
        let external_id = Some("rh-shopify-5324830114101-b1");
        let duplicate = insert(&world, mail(OWN, external_id, START + Duration::from_secs(9)));
        audit(&world);
        world.settle();
        assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
        let instance = world.look().package(duplicate).unwrap().instances[0].id;
        change(&world, instance, status(Status::Canceled));
        if by_retry {
            world.retry(&KEY.parse().unwrap());
        } else {
            assert_eq!(audit(&world).ended, 1);
            world.settle();
        }
        assert_eq!(world.attention(KEY), Vec::<String>::new());
        assert_eq!(Paid::of(&world, KEY).base, 1);
    }
}

#[test]
fn a_package_of_ours_that_has_ended_is_no_finding() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    let mut ended = mail(OWN, Some("rh-shopify-5324830114101-b1"), START);
    ended.instances[0].status = Some(Status::Canceled);
    insert(&world, ended);
    let summary = audit(&world);
    assert_eq!(
        (summary.findings(), summary.foreign, summary.tally.wix_calls),
        (0, 0, 1)
    );
}

#[test]
fn a_package_that_appears_a_day_after_its_canceled_purchase_was_given_up_is_taken_back() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = World::kind();
    // The request is on its way for three days.
    let late = Effect::Late { ms: 3 * 86_400_000 };
    world.strike(FaultRule::on(Operation::CreatePackage, late));
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    world.clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(Paid::of(&world, KEY).base, 1, "it has appeared");
    let summary = audit(&world);
    assert_eq!(summary.surplus + summary.found, 1);
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    quiet(&world);
}

#[test]
fn a_package_of_an_unwanted_purchase_of_unknown_outcome_is_adopted_and_taken_back_before_its_last_lookup() {
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    let world = World::unkind(Duration::from_secs(5));
    world.strike(FaultRule::on(
        Operation::CreatePackage,
        Effect::Late { ms: 2 * 3_600_000 },
    ));
    world.deliver(&order.event()).unwrap();
    world.deliver(&order.canceled().event()).unwrap();
    // Looked up after a minute, ten, and an hour; the next time would be after a day.
    for minutes in [2, 11, 50] {
        world.clock.advance(Duration::from_secs(60 * minutes));
        world.sweep();
    }
    world.clock.advance(4 * HOUR);
    assert_eq!(audit(&world).found, 1);
    world.sweep();
    assert_eq!(Paid::of(&world, KEY).base, 0);
    world.settle();
    quiet(&world);
}

#[test]
fn a_package_of_ours_without_an_order_or_of_another_account_is_reported_and_not_touched() {
    let world = one_order(&Order::new(KEY).line("1", "MAIL", 1).paid());
    insert(&world, mail(OWN, Some("rh-shopify-77-b1"), START));
    insert(&world, mail(OTHER, Some("rh-shopify-5324830114101-b1"), START));
    let summary = audit(&world);
    assert_eq!((summary.unclaimed, summary.surplus, summary.foreign), (2, 0, 0));
    assert_eq!(summary.unclaimed_listed.len(), 2);
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    assert!(world.look().instances().all(|(_, instance)| instance.status.is_alive()));
}

#[test]
fn an_order_that_a_worker_holds_is_left_to_the_next_audit() {
    let world = one_order(&paid());
    change(&world, base(&world), status(Status::Failed));
    let mut record = world.record(KEY);
    record.lease = Some(reseller_hooks::fulfilment::record::Lease {
        owner: "another".to_owned(),
        until: world.clock.now() + Duration::from_secs(60),
    });
    rewrite(&world, &record.to_json());
    let before = world.entry(KEY);
    assert_eq!(audit(&world).busy, 1);
    assert_eq!(world.entry(KEY), before);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(audit(&world).busy, 0);
    world.sweep();
    assert_eq!(world.attention(KEY), ["INSTANCE_FAILED"]);
}

#[test]
fn a_record_that_cannot_be_read_does_not_stop_the_others() {
    let world = one_order(&paid());
    world
        .deliver(&Order::new("shopify/2").line("1", "MAIL", 1).paid().event())
        .unwrap();
    rewrite(&world, "{}");
    world.clock.advance(2 * HOUR);
    let summary = audit(&world);
    assert_eq!((summary.unreadable, summary.orders, summary.finished), (1, 1, true));
}

#[test]
fn a_paused_audit_calls_nobody_and_a_refused_key_stops_it() {
    let mut world = one_order(&paid());
    world.settings.paused = true;
    let before = world.look().calls().len();
    assert_eq!(audit(&world).stopped, Some(Circuit::Paused));
    assert_eq!(world.look().calls().len(), before);
    world.settings.paused = false;
    world.look().revoke_api_key(wix_sandbox::DEFAULT_API_KEY);
    let summary = audit(&world);
    assert!(matches!(summary.stopped, Some(Circuit::ApiKey(_))), "{summary:?}");
    assert!(!summary.finished);
}

/// A world with so many packages of somebody else, several of them of one millisecond, and one settled order.
fn crowd(packages: usize) -> World {
    let world = one_order(&paid());
    let template = mail(OTHER, Some("theirs-{n}"), START + Duration::from_secs(60));
    let now = world.clock.now().as_millis();
    world.look().insert_packages(now, packages / 2, &template);
    world.look().insert_packages(now, packages - packages / 2, &template);
    world
}

#[test]
fn stopped_at_any_page_by_its_deadline_it_covers_every_package_exactly_once() {
    for pages in 1..=6_u64 {
        let world = crowd(520);
        let last = FaultRule {
            times: u32::MAX,
            ..FaultRule::on(
                Operation::QueryPackages,
                Effect::Stall {
                    ms: 10_000,
                    commit: true,
                },
            )
        };
        world.strike(last);
        // Half of the time is for pages, and the last one needs time for an answer that takes 15 s.
        let time = Duration::from_secs(2 * (10 * pages + 6));
        let (mut packages, mut foreign, mut runs) = (0, 0, 0);
        loop {
            let summary = audit_for(&world, AuditRequest::default(), time);
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
        world.strike(FaultRule {
            skip,
            ..FaultRule::on(
                Operation::QueryPackages,
                Effect::ErrorBefore {
                    status: 503,
                    code: None,
                },
            )
        });
        let first = audit(&world);
        assert!(matches!(first.stopped, Some(Circuit::WixAway(_))), "{first:?}");
        assert_eq!((first.pages, first.finished), (skip, false));
        let second = audit(&world);
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
            skip,
            times: 2,
            ..FaultRule::on(Operation::QueryPackages, Effect::Throttle { retry_after: None })
        });
    }
    let before = world.clock.now();
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.foreign, summary.finished), (522, 520, true));
    assert_eq!(world.clock.now().since(before), Duration::from_secs(240));
}

#[test]
fn a_cursor_that_wix_has_forgotten_is_replaced_by_the_time_of_creation() {
    let world = crowd(520);
    world.strike(FaultRule {
        skip: 3,
        ..FaultRule::on(
            Operation::QueryPackages,
            Effect::ErrorBefore {
                status: 400,
                code: Some("INVALID_CURSOR".to_owned()),
            },
        )
    });
    let summary = audit(&world);
    assert_eq!((summary.packages, summary.foreign, summary.finished), (522, 520, true));
}

#[test]
fn on_demand_from_a_time_it_leaves_the_place_of_the_daily_run_as_it_is() {
    let world = crowd(300);
    let since = START + Duration::from_secs(60) + Duration::from_millis(100);
    let request = AuditRequest { since: Some(since) };
    let summary = audit_for(&world, request, Duration::from_secs(898));
    assert_eq!((summary.packages, summary.finished), (100, true));
    assert_eq!(audit(&world).packages, 302);
}

#[test]
fn where_it_stands_is_taken_for_no_order() {
    let world = one_order(&paid());
    audit(&world);
    assert_eq!(world.ledger.entries().len(), 2);
    assert_eq!(world.sweep().orders, 0);
    let again = world.deliver(&paid().event()).unwrap();
    assert_eq!(again.progress, Progress::Settled);
    assert_eq!(audit(&world).orders, 1);
    quiet(&world);
}

#[test]
fn ten_thousand_packages_cost_a_hundred_and_one_calls_and_find_the_one_that_failed() {
    let world = crowd(10_000);
    change(&world, base(&world), status(Status::Failed));
    let summary = audit(&world);
    assert_eq!((summary.pages, summary.tally.wix_calls), (101, 101));
    assert_eq!((summary.packages, summary.foreign, summary.ended), (10_002, 10_000, 1));
    assert_eq!(summary.foreign_listed.len(), 20, "the first are named, all are counted");
}

#[test]
fn when_very_many_packages_are_not_shown_only_some_are_asked_for() {
    let world = World::kind();
    for number in 0..230 {
        let order = Order::new(&format!("shopify/{number}")).line("1", "MAIL", 1).paid();
        world.deliver(&order.event()).unwrap();
    }
    world.clock.advance(2 * HOUR);
    let stale = Effect::StaleQuery { ms: 86_400_000 };
    world.strike(FaultRule::on(Operation::QueryPackages, stale));
    assert_eq!(audit(&world).missing, 230);
    let due = poll_through(world.ledger.due(world.clock.now(), 1_000)).unwrap();
    assert_eq!(due.len(), 200);
}
