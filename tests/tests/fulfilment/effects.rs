//! Every effect of every history, found by running: who does it dies before or after it, or it is done twice.

use reseller_hooks_tests::prelude::*;

use super::histories::{History, histories, told, worlds};

/// Calls that change nothing: to die after one is to die before it, and its answers are the same.
const READS: [&str; 2] = ["Get Package", "Query Packages"];

/// Plays each history once for each of its effects that is picked, in which this happens, and looks at its end.
fn at_each_effect(
    happens: Happens,
    picked: impl Fn(&World, &str) -> bool,
    wrong: impl Fn(&History, &World) -> Vec<String>,
) {
    for history in histories() {
        for (wix, world) in worlds() {
            // Up to the effect at which something happens all is as it is here.
            let undisturbed = Effects::counted();
            history.play(&mut world(), &undisturbed);
            let effects = undisturbed.begun();
            assert!(effects.len() > 2, "{}: {effects:?}", history.name);
            for (at, effect) in effects.iter().enumerate() {
                let mut world = world();
                if !picked(&world, effect) {
                    continue;
                }
                history.play(&mut world, &Effects::with(at, happens));
                let told = format!("{}, {wix}, {happens:?} at effect {at}, {effect}", history.name);
                assert_eq!(wrong(&history, &world), Vec::<String>::new(), "{told}");
            }
        }
    }
}

/// Then there are two packages.
fn is_a_create_that_wix_does_not_know_again(world: &World, effect: &str) -> bool {
    effect == "Create Package" && world.look().config().idempotency == Idempotency::Ignore
}

#[test]
fn a_death_before_an_effect_is_made_good_by_the_next_run() {
    at_each_effect(Happens::DiesBefore, |_, _| true, History::wrong);
}

#[test]
fn a_death_after_an_effect_is_made_good_by_the_next_run() {
    let changes = |_: &World, effect: &str| !READS.contains(&effect);
    at_each_effect(Happens::DiesAfter, changes, History::wrong);
}

#[test]
fn an_effect_done_twice_is_as_good_as_done_once() {
    let picked = |world: &World, effect: &str| !is_a_create_that_wix_does_not_know_again(world, effect);
    at_each_effect(Happens::Twice, picked, History::wrong);
}

#[test]
fn an_effect_done_twice_and_answered_first_is_as_good_as_done_once() {
    let picked = |world: &World, effect: &str| {
        !READS.contains(&effect) && !is_a_create_that_wix_does_not_know_again(world, effect)
    };
    at_each_effect(Happens::TwiceHearingTheFirst, picked, History::wrong);
}

/// Our client sends a create once. But something between us and Wix may repeat it, and where Wix then ignores the key,
/// nobody can keep it from making a second package. It is found, and shown for as long as it is too much.
#[test]
fn a_create_that_arrives_twice_at_wix_is_named_by_the_audit() {
    for happens in [Happens::Twice, Happens::TwiceHearingTheFirst] {
        at_each_effect(happens, is_a_create_that_wix_does_not_know_again, |_, world| {
            world.clock.advance(Duration::from_secs(7_200));
            world.audit();
            world.settle();
            let (mut wrong, attention) = (violations(world), world.attention(KEY));
            let too_many = wrong.iter().any(|what| what.starts_with("I1"));
            // A package that has ended by itself is nobody's concern.
            let over: Vec<String> = ended(world);
            wrong.retain(|what| !what.starts_with("I1") && !over.iter().any(|package| what.contains(package)));
            let wanted = world
                .record(KEY)
                .desired()
                .latest()
                .is_some_and(|latest| latest.ended.is_none());
            if too_many && wanted && !attention.contains(&"SURPLUS_PACKAGE".to_owned()) {
                wrong.push(format!("a package too many, and only {attention:?} is shown"));
            }
            wrong
        });
    }
}

/// Every pair of an effect and a later one, in every other history: in all of them it takes twice the time.
#[test]
fn a_lost_answer_and_a_death_after_it_are_made_good_together() {
    for history in told().into_iter().step_by(2).map(History::swept) {
        let world = || World::unkind(Duration::from_secs(30));
        let undisturbed = Effects::counted();
        history.play(&mut world(), &undisturbed);
        let effects = undisturbed.begun();
        for (lost, effect) in effects.iter().enumerate() {
            let before = effects.iter().take(lost);
            let writes = before.clone().filter(|effect| **effect == "write").count();
            let calls = before.count() - writes;
            let strike = |world: &World| match *effect {
                "write" => {
                    let mut fates = vec![Fault::None; writes];
                    fates.push(Fault::AnswerLost);
                    world.next_writes(&fates);
                }
                _ => world.strike(FaultRule {
                    skip: u32::try_from(calls).unwrap(),
                    times: 1,
                    ..FaultRule::new(Effect::LoseAnswer)
                }),
            };
            let (counted, mut alone) = (Effects::counted(), world());
            strike(&alone);
            history.play(&mut alone, &counted);
            assert_eq!(
                history.wrong(&alone),
                Vec::<String>::new(),
                "{}: {effect} {lost} is lost",
                history.name
            );
            for (at, next) in counted.begun().iter().enumerate().skip(lost + 1) {
                let mut world = world();
                strike(&world);
                history.play(&mut world, &Effects::with(at, Happens::DiesBefore));
                let told = format!(
                    "{}: the answer to {lost}, {effect}, is lost, and it dies before {at}, {next}",
                    history.name
                );
                assert_eq!(history.wrong(&world), Vec::<String>::new(), "{told}");
            }
        }
    }
}

fn ended(world: &World) -> Vec<String> {
    let wix = world.look();
    let over = |package: &&wix_sandbox::Package| !package.instances.iter().any(|instance| instance.status.is_alive());
    wix.packages()
        .filter(over)
        .map(|package| package.id.to_string())
        .collect()
}
