//! Every parser of the outside keeps its promises for every seed, for what fuzzing once found, and for thousands of
//! changes of the seeds. `fuzz/README.md` says how to look further with coverage as the guide.
//!
//! `PROPTEST_CASES=100000 cargo test --all-features --test parsers` makes more changes than the usual number.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, TestRunner};
use reseller_hooks_parsers::{PARSERS, Parser};

mod change;

use change::{change, changed};

/// How many changes each parser gets.
const CASES: u32 = 2_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder, or the one file, with their content.
fn files(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    if path.is_file() {
        return vec![(path.to_owned(), fs::read(path).expect("the file is read"))];
    }
    let mut files: Vec<_> = fs::read_dir(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .map(|entry| entry.expect("the folder is read").path())
        .map(|path| (path.clone(), fs::read(&path).expect("the file is read")))
        .collect();
    files.sort();
    files
}

fn seeds(parser: &Parser) -> Vec<(PathBuf, Vec<u8>)> {
    parser.seeds.iter().flat_map(|path| files(&root().join(path))).collect()
}

fn holds(name: &str) {
    let parser = PARSERS.iter().find(|parser| parser.name == name).expect("there is one");
    let seeds = seeds(parser);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let regressions = root().join("fuzz/regressions").join(name);
    let found = if regressions.is_dir() {
        files(&regressions)
    } else {
        Vec::new()
    };
    for (path, input) in seeds.iter().chain(&found) {
        // Understood where a promise is broken, because the panic does not know the file.
        println!("{}", path.display());
        (parser.check)(input);
    }
    let seeds: Vec<Vec<u8>> = seeds.into_iter().chain(found).map(|(_, input)| input).collect();
    // 256 is proptest's own default: then nobody asked.
    let cases = match Config::default().cases {
        256 => CASES,
        asked => asked,
    };
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&change(seeds.len()), |(seed, other, changes)| {
        let input = changed(&seeds[seed], &seeds[other], &changes);
        (parser.check)(&input);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("{name}: {failure}");
    }
}

#[test]
fn every_fuzz_target_is_one_of_the_parsers_that_are_tested_here() {
    let targets = files(&root().join("fuzz/fuzz_targets"));
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("the manifest is read");
    assert_eq!(targets.len(), PARSERS.len());
    for parser in PARSERS {
        let path = root().join(format!("fuzz/fuzz_targets/{}.rs", parser.name));
        let target = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            target.contains(&format!("reseller_hooks_parsers::{}(input)", parser.name)),
            "{target}"
        );
        assert!(
            manifest.contains(&format!("name = \"{}\"", parser.name)),
            "{}",
            parser.name
        );
    }
}

#[test]
fn every_regression_belongs_to_a_parser() {
    let regressions = root().join("fuzz/regressions");
    for folder in fs::read_dir(&regressions).expect("the folder is read") {
        let name = folder.expect("the folder is read").file_name();
        let name = name.to_string_lossy();
        assert!(
            PARSERS.iter().any(|parser| parser.name == name),
            "nobody reads fuzz/regressions/{name}"
        );
    }
}

#[test]
fn deliveries_of_shopify_become_well_formed_events_or_none() {
    holds("shopify");
}

#[test]
fn deliveries_of_woocommerce_become_well_formed_events_or_none() {
    holds("woocommerce");
}

#[test]
fn deliveries_of_stripe_become_well_formed_events_or_none() {
    holds("stripe");
}

#[test]
fn deliveries_of_standard_webhooks_become_well_formed_events_or_none() {
    holds("standard");
}

#[test]
fn tokens_of_wix_become_well_formed_events_or_none() {
    holds("wix_ecommerce");
}

#[test]
fn a_catalog_that_is_taken_can_be_used() {
    holds("catalog");
}

#[test]
fn answers_of_wix_mean_what_their_status_and_body_say() {
    holds("wix_response");
}

#[test]
fn events_out_of_a_queue_merge_and_survive_the_ledger() {
    holds("order_event");
}

#[test]
fn nothing_that_is_said_of_a_secret_tells_it() {
    holds("secret");
}
