//! How large a record can become. It is computed before anything is bought, because a record that the ledger refuses
//! after a purchase would lose what was done.

use super::plan::Plan;
use super::record::OrderRecord;

/// What an item and its instance can take in the record at most, in bytes, without a site.
const ITEM: usize = 112;
/// What the reference of a voucher takes.
const REFERENCE: usize = 39;
/// What the site of an instance takes.
const SITE: usize = 46;
/// What a purchase takes beside its items, and what a refusal or an attention adds.
const PURCHASE: usize = 1_600;
/// What one run of equal products takes in a request.
const RUN: usize = 420;

/// The most bytes that the record can come to, with everything bought that its plans say and everything gone wrong
/// that can.
pub(crate) fn worst_case(record: &OrderRecord) -> usize {
    let mut bare = record.clone();
    bare.actual.purchases = Vec::new();
    let mut bytes = bare.to_json().len();
    let mut items = 0_usize;
    let mut bases = 0_usize;
    for run in record.actual.lines.iter().flat_map(|line| &line.runs) {
        let Plan::Buy(components) = &run.plan else { continue };
        let count = usize::try_from(run.count).unwrap_or(usize::MAX);
        for component in components {
            let voucher = component
                .voucher
                .as_ref()
                .map(|voucher| (&voucher.product, ITEM + REFERENCE));
            for (product, each) in std::iter::once((&component.product, ITEM)).chain(voucher) {
                let each = if product.site_id.is_some() { each + SITE } else { each };
                bytes = bytes.saturating_add(count.saturating_mul(each)).saturating_add(RUN);
            }
            bases = bases.saturating_add(1);
            items = items.saturating_add(count);
        }
    }
    let purchases = (items / 1_000).saturating_add(bases.min(8)).saturating_mul(2);
    bytes.saturating_add(purchases.saturating_mul(PURCHASE))
}
