//! Every problem's sentence names the verb that ends it: here codes are made, and their verbs are run. Not here are those
//! whose verb is run beside what makes them (`PUT_OFF` and `UNREADABLE_RECORD` in `stuck`, `VOUCHER_USED_UP` in `plans`), further
//! codes of Wix and of notices, which take the same way as one that is here, and `DEFECT`, which no test can make.

use std::collections::BTreeMap;

use reseller_hooks::fulfilment::Tell;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::order::{Dispute, DisputeState, Notice, Paid, Refund, RefundState, Statement};
use reseller_hooks_tests::prelude::*;

/// How a problem comes to be, and what a person does before the verb.
type Story = fn(&mut World);

struct Case {
    code: &'static str,
    made: Story,
    mended: Story,
    verb: Verb,
}

fn nothing(_: &mut World) {}

/// The storefront says this of the order.
fn says(world: &World, statement: Statement) {
    let event = OrderEvent {
        says: statement,
        delivery: "another".to_owned(),
        ..ordered("MAIL", 1).event()
    };
    world.deliver(&event).unwrap();
}

fn cures(world: &mut World) {
    world.look().clear_faults();
}

fn case(code: &'static str, verb: Verb, made: Story, mended: Story) -> Case {
    Case {
        code,
        made,
        mended,
        verb,
    }
}

fn ends(world: &World, status: Status) {
    world.change_all(&becomes(status));
    world.clock.advance(DAY);
    world.audit();
    world.settle();
}

fn cases() -> Vec<Case> {
    vec![
        case(
            "PRODUCT_NOT_FOUND",
            Verb::Retry,
            |world| drop(world.hears(&ordered("WRONG", 1))),
            |world| world.change_catalog(NOT_SOLD, EMAIL),
        ),
        case(
            "PRODUCT_LIMIT_EXCEEDED",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::CreatePackage, refused("PRODUCT_LIMIT_EXCEEDED")));
                world.hears(&ordered("MAIL", 1));
            },
            cures,
        ),
        case(
            "HTTP 500",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::CreatePackage, fails(500)));
                world.hears(&ordered("MAIL", 1));
                world.settle();
            },
            cures,
        ),
        case(
            "NOT_PLANNED",
            Verb::Close,
            |world| drop(world.hears(&ordered("SITED", 1))),
            nothing,
        ),
        case(
            "INSTANCE_CANCELED",
            Verb::Replace,
            |world| {
                world.hears(&ordered("MAIL", 1));
                ends(world, Status::Canceled);
            },
            nothing,
        ),
        case(
            "INSTANCE_FAILED",
            Verb::Replace,
            |world| {
                world.hears(&ordered("MAIL", 1));
                ends(world, Status::Failed);
            },
            nothing,
        ),
        case(
            "PACKAGE_GONE",
            Verb::Replace,
            |world| {
                world.hears(&ordered("MAIL", 1));
                world.delete_package();
                world.clock.advance(DAY);
                world.audit();
                world.settle();
            },
            nothing,
        ),
        case(
            "AWAITING_ACTION",
            Verb::Close,
            |world| {
                world.strike(always(Operation::CreatePackage, born(Status::AwaitingAction)));
                world.hears(&ordered("PLAN", 1));
                world.settle();
            },
            nothing,
        ),
        case(
            "SEVERAL_PACKAGES",
            Verb::Retry,
            |world| {
                world.strike(once(
                    Operation::CreatePackage,
                    Effect::ErrorAfter {
                        status: 500,
                        code: None,
                    },
                ));
                world.hears(&ordered("MAIL", 1));
                world.insert_twin(OWN, world.clock.now());
                world.settle();
            },
            |world| {
                let first = world.base();
                world.change(first, becomes(Status::Canceled));
            },
        ),
        case(
            "SURPLUS_PACKAGE",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                world.insert_twin(OWN, world.clock.now());
                world.clock.advance(DAY);
                world.audit();
                world.settle();
            },
            nothing,
        ),
        case(
            "PERHAPS_BOUGHT_BEFORE",
            Verb::Retry,
            |world| {
                let old = ordered("MAIL", 1).reference("SUB-7").placed(START - 3 * DAY);
                world.hears(&old);
                world.ledger = Arc::new(MemoryLedger::new());
                world.hears(&old);
                world.settle();
            },
            nothing,
        ),
        case(
            "REFUND_UNCLEAR",
            Verb::Tell,
            |world| {
                world.hears(&ordered("ENDS", 2));
                says(
                    world,
                    Statement::Refund(Refund {
                        id: "7".to_owned(),
                        state: RefundState::Succeeded,
                        lines: None,
                        whole: false,
                    }),
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
                let order = ordered("MAIL", 1);
                world.hears(&order);
                let mut event = order.line("2", "MAIL", 1).event();
                if let Statement::Snapshot(snapshot) = &mut event.says {
                    snapshot.paid = Paid::Unclear;
                }
                world.deliver(&event).unwrap();
            },
            nothing,
        ),
        // Each storefront's own notices have a code of their own, and this one way.
        case(
            "SUBSCRIPTION_CHANGED",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(
                    world,
                    Statement::Notice(Notice {
                        id: "n1".to_owned(),
                        code: "SUBSCRIPTION_CHANGED".to_owned(),
                        sentence: "the subscription was changed: look whether the plan still fits".to_owned(),
                    }),
                );
            },
            nothing,
        ),
        case(
            "DISPUTE_OPEN",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                says(
                    world,
                    Statement::Dispute(Dispute {
                        id: "dp_1".to_owned(),
                        state: DisputeState::Open,
                        inquiry: false,
                    }),
                );
            },
            nothing,
        ),
        case(
            "SITE_CHANGED",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1).site(SITE));
                world.hears(&ordered("MAIL", 1).site(OTHER_SITE));
            },
            nothing,
        ),
        case(
            "PLAN_CHANGED",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1));
                world.hears(&ordered("MAIL", 1).line("1", "ENDS", 1));
            },
            nothing,
        ),
        case(
            "UNANSWERED_CHANGE",
            Verb::Retry,
            |world| {
                world.hears(&ordered("MAIL", 1).site(SITE));
                world.strike(always(Operation::UnassignProductInstance, fails(500)));
                world.hears(&ordered("MAIL", 1).site(SITE).canceled());
                world.settle();
            },
            cures,
        ),
        case(
            "UNANSWERED_TAG",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::UpdateExternalId, fails(500)));
                world.hears(&ordered("MAIL", 1).reference("SUB-7"));
                world.settle();
            },
            cures,
        ),
        case(
            "SITE_NOT_FOUND",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::AssignProductInstance, refused("SITE_NOT_FOUND")));
                world.hears(&ordered("MAIL", 1));
                world.hears(&ordered("MAIL", 1).site(SITE));
                world.settle();
            },
            cures,
        ),
        case(
            "REFERENCE_REFUSED",
            Verb::Close,
            |world| drop(world.hears(&ordered("MAIL", 1).reference("rh-shopify-1-b1"))),
            nothing,
        ),
    ]
}

#[test]
fn the_verb_that_a_sentence_names_ends_the_problem() {
    for case in cases() {
        let Case {
            code,
            made,
            mended,
            verb,
        } = case;
        let mut world = World::kind();
        made(&mut world);
        let problems = world.problems(KEY);
        let problem = problems.iter().find(|problem| problem.code == code);
        let problem = problem.unwrap_or_else(|| panic!("{code} is not made: {problems:?}"));
        assert!(problem.verbs.contains(&verb), "{problem:?}");
        mended(&mut world);
        match verb {
            Verb::Retry => world.retries(),
            Verb::Replace => world.replaces(),
            Verb::Close => world.closes(),
            Verb::Tell => {
                // No unit was given back; or it is paid.
                let is_about_refunds = code == "REFUND_UNCLEAR";
                let tell = Tell {
                    refunded: is_about_refunds.then(BTreeMap::new),
                    paid: (!is_about_refunds).then_some(true),
                    by: "jane".to_owned(),
                    reason: "by phone".to_owned(),
                    ..Tell::default()
                };
                let key = KEY.parse().unwrap();
                poll_through(world.worker().tell(&key, &tell, world.deadline())).unwrap();
            }
            Verb::Release => panic!("{code}: no case runs this verb"),
        }
        assert!(
            !world.attention(KEY).contains(&code.to_owned()),
            "{code}: {:?}",
            world.problems(KEY)
        );
    }
}

/// Whoever reads only the last words must still know what to do, and "closed" is always a way out.
#[test]
fn each_sentence_is_one_sentence_and_closing_ends_each() {
    for case in cases() {
        let mut world = World::kind();
        (case.made)(&mut world);
        for problem in world.problems(KEY) {
            let advice = &problem.advice;
            assert!(!problem.verbs.is_empty(), "{}: {advice}", case.code);
            assert!(
                !advice.contains(". ") && !advice.contains(".:") && !advice.ends_with('.'),
                "{advice}"
            );
        }
        let calls = world.look().calls().count();
        world.closes();
        assert_eq!(world.attention(KEY), Vec::<String>::new(), "{}", case.code);
        assert_eq!(
            world.look().calls().count(),
            calls,
            "{}: closing calls nobody",
            case.code
        );
    }
}
