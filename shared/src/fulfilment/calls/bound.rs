//! The most calls that an order can cost between two things that happen to it, whatever Wix answers: computed from the same
//! numbers that end each kind of question. `docs/operate.md` names them, and a test holds the page to it.

use super::change::MOST_UNCLEAR;
use super::read::MOST_AWAITED;
use crate::fulfilment::record::attempt::{MOST_FINAL_LOOKUPS, MOST_SENDS};
use crate::fulfilment::record::refusal::MOST_ASKED;

/// How often a request that never left is tried at once.
const AT_ONCE: u32 = 3;

/// Lookups that say something: an early one, and the two that prove an absence.
const PROOF: u32 = 3;

/// A question of which account's the refusal is: beside each call that is answered 403.
const WITH_PROBE: u32 = 2;

/// For each purchase: every send and what proves its outcome, every lookup and read until it is given up, and every tag. Each
/// lookup is one page, because an external ID is one order's.
pub const PER_PURCHASE: u32 = {
    // It may be looked up before its first send, too.
    let lookups = (MOST_SENDS + 1) * (PROOF + MOST_ASKED) + MOST_FINAL_LOOKUPS + MOST_ASKED;
    // What a repeated send answered is read once.
    let reads = MOST_ASKED + MOST_AWAITED + 1;
    let tags = MOST_UNCLEAR;
    (MOST_SENDS + lookups + reads + tags) * WITH_PROBE * AT_ONCE
};

/// For each instance: every try of a change, and the probe of its refusal.
pub const PER_INSTANCE: u32 = MOST_UNCLEAR * AT_ONCE + WITH_PROBE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_most_calls_of_an_order() {
        let page = include_str!("../../../../docs/operate.md").replace('\n', " ");
        let said = format!(
            "at most {},{:03} for each purchase and {PER_INSTANCE} more for each of its instances",
            PER_PURCHASE / 1_000,
            PER_PURCHASE % 1_000
        );
        assert!(page.contains(&said), "docs/operate.md does not say {said:?}");
    }
}
