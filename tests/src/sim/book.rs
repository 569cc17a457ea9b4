//! The shop's own book, kept apart from the code under test: what the customer is owed in the end.

use std::collections::{BTreeMap, BTreeSet};

use reseller_hooks::time::Timestamp;

use super::meaning::Meaning;

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
    pub(super) paid: bool,
    pub(super) canceled: bool,
}

impl ShopOrder {
    /// What a line is paid as when everything that was said has been heard.
    pub(super) fn paid_sku(&self, line: &str) -> Option<&str> {
        let newest = self.said.last()?;
        let paid = self.said.iter().rev().find(|said| said.paid);
        let basis = if newest.paid { Some(newest) } else { paid };
        let sku = basis
            .and_then(|said| said.skus.get(line))
            .or_else(|| newest.skus.get(line));
        sku.map(String::as_str)
    }

    /// What the customer is owed of a line when everything that was said has been heard: what all states of the newest
    /// moment agree on.
    pub(super) fn owed(&self, line: &str) -> u32 {
        if self.meaning.is_over(line) {
            return 0;
        }
        // What a version has of the line, less what was refunded and it has not counted.
        let left = |said: &ToldVersion| {
            let uncounted = self.refunds.iter().filter(|(id, _)| !said.counted.contains(*id));
            let standing = uncounted.filter(|(id, _)| !self.meaning.failed.contains(*id));
            let taken: u32 = standing.filter_map(|(_, lines)| lines.get(line)).sum();
            said.units.get(line).copied().unwrap_or(0).saturating_sub(taken)
        };
        let last_paid = self.said.iter().filter(|said| said.paid).map(|said| said.at).max();
        let paid = self.said.iter().filter(|said| said.paid && Some(said.at) == last_paid);
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
        let last = self.said.iter().map(|said| said.at).max();
        self.said.iter().filter(move |said| Some(said.at) == last)
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
