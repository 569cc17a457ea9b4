//! The business: events merge into an order record, one pure function says what is next, and the converge loop does it.
//!
//! - [`desired`] what the storefront said, merged (pure);
//! - [`plan`] what is bought for a unit, decided once (pure);
//! - [`step`] what is next (pure);
//! - `outcome` what an answer of Wix's means for the record (pure);
//! - [`attention`](mod@attention) what needs a person (pure);
//! - [`audit`] finds what went wrong without anybody's noticing;
//! - `converge`, `perform` and [`engine`] carry it out, through [`ports`] and the ledger.

pub mod attention;
pub mod audit;
mod converge;
pub mod derive;
pub mod desired;
pub mod engine;
mod operator;
mod outcome;
mod perform;
pub mod plan;
pub mod ports;
pub mod purchase;
pub mod record;
pub mod report;
pub mod settings;
mod size;
pub mod step;
mod stray;

pub use attention::{Attention, attention};
pub use audit::{AuditRequest, AuditSummary};
pub use engine::{AcceptError, Fulfilment, RetryError};
pub use record::OrderRecord;
pub use report::{AttentionReport, Outage, Outcome, Progress, Sweep, Tally};
pub use settings::Settings;
