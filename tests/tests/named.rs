//! The documents name tests, and settings that no test sees: both must be there.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

/// A file with tests: where it is, as a path of modules, and its functions.
struct File {
    modules: Vec<String>,
    functions: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every file of the workspace in which there are tests.
fn files() -> Vec<File> {
    let mut paths = Vec::new();
    for folder in ["functions", "sandbox/tests", "shared", "tests", "xtask/src"] {
        walk(&root().join(folder), &mut paths);
    }
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let has_tests = [
            "#[test]",
            "#[tokio::test",
            "ledger_contract",
            "pub(crate) async fn run()",
        ];
        if !has_tests.iter().any(|mark| text.contains(mark)) {
            continue;
        }
        let path = path.strip_prefix(root()).unwrap().with_extension("");
        let modules = path
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .filter(|part| !["mod", "main", "src", "functions", "shared"].contains(&part.as_str()))
            .collect();
        let functions = text
            .split("fn ")
            .skip(1)
            .map(|rest| {
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect()
            })
            .collect();
        files.push(File { modules, functions });
    }
    files
}

/// What a document names: between backticks with `::` in it, and anything in the last column of a table.
fn names(document: &str) -> Vec<String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:…*".contains(c);
    let quoted = |text: &str| -> Vec<String> {
        let quoted = text.split('`').skip(1).step_by(2);
        quoted
            .filter(|text| text.chars().all(letters))
            .map(str::to_owned)
            .collect()
    };
    let mut names = Vec::new();
    for line in document.lines() {
        let last = line.starts_with('|').then(|| line.rsplit('|').nth(1)).flatten();
        names.extend(quoted(line).into_iter().filter(|name| name.contains("::")));
        names.extend(
            quoted(last.unwrap_or_default())
                .into_iter()
                .filter(|name| !name.contains("::")),
        );
    }
    // How a name is made.
    names.retain(|name| name != "file::test");
    names
}

/// Whether a name is a test's, the beginning of one's, or that of a file or folder with tests.
fn is_there(name: &str, files: &[File]) -> bool {
    let mut modules: Vec<&str> = name.split("::").collect();
    let ends_with = |file: &File, modules: &[&str]| {
        let from = file.modules.len().checked_sub(modules.len());
        from.is_some_and(|from| file.modules.iter().skip(from).eq(modules.iter()))
    };
    let within = |file: &File, modules: &[&str]| file.modules.windows(modules.len()).any(|some| some == modules);
    if files.iter().any(|file| within(file, &modules)) {
        return true;
    }
    let last = modules.pop().unwrap();
    if last == "*" {
        return files.iter().any(|file| within(file, &modules));
    }
    let fits = |function: &String| match last.strip_suffix('…') {
        Some(beginning) => function.starts_with(beginning),
        None => function == last,
    };
    let mut inside = files.iter().filter(|file| ends_with(file, &modules));
    inside.any(|file| file.functions.iter().any(fits))
}

#[test]
fn every_test_that_a_document_names_is_in_the_source() {
    let files = files();
    for (document, least) in [("docs/scenarios.md", 150), ("docs/guarantees.md", 25)] {
        let names = names(&read(document));
        assert!(names.len() >= least, "{document} names only {}", names.len());
        let missing: Vec<_> = names.iter().filter(|name| !is_there(name, &files)).collect();
        assert!(missing.is_empty(), "{document} names what is no test: {missing:#?}");
    }
}

#[test]
fn a_name_that_is_no_tests_is_noticed() {
    let files = files();
    for name in [
        "queue::delivered_thrice_…",
        "queue::delivered_again_it_costs_no_call",
        "business::delivered_again_it_costs_no_call_and_no_write",
        "nowhere::*",
        "fulfilment::nowhere",
        "nowhere",
    ] {
        assert!(!is_there(name, &files), "{name}");
    }
}

#[test]
fn every_scenario_has_a_test() {
    let document = read("docs/scenarios.md");
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"));
    let bare: Vec<_> = rows
        .filter(|row| {
            !["| what happens", "| history |", "| kind |"]
                .iter()
                .any(|head| row.starts_with(head))
        })
        .filter(|row| !row.rsplit('|').nth(1).unwrap().contains('`'))
        .collect();
    assert_eq!(bare, Vec::<&str>::new());
}

#[test]
fn every_kind_that_a_shop_reported_has_two_further_inputs() {
    let document = read("docs/scenarios.md");
    let table = document.split("| kind |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"));
    let kinds: Vec<_> = rows.collect();
    assert!(kinds.len() > 25, "{} kinds", kinds.len());
    for kind in kinds {
        let cells: Vec<_> = kind.trim_matches('|').split(" | ").collect();
        let named = |cell: &str| cell.matches('`').count() / 2;
        assert!(named(cells[1]) >= 1 && named(cells[2]) >= 2, "{kind}");
    }
}

/// cargo-lambda's own default is to abort, and then a panic in one record of a batch takes all of them along. In a debug
/// build no test of a batch would see the difference.
#[test]
fn a_release_unwinds_so_that_a_panic_fails_one_record_of_a_batch() {
    let manifest = read("Cargo.toml");
    let release = manifest
        .split("[profile.release]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    assert!(
        release.lines().any(|line| line.starts_with("panic = \"unwind\"")),
        "{release}"
    );
    let aborts = manifest.lines().filter(|line| line.starts_with("panic = \"abort\""));
    assert_eq!(aborts.count(), 0);
}
