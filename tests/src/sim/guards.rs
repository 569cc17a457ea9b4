//! The simulation with one protection out: then some history must break the promise, or nothing shows that the
//! protection is needed, or that the simulation can see. What chance does not find is a scenario of its own in
//! `tests/guards/`.

use std::collections::BTreeSet;

use super::{History, Profile, first_violation, history, report};

/// A protection, and how it is taken out.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Its name on the command line.
    pub name: &'static str,
    take_out: fn(&mut Profile),
}

/// The protections that the simulation finds missing, each within some hundred seeds (`send_before` within some two thousand).
pub const GUARDS: [Guard; 15] = [
    Guard {
        name: "signature-check",
        take_out: |profile| profile.door.signature_check = false,
    },
    Guard {
        name: "replay-tolerance",
        take_out: |profile| profile.door.replay_tolerance = false,
    },
    Guard {
        name: "lookup",
        take_out: |profile| profile.settings.guards.lookup = false,
    },
    Guard {
        name: "settle-time",
        take_out: |profile| profile.settings.guards.settle_time = false,
    },
    Guard {
        name: "merge-under-lease",
        take_out: |profile| profile.settings.guards.merge_under_lease = false,
    },
    Guard {
        name: "rev-condition",
        take_out: |profile| profile.rev_condition = false,
    },
    Guard {
        name: "stored-request",
        take_out: |profile| profile.settings.guards.stored_request = false,
    },
    Guard {
        name: "adoption-check",
        take_out: |profile| profile.settings.guards.adoption_check = false,
    },
    Guard {
        name: "change-in-doubt",
        take_out: |profile| {
            profile.changing = true;
            profile.settings.guards.change_in_doubt = false;
        },
    },
    Guard {
        name: "change-settle-time",
        take_out: |profile| {
            profile.changing = true;
            profile.settings.guards.change_settle_time = false;
        },
    },
    Guard {
        name: "send-before",
        take_out: |profile| profile.settings.guards.send_before = false,
    },
    Guard {
        name: "derived-key",
        take_out: |profile| {
            profile.late = true;
            profile.settings.guards.derived_key = false;
        },
    },
    Guard {
        name: "lease",
        take_out: |profile| profile.settings.guards.lease = false,
    },
    Guard {
        name: "move-back",
        take_out: |profile| {
            profile.changing = true;
            profile.settings.guards.move_back = false;
        },
    },
    Guard {
        name: "one-package-one-purchase",
        take_out: |profile| {
            profile.mute = true;
            profile.settings.guards.one_package_one_purchase = false;
        },
    },
];

/// Those that it does not find missing by chance: the permit is a matter of Wix's limit, which `load` measures.
pub(super) const SCENARIO_GUARDS: [Guard; 1] = [Guard {
    name: "permit",
    take_out: |profile| profile.settings.guards.permit = false,
}];

impl Guard {
    /// Whether a history is another one without it.
    pub(super) fn matters(self, seed: u64, profile: &Profile, with: &History) -> bool {
        let mut out = profile.clone();
        (self.take_out)(&mut out);
        (out.changing, out.late, out.mute) = (profile.changing, profile.late, profile.mute);
        let without = history(seed, &out);
        (without.steps, without.calls, without.deliveries) != (with.steps, with.calls, with.deliveries)
    }

    /// The world in which the other protections cannot save it: with this one in, and with it out.
    fn profiles(self) -> (Profile, Profile) {
        let mut kept = Profile {
            harsh: true,
            careless: true,
            // What a restored ledger cannot know is not what the guards are for.
            without: BTreeSet::from(["restore"]),
            ..Profile::default()
        };
        let mut out = kept.clone();
        (self.take_out)(&mut out);
        (kept.changing, kept.late, kept.mute) = (out.changing, out.late, out.mute);
        (kept, out)
    }

    /// The first of these seeds whose history breaks the promise without this guard, and keeps it with it; else what is
    /// wrong.
    ///
    /// # Errors
    /// When no history breaks, or one that breaks does so with the guard in too.
    pub fn is_noticed(self, seeds: std::ops::Range<u64>) -> Result<(u64, Vec<String>), String> {
        let (kept, out) = self.profiles();
        let count = seeds.end - seeds.start;
        let Some((seed, broken)) = first_violation(seeds, &out) else {
            return Err(format!(
                "without {} none of {count} histories broke the promise",
                self.name
            ));
        };
        if history(seed, &kept).violations.is_empty() {
            Ok((seed, broken.violations))
        } else {
            Err(format!(
                "with {} in, it breaks all the same: {}",
                self.name,
                report(seed, &kept)
            ))
        }
    }
}
