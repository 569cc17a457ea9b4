//! `cargo xtask fuzz`: every parser that sees the outside, with coverage as the guide, one after the other.
//! `fuzz/README.md` says what to do with what it finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use reseller_hooks_parsers::{PARSERS, Parser};

use crate::arguments::FuzzOptions;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{progress, workspace};

/// The longest input, in bytes: three times the largest sample. What is longer than that says the same again.
const MAX_LEN: u32 = 16_384;

/// What became of one target.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Explored {
    /// How many inputs were tried.
    executions: u64,
    /// How many edges of the code they reached.
    coverage: u64,
}

pub(crate) async fn run(options: &FuzzOptions) -> Result<(), Failure> {
    let parsers = chosen(&options.only)?;
    is_installed()?;
    let logs = workspace::scratch()?.join("fuzz");
    let mut processes = Processes::new(&logs)?;
    let mut build = cargo_fuzz("build");
    let status = progress::run(&mut processes, "build", "building the targets", &mut build).await?;
    if !status.success() {
        eprintln!("{}", tail(&processes.log("build"), 30));
        return Err(Failure::new(
            "the targets were not built: libFuzzer needs a C++ compiler (on Debian and Ubuntu: apt-get install g++)",
        ));
    }
    let started = Instant::now();
    let (mut executions, mut found) = (0, Vec::new());
    for parser in &parsers {
        let corpus = corpus(parser)?;
        let mut command = cargo_fuzz("run");
        command.arg(parser.name).arg(&corpus).arg("--").args([
            format!("-max_total_time={}", options.seconds),
            format!("-max_len={MAX_LEN}"),
            "-timeout=10".to_owned(),
            "-rss_limit_mb=2048".to_owned(),
            "-print_final_stats=1".to_owned(),
        ]);
        let label = format!("{} for {} s", parser.name, options.seconds);
        let status = progress::run(&mut processes, parser.name, &label, &mut command).await?;
        let log = fs::read(processes.log(parser.name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let explored = explored(&log);
        executions += explored.executions;
        println!(
            "{:<14} {:>12} executions, coverage {:>6}{}",
            parser.name,
            explored.executions,
            explored.coverage,
            if status.success() { "" } else { "  FOUND SOMETHING" }
        );
        if !status.success() {
            eprintln!("{}", reason(&log));
            found.push(parser.name);
        }
    }
    println!(
        "\n{} targets, {executions} executions, {} findings, in {}",
        parsers.len(),
        found.len(),
        progress::seconds(started.elapsed())
    );
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "found by {}: the inputs are in fuzz/artifacts, what was said is in {}, and fuzz/README.md says how to go on",
        found.join(", "),
        logs.display()
    )))
}

fn chosen(only: &[String]) -> Result<Vec<Parser>, Failure> {
    if only.is_empty() {
        return Ok(PARSERS.to_vec());
    }
    let of_name = |name: &String| {
        PARSERS.into_iter().find(|parser| parser.name == name).ok_or_else(|| {
            let names = PARSERS.map(|parser| parser.name).join(", ");
            Failure::new(format!("there is no target {name:?}; there are {names}"))
        })
    };
    only.iter().map(of_name).collect()
}

fn is_installed() -> Result<(), Failure> {
    let there = workspace::cargo()
        .args(["fuzz", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if there {
        return Ok(());
    }
    Err(Failure::new(
        "cargo-fuzz is not installed: `cargo install --locked cargo-fuzz` does it, in a minute",
    ))
}

/// Without a sanitizer, which would need a nightly compiler; there is no unsafe code here for it to watch. In as many
/// pieces as cargo builds by itself, because cargo-fuzz's one takes twice the time.
fn cargo_fuzz(command: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["fuzz", command, "--fuzz-dir", "fuzz", "--sanitizer", "none"]);
    cargo.args(["--codegen-units", "16"]);
    cargo
}

/// The folder that inputs are kept in from run to run. Seeds and regressions are copied into it, so that libFuzzer
/// begins with all of them.
fn corpus(parser: &Parser) -> Result<PathBuf, Failure> {
    let corpus = workspace::root().join("fuzz/corpus").join(parser.name);
    fs::create_dir_all(&corpus).could_not(format_args!("make {}", corpus.display()))?;
    let regressions = workspace::root().join("fuzz/regressions").join(parser.name);
    let seeds = parser.seeds.iter().map(|seed| workspace::root().join(seed));
    for seed in seeds.chain(regressions.is_dir().then_some(regressions)) {
        for file in files(&seed)? {
            let Some(name) = file.file_name() else { continue };
            fs::copy(&file, corpus.join(name)).could_not(format_args!("copy {}", file.display()))?;
        }
    }
    Ok(corpus)
}

/// The files of a folder, or the one file.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).could_not(format_args!("read {}", path.display()))?;
    entries
        .map(|entry| Ok(entry.could_not(format_args!("read {}", path.display()))?.path()))
        .collect()
}

/// What libFuzzer says at its end: `stat::number_of_executed_units: 7`, and in its last line of progress `cov: 7`.
fn explored(log: &str) -> Explored {
    let number = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok());
    let last = |sign: &str| log.lines().rev().find_map(|line| number(line.split_once(sign)?.1));
    Explored {
        executions: last("stat::number_of_executed_units:").unwrap_or_default(),
        coverage: last(" cov: ").unwrap_or_default(),
    }
}

/// The lines that say which promise was broken, and where the input is.
fn reason(log: &str) -> String {
    let mut lines = log.lines().skip_while(|line| !line.contains("panicked at"));
    let panic: Vec<&str> = lines.by_ref().take(4).collect();
    let input = log.lines().rev().find(|line| line.contains("Test unit written to"));
    panic.into_iter().chain(input).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libfuzzer_says_is_counted() {
        let log = "#2 INITED cov: 4 ft: 5 corp: 1/1b\n#9\tDONE   cov: 812 ft: 900 corp: 7/9b\n\
                   stat::number_of_executed_units: 1234\nstat::average_exec_per_sec:     7\n";
        let expected = Explored {
            executions: 1_234,
            coverage: 812,
        };
        assert_eq!(explored(log), expected);
        assert_eq!(explored("no such thing"), Explored::default());
    }

    #[test]
    fn a_finding_is_told_with_its_input() {
        let log = "#9 NEW\nthread panicked at src/a.rs:1:2:\ntwo lines have one ID\nstack\n0: a\n1: b\n\
                   artifact_prefix='x'; Test unit written to fuzz/artifacts/standard/crash-1\n";
        let reason = reason(log);
        assert!(reason.contains("two lines have one ID"), "{reason}");
        assert!(reason.ends_with("fuzz/artifacts/standard/crash-1"), "{reason}");
        assert!(!reason.contains("1: b"), "{reason}");
    }

    #[test]
    fn a_target_that_is_not_there_is_answered_with_those_that_are() {
        let error = chosen(&["etsy".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("\"etsy\"") && error.contains("woocommerce"), "{error}");
    }
}
