//! What an invocation did, as named numbers: the metrics of one line. Names are those of `docs/logging.md`, of the
//! alarms and of the dashboard in `template.yaml`.

use crate::fulfilment::{Outage, Tally};

/// One metric of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// How many; a name that ends in `Seconds` says of what.
    pub value: u64,
}

impl Measure {
    pub(super) const fn new(name: &'static str, value: u64) -> Self {
        Self { name, value }
    }
}

/// The metrics of a tally.
pub(super) fn tally(tally: Tally) -> [Measure; 6] {
    [
        Measure::new("WixCalls", tally.wix_calls.into()),
        Measure::new("LedgerReads", tally.ledger_reads.into()),
        Measure::new("LedgerWrites", (tally.ledger_writes + tally.permits).into()),
        Measure::new("PackagesCreated", tally.packages_created.into()),
        Measure::new("AttentionRaised", tally.attention_raised.into()),
        Measure::new("UnclearCreates", tally.unclear.into()),
    ]
}

/// Whether something fails for everyone, and whether somebody wanted that nothing is done: only the first is an alarm.
pub(super) fn outage(stopped: Option<&Outage>) -> [Measure; 2] {
    let (open, paused) = match stopped {
        None => (0, 0),
        Some(Outage::Paused(_)) => (0, 1),
        Some(Outage::Braked(_)) => (1, 1),
        // It passes by itself: nobody is called for it.
        Some(Outage::SlowDown(_)) => (0, 0),
        Some(Outage::Catalog(_) | Outage::ApiKey(_) | Outage::WixAway(_)) => (1, 0),
    };
    [Measure::new("Outage", open), Measure::new("Paused", paused)]
}
