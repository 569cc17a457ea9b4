//! Every problem's sentence names the verb that ends it: here codes are made, and their verbs are run. A test holds the codes
//! to the list of all; further codes of Wix take the same way as one that is here, and `DEFECT` no test can make.

mod storefront;

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::fulfilment::Tell;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks_tests::prelude::*;
use reseller_hooks_tests::sim::ATTENTION;

/// Codes whose verb is run beside what makes them, with the file.
const ELSEWHERE: [(&str, &str); 3] = [
    ("PUT_OFF", "stuck"),
    ("UNREADABLE_RECORD", "stuck"),
    ("VOUCHER_USED_UP", "plans"),
];

/// How a problem comes to be, and what a person does before the verb.
type Story = fn(&mut World);

struct Case {
    key: &'static str,
    code: &'static str,
    made: Story,
    cured: Story,
    verb: Verb,
}

fn nothing(_: &mut World) {}

/// Every problem of an order is closed.
fn closes(world: &World, key: &str) {
    for problem in world.problems(key) {
        world.close(&key.parse().unwrap(), &problem.id).unwrap();
    }
}

fn cures(world: &mut World) {
    world.look().clear_faults();
}

fn case(code: &'static str, verb: Verb, made: Story, cured: Story) -> Case {
    Case {
        key: KEY,
        code,
        made,
        cured,
        verb,
    }
}

fn ends(world: &World, status: Status) {
    world.change_all(&becomes(status));
    world.clock.advance(DAY);
    world.audit();
    world.settle();
}

fn all() -> impl Iterator<Item = Case> {
    cases().into_iter().chain(storefront::cases())
}

#[test]
fn each_code_of_ours_has_a_verb_that_is_run() {
    let here = all().map(|case| case.code).filter(|code| ATTENTION.contains(code));
    let elsewhere = ELSEWHERE.iter().map(|(code, _)| *code);
    let run: BTreeSet<&str> = here.chain(storefront::SAID).chain(elsewhere).collect();
    assert_eq!(run, BTreeSet::from(ATTENTION));
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
            "NO_ANSWER",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::CreatePackage, Effect::DropBefore));
                world.hears(&ordered("MAIL", 1));
                world.settle();
            },
            cures,
        ),
        case(
            "ANOTHER_PACKAGE_ANSWERED",
            Verb::Retry,
            |world| {
                world.strike(always(Operation::CreatePackage, Effect::WrongAccountInAnswer));
                // It is not among what Wix lists either.
                world.strike(always(Operation::QueryPackages, Effect::StaleQuery { ms: 864_000_000 }));
                world.hears(&ordered("MAIL", 1));
                world.settle();
            },
            cures,
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
            "OTHER_THAN_PLANNED",
            Verb::Close,
            |world| {
                world.hears(&ordered("MAIL", 1).site(SITE));
                let backup = world.ledger.restored("restored");
                world.change_all(&moves(Some(OTHER_SITE)));
                world.ledger = Arc::new(backup);
                world.resumes();
                world.hears(&ordered("MAIL", 1).site(SITE).reference("SUB-7"));
                world.settle();
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
    for case in all() {
        let Case {
            key,
            code,
            made,
            cured,
            verb,
        } = case;
        let mut world = World::kind();
        made(&mut world);
        let problems = world.problems(key);
        let problem = problems.iter().find(|problem| problem.code == code);
        let problem = problem.unwrap_or_else(|| panic!("{code} is not made: {problems:?}"));
        assert!(problem.verbs.contains(&verb), "{problem:?}");
        cured(&mut world);
        match verb {
            Verb::Retry => world.retries(),
            Verb::Replace => world.replaces(),
            Verb::Close => closes(&world, key),
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
            Verb::Release => drop(world.release(&KEY.parse().unwrap())),
        }
        assert!(
            !world.attention(key).contains(&code.to_owned()),
            "{code}: {:?}",
            world.problems(key)
        );
    }
}

/// A person who reads only the last words must still know what to do, and "closed" is always a way out.
#[test]
fn each_sentence_is_one_sentence_and_closing_ends_each() {
    for case in all() {
        let mut world = World::kind();
        (case.made)(&mut world);
        for problem in world.problems(case.key) {
            let advice = &problem.advice;
            assert!(!problem.verbs.is_empty(), "{}: {advice}", case.code);
            assert!(
                !advice.contains(". ") && !advice.contains(".:") && !advice.ends_with('.'),
                "{advice}"
            );
        }
        let calls = world.look().calls().count();
        closes(&world, case.key);
        assert_eq!(world.attention(case.key), Vec::<String>::new(), "{}", case.code);
        assert_eq!(
            world.look().calls().count(),
            calls,
            "{}: closing calls nobody",
            case.code
        );
    }
}
