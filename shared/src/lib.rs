//! Turns a storefront's order webhooks into Wix packages, exactly once.
//!
//! Three steps, one module each: [`storefront`](mod@crate::order) deliveries become [`order::OrderEvent`]s, events merge into an order
//! record, and the converge loop does at Wix what the record still lacks. Each part stands behind a cargo feature,
//! so that a function links only what it uses; `docs/architecture.md` draws the whole.

mod as_text;
mod decode;
#[cfg(any(feature = "fulfilment", feature = "storefront"))]
mod guards;
pub mod ids;
pub mod order;
pub mod time;
pub mod wix;

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "catalog")]
pub mod catalog;
pub mod config;
#[cfg(feature = "fulfilment")]
pub mod fulfilment;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod ledger;
pub mod queue;
#[cfg(feature = "secrets")]
pub mod secrets;
#[cfg(feature = "local")]
mod sqlite;
#[cfg(feature = "storefront")]
pub mod storefront;
#[cfg(feature = "telemetry")]
pub mod telemetry;
#[cfg(feature = "webhook")]
pub mod webhook;
#[cfg(all(feature = "fulfilment", feature = "secrets", feature = "wix"))]
pub mod wix_port;
#[cfg(feature = "worker")]
pub mod worker;

/// The root of the certificate that `cargo xtask bench` serves with on this machine. Its name is found in every program that
/// trusts it, and `cargo xtask test` looks that no function has it; its key was thrown away when the one certificate under it,
/// for 127.0.0.1, was made.
#[cfg(all(feature = "bench-root", any(feature = "aws", feature = "wix")))]
const BENCH_ROOT: &[u8] = include_bytes!("bench_root.der");
