//! What a stack costs a month, from the template, list prices and the figures of the benchmark; `docs/cost.md` says it.

use std::fs;

use serde_json::Value;

use super::template::{count, text};
use crate::workspace;

/// List prices of us-east-1 in November 2026, in dollars, without the free tier.
mod price {
    pub(super) const ALARM: f64 = 0.10;
    pub(super) const METRIC: f64 = 0.30;
    pub(super) const SECRET: f64 = 0.40;
    pub(super) const SECRET_READ: f64 = 0.05 / 10_000.0;
    pub(super) const SQS: f64 = 0.40 / 1e6;
    pub(super) const INVOCATION: f64 = 0.20 / 1e6;
    pub(super) const GB_SECOND: f64 = 0.000_013_333_4;
    pub(super) const SCHEDULE: f64 = 1.00 / 1e6;
    pub(super) const API: f64 = 1.00 / 1e6;
    pub(super) const READ: f64 = 0.125 / 1e6;
    pub(super) const WRITE: f64 = 0.625 / 1e6;
    pub(super) const LOG_GB: f64 = 0.50;
    /// Storage and point-in-time recovery.
    pub(super) const TABLE_GB: f64 = 0.25 + 0.20;
}

const MINUTES: f64 = 43_800.0;
const HOURS: f64 = 730.0;
/// `MemorySize`, in GB.
const MEMORY: f64 = 0.25;
/// How many deliveries an order has; one of them buys.
const DELIVERIES: f64 = 3.0;
/// What an invocation takes beside its own CPU, in seconds: `webhook` waits for SQS, a worker for the ledger, and one that buys
/// for each call to Wix.
const WEBHOOK: f64 = 0.02;
const LEDGER: f64 = 0.05;
const WIX_CALL: f64 = 0.6;
/// A gigabyte has this much of a core.
const CORES_A_GB: f64 = 1024.0 / 1769.0;
/// Metrics that ordinary orders write: deliveries stored, calls, packages, and the oldest unsettled order.
const METRICS: f64 = 4.0;
/// A settled record, in GB.
const RECORD: f64 = 2e-6;

/// What was measured of a function (`cargo xtask bench --record`).
struct Measured(Value);

impl Measured {
    fn of(function: &str) -> Self {
        let path = workspace::root().join("xtask/src/bench/recorded.json");
        let recorded: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let all = recorded.get("functions").and_then(Value::as_array).unwrap();
        Self(all.iter().find(|of| of["function"] == function).unwrap().clone())
    }

    fn figure(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap()
    }

    /// Reads, writes and calls are kept as hundredths.
    fn each(&self, name: &str) -> f64 {
        self.figure(name) / 100.0
    }

    /// How long its CPU takes with the core that it has.
    fn cpu(&self) -> f64 {
        self.figure("cpu_us") / 1e6 / (MEMORY * CORES_A_GB)
    }
}

/// What a stack costs a month in which nothing happens.
fn idle(template: &str) -> f64 {
    let of = |resource_type: &str| f64::from(count(template, resource_type));
    // An alarm is paid for by each metric that it looks at: those that look at several list them.
    let lines = |start: &str| template.lines().filter(|line| line.trim() == start).count();
    let more = u32::try_from(lines("MetricStat:") - lines("Metrics:")).unwrap_or(u32::MAX);
    let alarms = (of("AWS::CloudWatch::Alarm") + f64::from(more)) * price::ALARM;
    let secrets = of("AWS::SecretsManager::Secret") * price::SECRET + MINUTES / 5.0 * price::SECRET_READ;
    // Lambda begins with five pollers for a queue, each of which asks again every 20 seconds.
    let pollers = of("AWS::Lambda::EventSourceMapping") * 5.0 * 3.0 * MINUTES * price::SQS;
    // A run of reconcile: a tenth of a second, eight reads, 1.5 KB of log.
    let run = price::SCHEDULE
        + price::INVOCATION
        + 0.1 * MEMORY * price::GB_SECOND
        + 8.0 * price::READ
        + 1.5e-6 * price::LOG_GB;
    alarms + secrets + pollers + MINUTES * run
}

/// What so many orders add to it in a month.
struct Orders {
    requests: f64,
    functions: f64,
    ledger: f64,
    logs: f64,
    metrics: f64,
}

impl Orders {
    fn of(orders: f64) -> Self {
        let (webhook, paid) = (Measured::of("webhook"), Measured::of("order-paid"));
        let deliveries = orders * DELIVERIES;
        // Sent, received and deleted.
        let requests = deliveries * (price::API + 3.0 * price::SQS);
        let heard = WEBHOOK + webhook.cpu() + LEDGER + paid.cpu();
        let bought = paid.each("wix_calls") * WIX_CALL;
        let functions = deliveries * (2.0 * price::INVOCATION + heard * MEMORY * price::GB_SECOND)
            + orders * bought * MEMORY * price::GB_SECOND;
        // A write of the permit is one unit. Each of the record is two, for its two kilobytes, and one for the index `due`.
        let writes = (paid.each("writes") - 1.0) * 3.0 + 1.0;
        // Of the deliveries that buy nothing each is a read, and a write at the most.
        let others = (DELIVERIES - 1.0) * (price::READ + 3.0 * price::WRITE);
        // Storage: of the orders of a year, on average over it.
        let stored = orders * 12.0 / 2.0 * RECORD * price::TABLE_GB;
        let ledger = orders * (paid.each("reads") * price::READ + writes * price::WRITE + others) + stored;
        // A metric is paid for by the hours in which it is written.
        let busy = 1.0 - (-orders / HOURS).exp();
        Self {
            requests,
            functions,
            ledger,
            logs: deliveries * 6e-6 * price::LOG_GB,
            metrics: METRICS * price::METRIC * busy,
        }
    }

    fn all(&self) -> f64 {
        self.requests + self.functions + self.ledger + self.logs + self.metrics
    }

    fn row(&self, name: &str, idle: f64) -> String {
        let Self {
            requests,
            functions,
            ledger,
            logs,
            metrics,
        } = self;
        format!(
            "| {name} | {requests:.2} | {functions:.2} | {ledger:.2} | {logs:.2} | {metrics:.2} | **{:.2} $** |",
            idle + self.all()
        )
    }
}

/// What the CPU alone costs of a million orders: in milliseconds for a delivery and for an order.
fn million(delivery: f64, order: f64) -> f64 {
    let milliseconds = DELIVERIES * delivery + DELIVERIES * order;
    1e6 * milliseconds / 1e3 / (MEMORY * CORES_A_GB) * MEMORY * price::GB_SECOND
}

fn says(page: &str, said: &str) {
    assert!(text(page).contains(said), "{page} does not say {said}");
}

#[test]
fn the_pages_say_what_an_idle_stack_costs() {
    let template = text("template.yaml");
    assert!(count(&template, "AWS::CloudWatch::Alarm") <= 20);
    let idle = idle(&template);
    assert!(idle < 6.0, "{idle:.2} $");
    for page in ["docs/deploy.md", "docs/cost.md"] {
        says(page, &format!("**{idle:.2} $ a month**"));
    }
    let thousand = Orders::of(1_000.0);
    let traffic = thousand.all() - thousand.metrics;
    says("docs/deploy.md", &format!("**{traffic:.2} $** more"));
    says("docs/deploy.md", &format!("up to {:.2} $", METRICS * price::METRIC));
}

#[test]
fn the_page_says_what_orders_cost() {
    let idle = idle(&text("template.yaml"));
    for (orders, name) in [(1e3, "1,000"), (1e4, "10,000"), (1e5, "100,000"), (1e6, "1,000,000")] {
        says("docs/cost.md", &Orders::of(orders).row(name, idle));
    }
}

/// The other side's figures are those of the comparison in `docs/cost.md`: the middle of what was measured of Node.
#[test]
fn the_page_says_what_the_cpu_of_a_million_orders_costs() {
    let (webhook, paid) = (Measured::of("webhook"), Measured::of("order-paid"));
    let ours = million(webhook.figure("cpu_us") / 1e3, paid.figure("cpu_us") / 1e3);
    let node = million(2.65, 8.85);
    says(
        "docs/cost.md",
        &format!("{ours:.2} $ here and {node:.2} $ with Node 20"),
    );
}
