//! What a history must have come to: the world's invariants, and what the shop's own book says, which knows nothing of
//! the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reseller_hooks::fulfilment::OrderRecord;
use reseller_hooks::fulfilment::attention;
use reseller_hooks::fulfilment::derive;
use reseller_hooks::fulfilment::record::{ComponentPlan, Line, Plan};

use super::attacks::FORGED_ORDER;
use super::book::{ShopOrder, Trash};
use super::oddities::BAD_REFERENCE;
use super::restore;
use super::trouble::OTHER_MAIL;
use reseller_hooks::ledger::Entry;

use crate::world::{OWN, World, packages_of, violations as invariants};
use reseller_hooks::time::Clock;
use wix_sandbox::Operation;

const PREMIUM: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
const LARGE: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";

/// When the check is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing moves any more.
    Rest,
    /// After an operator's retry.
    Retried,
    /// After an operator's retry that replaces what has ended.
    Replaced,
    /// After an operator closed every problem and retried.
    Closed,
    /// After an audit.
    Audited,
    /// After everything was delivered again.
    Again,
}

/// What else happened that the check must know.
#[derive(Clone, Copy)]
pub(super) struct Came<'a> {
    pub(super) catalog_changed: bool,
    /// The orders of which an operator had what has ended replaced.
    pub(super) replaced: &'a BTreeSet<String>,
    /// The orders of which a restored ledger lacked something.
    pub(super) restored: &'a BTreeSet<String>,
    pub(super) stage: Stage,
}

/// Everything that is not as promised.
pub(super) fn violations(world: &World, orders: &[ShopOrder], came: Came<'_>) -> Vec<String> {
    let stage = came.stage;
    let mut found = invariants(world);
    found.retain(|what| restore::counts(world, came.restored, what));
    let forged = format!("/{FORGED_ORDER}");
    if world.ledger.entries().iter().any(|entry| entry.key.ends_with(&forged)) {
        found.push("I1: a forged order is in the ledger".to_owned());
    }
    for order in orders {
        let entry = world.ledger.entries().into_iter().find(|entry| entry.key == order.key);
        let read = entry.and_then(|entry| Some((OrderRecord::from_json(&entry.body).ok()?, entry)));
        let Some((record, entry)) = read else {
            // What was never paid is nobody's business yet.
            if order.skus.keys().any(|line| order.owed(line) > 0) {
                found.push(format!("I7 {}: it was told and no record knows of it", order.key));
            }
            continue;
        };
        let book = Book {
            world,
            order,
            record: &record,
            catalog_changed: came.catalog_changed,
            is_erasing: entry.body.contains("\"erasing\":true"),
            is_restored: came.restored.contains(&order.key),
            replaced: stage == Stage::Replaced || came.replaced.contains(&order.key),
        };
        if record.erased().is_some() {
            found.extend(
                book.erased(&entry)
                    .into_iter()
                    .filter(|what| !(what.starts_with("I9") && came.restored.contains(&order.key)))
                    .map(|what| format!("{what} ({})", order.key)),
            );
            continue;
        }
        let mut broken = Vec::new();
        if order.trash() != Trash::Any {
            broken.extend(book.heard());
            broken.extend(book.planned());
        }
        // The packages of an order for several accounts are numbered across them, and a lost number may be another account's:
        // docs/operate.md says so, and the audit names the package.
        if !came.restored.contains(&order.key) || order.line_accounts.is_empty() {
            broken.extend(book.bought_once());
        }
        // What the lost ledger did to a package that the restored one does not know is the audit's to name.
        if !came.restored.contains(&order.key) {
            broken.extend(book.kept());
            broken.extend(book.tagged());
            broken.extend(book.attention(stage));
        }
        found.extend(broken.into_iter().map(|what| format!("{what} ({})", order.key)));
    }
    found
}

/// The shop's book of one order beside the ledger's record of it.
pub(super) struct Book<'a> {
    pub(super) world: &'a World,
    pub(super) order: &'a ShopOrder,
    pub(super) record: &'a OrderRecord,
    catalog_changed: bool,
    replaced: bool,
    is_erasing: bool,
    is_restored: bool,
}

impl Book<'_> {
    /// I7: everything that was said has been heard.
    fn heard(&self) -> Vec<String> {
        let lines = self.order.skus.keys();
        // What an amount was given back for is not known: nothing more may be bought.
        let sure = |line: &str| match self.order.is_unclear() {
            true => 0,
            false => self.order.owed(line),
        };
        lines
            .map(|line| (line, sure(line), self.live(line)))
            .filter(|(_, owed, live)| owed != live)
            .map(|(line, owed, live)| format!("I7 line {line}: {owed} are owed, the record wants {live}"))
            .collect()
    }

    /// What the record wants of a line. What an operator released counts in its own policy only.
    fn live(&self, line: &str) -> u32 {
        let desired = self.record.desired();
        if !self.order.meaning.begins_unheard {
            return desired.live(line);
        }
        let far = self.world.clock.now() + Duration::from_secs(86_400);
        desired.entitlement(line, far, &self.record.policy()).buy
    }

    /// I2: every unit that is owed has the plan that the catalog says.
    fn planned(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.order.is_unclear() {
            return found; // it may have been told before anything was planned
        }
        for line in self.order.skus.keys() {
            let owed = self.order.owed(line);
            let skus = self.order.paid_skus(line);
            let planned = self.record.lines().iter().find(|planned| planned.id() == line);
            for unit in 1..=owed {
                let wrong = skus.iter().map(|sku| self.plan_of(line, sku, planned, unit).err());
                if let Some(Some(what)) = wrong.reduce(|one, two| one.and(two)) {
                    found.push(format!("I2 line {line} unit {unit} ({skus:?}): {what}"));
                    break;
                }
            }
        }
        found
    }

    fn plan_of(&self, line: &str, sku: &str, planned: Option<&Line>, unit: u32) -> Result<(), String> {
        let plan = planned.and_then(|line| line.plan(unit)).ok_or("it has no plan")?;
        if self.order.meaning.renews {
            return match plan {
                Plan::NotOurs(_) => Ok(()),
                Plan::Open | Plan::Held | Plan::Refused { .. } | Plan::Closed | Plan::Buy(_) => {
                    Err(format!("a renewal has {plan:?}"))
                }
            };
        }
        let expected: &[(&str, bool)] = match self.order.sells(line, sku) {
            "SMALL" => &[(PREMIUM, false)],
            "LARGE" => &[(LARGE, true)],
            "PLAN" => &[(PREMIUM, true)],
            "MAIL" | "ENDS" | "KEPT" | "SITED" => &[(EMAIL, false)],
            "PAIR" => &[(PREMIUM, true), (EMAIL, false)],
            _ => {
                return match plan {
                    Plan::NotOurs(_) => Ok(()),
                    // The bundle's own SKU may be what the catalog has.
                    Plan::Refused { .. } | Plan::Closed if self.order.parts.contains(line) => Ok(()),
                    Plan::Open | Plan::Held | Plan::Refused { .. } | Plan::Closed | Plan::Buy(_) => {
                        Err(format!("{plan:?}"))
                    }
                };
            }
        };
        match plan {
            Plan::Buy(components) => {
                if components.len() != expected.len() {
                    return Err(format!("{} components", components.len()));
                }
                for (component, (product, voucher)) in components.iter().zip(expected) {
                    self.component(line, sku, component, product, *voucher)?;
                }
                Ok(())
            }
            // Without a site of its own it cannot be bought, and that is said.
            Plan::Refused { .. } | Plan::Closed if sku == "SITED" => Ok(()),
            Plan::Open | Plan::Refused { .. } | Plan::Closed | Plan::NotOurs(_) | Plan::Held => {
                Err(format!("{plan:?}"))
            }
        }
    }

    fn component(
        &self,
        line: &str,
        sku: &str,
        plan: &ComponentPlan,
        product: &str,
        voucher: bool,
    ) -> Result<(), String> {
        let planned = plan.product.catalog_product_id.as_str();
        let changed = self.catalog_changed && sku == "MAIL" && planned == OTHER_MAIL;
        if planned != product && !changed {
            return Err(format!("product {planned}"));
        }
        // The free extra of the large plan stays with the small one.
        let kept = sku == "SMALL" && plan.adjusts > 0 && plan.voucher.is_some();
        if plan.voucher.is_some() != voucher && !kept {
            return Err(format!("voucher {:?}", plan.voucher));
        }
        let named = self.order.line_accounts.get(line).or(self.order.account.as_ref());
        let account = named.map_or(OWN, String::as_str);
        if plan.account.as_str() != account {
            return Err(format!("account {}", plan.account));
        }
        let stays = sku != "SMALL" && sku != "LARGE";
        match &plan.product.site_id {
            // Only what the catalog moves leaves the site that the order named first.
            // An order that was never paid by the shop's word is told in vain, and an operator told that it is paid.
            Some(site) if !self.order.is_newest_known() && self.order.old_sites.contains(site.as_str()) => Ok(()),
            Some(site) if stays && self.order.old_sites.contains(site.as_str()) => Ok(()),
            // Two lines that have come to one product cannot both move: Wix takes a product once on a site.
            Some(site) if self.order.old_sites.contains(site.as_str()) && self.cannot_follow(plan) => Ok(()),
            // A unit that was added since is there, so that the line is where the order says.
            Some(site) if self.order.old_sites.contains(site.as_str()) && self.is_on_its_site(line) => Ok(()),
            Some(site) if self.order.site.as_deref() != Some(site.as_str()) => {
                let shown = attention(self.record, &self.world.settings, self.world.clock.now());
                let codes: Vec<&str> = shown.iter().map(|problem| problem.code.as_str()).collect();
                // What the lost ledger may have bought holds up the order, until a person has settled it.
                if self.is_restored && !codes.is_empty() {
                    return Ok(());
                }
                Err(format!("site {site}, and a person is shown {codes:?}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a unit of a line is planned for the site that the order names now.
    fn is_on_its_site(&self, line: &str) -> bool {
        let planned = self.record.lines().iter().find(|planned| planned.id() == line);
        let runs = planned.into_iter().flat_map(Line::runs);
        let mut sites = runs
            .flat_map(|run| run.plan.components())
            .filter_map(|plan| plan.product.site_id.as_ref());
        sites.any(|site| Some(site.as_str()) == self.order.site.as_deref())
    }

    /// Whether a person was told that something does not go to the site that the order names now: another unit has the
    /// product there, or Wix has refused it.
    fn cannot_follow(&self, plan: &ComponentPlan) -> bool {
        let runs = self.record.lines().iter().flat_map(Line::runs);
        let mut others = runs.flat_map(|run| run.plan.components());
        // The two plans are of one type, of which Wix takes one on a site.
        let kind = |component: &ComponentPlan| match component.product.catalog_product_id.as_str() {
            LARGE => PREMIUM.to_owned(),
            other => other.to_owned(),
        };
        let is_there = others.any(|other| {
            kind(other) == kind(plan) && other.product.site_id.as_ref().map(ToString::to_string) == self.order.site
        });
        let shown = attention(self.record, &self.world.settings, self.world.clock.now());
        let told_of = |code: &str| {
            let was_told = self.record.closed().values().any(|closing| closing.code == code);
            was_told || shown.iter().any(|problem| problem.code == code)
        };
        // What Wix refused to create stays as it was asked for until it is retried: it refuses a type of product that is on the
        // site, and one that a package names twice for a site (both documented).
        let refused = ["PRODUCT_TYPE_ALREADY_ASSIGNED", "MULTIPLE_PRODUCT_ASSIGNMENTS"];
        (is_there && told_of("SITE_CHANGED")) || refused.into_iter().any(told_of)
    }

    /// I1, over everything that ever was created: no more instances of a product than units there ever were. After an
    /// operator had what has ended replaced, only what is alive counts.
    fn bought_once(&self) -> Vec<String> {
        let mut most: BTreeMap<&str, u32> = BTreeMap::new();
        for (line, sku) in &self.order.skus {
            let units = self.order.most(line);
            let products: &[&str] = match self.order.sells(line, sku) {
                // Either plan may be the other by now.
                "PLAN" | "SMALL" | "LARGE" => &[PREMIUM],
                "PAIR" => &[PREMIUM, EMAIL],
                "T-SHIRT" => &[],
                _ => &[EMAIL],
            };
            for product in products {
                *most.entry(product).or_default() += units;
            }
        }
        let mut bought: BTreeMap<&str, u32> = BTreeMap::new();
        for package in packages_of(self.world, self.record) {
            for instance in package.instances.iter().filter(|i| i.reference.is_none()) {
                let counts = !self.replaced || instance.status.is_alive();
                let is_premium = [PREMIUM, LARGE].contains(&instance.catalog_product_id.to_string().as_str());
                *bought.entry(if is_premium { PREMIUM } else { EMAIL }).or_default() += u32::from(counts);
            }
        }
        bought
            .into_iter()
            .map(|(product, count)| (product, count, most.get(product).copied().unwrap_or(0)))
            .filter(|(_, count, most)| count > most)
            .map(|(product, count, most)| format!("I1: {count} of {product} were bought for {most} units"))
            .collect()
    }

    /// What an operator erased had ended: nothing of it is due or bought again, and what can be taken back is.
    fn erased(&self, entry: &Entry) -> Vec<String> {
        let mut found = Vec::new();
        let Some(erased) = self.record.erased() else {
            return found;
        };
        if entry.due_at.is_some() || entry.attention_since.is_some() {
            found.push("I4: it is erased, and due or in attention".to_owned());
        }
        let known: BTreeSet<&str> = erased.packages.iter().map(|id| id.as_str()).collect();
        let keeps = self.order.skus.values().any(|sku| sku == "KEPT");
        for package in packages_of(self.world, self.record) {
            if !known.contains(package.id.to_string().as_str()) {
                found.push(format!(
                    "I9: package {} is bought for an order that is erased",
                    package.id
                ));
            }
        }
        let wix = self.world.look();
        let packages = wix
            .packages()
            .filter(|package| known.contains(package.id.to_string().as_str()));
        let used = packages.flat_map(|package| &package.instances);
        // What Wix has refused to take back a person has seen, and erased the order all the same: the mark says what is alive.
        let takes_back = [Operation::UnassignProductInstance, Operation::CancelProductInstance];
        let is_refused = |call: &wix_sandbox::Call| takes_back.contains(&call.operation) && call.code.is_some();
        let keeps = keeps || wix.calls().any(is_refused);
        let used = used.filter(|instance| instance.status.is_alive() && instance.site_id.is_some());
        if !keeps && let Some(instance) = used.into_iter().next() {
            found.push(format!("I3: it is erased, and {} is on a site", instance.id));
        }
        found
    }

    /// I3: of an order that never had less than before nothing was ever taken back, not even for a while.
    fn kept(&self) -> Vec<String> {
        if !self.order.never_shrinks() || self.replaced || self.is_erasing {
            return Vec::new();
        }
        let purchases = self.record.packages();
        let own = purchases.filter(|(purchase, _)| !purchase.is_by_hand());
        let own: BTreeSet<&str> = own.map(|(_, held)| held.id().as_str()).collect();
        let takes_back = [Operation::UnassignProductInstance, Operation::CancelProductInstance];
        let wix = self.world.look();
        let calls = wix
            .calls()
            .filter(|call| call.committed && takes_back.contains(&call.operation));
        let taken: BTreeSet<String> = calls.filter_map(|call| Some(call.package?.to_string())).collect();
        let taken = taken.into_iter().filter(|package| own.contains(package.as_str()));
        taken
            .map(|package| format!("I3: of package {package} something was taken back, and nothing was given back"))
            .collect()
    }

    /// Packages have the newest reference of the storefront.
    fn tagged(&self) -> Vec<String> {
        let Some(reference) = self.order.reference.as_ref().filter(|name| *name != BAD_REFERENCE) else {
            return Vec::new();
        };
        let mut purchases = self.record.purchases().iter();
        if purchases.any(|purchase| purchase.attempt().doubt().is_some()) {
            return Vec::new();
        }
        // An operator erases it, and Wix has not taken the reference back yet.
        if self.is_erasing && self.record.has_ended(self.world.clock.now()) {
            return Vec::new();
        }
        // Wix has not answered for hours, and a person was told; after a retry it has.
        let unanswered = "UNANSWERED_TAG";
        let shown = attention(self.record, &self.world.settings, self.world.clock.now());
        let closed = self.record.closed().values().any(|closing| closing.code == unanswered);
        if closed || shown.iter().any(|problem| problem.code == unanswered) {
            return Vec::new();
        }
        let wix = self.world.look();
        let mut found = Vec::new();
        for (purchase, held) in self.record.packages() {
            let tag = derive::tag(reference, purchase.id()).expect("a good reference");
            let shown = wix
                .packages()
                .find(|package| package.id.to_string() == held.id().as_str());
            let has = shown.and_then(|package| package.external_id.as_deref());
            if has != Some(tag.as_str()) && held.tag_refused().is_none() {
                found.push(format!(
                    "I2: package {} has the reference {has:?}, not {tag}",
                    held.id()
                ));
            }
        }
        found
    }
}
