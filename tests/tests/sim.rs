//! Some histories of the simulation, in whatever profile the tests are built. `cargo xtask test` runs thousands of them
//! in an optimised build, and takes protections out; `cargo xtask sim` runs millions.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reseller_hooks::fulfilment::OrderRecord;
use reseller_hooks_tests::sim::{ATTENTION, Profile, WIX, first_violation, golden, history, report, told};
use serde_json::Value;

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

/// Words in capitals in the source that are no codes of attention.
const OTHERS: [&str; 7] = [
    "FULLY_REFUNDED",
    "NOT_PAID",
    "PARTIALLY_PAID",
    "PARTIALLY_REFUNDED",
    "PENDING_MERCHANT",
    "REQUEST_TOO_LARGE",
    "WIX_SITE_ID",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.contains("tests") {
            found.push(path);
        }
    }
}

#[test]
fn the_coverage_of_the_simulation_knows_every_code_of_the_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src");
    let mut files = Vec::new();
    for folder in ["fulfilment", "storefront", "order"] {
        sources(&root.join(folder), &mut files);
    }
    let is_code = |word: &str| {
        word.contains('_') && word.len() > 4 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let mut codes = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of the source");
        for word in text.split('"').filter(|word| is_code(word)) {
            codes += 1;
            let is_known = ATTENTION.contains(&word) || WIX.contains(&word) || OTHERS.contains(&word);
            assert!(is_known, "{}: {word} is in no list of sim/coverage.rs", file.display());
        }
    }
    assert!(codes > 50, "the source is not found");
}

/// A member that has another name, another meaning or another default would turn this red: then the schema must be raised,
/// and these files are read by the code that knows the older one.
#[test]
fn every_golden_record_is_read_and_written_as_it_is() {
    let records = golden::records().expect("the golden records");
    assert!(records.len() > 50, "the golden records are not found");
    for (name, text) in records {
        let before: Value = serde_json::from_str(&text).expect("a golden record is JSON");
        let record = OrderRecord::from_json(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let after: Value = serde_json::from_str(&record.to_json()).expect("a record is JSON");
        assert_eq!(
            before, after,
            "{name}: the format has changed; raise RECORD_SCHEMA and keep reading the older one"
        );
    }
}

/// What a run writes now is in the folder: a new member gets its record before anything depends on it.
#[test]
fn every_trait_of_a_record_has_its_golden_record() {
    let records = golden::records().expect("the golden records");
    let parsed = records
        .values()
        .map(|text| serde_json::from_str(text).expect("a golden record is JSON"));
    let known: BTreeSet<String> = parsed.flat_map(|record: Value| golden::traits(&record)).collect();
    let shown = golden::shown(0..40);
    let missing: Vec<&String> = shown.keys().filter(|shown| !known.contains(*shown)).collect();
    assert!(
        missing.is_empty(),
        "`cargo xtask sim --golden --seeds 3000` adds a record for {missing:?}; if a member has another name now, raise RECORD_SCHEMA"
    );
}
