//! Commands that a program of the workspace does itself: `sim`, `mutations` and `bench`.

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

/// Becomes that program, built for speed, if this version of the project has it.
pub(crate) async fn run(name: &str, arguments: &[String]) -> Result<(), Failure> {
    if !targets("bin")?.iter().any(|found| found == name) {
        return Err(Failure::new(format!(
            "this version of the project has no program {name:?}: `cargo xtask help` lists what there is"
        )));
    }
    let mut command = workspace::in_root("cargo");
    if name == "bench" {
        command.args(["run", "--locked", "--all-features", "--release", "--bin", name, "--"]);
    } else {
        command.args(optimised(name));
    }
    command.args(arguments);
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
    Ok(names)
}
