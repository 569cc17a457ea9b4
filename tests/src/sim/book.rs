//! The shop's own book, kept apart from the code under test: what the customer is owed in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::time::Timestamp;

use super::meaning::Meaning;
use super::words::{Message, last};

/// How far apart a deletion and a living body must be received for either to count: as the documentation says.
const TRASH_APART: Duration = Duration::from_secs(120);

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
    /// An amount was given back, and the storefront does not say of what: nothing more may be bought, nothing is taken
    /// back, and a person is told.
    pub amount_refunded: bool,
    /// What else was said of it.
    pub meaning: Meaning,
    /// Its deletions, the newest last, in a storefront that has a trash.
    pub(super) deletions: Vec<Arc<Message>>,
    /// It lies in the trash at the end.
    pub(super) in_trash: bool,
    pub(super) said: Vec<ToldVersion>,
    pub(super) refunds: BTreeMap<String, BTreeMap<String, u32>>,
}

/// A version that was told.
#[derive(Debug, Clone)]
pub(super) struct ToldVersion {
    /// The shop's time of it: two that were told of one moment count together.
    pub(super) at: Timestamp,
    pub(super) units: BTreeMap<String, u32>,
    pub(super) skus: BTreeMap<String, String>,
    pub(super) counted: BTreeSet<String>,
    /// It lists refunds of an amount.
    pub(super) amounts: bool,
    pub(super) paid: bool,
    pub(super) canceled: bool,
    /// In which words it was told.
    pub(super) message: Arc<Message>,
}

impl ShopOrder {
    /// What a line is paid as when everything that was said has been heard.
    pub(super) fn paid_sku(&self, line: &str) -> Option<&str> {
        let newest = self.heard().last()?;
        let paid = self.heard().filter(|said| said.paid).last();
        let basis = if newest.paid { Some(newest) } else { paid };
        let sku = basis
            .and_then(|said| said.skus.get(line))
            .or_else(|| newest.skus.get(line));
        sku.map(String::as_str)
    }

    /// What the customer is owed of a line when everything that was said has been heard: what all states of the newest
    /// moment agree on.
    pub(super) fn owed(&self, line: &str) -> u32 {
        if self.meaning.is_over(line) || self.trash() != Trash::Alive {
            return 0;
        }
        // What a version has of the line, less what was refunded and it has not counted.
        let left = |said: &ToldVersion| {
            let uncounted = self.refunds.iter().filter(|(id, _)| !said.counted.contains(*id));
            let standing = uncounted.filter(|(id, _)| !self.meaning.failed.contains(*id));
            let taken: u32 = standing.filter_map(|(_, lines)| lines.get(line)).sum();
            said.units.get(line).copied().unwrap_or(0).saturating_sub(taken)
        };
        let last_paid = self.heard().filter(|said| said.paid).map(|said| said.at).max();
        let paid = self.heard().filter(|said| said.paid && Some(said.at) == last_paid);
        let Some(of_paid) = paid.map(left).min() else {
            return 0;
        };
        let of_newest = self.newest().map(|said| match (said.canceled, said.paid) {
            (true, _) => 0,
            (false, true) => left(said),
            (false, false) => left(said).min(of_paid),
        });
        of_newest.min().unwrap_or(0)
    }

    /// The states of the newest moment that was told.
    fn newest(&self) -> impl Iterator<Item = &ToldVersion> + Clone {
        let last = self.heard().map(|said| said.at).max();
        self.heard().filter(move |said| Some(said.at) == last)
    }

    /// What was told and has arrived.
    fn heard(&self) -> impl Iterator<Item = &ToldVersion> + Clone {
        self.said.iter().filter(|said| said.message.is_heard())
    }

    /// An amount was given back, and nobody says of what: nothing more may be bought, nothing is taken back, and a person
    /// is told.
    pub(super) fn is_amount_refunded(&self) -> bool {
        self.amount_refunded || self.newest().any(|said| said.amounts && !said.canceled)
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
        let mut states = self.newest().map(|said| (&said.units, said.paid));
        let first = states.next();
        states.any(|state| Some(state) != first)
    }

    /// The most units of a line that could ever be bought: none of an order that renews what Wix renews by itself.
    pub(super) fn most(&self, line: &str) -> u32 {
        if self.meaning.renews {
            return 0;
        }
        let units = self.said.iter().filter_map(|said| said.units.get(line));
        units.copied().max().unwrap_or(0)
    }
}
