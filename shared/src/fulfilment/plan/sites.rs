//! Sites: which one a line is for, which ones are taken, and the site that an order comes to name after it was planned.
//! Wix refuses the same product twice on one site.

use std::collections::HashSet;

use crate::fulfilment::record::{ComponentPlan, Entitled, OrderRecord, Plan, PlannedUnits, Unplannable};
use crate::ids::{CatalogProductId, SiteId};
use crate::order::{Line, Snapshot};

/// The sites that the products of an order's wanted units were planned for.
#[derive(Debug, Clone, Default)]
pub(crate) struct TakenSites(HashSet<(SiteId, CatalogProductId)>);

impl TakenSites {
    /// What the wanted units of a record have.
    pub(crate) fn of(record: &OrderRecord, entitled: &Entitled) -> Self {
        let mut taken = Self::default();
        for (index, line) in record.lines().iter().enumerate() {
            let units = entitled.buy(index);
            let wanted = line.numbered_runs().filter(|(first, _)| *first <= units);
            for component in wanted.flat_map(|(_, run)| run.plan.components()) {
                taken.keep(component);
            }
        }
        taken
    }

    /// Keeps the sites of a plan: what is on one stays there, whatever else is planned for it.
    pub(super) fn keep(&mut self, component: &ComponentPlan) {
        let voucher = component.voucher.as_ref().map(|voucher| &voucher.product);
        for product in [Some(&component.product), voucher].into_iter().flatten() {
            if let Some(site) = &product.site_id {
                self.0.insert((site.clone(), product.catalog_product_id.clone()));
            }
        }
    }

    /// Takes the site for the product, or says that it is taken.
    pub(crate) fn take(&mut self, site: &SiteId, product: &CatalogProductId) -> bool {
        self.0.insert((site.clone(), product.clone()))
    }

    /// Gives back what plans that are not made after all have taken.
    pub(crate) fn give_back(&mut self, runs: &[PlannedUnits]) {
        for component in runs.iter().flat_map(|run| run.plan.components()) {
            let voucher = component.voucher.as_ref().map(|voucher| &voucher.product);
            for product in [Some(&component.product), voucher].into_iter().flatten() {
                if let Some(site) = &product.site_id {
                    self.0.remove(&(site.clone(), product.catalog_product_id.clone()));
                }
            }
        }
    }
}

/// The site that a line is for: its own, else the order's.
pub(crate) fn named_site(line: &Line, latest: &Snapshot) -> Result<Option<SiteId>, Unplannable> {
    let named = line.fields.site.as_ref().or(latest.fields.site.as_ref());
    match named.map(|named| named.trim()).filter(|named| !named.is_empty()) {
        Some(named) => named.parse().map(Some).map_err(|_| Unplannable::InvalidSite),
        None => Ok(None),
    }
}

/// The site that a line has come to name, where none of its units belongs there and one belongs on another.
pub(crate) fn moved_to(planned: &crate::fulfilment::record::Line, listed: &Line, latest: &Snapshot) -> Option<SiteId> {
    let named = named_site(listed, latest).ok().flatten()?;
    let components = planned.runs().iter().flat_map(|run| run.plan.components());
    let mut sites = components.filter_map(|component| component.product.site_id.as_ref());
    let first = sites.next()?;
    (*first != named && sites.all(|site| *site != named)).then_some(named)
}

/// Gives the first floating unit of a product the site that the order has come to name; the others are never assigned.
pub(crate) fn attach(record: &mut OrderRecord, entitled: &Entitled, named: &[(usize, SiteId)]) {
    let open = |component: &ComponentPlan| component.product.site_id.is_none() && !component.floats;
    let is_open = |run: &PlannedUnits| run.plan.components().iter().any(open);
    let mut taken = None;
    for (index, site) in named {
        let Some(line) = record
            .lines()
            .get(*index)
            .filter(|line| line.runs().iter().any(is_open))
        else {
            continue;
        };
        let old = line.runs().to_vec();
        // Units that are taken back and kept another product's plan must not claim the site of the others.
        let units = if record.has_other_targets() {
            entitled.buy(*index)
        } else {
            u32::MAX
        };
        let taken = taken.get_or_insert_with(|| TakenSites::of(record, entitled));
        let (mut runs, mut next) = (Vec::new(), 1_u32);
        for run in old {
            let first = next;
            next = next.saturating_add(run.count);
            if !is_open(&run) || first > units {
                runs.push(run);
                continue;
            }
            let settle = |taken: &mut TakenSites| Plan::Buy(settled(run.plan.components(), site, taken));
            let first = PlannedUnits {
                count: 1,
                sku: run.sku.clone(),
                plan: settle(taken),
            };
            runs.push(first);
            if run.count > 1 {
                let plan = settle(taken);
                runs.push(PlannedUnits {
                    count: run.count - 1,
                    plan,
                    ..run
                });
            }
        }
        if let Some(line) = record.lines_mut().get_mut(*index) {
            line.set_runs(runs);
        }
    }
}

fn settled(components: &[ComponentPlan], site: &SiteId, taken: &mut TakenSites) -> Vec<ComponentPlan> {
    let mut settled = components.to_vec();
    for component in settled.iter_mut().filter(|c| c.product.site_id.is_none() && !c.floats) {
        if taken.take(site, &component.product.catalog_product_id) {
            component.product.site_id = Some(site.clone());
            if let Some(voucher) = component.voucher.as_mut().filter(|voucher| voucher.follows_site)
                && taken.take(site, &voucher.product.catalog_product_id)
            {
                voucher.product.site_id = Some(site.clone());
            }
        } else {
            component.floats = true;
        }
    }
    settled
}
