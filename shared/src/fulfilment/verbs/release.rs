//! `release`: what is held, or was not ours, may be planned from today's catalog.

use super::By;
use crate::fulfilment::plan::replan;
use crate::fulfilment::record::OrderRecord;
use crate::order::LineId;
use crate::time::Timestamp;

/// An operator's release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Only this line; else the whole order.
    pub line: Option<LineId>,
    /// Who releases it, and why.
    pub who: By,
}

/// Lets held and not-ours units be planned from today's catalog. `false`: the order has no such line, and nothing is
/// changed.
pub(crate) fn release(record: &mut OrderRecord, release: &Release, now: Timestamp) -> bool {
    let line = release.line.as_deref();
    let knows = |line: &str| record.lines().iter().any(|known| known.id() == line);
    if line.is_some_and(|line| !knows(line)) {
        return false;
    }
    if replan::release(record, line) {
        let what = line.map_or_else(|| "released".to_owned(), |line| format!("released line {line}"));
        record.note(now, &format!("{what} {}", release.who.in_words()));
    }
    true
}
