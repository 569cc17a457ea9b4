//! How large a record can become. It is computed before anything is bought, because a record that the ledger refuses
//! after a purchase would lose what was done.

use std::collections::HashSet;

use crate::fulfilment::record::history::MOST_BYTES;
use crate::fulfilment::record::{OrderRecord, PlannedUnits, Purchase};

/// What an item and its instance can take in the record, without a site.
const ITEM: usize = 110;
/// What the reference of a voucher takes.
const REFERENCE: usize = 39;
/// What the site of an instance takes.
const SITE: usize = 43;
/// What an instance takes more that has had another target: what it holds, and a move and an adjustment that failed.
const TARGETS: usize = 1_100;
/// What a purchase takes beside its items, with the storefront's reference.
const PURCHASE: usize = 480;
/// What each of the first purchases can take more, when everything goes wrong with them.
const TROUBLE: usize = 1_200;
/// How many purchases are counted with trouble.
const TROUBLED: usize = 10;
/// What one run of equal products takes in a request.
const RUN: usize = 330;
/// How many vouchers can be bought apart.
const APART: usize = 20;
/// What the order as a whole can take: a hold, and what Wix refused in changes.
const ORDER: usize = 4_000;
/// What problems that were closed can take.
const CLOSINGS: usize = 8_000;

/// The most bytes that a record can come to, with everything bought that its plans say.
#[derive(Debug, Clone)]
pub(super) struct Size {
    /// The record without its purchases and lines.
    bare: usize,
    planned: Cost,
    /// Products that are bought apart when Wix refuses them together.
    distinct: HashSet<String>,
    vouchers_apart: bool,
    /// Packages that people bought: each is a purchase of its own.
    by_hand: usize,
}

/// What runs of plans can take, with what is bought for them.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    bytes: usize,
    items: usize,
    vouchers: usize,
}

impl Size {
    pub(super) fn of(record: &OrderRecord) -> Self {
        let mut size = Self {
            bare: record.bare_json_len() + ORDER + CLOSINGS + MOST_BYTES,
            planned: Cost::default(),
            distinct: HashSet::new(),
            vouchers_apart: record.switches().vouchers_apart,
            by_hand: record
                .purchases()
                .iter()
                .filter(|purchase: &&Purchase| purchase.is_by_hand())
                .count(),
        };
        for line in record.lines() {
            size.replace(&[], line.runs());
        }
        size
    }

    /// A line has other plans.
    pub(super) fn replace(&mut self, old: &[PlannedUnits], new: &[PlannedUnits]) {
        let (old, new) = (self.cost(old), self.cost(new));
        let planned = &mut self.planned;
        planned.bytes = planned.bytes.saturating_sub(old.bytes).saturating_add(new.bytes);
        planned.items = planned.items.saturating_sub(old.items).saturating_add(new.items);
        planned.vouchers = planned
            .vouchers
            .saturating_sub(old.vouchers)
            .saturating_add(new.vouchers);
    }

    fn cost(&mut self, runs: &[PlannedUnits]) -> Cost {
        let mut cost = Cost {
            // Strings, numbers and structs always serialise.
            bytes: serde_json::to_string(runs).map_or(0, |json| json.len()),
            ..Cost::default()
        };
        for run in runs {
            let count = usize::try_from(run.count).unwrap_or(usize::MAX);
            for component in run.plan.components() {
                let voucher = component.voucher.as_ref().map(|voucher| &voucher.product);
                let voucher = voucher.map(|product| (product, ITEM + REFERENCE));
                cost.vouchers = cost.vouchers.saturating_add(voucher.map_or(0, |_| count));
                cost.items = cost.items.saturating_add(count);
                let targets = if component.has_other_targets() { TARGETS } else { 0 };
                cost.bytes = cost.bytes.saturating_add(count.saturating_mul(targets));
                for (product, each) in std::iter::once((&component.product, ITEM)).chain(voucher) {
                    let each = product.site_id.as_ref().map_or(each, |_| each + SITE);
                    cost.bytes = cost
                        .bytes
                        .saturating_add(count.saturating_mul(each))
                        .saturating_add(RUN);
                    self.distinct.insert(format!("{} {product:?}", component.account));
                }
            }
        }
        cost
    }

    pub(super) fn worst_case(&self) -> usize {
        let Cost { bytes, items, vouchers } = self.planned;
        let apart = if self.vouchers_apart {
            vouchers
        } else {
            vouchers.min(APART)
        };
        let purchases = (items / 1_000) * 2 + self.distinct.len() + apart + self.by_hand;
        let beside = purchases.saturating_mul(PURCHASE) + purchases.min(TROUBLED) * TROUBLE;
        self.bare.saturating_add(bytes).saturating_add(beside)
    }
}
