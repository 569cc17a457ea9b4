//! What the catalog of today says about a line: the plan of its units, or why there is none.

use super::sites::{TakenSites, named_site};
use std::collections::HashSet;

use crate::catalog::{AccountRule, Catalog, Component, OnRenewal, UnknownSku, VoucherSite, VoucherSpec};
use crate::fulfilment::record::{ComponentPlan, NotOurs, Plan, PlannedUnits, Unplannable, VoucherPlan};
use crate::ids::{AccountId, CountryCode, SiteId, Sku};
use crate::order::{Line, LineId, MissingSku, Snapshot};
use crate::wix::{BillingType, ProductInput};

/// What every line of an order is resolved with.
pub(crate) struct Resolver<'a> {
    pub(crate) catalog: &'a Catalog,
    /// The reseller's own account.
    pub(crate) own: &'a AccountId,
    pub(crate) latest: &'a Snapshot,
    /// `not_before` does not hold the order back.
    pub(crate) released: bool,
    /// A record of the order may have ended before.
    pub(crate) may_have_ended: bool,
    /// Nor these lines of it.
    pub(crate) released_lines: HashSet<LineId>,
    /// The lines without an SKU that had one in an earlier state.
    pub(crate) had_sku: HashSet<LineId>,
}

/// Where the product of one component goes.
pub(crate) struct Destination<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) site: Option<&'a SiteId>,
    pub(crate) country: Option<&'a CountryCode>,
}

impl Resolver<'_> {
    /// The plans of `count` units of a line. Where the order names a site, only the first unit can have it.
    pub(crate) fn resolve(&self, line: &Line, count: u32, taken: &mut TakenSites) -> Vec<PlannedUnits> {
        let units = |count, plan| PlannedUnits {
            count,
            sku: line.sku.clone(),
            plan,
        };
        if self.is_component(line) {
            return vec![units(count, Plan::NotOurs(NotOurs::Component))];
        }
        let Some(sku) = &line.sku else {
            return vec![units(count, self.without_sku(line))];
        };
        let Some(components) = self.catalog.components(sku) else {
            let plan = match self.catalog.defaults.unknown_sku {
                _ if self.is_of_unknown_bundle(line) => self.refused(Unplannable::UnknownBundle(sku.clone())),
                UnknownSku::Ignore => Plan::NotOurs(NotOurs::UnknownSku),
                UnknownSku::Attention => self.refused(Unplannable::UnknownSku(sku.clone())),
            };
            return vec![units(count, plan)];
        };
        let is_too_old = self.latest.created_at < self.catalog.defaults.not_before;
        if (is_too_old || self.may_have_ended) && !self.released && !self.released_lines.contains(&line.id) {
            return vec![units(count, Plan::Held)];
        }
        if let Err(cause) = price(sku, line, components) {
            return vec![units(count, self.refused(cause))];
        }
        let renewed = match self.renewed(sku, components) {
            Ok(renewed) if renewed.is_empty() => return vec![units(count, Plan::NotOurs(NotOurs::Renewal))],
            Ok(renewed) => renewed,
            Err(cause) => return vec![units(count, self.refused(cause))],
        };
        let components = renewed.as_slice();
        let first = match self.components(line, sku, components, taken) {
            Ok(first) => Plan::Buy(first),
            Err(cause) => return vec![units(count, self.refused(cause))],
        };
        let mut runs = vec![units(1, first)];
        if count > 1 {
            let others = match self.components(line, sku, components, taken) {
                Ok(others) => Plan::Buy(others),
                Err(cause) => self.refused(cause),
            };
            crate::fulfilment::record::Line::push(&mut runs, units(count - 1, others));
        }
        runs
    }

    /// A line without an SKU is not ours, unless it had one, or the catalog says that somebody looks at such lines.
    fn without_sku(&self, line: &Line) -> Plan {
        if self.had_sku.contains(&line.id) {
            return self.refused(Unplannable::LostSku(line.missing_sku));
        }
        match self.catalog.defaults.unknown_sku {
            UnknownSku::Ignore if !self.is_of_unknown_bundle(line) => Plan::NotOurs(NotOurs::BlankSku),
            UnknownSku::Ignore | UnknownSku::Attention => self.refused(Unplannable::NoSku(line.missing_sku)),
        }
    }

    /// Whether a line was sold in a bundle of which no line is in the catalog: the bundle's own SKU stands in no line, so
    /// that it may be what the catalog has.
    fn is_of_unknown_bundle(&self, line: &Line) -> bool {
        let in_bundle = |line: &Line| line.missing_sku == Some(MissingSku::BundlePart);
        let is_known = |line: &Line| {
            line.sku
                .as_ref()
                .is_some_and(|sku| self.catalog.components(sku).is_some())
        };
        in_bundle(line)
            && !self
                .latest
                .lines
                .iter()
                .any(|other| in_bundle(other) && is_known(other))
    }

    /// Whether a line is a component of one whose own SKU is in the catalog, directly or through others.
    fn is_component(&self, line: &Line) -> bool {
        let mut of = line.part_of.as_ref();
        for _ in 0..MOST_NESTED {
            let Some(parent) = of.and_then(|of| self.latest.lines.iter().find(|listed| listed.id == *of)) else {
                return false;
            };
            if parent
                .sku
                .as_ref()
                .is_some_and(|sku| self.catalog.components(sku).is_some())
            {
                return true;
            }
            of = parent.part_of.as_ref();
        }
        false
    }

    /// What of an SKU is bought for an order that renews a subscription: nothing that Wix renews by itself.
    fn renewed<'c>(&self, sku: &Sku, components: &'c [Component]) -> Result<Vec<&'c Component>, Unplannable> {
        if self.latest.renews.is_none() {
            return Ok(components.iter().collect());
        }
        let mut bought = Vec::new();
        for component in components {
            let recurs = component.product.billing.as_ref();
            if recurs.is_some_and(|billing| billing.kind == BillingType::Recurring) {
                continue;
            }
            match component.on_renewal {
                Some(OnRenewal::Nothing) => {}
                Some(OnRenewal::Buy) => bought.push(component),
                None => return Err(Unplannable::RenewalUnsaid(sku.clone())),
            }
        }
        Ok(bought)
    }

    /// A plan that is refused until something changes.
    pub(crate) fn refused(&self, cause: Unplannable) -> Plan {
        Plan::Refused {
            cause,
            version: self.latest.version,
        }
    }

    fn components(
        &self,
        line: &Line,
        sku: &Sku,
        components: &[&Component],
        taken: &mut TakenSites,
    ) -> Result<Vec<ComponentPlan>, Unplannable> {
        let account = self.account(line)?;
        let site = named_site(line, self.latest)?;
        let country = self.country(line)?;
        let to = Destination {
            account: &account,
            site: site.as_ref(),
            country: country.as_ref(),
        };
        let each = components
            .iter()
            .map(|component| Self::component(sku, component, &to, taken));
        each.collect()
    }

    /// The plan of one component.
    pub(crate) fn component(
        sku: &Sku,
        component: &Component,
        to: &Destination<'_>,
        taken: &mut TakenSites,
    ) -> Result<ComponentPlan, Unplannable> {
        let spec = &component.product;
        let own_site = to
            .site
            .filter(|site| taken.take(site, &spec.catalog_product_id))
            .cloned();
        if spec.needs_site && own_site.is_none() {
            return Err(match to.site.cloned() {
                Some(site) => Unplannable::SiteTaken {
                    sku: sku.to_string(),
                    site,
                },
                None => Unplannable::NoSite(sku.to_string()),
            });
        }
        let country = to.country.or(spec.country.as_ref()).cloned();
        let country = country.ok_or_else(|| Unplannable::NoCountry(sku.to_string()))?;
        let voucher = component.voucher.as_ref();
        let no_voucher_in = voucher.map(|voucher| voucher_country(voucher, &country));
        let no_voucher_in = no_voucher_in.and_then(Result::err);
        let voucher = voucher.and_then(|voucher| voucher_plan(voucher, &country, own_site.as_ref(), taken));
        Ok(ComponentPlan {
            account: to.account.clone(),
            floats: to.site.is_some() && own_site.is_none(),
            product: ProductInput {
                catalog_product_id: spec.catalog_product_id.clone(),
                site_id: own_site,
                billing_info: spec.billing.clone(),
                country_code: country,
                discount_code: spec.discount_code.clone(),
                reference_product_instance_id: None,
            },
            on_cancel: component.on_cancel,
            voucher,
            no_voucher_in,
            moves: 0,
            adjusts: 0,
            voucher_used_up: false,
        })
    }

    fn account(&self, line: &Line) -> Result<AccountId, Unplannable> {
        let named = line.fields.account.as_ref().or(self.latest.fields.account.as_ref());
        let defaults = &self.catalog.defaults;
        match (named, defaults.account) {
            (Some(named), _) => {
                let account: AccountId = named.parse().map_err(|_| Unplannable::InvalidAccount)?;
                if defaults.allows(&account) {
                    Ok(account)
                } else {
                    Err(Unplannable::AccountNotAllowed(account))
                }
            }
            (None, AccountRule::Default) => Ok(self.own.clone()),
            (None, AccountRule::Required) => Err(Unplannable::NoAccount),
        }
    }

    fn country(&self, line: &Line) -> Result<Option<CountryCode>, Unplannable> {
        let named = line.fields.country.as_ref().or(self.latest.fields.country.as_ref());
        match named.map(|named| named.trim()).filter(|named| !named.is_empty()) {
            Some(named) => named.parse().map(Some).map_err(|_| Unplannable::InvalidCountry),
            None => Ok(None),
        }
    }
}

/// How deep composites are looked into: a shop that nests deeper is met in no published order.
const MOST_NESTED: usize = 5;

/// Compares what was charged for a line with the catalog's price, where both are said.
pub(super) fn price(sku: &Sku, line: &Line, components: &[Component]) -> Result<(), Unplannable> {
    let price = components.iter().find_map(|component| component.price.as_ref());
    let (Some(price), Some(charged)) = (price, &line.amount) else {
        return Ok(());
    };
    let expected = i64::from(price.amount).checked_mul(i64::from(line.units));
    if expected == Some(charged.minor) && price.currency == charged.currency {
        return Ok(());
    }
    Err(Unplannable::PriceDiffers {
        sku: sku.clone(),
        units: line.units,
        charged: format!("{} {}", charged.minor, charged.currency),
        expected: format!("{} {}", expected.unwrap_or(i64::MAX), price.currency),
    })
}

/// The country in which a voucher is claimed; `Err`: it does not exist there.
fn voucher_country(spec: &VoucherSpec, inherited: &CountryCode) -> Result<CountryCode, CountryCode> {
    let country = spec.country.as_ref().unwrap_or(inherited).clone();
    if spec.exists_in(&country) {
        Ok(country)
    } else {
        Err(country)
    }
}

fn voucher_plan(
    spec: &VoucherSpec,
    inherited: &CountryCode,
    site: Option<&SiteId>,
    taken: &mut TakenSites,
) -> Option<VoucherPlan> {
    let country_code = voucher_country(spec, inherited).ok()?;
    let follows_site = match spec.site {
        VoucherSite::Inherit => true,
        VoucherSite::None => false,
    };
    let site_id = site
        .filter(|site| follows_site && taken.take(site, &spec.catalog_product_id))
        .cloned();
    Some(VoucherPlan {
        product: ProductInput {
            catalog_product_id: spec.catalog_product_id.clone(),
            site_id,
            billing_info: spec.billing.clone(),
            country_code,
            discount_code: spec.discount_code.clone(),
            reference_product_instance_id: None,
        },
        follows_site,
    })
}
