//! The problems that come of what a storefront says.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::order::{
    Covers, Dispute, DisputeState, End, Ended, Fields, Item, Notice, Paid, Payment, PaymentLine, Refund, RefundState,
    Snapshot, Statement, Version,
};
use reseller_hooks_tests::prelude::*;

use super::{Case, case, nothing};

/// A shop whose deletions have no date.
const SHOP_WITH_TRASH: &str = "woocommerce/77";

/// Codes whose sentences the storefronts' adapters word. All are kept and closed in one way.
pub(super) const SAID: [&str; 9] = [
    "COLLECTION_PAUSED",
    "CYCLE_REVERSED",
    "INVOICE_NOT_READ",
    "ITEMS_NOT_READ",
    "PAID_IN_PART",
    "QUANTITY_UNCLEAR",
    "REFUND_OF_UNKNOWN_SUBSCRIPTION",
    "RENEWAL_UNCLEAR",
    "SUBSCRIPTION_UNNAMED",
];

/// The storefront says this of an order.
fn says_of(world: &World, key: &str, statement: Statement) {
    let event = OrderEvent {
        key: key.parse().unwrap(),
        says: statement,
        delivery: "another".to_owned(),
        received_at: world.clock.now(),
        ..ordered("MAIL", 1).event()
    };
    world.deliver(&event).unwrap();
}

fn says(world: &World, statement: Statement) {
    says_of(world, KEY, statement);
}

/// What it says of the order itself, changed.
fn says_but(world: &World, order: &Order, change: impl FnOnce(&mut Snapshot)) {
    let mut event = order.event();
    if let Statement::Snapshot(snapshot) = &mut event.says {
        change(snapshot);
    }
    world.deliver(&event).unwrap();
}

fn dispute(state: DisputeState, inquiry: bool) -> Statement {
    Statement::Dispute(Dispute {
        id: "dp_1".to_owned(),
        state,
        inquiry,
    })
}

fn refund(state: RefundState, lines: Option<BTreeMap<String, u32>>) -> Statement {
    Statement::Refund(Refund {
        id: "7".to_owned(),
        state,
        lines,
        whole: false,
    })
}

/// The end of a subscription, or that it goes on.
fn subscription(of: Covers, ended: Option<Ended>) -> Statement {
    Statement::End(End {
        cause: "contract".to_owned(),
        version: Version::at(START),
        ended,
        of,
    })
}

fn items(units: u32) -> Covers {
    Covers::Items(BTreeSet::from([Item {
        product: None,
        sku: "MAIL".parse().ok(),
        units,
    }]))
}

/// A paid invoice of one unit.
fn invoice(first: bool) -> Statement {
    Statement::Payment(Payment {
        id: "in_1".to_owned(),
        version: Version::at(START),
        paid_at: START,
        first,
        lines: vec![PaymentLine {
            line: "1".to_owned(),
            sku: "MAIL".parse().unwrap(),
            units: 1,
            free: false,
            fields: Fields::default(),
        }],
        created_at: None,
        fields: Fields::default(),
        number: None,
    })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "REFUND_UNCLEAR",
            Verb::Tell,
            |world| {
                world.hears(&ordered("ENDS", 2));
                says(world, refund(RefundState::Succeeded, None));
            },
            nothing,
        ),
        case(
            "REFUND_FAILED",
            Verb::Close,
            |world| {
                world.hears(&ordered("ENDS", 2));
                says(
                    world,
                    refund(RefundState::Failed, Some(BTreeMap::from([("1".to_owned(), 1)]))),
                );
            },
            nothing,
        ),
        case(
            "NOT_MAPPED",
            Verb::Close,
            |world| drop(world.hears(&ordered("MAIL", 2).unmapped("a refund names no line that is known"))),
            nothing,
        ),
        case(
            "PAYMENT_UNCLEAR",
            Verb::Tell,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says_but(world, &ordered("MAIL", 1).line("2", "MAIL", 1), |order| {
                    order.paid = Paid::Unclear
                });
            },
            nothing,
        ),
        case(
            "PAID_AGAIN",
            Verb::Tell,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says_but(world, &ordered("MAIL", 1).line("1", "MAIL", 1), |order| {
                    order.refunded_all = true
                });
            },
            nothing,
        ),
        case(
            "STATES_DISAGREE",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says_but(world, &ordered("MAIL", 2), |order| order.hash.push('b'));
                world.settle();
            },
            nothing,
        ),
        case(
            "LINES_LOST",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says_but(world, &ordered("MAIL", 1).line("1", "MAIL", 1), |order| {
                    order.lines.clear()
                });
            },
            nothing,
        ),
        case(
            "ORDER_TOO_LARGE",
            Verb::Close,
            |world| {
                let wide = (0..2_000).fold(ordered("MAIL", 1), |order, line| {
                    order.line(&line.to_string(), "MAIL", 1)
                });
                world.hears(&wide);
            },
            nothing,
        ),
        case(
            "DISPUTE_OPEN",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(world, dispute(DisputeState::Open, false));
            },
            nothing,
        ),
        case(
            "DISPUTE_LOST",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(world, dispute(DisputeState::Lost, false));
            },
            nothing,
        ),
        case(
            "DISPUTE_INQUIRY",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(world, dispute(DisputeState::Open, true));
            },
            nothing,
        ),
        case(
            "END_UNCLEAR",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(world, subscription(Covers::SubscriptionLines, Some(Ended::PLAIN)));
            },
            nothing,
        ),
        case(
            "SUBSCRIPTION_CHANGED",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(world, subscription(items(3), None));
            },
            nothing,
        ),
        case(
            "PAID_AFTER_END",
            Verb::Close,
            |world| {
                says(
                    world,
                    subscription(
                        items(1),
                        Some(Ended {
                            reversible: false,
                            ..Ended::PLAIN
                        }),
                    ),
                );
                world.hears(&ordered("MAIL", 1));
            },
            nothing,
        ),
        case(
            "FIRST_HEARD_BY_RENEWAL",
            Verb::Release,
            |world| says(world, invoice(false)),
            nothing,
        ),
        case(
            "UNPAID_CHANGE",
            Verb::Close,
            |world| {
                says(world, invoice(true));
                says_but(world, &ordered("MAIL", 2), |order| order.paid = Paid::ByPayments);
                world.clock.advance(2 * HOUR);
                world.settle();
            },
            nothing,
        ),
        case(
            "ITEM_NOT_HEARD",
            Verb::Close,
            |world| {
                says_but(world, &ordered("SMALL", 1).line("2", "SMALL", 1), |order| {
                    order.paid = Paid::ByPayments;
                    order.lines.retain(|line| line.id == "2");
                    order.version = Version::at(START - 2 * HOUR);
                });
                says(world, invoice(true));
                world.clock.advance(DAY + HOUR);
                world.settle();
            },
            nothing,
        ),
        Case {
            key: SHOP_WITH_TRASH,
            ..case(
                "TRASH_UNCLEAR",
                Verb::Close,
                |world| {
                    let order = Order::new(SHOP_WITH_TRASH).line("1", "MAIL", 1).paid();
                    world.hears(&order);
                    says_of(world, SHOP_WITH_TRASH, Statement::Trashed);
                    world.clock.advance(HOUR);
                    world.settle();
                },
                nothing,
            )
        },
    ]
}

#[test]
fn what_a_storefront_words_itself_is_closed_and_stays_closed() {
    for code in SAID {
        let world = World::kind();
        world.hears(&ordered("MAIL", 1));
        let notice = |id: &str| {
            let sentence = "look there and change what is meant, or close this";
            says(&world, Statement::Notice(Notice::new(id, code, sentence)));
        };
        notice("n1");
        assert_eq!(world.attention(KEY), [code]);
        world.closes();
        notice("n1");
        assert_eq!(world.attention(KEY), Vec::<String>::new(), "{code}: told again");
        // Another one is another problem.
        notice("n2");
        assert_eq!(world.attention(KEY), [code]);
    }
}
