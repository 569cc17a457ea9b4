//! What a run of the simulation has exercised, by meaning: what each storefront said, which problems a person was shown, how
//! Wix answered, and in how many histories each guard made a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use reseller_hooks::fulfilment::{OrderRecord, attention};
use reseller_hooks::time::Clock;

use super::guards::{GUARDS, SCENARIO_GUARDS};
use super::scheduler::Sim;
use super::words::STOREFRONTS;
use super::{History, Profile, history};

/// Every code of attention that is not Wix's own; a test compares the list with the source.
pub const ATTENTION: [&str; 45] = [
    "ANOTHER_PACKAGE_ANSWERED",
    "AWAITING_ACTION",
    "COLLECTION_PAUSED",
    "CYCLE_REVERSED",
    "DISPUTE_INQUIRY",
    "DISPUTE_LOST",
    "DISPUTE_OPEN",
    "END_UNCLEAR",
    "FIRST_HEARD_BY_RENEWAL",
    "INSTANCE_CANCELED",
    "INSTANCE_FAILED",
    "INVOICE_NOT_READ",
    "ITEMS_NOT_READ",
    "ITEM_NOT_HEARD",
    "LINES_LOST",
    "NOT_PLANNED",
    "NO_ANSWER",
    "ORDER_TOO_LARGE",
    "OTHER_THAN_PLANNED",
    "PACKAGE_GONE",
    "PAID_AFTER_END",
    "PAID_AGAIN",
    "PAID_IN_PART",
    "PAYMENT_UNCLEAR",
    "PERHAPS_BOUGHT_BEFORE",
    "PLAN_CHANGED",
    "PUT_OFF",
    "QUANTITY_UNCLEAR",
    "REFERENCE_REFUSED",
    "REFUND_FAILED",
    "REFUND_OF_UNKNOWN_SUBSCRIPTION",
    "REFUND_UNCLEAR",
    "RENEWAL_UNCLEAR",
    "SEVERAL_PACKAGES",
    "SITE_CHANGED",
    "STATES_DISAGREE",
    "SUBSCRIPTION_CHANGED",
    "SUBSCRIPTION_UNNAMED",
    "SURPLUS_PACKAGE",
    "TRASH_UNCLEAR",
    "UNANSWERED_CHANGE",
    "UNANSWERED_TAG",
    "UNPAID_CHANGE",
    "UNREADABLE_RECORD",
    "VOUCHER_USED_UP",
];

/// The codes of Wix that this software knows.
pub const WIX: [&str; 20] = [
    "ACCOUNT_NOT_FOUND",
    "INCOMPATIBLE_BILLING_CYCLE",
    "INCOMPATIBLE_PRODUCT",
    "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS",
    "INVALID_BILLING_CYCLE",
    "INVALID_PRODUCTS",
    "INVALID_REFERENCE_PRODUCT_INSTANCE_ID",
    "MISSING_BILLING_CYCLE",
    "MISSING_PRODUCT_DETAILS",
    "MISSING_SITE_ID",
    "MULTIPLE_PRODUCT_ASSIGNMENTS",
    "OPERATION_NOT_SUPPORTED_FOR_PRODUCT",
    "PACKAGE_NOT_FOUND",
    "PRODUCT_INSTANCE_NOT_FOUND",
    "PRODUCT_LIMIT_EXCEEDED",
    "PRODUCT_NOT_FOUND",
    "PRODUCT_NOT_SUPPORTED_ON_SITE",
    "PRODUCT_SETTINGS_NOT_FOUND",
    "PRODUCT_TYPE_ALREADY_ASSIGNED",
    "SITE_NOT_FOUND",
];

/// Something of a history, counted once for each history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// What a shop told, and which storefront's shop it was.
    Said(String, String),
    /// The code of a problem, and of which storefront's order.
    Problem(String, String),
    /// How Wix answered an operation.
    Answer(String),
}

/// In how many histories something was seen.
#[derive(Debug, Default)]
pub struct Coverage {
    seen: BTreeMap<Seen, u64>,
    guards: BTreeMap<&'static str, u64>,
    histories: u64,
    /// Of how many of them the guards were taken out.
    without: u64,
}

/// Of one history in so many each guard is taken out: that runs it once more for each.
const GUARDED: u64 = 16;

impl Coverage {
    /// Runs a history, sometimes once more with each protection out, and counts what it shows.
    pub fn count(&mut self, seed: u64, profile: &Profile) -> History {
        let covered = Profile {
            coverage: true,
            ..profile.clone()
        };
        let mut told = history(seed, &covered);
        self.histories += 1;
        for seen in std::mem::take(&mut told.seen) {
            *self.seen.entry(seen).or_default() += 1;
        }
        if !seed.is_multiple_of(GUARDED) {
            return told;
        }
        self.without += 1;
        for guard in GUARDS.iter().chain(&SCENARIO_GUARDS) {
            let differs = guard.matters(seed, profile, &told);
            *self.guards.entry(guard.name).or_default() += u64::from(differs);
        }
        told
    }

    fn of(&self, seen: &Seen) -> u64 {
        self.seen.get(seen).copied().unwrap_or(0)
    }

    /// A row for each kind, with a column for each storefront.
    fn matrix(
        &self,
        f: &mut fmt::Formatter<'_>,
        kinds: &BTreeSet<&str>,
        cell: fn(String, String) -> Seen,
    ) -> fmt::Result {
        for kind in kinds {
            write!(f, "{kind:<60}")?;
            for storefront in STOREFRONTS {
                let count = self.of(&cell((*kind).to_owned(), storefront.to_string()));
                write!(f, "{count:>12}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = |f: &mut fmt::Formatter<'_>, title: &str| {
            write!(f, "\n{title:<60}")?;
            for storefront in STOREFRONTS {
                write!(f, "{:>12}", storefront.to_string())?;
            }
            writeln!(f)
        };
        writeln!(f, "In how many of {} histories each was seen.", self.histories)?;
        let said: BTreeSet<&str> = self
            .seen
            .keys()
            .filter_map(|seen| match seen {
                Seen::Said(kind, _) => Some(kind.as_str()),
                Seen::Problem(..) | Seen::Answer(_) => None,
            })
            .collect();
        head(f, "what a shop said")?;
        self.matrix(f, &said, Seen::Said)?;
        let shown = self.seen.keys().filter_map(|seen| match seen {
            Seen::Problem(code, _) => Some(code.as_str()),
            Seen::Said(..) | Seen::Answer(_) => None,
        });
        head(f, "what a person was shown")?;
        self.matrix(f, &ATTENTION.into_iter().chain(shown).collect(), Seen::Problem)?;
        writeln!(f, "\nhow Wix answered")?;
        for (seen, count) in &self.seen {
            if let Seen::Answer(words) = seen {
                writeln!(f, "{words:<60}{count:>12}")?;
            }
        }
        for code in WIX {
            let answered = |seen: &Seen| matches!(seen, Seen::Answer(words) if words.ends_with(&format!(" {code}")));
            if !self.seen.keys().any(answered) {
                writeln!(f, "{code:<60}{:>12}", 0)?;
            }
        }
        writeln!(
            f,
            "\nguards that made a difference in {} histories (another one without them)",
            self.without
        )?;
        for (guard, count) in &self.guards {
            writeln!(f, "{guard:<60}{count:>12}")?;
        }
        Ok(())
    }
}

impl Sim {
    /// What a person is shown of each order now.
    pub(super) fn cover_problems(&mut self) {
        if !self.covers {
            return;
        }
        for entry in self.world.ledger.entries() {
            let Ok(record) = OrderRecord::from_json(&entry.body) else {
                continue;
            };
            let storefront = entry.key.split('/').next().unwrap_or_default();
            for problem in attention(&record, &self.world.settings, self.world.clock.now()) {
                self.result
                    .seen
                    .insert(Seen::Problem(problem.code, storefront.to_owned()));
            }
        }
    }

    /// What was said and answered in all of the history.
    pub(super) fn cover_words(&mut self) {
        if !self.covers {
            return;
        }
        for delivery in self.deliveries.iter().filter(|delivery| delivery.message.is_heard()) {
            let what = delivery.words.split(':').next().unwrap_or_default();
            let what = what.replace(|c: char| c.is_ascii_digit(), "");
            self.result
                .seen
                .insert(Seen::Said(what, delivery.message.kind.to_string()));
        }
        for call in self.world.look().calls() {
            let how = match (&call.code, call.fault, call.status) {
                (Some(code), ..) => code.to_string(),
                (None, Some(fault), _) => format!("struck: {fault}"),
                (None, None, status) => status.to_string(),
            };
            let name = call.operation.name();
            self.result.seen.insert(Seen::Answer(format!("{name} {how}")));
        }
    }
}
