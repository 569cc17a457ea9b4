//! Some histories of the simulation, in whatever profile the tests are built. `cargo xtask test` runs thousands of them
//! in an optimised build, and takes protections out; `cargo xtask sim` runs millions.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use reseller_hooks_tests::sim::{Profile, first_violation, history, report, told};

/// So many that a debug build is done in seconds.
const SEEDS: u64 = 100;

fn holds(profile: &Profile) {
    let half = SEEDS / 2;
    let broken: Vec<u64> = std::thread::scope(|scope| {
        let ranges = [0..half, half..SEEDS];
        let threads = ranges.map(|range| scope.spawn(|| first_violation(range, profile)));
        let found = threads.map(|thread| thread.join().expect("no history panics"));
        found.into_iter().flatten().map(|(seed, _)| seed).collect()
    });
    assert!(
        broken.is_empty(),
        "{}",
        broken.iter().map(|seed| report(*seed, profile)).collect::<String>()
    );
}

#[test]
fn no_history_breaks_the_promise() {
    holds(&Profile::default());
}

#[test]
fn the_promise_holds_where_wix_ignores_keys_and_shows_packages_late() {
    holds(&Profile {
        harsh: true,
        ..Profile::default()
    });
}

#[test]
fn a_seed_is_always_the_same_history() {
    let profile = Profile::default();
    for seed in 0..20 {
        let (first, second) = (told(seed, &profile), told(seed, &profile));
        assert_eq!(first.story, second.story, "seed {seed}");
        assert_eq!(
            first.steps,
            history(seed, &profile).steps,
            "seed {seed}: telling changes it"
        );
    }
}
