//! `cargo xtask sbom`: what is in the deployed functions, as a CycloneDX document: every library that is linked, with its
//! version and licence, from `Cargo.lock` and the features that are deployed. The same commit gives the same document.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::failure::{Context, Failure};
use crate::workspace;

/// The deployed programs, as their packages are called.
const FUNCTIONS: [&str; 6] = [
    "inspect",
    "order-canceled",
    "order-paid",
    "reconcile",
    "tag-external-id",
    "webhook",
];

pub(crate) fn print() -> Result<(), Failure> {
    let mut lines = BTreeSet::new();
    for function in FUNCTIONS {
        let output = workspace::cargo()
            .args(["tree", "--locked", "--package", function, "--edges", "normal"])
            .args([
                "--target",
                "x86_64-unknown-linux-gnu",
                "--prefix",
                "none",
                "--format",
                "{p}\t{l}",
            ])
            .output()
            .could_not("run cargo tree")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::new(format!("cargo tree failed: {said}")));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.extend(text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()));
    }
    println!("{:#}", document(&lines));
    Ok(())
}

fn document(lines: &BTreeSet<String>) -> Value {
    let components: Vec<Value> = lines.iter().filter_map(|line| component(line)).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "reseller-hooks" } },
        "components": components,
    })
}

/// `NAME vVERSION<tab>LICENCE`; none for our own crates, whose path stands behind the version.
fn component(line: &str) -> Option<Value> {
    let (package, licence) = line.split_once('\t')?;
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    if words.next().is_some_and(|more| more.starts_with("(/")) {
        return None;
    }
    Some(json!({
        "type": "library",
        "name": name,
        "version": version,
        "purl": format!("pkg:cargo/{name}@{version}"),
        "licenses": [{ "expression": licence.trim_end_matches(" (*)").replace('/', " OR ") }],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_listed_with_its_licence_and_our_own_code_is_not() {
        let lines = ["ring v0.17.14\tApache-2.0 AND ISC", "webhook v0.1.0 (/home/me)\tMIT"].map(str::to_owned);
        let document = document(&lines.into());
        assert_eq!(document["components"].as_array().map(Vec::len), Some(1));
        assert_eq!(document["components"][0]["purl"], "pkg:cargo/ring@0.17.14");
        assert_eq!(
            document["components"][0]["licenses"][0]["expression"],
            "Apache-2.0 AND ISC"
        );
    }
}
