//! Fulfilment as a whole, in process: the promise, scenario by scenario. Each test is named after the fault it survives.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod acts;
mod ambiguous;
mod business;
mod clocks;
mod closing;
mod crashes;
mod deployment;
mod effects;
mod first_design;
mod histories;
mod meaning;
mod ordinary;
mod queue;
mod reviews;
