//! Runs histories of the simulation: `--seeds N` of them from `--start S` on, `--one SEED` with its story, or
//! `--guards`, which takes one protection after the other out and wants to see a history break. Ends with one line, and
//! with exit code 1 when it is not as it must be. `cargo xtask sim` builds and runs it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use reseller_hooks_tests::number;
use reseller_hooks_tests::sim::{CUTS, Coverage, GUARDS, Guard, History, Profile, golden, history, report, told};

/// How many failing seeds are told in full.
const MOST_REPORTS: usize = 3;

/// Histories of orders, deliveries, crashes and faults, each made by its seed, and whether the promise holds at their end
#[derive(Parser)]
#[command(name = "sim", bin_name = "cargo xtask sim", max_term_width = 120)]
struct Args {
    /// How many histories
    #[arg(long, value_name = "N", default_value = "10000", value_parser = number)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value = "0", value_parser = number)]
    start: u64,
    /// How many threads
    #[arg(long, value_name = "T", default_value = "1", value_parser = number)]
    threads: u64,
    /// The story of one history, and no other
    #[arg(long, value_name = "SEED", value_parser = number)]
    one: Option<u64>,
    /// Only worlds in which Wix ignores keys and shows packages as late as it may
    #[arg(long)]
    harsh: bool,
    /// Only worlds in which Wix's queries take no notice of their filter
    #[arg(long)]
    careless: bool,
    /// Only orders that change their plan and their site most of the time, while those calls fail
    #[arg(long)]
    changing: bool,
    /// Only worlds in which Wix honours keys and shows packages much later than the settle time
    #[arg(long)]
    late: bool,
    /// Restore the ledger to an earlier time in every history, and not in each sixteenth
    #[arg(long)]
    restored: bool,
    /// Leave these out of the history, as the report of a failing one names them: order1, operators, crashes and so on
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = cut)]
    without: Vec<&'static str>,
    /// Take each protection out, and look for a history that breaks the promise without it
    #[arg(long)]
    guards: bool,
    /// Of the protections only this one
    #[arg(long, value_name = "NAME", requires = "guards")]
    guard: Option<String>,
    /// Print in how many histories each thing that a shop says, problem, answer of Wix and protection was seen. Twice
    /// as slow
    #[arg(long)]
    coverage: bool,
    /// Add a record to tests/golden/records for each member or state that none of them shows yet
    #[arg(long)]
    golden: bool,
}

/// What can be left out, by its name.
fn cut(name: &str) -> Result<&'static str, String> {
    let known = CUTS.into_iter().find(|cut| *cut == name);
    known.ok_or_else(|| format!("what can be left out is one of {}", CUTS.join(", ")))
}

fn main() -> ExitCode {
    let args = Args::parse();
    let profile = Profile {
        harsh: args.harsh,
        careless: args.careless,
        changing: args.changing,
        late: args.late,
        restored: args.restored,
        without: args.without.iter().copied().collect(),
        ..Profile::default()
    };
    if let Some(seed) = args.one {
        let broken = !told(seed, &profile).violations.is_empty();
        println!("{}", report(seed, &profile));
        return ExitCode::from(u8::from(broken));
    }
    if args.golden {
        let end = args.start.saturating_add(args.seeds);
        return match golden::add(args.start..end) {
            Ok(added) => {
                println!("{added} records added to {}", golden::folder().display());
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("the golden records cannot be read or written: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if args.coverage {
        let mut coverage = Coverage::default();
        let end = args.start.saturating_add(args.seeds);
        let broken = (args.start..end).filter(|seed| !coverage.count(*seed, &profile).violations.is_empty());
        let broken: Vec<u64> = broken.collect();
        println!("{coverage}");
        println!("{} histories, {} violations {broken:?}", args.seeds, broken.len());
        return ExitCode::from(u8::from(!broken.is_empty()));
    }
    let is_well = if args.guards {
        guards(&args)
    } else {
        histories(&args, &profile)
    };
    ExitCode::from(u8::from(!is_well))
}

/// Takes each protection out; `true` when the absence of each is noticed.
fn guards(args: &Args) -> bool {
    let started = Instant::now();
    let end = args.start.saturating_add(args.seeds);
    let is_asked = |guard: &Guard| args.guard.as_ref().is_none_or(|name| guard.name == name);
    let (mut taken_out, mut noticed) = (0, 0);
    for guard in GUARDS.into_iter().filter(is_asked) {
        taken_out += 1;
        match guard.is_noticed(args.start..end) {
            Ok((seed, broken)) => {
                noticed += 1;
                let what = broken.first().map_or("", String::as_str);
                println!("without {}: seed {seed} breaks the promise: {what}", guard.name);
            }
            Err(reason) => println!("{reason}"),
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{taken_out} protections taken out, {noticed} noticed, {seconds:.1} s");
    noticed == taken_out && noticed > 0
}

/// Runs histories; `true` when none broke the promise.
fn histories(args: &Args, profile: &Profile) -> bool {
    let started = Instant::now();
    let next = AtomicU64::new(args.start);
    let end = args.start.saturating_add(args.seeds);
    let work = || {
        let (mut total, mut broken) = (History::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return (total, broken);
            }
            let history = history(seed, profile);
            total.add(&history);
            if !history.violations.is_empty() {
                broken.push(seed);
            }
        }
    };
    let (total, broken) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut sum = (History::default(), Vec::new());
        for thread in threads {
            let Ok((total, broken)) = thread.join() else {
                eprintln!("a history panicked: run with --threads 1 and the seeds one by one");
                std::process::exit(1);
            };
            sum.0.add(&total);
            sum.1.extend(broken);
        }
        sum.1.sort_unstable();
        sum
    });
    for seed in broken.iter().take(MOST_REPORTS) {
        println!("{}\n", report(*seed, profile));
    }
    if broken.len() > MOST_REPORTS {
        let others: Vec<u64> = broken.iter().skip(MOST_REPORTS).take(50).copied().collect();
        println!("and the seeds {others:?}");
    }
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = args.seeds as f64 / seconds;
    println!(
        "{} histories (seeds {} to {}), {} violations, {} deliveries, {} steps, {} calls to Wix, {} faults, {} crashes, {seconds:.1} s, {rate:.0} histories/s",
        args.seeds,
        args.start,
        end.saturating_sub(1),
        broken.len(),
        total.deliveries,
        total.steps,
        total.calls,
        total.faults,
        total.crashes,
    );
    broken.is_empty()
}
