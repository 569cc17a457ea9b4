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
mod drive;
mod figures;
mod instructions;
mod micro;
mod process;

use drive::Bench;
use figures::Figures;

/// What is measured, in this order: `order-paid` works off what `webhook` sent.
const FUNCTIONS: [&str; 2] = ["webhook", "order-paid"];

/// By how many hundredths the recorded figures may be passed.
const MOST_GROWTH: u64 = 5;

pub(crate) async fn run(options: &BenchOptions) -> Result<(), Failure> {
    if options.micro {
        return micro::run(options.record).await;
    }
    // The sandbox, for Wix.
    stage::build().await?;
    let programs = match &options.programs {
        Some(folder) => folder.clone(),
        None => build().await?,
    };
    let own = measured("bench", &programs, options.events).await?;
    let mut others = Vec::new();
    let kept = recorded()?;
    others.push(("recorded", kept.clone()));
    if let Some(folder) = &options.against {
        let against = measured("bench-against", folder, options.events).await?;
        others.push(("other build", run_json(&against)));
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
    let grown = figures::grown(&own, &kept, MOST_GROWTH);
    if grown.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "more than {MOST_GROWTH} % above what is recorded: {}. Where that is meant, record it: `cargo xtask bench --record`",
        grown.join("; ")
    )))
}

async fn measured(name: &str, programs: &Path, events: usize) -> Result<Vec<Figures>, Failure> {
    eprintln!("  … measuring the programs in {}", programs.display());
    Bench::set(name, programs).await?.figures(events).await
}

/// Builds each function by itself, with the features that are deployed.
async fn build() -> Result<PathBuf, Failure> {
    let folder = workspace::scratch()?.join("bench-programs");
    fs::create_dir_all(&folder).could_not(format_args!("make the folder {}", folder.display()))?;
    let mut processes = Processes::new(&folder)?;
    for function in FUNCTIONS {
        let mut command = workspace::cargo();
        command.args(["build", "--locked", "--release", "--package", function]);
        let label = format!("building {function} as it is deployed (from an empty folder: some minutes)");
        let status = progress::run(&mut processes, function, &label, &mut command).await?;
        if !status.success() {
            let log = tail(&processes.log(function), 40);
            return Err(Failure::new(format!("the build failed:\n{log}")));
        }
        let own = workspace::binaries()?;
        let built = own.parent().unwrap_or(&own).join("release").join(function);
        let program = fs::read(&built).could_not(format_args!("read {}", built.display()))?;
        artifacts::has_nothing_of_tests(function, &program)?;
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

fn run_json(figures: &[Figures]) -> Value {
    let functions: Vec<Value> = figures.iter().map(Figures::json).collect();
    json!({ "functions": functions })
}

fn write(path: &Path, figures: &[Figures]) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&run_json(figures)).could_not("write the figures as JSON")?;
    fs::write(path, text + "\n").could_not(format_args!("write {}", path.display()))
}
