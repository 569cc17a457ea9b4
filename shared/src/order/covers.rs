//! Which lines of an order an end is about.

use std::collections::{BTreeMap, BTreeSet};

use super::reversal::{Covers, Item};
use super::snapshot::Line;

impl Item {
    /// How well a line fits; `None` where it does not.
    fn fits(&self, line: &Line) -> Option<Fit> {
        let product = self.product.is_some() && self.product == line.product;
        let sku = self.sku.is_some() && self.sku == line.sku;
        match (product, sku) {
            (true, true) => Some(Fit::Both),
            (false, true) => Some(Fit::Sku),
            (true, false) => Some(Fit::Product),
            (false, false) => None,
        }
    }
}

/// The better one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Product,
    Sku,
    Both,
}

impl Covers {
    /// The items with how many units of each, and the lines that each means; nothing for what names no items.
    pub fn items<'a>(&self, lines: &[&'a Line]) -> Vec<(&Item, BTreeSet<&'a str>)> {
        let Self::Items(items) = self else { return Vec::new() };
        let meant = |item: &Item| Self::Items(BTreeSet::from([item.clone()])).lines(lines);
        items.iter().map(|item| (item, meant(item))).collect()
    }

    /// Lines of which only some are meant, and nothing says which: several that fit items with fewer units than they have.
    pub fn torn<'a>(&self, lines: &[&'a Line]) -> BTreeSet<&'a str> {
        let mut units: BTreeMap<BTreeSet<&str>, Option<u32>> = BTreeMap::new();
        for (item, meant) in self.items(lines).into_iter().filter(|(_, meant)| meant.len() > 1) {
            // Of an item that does not say its units nothing follows.
            let said = (item.units > 0).then_some(item.units);
            let sum = units.entry(meant).or_insert(Some(0));
            *sum = sum.zip(said).map(|(sum, units)| sum.saturating_add(units));
        }
        let has = |ids: &BTreeSet<&str>| {
            let meant = lines.iter().filter(|line| ids.contains(line.id.as_str()));
            meant.fold(0_u32, |sum, line| sum.saturating_add(line.units))
        };
        let torn = units
            .into_iter()
            .filter(|(ids, units)| units.is_some_and(|units| units < has(ids)));
        torn.flat_map(|(ids, _)| ids).collect()
    }

    /// The lines of an order that are meant.
    pub fn lines<'a>(&self, lines: &[&'a Line]) -> BTreeSet<&'a str> {
        let all = lines.iter();
        let ids = |means: &dyn Fn(&Line) -> bool| {
            let meant = all.clone().filter(|line| means(line));
            meant.map(|line| line.id.as_str()).collect()
        };
        match self {
            Self::All => ids(&|_| true),
            Self::SubscriptionLines => ids(&|line| line.subscription),
            Self::Skus(skus) => ids(&|line| line.sku.as_ref().is_some_and(|sku| skus.contains(sku))),
            Self::Items(items) => {
                let mut meant = BTreeSet::new();
                for item in items {
                    let best = lines.iter().filter_map(|line| item.fits(line)).max();
                    let fitting = lines.iter().filter(|line| best.is_some() && item.fits(line) == best);
                    meant.extend(fitting.map(|line| line.id.as_str()));
                }
                meant
            }
        }
    }
}
