//! What cannot be in a record. Each is a defect of this software: it is logged, shown as attention, and the order waits.

use super::{Holder, PurchaseId};
use crate::ids::InstanceId;

/// A change that a record does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// There is no such purchase.
    #[error("the record has no purchase {0}")]
    UnknownPurchase(PurchaseId),
    /// There is no such package.
    #[error("the record does not have {0}")]
    UnknownPackage(Holder),
    /// The instance is not where it was.
    #[error("the record does not have instance {0} where it was")]
    UnknownInstance(InstanceId),
    /// The state does not allow it.
    #[error("purchase {id} is {from}, which cannot become {to}")]
    IllegalMove {
        /// The purchase.
        id: PurchaseId,
        /// Its state.
        from: &'static str,
        /// What it should have become.
        to: &'static str,
    },
    /// No request can be made from what is stored.
    #[error("no external ID can be derived for purchase {0}")]
    NoRequest(PurchaseId),
    /// The key of a change cannot be derived.
    #[error("no key can be derived for the change of instance {0}")]
    NoKey(InstanceId),
}
