//! Which compiler built what is measured: another one makes other code, so that sizes and instructions are compared with
//! what was recorded of the same one.

use crate::failure::{Context, Failure};
use crate::workspace;

/// The compiler that cargo uses in this workspace, and the machine it builds for.
pub(super) fn name() -> Result<String, Failure> {
    let output = workspace::in_root("rustc")
        .arg("-vV")
        .output()
        .could_not("ask rustc for its version")?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    parse(&told).ok_or_else(|| Failure::new(format!("rustc -vV does not name its version: {told}")))
}

fn parse(told: &str) -> Option<String> {
    let version = told.lines().find(|line| line.starts_with("rustc "))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "))?;
    Some(format!("{version} for {host}"))
}

/// What is said where a record is of another compiler; `None` where it is of this one.
pub(super) fn difference(recorded: &str, own: &str) -> Option<String> {
    (recorded != own).then(|| {
        format!(
            "Sizes and instructions were not compared: they are recorded with {recorded}, and this is {own}. \
             `cargo xtask bench --record` and `cargo xtask bench --micro --record` keep those of this one."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str =
        "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";

    #[test]
    fn a_compiler_is_named_with_the_machine_it_builds_for() {
        let name = parse(TOLD).unwrap();
        assert_eq!(name, "rustc 1.95.0 (59807616e 2026-04-14) for x86_64-unknown-linux-gnu");
        assert!(difference(&name, &name).is_none());
        assert!(difference("rustc 1.94.0", &name).unwrap().contains("rustc 1.94.0"));
        assert_eq!(parse("no compiler"), None);
    }

    /// Else a new compiler would end the comparison and nobody would see it.
    #[test]
    fn what_is_recorded_is_of_the_compiler_that_the_workspace_uses() {
        let toolchain = include_str!("../../../rust-toolchain.toml");
        let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = "));
        let version = channel.unwrap().trim_matches('"');
        for recorded in [include_str!("recorded.json"), include_str!("micro.json")] {
            let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
            let compiler = recorded["compiler"].as_str().unwrap();
            assert!(compiler.starts_with(&format!("rustc {version} ")), "{compiler}");
        }
    }
}
