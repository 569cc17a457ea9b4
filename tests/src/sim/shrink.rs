//! A failing history is made shorter before it is told: whatever can be left out of it, so that it still breaks the promise, is
//! left out. What is left out is named, so that the shorter history can be seen again.

use super::{Profile, history};

/// What can be left out, the greatest first: an order with everything that is told of it, all that operators do, a kind of
/// trouble, the later changes of each order.
pub const CUTS: [&str; 23] = [
    "order1",
    "order2",
    "order3",
    "operators",
    "restore",
    "attacks",
    "oddities",
    "weather",
    "stuck",
    "faults",
    "crashes",
    "ledger",
    "queues",
    "answers",
    "freezes",
    "stalls",
    "copies",
    "months",
    "changes1",
    "changes2",
    "changes3",
    "changes4",
    "changes5",
];

/// The profile with as much left out as can be, one thing after the other, so that the history of a seed still breaks the
/// promise. Breaking it in another way will do: that is a story as well, and a shorter one.
pub fn shrunk(seed: u64, profile: &Profile) -> Profile {
    let mut shortest = profile.clone();
    let is_broken = |profile: &Profile| !history(seed, profile).violations.is_empty();
    if !is_broken(profile) {
        return shortest;
    }
    for _ in 0..2 {
        for cut in CUTS.into_iter().filter(|cut| !profile.without.contains(cut)) {
            let mut shorter = shortest.clone();
            if shorter.without.insert(cut) && is_broken(&shorter) {
                shortest = shorter;
            }
        }
    }
    shortest
}

impl Profile {
    /// Whether something is left out.
    pub(super) fn lacks(&self, what: &str) -> bool {
        self.without.contains(what)
    }

    /// How many changes an order has at the most.
    pub(super) fn most_changes(&self) -> u32 {
        (1..=5)
            .find(|most| self.lacks(&format!("changes{most}")))
            .map_or(u32::MAX, |most| most - 1)
    }
}
