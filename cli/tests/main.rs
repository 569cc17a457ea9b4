//! Recorded sessions of the command line: real arguments, the functions' own code, the local backends, and a sandbox of Wix.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

mod aws;
mod doctor;
mod named;
mod pages;
mod plan;
mod probing;
mod questions;
mod queues;
mod schema;
mod shop;
mod streams;
mod verbs;
