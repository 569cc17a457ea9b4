//! From the catalog to a frozen plan: when a unit is first wanted its plan is resolved from the catalog and frozen in the
//! record, so that a later catalog touches new units only.
//!
//! What costs money is refused when it is unclear, with a sentence that says what to do; the other lines go on.
//!
//! - [`resolve`] one line beside the catalog; [`sites`] which sites are taken; `size` how large the record can become;
//! - [`freeze`] every line of a record; `replan` what an operator's retry and release open again;
//!   `retarget` another SKU or site of what is bought.

pub(crate) mod freeze;
pub(crate) mod replan;
pub(crate) mod resolve;
mod retarget;
pub(crate) mod sites;
mod size;

#[cfg(test)]
mod meaning_tests;
#[cfg(test)]
mod size_tests;

pub(crate) use freeze::freeze;

use super::record::OrderRecord;

/// The largest record that is planned, in bytes. What the ledger takes beyond it is for what is said of the order later.
pub(crate) const MAX_PLANNED: usize = crate::ledger::MAX_BODY_BYTES - 20 * 1024;

/// The most bytes that a record can come to, with everything bought that its plans say.
pub(crate) fn worst_case(record: &OrderRecord) -> usize {
    size::Size::of(record).worst_case()
}
