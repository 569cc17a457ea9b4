//! What is known of an order ends: by an operator's erasure, and after the time for which records are kept.

use reseller_hooks::fulfilment::{By, Erase, ErasedNow, OperatorError};
use reseller_hooks_tests::prelude::*;

fn erase(world: &World) -> Result<ErasedNow, OperatorError> {
    let erase = Erase {
        who: By {
            by: "jane".to_owned(),
            reason: "the buyer asked for it".to_owned(),
        },
    };
    let key = KEY.parse().unwrap();
    poll_through(world.worker().erase(&key, &erase, world.deadline()))
}

fn body(world: &World) -> String {
    let entry = poll_through(world.ledger.load(KEY)).unwrap();
    entry.unwrap().body
}

#[test]
fn an_ended_orders_data_is_gone_and_no_delivery_brings_it_back() {
    let world = World::kind();
    let order = ordered("ENDS", 2).reference("jane-doe-4711");
    world.hears(&order);
    world.settle();
    let tagged = world.external_ids();
    assert!(tagged.iter().any(|id| id.contains("jane-doe")), "{tagged:?}");
    assert!(matches!(erase(&world), Err(OperatorError::NotEnded(_))), "it is wanted");
    let ended = order.canceled();
    world.hears(&ended);
    world.settle();
    assert!(body(&world).contains("jane-doe"));

    assert_eq!(erase(&world).unwrap(), ErasedNow::Now);
    let erased = body(&world);
    for said in ["jane-doe", "ENDS", "line"] {
        assert!(!erased.contains(said), "{said}: {erased}");
    }
    assert_eq!(erase(&world).unwrap(), ErasedNow::Before);
    for told in [ordered("ENDS", 2).reference("jane-doe-4711"), ended] {
        world.hears(&told);
    }
    world.hears(&refund(KEY, "r1", &[("1", 1)]));
    world.settle();
    assert_eq!(body(&world), erased);
    world.clock.advance(DAY);
    let calls = world.calls(Operation::CreatePackage);
    let audit = world.audit();
    assert_eq!((audit.foreign, audit.unclaimed, audit.surplus), (0, 0, 0), "{audit:?}");
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), calls, "nothing is bought again");
}

/// The default policy leaves the package at Wix, floating: it would be found by the buyer's reference for ever.
#[test]
fn wixs_external_id_is_set_back_before_the_data_goes() {
    let world = World::kind();
    let order = ordered("MAIL", 1).reference("jane-doe-4711");
    world.hears(&order);
    world.hears(&order.canceled());
    world.settle();
    assert_eq!(world.external_ids(), ["jane-doe-4711"]);
    world.strike(always(Operation::UpdateExternalId, fails(500)));
    assert_eq!(erase(&world).unwrap(), ErasedNow::Waiting);
    assert!(body(&world).contains("jane-doe"), "the record is needed until then");
    world.look().clear_faults();
    world.settle();
    assert_eq!(erase(&world).unwrap(), ErasedNow::Now);
    assert_eq!(world.external_ids(), ["rh-shopify-5324830114101-b1"]);
    assert!(!body(&world).contains("jane-doe"));
    world.clock.advance(DAY);
    let audit = world.audit();
    assert_eq!((audit.foreign, audit.unclaimed, audit.surplus), (0, 0, 0), "{audit:?}");
}

/// Money: the refund may fail, and then the product is owed; it may go through, and then it is to be taken back. Without the
/// record nobody would do either, nor be told.
#[test]
fn an_order_whose_refund_is_under_way_has_not_ended() {
    use reseller_hooks::order::{Refund, RefundState, SCHEMA, Statement};

    let world = World::kind();
    world.hears(&ordered("MAIL", 1).site(SITE));
    let refund = |state| OrderEvent {
        schema: SCHEMA,
        key: KEY.parse().unwrap(),
        delivery: "d".to_owned(),
        received_at: START,
        says: Statement::Refund(Refund {
            id: "r1".to_owned(),
            state,
            lines: Some([("1".to_owned(), 1)].into()),
            whole: false,
        }),
    };
    world.hears(&refund(RefundState::Pending));
    world.settle();
    assert!(matches!(erase(&world), Err(OperatorError::NotEnded(_))));
    world.hears(&refund(RefundState::Succeeded));
    world.settle();
    assert_eq!((erase(&world).unwrap(), world.sites()), (ErasedNow::Now, 0));
}

/// Found by the simulation (seed 24558): the record of an invoice joins a payment to its subscription. An operator erased it, and
/// a refund of that payment was never heard of.
#[test]
fn another_name_of_an_order_is_not_erased() {
    use reseller_hooks::order::{SCHEMA, Statement};

    let world = World::kind();
    let joined = OrderEvent {
        schema: SCHEMA,
        key: KEY.parse().unwrap(),
        delivery: "d".to_owned(),
        received_at: START,
        says: Statement::BelongsTo("stripe/sub_1".parse().unwrap()),
    };
    world.hears(&joined);
    world.settle();
    assert!(matches!(erase(&world), Err(OperatorError::NotEnded(_))));
    assert!(body(&world).contains("stripe/sub_1"));
}

/// Found by the simulation (seed 10890): a refund was told under the name of its payment, an operator erased that, and then came
/// the invoice by which the payment belongs to a subscription. The subscription never heard of the refund, and was bought.
#[test]
fn what_may_be_another_name_of_an_order_is_not_erased() {
    let world = World::kind();
    world.hears(&refund(KEY, "re_1", &[("1", 1)]));
    world.settle();
    assert!(matches!(erase(&world), Err(OperatorError::NotEnded(_))));
}

#[test]
fn what_lives_again_before_its_data_went_has_its_reference_again() {
    let world = World::kind();
    let order = ordered("MAIL", 1).site(SITE).reference("SUB-7");
    world.hears(&order);
    let ended = order.canceled();
    world.hears(&ended);
    world.settle();
    world.strike(once(Operation::UpdateExternalId, fails(500)));
    assert_eq!(erase(&world).unwrap(), ErasedNow::Waiting);
    world.settle();
    assert_eq!(world.external_ids(), ["rh-shopify-5324830114101-b1"]);
    world.hears(&ended.revived());
    world.settle();
    assert_eq!(world.external_ids(), ["SUB-7"]);
    world.is_quiet();
}

/// Money: a purchase that may yet appear must be found.
#[test]
fn an_order_with_a_purchase_in_doubt_has_not_ended() {
    let world = World::late();
    let lost = Effect::ErrorAfter {
        status: 500,
        code: None,
    };
    world.strike(once(Operation::CreatePackage, lost));
    world.hears(&ordered("MAIL", 1));
    world.hears(&ordered("MAIL", 1).canceled());
    assert!(matches!(erase(&world), Err(OperatorError::NotEnded(_))));
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    assert_eq!(erase(&world).unwrap(), ErasedNow::Now);
}

#[test]
fn a_settled_record_ends_after_its_time_and_a_live_one_never() {
    let mut world = World::kind();
    world.settings.retention = Some(100 * DAY);
    world.hears(&ordered("ENDS", 1).canceled());
    world.hears(&Order::new("shopify/2").line("1", "ENDS", 1).paid());
    world.hears(&Order::new("shopify/2").line("1", "ENDS", 1).paid().canceled());
    world.hears(&Order::new("shopify/3").line("1", "MAIL", 1).paid());
    world.settle();
    let keys = |world: &World| -> Vec<String> {
        let entries = world.ledger.entries();
        entries
            .into_iter()
            .map(|entry| entry.key)
            .filter(|key| key.contains('/'))
            .collect()
    };
    world.clock.advance(90 * DAY);
    world.audit();
    world.settle();
    assert_eq!(keys(&world).len(), 3, "it is too early");
    world.clock.advance(120 * DAY);
    let audit = world.audit();
    world.settle();
    assert_eq!((keys(&world), audit.ended_records), (vec!["shopify/3".to_owned()], 2));
}

/// Money: the record that said that it was bought, or not to be bought, may have ended.
#[test]
fn an_order_first_heard_of_later_than_records_are_kept_is_held() {
    let mut world = World::kind();
    world.settings.retention = Some(100 * DAY);
    world.catalog.defaults.not_before = "2020-01-01T00:00:00Z".parse().unwrap();
    world.hears(&ordered("MAIL", 1).placed(START - 101 * DAY));
    world.settle();
    assert_eq!(world.packages(), (0, 0));
    world.needs_nobody();
    world.release(&KEY.parse().unwrap());
    world.settle();
    assert_eq!(world.packages(), (1, 0));
    world.hears(
        &Order::new("shopify/2")
            .line("1", "MAIL", 1)
            .paid()
            .placed(START - 99 * DAY),
    );
    world.settle();
    assert_eq!(world.packages(), (2, 0));
}
