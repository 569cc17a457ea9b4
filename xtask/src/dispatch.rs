//! Commands that a program of the workspace does itself: `sim` and `mutations`.

use std::os::unix::process::CommandExt;

use serde_json::Value;

use crate::failure::{Context, Failure};
use crate::workspace;

/// How cargo runs the simulation.
pub(crate) const SIMULATION: [&str; 9] = optimised("sim");

/// How cargo runs a program of the tests: with only what it needs, so that no AWS SDK is built, in the profile made for it.
const fn optimised(program: &str) -> [&str; 9] {
    [
        "run",
        "--locked",
        "--profile",
        "sim",
        "--package",
        "reseller-hooks-tests",
        "--bin",
        program,
        "--",
    ]
}

/// Becomes that program, built for speed.
pub(crate) fn run(name: &str, arguments: &[String]) -> Result<(), Failure> {
    let mut command = workspace::in_root("cargo");
    command.args(optimised(name)).args(arguments);
    // Only answers when it could not.
    Err(Failure::new(format!("could not start cargo: {}", command.exec())))
}

/// The names of all targets of a kind (`bin`, `test`) in the workspace.
pub(crate) fn targets(kind: &str) -> Result<Vec<String>, Failure> {
    let output = workspace::cargo()
        .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
        .output()
        .could_not("start cargo")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).could_not("read what `cargo metadata` says")?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut names: Vec<String> = packages
        .iter()
        .filter_map(|package| package.get("targets")?.as_array())
        .flatten()
        .filter(|target| {
            let kinds = target.get("kind").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|found| found == kind))
        })
        .filter_map(|target| Some(target.get("name")?.as_str()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}
