//! Fulfilment as a whole, in process: the promise, scenario by scenario. Each test is named after the fault it survives.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod ambiguous;
mod business;
mod crashes;
mod first_design;
mod histories;
mod ordinary;
mod queue;
