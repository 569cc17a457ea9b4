//! Histories in which somebody may die: who does what in the order of time, and how it must end wherever it was.

use reseller_hooks_tests::effects::worker;
use reseller_hooks_tests::prelude::*;

/// What is done by somebody who may die, or happens meanwhile.
pub(crate) enum Act {
    /// A worker gets the message.
    Hears(Box<OrderEvent>),
    /// `reconcile` takes up what is due.
    Sweeps,
    /// An operator retries the order.
    Retries,
    /// The daily audit.
    Audits,
    /// So many seconds pass.
    Waits(u64),
    /// Something is done by others.
    Meanwhile(fn(&mut World)),
}

/// A history and its end.
pub(crate) struct History {
    pub(crate) name: &'static str,
    acts: Vec<Act>,
    /// What is alive at Wix, where that does not depend on what was heard of first.
    paid: Option<Paid>,
}

fn hears(events: &[OrderEvent]) -> Vec<Act> {
    events.iter().map(|event| Act::Hears(Box::new(event.clone()))).collect()
}

fn ends(name: &'static str, acts: Vec<Act>, base: usize, vouchers: usize) -> History {
    History {
        name,
        acts,
        paid: Some(paid(base, vouchers)),
    }
}

/// What the storefront tells.
pub(crate) fn told() -> Vec<History> {
    let plans = Order::new(KEY)
        .line("1", "PLAN", 2)
        .line("2", "ENDS", 1)
        .paid()
        .site(SITE);
    let tagged = plans.clone().reference("SUB-7");
    let canceled = tagged.clone().canceled();
    let again = canceled.clone().line("2", "ENDS", 0).revived();
    let ended = refund(KEY, "r", &[("2", 1)]);
    let counted = plans.clone().line("2", "ENDS", 0).counted("r");
    let floating = Order::new(KEY).line("1", "PLAN", 2).line("2", "ENDS", 1).paid();
    let two = Order::new(KEY)
        .line("1", "PLAN", 1)
        .line("2", "MAIL", 1)
        .line_account("2", OTHER);
    let old = START - Duration::from_secs(3 * 86_400);
    let small = ordered("SMALL", 1).site(SITE);
    let large = small.clone().line("1", "LARGE", 2).site(OTHER_SITE);
    vec![
        ends(
            "paid, moved to another site",
            hears(&[small.event(), small.clone().site(OTHER_SITE).event()]),
            1,
            0,
        ),
        ends(
            "paid, another plan that brings a voucher",
            hears(&[small.event(), small.clone().line("1", "LARGE", 1).event()]),
            1,
            1,
        ),
        ends(
            "paid, another plan, more of it and another site",
            hears(&[small.event(), large.event()]),
            2,
            2,
        ),
        ends("paid", hears(&[plans.event()]), 3, 2),
        ends("paid with a reference", hears(&[tagged.event()]), 3, 2),
        ends("paid, tagged", hears(&[plans.event(), tagged.event()]), 3, 2),
        ends(
            "paid, tagged, tagged again",
            hears(&[tagged.event(), tagged.clone().reference("SUB-8").event()]),
            3,
            2,
        ),
        ends("paid, one line refunded", hears(&[plans.event(), ended.clone()]), 2, 2),
        ends(
            "paid, a refund as an event and in a snapshot",
            hears(&[plans.event(), ended, counted.event()]),
            2,
            2,
        ),
        ends(
            "paid, edited up",
            hears(&[plans.event(), plans.clone().line("1", "PLAN", 3).event()]),
            4,
            3,
        ),
        History {
            paid: None,
            ..ends("paid, canceled", hears(&[plans.event(), canceled.event()]), 0, 0)
        },
        ends(
            "paid, canceled, paid again",
            hears(&[plans.event(), canceled.event(), again.event()]),
            2,
            2,
        ),
        ends(
            "paid, a site is named later",
            hears(&[floating.event(), floating.clone().site(SITE).event()]),
            3,
            2,
        ),
        ends("paid for two accounts", hears(&[two.paid().event()]), 2, 1),
        ends(
            "heard of days late",
            hears(&[plans.clone().reference("SUB-7").placed(old).event()]),
            3,
            2,
        ),
    ]
}

/// What is found out, corrected and repeated.
fn corrected() -> Vec<History> {
    let plan = ordered("PLAN", 1).site(SITE);
    let paid = || Act::Hears(Box::new(plan.event()));
    let canceled = || Act::Hears(Box::new(plan.clone().canceled().event()));
    let ends_with_it = ordered("ENDS", 1);
    let wrong = Order::new(KEY).line("1", "WRONG", 1).line("2", "MAIL", 1).paid();
    vec![
        ends(
            "the answer to the create is lost, swept",
            vec![
                Act::Meanwhile(|world| world.strike(once(Operation::CreatePackage, Effect::LoseAnswer))),
                paid(),
                Act::Waits(120),
                Act::Sweeps,
            ],
            1,
            1,
        ),
        ends(
            "the create never arrives, swept until it is sent again",
            vec![
                Act::Meanwhile(|world| world.strike(once(Operation::CreatePackage, Effect::DropBefore))),
                paid(),
                Act::Waits(150),
                Act::Sweeps,
                Act::Waits(60),
                Act::Sweeps,
            ],
            1,
            1,
        ),
        History {
            paid: None,
            ..ends(
                "the answer to the unassign is lost, swept",
                vec![
                    paid(),
                    Act::Meanwhile(|world| world.strike(once(Operation::UnassignProductInstance, Effect::LoseAnswer))),
                    canceled(),
                    Act::Waits(60),
                    Act::Sweeps,
                ],
                0,
                0,
            )
        },
        ends(
            "canceled while nobody knows whether it was bought, swept",
            vec![
                Act::Meanwhile(|world| world.strike(once(Operation::CreatePackage, Effect::LoseAnswer))),
                Act::Hears(Box::new(ends_with_it.event())),
                Act::Hears(Box::new(ends_with_it.clone().canceled().event())),
                Act::Waits(120),
                Act::Sweeps,
            ],
            0,
            0,
        ),
        ends(
            "refused, the catalog is corrected, retried",
            vec![
                Act::Hears(Box::new(wrong.event())),
                Act::Meanwhile(|world| {
                    world.change_catalog(NOT_SOLD, EMAIL);
                }),
                Act::Retries,
            ],
            2,
            0,
        ),
        History {
            paid: None,
            ..ends(
                "what was bought fails, audited, swept, retried",
                vec![
                    paid(),
                    Act::Waits(7_200),
                    Act::Meanwhile(|world| every_plan_becomes(world, &Status::Failed)),
                    Act::Waits(60),
                    Act::Audits,
                    Act::Sweeps,
                    Act::Retries,
                ],
                1,
                2,
            )
        },
        ends(
            "a package too many, audited, canceled",
            vec![
                Act::Hears(Box::new(ends_with_it.event())),
                Act::Meanwhile(a_package_too_many),
                Act::Waits(7_200),
                Act::Audits,
                Act::Sweeps,
                Act::Hears(Box::new(ends_with_it.canceled().event())),
            ],
            0,
            0,
        ),
    ]
}

/// Every history.
pub(crate) fn histories() -> Vec<History> {
    told().into_iter().chain(corrected()).collect()
}

fn every_plan_becomes(world: &World, status: &Status) {
    let wix = world.look();
    let bases = wix.instances().filter(|(_, instance)| instance.reference.is_none());
    let bases: Vec<Guid> = bases.map(|(_, instance)| instance.id).collect();
    drop(wix);
    bases
        .into_iter()
        .for_each(|base| world.change(base, becomes(status.clone())));
}

/// Beside the one that was bought, where it was bought by now.
fn a_package_too_many(world: &mut World) {
    if world.packages() != (0, 0) {
        world.insert_twin(OWN, world.clock.now());
    }
}

/// Histories are played with an operator who wants what has ended to be bought again.
fn replacing() -> Retry {
    Retry {
        replace: true,
        ..Retry::default()
    }
}

/// A kind of Wix, and a new world with it.
type Kind = (&'static str, fn() -> World);

/// The kinds of Wix in which every history is played.
pub(crate) fn worlds() -> [Kind; 2] {
    [
        ("a Wix that honours keys", World::kind),
        ("a Wix that ignores keys", || World::unkind(Duration::from_secs(30))),
    ]
}

impl History {
    /// With `reconcile` running until nothing that a lost answer leaves open is open.
    pub(crate) fn swept(mut self) -> Self {
        let sweeps = [Act::Waits(150), Act::Sweeps, Act::Waits(60), Act::Sweeps];
        self.acts.extend(sweeps);
        self
    }

    /// Plays it; `effects` says where somebody dies. What died, or could not be done, is done again afterwards, and
    /// every message is delivered once more, as queues may.
    pub(crate) fn play(&self, world: &mut World, effects: &Effects) {
        let mut again = Vec::new();
        for act in &self.acts {
            let (key, deadline) = (KEY.parse().unwrap(), world.deadline());
            let long = world.clock.now() + Duration::from_secs(898);
            let done = match act {
                Act::Hears(event) => effects.lives(worker(world, effects).accept(event, deadline)).is_some(),
                Act::Sweeps => effects.lives(worker(world, effects).sweep(deadline)).is_some(),
                Act::Retries => matches!(
                    effects.lives(worker(world, effects).retry(&key, &replacing(), deadline)),
                    Some(Ok(_))
                ),
                Act::Audits => matches!(
                    effects.lives(worker(world, effects).audit(AuditRequest::default(), long)),
                    Some(Ok(summary)) if summary.finished && summary.busy == 0
                ),
                Act::Waits(seconds) => {
                    world.clock.advance(Duration::from_secs(*seconds));
                    true
                }
                Act::Meanwhile(happens) => {
                    happens(world);
                    true
                }
            };
            match act {
                Act::Hears(_) => again.push(act),
                Act::Retries | Act::Audits if !done => again.push(act),
                Act::Sweeps | Act::Retries | Act::Audits | Act::Waits(_) | Act::Meanwhile(_) => {}
            }
        }
        for act in again {
            world.clock.advance(Duration::from_secs(120));
            match act {
                Act::Hears(event) => drop(world.hears(event.as_ref())),
                Act::Retries => drop(world.replace(&KEY.parse().unwrap())),
                Act::Audits => drop(world.audit()),
                Act::Sweeps | Act::Waits(_) | Act::Meanwhile(_) => {}
            }
        }
        world.settle();
        // An operator who still sees a problem retries once more: a request that may have been sent had to be sent again.
        let operator = self.acts.iter().any(|act| matches!(act, Act::Retries));
        if operator && !world.attention(KEY).is_empty() {
            world.replaces();
        }
    }

    /// What is not as it must be in the end.
    pub(crate) fn wrong(&self, world: &World) -> Vec<String> {
        let mut wrong = violations(world);
        let (paid, attention) = (Paid::of(world, KEY), world.attention(KEY));
        if self.paid.is_some_and(|expected| expected != paid) {
            wrong.push(format!("{paid:?} instead of {:?}", self.paid));
        }
        if !attention.is_empty() {
            wrong.push(format!("attention {attention:?}"));
        }
        wrong
    }
}
