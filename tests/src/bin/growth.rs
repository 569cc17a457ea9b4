//! Measures how the cost of an order, of a sweep and of the audit grows, and prints the tables of `docs/performance.md`.
//! `growth PACKAGES` audits so many instead of a million.

use reseller_hooks_tests::growth::{self, OrderCost, Pace};

fn main() {
    let most = std::env::args()
        .nth(1)
        .and_then(|told| told.parse().ok())
        .unwrap_or(1_000_000);
    println!(
        "| audit | runs | pages, calls | reads of the ledger | found | simulated | time | peak memory |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for packages in [most / 100, most / 10, most] {
        let cost = growth::audit(packages, Pace::ORDINARY);
        println!(
            "| {} packages | {} | {}, {} | {} | {} | {} min | {:.0} s | {} MiB |",
            cost.packages,
            cost.runs,
            cost.pages,
            cost.tally.wix_calls,
            cost.tally.ledger_reads,
            cost.findings,
            cost.simulated.as_secs() / 60,
            cost.took.as_secs_f64(),
            peak().unwrap_or(0) / 1_024,
        );
    }
    println!("\n| order | calls | reads, writes | record | time |\n| --- | --- | --- | --- | --- |");
    for (sku, lines, units) in [
        ("PLAN", 1, 1),
        ("PLAN", 1, 10),
        ("PLAN", 1, 100),
        ("PLAN", 1, 1_000),
        ("MAIL", 10, 1),
        ("MAIL", 100, 1),
        ("MAIL", 300, 1),
    ] {
        let OrderCost { tally, bytes, took } = growth::order(sku, lines, units);
        println!(
            "| lines: {lines}, units of each: {units}, {} | {} | {}, {} + {} | {:.1} KB | {:.1} ms |",
            if sku == "PLAN" { "with vouchers" } else { "without" },
            tally.wix_calls,
            tally.ledger_reads,
            tally.ledger_writes,
            tally.permits,
            f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1_000.0,
            took.as_secs_f64() * 1_000.0,
        );
    }
    println!(
        "\n| sweep | settled | calls | reads | lines of the index | writes | time |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for (due, settled) in [(1_000, 0), (10_000, 0), (10_000, 1_000_000)] {
        let cost = growth::sweep(due, settled);
        println!(
            "| {due} due beside {settled} settled | {} | {} | {} | {} | {} + {} | {:.1} s |",
            cost.settled,
            cost.tally.wix_calls,
            cost.tally.ledger_reads,
            cost.listed,
            cost.tally.ledger_writes,
            cost.tally.permits,
            cost.took.as_secs_f64(),
        );
    }
}

/// The most memory that this process ever had, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
