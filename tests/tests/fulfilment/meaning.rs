//! Statements that are about another record, and an operator's answers, through the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use reseller_hooks::fulfilment::{OperatorError, Tell};
use reseller_hooks::order::{
    Fields, OrderEvent, Payment, PaymentLine, Refund, RefundState, SCHEMA, Statement, Version,
};
use reseller_hooks::time::Clock;
use reseller_hooks_tests::world::{Order, Paid, START, World, poll_through, violations};

const SUBSCRIPTION: &str = "stripe/sub_1";
const INVOICE: &str = "stripe/in_1";
const INTENT: &str = "stripe/pi_1";

fn event(key: &str, says: Statement) -> OrderEvent {
    OrderEvent {
        schema: SCHEMA,
        key: key.parse().unwrap(),
        delivery: String::new(),
        received_at: START,
        says,
    }
}

fn paid() -> OrderEvent {
    event(
        SUBSCRIPTION,
        Statement::Payment(Payment {
            id: "in_1".to_owned(),
            version: Version::at(START),
            first: true,
            lines: vec![PaymentLine {
                line: "si_1".to_owned(),
                sku: "ENDS".parse().unwrap(),
                units: 1,
                fields: Fields::default(),
            }],
            created_at: Some(START),
            fields: Fields::default(),
            number: None,
        }),
    )
}

fn belongs(key: &str, to: &str) -> OrderEvent {
    event(key, Statement::BelongsTo(to.parse().unwrap()))
}

/// A refund that names its payment and gives all of it back.
fn refunded() -> OrderEvent {
    event(
        INTENT,
        Statement::Refund(Refund {
            id: "re_1".to_owned(),
            state: RefundState::Succeeded,
            lines: None,
            whole: true,
        }),
    )
}

#[test]
fn a_refund_of_a_payment_finds_its_subscription_in_any_order_of_arrival() {
    let told = [
        paid(),
        belongs(INTENT, INVOICE),
        belongs(INVOICE, SUBSCRIPTION),
        refunded(),
    ];
    let orders = [[0, 1, 2, 3], [0, 3, 1, 2], [3, 2, 1, 0], [0, 3, 2, 1], [2, 3, 0, 1]];
    for order in orders {
        let world = World::kind();
        for at in order {
            world.deliver(&told[at]).unwrap();
        }
        world.settle();
        let shown = world.attention(SUBSCRIPTION);
        assert_eq!(shown, ["REFUND_UNCLEAR"], "told in the order {order:?}");
        for alias in [INTENT, INVOICE] {
            assert_eq!(world.attention(alias), Vec::<String>::new(), "{alias}, {order:?}");
        }
    }
}

#[test]
fn orders_that_belong_to_each_other_in_a_circle_end() {
    let world = World::kind();
    world.deliver(&belongs(INTENT, INVOICE)).unwrap();
    world.deliver(&refunded()).unwrap();
    world.deliver(&belongs(INVOICE, INTENT)).unwrap();
    world.settle();
    assert_eq!(violations(&world), Vec::<String>::new());
}

#[test]
fn an_operators_answer_is_merged_and_telling_it_twice_is_telling_it_once() {
    let world = World::kind();
    let key = "shopify/5324830114101";
    world
        .deliver(&Order::new(key).line("1", "ENDS", 2).paid().event())
        .unwrap();
    let refund = Refund {
        id: "7".to_owned(),
        state: RefundState::Succeeded,
        lines: None,
        whole: false,
    };
    world.deliver(&event(key, Statement::Refund(refund))).unwrap();
    assert_eq!(world.attention(key), ["REFUND_UNCLEAR"]);
    let tell = Tell {
        refunded: Some(BTreeMap::from([("1".to_owned(), 1)])),
        by: "ada".to_owned(),
        ..Tell::default()
    };
    let order = key.parse().unwrap();
    let deadline = world.clock.now() + Duration::from_secs(50);
    for _ in 0..2 {
        poll_through(world.worker().tell(&order, &tell, deadline)).unwrap();
    }
    world.settle();
    assert_eq!(world.attention(key), Vec::<String>::new());
    assert_eq!(Paid::of(&world, key).base, 1, "one of two is taken back");
    let other = Tell {
        not_ours: vec!["9".to_owned()],
        ..tell
    };
    let wrong = poll_through(world.worker().tell(&order, &other, deadline));
    assert!(matches!(wrong, Err(OperatorError::Told { .. })));
}
