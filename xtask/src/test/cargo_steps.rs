//! The steps that are one or a few calls of cargo, or of a checker. All of them build the whole workspace with all
//! features, so that every library is built once and not again for each selection.

use std::process::{Command, Stdio};

use super::steps::Tests;
use crate::failure::Failure;
use crate::processes::{Processes, tail};
use crate::{dispatch, progress, tools, workspace};

/// The functions, as their packages are called.
const WORKERS: [&str; 4] = ["order-paid", "order-canceled", "tag-external-id", "reconcile"];

/// Targets in `tests/` that need an emulator of AWS; they have a step of their own.
const AWS: &str = "aws";

/// The tests that take two thirds of the time of all, by how their names begin: changed deliveries, a crash at every effect and
/// at every await point, bursts of orders, and the simulation, which has a step of its own. `--quick` leaves them out.
const LONGEST: [&str; 10] = [
    "storefront_mutations::changed_bodies_of_",
    "fulfilment::effects::",
    "fulfilment::crashes::",
    "fulfilment::stuck::whatever_was_bought_can_be_canceled",
    "deliveries::crashes::a_batch_of_several_orders_",
    "load::",
    "sim::a_seed_is_always_the_same_history",
    "sim::every_trait_of_a_record_has_its_golden_record",
    "sim::no_history_breaks_the_promise",
    "sim::the_promise_holds_where_wix_",
];

/// How many cases a quick test draws of each property that does not say a number itself; by itself it is 256.
const QUICK_CASES: &str = "64";

/// Runs one command; its output is kept, and shown where it fails.
pub(super) async fn check(name: &str, label: &str, command: &mut Command) -> Result<String, Failure> {
    let mut processes = Processes::new(&workspace::scratch()?.join("test"))?;
    let log = processes.log(name);
    let status = progress::run(&mut processes, name, label, command).await?;
    if status.success() {
        return Ok(std::fs::read_to_string(&log).unwrap_or_default());
    }
    eprintln!("{}", tail(&log, 60));
    Err(Failure::new(format!("{label}; all of it is in {}", log.display())))
}

pub(super) async fn format() -> Result<Tests, Failure> {
    check(
        "format",
        "cargo fmt --check",
        workspace::cargo().args(["fmt", "--all", "--check"]),
    )
    .await?;
    Ok(Tests::ONE_CHECK)
}

pub(super) async fn lints() -> Result<Tests, Failure> {
    let mut command = workspace::cargo();
    command.args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]);
    check("lints", "cargo clippy", &mut command).await?;
    Ok(Tests::ONE_CHECK)
}

/// The features of `webhook`, of `inspect` and of the workers differ, and those of the tests are more than either: something that
/// compiles only because of a neighbour's feature would be found at the deployment. Only our own crates are checked again:
/// all others have the features of the workspace.
pub(super) async fn deployed() -> Result<Tests, Failure> {
    let alone = |package: &'static &'static str| (*package, std::slice::from_ref(package));
    for (name, packages) in [alone(&"webhook"), alone(&"inspect"), ("workers", WORKERS.as_slice())] {
        let mut command = workspace::cargo();
        command.args(["clippy", "--locked", "--package", "reseller-hooks-features"]);
        for package in packages {
            command.args(["--package", package]);
        }
        command.args(["--", "-D", "warnings"]);
        let label = format!("cargo clippy, {name} as deployed");
        check(&format!("deployed-{name}"), &label, &mut command).await?;
    }
    no_function_has_what_is_for_tests().await?;
    Ok(Tests { passed: 3 })
}

/// With the library's feature `guards` a signature could be skipped and a key be drawn at random, and with `bench-root` a
/// root that no authority stands behind would be trusted. No function may have either, built by itself as it is deployed;
/// that the look finds them is seen by who has them: the tests, and `webhook` as `cargo xtask bench` builds it.
async fn no_function_has_what_is_for_tests() -> Result<(), Failure> {
    let functions = WORKERS.iter().chain(&["webhook", "inspect"]);
    let mut looks: Vec<(&str, &[&str], &[&str])> = functions
        .map(|function| (*function, [].as_slice(), [].as_slice()))
        .collect();
    looks.push(("reseller-hooks-tests", &[], &["guards"]));
    looks.push(("webhook", &["--features", "bench-root"], &["bench-root"]));
    for (package, options, expected) in looks {
        let mut command = workspace::cargo();
        // The library's features as they are in the end, also those that a feature of the function turns on.
        command.args([
            "tree",
            "--locked",
            "--edges",
            "no-dev",
            "--format",
            "{p} {f}",
            "--package",
            package,
        ]);
        command.args(options);
        let tree = check(
            &format!("features-{package}"),
            &format!("cargo tree, {package}"),
            &mut command,
        )
        .await?;
        let library = tree.lines().find_map(|line| line.split_once("── reseller-hooks v"));
        let Some((_, library)) = library else {
            return Err(Failure::new(format!("{package}: cargo tree does not show the library")));
        };
        let features = library.rsplit(' ').next().unwrap_or_default();
        let found: Vec<&str> = features
            .split(',')
            .filter(|feature| ["guards", "bench-root"].contains(feature))
            .collect();
        if found != expected {
            return Err(Failure::new(format!(
                "{package}: its build has of the library's features for tests {found:?}, and not {expected:?}"
            )));
        }
    }
    Ok(())
}

pub(super) async fn docs() -> Result<Tests, Failure> {
    let mut command = workspace::cargo();
    command
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["doc", "--locked", "--workspace", "--all-features", "--no-deps"]);
    check("docs", "cargo doc", &mut command).await?;
    Ok(Tests::ONE_CHECK)
}

pub(super) async fn tests(quick: bool) -> Result<Tests, Failure> {
    let with_nextest = workspace::cargo()
        .args(["nextest", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let mut command = workspace::cargo();
    if with_nextest {
        command.args(["nextest", "run", "--no-fail-fast"]);
    } else {
        command.args(["test", "--no-fail-fast"]);
    }
    command.args(["--locked", "--workspace", "--all-features", "--lib", "--bins"]);
    for target in dispatch::targets("test")? {
        if target != AWS {
            command.args(["--test", &target]);
        }
    }
    if quick {
        command.env("PROPTEST_CASES", QUICK_CASES).arg("--");
        // Both runners read it alike.
        command.args(LONGEST.iter().flat_map(|name| ["--skip", name]));
    }
    let label = if with_nextest {
        "cargo nextest run"
    } else {
        "cargo test"
    };
    let log = check("tests", label, &mut command).await?;
    if !quick {
        each_of_the_longest_was_run(&log)?;
    }
    counted(&log)
}

/// Where one is called something else, a quick test would run it after all, and nobody would see why it takes so long.
fn each_of_the_longest_was_run(log: &str) -> Result<(), Failure> {
    match LONGEST.iter().find(|name| !log.contains(**name)) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!(
            "no test is called {name}…, which a quick test leaves out: correct its name in xtask/src/test/cargo_steps.rs"
        ))),
    }
}

pub(super) async fn doctests() -> Result<Tests, Failure> {
    let mut command = workspace::cargo();
    command.args(["test", "--locked", "--workspace", "--all-features", "--doc"]);
    let log = check("doctests", "cargo test --doc", &mut command).await?;
    Ok(Tests {
        passed: passed(&log).unwrap_or_default(),
    })
}

/// The simulation, in an optimised build: ordinary worlds, those in which nothing but our own protections helps, those
/// whose queries show too much, those in which orders change all the time, those in which keys alone help, and each
/// protection taken out. Quick: a quarter of the histories, and no protection is taken out.
pub(super) async fn sim(quick: bool) -> Result<Tests, Failure> {
    let full: [(&str, &[&str]); 6] = [
        ("sim", &["--seeds", "6000", "--threads", "2"]),
        ("sim-harsh", &["--seeds", "2000", "--threads", "2", "--harsh"]),
        (
            "sim-careless",
            &["--seeds", "2000", "--threads", "2", "--harsh", "--careless"],
        ),
        ("sim-changing", &["--seeds", "2000", "--threads", "2", "--changing"]),
        ("sim-late", &["--seeds", "1000", "--threads", "2", "--late"]),
        ("sim-guards", &["--seeds", "12000", "--guards"]),
    ];
    let short: [(&str, &[&str]); 5] = [
        ("sim", &["--seeds", "1500", "--threads", "2"]),
        ("sim-harsh", &["--seeds", "500", "--threads", "2", "--harsh"]),
        (
            "sim-careless",
            &["--seeds", "500", "--threads", "2", "--harsh", "--careless"],
        ),
        ("sim-changing", &["--seeds", "500", "--threads", "2", "--changing"]),
        ("sim-late", &["--seeds", "250", "--threads", "2", "--late"]),
    ];
    let runs: &[(&str, &[&str])] = if quick { &short } else { &full };
    let mut passed = 0;
    for &(name, arguments) in runs {
        let mut command = workspace::cargo();
        command.args(dispatch::SIMULATION).args(arguments);
        let log = check(name, &format!("simulation: {}", arguments.join(" ")), &mut command).await?;
        // Its closing line: how many histories, or how many protections, and how long it took.
        if let Some(line) = log.lines().last() {
            eprintln!("  {line}");
        }
        passed += 1;
    }
    Ok(Tests { passed })
}

pub(super) async fn template() -> Result<Tests, Failure> {
    let program = tools::CFN_LINT.get().await?;
    let mut command = workspace::in_root(program);
    command.args(["--non-zero-exit-code", "warning", "--", "template.yaml"]);
    check("template", "cfn-lint template.yaml", &mut command).await?;
    Ok(Tests::ONE_CHECK)
}

pub(super) async fn licences() -> Result<Tests, Failure> {
    deny("licences", &["licenses", "bans", "sources"]).await
}

/// The list of advisories is on GitHub, which is not reached from everywhere.
pub(super) async fn advisories() -> Result<Tests, Failure> {
    deny("advisories", &["advisories"]).await
}

async fn deny(name: &str, checks: &[&str]) -> Result<Tests, Failure> {
    let program = tools::CARGO_DENY.get().await?;
    let mut command = workspace::in_root(program);
    command.args(["--all-features", "--locked", "check", "--hide-inclusion-graph"]);
    command.args(checks);
    check(name, &format!("cargo-deny: {}", checks.join(", ")), &mut command).await?;
    Ok(Tests {
        passed: checks.len() as u64,
    })
}

pub(super) async fn unused() -> Result<Tests, Failure> {
    let mut command = workspace::cargo();
    command.args(["machete", "cli", "functions", "sandbox", "shared", "tests", "xtask"]);
    cargo_extension("machete", "cargo-machete", &mut command).await
}

async fn cargo_extension(name: &str, package: &str, command: &mut Command) -> Result<Tests, Failure> {
    let there = workspace::cargo()
        .args([name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        return Err(Failure::new(format!(
            "{package} is not installed: `cargo install --locked {package}` does it, in a few minutes"
        )));
    }
    check(name, &format!("cargo {name}"), command).await?;
    Ok(Tests::ONE_CHECK)
}

/// How many tests passed, from what the runner said. None at all would mean that the wrong thing was run.
pub(super) fn counted(log: &str) -> Result<Tests, Failure> {
    match passed(log) {
        Some(passed) if passed > 0 => Ok(Tests { passed }),
        Some(_) | None => Err(Failure::new("no test was run")),
    }
}

/// The sum over all lines of the runner's that count: `test result: ok. 7 passed; …` of cargo's for each target, and
/// `Summary [1.0s] 7 tests run: 7 passed, …` of nextest's.
fn passed(log: &str) -> Option<u64> {
    let counts: Vec<u64> = log
        .lines()
        .filter(|line| line.contains("test result:") || line.contains("tests run:") || line.contains("test run:"))
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| word.starts_with("passed"))?;
            words.get(at.checked_sub(1)?)?.parse().ok()
        })
        .collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_counted() {
        let cargo = "test result: ok. 7 passed; 0 failed; 0 ignored\nrunning\ntest result: ok. 5 passed; 0 failed\n";
        assert_eq!(passed(cargo), Some(12));
        let nextest = "     Summary [   1.240s] 35 tests run: 35 passed (1 slow), 0 skipped\n";
        assert_eq!(passed(nextest), Some(35));
    }

    #[test]
    fn a_long_test_that_was_renamed_is_missed() {
        let all = LONGEST
            .map(|name| format!("PASS [ 1.0s] reseller-hooks-tests::main {name}x\n"))
            .concat();
        assert!(each_of_the_longest_was_run(&all).is_ok());
        let error = each_of_the_longest_was_run(&all.replace("fulfilment::effects", "fulfilment::ends"));
        assert!(error.unwrap_err().to_string().contains("fulfilment::effects::"));
    }

    #[test]
    fn a_run_without_a_test_is_a_failure() {
        assert!(counted("Finished").is_err());
        assert!(counted("test result: ok. 0 passed; 0 failed").is_err());
    }
}
