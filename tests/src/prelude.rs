//! Everything that a scenario is told with: `use reseller_hooks_tests::prelude::*;`.

pub use std::sync::Arc;
pub use std::sync::atomic::Ordering;
pub use std::time::Duration;

pub use reseller_hooks::fulfilment::audit::{AuditRequest, AuditSummary};
pub use reseller_hooks::fulfilment::{Adopted, Outage, Progress, Retry, Verb};
pub use reseller_hooks::ledger::Ledger;
pub use reseller_hooks::order::{OrderEvent, StorefrontKind};
pub use reseller_hooks::time::{Clock, Timestamp};
pub use reseller_hooks::webhook::Disposition;
pub use wix_sandbox::{
    DEFAULT_ACCOUNT, DEFAULT_API_KEY, Effect, FaultRule, Guid, Idempotency, InstanceChange, Operation, Status,
};

pub use crate::between::Fault;
pub use crate::deployment::{Deployment, catalog_of};
pub use crate::effects::{Effects, Happens};
pub use crate::post::Post;
pub use crate::world::*;
