//! Deliveries with something changed, through the real webhook: whatever the change, there is no panic, the answer is
//! one that may be given, what is stored fits the answer, and nothing more is bought than without the change.
//!
//! A body is changed in two ways. Under its old signature it is never taken. Signed anew it is by definition what the
//! shop says, so no change makes a number grow or touches the one word that makes an order a test or a cancellation;
//! what is left can only garble, and what is garbled must not buy: not by itself, not merged with the delivery
//! that it was made of, and not merged with an earlier one of the same order. Headers and the path are not signed, or
//! are what is signed with: a change of them makes no other order of a body.

mod change;
mod delivery;
mod headers;
mod samples;
mod trial;
mod wants;

use std::collections::BTreeMap;
use std::ops::{AddAssign, Range};

pub use samples::{SAMPLES, Sample};
use trial::Trial;

/// What was delivered, and how it was answered.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Random changes of bodies.
    pub cases: u64,
    /// Requests in all: with the old signature, signed anew, with changed headers, to a changed path.
    pub deliveries: u64,
    /// How many were answered with each status.
    pub answers: BTreeMap<u16, u64>,
    /// How many order events were stored.
    pub stored: u64,
    /// How many deliveries were kept for a person.
    pub parked: u64,
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.cases += other.cases;
        self.deliveries += other.deliveries;
        self.stored += other.stored;
        self.parked += other.parked;
        for (status, count) in &other.answers {
            *self.answers.entry(*status).or_default() += count;
        }
    }
}

/// How it went.
#[derive(Debug, Default)]
pub struct Report {
    /// What was done.
    pub counts: Counts,
    /// What was not as it must be: the sample, the case, the change, and what came of it.
    pub findings: Vec<String>,
}

/// These random changes of a sample. A case is always the same change.
pub fn random(sample: &Sample, cases: Range<u64>) -> Report {
    let mut trial = Trial::new(sample);
    for case in cases {
        trial.random(case);
    }
    trial.report
}

/// Every value in the JSON of a sample gone, twice, and as each of so many other values.
pub fn structural(sample: &Sample, most_values: usize) -> Report {
    let mut trial = Trial::new(sample);
    trial.structural(most_values);
    trial.report
}
