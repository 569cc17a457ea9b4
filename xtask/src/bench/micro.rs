//! The parts of an ordinary order's way, each by itself: how many instructions each takes, beside what is recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{MOST_GROWTH, compiler, instructions};
use crate::demo::table::Table;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{progress, workspace};

/// How often a part is done: the difference is what these many take when all is warm.
const FEW: u64 = 20;
const MORE: u64 = 220;

/// The part of which the first time is counted: what a library does once, before it gives the first random bytes.
const FIRST: &str = "random";

/// So many instructions more are no growth: the dynamic linker alone can take them.
const SLACK: u64 = 500;

/// Instructions by part.
type Counted = BTreeMap<String, u64>;

/// What is recorded.
#[derive(Debug)]
struct Kept {
    compiler: String,
    parts: Counted,
}

pub(super) async fn run(record: bool) -> Result<(), Failure> {
    if !instructions::can_be_counted() {
        return Err(Failure::new(
            "there is no valgrind here, which counts the instructions: install it (apt-get install valgrind)",
        ));
    }
    let kept = recorded()?;
    let counted = measure(&kept.parts).await?;
    if record {
        let all = json!({ "compiler": compiler::name()?, "parts": counted });
        let text = serde_json::to_string_pretty(&all).could_not("write the figures as JSON")?;
        std::fs::write(path(), text + "\n").could_not(format_args!("write {}", path().display()))?;
        println!("Recorded in {}.", path().display());
        return Ok(());
    }
    compare(&counted, &kept).map(|_| ())
}

/// Compares the parts with what is recorded; answers how many were compared.
pub(super) async fn held() -> Result<u64, Failure> {
    let kept = recorded()?;
    compare(&measure(&kept.parts).await?, &kept)
}

async fn measure(kept: &Counted) -> Result<Counted, Failure> {
    let folder = workspace::scratch()?.join("bench-micro");
    let program = build(&folder).await?;
    let listed = Command::new(&program).output().could_not("start micro")?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut counted = Counted::new();
    let mut table = Table::new(&["part", "instructions", "recorded", "what it is"]);
    for (part, what) in listed.lines().filter_map(|line| line.split_once('\t')) {
        let (few, more) = if part == FIRST { (0, 1) } else { (FEW, MORE) };
        let without = count(&program, &folder, part, few)?;
        let with = count(&program, &folder, part, more)?;
        let each = with.saturating_sub(without) / (more - few);
        let before = kept.get(part).copied();
        table.row(vec![
            part.to_owned(),
            each.to_string(),
            before.map(|before| ratio(each, before)).unwrap_or_default(),
            what.to_owned(),
        ]);
        counted.insert(part.to_owned(), each);
    }
    println!("{}", table.text());
    Ok(counted)
}

fn compare(counted: &Counted, kept: &Kept) -> Result<u64, Failure> {
    if let Some(difference) = compiler::difference(&kept.compiler, &compiler::name()?) {
        println!("{difference}");
        return Ok(0);
    }
    let grown = grown(counted, &kept.parts);
    if grown.is_empty() {
        return u64::try_from(counted.len()).could_not("count the parts");
    }
    Err(Failure::new(format!(
        "more than {MOST_GROWTH} % above what is recorded: {}. Where that is meant, record it: `cargo xtask bench --micro --record`",
        grown.join("; ")
    )))
}

async fn build(folder: &Path) -> Result<PathBuf, Failure> {
    let mut processes = Processes::new(folder)?;
    let mut command = workspace::cargo();
    command.args([
        "build",
        "--locked",
        "--profile",
        "sim",
        "--package",
        "reseller-hooks-tests",
        "--bin",
        "micro",
    ]);
    let status = progress::run(&mut processes, "micro", "building the parts", &mut command).await?;
    if !status.success() {
        let log = tail(&processes.log("micro"), 40);
        return Err(Failure::new(format!("the build failed:\n{log}")));
    }
    let binaries = workspace::binaries()?;
    Ok(binaries.parent().unwrap_or(&binaries).join("sim/micro"))
}

fn count(program: &Path, folder: &Path, part: &str, times: u64) -> Result<u64, Failure> {
    let output = folder.join(format!("callgrind-{part}"));
    let [valgrind, arguments @ ..] = instructions::counted(&output);
    let run = Command::new(valgrind)
        .args(arguments)
        .arg(program)
        .args([part, &times.to_string()])
        .output()
        .could_not("start valgrind")?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        return Err(Failure::new(format!("the part {part} failed:\n{said}")));
    }
    instructions::total(&output)
}

fn path() -> PathBuf {
    workspace::root().join("xtask/src/bench/micro.json")
}

fn recorded() -> Result<Kept, Failure> {
    let text = std::fs::read_to_string(path()).could_not(format_args!("read {}", path().display()))?;
    let all: Value = serde_json::from_str(&text).could_not(format_args!("read {}", path().display()))?;
    let compiler = all
        .get("compiler")
        .and_then(Value::as_str)
        .unwrap_or("no known compiler");
    let parts = all.get("parts").and_then(Value::as_object);
    Ok(Kept {
        compiler: compiler.to_owned(),
        parts: parts
            .into_iter()
            .flatten()
            .filter_map(|(part, each)| Some((part.clone(), each.as_u64()?)))
            .collect(),
    })
}

fn ratio(value: u64, before: u64) -> String {
    let hundredths = (value * 100).checked_div(before).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn grown(counted: &Counted, kept: &Counted) -> Vec<String> {
    let is_grown = |(part, value): &(&String, &u64)| {
        let before = kept.get(*part).copied();
        before.is_some_and(|before| **value * 100 > before * (100 + MOST_GROWTH) + SLACK * 100)
    };
    let shown = |(part, value): (&String, &u64)| format!("{part}: {value}, was {}", kept.get(part).unwrap_or(&0));
    counted.iter().filter(is_grown).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_has_grown_is_named_with_both_figures() {
        let figures = |merge| Counted::from([("merge".to_owned(), merge), ("new".to_owned(), 7)]);
        let kept = Counted::from([("merge".to_owned(), 10_000)]);
        assert_eq!(grown(&figures(11_000), &kept), Vec::<String>::new());
        assert_eq!(grown(&figures(11_001), &kept), ["merge: 11001, was 10000"]);
        assert_eq!(ratio(1_050, 1_000), "1.05");
    }
}
