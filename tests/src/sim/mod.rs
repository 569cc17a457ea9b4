//! A simulation of everything that can go wrong: a seed is a history of orders, deliveries, workers, crashes and faults,
//! always the same one, and at its end the promise must hold. The functions' own handlers run, from the signed request
//! to the package: over the sandbox's Wix, and over secrets, queues and a ledger that fail. Nothing waits, so that a
//! history takes less than a millisecond or two.
//!
//! A new step or effect is covered without a new line here: invocations are interleaved and dropped at every await point.

mod answers;
mod attacks;
mod begin;
mod begins;
mod begun;
mod billing;
mod book;
mod causes;
mod check;
mod coverage;
pub mod golden;
mod guards;
mod jobs;
mod judge;
mod keys;
mod ledger;
mod life;
mod meaning;
mod oddities;
mod operators;
mod posts;
mod queue;
mod restore;
pub(crate) mod rng;
mod rsa;
mod scheduler;
mod shop;
mod shrink;
mod story;
mod stripe;
mod stripe_life;
mod stripe_subscription;
mod telling;
mod trouble;
mod watch;
mod weather;
mod wix;
mod wix_life;
mod woocommerce;
mod words;

use std::collections::BTreeSet;

use reseller_hooks::fulfilment::Settings;
use reseller_hooks::storefront;

pub use coverage::{ATTENTION, Coverage, Seen, WIX};
pub use guards::{GUARDS, Guard};
pub use rng::Rng;
pub use shrink::{CUTS, shrunk};

/// The catalog of every history: the world's, a bundle, and an SKU that is nobody's business.
const PAIR: &str = r#"
[[product]]
sku = "PAIR"
on_cancel = "cancel"
[[product.component]]
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
[product.component.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
[[product.component]]
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#;

/// In what kind of world histories happen, and with which guards. The default is what must hold.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Durations, and the guards that a test takes out.
    pub settings: Settings,
    /// What is asked of a delivery before it is read.
    pub door: storefront::VerificationGuards,
    /// Whether the ledger compares revisions.
    pub rev_condition: bool,
    /// Only worlds in which no other guard can save the one that is out: Wix ignores keys and shows packages as late as
    /// the settle time allows.
    pub harsh: bool,
    /// Wix's queries take no notice of their filter, so that every lookup shows everybody's packages.
    pub careless: bool,
    /// Orders change their plan and their site most of the time, and it is those calls that fail.
    pub changing: bool,
    /// Wix shows packages much later than the settle time, and honours keys: then those alone keep a purchase from being made
    /// twice.
    pub late: bool,
    /// A history has one order, and queries show packages without their external IDs. What is drawn there can often not be told
    /// apart, and is shown to a person: so this is for the guards only.
    pub mute: bool,
    /// Each ledger is restored to an earlier time once, and not every sixteenth.
    pub restored: bool,
    /// What is said, shown and answered is noted.
    pub coverage: bool,
    /// Every record that is written is kept.
    pub keeps_records: bool,
    /// What is left out of the history: some of [`CUTS`].
    pub without: BTreeSet<&'static str>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            door: storefront::VerificationGuards::default(),
            rev_condition: true,
            harsh: false,
            careless: false,
            changing: false,
            late: false,
            mute: false,
            restored: false,
            coverage: false,
            keeps_records: false,
            without: BTreeSet::new(),
        }
    }
}

/// What came of a history.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What is not as promised, one sentence each.
    pub violations: Vec<String>,
    /// What happened, in the order of events; empty unless it was asked for.
    pub story: Vec<String>,
    /// How often a worker went on from one await point to the next.
    pub steps: u64,
    /// How many deliveries were answered.
    pub deliveries: u64,
    /// How many calls Wix got.
    pub calls: u64,
    /// How many workers died.
    pub crashes: u64,
    /// How many faults struck Wix's answers.
    pub faults: u64,
    /// What it shows, where that is noted.
    pub seen: BTreeSet<Seen>,
    /// The records that were written, where they are kept.
    pub records: Vec<String>,
}

impl History {
    /// Counts another one in; its violations and story are left out.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.deliveries += other.deliveries;
        self.calls += other.calls;
        self.crashes += other.crashes;
        self.faults += other.faults;
    }
}

/// The history of a seed.
pub fn history(seed: u64, profile: &Profile) -> History {
    scheduler::run(seed, profile, false)
}

/// The same, with its story.
pub fn told(seed: u64, profile: &Profile) -> History {
    scheduler::run(seed, profile, true)
}

/// The first of these seeds whose history breaks the promise.
pub fn first_violation(seeds: impl IntoIterator<Item = u64>, profile: &Profile) -> Option<(u64, History)> {
    seeds
        .into_iter()
        .map(|seed| (seed, history(seed, profile)))
        .find(|(_, history)| !history.violations.is_empty())
}

/// What a person wants to know of a history that broke the promise, made as short as can be: what happened, what is wrong, how
/// to see it again.
pub fn report(seed: u64, profile: &Profile) -> String {
    let profile = &shrunk(seed, profile);
    let told = told(seed, profile);
    let without: Vec<&str> = profile.without.iter().copied().collect();
    let without = match without.as_slice() {
        [] => String::new(),
        some => format!(" --without {}", some.join(",")),
    };
    let harsh = if profile.harsh { " --harsh" } else { "" };
    let careless = if profile.careless { " --careless" } else { "" };
    let changing = if profile.changing { " --changing" } else { "" };
    let late = if profile.late { " --late" } else { "" };
    let restored = if profile.restored { " --restored" } else { "" };
    let wrong: Vec<String> = told.violations.iter().map(|what| format!("VIOLATION {what}")).collect();
    let wrong = match wrong.as_slice() {
        [] => "no violation".to_owned(),
        some => some.join("\n"),
    };
    format!(
        "seed {seed}\n  {}\n{wrong}\nreplay: cargo xtask sim --one {seed}{harsh}{careless}{changing}{late}{restored}{without}",
        told.story.join("\n  "),
    )
}
