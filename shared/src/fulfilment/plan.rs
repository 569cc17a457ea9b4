//! What is bought for a unit, decided once: when a unit is first wanted its plan is resolved from the catalog and
//! frozen in the record, so that a later catalog touches new units only.
//!
//! What costs money is refused when it is unclear, with a sentence that says what to do; the other lines go on.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::record::{Item, Kind, OrderRecord};
use super::size;
use crate::catalog::{AccountRule, Catalog, Component, OnCancel, UnknownSku, VoucherSite, VoucherSpec};
use crate::ids::{AccountId, CatalogProductId, CountryCode, SiteId};
use crate::order::{LineId, Snapshot, Version};
use crate::time::Timestamp;
use crate::wix::ProductInput;

/// A line of the order with the frozen plans of its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The storefront's ID of the line.
    pub id: LineId,
    /// The plans in the order of the units: the first run is for units 1 to its count, and so on.
    pub runs: Vec<Run>,
}

/// Units in a row that have the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How many units.
    pub count: u32,
    /// The plan of each.
    pub plan: Plan,
}

/// What is done for a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Nothing, now and later: why.
    NotOurs(NotOurs),
    /// Nothing until an operator says so: the order is from before the catalog's `not_before`.
    Held,
    /// Nothing, because it is unclear: attention. A newer snapshot or an operator's retry plans anew.
    Refused {
        /// What is wrong and what to do, in one sentence.
        advice: String,
        /// The version of the snapshot that it was decided on.
        version: Version,
    },
    /// One product for each component.
    Buy(Vec<ComponentPlan>),
}

/// Why a unit is none of our business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotOurs {
    /// The line has no SKU.
    BlankSku,
    /// The catalog does not have the SKU, and says to ignore such ones.
    UnknownSku,
}

/// What is bought for one component of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentPlan {
    /// For which account.
    pub account: AccountId,
    /// The product as it is requested; its site is where the instance belongs while the unit is wanted.
    pub product: ProductInput,
    /// The order names a site, and another unit of the same product has it: this one floats for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floats: bool,
    /// What is done with the instance when the unit is not wanted any more.
    pub on_cancel: OnCancel,
    /// The free extra.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherPlan>,
    /// Why there is no free extra although the catalog has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_voucher: Option<String>,
}

/// The free extra of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherPlan {
    /// The product as it is requested, without its reference.
    pub product: ProductInput,
    /// Goes to the site of its reference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows_site: bool,
}

impl Line {
    /// The plan of a unit, from 1.
    pub fn plan(&self, unit: u32) -> Option<&Plan> {
        let mut left = unit;
        for run in &self.runs {
            if left <= run.count {
                return Some(&run.plan);
            }
            left -= run.count;
        }
        None
    }

    fn planned(&self) -> u32 {
        self.runs.iter().fold(0_u32, |sum, run| sum.saturating_add(run.count))
    }
}

impl OrderRecord {
    /// The plan of one item, if it is one to buy.
    pub fn component(&self, item: Item) -> Option<&ComponentPlan> {
        let line = self.actual.lines.get(usize::try_from(item.0).ok()?)?;
        match line.plan(item.1)? {
            Plan::Buy(components) => components.get(usize::try_from(item.2).ok()?),
            Plan::NotOurs(_) | Plan::Held | Plan::Refused { .. } => None,
        }
    }

    /// Whether the unit of an item is wanted.
    pub fn wants(&self, item: Item) -> bool {
        let line = usize::try_from(item.0)
            .ok()
            .and_then(|index| self.actual.lines.get(index));
        line.is_some_and(|line| item.1 <= self.desired.live(&line.id))
    }

    /// Every item with a plan to buy whose unit is wanted, in the order of the lines.
    pub fn wanted_items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for (index, line) in (0_u32..).zip(&self.actual.lines) {
            let live = self.desired.live(&line.id);
            let mut unit = 0;
            for run in &line.runs {
                let components = match &run.plan {
                    Plan::Buy(components) => u32::try_from(components.len()).unwrap_or(u32::MAX),
                    Plan::NotOurs(_) | Plan::Held | Plan::Refused { .. } => 0,
                };
                let last = unit + run.count.min(live.saturating_sub(unit));
                if components > 0 {
                    items.extend((unit + 1..=last).flat_map(|unit| (0..components).map(move |c| Item(index, unit, c))));
                }
                unit = unit.saturating_add(run.count);
            }
        }
        items
    }
}

/// Freezes a plan for every unit that is wanted and has none, and gives a floating unit the site that the order has
/// come to name. `own` is the reseller's own account.
pub fn freeze(record: &mut OrderRecord, catalog: &Catalog, own: &AccountId) {
    let Some(latest) = record.desired.latest().cloned() else {
        return;
    };
    let wanted: Vec<(crate::order::Line, u32)> = record
        .desired
        .live_lines()
        .map(|(line, units)| (line.clone(), units))
        .collect();
    for (line, units) in wanted {
        let known = record.actual.lines.iter().position(|known| known.id == line.id);
        let old_runs = known
            .and_then(|at| record.actual.lines.get(at))
            .map(|line| line.runs.clone())
            .unwrap_or_default();
        let planned = Line {
            id: line.id.clone(),
            runs: old_runs.clone(),
        }
        .planned();
        let stale = |plan: &Plan| matches!(plan, Plan::Refused { version, .. } if *version < latest.version);
        if planned >= units && !old_runs.iter().any(|run| stale(&run.plan)) {
            continue;
        }
        let at = known.unwrap_or_else(|| {
            record.actual.lines.push(Line {
                id: line.id.clone(),
                runs: Vec::new(),
            });
            record.actual.lines.len() - 1
        });
        let resolver = Resolver {
            catalog,
            own,
            latest: &latest,
            released: record.actual.released,
        };
        let missing = units.saturating_sub(planned);
        let mut runs = Vec::new();
        for run in &old_runs {
            if stale(&run.plan) {
                let taken = TakenSites::of(record, at, &runs);
                runs.extend(resolver.resolve(&line, run.count, taken));
            } else {
                runs.push(run.clone());
            }
        }
        if missing > 0 {
            let taken = TakenSites::of(record, at, &runs);
            runs.extend(resolver.resolve(&line, missing, taken));
        }
        set_runs(record, at, runs);
        if size::worst_case(record) > crate::ledger::MAX_BODY_BYTES {
            let refused = || {
                resolver.refused(format!(
                    "{units} units are more than one order record can hold, and nothing was bought for them: \
                     buy them by hand, or let the customer split the order"
                ))
            };
            let kept = old_runs.iter().map(|run| match stale(&run.plan) {
                true => Run {
                    count: run.count,
                    plan: refused(),
                },
                false => run.clone(),
            });
            let more = (missing > 0).then(|| Run {
                count: missing,
                plan: refused(),
            });
            set_runs(record, at, kept.chain(more).collect());
        }
    }
    attach_sites(record, &latest);
    if record.actual.replan {
        replan(record, catalog, own, &latest);
        record.actual.replan = false;
    }
}

/// After an operator's retry: what of a unit was not bought yet, while another part of it was, is taken from today's
/// catalog. Where it belongs stays as it was.
fn replan(record: &mut OrderRecord, catalog: &Catalog, own: &AccountId, latest: &Snapshot) {
    let resolver = Resolver {
        catalog,
        own,
        latest,
        released: record.actual.released,
    };
    let (bases, vouchers) = (record.taken(Kind::Base), record.taken(Kind::Voucher));
    for (index, line) in (0_u32..).zip(&mut record.actual.lines) {
        let Some(listed) = latest.lines.iter().find(|listed| listed.id == line.id) else {
            continue;
        };
        let Some(today) = listed.sku.as_ref().and_then(|sku| catalog.components(sku)) else {
            continue;
        };
        let mut first = 1_u32;
        for run in &mut line.runs {
            let units = first..first.saturating_add(run.count);
            first = units.end;
            let Plan::Buy(components) = &mut run.plan else { continue };
            if components.len() != today.len() {
                continue;
            }
            for (at, (component, spec)) in (0_u32..).zip(components.iter_mut().zip(today)) {
                let is_in = |taken: &HashSet<Item>| units.clone().any(|unit| taken.contains(&Item(index, unit, at)));
                if is_in(&vouchers) {
                    continue;
                }
                let site = component.product.site_id.clone();
                let mut nothing_taken = TakenSites(Vec::new());
                let country = Some(&component.product.country_code);
                let account = component.account.clone();
                let Ok(fresh) = resolver.component(listed, spec, &account, site.as_ref(), country, &mut nothing_taken)
                else {
                    continue;
                };
                let voucher_site = component
                    .voucher
                    .as_ref()
                    .and_then(|voucher| voucher.product.site_id.clone());
                let had_voucher = component.voucher.is_some();
                if !is_in(&bases) {
                    component.product = fresh.product;
                }
                component.no_voucher = fresh.no_voucher;
                component.voucher = fresh.voucher.map(|mut voucher| {
                    if had_voucher {
                        voucher.product.site_id = voucher_site;
                    }
                    voucher
                });
            }
        }
    }
}

impl OrderRecord {
    /// What the guard `stored_request` is there to prevent: a request of unknown outcome is built anew from today's
    /// catalog.
    pub(crate) fn rebuild(&mut self, at: usize, catalog: &Catalog, own: &AccountId, now: Timestamp) {
        let mut bare = self.clone();
        if at >= bare.actual.purchases.len() {
            return;
        }
        let kind = bare.actual.purchases.remove(at).kind;
        bare.replan_unbought();
        freeze(&mut bare, catalog, own);
        if let (Some(draft), Some(purchase)) = (bare.draft(kind, now, now), self.actual.purchases.get_mut(at)) {
            purchase.products = draft.products;
        }
    }
}

fn set_runs(record: &mut OrderRecord, at: usize, runs: Vec<Run>) {
    if let Some(line) = record.actual.lines.get_mut(at) {
        line.runs = runs;
    }
}

/// The sites that a product of this order was planned for: Wix refuses the same product twice on one site.
struct TakenSites(Vec<(SiteId, CatalogProductId)>);

impl TakenSites {
    /// Of the wanted units of every line; for the line at `now`, of `its_runs` instead.
    fn of(record: &OrderRecord, now: usize, its_runs: &[Run]) -> Self {
        let mut taken = Vec::new();
        for (at, line) in record.actual.lines.iter().enumerate() {
            let runs = if at == now { its_runs } else { &line.runs };
            let mut left = record.desired.live(&line.id);
            for run in runs {
                if let (Plan::Buy(components), true) = (&run.plan, left > 0) {
                    for component in components {
                        let products = [Some(&component.product), component.voucher.as_ref().map(|v| &v.product)];
                        for product in products.into_iter().flatten() {
                            if let Some(site) = &product.site_id {
                                taken.push((site.clone(), product.catalog_product_id.clone()));
                            }
                        }
                    }
                }
                left = left.saturating_sub(run.count);
            }
        }
        Self(taken)
    }

    /// Takes the site for the product, or says that it is taken.
    fn take(&mut self, site: &SiteId, product: &CatalogProductId) -> bool {
        if self.0.iter().any(|(taken, by)| taken == site && by == product) {
            return false;
        }
        self.0.push((site.clone(), product.clone()));
        true
    }
}

struct Resolver<'a> {
    catalog: &'a Catalog,
    own: &'a AccountId,
    latest: &'a Snapshot,
    released: bool,
}

impl Resolver<'_> {
    fn resolve(&self, line: &crate::order::Line, count: u32, mut taken: TakenSites) -> Vec<Run> {
        let Some(sku) = &line.sku else {
            return vec![Run {
                count,
                plan: Plan::NotOurs(NotOurs::BlankSku),
            }];
        };
        let Some(components) = self.catalog.components(sku) else {
            let plan = match self.catalog.defaults.unknown_sku {
                UnknownSku::Ignore => Plan::NotOurs(NotOurs::UnknownSku),
                UnknownSku::Attention => self.refused(format!(
                    "the catalog has no SKU {sku}: add it, or set unknown_sku = \"ignore\", deploy, then retry the order"
                )),
            };
            return vec![Run { count, plan }];
        };
        if self.latest.created_at < self.catalog.defaults.not_before && !self.released {
            return vec![Run {
                count,
                plan: Plan::Held,
            }];
        }
        let first = match self.components(line, components, &mut taken) {
            Ok(first) => first,
            Err(advice) => {
                return vec![Run {
                    count,
                    plan: self.refused(advice),
                }];
            }
        };
        if count == 1 {
            return vec![Run {
                count,
                plan: Plan::Buy(first),
            }];
        }
        let others = match self.components(line, components, &mut taken) {
            Ok(others) => Plan::Buy(others),
            Err(advice) => self.refused(advice),
        };
        let first = Plan::Buy(first);
        if first == others {
            return vec![Run { count, plan: first }];
        }
        vec![
            Run { count: 1, plan: first },
            Run {
                count: count - 1,
                plan: others,
            },
        ]
    }

    fn refused(&self, advice: String) -> Plan {
        Plan::Refused {
            advice,
            version: self.latest.version,
        }
    }

    fn components(
        &self,
        line: &crate::order::Line,
        components: &[Component],
        taken: &mut TakenSites,
    ) -> Result<Vec<ComponentPlan>, String> {
        let account = self.account(line)?;
        let site = named_site(line, self.latest)?;
        let country = self.country(line)?;
        components
            .iter()
            .map(|component| self.component(line, component, &account, site.as_ref(), country.as_ref(), taken))
            .collect()
    }

    fn component(
        &self,
        line: &crate::order::Line,
        component: &Component,
        account: &AccountId,
        site: Option<&SiteId>,
        named_country: Option<&CountryCode>,
        taken: &mut TakenSites,
    ) -> Result<ComponentPlan, String> {
        let spec = &component.product;
        let sku = line.sku.as_ref().map(ToString::to_string).unwrap_or_default();
        let own_site = site.filter(|site| taken.take(site, &spec.catalog_product_id)).cloned();
        if spec.needs_site && own_site.is_none() {
            return Err(match site {
                Some(site) => format!(
                    "SKU {sku} needs a site of its own, and the order names only {site}, which has the product already: let the customer name another site"
                ),
                None => format!(
                    "SKU {sku} needs a site, and the order names none: set the site property of the order in the storefront"
                ),
            });
        }
        let country = named_country.or(spec.country.as_ref()).cloned().ok_or_else(|| {
            format!("the order names no country for SKU {sku}: set `country` in the catalog's [defaults]")
        })?;
        let mut plan = ComponentPlan {
            account: account.clone(),
            product: ProductInput {
                catalog_product_id: spec.catalog_product_id.clone(),
                site_id: own_site.clone(),
                billing_info: spec.billing.clone(),
                country_code: country.clone(),
                discount_code: spec.discount_code.clone(),
                reference_product_instance_id: None,
            },
            floats: site.is_some() && own_site.is_none(),
            on_cancel: component.on_cancel,
            voucher: None,
            no_voucher: None,
        };
        if let Some(voucher) = &component.voucher {
            match voucher_plan(voucher, &country, own_site.as_ref(), taken) {
                Ok(voucher) => plan.voucher = Some(voucher),
                Err(why) => plan.no_voucher = Some(why),
            }
        }
        Ok(plan)
    }

    fn account(&self, line: &crate::order::Line) -> Result<AccountId, String> {
        let named = line.fields.account.as_ref().or(self.latest.fields.account.as_ref());
        let defaults = &self.catalog.defaults;
        match (named, defaults.account) {
            (Some(named), _) => {
                let account: AccountId = named.parse().map_err(|_| {
                    "the order's Wix account property is not an account ID (a GUID): correct it in the storefront".to_owned()
                })?;
                if defaults.allows(&account) {
                    Ok(account)
                } else {
                    Err(format!("the order names the Wix account {account}, which the catalog's allowed_accounts does not list: add it, or correct the order, then retry"))
                }
            }
            (None, AccountRule::Default) => Ok(self.own.clone()),
            (None, AccountRule::Required) => Err(
                "the order names no Wix account, and the catalog requires one: set the account property of the order in the storefront".to_owned(),
            ),
        }
    }

    fn country(&self, line: &crate::order::Line) -> Result<Option<CountryCode>, String> {
        let named = line.fields.country.as_ref().or(self.latest.fields.country.as_ref());
        match named.map(|named| named.trim()).filter(|named| !named.is_empty()) {
            Some(named) => named.parse().map(Some).map_err(|_| {
                "the order's country is not a code of two letters: correct it in the storefront".to_owned()
            }),
            None => Ok(None),
        }
    }
}

fn voucher_plan(
    spec: &VoucherSpec,
    inherited: &CountryCode,
    site: Option<&SiteId>,
    taken: &mut TakenSites,
) -> Result<VoucherPlan, String> {
    let country = spec.country.as_ref().unwrap_or(inherited).clone();
    if !spec.exists_in(&country) {
        return Err(format!("the voucher does not exist in {country}"));
    }
    let follows_site = match spec.site {
        VoucherSite::Inherit => true,
        VoucherSite::None => false,
    };
    let site_id = site
        .filter(|site| follows_site && taken.take(site, &spec.catalog_product_id))
        .cloned();
    Ok(VoucherPlan {
        product: ProductInput {
            catalog_product_id: spec.catalog_product_id.clone(),
            site_id,
            billing_info: spec.billing.clone(),
            country_code: country,
            discount_code: spec.discount_code.clone(),
            reference_product_instance_id: None,
        },
        follows_site,
    })
}

/// The site that a line is for: its own, else the order's.
pub(crate) fn named_site(line: &crate::order::Line, latest: &Snapshot) -> Result<Option<SiteId>, String> {
    let named = line.fields.site.as_ref().or(latest.fields.site.as_ref());
    match named.map(|named| named.trim()).filter(|named| !named.is_empty()) {
        Some(named) => named.parse().map(Some).map_err(|_| {
            "the order's Wix site property is not a site ID (a GUID): correct it in the storefront".to_owned()
        }),
        None => Ok(None),
    }
}

/// Gives the first floating unit of a product the site that the order has come to name; the others float for good.
fn attach_sites(record: &mut OrderRecord, latest: &Snapshot) {
    let sited: Vec<(usize, SiteId)> = latest
        .lines
        .iter()
        .filter_map(|line| {
            let site = named_site(line, latest).ok().flatten()?;
            let at = record.actual.lines.iter().position(|known| known.id == line.id)?;
            (record.desired.live(&line.id) > 0).then_some((at, site))
        })
        .collect();
    for (at, site) in sited {
        let open = |component: &ComponentPlan| component.product.site_id.is_none() && !component.floats;
        let is_open = |run: &Run| match &run.plan {
            Plan::Buy(components) => components.iter().any(open),
            Plan::NotOurs(_) | Plan::Held | Plan::Refused { .. } => false,
        };
        let Some(line) = record.actual.lines.get(at) else {
            continue;
        };
        if !line.runs.iter().any(is_open) {
            continue;
        }
        let old = line.runs.clone();
        let mut taken = TakenSites::of(record, at, &old);
        let mut runs = Vec::new();
        for run in old {
            let Plan::Buy(components) = &run.plan else {
                runs.push(run);
                continue;
            };
            if !components.iter().any(open) {
                runs.push(run);
                continue;
            }
            let first = settle_site(components, &site, &mut taken);
            let rest = settle_site(components, &site, &mut taken);
            runs.push(Run {
                count: 1,
                plan: Plan::Buy(first),
            });
            if run.count > 1 {
                runs.push(Run {
                    count: run.count - 1,
                    plan: Plan::Buy(rest),
                });
            }
        }
        set_runs(record, at, runs);
    }
}

fn settle_site(components: &[ComponentPlan], site: &SiteId, taken: &mut TakenSites) -> Vec<ComponentPlan> {
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
