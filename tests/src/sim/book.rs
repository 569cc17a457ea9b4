//! The shop's own book, kept apart from the code under test: what the customer is owed in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::time::Timestamp;

use super::answers::{Answers, Payment};
use super::begins::Page;
use super::billing::Billing;
use super::meaning::Meaning;
use super::words::{Message, last};

/// How far apart a deletion and a living body must be received for either to count: as the documentation says.
const TRASH_APART: Duration = Duration::from_secs(120);

/// When something was said by the shop's clock, and what comes after it where the clock is another order's.
pub(super) type Moment = (Timestamp, u64);

/// Whether an order lies in the shop's trash, by what was received when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trash {
    Alive,
    /// Received too close to each other: nothing is bought and nothing is taken back.
    Unclear,
    Over,
    /// Clocks are too far apart to know which of these it must be.
    Any,
}

/// One order of the shop, with everything that was said of it.
#[derive(Debug, Clone)]
pub(super) struct ShopOrder {
    /// Its key.
    pub key: String,
    /// The site that it names at the end.
    pub site: Option<String>,
    /// The sites that it named before.
    pub old_sites: BTreeSet<String>,
    /// The accounts that it names: the order's, and line by line.
    pub account: Option<String>,
    /// The lines' own accounts.
    pub line_accounts: BTreeMap<String, String>,
    /// The reference that its newest version has.
    pub reference: Option<String>,
    /// Line to SKU.
    pub skus: BTreeMap<String, String>,
    /// The lines that are parts of a bundle.
    pub(super) parts: BTreeSet<String>,
    /// Refunds of an amount that came as events of their own: the storefront does not say of what.
    pub(super) amounts: BTreeSet<String>,
    /// What operators told of it.
    pub(super) answers: Answers,
    /// What else was said of it.
    pub meaning: Meaning,
    /// What was told of its money apart from it.
    pub(super) billing: Billing,
    /// Its deletions, the newest last, in a storefront that has a trash.
    pub(super) deletions: Vec<Arc<Message>>,
    /// It lies in the trash at the end.
    pub(super) in_trash: bool,
    pub(super) said: Vec<ToldVersion>,
    pub(super) refunds: BTreeMap<String, BTreeMap<String, u32>>,
    /// What it was after each message; empty in those.
    pub(super) pages: Arc<[Page]>,
}

/// What an operator told of a payment that the shop tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denied {
    /// Nothing was ever paid.
    All,
    /// The newest payment was none; what an older one was for is not in the record any more.
    TheNewest,
}

/// A version that was told.
#[derive(Debug, Clone)]
pub(super) struct ToldVersion {
    /// The shop's time of it: two that were told of one moment count together.
    pub(super) at: Moment,
    /// The same as the message has it.
    pub(super) stamp: Timestamp,
    pub(super) units: BTreeMap<String, u32>,
    pub(super) skus: BTreeMap<String, String>,
    pub(super) counted: BTreeSet<String>,
    /// The refunds of an amount that it lists.
    pub(super) amounts: BTreeSet<String>,
    pub(super) paid: bool,
    pub(super) canceled: bool,
    /// It is given before it is paid for.
    pub(super) is_trial: bool,
    /// Whether it is paid nobody can say.
    pub(super) is_unclear: bool,
    /// It does not show all of its lines.
    pub(super) is_cut: bool,
    /// Codes of what a person must see of it while it is the newest.
    pub(super) codes: BTreeSet<&'static str>,
    /// All of it was given back.
    pub(super) refunded_all: bool,
    /// In which words it was told.
    pub(super) message: Arc<Message>,
}

impl ToldVersion {
    /// Whether it is told without any line, and is not over: what is owed by it nobody can say.
    fn has_lost_lines(&self) -> bool {
        self.codes.contains("LINES_LOST")
    }

    /// Whether it is the version that an operator saw.
    fn is_seen_by(&self, told: &Payment) -> bool {
        told.stamp == self.stamp && (self.at.1 == 0 || told.sequence == self.at.1)
    }
}

impl ShopOrder {
    /// What a line may be paid as when everything that was said has been heard: mostly one SKU. Which of two prices a
    /// subscription stays with depends on what was heard first, where it has come back to one that was billed long ago.
    pub(super) fn paid_skus(&self, line: &str) -> Vec<&str> {
        if !self.billing.is_subscription {
            return self.paid_sku(line).into_iter().collect();
        }
        let is_told = self.answers.payment.is_some();
        let counts = |said: &&ToldVersion| {
            let sku = said.skus.get(line).map_or("", String::as_str);
            said.is_trial || is_told || self.billing.billed(line, sku).is_some()
        };
        let now = self.newest().filter(counts).filter_map(|said| said.skus.get(line));
        let mut skus: Vec<&str> = self.billing.last_price(line).into_iter().collect();
        skus.extend(now.map(String::as_str));
        skus
    }

    fn paid_sku(&self, line: &str) -> Option<&str> {
        let newest = self.heard().last()?;
        let paid = self.heard().filter(|said| self.says_paid(said)).last();
        let told = self
            .told_paid()
            .filter(|(at, _)| paid.is_none_or(|paid| paid.at <= *at));
        let basis = match (self.is_given(newest), told) {
            (true, _) => newest.skus.get(line),
            (false, Some((_, told))) => told.skus.get(line),
            (false, None) => paid.and_then(|said| said.skus.get(line)),
        };
        basis.or_else(|| newest.skus.get(line)).map(String::as_str)
    }

    /// What the customer is owed of a line when everything that was said has been heard: what all states of the newest
    /// moment agree on.
    pub(super) fn owed(&self, line: &str) -> u32 {
        let is_not_ours = self.answers.not_ours.contains(line);
        let is_denied = self.denied() == Some(Denied::All);
        let is_over = self.meaning.is_over(line) || self.billing.is_given_back();
        if is_over || self.trash() != Trash::Alive || is_not_ours || is_denied {
            return 0;
        }
        if self.billing.is_subscription {
            return self.owed_of_subscription(line);
        }
        let told = self.told_refunded().and_then(|units| units.get(line)).copied();
        // What there is of the line, less what was refunded and is not counted in it.
        let left_of = |units: &BTreeMap<String, u32>, counted: &BTreeSet<String>| {
            let uncounted = self.refunds.iter().filter(|(id, _)| !counted.contains(*id));
            let standing = uncounted.filter(|(id, _)| !self.meaning.failed.contains(*id));
            let taken: u32 = standing.filter_map(|(_, lines)| lines.get(line)).sum();
            let units = units.get(line).copied().unwrap_or(0);
            units.saturating_sub(taken + told.unwrap_or(0))
        };
        // Of what is given back in full nothing is left, unless somebody told that it is paid all the same.
        let is_told = |said: &ToldVersion| self.answers.payment.as_ref().is_some_and(|told| said.is_seen_by(told));
        let left = |said: &ToldVersion| match said.refunded_all && !is_told(said) {
            true => 0,
            false => left_of(&said.units, &said.counted),
        };
        let told_paid = self.told_paid();
        // A state on trial says that nothing is paid yet, also where somebody told otherwise of an older one.
        let said_paid = self.heard().filter(|said| self.says_paid(said) || said.is_trial);
        let last_paid = said_paid.map(|said| said.at).chain(told_paid.map(|(at, _)| at)).max();
        let paid = self
            .heard()
            .filter(|said| (self.says_paid(said) || said.is_trial) && Some(said.at) == last_paid);
        let told_then = told_paid.filter(|(at, _)| Some(*at) == last_paid);
        let of_told = told_then.map(|(_, told)| left_of(&told.units, &told.counted));
        let of_paid = paid.map(|said| if said.is_trial { 0 } else { left(said) });
        let of_paid = of_paid.chain(of_told).min().unwrap_or(0);
        let of_newest = self.newest().map(|said| match (said.canceled, self.is_given(said)) {
            (true, _) => 0,
            (false, true) => left(said),
            (false, false) => left(said).min(of_paid),
        });
        of_newest.min().unwrap_or(0)
    }

    /// Of a subscription the lesser of what it has and of what an invoice billed; what is on trial is not billed yet.
    fn owed_of_subscription(&self, line: &str) -> u32 {
        let told = self.told_refunded().and_then(|units| units.get(line)).copied();
        let told_paid = self.answers.payment.as_ref().filter(|told| told.is_paid);
        let of = |said: &ToldVersion| {
            let sku = said.skus.get(line).map_or("", String::as_str);
            let last = || self.billing.billed(line, self.billing.last_price(line)?);
            // What is not shown is as it was billed.
            let hidden = || last().filter(|_| said.is_cut);
            let units = said.units.get(line).copied().or_else(hidden).unwrap_or(0);
            let listed = units.saturating_sub(told.unwrap_or(0));
            if said.canceled {
                return 0;
            }
            if said.is_trial || told_paid.is_some_and(|told| said.is_seen_by(told)) {
                return listed;
            }
            let billed = self.billing.billed(line, sku).or_else(last);
            listed.min(billed.unwrap_or(0))
        };
        self.newest().map(of).min().unwrap_or(0)
    }

    /// Whether a subscription has what no invoice billed.
    pub(super) fn is_unbilled(&self) -> bool {
        let more = |said: &ToldVersion| {
            let mut lines = said
                .units
                .iter()
                .filter_map(|(line, units)| Some((line, said.skus.get(line)?, *units)));
            // An earlier price that was billed pays for no way back to it.
            let is_last = |line: &str, sku: &str| self.billing.last_price(line) == Some(sku);
            lines.any(|(line, sku, units)| units > self.billing.billed(line, sku).unwrap_or(0) || !is_last(line, sku))
        };
        self.billing.is_billed() && self.newest().any(more)
    }

    /// Whether it was given back in full, and was called paid after that: whether it was paid a second time nobody can say but
    /// an operator.
    pub(super) fn is_paid_again(&self) -> bool {
        let told = self.answers.payment.as_ref();
        if self.newest().any(|said| told.is_some_and(|told| said.is_seen_by(told))) {
            return false;
        }
        let refunded = self.heard().filter(|said| said.refunded_all).map(|said| said.at).max();
        let told = self.told_paid().map(|(at, _)| at);
        let Some(refunded) = refunded.filter(|at| told.is_none_or(|told| told < *at)) else {
            return false;
        };
        let paid = self.heard().filter(|said| said.paid).map(|said| said.at).max();
        paid.is_some_and(|paid| paid > refunded)
    }

    /// The states of the newest moment that was told.
    fn newest(&self) -> impl Iterator<Item = &ToldVersion> + Clone {
        let last = self.heard().map(|said| said.at).max();
        self.heard().filter(move |said| Some(said.at) == last)
    }

    /// What was told and has arrived.
    fn heard(&self) -> impl Iterator<Item = &ToldVersion> + Clone {
        self.said.iter().filter(|said| said.message.is_known())
    }

    /// Whether its newest state is known: the site that it names stands there.
    pub(super) fn is_newest_known(&self) -> bool {
        self.said.last().is_some_and(|said| said.message.is_known())
    }

    /// An operator told that what the shop calls paid is not.
    fn denied(&self) -> Option<Denied> {
        let told = self.answers.payment.as_ref().filter(|told| !told.is_paid)?;
        let paid = self.heard().filter(|said| self.says_paid(said));
        let last = paid.clone().max_by_key(|said| said.at)?;
        let last = Some(last.at).filter(|_| last.is_seen_by(told))?;
        // A payment that came apart from the versions is one, whichever of them was seen.
        let first = paid.filter(|said| said.paid).map(|said| said.at).min();
        let is_older = first.is_some_and(|first| first < last);
        Some(if is_older { Denied::TheNewest } else { Denied::All })
    }

    /// Nothing more may be bought, and nothing is taken back, because nobody knows what is owed.
    pub(super) fn is_unclear(&self) -> bool {
        self.is_amount_refunded()
            || self.denied() == Some(Denied::TheNewest)
            || self.is_paid_again()
            || self.is_payment_unclear()
            || self.is_beginning_unheard()
            || self.newest().any(ToldVersion::has_lost_lines)
    }

    /// Whether only later periods of a subscription are heard of, and nobody has released it: whether the first was delivered
    /// otherwise nobody knows.
    pub(super) fn is_beginning_unheard(&self) -> bool {
        // A subscription of Stripe is renewed by an invoice, of which nothing may have come yet.
        let is_renewed = !self.billing.is_subscription || self.billing.is_billed();
        self.meaning.begins_unheard && is_renewed && !self.answers.released
    }

    /// Whether a person must see this of the newest state.
    pub(super) fn shows(&self, code: &str) -> bool {
        self.newest().any(|said| said.codes.contains(code))
    }

    /// What a line sells, which of a part of a bundle is nothing where the whole sells something.
    pub(super) fn sells<'a>(&self, line: &str, sku: &'a str) -> &'a str {
        let names_whole = !self.key.starts_with("shopify/") && self.parts.contains(line);
        let whole = self.skus.get("1").filter(|_| names_whole);
        if whole.is_some_and(|whole| whole != "T-SHIRT") {
            "T-SHIRT"
        } else {
            sku
        }
    }

    /// Whether the newest state does not say whether it is paid, and no operator does.
    pub(super) fn is_payment_unclear(&self) -> bool {
        let told = self.answers.payment.as_ref();
        let mut newest = self.newest();
        newest.any(|said| said.is_unclear && !told.is_some_and(|told| said.is_seen_by(told)))
    }

    /// An amount was given back, and nobody says of what, nor has an operator told it: nothing more may be bought, nothing is
    /// taken back, and a person is told.
    pub(super) fn is_amount_refunded(&self) -> bool {
        let answered = self
            .answers
            .refunded
            .as_ref()
            .filter(|_| self.told_refunded().is_some());
        let is_open = |id: &String| answered.is_none_or(|told| !told.refunds.contains(id));
        self.amounts.iter().chain(self.billing.open()).any(is_open)
            || self
                .newest()
                .any(|said| said.amounts.iter().any(is_open) && !said.canceled)
    }

    /// What an operator told that was given back by refunds of an amount, as long as all of those stand.
    fn told_refunded(&self) -> Option<&BTreeMap<String, u32>> {
        let told = self.answers.refunded.as_ref()?;
        let newest = self.newest().next();
        let is_open = |id: &String| self.billing.open().any(|open| open == id);
        let stands = |id: &String| {
            self.amounts.contains(id) || is_open(id) || newest.is_some_and(|said| said.amounts.contains(id))
        };
        told.refunds.iter().all(stands).then_some(&told.units)
    }

    /// What an operator told to be paid, with the time of the version that he saw.
    fn told_paid(&self) -> Option<(Moment, &Payment)> {
        let told = self.answers.payment.as_ref().filter(|told| told.is_paid)?;
        let mut seen = self.heard().filter(|said| said.is_seen_by(told));
        seen.next().map(|said| (said.at, told))
    }

    /// Whether a version is paid, by the shop or by what an operator told of it.
    fn is_paid(&self, said: &ToldVersion) -> bool {
        let told = self.answers.payment.as_ref().filter(|told| said.is_seen_by(told));
        told.map_or_else(|| self.says_paid(said), |told| told.is_paid)
    }

    /// Whether a version is given: paid, or on trial and nobody says that it is not.
    fn is_given(&self, said: &ToldVersion) -> bool {
        let told = self.answers.payment.as_ref().filter(|told| said.is_seen_by(told));
        self.is_paid(said) || (said.is_trial && told.is_none())
    }

    /// Whether a version is paid by the shop's word, which may come apart from it.
    fn says_paid(&self, said: &ToldVersion) -> bool {
        (said.paid && !said.has_lost_lines()) || (self.billing.is_settled && !said.canceled && !said.is_unclear)
    }

    /// Whether it lies in the trash: what was received last counts, where the two are far enough apart.
    pub(super) fn trash(&self) -> Trash {
        let of = |messages: &mut dyn Iterator<Item = &Arc<Message>>| last(messages.filter_map(|m| m.last_receipt()));
        let trashed = of(&mut self.deletions.iter());
        let alive = of(&mut self.said.iter().map(|said| &said.message));
        match (trashed, alive) {
            (None, _) => Trash::Alive,
            (Some(_), None) => Trash::Over,
            (Some((_, trashed)), Some((alive, _))) if alive > trashed + TRASH_APART => Trash::Alive,
            (Some((trashed, _)), Some((_, alive))) if alive + TRASH_APART < trashed => Trash::Over,
            (Some(trashed), Some(alive))
                if alive.1 <= trashed.0 + TRASH_APART && alive.0 + TRASH_APART >= trashed.1 =>
            {
                Trash::Unclear
            }
            (Some(_), Some(_)) => Trash::Any,
        }
    }

    /// What its shop sends when its owner saves it again after an outage: the newest state, and the subscription's.
    pub(super) fn saved_again(&self) -> Vec<Arc<Message>> {
        let body = self.said.last().map(|said| Arc::clone(&said.message));
        let subscription = self.meaning.subscription.last().map(|told| Arc::clone(&told.message));
        body.into_iter().chain(subscription).collect()
    }

    /// Whether anything that was told has not arrived.
    pub(super) fn has_lost_any(&self) -> bool {
        let said = self.said.iter().map(|said| &said.message);
        let subscription = self.meaning.subscription.iter().map(|told| &told.message);
        said.chain(&self.deletions).chain(subscription).any(|m| !m.is_heard())
    }

    /// Whether the states of the newest moment disagree.
    pub(super) fn disagrees(&self) -> bool {
        let state = |said: &'_ ToldVersion| (said.units.clone(), said.paid, said.canceled, said.is_unclear);
        let mut states = self.newest().map(state);
        let first = states.next();
        states.any(|state| Some(state) != first)
    }

    /// Whether nothing of it was ever less than before, or other than before, in whatever order it is heard.
    pub(super) fn never_shrinks(&self) -> bool {
        let is_apart = self.refunds.is_empty() && self.amounts.is_empty() && self.meaning.subscription.is_empty();
        let is_told =
            self.answers.payment.is_some() || self.answers.refunded.is_some() || !self.answers.not_ours.is_empty();
        let said = || self.said.iter().filter(|said| !said.has_lost_lines());
        let is_over = |said: &ToldVersion| {
            let is_less = said.canceled || said.is_trial || said.refunded_all;
            is_less || !said.counted.is_empty() || !said.amounts.is_empty()
        };
        let grows = |one: &ToldVersion, two: &ToldVersion| {
            // A list that is cut says nothing of what it does not show, and what it shows counts.
            let mut units = one.units.iter();
            units.all(|(line, units)| two.units.get(line).map_or(two.is_cut, |then| then >= units))
                && one.skus.iter().all(|(line, sku)| two.skus.get(line) == Some(sku))
        };
        let is_apart =
            is_apart && self.billing.never_gave_back() && self.deletions.is_empty() && self.old_sites.is_empty();
        is_apart
            && !is_told
            && !self.said.iter().any(is_over)
            // Not only one after the other: a list between two that is cut says nothing of what it hides.
            && said().enumerate().all(|(at, one)| said().skip(at + 1).all(|two| grows(one, two)))
    }

    /// The most units of a line that could ever be bought: none of an order that renews what Wix renews by itself.
    pub(super) fn most(&self, line: &str) -> u32 {
        if self.meaning.renews {
            return 0;
        }
        let units = self.said.iter().filter_map(|said| said.units.get(line)).copied();
        units.chain(self.billing.most(line)).max().unwrap_or(0)
    }
}
