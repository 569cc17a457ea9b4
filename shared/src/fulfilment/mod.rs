//! The business: the order record, what is next for it, and the loop that does it. No I/O but through [`ports`].
mod engine;
pub mod ports;

pub use engine::{
    AcceptError, AttentionItem, AttentionReport, Circuit, Fulfilment, Outcome, Progress, RetryError, Settings, Sweep,
    Tally,
};
