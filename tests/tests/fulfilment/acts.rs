//! Histories in which somebody may die: who does what in the order of time, and how it must end wherever it was.

use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::AuditRequest;
use reseller_hooks::order::OrderEvent;
use reseller_hooks::time::Clock;
use reseller_hooks_tests::effects::{Effects, worker};
use reseller_hooks_tests::world::{
    CATALOG, OTHER, OWN, Order, Paid, SITE, START, World, poll_through, refund, violations,
};
use wix_sandbox::{Effect, FaultRule, ForeignInstance, ForeignPackage, InstanceChange, Operation, Status};

pub(crate) const KEY: &str = "shopify/5324830114101";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";

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
        paid: Some(Paid { base, vouchers }),
    }
}

fn lose(world: &World, operation: Operation, effect: Effect) {
    world.strike(FaultRule::on(operation, effect));
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
    vec![
        ends("paid", hears(&[plans.event()]), 3, 2),
        ends("paid with a reference", hears(&[tagged.event()]), 3, 2),
        ends("paid, tagged", hears(&[plans.event(), tagged.event()]), 3, 2),
        ends(
            "paid, tagged, tagged anew",
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

/// What is found out, mended and repeated.
fn mended() -> Vec<History> {
    let plan = Order::new(KEY).line("1", "PLAN", 1).paid().site(SITE);
    let paid = || Act::Hears(Box::new(plan.event()));
    let canceled = || Act::Hears(Box::new(plan.clone().canceled().event()));
    let ends_with_it = Order::new(KEY).line("1", "ENDS", 1).paid();
    let wrong = Order::new(KEY).line("1", "WRONG", 1).line("2", "MAIL", 1).paid();
    vec![
        ends(
            "the answer to the create is lost, swept",
            vec![
                Act::Meanwhile(|world| lose(world, Operation::CreatePackage, Effect::LoseAnswer)),
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
                Act::Meanwhile(|world| lose(world, Operation::CreatePackage, Effect::DropBefore)),
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
                    Act::Meanwhile(|world| lose(world, Operation::UnassignProductInstance, Effect::LoseAnswer)),
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
                Act::Meanwhile(|world| lose(world, Operation::CreatePackage, Effect::LoseAnswer)),
                Act::Hears(Box::new(ends_with_it.event())),
                Act::Hears(Box::new(ends_with_it.clone().canceled().event())),
                Act::Waits(120),
                Act::Sweeps,
            ],
            0,
            0,
        ),
        ends(
            "refused, the catalog is mended, retried",
            vec![
                Act::Hears(Box::new(wrong.event())),
                Act::Meanwhile(|world| {
                    let mended = CATALOG.replace("11111111-2222-4333-8444-555555555555", EMAIL);
                    world.catalog = Catalog::from_toml(&mended).unwrap();
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
    told().into_iter().chain(mended()).collect()
}

fn every_plan_becomes(world: &mut World, status: &Status) {
    let now = world.clock.now().as_millis();
    let mut wix = world.look();
    let plans: Vec<_> = wix
        .instances()
        .filter(|(_, instance)| instance.reference.is_none())
        .map(|(_, instance)| instance.id)
        .collect();
    for plan in plans {
        let change = InstanceChange {
            status: Some(status.clone()),
            ..InstanceChange::default()
        };
        wix.set_instance(now, plan, change).unwrap();
    }
}

/// Beside the one that was bought, where it was bought by now.
fn a_package_too_many(world: &mut World) {
    let now = world.clock.now().as_millis();
    let mut wix = world.look();
    if wix.packages().next().is_none() {
        return;
    }
    wix.insert_package(
        now,
        ForeignPackage {
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
        },
    );
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
                Act::Retries => matches!(effects.lives(worker(world, effects).retry(&key, deadline)), Some(Ok(_))),
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
            let long = world.clock.now() + Duration::from_secs(898);
            match act {
                Act::Hears(event) => drop(world.deliver(event).unwrap()),
                Act::Retries => drop(world.retry(&KEY.parse().unwrap())),
                Act::Audits => drop(poll_through(world.worker().audit(AuditRequest::default(), long)).unwrap()),
                Act::Sweeps | Act::Waits(_) | Act::Meanwhile(_) => {}
            }
        }
        world.settle();
        // An operator who still sees a problem retries once more: a request that may have been sent had to be sent again.
        let operator = self.acts.iter().any(|act| matches!(act, Act::Retries));
        if operator && !world.attention(KEY).is_empty() {
            world.retry(&KEY.parse().unwrap());
            world.settle();
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
