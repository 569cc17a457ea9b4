//! A Wix to test against: the Packages API of Wix Resellers as it is documented, without Wix.
//!
//! [`Wix`] is the whole of it as a state machine without clock, sockets or chance, so that a simulation can run thousands of
//! histories a second; the server puts a socket in front of it. It knows nothing about its clients: what it does comes from
//! the documentation, and where that is silent from a setting.

#![warn(missing_docs)]

mod access;
mod call;
mod calls;
mod config;
mod control;
mod create;
mod fault;
mod guid;
mod instances;
mod keys;
mod message;
mod model;
mod query;
mod refusal;
mod render;
mod route;
mod server;
mod store;
mod strike;
mod validate;
mod wix;
mod world;

pub use calls::{Call, Count};
pub use config::{
    ApiKey, BillingSpelling, Config, DEFAULT_ACCOUNT, DEFAULT_API_KEY, Idempotency, Product, SiteRule, Spelling,
};
pub use control::control;
pub use fault::{Effect, FaultRule};
pub use guid::{Guid, NotAGuid};
pub use message::{Fate, Reply, Request};
pub use model::{BillingInfo, BillingType, CycleDuration, CycleUnit, Failure, Instance, Package, Status};
pub use route::Operation;
pub use server::{SharedWix, serve, serve_with_clock, share};
pub use wix::Wix;
pub use world::{ForeignInstance, ForeignPackage, InstanceChange, NoSuch};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeRuns;
