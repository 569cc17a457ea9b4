//! One run of the audit.

use std::time::Duration;

use super::summary::AuditSummary;
use crate::fulfilment::run::Session;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// So much time must be left at least for another slice to be begun.
const ENOUGH: Duration = Duration::from_secs(120);

/// One run of the audit.
pub(super) struct AuditRun {
    pub(super) own: AccountId,
    pub(super) session: Session,
    pub(super) deadline: Timestamp,
    /// The end of what was asked for.
    pub(super) until: Option<Timestamp>,
    /// When the ledger was restored: in a record from before a wanted instance that is elsewhere is a reason to read it.
    pub(super) restored: Option<Timestamp>,
    pub(super) summary: AuditSummary,
    /// How long the ledger took to be read last; where its end was not reached in time, how long that was.
    pub(super) ledger_took: Duration,
}

impl AuditRun {
    /// How much of the time that is left is for pages: half of it, and less where the ledger takes longer than the other
    /// half. A part of it in any case, so that every run comes on.
    pub(super) fn for_pages(&self, left: Duration) -> Duration {
        let ledger = self.ledger_took * 3 / 2;
        left.saturating_sub(ledger).clamp(left / 8, left / 2)
    }

    /// How much time must be left for another slice to be begun: what is read for less would have to be read again, or would
    /// cost more reads of the ledger than it is worth.
    pub(super) fn enough(&self) -> Duration {
        ENOUGH.max(self.ledger_took * 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfilment::permit::Class;

    const LEFT: Duration = Duration::from_secs(800);

    fn after(ledger_took: u64) -> AuditRun {
        let deadline = Timestamp::EPOCH + LEFT;
        AuditRun {
            own: "00ba7923-2655-402a-852d-2b2100568bcf".parse().unwrap(),
            session: Session::of(Class::Audit, deadline),
            deadline,
            until: None,
            restored: None,
            summary: AuditSummary::default(),
            ledger_took: Duration::from_secs(ledger_took),
        }
    }

    #[test]
    fn pages_have_half_of_the_time_and_less_where_the_ledger_needs_more() {
        for (took, pages) in [(0, 400), (200, 400), (300, 350), (500, 100), (5_000, 100)] {
            assert_eq!(after(took).for_pages(LEFT), Duration::from_secs(pages), "{took}");
        }
    }

    #[test]
    fn no_slice_is_begun_that_the_ledger_would_not_be_read_for_in_time() {
        assert_eq!(after(1).enough(), ENOUGH);
        assert_eq!(after(200).enough(), Duration::from_secs(600));
    }
}
