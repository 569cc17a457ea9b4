//! Changes the samples of all storefronts at random, `--cases N` times each, and delivers them to the real webhook.
//! `--only NAME` takes one storefront, or one sample; `--threads T`. Ends with a line for each storefront and one for
//! all, and with exit code 1 when anything was not as it must be.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use reseller_hooks_tests::mutations::{Counts, Report, SAMPLES, Sample, random, structural};
use reseller_hooks_tests::number;

/// How many cases a thread takes at once.
const PIECE: u64 = 500;

/// How many findings are told.
const MOST_TOLD: usize = 20;

/// The samples of all storefronts, changed at random and delivered to the real webhook
#[derive(Parser)]
#[command(name = "mutations", bin_name = "cargo xtask mutations", max_term_width = 120)]
struct Args {
    /// How often each sample is changed at random
    #[arg(long, value_name = "N", default_value = "10000", value_parser = number)]
    cases: u64,
    /// How many threads
    #[arg(long, value_name = "T", default_value = "2", value_parser = number)]
    threads: u64,
    /// One storefront, or one sample
    #[arg(
        long,
        value_name = "STOREFRONT-OR-SAMPLE",
        default_value = "",
        hide_default_value = true
    )]
    only: String,
}

/// Some work: a sample, and the first of its cases; `None` is every change of every value.
type Piece = (&'static Sample, Option<u64>);

fn main() -> ExitCode {
    let args = Args::parse();
    let samples: Vec<&Sample> = SAMPLES
        .iter()
        .filter(|sample| sample.name.starts_with(&args.only))
        .collect();
    if samples.is_empty() {
        eprintln!("no sample begins with {:?}", args.only);
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
        let threads: Vec<_> = (0..args.threads.clamp(1, 64)).map(|_| scope.spawn(work)).collect();
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
