//! What does not grow with what there is: the calls of an order with its units, a sweep with what is settled, the audit's
//! calls with anything but its pages. `cargo run --profile sim -p reseller-hooks-tests --bin growth` measures a million.

use std::time::Duration;

use reseller_hooks_tests::growth::{self, DIFFERS, Pace};

#[test]
fn a_thousand_units_cost_the_calls_and_writes_of_one() {
    let one = growth::order("PLAN", 1, 1);
    for units in [10, 100, 1_000] {
        let many = growth::order("PLAN", 1, units);
        assert_eq!(many.tally.wix_calls, one.tally.wix_calls, "{units} units");
        assert_eq!(many.tally.ledger_reads, one.tally.ledger_reads, "{units} units");
        assert_eq!(many.tally.ledger_writes, one.tally.ledger_writes, "{units} units");
        assert_eq!(many.tally.permits, one.tally.permits, "{units} units");
        let share = one.bytes * usize::try_from(units).unwrap();
        assert!(many.bytes < share, "{units} units: {} bytes", many.bytes);
    }
    assert_eq!(
        (one.tally.wix_calls, one.tally.ledger_reads, one.tally.ledger_writes),
        (2, 1, 3)
    );
    assert_eq!(one.tally.permits, 1, "one small write for both calls");
}

#[test]
fn lines_are_bought_together() {
    let one = growth::order("MAIL", 1, 1);
    let many = growth::order("MAIL", 300, 1);
    assert_eq!(many.tally.wix_calls, one.tally.wix_calls);
    assert_eq!(many.tally.ledger_writes, one.tally.ledger_writes);
}

#[test]
fn a_sweep_does_not_see_a_million_settled_records() {
    let (alone, beside) = (growth::sweep(300, 0), growth::sweep(300, 1_000_000));
    assert_eq!((alone.settled, beside.settled), (300, 300));
    let counts = |cost: growth::SweepCost| (cost.tally.ledger_reads, cost.tally.ledger_writes, cost.tally.wix_calls);
    assert_eq!(counts(alone), counts(beside));
    assert_eq!(alone.listed, beside.listed);
    // Each is listed at up to three ends, and those that are being worked on once more.
    assert!(alone.listed < 300 * 6, "{} lines of the index", alone.listed);
}

#[test]
fn the_audits_calls_are_its_pages() {
    let cost = growth::audit(3_000, Pace::ORDINARY);
    // The limit holds some of them back for a moment: those are no calls.
    assert_eq!((cost.packages, cost.pages, cost.tally.wix_calls), (3_000, 30, 30));
    assert_eq!(cost.findings, 3_000 / DIFFERS);
    assert_eq!(
        cost.tally.ledger_writes,
        3 + cost.runs,
        "one for each finding, and the bookmark"
    );
}

/// Half of a run is for the ledger, which takes a third here, as one of a million records does with 15 ms a page. No slice is
/// begun that it could not be read for: nothing is read twice for want of time.
#[test]
fn what_an_audit_read_of_wix_is_not_read_again_for_want_of_time() {
    let pace = Pace {
        wix: Duration::from_secs(36),
        ledger: Duration::from_millis(7_500),
    };
    // Each run begins with the last package of the one before.
    let cost = growth::audit(1_990, pace);
    assert_eq!((cost.packages, cost.pages, cost.tally.wix_calls), (1_990, 20, 20));
    assert_eq!(cost.runs, 2);
    let scan = 1_990_u32.div_ceil(50) + 1;
    assert_eq!(
        cost.tally.ledger_reads,
        cost.runs * (scan + 1),
        "all records once in a run, and the bookmark"
    );
}

/// A ledger that takes longer than half of a run: the first run cannot come on, and those after it leave it more time.
#[test]
fn an_audit_comes_to_its_end_where_the_ledger_takes_most_of_a_run() {
    let pace = Pace {
        wix: Duration::from_secs(60),
        ledger: Duration::from_secs(30),
    };
    let cost = growth::audit(1_000, pace);
    assert_eq!(cost.findings, 1_000 / DIFFERS);
    assert!((2..=12).contains(&cost.runs), "{cost:?}");
}
