//! Fulfilment as a whole, in process: the promise, scenario by scenario. Each test is named after the fault it survives.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod adopting;
mod advice;
mod bought;
mod canceled;
mod catalog;
mod changes;
mod clocks;
mod closing;
mod closing_apart;
mod crashes;
mod earlier_versions;
mod effects;
mod erasing;
mod histories;
mod in_doubt;
mod large;
mod ledger_faults;
mod lookups;
mod meaning;
mod messages;
mod moves;
mod old_orders;
mod outages;
mod plans;
mod queue;
mod references;
mod refunds;
mod restores;
mod stuck;
mod switch;
mod turns;
mod unanswered;
mod vouchers;
mod workers;
