//! Some thousands of histories of the simulation, with every guard in: none may break the promise. `cargo xtask sim`
//! runs millions. `guards.rs` proves that it can fail.

use reseller_hooks_tests::sim::{Profile, first_violation, history, report, told};

/// So many that a debug build is done within a minute.
const SEEDS: u64 = 2_000;

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

#[test]
fn the_promise_holds_where_wix_ignores_keys_and_shows_packages_as_late_as_it_may() {
    let profile = Profile {
        harsh: true,
        ..Profile::default()
    };
    let broken = first_violation(0..400, &profile).map(|(seed, _)| report(seed, &profile));
    assert!(broken.is_none(), "{}", broken.unwrap_or_default());
}
