//! One run of the audit.

use super::summary::AuditSummary;
use crate::fulfilment::run::Session;
use crate::ids::AccountId;
use crate::time::Timestamp;

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
}
