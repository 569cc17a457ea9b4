//! What is deployed, looked at as bytes: for which machine, with which C library, how large, and what must not be in it.

use std::fs;
use std::path::Path;

use super::{Build, emulator};
use crate::failure::{Context, Failure};
use crate::workspace;

/// Amazon Linux 2023, on which `provided.al2023` runs, has glibc 2.34.
const GLIBC: (u32, u32) = (2, 34);

/// A zip of a function, as Lambda counts it. The aim is 3,000,000 (docs/performance.md); what is above this is a mistake
/// in a build, such as a feature too many. The largest is `reconcile`, which has the audit, the verbs and the messages.
const LARGEST_ZIP: u64 = 4_200_000;

/// Found in what must never be deployed: SQLite, the sandbox, the tests' keys and their libraries, and, in the library's
/// words, protections that can be taken out and the root of a measurement over TLS.
const NOT_DEPLOYED: [&str; 6] = [
    "SQLite format 3",
    "wix-sandbox",
    "shpss_test",
    "proptest",
    "was built with the feature guards",
    "reseller-hooks bench root",
];

/// Checks the programs that `sam build` made; answers how many checks there were.
pub(super) fn programs(built: &Path, build: Build) -> Result<u64, Failure> {
    let mut checks = 0;
    let entries = fs::read_dir(built).could_not(format_args!("list {}", built.display()))?;
    for entry in entries.flatten() {
        let path = entry.path().join("bootstrap");
        let Ok(bytes) = fs::read(&path) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        if machine(&bytes) != Some(emulator::ARCHITECTURE) {
            return Err(Failure::new(format!(
                "{name} is not built for {}",
                emulator::ARCHITECTURE
            )));
        }
        checks += 1;
        // The stand-in for a compiler hands out debug programs with everything in them.
        if build == Build::Debug {
            continue;
        }
        let newest = glibc(&bytes);
        if newest > GLIBC {
            return Err(Failure::new(format!(
                "{name} needs glibc {}.{}, and Lambda has {}.{}",
                newest.0, newest.1, GLIBC.0, GLIBC.1
            )));
        }
        has_nothing_of_tests(&name, &bytes)?;
        // The same bytes wherever it is built: no folder of this machine.
        has_none(
            &name,
            &bytes,
            &[&workspace::root().display().to_string(), "/.cargo/registry"],
        )?;
        checks += 2;
    }
    if checks == 0 {
        return Err(Failure::new(format!("there is no program in {}", built.display())));
    }
    Ok(checks)
}

/// Nothing that belongs to the tests is in a program that is deployed.
pub(crate) fn has_nothing_of_tests(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    has_none(name, bytes, &NOT_DEPLOYED)
}

fn has_none(name: &str, bytes: &[u8], forbidden: &[&str]) -> Result<(), Failure> {
    match forbidden.iter().find(|text| contains(bytes, text)) {
        Some(text) => Err(Failure::new(format!("{name} has {text:?} in it"))),
        None => Ok(()),
    }
}

/// Checks the sizes of the deployed functions, as `aws lambda list-functions` tells them: `NAME SIZE` in each line.
pub(super) fn sizes(listed: &str, build: Build) -> Result<u64, Failure> {
    let mut checks = 0;
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(size)) = (words.next(), words.next().and_then(|size| size.parse::<u64>().ok())) else {
            continue;
        };
        println!("  {name}: {size} bytes zipped");
        if build != Build::Debug && size > LARGEST_ZIP {
            return Err(Failure::new(format!(
                "{name} has {size} bytes zipped, over {LARGEST_ZIP}"
            )));
        }
        checks += 1;
    }
    if checks < 6 {
        return Err(Failure::new(format!(
            "of seven functions, {checks} told their size: {listed}"
        )));
    }
    Ok(checks)
}

/// The machine in an ELF header.
fn machine(bytes: &[u8]) -> Option<&'static str> {
    let number = bytes.get(18..20)?;
    (bytes.starts_with(b"\x7fELF")).then_some(())?;
    match number {
        [0x3e, 0] => Some("x86_64"),
        [0xb7, 0] => Some("arm64"),
        _ => None,
    }
}

/// The newest version of glibc that a symbol asks for.
fn glibc(bytes: &[u8]) -> (u32, u32) {
    const NAME: &[u8] = b"GLIBC_";
    bytes
        .windows(NAME.len())
        .enumerate()
        .filter(|(_, window)| *window == NAME)
        .filter_map(|(at, _)| {
            let rest: String = bytes
                .get(at + NAME.len()..)?
                .iter()
                .take(8)
                .map(|byte| char::from(*byte))
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let mut numbers = rest.split('.').map_while(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?))
        })
        .max()
        .unwrap_or_default()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_is_found_among_several() {
        assert_eq!(glibc(b"..GLIBC_2.4\0GLIBC_2.28\0GLIBC_2.17\0"), (2, 28));
        assert_eq!(glibc(b"static"), (0, 0));
    }

    #[test]
    fn a_program_for_another_machine_is_noticed() {
        let mut header = b"\x7fELF".to_vec();
        header.resize(18, 0);
        header.extend([0xb7, 0]);
        assert_eq!(machine(&header), Some("arm64"));
        assert_eq!(machine(b"#!/bin/sh, which is no program"), None);
    }

    /// The programs of this workspace's debug build have every feature: the look at what is deployed finds that.
    #[test]
    fn a_program_whose_protections_can_be_taken_out_is_refused() {
        let error = has_nothing_of_tests(
            "x",
            b"..reseller-hooks was built with the feature guards: for tests only..",
        );
        assert!(error.unwrap_err().to_string().contains("feature guards"));
        assert!(has_nothing_of_tests("x", b"\x7fELF").is_ok());
    }

    /// The name of the root stands in it as it is, so that a program with it is found.
    #[test]
    fn a_program_that_trusts_the_root_of_a_measurement_is_refused() {
        let root = include_bytes!("../../../shared/src/bench_root.der");
        let error = has_nothing_of_tests("x", root).unwrap_err().to_string();
        assert!(error.contains("bench root"), "{error}");
    }

    #[test]
    fn a_function_that_has_grown_is_refused() {
        let listed = format!("a 10\nb 10\nc 10\nd 10\ne 10\nf {}\n", LARGEST_ZIP + 1);
        assert!(sizes(&listed, Build::Thin).is_err());
        assert_eq!(sizes(&listed, Build::Debug).unwrap(), 6);
    }
}
