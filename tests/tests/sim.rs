//! Some thousands of histories of the simulation, with every guard in: none may break the promise. `cargo xtask sim`
//! runs millions. And proof that it can fail: guards are taken out, one at a time, in a world where the others cannot
//! save it, and some history must then break the promise. Guards that take more than chance to miss are in `guards.rs`.
#![expect(clippy::panic, reason = "helpers of tests")]

use reseller_hooks::fulfilment::settings::Guards;
use reseller_hooks_tests::sim::{Profile, first_violation, history, report, told};

/// So many that a debug build is done within a minute.
const SEEDS: u64 = 2_000;

/// Within how many seeds the loss of a guard must show.
const BOUND: u64 = 4_000;

#[test]
fn no_history_breaks_the_promise() {
    let profile = Profile::default();
    let half = SEEDS / 2;
    let broken: Vec<u64> = std::thread::scope(|scope| {
        let ranges = [0..half, half..SEEDS];
        let threads = ranges.map(|range| scope.spawn(|| first_violation(range, &Profile::default())));
        let found = threads.map(|thread| thread.join().expect("no history panics"));
        found.into_iter().flatten().map(|(seed, _)| seed).collect()
    });
    assert!(
        broken.is_empty(),
        "{}",
        broken.iter().map(|seed| report(*seed, &profile)).collect::<String>()
    );
}

#[test]
fn a_seed_is_always_the_same_history() {
    let profile = Profile::default();
    for seed in 0..50 {
        let (first, second) = (told(seed, &profile), told(seed, &profile));
        assert_eq!(first.story, second.story, "seed {seed}");
        assert_eq!(
            first.steps,
            history(seed, &profile).steps,
            "seed {seed}: telling changes it"
        );
    }
}

fn caught(name: &str, change: impl FnOnce(&mut Profile)) {
    let kept = Profile {
        harsh: true,
        ..Profile::default()
    };
    let mut profile = kept.clone();
    change(&mut profile);
    let found = first_violation(0..BOUND, &profile);
    let Some((seed, _)) = found else {
        panic!("without {name} no history of {BOUND} broke the promise");
    };
    // It is the guard that makes the difference: with it the same history is well.
    assert!(history(seed, &kept).violations.is_empty(), "{}", report(seed, &kept));
}

fn without(change: impl FnOnce(&mut Guards)) -> impl FnOnce(&mut Profile) {
    |profile| change(&mut profile.settings.guards)
}

#[test]
fn the_promise_holds_where_wix_ignores_keys_and_shows_packages_as_late_as_it_may() {
    let profile = Profile {
        harsh: true,
        ..Profile::default()
    };
    let broken = first_violation(0..400, &profile).map(|(seed, _)| report(seed, &profile));
    assert!(broken.is_none(), "{}", broken.unwrap_or_default());
}

#[test]
fn without_the_lookup_before_a_repetition_the_promise_breaks() {
    caught("the lookup", without(|guards| guards.lookup = false));
}

#[test]
fn without_the_settle_time_the_promise_breaks() {
    caught("the settle time", without(|guards| guards.settle_time = false));
}

#[test]
fn without_merging_under_the_lease_the_promise_breaks() {
    caught(
        "the merge under the lease",
        without(|guards| guards.merge_under_lease = false),
    );
}

#[test]
fn without_the_condition_on_the_revision_the_promise_breaks() {
    caught("the condition on the revision", |profile| profile.rev_condition = false);
}
