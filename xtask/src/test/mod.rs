//! `cargo xtask test`: every check there is, one after the other, each with its time, and one line at the end that says
//! how it went. A step that fails does not keep the others from being run.

use std::time::{Duration, Instant};

use crate::arguments::TestOptions;
use crate::failure::Failure;
use crate::progress::seconds;
use crate::workspace;

mod aws;
mod cargo_steps;
mod steps;

use steps::{Step, Tests};

/// What became of a step.
struct Outcome {
    step: Step,
    took: Duration,
    result: Result<Tests, Failure>,
}

pub(crate) async fn run(options: &TestOptions) -> Result<(), Failure> {
    let steps = steps::chosen(options)?;
    if options.list {
        for step in Step::ALL {
            println!("{:<10} {}", step.name(), step.what());
        }
        return Ok(());
    }
    let started = Instant::now();
    let count = steps.len();
    let mut outcomes = Vec::new();
    for (at, step) in steps.into_iter().enumerate() {
        eprintln!("[{}/{count}] {}: {}", at + 1, step.name(), step.what());
        let begun = Instant::now();
        let result = step.run(options).await;
        if let Err(failure) = &result {
            eprintln!("  ✗ {} failed: {failure}", step.name());
        }
        outcomes.push(Outcome {
            step,
            took: begun.elapsed(),
            result,
        });
    }
    summarise(&outcomes, started.elapsed())
}

fn summarise(outcomes: &[Outcome], took: Duration) -> Result<(), Failure> {
    println!("\n{:<10} {:>12}  result", "step", "time");
    let (mut passed, mut failed) = (0, 0);
    for outcome in outcomes {
        let result = match &outcome.result {
            Ok(Tests { passed: 0 }) => {
                passed += 1;
                "fine".to_owned()
            }
            Ok(tests) => {
                passed += tests.passed;
                format!("{} passed", tests.passed)
            }
            Err(_) => {
                failed += 1;
                "FAILED".to_owned()
            }
        };
        println!("{:<10} {:>12}  {result}", outcome.step.name(), seconds(outcome.took));
    }
    println!("\n{passed} passed, {failed} failed, in {}", seconds(took));
    let failed_steps: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .map(|outcome| outcome.step.name())
        .collect();
    if failed_steps.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "failed: {}. The logs are in {}; run one step again with `cargo xtask test --only {}`",
        failed_steps.join(", "),
        workspace::scratch()?.join("test").display(),
        failed_steps.first().unwrap_or(&"STEP")
    )))
}
