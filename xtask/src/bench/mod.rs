//! `cargo xtask bench`: the deployed programs of `webhook` and `order-paid`, driven as Lambda drives them, with stand-ins
//! for Lambda's Runtime API and for AWS and the sandbox for Wix. What an ordinary order costs of each, and how that
//! compares with the recorded figures and with another build.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::arguments::BenchOptions;
use crate::demo::stage;
use crate::deploy::artifacts;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{progress, workspace};

mod aws;
mod compiler;
mod drive;
mod figures;
mod instructions;
mod micro;
mod process;
mod tls;

use drive::Bench;
use figures::Figures;

/// What is measured, in this order: `order-paid` works off what `webhook` sent.
const FUNCTIONS: [&str; 2] = ["webhook", "order-paid"];

/// By how many hundredths the recorded figures may be passed.
const MOST_GROWTH: u64 = 5;

/// How many events are enough where only counts are compared.
const HELD_EVENTS: usize = 20;

/// Which programs are built.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// With the features that are deployed.
    Deployed,
    /// And with the one that trusts the certificate of a measurement on this machine.
    OverTls,
}

pub(crate) async fn run(options: &BenchOptions) -> Result<(), Failure> {
    if options.micro {
        return micro::run(options.record).await;
    }
    let mut own;
    if let Some(folder) = &options.programs {
        own = measured("bench", folder, options.events).await?;
    } else {
        // Before the others, so that these are not what is left in the folder of releases.
        let encrypted = build(Kind::OverTls).await?;
        own = measured("bench", &build(Kind::Deployed).await?, options.events).await?;
        own.extend(measured("bench-tls", &encrypted, options.events).await?);
    }
    let mut others = Vec::new();
    let kept = recorded()?;
    others.push(("recorded", kept.clone()));
    if let Some(folder) = &options.against {
        let against = measured("bench-against", folder, options.events).await?;
        others.push(("other build", run_json(&against)?));
    }
    println!("{}", figures::table(&own, &others));
    let path = workspace::scratch()?.join("bench/figures.json");
    write(&path, &own)?;
    println!("The figures are in {} too.", path.display());
    if !instructions::can_be_counted() {
        println!("Instructions were not counted: there is no valgrind here.");
    }
    if options.record {
        write(&record(), &own)?;
        println!("Recorded in {}.", record().display());
        return Ok(());
    }
    compare(&own, &kept).map(|_| ())
}

/// The step of `cargo xtask test`: nothing that is deployed costs much more than what is recorded. Answers how many figures
/// were compared.
pub(crate) async fn held() -> Result<u64, Failure> {
    let programs = build(Kind::Deployed).await?;
    let own = measured("bench", &programs, HELD_EVENTS).await?;
    let compared = compare(&own, &recorded()?)?;
    if !instructions::can_be_counted() {
        println!("  Instructions were not counted: there is no valgrind here.");
        return Ok(compared);
    }
    Ok(compared + micro::held().await?)
}

/// Compares figures with what is recorded; answers how many were compared.
fn compare(own: &[Figures], kept: &Value) -> Result<u64, Failure> {
    let recorded_with = kept
        .get("compiler")
        .and_then(Value::as_str)
        .unwrap_or("no known compiler");
    let difference = compiler::difference(recorded_with, &compiler::name()?);
    let compared = figures::compare(own, kept, difference.is_none(), MOST_GROWTH);
    if let Some(difference) = difference {
        println!("{difference}");
    }
    if compared.grown.is_empty() {
        return Ok(compared.count);
    }
    Err(Failure::new(format!(
        "more than {MOST_GROWTH} % above what is recorded: {}. Where that is meant, record it: `cargo xtask bench --record`",
        compared.grown.join("; ")
    )))
}

/// Over TLS, where the programs trust the root of a measurement.
async fn measured(name: &str, programs: &Path, events: usize) -> Result<Vec<Figures>, Failure> {
    // The sandbox, for Wix.
    stage::build().await?;
    eprintln!("  … measuring the programs in {}", programs.display());
    let mut over_tls = true;
    for function in FUNCTIONS {
        let path = programs.join(function);
        let program = fs::read(&path).could_not(format_args!("read {}", path.display()))?;
        over_tls &= artifacts::has_nothing_of_tests(function, &program).is_err();
    }
    Bench::set(name, programs, over_tls).await?.figures(events).await
}

/// Builds each function by itself.
async fn build(kind: Kind) -> Result<PathBuf, Failure> {
    let (name, features, words) = match kind {
        Kind::Deployed => ("bench-programs", None, "as it is deployed"),
        Kind::OverTls => ("bench-programs-tls", Some("bench-root"), "for TLS on this machine"),
    };
    let folder = workspace::scratch()?.join(name);
    fs::create_dir_all(&folder).could_not(format_args!("make the folder {}", folder.display()))?;
    let mut processes = Processes::new(&folder)?;
    for function in FUNCTIONS {
        let mut command = workspace::cargo();
        command.args(["build", "--locked", "--release", "--package", function]);
        command.args(features.into_iter().flat_map(|feature| ["--features", feature]));
        let label = format!("building {function} {words} (from an empty folder: some minutes)");
        let status = progress::run(&mut processes, function, &label, &mut command).await?;
        if !status.success() {
            let log = tail(&processes.log(function), 40);
            return Err(Failure::new(format!("the build failed:\n{log}")));
        }
        let own = workspace::binaries()?;
        let built = own.parent().unwrap_or(&own).join("release").join(function);
        let program = fs::read(&built).could_not(format_args!("read {}", built.display()))?;
        let looked = artifacts::has_nothing_of_tests(function, &program);
        match kind {
            Kind::Deployed => looked?,
            // The look at what is deployed would find the root.
            Kind::OverTls if looked.is_ok() => {
                return Err(Failure::new(format!("{function} has nothing of bench-root in it")));
            }
            Kind::OverTls => {}
        }
        fs::copy(&built, folder.join(function)).could_not(format_args!("copy {}", built.display()))?;
    }
    Ok(folder)
}

/// The figures that are kept in the repository.
fn record() -> PathBuf {
    workspace::root().join("xtask/src/bench/recorded.json")
}

fn recorded() -> Result<Value, Failure> {
    let path = record();
    let text = fs::read_to_string(&path).could_not(format_args!("read {}", path.display()))?;
    serde_json::from_str(&text).could_not(format_args!("read {}", path.display()))
}

fn run_json(figures: &[Figures]) -> Result<Value, Failure> {
    let functions: Vec<Value> = figures.iter().map(Figures::json).collect();
    Ok(json!({ "compiler": compiler::name()?, "functions": functions }))
}

fn write(path: &Path, figures: &[Figures]) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&run_json(figures)?).could_not("write the figures as JSON")?;
    fs::write(path, text + "\n").could_not(format_args!("write {}", path.display()))
}
