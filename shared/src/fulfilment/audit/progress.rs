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
    pub(super) summary: AuditSummary,
}
