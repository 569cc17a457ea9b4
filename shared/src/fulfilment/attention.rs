//! What needs a person, derived from the record: one line for each problem, with its cause and what to do. It is gone
//! when the problem is, or when a person has closed it.

use std::collections::{BTreeSet, HashMap};

use super::calls::{change, create, differs, lookup, read, shift, tag};
use super::desired::UNBILLED;
use super::plan::sites::moved_to;
use super::problem::{OnClose, Problem};
use super::record::{Holder, Line, OrderRecord, Plan, RecordError, Refusal, Unplannable};
use super::settings::Settings;
use super::view::View;
use crate::ids::Sku;
use crate::ledger::Entry;
use crate::order::{Notice, Snapshot};
use crate::time::Timestamp;

pub use super::problem::{Attention, Verb};

/// The code of a defect of this software.
const DEFECT: &str = "DEFECT";

/// Everything about an order that needs a person.
pub fn attention(record: &OrderRecord, settings: &Settings, now: Timestamp) -> Vec<Attention> {
    let mut shown: Vec<_> = problems(record, settings, now)
        .into_iter()
        .map(|problem| problem.shown)
        .collect();
    shown.sort();
    shown.dedup();
    shown
}

/// Everything about a ledger's entry that needs a person, also where its record cannot be read.
pub fn attention_of(entry: &Entry, settings: &Settings, now: Timestamp) -> Vec<Attention> {
    let mut shown = match OrderRecord::from_json(&entry.body) {
        Ok(record) => attention(&record, settings, now),
        Err(error) => {
            let what = "record".to_owned();
            vec![Problem::new(what, "UNREADABLE_RECORD", &[], error.to_string()).shown]
        }
    };
    if let Some(times) = super::put_off::often(entry) {
        let advice = format!(
            "the work on this order failed {times} times in a row, and it is tried ever more seldom: report it with the log of reconcile, then retry the order"
        );
        shown.push(Problem::new("order".to_owned(), "PUT_OFF", &[], advice).shown);
    }
    shown
}

/// The same, with what closing each settles.
pub(crate) fn problems(record: &OrderRecord, settings: &Settings, now: Timestamp) -> Vec<Problem> {
    let view = View::of(record, now);
    let mut found = Vec::new();
    for (index, line) in record.lines().iter().enumerate() {
        refused_plans(&view, index, line, &mut found);
    }
    moved_sites(&view, &mut found);
    for purchase in record.purchases() {
        found.extend(create::problem(&view, settings, purchase));
        found.extend(lookup::problem(&view, purchase));
        found.extend(read::stuck_problem(record, purchase, now));
        if let Some(held) = purchase.attempt().package() {
            read::problems(&view, purchase, held, &mut found);
            change::problems(&view, &Holder::Purchase(purchase.id()), held, &mut found);
            shift::problems(&view, purchase, held, &mut found);
            found.extend(differs::problem(&view, purchase, held));
            found.extend(tag::problem(&view, purchase, held).filter(|_| !held.is_gone()));
        }
    }
    for surplus in record.surplus() {
        let holder = Holder::Surplus(surplus.held().id().clone());
        found.extend(lookup::surplus_problem(&view, &holder, surplus.held(), surplus.of()));
        change::problems(&view, &holder, surplus.held(), &mut found);
    }
    found.extend(tag::reference_problem(record));
    let not_ours = sells_nothing(record);
    let notices = record.desired().notices(now, &record.policy());
    let shown = notices
        .iter()
        .filter(|notice| !not_ours || OF_WHAT_IS_NOT_SHOWN.contains(&notice.code.as_str()));
    found.extend(shown.map(notice_problem));
    changed_plans(&view, now, &mut found);
    used_up_vouchers(&view, &mut found);
    found.extend(defect_problem(record));
    // What closing settles is not a problem any more; what is only acknowledged is left out by its ID.
    found.retain(|problem| problem.closing != OnClose::Acknowledge || !record.closed().contains_key(&problem.shown.id));
    found
}

/// Units that could not be planned: one problem for each cause.
fn refused_plans(view: &View<'_>, index: usize, line: &Line, found: &mut Vec<Problem>) {
    let units = view.entitled.buy(index);
    let mut causes: Vec<(&Unplannable, Vec<u32>)> = Vec::new();
    for (first, run) in line.numbered_runs().filter(|(first, _)| *first <= units) {
        if let Plan::Refused { cause, .. } = &run.plan {
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, firsts)) => firsts.push(first),
                None => causes.push((cause, vec![first])),
            }
        }
    }
    for (cause, first_units) in causes {
        // The cause as data: its sentence may be worded otherwise one day.
        let data = serde_json::to_string(cause).unwrap_or_default();
        let firsts = format!("{first_units:?}");
        let what = format!("line {}", line.id());
        let mut advice = cause.to_string();
        if !advice.ends_with("close this") {
            advice.push_str(", or close this");
        }
        let problem = Problem::new(what, "NOT_PLANNED", &[&data, &firsts], advice);
        found.push(problem.closing(OnClose::Plans {
            line: index,
            first_units,
        }));
    }
}

/// Lines that have come to name another site than the one that their product is on.
fn moved_sites(view: &View<'_>, found: &mut Vec<Problem>) {
    let Some(latest) = view.record.desired().planned_order() else {
        return;
    };
    let latest = latest.as_ref();
    let has_site = |line: &Line| {
        let mut components = line.runs().iter().flat_map(|run| run.plan.components());
        components.any(|component| component.product.site_id.is_some())
    };
    let placed = view.record.lines().iter().enumerate();
    let placed: Vec<&Line> = placed
        .filter(|(index, line)| view.entitled.buy(*index) > 0 && has_site(line))
        .map(|(_, line)| line)
        .collect();
    if placed.is_empty() {
        return;
    }
    let listed: HashMap<&str, _> = latest.lines.iter().map(|line| (line.id.as_str(), line)).collect();
    for line in placed {
        let listed = listed.get(line.id().as_str());
        if let Some(site) = listed.and_then(|listed| moved_to(line, listed, latest)) {
            let advice = format!(
                "the order now names the site {site}, and the product is on another: move it at Wix by hand if that is meant, then close this"
            );
            let what = format!("line {}", line.id());
            found.push(Problem::new(what, "SITE_CHANGED", &[site.as_str()], advice));
        }
    }
}

/// Notices of lines that the storefront's event does not show: one of those may be ours, where all that it shows is not.
const OF_WHAT_IS_NOT_SHOWN: [&str; 2] = ["INVOICE_NOT_READ", "ITEMS_NOT_READ"];

/// Whether all of the order is none of our business: then nothing that is told of it is, either.
fn sells_nothing(record: &OrderRecord) -> bool {
    let mut runs = record.lines().iter().flat_map(Line::runs);
    if !runs.all(|run| matches!(run.plan, Plan::NotOurs(_))) {
        return false;
    }
    let planned: BTreeSet<&str> = record
        .lines()
        .iter()
        .filter(|line| !line.runs().is_empty())
        .map(|line| line.id().as_str())
        .collect();
    let order = record.desired().planned_order();
    let lines = order.as_ref().map(|order| order.lines.as_slice()).unwrap_or_default();
    let is_all_planned = lines.iter().all(|listed| planned.contains(listed.id.as_str()));
    record.unplanned_not_ours() || (is_all_planned && !planned.is_empty())
}

/// What the storefront said and this software cannot act on.
fn notice_problem(notice: &Notice) -> Problem {
    let advice = format!(
        "{}; close this when it is settled",
        notice.sentence.trim_end_matches('.')
    );
    Problem::new("order".to_owned(), &notice.code, &[&notice.id], advice)
}

/// Lines whose paid SKU is not the one that their products were bought for.
fn changed_plans(view: &View<'_>, now: Timestamp, found: &mut Vec<Problem>) {
    let mut bought = view
        .record
        .lines()
        .iter()
        .enumerate()
        .filter_map(|(index, line)| {
            let mut runs = line.runs().iter().filter(|run| !run.plan.components().is_empty());
            let sku = runs.next().and_then(|run| run.sku.as_ref())?;
            (view.entitled.buy(index) > 0).then_some((line, sku))
        })
        .peekable();
    if bought.peek().is_none() {
        return;
    }
    let desired = view.record.desired();
    let Some(order) = desired.planned_order() else {
        return;
    };
    let paid: HashMap<&str, (&Sku, &crate::order::Line)> = order
        .lines
        .iter()
        .filter_map(|line| Some((line.id.as_str(), (line.sku.as_ref()?, line))))
        .collect();
    for (line, had) in bought {
        let Some((paid, listed)) = paid.get(line.id().as_str()).filter(|(paid, _)| *paid != had) else {
            continue;
        };
        let (code, advice) = if is_unbilled(view, &order, listed) {
            if desired
                .latest()
                .is_none_or(|latest| now < latest.version.time + UNBILLED)
            {
                continue;
            }
            let advice = format!(
                "the line is adjusted to {had} and lists {paid} again, which no invoice has billed since: it is adjusted once one is paid, or close this"
            );
            ("UNPAID_CHANGE", advice)
        } else {
            let advice = format!(
                "the line was bought as {had} and is now paid as {paid}: change the product at Wix by hand, then close this"
            );
            ("PLAN_CHANGED", advice)
        };
        let what = format!("line {}", line.id());
        found.push(Problem::new(what, code, &[had.as_str(), paid.as_str()], advice));
    }
}

/// Whether a line that was adjusted lists what it had before, and no invoice has billed the way back.
fn is_unbilled(view: &View<'_>, order: &Snapshot, listed: &crate::order::Line) -> bool {
    let (record, policy) = (view.record, view.record.policy());
    record.has_other_targets() && !record.desired().is_change_paid(order, listed, &policy)
}

/// Products that come with another free extra than the one that was bought with the product before.
fn used_up_vouchers(view: &View<'_>, found: &mut Vec<Problem>) {
    if !view.record.has_other_targets() {
        return;
    }
    for (index, line) in view.record.lines().iter().enumerate() {
        let units = view.entitled.buy(index);
        let wanted = line.numbered_runs().filter(|(first, _)| *first <= units);
        let used_up = wanted.filter(|(_, run)| run.plan.components().iter().any(|c| c.voucher_used_up));
        let skus: BTreeSet<&Sku> = used_up.filter_map(|(_, run)| run.sku.as_ref()).collect();
        for sku in skus {
            let advice = format!(
                "{sku} comes with another free extra than the one that the line has, and Wix allows one for an instance: give it to the customer by hand, or close this"
            );
            let what = format!("line {}", line.id());
            found.push(Problem::new(what, "VOUCHER_USED_UP", &[sku.as_str()], advice));
        }
    }
}

/// The refusal that a hold has after a defect.
pub(crate) fn defect(error: &RecordError, now: Timestamp) -> Refusal {
    Refusal {
        operation: error.to_string().chars().take(160).collect(),
        code: DEFECT.to_owned(),
        request_id: None,
        at: now,
    }
}

fn defect_problem(record: &OrderRecord) -> Option<Problem> {
    let last = &record.hold()?.last;
    (last.code == DEFECT).then(|| {
        let advice = format!(
            "this software met a record that cannot be ({}), which is a defect to report: the order is tried again by itself, so report it and then retry the order",
            last.operation
        );
        Problem::new("order".to_owned(), DEFECT, &[&last.operation], advice)
    })
}
