//! What the tests of several crates share: contracts that every implementation keeps, and faults to inject.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is run by tests only: what cannot go on there shall say so and stop"
)]

pub mod between;
pub mod deployment;
pub mod door;
#[cfg(feature = "durable")]
pub mod durable;
pub mod effects;
pub mod growth;
pub mod hours;
pub mod ledger_contract;
pub mod micro;
pub mod mutations;
pub mod post;
pub mod prelude;
pub mod race;
pub mod scratch;
pub mod sim;
pub mod world;

/// A number of a command line; `_` may stand between its digits.
///
/// # Errors
/// When it is none.
pub fn number(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.replace('_', "").parse()
}
