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
