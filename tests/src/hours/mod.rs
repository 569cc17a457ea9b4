//! Hours of a burst in simulated time: orders at once, at a Wix that answers 200 calls a minute. The batches, the sweep,
//! fulfilment and the client are the real ones; the ledger and Wix take their time; clocks are apart, and processes die.
//! What is counted is what Wix gets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement for tests, with small numbers"
)]

mod stack;
mod wix;

use std::fmt;
use std::time::Duration;

use stack::Stack;

/// What the windows let through in a minute.
pub const A_MINUTE: f64 = 168.0;

/// A burst of orders.
#[derive(Debug, Clone)]
pub struct Burst {
    pub orders: usize,
    /// How many orders come in each minute beside it, until it is worked off.
    pub fresh_a_minute: usize,
    /// How far the clocks of processes are apart.
    pub skew: Duration,
    /// In how many seconds one process dies, on average; 0: none does.
    pub seconds_a_death: u64,
    /// How many calls a minute Wix answers.
    pub allowed: u32,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Figures {
    pub calls: usize,
    /// Until the last order of the burst was settled.
    pub minutes: f64,
    pub most_in_a_minute: usize,
    pub throttled: usize,
    pub permits_an_order: f64,
    /// From when an order was in the queue until its base was asked for, of those that came after all of the burst was heard
    /// of.
    pub longest_fresh: Duration,
    /// How many of these waited over two minutes.
    pub over_two_minutes: usize,
    /// From a base's answer until its voucher was asked for.
    pub longest_voucher: Duration,
    /// Bases that were asked for while a voucher had waited for over two seconds.
    pub overtaken: usize,
    pub died: usize,
}

/// What the figures of a row are, as the head of a Markdown table.
pub const HEADING: &str = "\
| burst | calls in minutes | calls a minute, of 168 | most in any 60 s | 429 | permits asked, an order | longest wait: fresh (over 2 min), voucher | \
bases before a voucher that waited | deaths |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |";

impl Figures {
    pub fn a_minute(&self) -> f64 {
        self.calls as f64 / self.minutes
    }

    /// A row of a Markdown table below [`HEADING`].
    pub fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} in {:.1} | {:.1} = {:.1} % | {} | {} | {:.2} | {:.1} s ({}), {:.1} s | {} | {} |",
            self.calls,
            self.minutes,
            self.a_minute(),
            self.a_minute() / A_MINUTE * 100.0,
            self.most_in_a_minute,
            self.throttled,
            self.permits_an_order,
            self.longest_fresh.as_secs_f64(),
            self.over_two_minutes,
            self.longest_voucher.as_secs_f64(),
            self.overtaken,
            self.died,
        )
    }
}

impl Burst {
    pub fn of(orders: usize) -> Self {
        Self {
            orders,
            fresh_a_minute: 0,
            skew: Duration::ZERO,
            seconds_a_death: 0,
            allowed: 200,
        }
    }

    pub fn blow(self) -> Figures {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, Stack::new(self).blow())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls in {:.1} min, {:.1} a minute = {:.1} % of {A_MINUTE}; most in any 60 s: {}; 429: {}; permits asked: \
             {:.2} an order; longest wait of a fresh order: {:.1} s; of a voucher: {:.1} s; bases before a voucher that \
             was due: {}; processes that died: {}",
            self.calls,
            self.minutes,
            self.a_minute(),
            self.a_minute() / A_MINUTE * 100.0,
            self.most_in_a_minute,
            self.throttled,
            self.permits_an_order,
            self.longest_fresh.as_secs_f64(),
            self.longest_voucher.as_secs_f64(),
            self.overtaken,
            self.died,
        )
    }
}
