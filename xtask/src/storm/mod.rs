//! `cargo xtask storm`: the functions as they are deployed, but for SQLite, under thousands of signed deliveries, half of
//! them repetitions, at a Wix whose limit is lower than what the workers were told. It ends with what became of every
//! order, against the shops' own book, and with what it cost in calls, memory and time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use reseller_hooks::ledger::sqlite::SqliteLedger;
use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;

use crate::arguments::StormOptions;
use crate::demo::deliver;
use crate::demo::pump::MAX_RECEIVE_COUNT;
use crate::demo::sandbox::Sandbox;
use crate::demo::stage::{self, QUEUES, environment, function_command, start_sandbox};
use crate::demo::table::Table;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::progress::{Line, seconds};
use crate::{progress, workspace};

pub(crate) mod bodies;
mod check;
pub(crate) mod measure;
pub(crate) mod shop;
mod sources;

use crate::runtime_api::Lambda;
use bodies::Bodies;
use measure::{Calls, peaks, percentile};
use shop::Order;
use sources::{Shops, Sources};

/// How many processes of each function there are. Lambda starts them as it needs; here each takes one invocation at a
/// time, as there.
const PROCESSES: [(&str, usize); 5] = [
    ("webhook", 2),
    ("order-paid", 8),
    ("order-canceled", 2),
    ("tag-external-id", 2),
    ("reconcile", 1),
];

/// What the sandbox lets through in a minute, and what the functions are told (`WIX_CALLS_PER_MINUTE`): more than Wix does,
/// so that the storm takes minutes and not hours.
const LIMIT: u64 = 1_200;

/// Deliveries a second: a little more than what Wix lets through.
const PER_SECOND: f64 = 32.0;

/// How long the work may stand still before the run is given up.
const PATIENCE: Duration = Duration::from_secs(180);

/// No spin: of all calls at most so many in a hundred may be throttled ones.
const MOST_THROTTLED: u64 = 15;

/// Flat: at the end at most so many hundredths of the memory at a tenth of the deliveries.
const MOST_GROWTH: u64 = 150;

/// A running storm.
struct Storm {
    processes: Processes,
    folder: PathBuf,
    lambda: Arc<Lambda>,
    sandbox: Sandbox,
    functions: Vec<(String, u32)>,
    begun: Instant,
}

/// What is known at its end.
struct Measured {
    orders: usize,
    deliveries: usize,
    delivered_in: Duration,
    all_in: Duration,
    calls: Calls,
    early: BTreeMap<String, u64>,
    late: BTreeMap<String, u64>,
}

/// A storm of seconds, with the binaries that are built for the other steps of the test, or with release builds. Nothing is
/// throttled in it: no limit of a minute is reached.
pub(crate) async fn small(release: bool) -> Result<(), Failure> {
    let options = StormOptions {
        deliveries: 400,
        profile: if release { "release" } else { "dev" }.to_owned(),
    };
    run(&options).await
}

pub(crate) async fn run(options: &StormOptions) -> Result<(), Failure> {
    build(&options.profile).await?;
    let mut storm = Storm::set(&options.profile).await?;
    let (orders, all) = shop::season(options.deliveries);
    let deliveries = all.len();
    let bodies = Bodies::read(deliver::secret()?)?;
    let queues = storm.queues()?;
    let ledger = SqliteLedger::open(&storm.folder.join("ledger.db")).could_not("open the ledger")?;

    let mut sources = Sources::open(&storm.lambda, queues.clone());
    let mut shops = Shops::open(&storm.lambda, bodies, all, PER_SECOND);
    let mut line = Line::new(&format!("{deliveries} deliveries of {} orders", orders.len()));
    let mut early = BTreeMap::new();
    let mut delivered_in = None;
    let mut moved = (Instant::now(), 0, 0);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        storm.processes.check()?;
        shops.check()?;
        sources.check()?;
        let done = shops.done();
        if early.is_empty() && done * 10 >= deliveries {
            early = peaks(&storm.functions);
        }
        let left = depth(&queues).await?;
        if done == deliveries {
            delivered_in.get_or_insert(storm.begun.elapsed());
            if left == 0 && !check::is_due(&ledger).await? {
                break;
            }
        }
        let calls = storm.sandbox.all_calls().await?;
        line.show(
            storm.begun.elapsed(),
            &format!("{done} answered, {left} in queues, {calls} calls to Wix"),
        );
        if (done, calls) != (moved.1, moved.2) {
            moved = (Instant::now(), done, calls);
        }
        if moved.0.elapsed() > PATIENCE {
            return Err(storm.failure("nothing moves any more and not all is settled"));
        }
    }
    line.end(storm.begun.elapsed(), true);

    let summary = storm.sandbox.get("summary").await?;
    let measured = Measured {
        orders: orders.len(),
        deliveries,
        delivered_in: delivered_in.unwrap_or_default(),
        all_in: storm.begun.elapsed(),
        calls: Calls::of(&summary),
        early,
        late: peaks(&storm.functions),
    };
    let mut found = check::wix(&orders, &storm.packages().await?);
    found
        .wrong
        .extend(check::ledger(&orders, &storm.folder.join("ledger.db")).await?);
    found.wrong.extend(storm.left_over(&queues).await?);
    found
        .wrong
        .extend(sources.failed.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
    let mut answers = shops.answers.lock().unwrap_or_else(PoisonError::into_inner);
    found.wrong.append(&mut answers.refused);
    found.wrong.extend(measured.wrong(&orders));
    measured.show(&mut answers, &found);
    storm.conclude(&measured, &found.wrong)
}

async fn build(profile: &str) -> Result<(), Failure> {
    if profile == "dev" {
        return stage::build().await;
    }
    let mut processes = Processes::new(&workspace::scratch()?.join("build"))?;
    let mut command = workspace::cargo();
    command.args([
        "build",
        "--locked",
        "--profile",
        profile,
        "--all-features",
        "--package",
        "wix-sandbox",
    ]);
    for (function, _) in PROCESSES {
        command.args(["--package", function]);
    }
    let label = format!("building the functions with the profile {profile} (from an empty folder: some minutes)");
    let status = progress::run(&mut processes, "build-storm", &label, &mut command).await?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the build failed:\n{}",
        tail(&processes.log("build-storm"), 40)
    )))
}

/// Cargo's folder of a profile, beside this program's own.
fn binaries(profile: &str) -> Result<PathBuf, Failure> {
    let name = if profile == "dev" { "debug" } else { profile };
    let own = workspace::binaries()?;
    Ok(own.parent().map_or_else(|| own.clone(), Path::to_path_buf).join(name))
}

impl Storm {
    async fn set(profile: &str) -> Result<Self, Failure> {
        let folder = workspace::scratch()?.join("storm");
        drop(fs::remove_dir_all(&folder));
        let mut processes = Processes::new(&folder)?;
        let binaries = binaries(profile)?;
        let options = ["--rate-limit", &LIMIT.to_string(), "--accept-any-product"].map(str::to_owned);
        let sandbox = start_sandbox(&mut processes, &binaries, &options).await?;
        let share = ("WIX_CALLS_PER_MINUTE", LIMIT.to_string());
        let environment = environment(&folder, &sandbox, &[share])?;
        let lambda = Arc::new(Lambda::start().await?);
        let mut functions = Vec::new();
        for (function, count) in PROCESSES {
            for number in 1..=count {
                let name = format!("{function}-{number}");
                let mut command = function_command(&binaries, function, lambda.port, &environment);
                let id = processes.start(&name, &mut command)?;
                functions.push((name, id));
            }
        }
        Ok(Self {
            processes,
            folder,
            lambda,
            sandbox,
            functions,
            begun: Instant::now(),
        })
    }

    /// The workers' queues, each with how many batches of it are worked on at a time.
    fn queues(&self) -> Result<Vec<(SqliteQueue, usize)>, Failure> {
        let file = self.folder.join("queues.db");
        let processes = |name: &str| {
            PROCESSES
                .iter()
                .find(|(function, _)| *function == name)
                .map_or(1, |(_, of)| *of)
        };
        let open = |name: &&str| {
            let queue = SqliteQueue::open(&file, name).could_not(format_args!("open the queue {name}"))?;
            let queue = queue.with_dead_letters(&format!("{name}-dead"), MAX_RECEIVE_COUNT);
            Ok((queue, processes(name)))
        };
        QUEUES.iter().map(open).collect()
    }

    /// All packages at Wix. By itself the sandbox shows a thousand.
    async fn packages(&self) -> Result<Vec<Value>, Failure> {
        let answer = self.sandbox.get("packages?limit=1000000").await?;
        Ok(answer
            .get("packages")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default())
    }

    /// What is in the queues that should be empty.
    async fn left_over(&self, queues: &[(SqliteQueue, usize)]) -> Result<Vec<String>, Failure> {
        let mut names: Vec<String> = QUEUES.iter().map(|name| format!("{name}-dead")).collect();
        names.push("parked".to_owned());
        let mut wrong = Vec::new();
        let Some((any, _)) = queues.first() else {
            return Ok(wrong);
        };
        for name in names {
            let bodies = any.sibling(&name).peek(1_000).await.could_not("look into a queue")?;
            if let Some(body) = bodies.first() {
                let begin: String = body.chars().take(300).collect();
                wrong.push(format!("{} messages in {name}, the first {begin}", bodies.len()));
            }
        }
        Ok(wrong)
    }

    fn failure(&self, sentence: &str) -> Failure {
        Failure::new(format!(
            "{sentence}; what the functions said is in {}",
            self.folder.display()
        ))
    }

    fn conclude(&self, measured: &Measured, wrong: &[String]) -> Result<(), Failure> {
        const SHOWN: usize = 20;
        if wrong.is_empty() {
            println!(
                "Every order of {} has exactly the packages that it is owed, and nothing is left ({}).",
                measured.orders,
                seconds(measured.all_in)
            );
            return Ok(());
        }
        for what in wrong.iter().take(SHOWN) {
            println!("  {what}");
        }
        Err(self.failure(&format!("{} things are not as they must be", wrong.len())))
    }
}

async fn depth(queues: &[(SqliteQueue, usize)]) -> Result<u64, Failure> {
    let mut left = 0;
    for (queue, _) in queues {
        let depth = queue.depth(SystemClock.now()).await.could_not("count messages")?;
        left += depth.visible + depth.in_flight;
    }
    Ok(left)
}

impl Measured {
    fn wrong(&self, orders: &[Order]) -> Vec<String> {
        let mut wrong = Vec::new();
        let needed: u64 = orders.iter().map(|order| order.owed().calls).sum();
        // A lookup where the machine was too busy for an answer in time.
        let most = needed + needed / 50;
        if self.calls.answered() > most {
            wrong.push(format!("{} calls where {needed} do", self.calls.answered()));
        }
        if self.calls.throttled * 100 > self.calls.all * MOST_THROTTLED {
            wrong.push(format!(
                "{} of {} calls were throttled",
                self.calls.throttled, self.calls.all
            ));
        }
        for (name, late) in &self.late {
            let early = self.early.get(name).copied().unwrap_or(*late);
            if *late * 100 > early * MOST_GROWTH {
                wrong.push(format!("{name} grew from {early} to {late} KiB"));
            }
        }
        wrong
    }

    fn show(&self, answers: &mut sources::Answers, found: &check::Found) {
        let mut table = Table::new(&["measured", "value"]);
        let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
        let per = |number: u64, of: u64| {
            let tenths = number * 1_000 / of.max(1);
            format!("{}.{} %", tenths / 10, tenths % 10)
        };
        let (orders, deliveries) = (self.orders, self.deliveries);
        row("orders, deliveries", format!("{orders}, {deliveries}"));
        let pace = |time: Duration| deliveries as u128 * 1_000 / time.as_millis().max(1);
        row(
            "delivered in, settled in",
            format!("{}, {}", seconds(self.delivered_in), seconds(self.all_in)),
        );
        row("deliveries a second", pace(self.delivered_in).to_string());
        let millis = |time: Duration| format!("{}.{} ms", time.as_millis(), time.subsec_micros() / 100 % 10);
        let times = (percentile(&mut answers.times, 50), percentile(&mut answers.times, 99));
        row(
            "webhook, median and p99",
            format!("{}, {}", millis(times.0), millis(times.1)),
        );
        let waits = (percentile(&mut answers.waits, 50), percentile(&mut answers.waits, 99));
        row(
            "with the wait for a process",
            format!("{}, {}", millis(waits.0), millis(waits.1)),
        );
        row(
            "packages, of them vouchers",
            format!("{}, {}", found.packages + found.vouchers, found.vouchers),
        );
        let hundredths = self.calls.answered() * 100 / u64::try_from(orders).unwrap_or(1).max(1);
        row(
            "calls to Wix",
            format!(
                "{} answered ({}.{:02} an order, {} of them reads), {} throttled ({})",
                self.calls.answered(),
                hundredths / 100,
                hundredths % 100,
                self.calls.reads,
                self.calls.throttled,
                per(self.calls.throttled, self.calls.all),
            ),
        );
        for (function, _) in PROCESSES {
            let most = |peaks: &BTreeMap<String, u64>| {
                let own = peaks
                    .iter()
                    .filter(|(name, _)| name.rsplit_once('-').is_some_and(|(of, _)| of == function));
                own.map(|(_, peak)| *peak).max().unwrap_or_default()
            };
            let (early, late) = (most(&self.early), most(&self.late));
            let ratio = late * 100 / early.max(1);
            row(
                &format!("peak memory of {function}"),
                format!(
                    "{} KiB at a tenth, {late} KiB at the end ({}.{:02})",
                    early,
                    ratio / 100,
                    ratio % 100
                ),
            );
        }
        println!("{}", table.text());
    }
}
