//! What an operator opens again: plans of which nothing was bought, held and not-ours lines, and the part of a unit that
//! was not bought while another part of it was.

use std::collections::HashSet;

use super::resolve::{Destination, Resolver};
use super::sites::TakenSites;
use crate::catalog::Catalog;
use crate::fulfilment::record::{ComponentPlan, Item, Kind, Line, OrderRecord, Plan, PlannedUnits};
use crate::fulfilment::view;
use crate::order::Snapshot;

/// A retry: every refused plan, and every plan to buy of a unit of which nothing was begun or bought, is resolved again
/// from today's catalog. What is held, not ours or closed stays so.
pub(crate) fn open_unbought(record: &mut OrderRecord) {
    let bought: HashSet<(u32, u32)> = view::taken(record, Kind::Base)
        .into_iter()
        .map(|item| (item.0, item.1))
        .collect();
    for (index, line) in (0_u32..).zip(record.lines_mut()) {
        let mut runs: Vec<PlannedUnits> = Vec::new();
        for (first, run) in line.numbered_runs() {
            match run.plan {
                Plan::NotOurs(_) | Plan::Held | Plan::Closed | Plan::Open => runs.push(run.clone()),
                // These can be very many, and are not counted one by one.
                Plan::Refused { .. } => Line::push(&mut runs, units(run.count, run, Plan::Open)),
                Plan::Buy(_) => {
                    for unit in first..first.saturating_add(run.count) {
                        let is_bought = bought.contains(&(index, unit));
                        let plan = if is_bought { run.plan.clone() } else { Plan::Open };
                        Line::push(&mut runs, units(1, run, plan));
                    }
                }
            }
        }
        line.set_runs(runs);
    }
}

/// A release of one line, or of all: held and not-ours units are planned from today's catalog, whatever `not_before` says;
/// whether that changed anything.
pub(crate) fn release(record: &mut OrderRecord, line: Option<&str>) -> bool {
    let mut any = false;
    let lines = record.lines_mut().iter_mut();
    for line in lines.filter(|known| line.is_none_or(|line| known.id() == line)) {
        for run in line.runs_mut() {
            if matches!(run.plan, Plan::Held | Plan::NotOurs(_)) {
                run.plan = Plan::Open;
                any = true;
            }
        }
        any |= !line.is_released();
        line.release();
    }
    if line.is_none() {
        any |= !record.switches().released;
        record.switches_mut().released = true;
    }
    any
}

fn units(count: u32, like: &PlannedUnits, plan: Plan) -> PlannedUnits {
    PlannedUnits {
        count,
        sku: like.sku.clone(),
        plan,
    }
}

/// After an operator's retry: what of a unit was not bought yet, while another part of it was, is taken from today's
/// catalog, by the SKU that it was planned from. Where it belongs stays as it was.
pub(crate) fn replan_unbought_parts(record: &mut OrderRecord, catalog: &Catalog, latest: &Snapshot) {
    let (bases, vouchers) = (view::taken(record, Kind::Base), view::taken(record, Kind::Voucher));
    let listed: HashSet<&str> = latest.lines.iter().map(|line| line.id.as_str()).collect();
    for (index, line) in (0_u32..).zip(record.lines_mut()) {
        if !listed.contains(line.id().as_str()) {
            continue;
        }
        let mut first = 1_u32;
        for run in line.runs_mut() {
            let units = first..first.saturating_add(run.count);
            first = units.end;
            let (Plan::Buy(components), Some(sku)) = (&mut run.plan, &run.sku) else {
                continue;
            };
            let Some(today) = catalog.components(sku).filter(|today| today.len() == components.len()) else {
                continue;
            };
            for (at, (component, spec)) in (0_u32..).zip(components.iter_mut().zip(today)) {
                let any_in = |taken: &[Item]| {
                    let mut items = units.clone().map(|unit| Item(index, unit, at));
                    items.any(|item| taken.binary_search(&item).is_ok())
                };
                if any_in(&vouchers) {
                    continue;
                }
                let to = Destination {
                    account: &component.account,
                    site: component.product.site_id.as_ref(),
                    country: Some(&component.product.country_code),
                };
                let fresh = Resolver::component(sku, spec, &to, &mut TakenSites::default());
                if let Ok(fresh) = fresh {
                    take_over(component, fresh, any_in(&bases));
                }
            }
        }
    }
}

/// The product of today, unless it was bought, and the voucher of today, where the old one belongs.
fn take_over(component: &mut ComponentPlan, fresh: ComponentPlan, is_bought: bool) {
    let before = component.voucher.take();
    component.voucher_used_up = false;
    if !is_bought {
        component.product = fresh.product;
    }
    component.no_voucher_in = fresh.no_voucher_in;
    component.voucher = fresh.voucher.map(|mut voucher| {
        if let Some(before) = before {
            voucher.product.site_id = before.product.site_id;
        }
        voucher
    });
}
