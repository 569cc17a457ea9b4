//! What needs a person, derived from the record: one line for each problem, with its cause and what to do. It is gone
//! when the problem is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::derive;
use super::outcome::{INVALID_REFERENCE, PERHAPS_BOUGHT_BEFORE};
use super::plan::{Line, Plan, named_site};
use super::purchase::Holder;
use super::record::{Done, Instance, Kind, OrderRecord, Purchase, PurchaseState, Refusal};
use super::settings::Settings;
use super::step::needed;
use crate::order::{Notice, Snapshot};
use crate::wix::Status;

/// From how many failed questions in a row (about four hours) a purchase or package is shown although it is asked for
/// again by itself.
const STUCK: u32 = 30;

/// One problem of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attention {
    /// What it is about: a line, a purchase such as `b1`, a package, the order.
    pub what: String,
    /// Wix's code, or a word of ours in the same style.
    pub code: String,
    /// Wix's request ID, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The cause and the remedy, in one sentence.
    pub advice: String,
}

/// Everything about an order that needs a person.
pub fn attention(record: &OrderRecord, settings: &Settings) -> Vec<Attention> {
    let mut found = Vec::new();
    plans(record, &mut found);
    for (at, purchase) in record.actual.purchases.iter().enumerate() {
        of_purchase(record, settings, at, purchase, &mut found);
    }
    for (at, surplus) in record.actual.surplus.iter().enumerate() {
        // Without its purchase nobody can tell whether it is to be taken back.
        let wanted = record
            .purchase_of(Holder::Surplus(at))
            .is_none_or(|purchase| record.wants_any(purchase));
        let alive = !surplus.done.gone && surplus.done.instances.iter().any(|instance| !instance.ended());
        if wanted && alive {
            found.push(Attention {
                what: format!("package {}", surplus.done.package),
                code: "SURPLUS_PACKAGE".to_owned(),
                request_id: None,
                advice: format!(
                    "this package was created for {} of the order beside another: cancel all but one at Wix, then retry the order",
                    name(surplus.kind, surplus.ordinal)
                ),
            });
        }
        refused_changes(record, Holder::Surplus(at), &surplus.done, &mut found);
    }
    order(record, &mut found);
    found.sort();
    found.dedup();
    found
}

fn plans(record: &OrderRecord, found: &mut Vec<Attention>) {
    let Some(latest) = record.desired.latest() else { return };
    for line in &record.actual.lines {
        let live = record.desired.live(&line.id);
        let mut unit = 0_u32;
        for run in &line.runs {
            let wanted = unit < live;
            unit = unit.saturating_add(run.count);
            match &run.plan {
                Plan::Refused { advice, .. } if wanted => {
                    found.push(Attention {
                        what: format!("line {}", line.id),
                        code: "NOT_PLANNED".to_owned(),
                        request_id: None,
                        advice: advice.clone(),
                    });
                }
                Plan::Refused { .. } | Plan::NotOurs(_) | Plan::Held | Plan::Buy(_) => {}
            }
        }
        if let Some(site) = moved_to(line, latest).filter(|_| live > 0)
            && !record.actual.acknowledged.contains(&site)
        {
            found.push(Attention {
                what: format!("line {}", line.id),
                code: "SITE_CHANGED".to_owned(),
                request_id: None,
                advice: format!(
                    "the order now names the {site}, and the product is on another: move it at Wix by hand if that is \
                     meant, then retry the order to close this"
                ),
            });
        }
    }
}

/// The site that a line has come to name, where none of its units belongs there and one belongs on another.
pub(super) fn moved_to(line: &Line, latest: &Snapshot) -> Option<String> {
    let listed = latest.lines.iter().find(|listed| listed.id == line.id)?;
    let named = named_site(listed, latest).ok().flatten()?;
    let mut planned = line.runs.iter().flat_map(|run| match &run.plan {
        Plan::Buy(components) => components.as_slice(),
        Plan::Refused { .. } | Plan::NotOurs(_) | Plan::Held => &[],
    });
    let sites: Vec<_> = planned
        .by_ref()
        .filter_map(|component| component.product.site_id.as_ref())
        .collect();
    let moved = !sites.is_empty() && sites.iter().all(|site| **site != named);
    moved.then(|| format!("site {named} for line {}", line.id))
}

fn of_purchase(record: &OrderRecord, settings: &Settings, at: usize, purchase: &Purchase, found: &mut Vec<Attention>) {
    let what = name(purchase.kind, purchase.ordinal);
    let wanted = record.wants_any(purchase);
    let put_off = match &purchase.state {
        PurchaseState::Unknown(unknown) => unknown.put_off.as_ref(),
        PurchaseState::Done(done) => done.put_off.as_ref(),
        PurchaseState::Refused(_) | PurchaseState::Ambiguous | PurchaseState::Dropped { .. } => None,
    };
    if let Some(put_off) = put_off.filter(|put_off| put_off.failures >= STUCK) {
        let advice = "Wix does not answer what became of it; it is asked again by itself: its support can tell why";
        found.push(refused(what.clone(), &put_off.last, advice.to_owned()));
    }
    match &purchase.state {
        PurchaseState::Refused(refusal) if wanted => {
            found.push(refused(what, refusal, create_advice(purchase.kind, &refusal.code)));
        }
        PurchaseState::Ambiguous if wanted => found.push(Attention {
            what,
            code: "SEVERAL_PACKAGES".to_owned(),
            request_id: None,
            advice: "packages with this purchase's external ID exist that cannot be told apart, or are another account's: see them at Wix, cancel those that are not meant, then retry the order".to_owned(),
        }),
        PurchaseState::Unknown(unknown) if wanted && unknown.is_absent(settings) && !unknown.may_send() => {
            let last = unknown.last.clone();
            found.push(Attention {
                what,
                code: last.as_ref().map_or_else(|| "NO_ANSWER".to_owned(), |refusal| refusal.code.clone()),
                request_id: last.and_then(|refusal| refusal.request_id),
                advice: "sent three times without a clear answer, and no package appeared: ask Wix's support with the request ID, then retry the order".to_owned(),
            });
        }
        PurchaseState::Done(done) => of_package(record, at, purchase, done, found),
        PurchaseState::Refused(_)
        | PurchaseState::Ambiguous
        | PurchaseState::Unknown(_)
        | PurchaseState::Dropped { .. } => {}
    }
}

fn of_package(record: &OrderRecord, at: usize, purchase: &Purchase, done: &Done, found: &mut Vec<Attention>) {
    let what = format!("package {}", done.package);
    let holds = |instance: &Instance, item| !instance.given_up && record.wants(item);
    if done.gone {
        if purchase
            .items
            .iter()
            .zip(&done.instances)
            .any(|(item, instance)| holds(instance, *item))
        {
            found.push(Attention {
                what,
                code: "PACKAGE_GONE".to_owned(),
                request_id: None,
                advice: "Wix does not have this package any more, and the order is live: ask Wix's support; a retry of the order buys it anew".to_owned(),
            });
        }
        return;
    }
    let mut ended: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (item, instance) in purchase.items.iter().zip(&done.instances) {
        if instance.ended() && holds(instance, *item) {
            ended
                .entry(instance.status.as_str())
                .or_default()
                .push(instance.id.as_str());
        }
    }
    for (status, instances) in ended {
        let listed = instances.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = if instances.len() > 3 {
            format!(" and {} more", instances.len() - 3)
        } else {
            String::new()
        };
        let advice = if status == Status::Failed.as_str() {
            format!("Wix failed to deliver {listed}{more}: ask Wix's support; a retry of the order buys it anew")
        } else {
            format!("{listed}{more} is canceled at Wix, and the order wants it: a retry of the order buys it anew")
        };
        found.push(Attention {
            what: what.clone(),
            code: format!("INSTANCE_{status}"),
            request_id: None,
            advice,
        });
    }
    refused_changes(record, Holder::Purchase(at), done, found);
    if let Some((_, refusal)) = &done.tag_refused {
        found.push(refused(
            what,
            refusal,
            "the storefront's reference could not be set: correct it in the storefront, or retry the order".to_owned(),
        ));
    }
}

fn refused_changes(record: &OrderRecord, holder: Holder, done: &Done, found: &mut Vec<Attention>) {
    let Some(purchase) = record.purchase_of(holder) else {
        return;
    };
    if done.gone {
        return;
    }
    for (at, instance) in done.instances.iter().enumerate() {
        let refusal = instance
            .refused
            .and_then(|at| record.actual.refusals.get(usize::try_from(at).ok()?));
        let Some(refusal) = refusal else { continue };
        let Some((change, site)) = needed(record, holder, purchase, at, instance) else {
            continue;
        };
        if change.operation().as_str() == refusal.operation {
            let to = site.map(|site| format!(" to site {site}")).unwrap_or_default();
            let problem = refused(
                format!("package {}", done.package),
                refusal,
                format!("Wix refused the change{to}: do it at Wix by hand or mend the cause, then retry the order"),
            );
            // Many instances of a package may be refused alike.
            let is_known = |known: &Attention| {
                (&known.what, &known.code, &known.advice) == (&problem.what, &problem.code, &problem.advice)
            };
            if !found.iter().any(is_known) {
                found.push(problem);
            }
        }
    }
}

fn order(record: &OrderRecord, found: &mut Vec<Attention>) {
    let Some(latest) = record.desired.latest() else { return };
    if let Some(reference) = latest
        .fields
        .external_id
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        && let Err(advice) = derive::tag(reference, Kind::Base, 1)
    {
        found.push(Attention {
            what: "order".to_owned(),
            code: "REFERENCE_REFUSED".to_owned(),
            request_id: None,
            advice,
        });
    }
    let open = |notice: &&Notice| !record.actual.acknowledged.contains(&notice.sentence);
    for notice in latest.notices.iter().filter(open) {
        found.push(Attention {
            what: "order".to_owned(),
            code: notice.code.clone(),
            request_id: None,
            advice: format!(
                "{}: take back by hand what is meant, then retry the order to close this",
                notice.sentence
            ),
        });
    }
    // What an instance waits for shows in the storefront as well: nobody is told before a day has passed.
    for (purchase, done) in record.packages() {
        let waiting = purchase.items.iter().zip(&done.instances).any(|(item, instance)| {
            instance.status == Status::AwaitingAction
                && record.wants(*item)
                && record
                    .component(*item)
                    .is_some_and(|component| component.voucher.is_some())
                && record.instance(Kind::Voucher, *item).is_none()
        });
        if waiting && done.recheck.as_ref().is_some_and(|recheck| recheck.count >= 4) {
            found.push(Attention {
                what: format!("package {}", done.package),
                code: "AWAITING_ACTION".to_owned(),
                request_id: None,
                advice: "Wix or the customer must act before the voucher can be bought: see the instance at Wix; it is looked at again by itself".to_owned(),
            });
        }
    }
}

fn name(kind: Kind, ordinal: u32) -> String {
    match kind {
        Kind::Base => format!("base package b{ordinal}"),
        Kind::Voucher => format!("voucher package v{ordinal}"),
    }
}

fn refused(what: String, refusal: &Refusal, advice: String) -> Attention {
    Attention {
        what,
        code: refusal.code.clone(),
        request_id: refusal.request_id.clone(),
        advice,
    }
}

fn create_advice(kind: Kind, code: &str) -> String {
    let then = "then retry the order";
    match code {
        PERHAPS_BOUGHT_BEFORE => {
            "the order is old and a package with its reference exists at Wix: if it is this order's, all is well; if not, retry the order to buy it".to_owned()
        }
        "PRODUCT_NOT_FOUND" | "PRODUCT_SETTINGS_NOT_FOUND" => {
            format!(
                "Wix does not have the product for this reseller: correct catalog_product_id in the catalog, deploy, {then}"
            )
        }
        "MISSING_BILLING_CYCLE" | "INCOMPATIBLE_BILLING_CYCLE" | "INVALID_BILLING_CYCLE" => {
            format!("Wix does not sell the product with this billing: correct `billing` in the catalog, deploy, {then}")
        }
        "SITE_NOT_FOUND" | "PRODUCT_NOT_SUPPORTED_ON_SITE" => {
            format!("the site cannot take the product: check the order's site and account, {then}")
        }
        "ACCOUNT_NOT_FOUND" => format!("Wix does not have the account: check the order's account, {then}"),
        "PRODUCT_TYPE_ALREADY_ASSIGNED" | "MULTIPLE_PRODUCT_ASSIGNMENTS" => {
            format!("the site has such a product already: free it at Wix, {then}")
        }
        "PRODUCT_LIMIT_EXCEEDED" => format!("Wix allows no more of the product: ask Wix to raise the limit, {then}"),
        code if code == INVALID_REFERENCE && kind == Kind::Voucher => {
            format!(
                "Wix does not take the plan's instance as a reference (perhaps it was used already): see its vouchers at Wix, {then}"
            )
        }
        _ => format!("Wix refused the purchase: mend the cause (its code and request ID help Wix's support), {then}"),
    }
}
