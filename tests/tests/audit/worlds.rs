//! Worlds to audit: with an order that settled long ago, or a crowd of packages of somebody else.

use std::time::Duration;

use reseller_hooks::fulfilment::audit::{AuditRequest, AuditSummary};
use reseller_hooks::ledger::Ledger;
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks_tests::world::{OTHER, Order, SITE, START, World, poll_through, violations};
use wix_sandbox::{ForeignInstance, ForeignPackage, Guid, InstanceChange, Status};

pub(crate) const KEY: &str = "shopify/5324830114101";
pub(crate) const MAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) fn audit_for(world: &World, request: AuditRequest, time: Duration) -> AuditSummary {
    let deadline = world.clock.now() + time;
    poll_through(world.worker().audit(request, deadline)).unwrap()
}

pub(crate) fn audit(world: &World) -> AuditSummary {
    audit_for(world, AuditRequest::default(), Duration::from_secs(898))
}

/// A world with one settled order, two hours ago.
pub(crate) fn one_order(order: &Order) -> World {
    let world = World::kind();
    world.deliver(&order.event()).unwrap();
    world.clock.advance(2 * HOUR);
    world
}

pub(crate) fn paid() -> Order {
    Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE)
}

pub(crate) fn mail(account: &str, external_id: Option<&str>, created: Timestamp) -> ForeignPackage {
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

pub(crate) fn insert(world: &World, package: ForeignPackage) -> Guid {
    world.look().insert_package(world.clock.now().as_millis(), package)
}

pub(crate) fn change(world: &World, instance: Guid, change: InstanceChange) {
    world
        .look()
        .set_instance(world.clock.now().as_millis(), instance, change)
        .unwrap();
}

pub(crate) fn status(status: Status) -> InstanceChange {
    InstanceChange {
        status: Some(status),
        ..InstanceChange::default()
    }
}

/// The instance of the order's first base package.
pub(crate) fn base(world: &World) -> Guid {
    let wix = world.look();
    let mut bases = wix.instances().filter(|(_, instance)| instance.reference.is_none());
    bases.next().unwrap().1.id
}

pub(crate) fn quiet(world: &World) {
    assert_eq!(violations(world), Vec::<String>::new());
}

/// Somebody restores another record.
pub(crate) fn rewrite(world: &World, body: &str) {
    let mut entry = world.entry(KEY);
    entry.body = body.to_owned();
    entry.rev += 1;
    entry.write_id = format!("restored-{}", entry.rev);
    poll_through(world.ledger.store(&entry)).unwrap();
}

/// A world with so many packages of somebody else, several of them of one millisecond, and one settled order.
pub(crate) fn crowd(packages: usize) -> World {
    let world = one_order(&paid());
    let template = mail(OTHER, Some("theirs-{n}"), START + Duration::from_secs(60));
    let now = world.clock.now().as_millis();
    world.look().insert_packages(now, packages / 2, &template);
    world.look().insert_packages(now, packages - packages / 2, &template);
    world
}
