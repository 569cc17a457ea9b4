//! The ledger is lost and restored from a backup: what the lost one bought and changed shows nowhere but at Wix, and the
//! restored one looks there before it buys or changes anything.

use reseller_hooks::fulfilment::Switched;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks_tests::prelude::*;

/// A ledger that has bought something for another order, and its backup.
fn backed_up() -> (World, MemoryLedger) {
    let world = World::unkind(Duration::from_secs(5));
    world.hears(&Order::new("shopify/1").line("1", "MAIL", 1).paid());
    let backup = world.ledger.restored("restored");
    (world, backup)
}

/// The ledger is lost, and somebody resumes the backup after half an hour.
fn is_restored(world: &mut World, backup: MemoryLedger) {
    world.settle();
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
}

/// What the lost ledger bought since the backup is found, and not bought again, though Wix ignores keys: an order that the
/// backup does not know, and one that it knows and had not bought.
#[test]
fn after_a_restore_what_the_lost_ledger_bought_is_looked_up_and_adopted() {
    let mut world = World::unkind(Duration::from_secs(5));
    let order = |number: u32, units: u32| Order::new(&format!("shopify/{number}")).line("1", "PLAN", units).paid();
    world.hears(&order(1, 1));
    let busy = Effect::Throttle { retry_after: Some(30) };
    world.strike(once(Operation::CreatePackage, busy));
    world.hears(&order(2, 2));
    let backup = world.ledger.restored("restored");
    assert_eq!(world.packages(), (1, 1));
    world.settle();
    world.hears(&order(3, 1));
    world.settle();
    let bought = world.packages();
    assert_eq!(world.look().instances().count(), 8);
    world.clock.advance(Duration::from_secs(1_800));

    world.ledger = Arc::new(backup);
    // The first one says nothing new.
    world.hears(&order(1, 1));
    for told in [order(2, 2), order(3, 1)] {
        let heard = world.hears(&told);
        assert!(
            matches!(heard.progress, Progress::Stopped(Outage::Paused(_))),
            "{heard:?}"
        );
    }
    assert!(world.audit().finished, "it reads while nothing may be bought");
    world.clock.advance(Duration::from_secs(600));
    world.resumes();
    world.settle();
    assert_eq!(world.packages(), bought, "nothing is bought twice");
    assert_eq!(world.look().instances().count(), 8);
    // What is placed from now on cannot have been bought: it costs no look-up.
    let queries = world.calls(Operation::QueryPackages);
    world.clock.advance(Duration::from_secs(60));
    world.hears(&order(4, 1).placed(world.clock.now()));
    assert_eq!(world.calls(Operation::QueryPackages), queries);
    assert_eq!(world.look().instances().count(), 10);
}

/// Money: the lost ledger bought two units at once, and the restored one hears first of the state with one of them. The other
/// one is in the package that does not fit, and would be bought again.
#[test]
fn after_a_restore_a_package_that_does_not_fit_holds_up_its_order() {
    let mut world = World::unkind(Duration::from_secs(5));
    world.hears(&Order::new("shopify/1").line("1", "MAIL", 1).paid());
    let backup = world.ledger.restored("restored");
    let (one, two) = (ordered("MAIL", 1), ordered("MAIL", 1).line("1", "MAIL", 2));
    world.hears(&two);
    world.settle();
    let bought = world.packages();
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
    world.hears(&one);
    world.resumes();
    world.settle();
    assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES", "SURPLUS_PACKAGE"]);
    world.hears(&two);
    world.settle();
    assert_eq!(world.packages(), bought, "the second unit is in that package");
    assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES", "SURPLUS_PACKAGE"]);
}

/// A process that starts on a restored ledger has not read its limit: the answer to its first permit tells.
#[test]
fn a_process_that_knows_nothing_of_the_restore_learns_it_before_it_buys() {
    let mut world = World::unkind(Duration::from_secs(5));
    let backup = world.ledger.restored("restored");
    world.hears(&ordered("MAIL", 1));
    world.ledger = Arc::new(backup);
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(world.resumes(), Switched::Before, "an empty ledger has no limit yet");
    world.hears(&Order::new("shopify/9").line("1", "MAIL", 1).paid());
    world.ledger = Arc::new(world.ledger.restored("again"));
    world.resumes();
    let (queries, packages) = (world.calls(Operation::QueryPackages), world.packages());
    world.hears(&ordered("MAIL", 1));
    world.settle();
    assert!(world.calls(Operation::QueryPackages) > queries);
    assert_eq!(world.packages(), packages, "it is found");
}

/// The backup was made in the middle of an audit: its packages are compared from the first one on.
#[test]
fn a_restored_ledger_is_audited_from_the_beginning() {
    let mut world = World::kind();
    world.hears(&ordered("MAIL", 1));
    world.clock.advance(DAY);
    let bookmark = serde_json::json!({ "at": world.clock.now(), "home": "" });
    let kept = reseller_hooks::ledger::Entry {
        key: "audit".to_owned(),
        body: bookmark.to_string(),
        rev: 1,
        write_id: "w".to_owned(),
        due_at: None,
        attention_since: None,
    };
    poll_through(world.ledger.store(&kept)).unwrap();
    assert_eq!(world.audit().packages, 0, "where it stopped");
    world.ledger = Arc::new(world.ledger.restored("restored"));
    let audit = world.audit();
    assert_eq!((audit.since, audit.packages), (None, 1));
}

/// Two products that the lost ledger bought apart: the first refused together, then one without a clear answer (and never
/// created), the other under the second number.
fn bought_apart(world: &World) -> Order {
    world.strike(once(Operation::CreatePackage, refused("PRODUCT_TYPE_ALREADY_ASSIGNED")));
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    let order = ordered("MAIL", 1).line("2", "PLAN", 1);
    world.hears(&order);
    order
}

/// Money (found by the simulation, seed 36357): the restored ledger plans both products as the first purchase, whose external
/// ID nothing has, and the second one is bought already.
#[test]
fn what_the_lost_ledger_bought_under_another_number_is_not_bought_again() {
    let (mut world, backup) = backed_up();
    let order = bought_apart(&world);
    let bought = world.packages();
    let plan = world.external_ids();
    assert!(plan.contains(&"rh-shopify-5324830114101-b2".to_owned()), "{plan:?}");
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
    world.hears(&order);
    world.resumes();
    world.settle();
    assert_eq!(world.packages(), bought, "nobody knows what that package is for");
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
    world.retries();
    world.settle();
    assert_eq!(world.packages(), bought, "it is still there");

    let package = world.package_with("rh-shopify-5324830114101-b2");
    world
        .adopt(&KEY.parse().unwrap(), "2", 1, &package)
        .expect("it is the plan's");
    world.settle();
    world.needs_nobody();
    assert_eq!(
        world.packages(),
        (bought.0 + 1, bought.1),
        "the mail; the plan's voucher is found"
    );
}

/// Money (found by the simulation, seed 9528 restored): what an operator adopts takes a number of the restored record, and the
/// package that the lost ledger bought under that number was not asked for any more.
#[test]
fn a_number_that_was_given_to_an_adopted_package_is_asked_for_still() {
    let (mut world, backup) = backed_up();
    world.strike(once(Operation::CreatePackage, refused("PRODUCT_TYPE_ALREADY_ASSIGNED")));
    let order = ordered("MAIL", 1).line("2", "PLAN", 1);
    world.hears(&order);
    let bought = world.packages();
    assert_eq!(
        bought,
        (3, 1),
        "the mail, the plan and its voucher, beside the other order's"
    );
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
    world.hears(&order);
    world.resumes();
    let plan = world.package_with("rh-shopify-5324830114101-b2");
    let adopted = world.adopt(&KEY.parse().unwrap(), "2", 1, &plan);
    adopted.expect("it is the plan's");
    world.settle();
    assert_eq!(world.packages(), bought, "the mail is not bought again");
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
}

/// Money (found by the simulation, seed 27429 changing): closing never buys, and so it is with a package that nobody knows.
#[test]
fn a_package_of_a_lost_ledger_that_is_closed_holds_up_its_order_still() {
    let (mut world, backup) = backed_up();
    let order = bought_apart(&world);
    let bought = world.packages();
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
    world.hears(&order);
    world.resumes();
    world.settle();
    world.closes();
    world.retries();
    world.settle();
    assert_eq!(world.packages(), bought, "nobody has said what it is for");
    assert_eq!(world.attention(KEY), Vec::<String>::new());
    // It is canceled at Wix: now the order buys what it lacks.
    world.change_all(&becomes(Status::Canceled));
    world.retries();
    world.settle();
    assert_eq!(world.packages().0, bought.0 + 1, "both products, in one package");
}

/// Money (seed 43749): the backup has the first purchase in doubt and proven to be absent, and would send it again.
#[test]
fn what_was_in_doubt_before_the_backup_is_looked_up_again() {
    let (mut world, _) = backed_up();
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    let order = ordered("MAIL", 1).line("2", "PLAN", 1);
    world.hears(&order);
    let backup = world.ledger.restored("restored");
    world.strike(once(Operation::CreatePackage, refused("PRODUCT_NOT_FOUND")));
    world.strike(once(Operation::CreatePackage, Effect::DropBefore));
    world.settle();
    let bought = world.packages();
    is_restored(&mut world, backup);
    world.hears(&order);
    world.resumes();
    world.settle();
    assert_eq!(world.packages(), bought, "both are bought already");
    assert!(world.attention(KEY).contains(&"SURPLUS_PACKAGE".to_owned()));
}

/// The customer of another unit would lose it: the package that does not fit has what the order keeps.
#[test]
fn a_package_that_does_not_fit_is_not_taken_back_with_its_order() {
    let (mut world, backup) = backed_up();
    let one = ordered("MAIL", 1);
    world.hears(&one.clone().line("2", "MAIL", 1));
    is_restored(&mut world, backup);
    world.hears(&one);
    world.resumes();
    world.settle();
    world.hears(&one.canceled());
    world.settle();
    assert_eq!(
        world.calls(Operation::CancelProductInstance),
        0,
        "which of the two is it?"
    );
    assert_eq!(world.calls(Operation::UnassignProductInstance), 0);
    assert_eq!(world.attention(KEY), ["SURPLUS_PACKAGE"]);
}

/// The lost ledger took the instance off its site, and the order lives again: a customer who pays would have nothing.
#[test]
fn what_the_lost_ledger_changed_is_read_before_anything_is_decided() {
    let mut world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    world.settle();
    let backup = world.ledger.restored("restored");
    let order = order.canceled();
    world.hears(&order);
    world.settle();
    assert_eq!(world.sites(), 0, "it floats");
    world.ledger = Arc::new(backup);
    // As every process does when it starts, this one has read that the ledger waits for somebody.
    let worker = world.worker();
    assert!(matches!(
        poll_through(worker.sweep(world.deadline())).unwrap().stopped,
        Some(Outage::Paused(_))
    ));
    let revived = order.clone().revived();
    poll_through(worker.accept(&revived.event(), world.deadline())).unwrap();
    assert_eq!(world.resumes(), Switched::Now);
    world.clock.advance(Duration::from_secs(600));
    world.settle();
    assert_eq!((world.sites(), world.packages()), (1, (1, 0)));
    // Once: the next event costs no read.
    let reads = world.calls(Operation::GetPackage);
    world.hears(&order.revived().reference("SUB-7"));
    world.settle();
    assert_eq!(world.calls(Operation::GetPackage), reads);
}

/// The lost ledger moved the instance, and the restored one never hears of it: a person says which site is right.
#[test]
fn what_the_lost_ledger_moved_is_shown_until_it_is_right() {
    let mut world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    let backup = world.ledger.restored("restored");
    world.change_all(&moves(Some(OTHER_SITE)));
    world.clock.advance(Duration::from_secs(1_800));
    world.ledger = Arc::new(backup);
    world.resumes();
    world.hears(&order.reference("SUB-7"));
    world.settle();
    assert_eq!(world.attention(KEY), ["OTHER_THAN_PLANNED"]);
    assert_eq!(
        world.calls(Operation::AssignProductInstance),
        0,
        "nobody moves it back by himself"
    );
    world.change_all(&moves(Some(SITE)));
    world.retries();
    world.needs_nobody();
}

/// Found by the simulation (seed 1572): another purchase of the order was looked up, and the package of the first one, whose
/// answer was lost, was taken for one that nobody knows, so that nothing more was bought.
#[test]
fn a_package_that_another_purchase_will_find_is_no_unknown_one() {
    // Queries show at once what was created, and the first purchase is not looked up yet.
    let mut world = World::kind();
    world.hears(&Order::new("shopify/1").line("1", "MAIL", 1).paid());
    let backup = world.ledger.restored("restored");
    is_restored(&mut world, backup);
    world.resumes();
    world.clock.advance(Duration::from_secs(60));
    world.strike(once(Operation::CreatePackage, Effect::LoseAnswer));
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.hears(&order.line("2", "PLAN", 1));
    assert_eq!(world.record(KEY).surplus(), [], "the first purchase looks for it");
    world.settle();
    world.ends_with(2, 1);
}

/// An operator's word of the lost time moved nothing that a storefront would say again: nothing wakes the order but the audit.
#[test]
fn an_audit_after_a_restore_reads_what_is_elsewhere_than_the_record_says() {
    let mut world = World::kind();
    let order = ordered("MAIL", 1).site(SITE);
    world.hears(&order);
    let backup = world.ledger.restored("restored");
    world.change_all(&moves(None));
    assert_eq!(world.audit().changed, 0, "by hand, as far as this ledger knows");
    world.clock.advance(Duration::from_secs(7_200));
    world.ledger = Arc::new(backup);
    world.resumes();
    world.clock.advance(Duration::from_secs(7_200));
    world.audit();
    world.settle();
    assert_eq!(world.sites(), 1, "it is where the order wants it");
    world.needs_nobody();
}

/// Money (found by the simulation, seed 1862 restored): the lost ledger bought both units in one package, the lookup of the
/// first one gets no answer, and the second one would be bought meanwhile.
#[test]
fn while_one_purchase_is_not_seen_no_other_of_its_order_is_bought() {
    let (mut world, backup) = backed_up();
    let (one, two) = (ordered("MAIL", 1), ordered("MAIL", 1).line("1", "MAIL", 2));
    world.hears(&two);
    let bought = world.packages();
    is_restored(&mut world, backup);
    world.hears(&one);
    world.resumes();
    world.strike(once(Operation::GetPackage, fails(500)));
    world.clock.advance(Duration::from_secs(60));
    world.sweep();
    world.hears(&two);
    world.settle();
    assert_eq!(world.packages(), bought, "the second unit is in that package");
    assert_eq!(world.attention(KEY), ["SEVERAL_PACKAGES", "SURPLUS_PACKAGE"]);
}

/// The audit before the `resume` finds a voucher whose plan it has not: it is taken up once the plan is found.
#[test]
fn a_voucher_that_the_audit_found_first_is_taken_up_after_its_plan() {
    let (mut world, backup) = backed_up();
    let order = ordered("PLAN", 1);
    world.hears(&order);
    is_restored(&mut world, backup);
    let bought = world.packages();
    world.hears(&order);
    world.clock.advance(Duration::from_secs(7_200));
    assert!(world.audit().finished);
    world.resumes();
    world.settle();
    assert_eq!(world.packages(), bought);
    world.needs_nobody();
}

/// Found by the simulation (seed 219669): the restored ledger numbers its changes as the lost one did, so that a Wix that honours
/// keys answers a change with the success of an older one: the customer's plan was on no site, and nobody was told.
#[test]
fn a_change_that_a_lost_ledger_made_too_is_read_and_not_believed() {
    let mut world = World::kind();
    let order = ordered("MAIL", 1);
    world.hears(&order);
    world.settle();
    let backup = world.ledger.restored("restored");
    // The lost ledger assigns it, which is its first change, and takes it back, which is its second.
    world.hears(&order.clone().site(SITE));
    world.hears(&order.clone().site(SITE).canceled());
    assert_eq!(world.sites(), 0);
    is_restored(&mut world, backup);
    world.resumes();
    world.hears(&order.canceled().site(SITE).revived());
    world.settle();
    assert_eq!(world.sites(), 1, "the plan lives again, and is on its site");
    world.needs_nobody();
}
