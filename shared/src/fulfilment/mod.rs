//! The business: events merge into an order record, one pure function says what is next, and the converge loop does it.
//!
//! How to read it: [`desired`] is what the storefront said, and [`record`] holds it beside what was done at Wix.
//! [`decide`](mod@decide) is the order in which calls are tried; each call to Wix has one file in [`calls`] that says when
//! it is due, what each of its answers means, and what of it needs a person. Everything of that is pure, but for each
//! call's few lines of `send`.
//!
//! - `plan` from the catalog to the frozen plan of a unit;
//! - [`attention`](mod@attention) what needs a person, and [`verbs`] what an operator can do about it;
//! - [`permit`] how many calls Wix may get, for the whole stack;
//! - [`run`] the loop, the record's writes, the sweep and the operator, through [`ports`] and the ledger;
//! - [`audit`] finds what went wrong without anybody's noticing.

pub mod attention;
pub mod audit;
pub mod calls;
pub mod decide;
pub mod desired;
pub mod permit;
mod plan;
pub mod ports;
mod problem;
mod put_off;
pub mod record;
pub mod report;
pub mod run;
pub mod settings;
#[cfg(test)]
mod testing;
pub mod verbs;
mod view;
mod wake;

pub use attention::{Attention, Verb, attention, attention_of};
pub use audit::{AuditRequest, AuditSummary};
pub use decide::{Step, decide};
pub use desired::Tell;
pub use permit::{Standing, Switch};
pub use record::{Happened, OrderRecord, derive};
pub use report::{AttentionReport, OrderOutcome, Outage, Progress, Sweep, Tally};
pub use run::{AcceptError, Fulfilment, Looking, OperatorError, Switched};
pub use settings::Settings;
pub use verbs::{Adopt, AdoptError, Adopted, By, Close, Closed, Erase, ErasedNow, Release, Retry};
