//! Fulfilment as a whole, in process: the promise, scenario by scenario. Each test is named after the fault it survives.

mod crashes;
mod histories;
mod ordinary;
