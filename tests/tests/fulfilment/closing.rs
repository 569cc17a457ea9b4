//! An operator's verbs do one thing each: `close` settles one problem and buys nothing, now or later; `release` lets what
//! was held be bought; `retry` does neither.

use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::record::ProblemId;
use reseller_hooks::fulfilment::{Attention, AuditRequest, Closed, OperatorError};
use reseller_hooks::order::OrderKey;
use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{CATALOG, OWN, Order, Paid, SITE, START, World, poll_through, violations};
use wix_sandbox::{Effect, FaultRule, ForeignInstance, ForeignPackage, InstanceChange, Operation, Status};

const KEY: &str = "shopify/5324830114101";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
const DAY: Duration = Duration::from_secs(86_400);

fn key() -> OrderKey {
    KEY.parse().unwrap()
}

/// The only problem that there is.
fn problem(world: &World) -> Attention {
    let mut problems = world.problems(KEY);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

/// Closes the only problem; what was called at Wix must stay as it was, also by a second closing and by a sweep.
fn close(world: &World) -> ProblemId {
    let problem = problem(world).id;
    let calls = world.look().calls().count();
    let record = |world: &World| world.record(KEY);
    assert_eq!(world.close(&key(), &problem).unwrap(), Closed::Now);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    let closed = record(world);
    assert_eq!(world.close(&key(), &problem).unwrap(), Closed::Before);
    assert_eq!(record(world), closed, "closing twice is closing once");
    let closing = closed.closed().get(&problem).unwrap();
    assert_eq!((closing.by.as_str(), closing.at), ("a tester", world.clock.now()));
    assert_eq!(closing.reason, "settled by hand");
    world.settle();
    assert_eq!(world.attention(KEY), Vec::<String>::new(), "closed through every sweep");
    assert_eq!(world.look().calls().count(), calls, "closing calls nobody");
    problem
}

fn retry(world: &World) {
    world.retry(&key());
    world.settle();
}

fn mail() -> Order {
    Order::new(KEY).line("1", "MAIL", 1).paid()
}

/// Every instance at Wix becomes so.
fn becomes(world: &World, status: Status) {
    let now = world.clock.now().as_millis();
    let ids: Vec<_> = world.look().instances().map(|(_, instance)| instance.id).collect();
    for id in ids {
        let change = InstanceChange {
            status: Some(status.clone()),
            ..InstanceChange::default()
        };
        world.look().set_instance(now, id, change).unwrap();
    }
}

fn audit(world: &World) {
    world.clock.advance(Duration::from_secs(7_200));
    let deadline = world.clock.now() + Duration::from_secs(898);
    let worker = world.worker();
    poll_through(worker.audit(AuditRequest::default(), deadline)).unwrap();
    world.settle();
}

#[test]
fn an_unknown_problem_is_not_closed_and_nothing_is_written() {
    let world = World::kind();
    world.deliver(&mail().event()).unwrap();
    let before = world.entry(KEY);
    let error = world.close(&key(), &"0123456789".parse().unwrap()).unwrap_err();
    assert!(matches!(error, OperatorError::Changed { .. }), "{error}");
    assert!(error.to_string().contains("look again"), "{error}");
    assert_eq!(world.entry(KEY), before);
}

#[test]
fn an_old_order_with_a_refund_is_closed_and_buys_nothing() {
    let world = World::kind();
    let old = mail()
        .placed(START - 400 * DAY)
        .unmapped("a refund of 10.00 names no line");
    world.deliver(&old.event()).unwrap();
    assert_eq!(problem(&world).code, "NOT_MAPPED");
    close(&world);
    retry(&world);
    assert_eq!(Paid::of(&world, KEY).base, 0, "it is from before not_before");
}

#[test]
fn a_closed_refusal_is_bought_by_no_retry_and_no_later_catalog() {
    let mut world = World::kind();
    world
        .deliver(&Order::new(KEY).line("1", "WRONG", 1).paid().event())
        .unwrap();
    assert_eq!(problem(&world).code, "PRODUCT_NOT_FOUND");
    close(&world);
    world.catalog = Catalog::from_toml(&CATALOG.replace("11111111-2222-4333-8444-555555555555", EMAIL)).unwrap();
    retry(&world);
    assert_eq!(world.packages(), (0, 0));
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_closed_line_is_settled_and_a_unit_that_comes_later_is_planned() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "SITED", 1).paid();
    world.deliver(&order.event()).unwrap();
    assert_eq!(problem(&world).code, "NOT_PLANNED");
    close(&world);
    world.deliver(&order.clone().site(SITE).event()).unwrap();
    retry(&world);
    assert_eq!(world.packages(), (0, 0), "a newer snapshot and a retry plan it no more");
    world.deliver(&order.line("1", "SITED", 2).site(SITE).event()).unwrap();
    assert_eq!(Paid::of(&world, KEY).base, 1, "the second unit has a site");
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn an_instance_canceled_on_purpose_is_closed_and_never_replaced() {
    let world = World::kind();
    world.deliver(&mail().event()).unwrap();
    becomes(&world, Status::Canceled);
    audit(&world);
    assert_eq!(problem(&world).code, "INSTANCE_CANCELED");
    close(&world);
    retry(&world);
    assert_eq!(Paid::of(&world, KEY).base, 0);
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(world.attention(KEY), Vec::<String>::new());
}

#[test]
fn a_closed_end_comes_back_when_the_instance_lived_and_ended_again() {
    let world = World::kind();
    world.deliver(&mail().event()).unwrap();
    becomes(&world, Status::Canceled);
    audit(&world);
    close(&world);
    becomes(&world, Status::Enabled);
    audit(&world);
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    becomes(&world, Status::Canceled);
    audit(&world);
    assert_eq!(problem(&world).code, "INSTANCE_CANCELED");
}

#[test]
fn a_closed_surplus_is_still_taken_back_when_the_order_ends() {
    let world = World::kind();
    let order = Order::new(KEY).line("1", "ENDS", 1).paid();
    world.deliver(&order.event()).unwrap();
    let now = world.clock.now().as_millis();
    let surplus = ForeignPackage {
        account_id: OWN.parse().unwrap(),
        parent_account_id: None,
        external_id: Some("rh-shopify-5324830114101-b1".to_owned()),
        created_ms: Some(now),
        instances: vec![ForeignInstance {
            catalog_product_id: EMAIL.parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    };
    world.look().insert_package(now, surplus);
    audit(&world);
    assert_eq!(problem(&world).code, "SURPLUS_PACKAGE");
    close(&world);
    world.deliver(&order.canceled().event()).unwrap();
    world.settle();
    assert_eq!(world.look().instances().filter(|(_, i)| i.status.is_alive()).count(), 0);
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_package_that_was_perhaps_bought_before_is_closed_or_bought_by_a_retry() {
    let bought_before = || {
        let world = World::kind();
        let now = world.clock.now().as_millis();
        let tagged = ForeignPackage {
            account_id: OWN.parse().unwrap(),
            parent_account_id: None,
            external_id: Some("SUB-7".to_owned()),
            created_ms: Some(now),
            instances: vec![ForeignInstance {
                catalog_product_id: EMAIL.parse().unwrap(),
                site_id: None,
                status: None,
                billing_info: None,
                country_code: None,
                reference_product_instance_id: None,
            }],
        };
        world.look().insert_package(now, tagged);
        world
            .deliver(&mail().placed(START - 3 * DAY).reference("SUB-7").event())
            .unwrap();
        world.settle();
        assert_eq!(problem(&world).code, "PERHAPS_BOUGHT_BEFORE");
        world
    };
    let world = bought_before();
    close(&world);
    retry(&world);
    assert_eq!(world.calls(Operation::CreatePackage), 0, "closed is settled");
    let world = bought_before();
    retry(&world);
    assert_eq!(world.calls(Operation::CreatePackage), 1, "a retry buys it");
}

#[test]
fn a_closed_refused_change_comes_back_when_it_is_needed_anew() {
    let world = World::kind();
    let order = mail().site(SITE);
    world.deliver(&order.event()).unwrap();
    let code = "SOMETHING_ELSE".to_owned();
    world.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(Operation::UnassignProductInstance, Effect::RejectCode { code })
    });
    let canceled = order.clone().canceled();
    world.deliver(&canceled.event()).unwrap();
    world.settle();
    assert_eq!(problem(&world).code, "SOMETHING_ELSE");
    close(&world);
    retry(&world);
    assert_eq!(
        world.calls(Operation::UnassignProductInstance),
        1,
        "what is closed is not tried again"
    );
    let revived = canceled.revived();
    world.deliver(&revived.event()).unwrap();
    world.deliver(&revived.canceled().event()).unwrap();
    world.settle();
    assert_eq!(
        problem(&world).code,
        "SOMETHING_ELSE",
        "a second cancellation is another problem"
    );
}

#[test]
fn a_problem_keeps_its_id_whatever_wix_words_and_numbers() {
    let world = World::unkind(Duration::ZERO);
    let refuse = |code: &str| {
        let code = code.to_owned();
        world.strike(FaultRule::on(Operation::CreatePackage, Effect::RejectCode { code }));
    };
    refuse("PRODUCT_LIMIT_EXCEEDED");
    world.deliver(&mail().event()).unwrap();
    let first = problem(&world);
    audit(&world);
    assert_eq!(problem(&world), first, "the same through sweeps and audits");
    refuse("PRODUCT_LIMIT_EXCEEDED");
    retry(&world);
    let second = problem(&world);
    assert_ne!(second.id, first.id, "a retry was another attempt");
}

#[test]
fn a_retry_releases_no_held_order_and_a_release_buys_it() {
    let world = World::kind();
    world.deliver(&mail().placed(START - 400 * DAY).event()).unwrap();
    retry(&world);
    assert_eq!(world.packages(), (0, 0), "a retry lets nothing go that is held");
    world.release(&key());
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 1);
    world.release(&key());
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 1, "released twice is released once");
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn a_retry_buys_no_line_that_the_catalog_learnt_since_and_a_release_does() {
    let mut world = World::kind();
    let order = Order::new(KEY).line("1", "MAIL", 1).line("2", "NEW", 1).paid();
    world.deliver(&order.event()).unwrap();
    let new = CATALOG.replacen("sku = \"MAIL\"", "sku = \"NEW\"", 1);
    let mail = CATALOG.find("[[product]]").map(|at| &CATALOG[at..]).unwrap();
    world.catalog = Catalog::from_toml(&format!("{new}\n{}", only(mail, "MAIL"))).unwrap();
    retry(&world);
    assert_eq!(Paid::of(&world, KEY).base, 1, "not ours stays not ours");
    world.release(&key());
    world.settle();
    assert_eq!(Paid::of(&world, KEY).base, 2);
}

/// The entry of one SKU.
fn only(products: &str, sku: &str) -> String {
    let named = format!("sku = \"{sku}\"");
    let mut entries = products.split("[[product]]").filter(|entry| entry.contains(&named));
    format!("[[product]]{}", entries.next().unwrap())
}
