//! The Wix Resellers Packages API: its types, its errors with what may be done after each, and (feature `wix`) a client.
//!
//! Nothing here knows about orders; it can be used alone. Facts about Wix are marked with where they come from:
//! documented, observed in Wix's own SDK, or inferred, in which case the code survives the opposite.

mod error;
mod types;

pub use error::{Error, Failure, FieldViolation, Operation};
pub use types::{
    BillingInfo, BillingType, CreatePackage, CycleDuration, CycleUnit, InstanceFailure, Package, ProductInput,
    ProductInstance, Status,
};
