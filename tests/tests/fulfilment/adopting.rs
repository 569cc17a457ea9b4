//! `adopt`: a package that a person bought is a unit's from now on. It is compared with the plan, it is taken back like
//! any other, and nothing is bought by it, because a person has paid for it already.

use reseller_hooks::fulfilment::{AdoptError, OperatorError, OrderOutcome};
use reseller_hooks_tests::prelude::*;

const LIMIT: &str = "PRODUCT_LIMIT_EXCEEDED";

fn adopt(world: &World, unit: u32, package: Guid) -> Result<(Adopted, OrderOutcome), OperatorError> {
    world.adopt(&KEY.parse().unwrap(), "1", unit, &package.to_string())
}

/// An order that Wix refuses, and what a person bought by hand for it.
fn refused_and_bought(sku: &str, units: u32) -> (World, Guid) {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, refused(LIMIT)));
    world.hears(&ordered(sku, units));
    assert_eq!(world.attention(KEY), [LIMIT]);
    world.clock.advance(HOUR);
    let bought = world.insert(foreign(EMAIL, OWN, None, world.clock.now()));
    (world, bought)
}

#[test]
fn a_package_bought_by_hand_ends_the_problem_and_buys_nothing() {
    let (world, bought) = refused_and_bought("ENDS", 1);
    assert_eq!(adopt(&world, 1, bought).unwrap().0, Adopted::Now);
    world.settle();
    assert_eq!(
        world.calls(Operation::CreatePackage),
        1,
        "only the one that was refused"
    );
    assert_eq!(world.held(KEY), [bought.to_string()]);
    world.ends_with(1, 0);
    let before = world.entry(KEY);
    assert_eq!(adopt(&world, 1, bought).unwrap().0, Adopted::Before);
    assert_eq!(world.entry(KEY), before, "adopted twice is adopted once");
    world.retries();
    world.replaces();
    assert_eq!(
        world.calls(Operation::CreatePackage),
        1,
        "a retry does not buy what a person bought"
    );
    let told = world.record(KEY);
    let told: Vec<&str> = told.history().lines().iter().map(|line| line.what()).collect();
    assert!(
        told.iter().any(|line| line.starts_with("adopted b1: package ")),
        "{told:?}"
    );
}

#[test]
fn an_adopted_package_is_audited_and_taken_back_like_any_other() {
    let (world, bought) = refused_and_bought("ENDS", 1);
    adopt(&world, 1, bought).unwrap();
    world.clock.advance(DAY);
    let summary = world.audit();
    assert_eq!((summary.foreign, summary.unclaimed), (0, 0));
    world.is_quiet();
    world.hears(&ordered("ENDS", 1).canceled());
    world.settle();
    world.ends_with(0, 0);
}

#[test]
fn an_adopted_package_goes_to_the_site_of_the_plan_with_its_voucher() {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, refused(LIMIT)));
    world.hears(&ordered("PLAN", 1).site(SITE));
    let bought = world.insert(foreign(PREMIUM, OWN, None, world.clock.now()));
    adopt(&world, 1, bought).unwrap();
    world.settle();
    assert_eq!(world.sites(), 2);
    assert_eq!(
        world.packages(),
        (1, 1),
        "the plan owes a voucher, and nobody had it yet"
    );
    world.is_quiet();
}

#[test]
fn a_package_that_is_used_on_another_site_is_not_taken() {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, refused(LIMIT)));
    world.hears(&ordered("PLAN", 1).site(SITE));
    let mut elsewhere = foreign(PREMIUM, OWN, None, world.clock.now());
    elsewhere.instances[0].site_id = Some(OTHER_SITE.parse().unwrap());
    let bought = world.insert(elsewhere);
    let Err(OperatorError::Adopt { reason, .. }) = adopt(&world, 1, bought) else {
        panic!("it is not where the order wants it, and nobody would be told");
    };
    assert!(matches!(reason, AdoptError::OtherSite { .. }), "{reason}");
    assert_eq!(world.attention(KEY), [LIMIT]);
}

#[test]
fn one_of_three_refused_units_is_adopted_and_the_others_stay_refused() {
    let (world, bought) = refused_and_bought("MAIL", 3);
    adopt(&world, 2, bought).unwrap();
    world.settle();
    assert_eq!(world.attention(KEY), [LIMIT]);
    assert_eq!(world.calls(Operation::CreatePackage), 1);
    world.retries();
    world.ends_with(3, 0);
    assert_eq!(world.packages(), (2, 0), "the retry buys the other two, in one package");
}

#[test]
fn a_closed_unit_can_still_be_adopted() {
    let (world, bought) = refused_and_bought("ENDS", 1);
    world.closes();
    adopt(&world, 1, bought).unwrap();
    world.ends_with(1, 0);
    world.hears(&ordered("ENDS", 1).canceled());
    world.settle();
    world.ends_with(0, 0);
}

#[test]
fn an_adopted_package_stands_for_one_that_ended_and_nothing_is_bought() {
    let world = World::kind();
    world.hears(&ordered("PLAN", 1));
    world.change(world.base(), becomes(Status::Canceled));
    world.clock.advance(DAY);
    world.audit();
    world.settle();
    let bought = world.insert(foreign(PREMIUM, OWN, None, world.clock.now()));
    let creates = world.calls(Operation::CreatePackage);
    adopt(&world, 1, bought).unwrap();
    world.settle();
    assert_eq!(
        world.calls(Operation::CreatePackage),
        creates,
        "nor is its voucher, before somebody retries with replace"
    );
    assert!(!world.held(KEY).is_empty());
    assert_eq!(violations(&world), Vec::<String>::new());
}

/// Whether the purchase in doubt exists is not known: with another package in its place there could be two.
#[test]
fn a_purchase_in_doubt_stands_in_the_way_until_a_person_has_closed_it() {
    let world = World::unkind(Duration::ZERO);
    world.strike(always(Operation::CreatePackage, Effect::DropBefore));
    world.hears(&ordered("MAIL", 1));
    let bought = world.insert(foreign(EMAIL, OWN, None, world.clock.now()));
    let error = adopt(&world, 1, bought).unwrap_err();
    assert!(
        matches!(
            error,
            OperatorError::Adopt {
                reason: AdoptError::InDoubt(_),
                ..
            }
        ),
        "{error}"
    );
    world.settle();
    world.closes();
    adopt(&world, 1, bought).unwrap();
    world.settle();
    world.ends_with(1, 0);
}

#[test]
fn the_lost_package_of_a_purchase_in_doubt_is_taken_as_its_own() {
    let world = World::kind();
    world.strike(once(
        Operation::CreatePackage,
        Effect::ErrorAfter {
            status: 500,
            code: None,
        },
    ));
    world.hears(&ordered("MAIL", 1));
    let lost = world.look().packages().next().unwrap().id;
    adopt(&world, 1, lost).unwrap();
    world.settle();
    world.ends_with_one_mail();
    assert!(!world.record(KEY).purchases()[0].is_by_hand());
}

#[test]
fn of_several_packages_the_operator_says_which_one_it_is() {
    let world = World::kind();
    world.strike(once(
        Operation::CreatePackage,
        Effect::ErrorAfter {
            status: 500,
            code: None,
        },
    ));
    world.hears(&ordered("ENDS", 1));
    world.insert_twin(OWN, world.clock.now());
    world.settle();
    assert!(world.attention(KEY).contains(&"SEVERAL_PACKAGES".to_owned()));
    let one = world.look().packages().next().unwrap().id;
    adopt(&world, 1, one).unwrap();
    world.settle();
    assert_eq!(
        world.attention(KEY),
        ["SURPLUS_PACKAGE"],
        "the other one is still paid for"
    );
    assert_eq!(world.calls(Operation::CreatePackage), 1);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (world, bought) = refused_and_bought("MAIL", 1);
    let now = world.clock.now();
    let other_product = world.insert(foreign(PREMIUM, OWN, None, now));
    let other_order = world.insert(foreign(EMAIL, OWN, Some("rh-shopify-77-b1"), now));
    let ended = world.insert(foreign(EMAIL, OWN, None, now));
    let instance = {
        let wix = world.look();
        let package = wix.packages().find(|package| package.id == ended).unwrap();
        package.instances[0].id
    };
    world.change(instance, becomes(Status::Canceled));
    let before = world.entry(KEY);
    let refusal = |unit, package| match adopt(&world, unit, package) {
        Err(OperatorError::Adopt { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refusal(1, other_product), AdoptError::Products { .. }));
    assert!(matches!(refusal(1, other_order), AdoptError::OtherOrder(_)));
    assert!(matches!(refusal(1, ended), AdoptError::Ended));
    assert!(matches!(refusal(2, bought), AdoptError::NoSuchUnit { .. }));
    let unknown = "00000000-0000-4000-8000-000000000099".parse().unwrap();
    assert!(matches!(adopt(&world, 1, unknown), Err(OperatorError::Wix(_))));
    assert_eq!(world.entry(KEY), before);
    world.hears(&ordered("MAIL", 1).canceled());
    assert!(matches!(refusal(1, bought), AdoptError::NotWanted { .. }));
    assert_eq!(world.calls(Operation::CreatePackage), 1);
}

#[test]
fn a_package_of_another_account_is_not_taken() {
    let (world, _) = refused_and_bought("MAIL", 1);
    let foreign = world.insert(foreign(EMAIL, OTHER, None, world.clock.now()));
    let error = adopt(&world, 1, foreign).unwrap_err();
    let is_refused = matches!(
        &error,
        OperatorError::Wix(_)
            | OperatorError::Adopt {
                reason: AdoptError::OtherAccount { .. },
                ..
            }
    );
    assert!(is_refused, "{error}");
    assert_eq!(world.attention(KEY), [LIMIT]);
}

#[test]
fn a_package_is_one_units_only() {
    let world = World::kind();
    world.strike(once(Operation::CreatePackage, refused(LIMIT)));
    world.hears(&ordered("MAIL", 2));
    let bought = world.insert(foreign(EMAIL, OWN, None, world.clock.now()));
    adopt(&world, 1, bought).unwrap();
    let error = adopt(&world, 2, bought).unwrap_err();
    assert!(
        matches!(
            error,
            OperatorError::Adopt {
                reason: AdoptError::HeldHere(_),
                ..
            }
        ),
        "{error}"
    );
}

/// With one package in two orders, the end of one would take it from the other's customer.
#[test]
fn a_package_is_one_orders_only_whatever_its_external_id_became() {
    for reference in [None, Some("SUB-7")] {
        let (world, bought) = refused_and_bought("MAIL", 1);
        if let Some(reference) = reference {
            world.hears(&ordered("MAIL", 1).reference(reference));
        }
        adopt(&world, 1, bought).unwrap();
        world.settle();
        let named = world.external_ids();
        assert_eq!(named, [reference.unwrap_or("rh-shopify-5324830114101-b1")]);
        world.strike(once(Operation::CreatePackage, refused(LIMIT)));
        let other = "shopify/1002";
        world.hears(&Order::new(other).line("1", "MAIL", 1).paid());
        let error = world
            .adopt(&other.parse().unwrap(), "1", 1, &bought.to_string())
            .unwrap_err();
        let is_refused = matches!(
            &error,
            OperatorError::Adopt {
                reason: AdoptError::OtherOrder(_) | AdoptError::HeldByOrder(_),
                ..
            }
        );
        assert!(is_refused, "{error}");
    }
}
