//! Another target for what is bought or planned: a line whose paid SKU became another one (`on_plan_change`), or that names
//! another site (`on_site_change`). What was bought stays in the purchase; the plan says what it is to become.

use std::collections::HashSet;

use super::MAX_PLANNED;
use super::resolve::{Destination, Resolver, price};
use super::sites::{TakenSites, moved_to};
use super::size::Size;
use crate::catalog::{Catalog, Component, OnPlanChange, OnSiteChange};
use crate::fulfilment::record::{ComponentPlan, Item, Kind, Line, OrderRecord, Plan, PlannedUnits, VoucherPlan};
use crate::fulfilment::view;
use crate::ids::{SiteId, Sku};
use crate::order::Snapshot;

/// What units of one SKU are adjusted to when another one is paid: the one component of the new SKU, where the entries of
/// both say so and have no more than one.
fn adjusted_to<'c>(catalog: &'c Catalog, had: Option<&Sku>, paid: &Sku) -> Option<&'c Component> {
    let only = |sku: &Sku| match catalog.components(sku) {
        Some([only]) if only.on_plan_change == OnPlanChange::Adjust => Some(only),
        Some(_) | None => None,
    };
    had.and_then(only)?;
    only(paid)
}

/// A line with the units that may be bought, of those that were planned from another SKU than is paid now: what is bought
/// gets another target, what is not is opened. `None`: a person must change it.
pub(super) fn another_plan(
    record: &OrderRecord,
    resolver: &Resolver<'_>,
    (index, runs): (usize, &[PlannedUnits]),
    line: &crate::order::Line,
    units: u32,
    bought: &HashSet<(u32, u32)>,
    taken: &mut TakenSites,
) -> Option<Vec<PlannedUnits>> {
    let paid = line.sku.as_ref()?;
    let order = record.desired();
    if !order.is_change_paid(resolver.latest, line, &record.policy()) {
        return None;
    }
    let index = u32::try_from(index).ok()?;
    let vouchers = view::taken(record, Kind::Voucher);
    let (mut changed, mut next) = (Vec::new(), 1_u32);
    for run in runs {
        let range = next..next.saturating_add(run.count);
        next = range.end;
        if range.start > units || !is_of_another_plan(run, line) {
            Line::push(&mut changed, run.clone());
            continue;
        }
        let spec = adjusted_to(resolver.catalog, run.sku.as_ref(), paid)?;
        price(paid, line, std::slice::from_ref(spec)).ok()?;
        let [had] = run.plan.components() else {
            return None;
        };
        for unit in range {
            let another = |plan| PlannedUnits {
                count: 1,
                sku: line.sku.clone(),
                plan,
            };
            let of_unit = if unit > units {
                PlannedUnits {
                    count: 1,
                    ..run.clone()
                }
            } else if bought.contains(&(index, unit)) {
                let has_voucher = vouchers.binary_search(&Item(index, unit, 0)).is_ok();
                taken.give_back(&[PlannedUnits {
                    count: 1,
                    ..run.clone()
                }]);
                let component = adjusted(had, paid, spec, has_voucher)?;
                taken.keep(&component);
                another(Plan::Buy(vec![component]))
            } else {
                another(Plan::Open)
            };
            Line::push(&mut changed, of_unit);
        }
    }
    Some(changed)
}

/// Units that were planned to be bought from another SKU than the one that is paid now.
pub(super) fn is_of_another_plan(run: &PlannedUnits, listed: &crate::order::Line) -> bool {
    let is_to_buy = !run.plan.components().is_empty();
    is_to_buy && listed.sku.is_some() && run.sku.is_some() && run.sku != listed.sku
}

/// Where the unit belongs stays as it was. A voucher that was bought stays too: Wix allows one for an instance.
fn adjusted(had: &ComponentPlan, sku: &Sku, spec: &Component, has_voucher: bool) -> Option<ComponentPlan> {
    let to = Destination {
        account: &had.account,
        site: had.product.site_id.as_ref(),
        country: Some(&had.product.country_code),
    };
    let fresh = Resolver::component(sku, spec, &to, &mut TakenSites::default()).ok()?;
    let is_another = |fresh: &VoucherPlan| {
        let had = had.voucher.as_ref().map(|had| &had.product);
        had.is_none_or(|had| {
            had.catalog_product_id != fresh.product.catalog_product_id || had.billing_info != fresh.product.billing_info
        })
    };
    Some(ComponentPlan {
        floats: had.floats,
        moves: had.moves,
        adjusts: had.adjusts.saturating_add(1),
        voucher_used_up: has_voucher && fresh.voucher.as_ref().is_some_and(is_another),
        voucher: if has_voucher {
            had.voucher.clone()
        } else {
            fresh.voucher
        },
        no_voucher_in: if has_voucher {
            had.no_voucher_in.clone()
        } else {
            fresh.no_voucher_in
        },
        ..fresh
    })
}

/// Lines that name another site than the one that their products were planned for, where the catalog says to move them.
pub(super) fn relocate<'l>(
    record: &mut OrderRecord,
    catalog: &Catalog,
    latest: &Snapshot,
    lines: impl Iterator<Item = (usize, &'l crate::order::Line)>,
    taken: &mut TakenSites,
) {
    for (index, listed) in lines {
        let Some(planned) = record.lines().get(index) else {
            continue;
        };
        let Some(runs) =
            moved_to(planned, listed, latest).and_then(|site| relocated(planned.runs(), catalog, &site, taken))
        else {
            continue;
        };
        let Some(line) = record.lines_mut().get_mut(index) else {
            continue;
        };
        let before = line.set_runs(runs);
        if Size::of(record).worst_case() <= MAX_PLANNED {
            record.give_other_target();
        } else if let Some(line) = record.lines_mut().get_mut(index) {
            line.set_runs(before);
        }
    }
}

/// The runs with everything that is on a site on the new one; `None`: the catalog does not say so for all of it, or
/// another unit of the order has the product on that site.
fn relocated(
    runs: &[PlannedUnits],
    catalog: &Catalog,
    site: &SiteId,
    taken: &mut TakenSites,
) -> Option<Vec<PlannedUnits>> {
    let mut moved = runs.to_vec();
    let mut claimed = taken.clone();
    for run in &mut moved {
        let Plan::Buy(components) = &mut run.plan else {
            continue;
        };
        let today = run
            .sku
            .as_ref()
            .and_then(|sku| catalog.components(sku))
            .unwrap_or_default();
        for (at, component) in components.iter_mut().enumerate() {
            if component.product.site_id.is_none() {
                continue;
            }
            let spec = today.get(at)?;
            let is_free = claimed.take(site, &component.product.catalog_product_id);
            if spec.on_site_change != OnSiteChange::Move || !is_free {
                return None;
            }
            component.product.site_id = Some(site.clone());
            component.moves = component.moves.saturating_add(1);
            let voucher = component.voucher.as_mut().map(|voucher| &mut voucher.product);
            if let Some(voucher) = voucher.filter(|voucher| voucher.site_id.is_some())
                && claimed.take(site, &voucher.catalog_product_id)
            {
                voucher.site_id = Some(site.clone());
            }
        }
    }
    *taken = claimed;
    Some(moved)
}
