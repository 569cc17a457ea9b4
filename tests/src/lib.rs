//! What the tests of several crates share: contracts that every implementation keeps, and faults to inject.

pub mod flaky;
pub mod ledger_contract;
pub mod scratch;
pub mod world;
