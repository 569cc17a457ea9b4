//! Changes the samples of all storefronts at random, `--cases N` times each, and delivers them to the real webhook.
//! `--only NAME` takes one storefront, or one sample; `--threads T`. Ends with a line for each storefront and one for
//! all, and with exit code 1 when anything was not as it must be.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use reseller_hooks_tests::mutations::{Counts, Report, SAMPLES, Sample, random, structural};

const USAGE: &str = "usage: mutations [--cases N] [--threads T] [--only STOREFRONT-OR-SAMPLE]";

/// How many cases a thread takes at once.
const PIECE: u64 = 500;

/// How many findings are told.
const MOST_TOLD: usize = 20;

struct Args {
    cases: u64,
    threads: usize,
    only: String,
}

fn parse() -> Result<Args, String> {
    let mut args = Args {
        cases: 10_000,
        threads: 2,
        only: String::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value; {USAGE}"))?;
        let number = || {
            let number = value.replace('_', "").parse::<u64>();
            number.map_err(|_| format!("{name} needs a number; {USAGE}"))
        };
        match name.as_str() {
            "--cases" => args.cases = number()?,
            "--threads" => args.threads = usize::try_from(number()?.clamp(1, 64)).unwrap_or(1),
            "--only" => args.only.clone_from(&value),
            _ => return Err(format!("{name} is not known; {USAGE}")),
        }
    }
    Ok(args)
}

/// Some work: a sample, and the first of its cases; `None` is every change of every value.
type Piece = (&'static Sample, Option<u64>);

fn main() -> ExitCode {
    let args = match parse() {
        Ok(args) => args,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let samples: Vec<&Sample> = SAMPLES
        .iter()
        .filter(|sample| sample.name.starts_with(&args.only))
        .collect();
    if samples.is_empty() {
        eprintln!("no sample begins with {:?}; {USAGE}", args.only);
        return ExitCode::from(2);
    }
    let cases = usize::try_from(PIECE).unwrap_or(1);
    let starts = || (0..args.cases).step_by(cases).map(Some);
    let pieces: Vec<Piece> = samples
        .iter()
        .flat_map(|sample| std::iter::once(None).chain(starts()).map(|start| (*sample, start)))
        .collect();

    // A panic is a finding, and is told with the rest.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(Piece, Report)> = Vec::new();
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let report = match *piece {
                (sample, None) => structural(sample, usize::MAX),
                (sample, Some(start)) => random(sample, start..(start + PIECE).min(args.cases)),
            };
            done.push((*piece, report));
        }
        done
    };
    let reports: Vec<(Piece, Report)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.threads).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.filter_map(Result::ok).flatten().collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    let whole = reports.len() == pieces.len();

    let mut all = Counts::default();
    let mut of_storefront: BTreeMap<&str, (usize, Counts)> = BTreeMap::new();
    let mut findings = Vec::new();
    for ((sample, start), report) in reports {
        let (samples, counts) = of_storefront.entry(sample.kind.as_str()).or_default();
        *samples += usize::from(start.is_none());
        *counts += &report.counts;
        all += &report.counts;
        findings.extend(report.findings);
    }
    for finding in findings.iter().take(MOST_TOLD) {
        println!("{finding}\n");
    }
    for (storefront, (samples, counts)) in &of_storefront {
        println!("{storefront}: {}", told(*samples, counts));
    }
    if !whole {
        println!("a thread did not end: not everything was tried");
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = all.deliveries as f64 / seconds;
    println!(
        "all: {}, {} findings, {seconds:.1} s, {rate:.0} deliveries/s",
        told(samples.len(), &all),
        findings.len()
    );
    ExitCode::from(u8::from(!findings.is_empty() || !whole))
}

fn told(samples: usize, counts: &Counts) -> String {
    let answers: Vec<String> = counts
        .answers
        .iter()
        .map(|(status, count)| format!("{count} answered {status}"))
        .collect();
    format!(
        "{samples} samples, {} cases, {} deliveries, {} ({} stored, {} parked)",
        counts.cases,
        counts.deliveries,
        answers.join(", "),
        counts.stored,
        counts.parked
    )
}
