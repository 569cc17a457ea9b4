//! Runs histories of the simulation: `--seeds N` of them from `--start S` on, or `--one SEED` with its story. Ends with
//! one line, and with exit code 1 when a history broke the promise.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use reseller_hooks_tests::sim::{History, Profile, history, report, told};

const USAGE: &str = "usage: sim [--seeds N] [--start S] [--threads T] | sim --one SEED";

/// How many failing seeds are told in full.
const MOST_REPORTS: usize = 3;

struct Args {
    seeds: u64,
    start: u64,
    threads: u64,
    one: Option<u64>,
}

fn parse() -> Result<Args, String> {
    let mut args = Args {
        seeds: 10_000,
        start: 0,
        threads: 1,
        one: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value = words.next().map(|value| value.replace('_', "").parse::<u64>());
        let value = match value {
            Some(Ok(value)) => value,
            Some(Err(_)) | None => return Err(format!("{name} needs a number; {USAGE}")),
        };
        match name.as_str() {
            "--seeds" => args.seeds = value,
            "--start" => args.start = value,
            "--threads" => args.threads = value.max(1),
            "--one" => args.one = Some(value),
            _ => return Err(format!("{name} is not known; {USAGE}")),
        }
    }
    Ok(args)
}

fn main() -> ExitCode {
    let args = match parse() {
        Ok(args) => args,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let profile = Profile::default();
    if let Some(seed) = args.one {
        let broken = !told(seed, &profile).violations.is_empty();
        println!("{}", report(seed, &profile));
        return ExitCode::from(u8::from(broken));
    }
    let started = Instant::now();
    let next = AtomicU64::new(args.start);
    let end = args.start.saturating_add(args.seeds);
    let (total, broken) = std::thread::scope(|scope| {
        let work = || {
            let (mut total, mut broken) = (History::default(), Vec::new());
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= end {
                    return (total, broken);
                }
                let history = history(seed, &profile);
                total.steps += history.steps;
                total.calls += history.calls;
                total.crashes += history.crashes;
                total.faults += history.faults;
                if !history.violations.is_empty() {
                    broken.push(seed);
                }
            }
        };
        let threads: Vec<_> = (0..args.threads).map(|_| scope.spawn(work)).collect();
        let mut sum = (History::default(), Vec::new());
        for thread in threads {
            let Ok((total, broken)) = thread.join() else {
                eprintln!("a history panicked: run with --threads 1 and the seeds one by one");
                std::process::exit(1);
            };
            sum.0.steps += total.steps;
            sum.0.calls += total.calls;
            sum.0.crashes += total.crashes;
            sum.0.faults += total.faults;
            sum.1.extend(broken);
        }
        sum.1.sort_unstable();
        sum
    });
    for seed in broken.iter().take(MOST_REPORTS) {
        println!("{}\n", report(*seed, &profile));
    }
    if broken.len() > MOST_REPORTS {
        let others: Vec<u64> = broken.iter().skip(MOST_REPORTS).take(50).copied().collect();
        println!("and the seeds {others:?}");
    }
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = args.seeds as f64 / seconds;
    println!(
        "{} histories (seeds {} to {}), {} violations, {} worker steps, {} calls to Wix, {} faults, {} crashes, {seconds:.1} s, {rate:.0} histories/s",
        args.seeds,
        args.start,
        end.saturating_sub(1),
        broken.len(),
        total.steps,
        total.calls,
        total.faults,
        total.crashes,
    );
    ExitCode::from(u8::from(!broken.is_empty()))
}
