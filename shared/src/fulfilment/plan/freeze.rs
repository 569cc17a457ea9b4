//! Freezes a plan for every unit that may be bought and has none.

use std::collections::{HashMap, HashSet};

use super::MAX_PLANNED;
use super::replan::replan_unbought_parts;
use super::resolve::Resolver;
use super::retarget::{self, is_of_another_plan};
use super::sites::{self, TakenSites, moved_to, named_site};
use super::size::Size;
use crate::catalog::{Catalog, UnknownSku};
use crate::fulfilment::desired::Entitlements;
use crate::fulfilment::record::{Entitled, Kind, Line, NotOurs, OrderRecord, Plan, PlannedUnits, Unplannable};
use crate::fulfilment::view;
use crate::ids::AccountId;
use crate::order::{MissingSku, Snapshot, Version};

/// Freezes what is missing, and gives a floating unit the site that the order has come to name. `own` is the reseller's
/// own account.
/// `true` when anything was planned. `may_have_ended` says that a record of the order may have ended before, and with it what
/// it said: then nothing is planned unless an operator releases it.
pub(crate) fn freeze(
    record: &mut OrderRecord,
    catalog: &Catalog,
    own: &AccountId,
    entitlements: &Entitlements,
    may_have_ended: bool,
) -> bool {
    let Some(latest) = record.desired().planned_order() else {
        return false;
    };
    let not_ours = unplanned_not_ours(record, catalog, &latest);
    // Nearly always all is planned: then nothing is copied.
    let is_frozen = is_frozen(record, &latest, entitlements);
    let latest = (!is_frozen).then(|| latest.into_owned());
    record.set_unplanned_not_ours(not_ours);
    let Some(latest) = latest else {
        return false;
    };
    let had_sku = record.desired().lines_that_had_a_sku(&latest);
    open_lost(record, &had_sku);
    let live: Vec<(crate::order::Line, u32)> = live_lines(&latest, entitlements)
        .map(|(line, units)| (line.clone(), units))
        .collect();
    let by_id = |(index, line): (usize, &Line)| (line.id().clone(), index);
    let mut known: HashMap<String, usize> = record.lines().iter().enumerate().map(by_id).collect();
    let mut taken = TakenSites::of(record, &Entitled::from(record, entitlements));
    let moved = live.iter().filter_map(|(line, _)| Some((*known.get(&line.id)?, line)));
    retarget::relocate(record, catalog, &latest, moved, &mut taken);
    let mut freezing = Freezing {
        taken,
        size: None,
        resolver: Resolver {
            catalog,
            own,
            latest: &latest,
            released: record.switches().released,
            may_have_ended,
            released_lines: record
                .lines()
                .iter()
                .filter(|line| line.is_released())
                .map(|line| line.id().clone())
                .collect(),
            had_sku,
        },
        bought: None,
    };
    let mut named = Vec::new();
    for (line, units) in &live {
        let index = *known
            .entry(line.id.clone())
            .or_insert_with(|| record.add_line(&line.id));
        freezing.line(record, index, line, *units);
        if let Some(site) = named_site(line, &latest).ok().flatten() {
            named.push((index, site));
        }
    }
    // A line that has just come to another product may be free to go where the one before could not.
    if record.has_other_targets() {
        let lines = live.iter().filter_map(|(line, _)| Some((*known.get(&line.id)?, line)));
        retarget::relocate(record, catalog, &latest, lines, &mut freezing.taken);
    }
    if !named.is_empty() {
        let entitled = Entitled::from(record, entitlements);
        sites::attach(record, &entitled, &named);
    }
    if record.switches().replan {
        replan_unbought_parts(record, catalog, &latest);
        record.switches_mut().replan = false;
    }
    true
}

/// The lines of which anything may be bought, with how many units.
fn live_lines<'a>(
    latest: &'a Snapshot,
    entitlements: &'a Entitlements,
) -> impl Iterator<Item = (&'a crate::order::Line, u32)> {
    let lines = latest.lines.iter().map(|line| (line, entitlements.of(&line.id).buy));
    lines.filter(|(_, units)| *units > 0)
}

/// A line without an SKU was none of ours until an earlier state is heard of in which it had one.
fn open_lost(record: &mut OrderRecord, had_sku: &HashSet<String>) {
    let lost = record.lines_mut().iter_mut().filter(|line| had_sku.contains(line.id()));
    for run in lost.flat_map(Line::runs_mut) {
        if run.plan == Plan::NotOurs(NotOurs::BlankSku) {
            run.plan = Plan::Open;
        }
    }
}

/// Whether the catalog ignores every line of which nothing could be bought yet: what the shop says of such an order that
/// nobody can act on is then not shown. Nothing is frozen, so that a line which the catalog learns is bought once it is paid.
fn unplanned_not_ours(record: &OrderRecord, catalog: &Catalog, latest: &Snapshot) -> bool {
    if catalog.defaults.unknown_sku != UnknownSku::Ignore {
        return false;
    }
    let planned = record.lines().iter().filter(|line| !line.runs().is_empty());
    let planned: HashSet<&str> = planned.map(|line| line.id().as_str()).collect();
    let is_ours = |listed: &crate::order::Line| match &listed.sku {
        Some(sku) => catalog.components(sku).is_some(),
        None => record.desired().had_sku(&listed.id),
    };
    let in_bundle = |listed: &crate::order::Line| listed.missing_sku == Some(MissingSku::BundlePart);
    let unplanned = latest
        .lines
        .iter()
        .filter(|listed| !planned.contains(listed.id.as_str()));
    let mut unplanned = unplanned.peekable();
    unplanned.peek().is_some() && unplanned.all(|listed| !is_ours(listed) && !in_bundle(listed))
}

/// Whether a plan is to be resolved: for the first time, or because it was refused on another state of the order.
fn is_open(plan: &Plan, newest: &Version) -> bool {
    match plan {
        Plan::Open => true,
        Plan::Refused { version, .. } => version != newest,
        Plan::NotOurs(_) | Plan::Held | Plan::Closed | Plan::Buy(_) => false,
    }
}

/// Units that were refused because their siblings were of another plan.
const fn is_refused_for_its_siblings(run: &PlannedUnits) -> bool {
    matches!(
        run.plan,
        Plan::Refused {
            cause: Unplannable::AnotherPlan { .. },
            ..
        }
    )
}

/// Whether units of a line were refused for their siblings, and those have come to the plan that is paid since: by what was
/// paid later, which is no other state of the order.
fn is_freed(runs: &[PlannedUnits], line: &crate::order::Line) -> bool {
    runs.iter().any(is_refused_for_its_siblings) && !runs.iter().any(|run| is_of_another_plan(run, line))
}

/// Whether every live unit has its plan, and its site where the order names one.
fn is_frozen(record: &OrderRecord, latest: &Snapshot, entitlements: &Entitlements) -> bool {
    if record.switches().replan {
        return false;
    }
    let known: HashMap<&str, &Line> = record.lines().iter().map(|line| (line.id().as_str(), line)).collect();
    live_lines(latest, entitlements).all(|(listed, units)| {
        let Some(line) = known.get(listed.id.as_str()).filter(|line| line.planned() >= units) else {
            return false;
        };
        let mut floating = line.runs().iter().flat_map(|run| run.plan.components());
        let could_be_placed = floating.any(|c| c.product.site_id.is_none() && !c.floats)
            && named_site(listed, latest).is_ok_and(|site| site.is_some());
        // Units that are taken back stay what they were when the others were adjusted.
        let counts = |first: u32| first <= units || !record.has_other_targets();
        let had_sku = || listed.sku.is_none() && record.desired().had_sku(&listed.id);
        let is_stale = |(first, run): (u32, &PlannedUnits)| {
            is_open(&run.plan, &latest.version)
                || (counts(first) && is_of_another_plan(run, listed))
                || (run.plan == Plan::NotOurs(NotOurs::BlankSku) && had_sku())
        };
        let could_be_moved = moved_to(line, listed, latest).is_some();
        let is_free = is_freed(line.runs(), listed);
        !could_be_placed && !could_be_moved && !is_free && !line.numbered_runs().any(is_stale)
    })
}

struct Freezing<'a> {
    resolver: Resolver<'a>,
    taken: TakenSites,
    size: Option<Size>,
    /// The units of which anything was begun or bought, by line; found out when it matters.
    bought: Option<HashSet<(u32, u32)>>,
}

impl Freezing<'_> {
    /// The units of which anything was begun or bought, by line.
    fn bought(&mut self, record: &OrderRecord) -> &HashSet<(u32, u32)> {
        self.bought.get_or_insert_with(|| {
            let taken = view::taken(record, Kind::Base);
            taken.into_iter().map(|item| (item.0, item.1)).collect()
        })
    }

    /// The runs of a line, those of another plan opened of which nothing was begun.
    fn without_unbought(
        &mut self,
        record: &OrderRecord,
        index: usize,
        runs: Vec<PlannedUnits>,
        line: &crate::order::Line,
    ) -> Vec<PlannedUnits> {
        let bought = self.bought(record);
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let (mut opened, mut next) = (Vec::new(), 1_u32);
        for run in runs {
            let units = next..next.saturating_add(run.count);
            next = units.end;
            if !is_of_another_plan(&run, line) {
                Line::push(&mut opened, run);
                continue;
            }
            for unit in units {
                let is_bought = bought.contains(&(index, unit));
                let plan = if is_bought { run.plan.clone() } else { Plan::Open };
                let sku = run.sku.clone();
                Line::push(&mut opened, PlannedUnits { count: 1, sku, plan });
            }
        }
        opened
    }

    /// Units that would be of another plan than their siblings are refused until somebody changes those.
    fn refuse_the_rest(
        &self,
        record: &mut OrderRecord,
        index: usize,
        line: &crate::order::Line,
        before: &PlannedUnits,
        old: Vec<PlannedUnits>,
        missing: u32,
    ) {
        let another = |count| PlannedUnits {
            count,
            sku: line.sku.clone(),
            plan: self.resolver.refused(Unplannable::AnotherPlan {
                had: before.sku.as_ref().map(ToString::to_string).unwrap_or_default(),
                paid: line.sku.as_ref().map(ToString::to_string).unwrap_or_default(),
            }),
        };
        let mut runs = Vec::new();
        for run in old {
            let open = is_open(&run.plan, &self.resolver.latest.version);
            Line::push(&mut runs, if open { another(run.count) } else { run });
        }
        if missing > 0 {
            Line::push(&mut runs, another(missing));
        }
        if let Some(planned) = record.lines_mut().get_mut(index) {
            planned.set_runs(runs);
        }
    }

    /// Gives units that are bought their other target, and plans the rest of the line. Where the record could grow too
    /// large nothing is changed, and a person is told of the other plan.
    fn adjusted(
        &mut self,
        record: &mut OrderRecord,
        index: usize,
        line: &crate::order::Line,
        (old, adjusted): (&[PlannedUnits], &[PlannedUnits]),
        missing: u32,
    ) {
        // Its siblings come to the plan that is paid.
        let is_open =
            |run: &PlannedUnits| is_open(&run.plan, &self.resolver.latest.version) || is_refused_for_its_siblings(run);
        if missing == 0 && old == adjusted && !adjusted.iter().any(is_open) {
            return;
        }
        let mut runs = Vec::new();
        for run in adjusted {
            if is_open(run) {
                runs.extend(self.resolver.resolve(line, run.count, &mut self.taken));
            } else {
                runs.push(run.clone());
            }
        }
        if missing > 0 {
            runs.extend(self.resolver.resolve(line, missing, &mut self.taken));
        }
        let size = self.size.get_or_insert_with(|| Size::of(record));
        let before = size.clone();
        size.replace(old, &runs);
        if size.worst_case() > MAX_PLANNED {
            *size = before;
            return;
        }
        if let Some(planned) = record.lines_mut().get_mut(index) {
            planned.set_runs(runs);
            record.give_other_target();
        }
    }

    /// Plans what is missing of one line. Where the record could grow too large, the units are refused instead: a record
    /// that the ledger refuses after a purchase would lose what was done.
    fn line(&mut self, record: &mut OrderRecord, index: usize, line: &crate::order::Line, units: u32) {
        let Some(planned) = record.lines().get(index) else {
            return;
        };
        let newest = &self.resolver.latest.version;
        let missing = units.saturating_sub(planned.planned());
        let mut old = planned.runs().to_vec();
        let is_freed = is_freed(&old, line);
        let is_open = |run: &PlannedUnits| is_open(&run.plan, newest) || (is_freed && is_refused_for_its_siblings(run));
        let changed = old.iter().find(|run| is_of_another_plan(run, line)).cloned();
        if changed.is_some() {
            let bought = self.bought(record).clone();
            let mut taken = self.taken.clone();
            let of_line = (index, old.as_slice());
            let adjusted = retarget::another_plan(record, &self.resolver, of_line, line, units, &bought, &mut taken);
            if let Some(adjusted) = adjusted {
                self.taken = taken;
                return self.adjusted(record, index, line, (&old, &adjusted), missing);
            }
        }
        if let Some(before) = &changed {
            old = self.without_unbought(record, index, old, line);
            // Of a line that has units of another plan nothing more is bought: those keep what they have.
            if old.iter().any(|run| is_of_another_plan(run, line)) {
                self.refuse_the_rest(record, index, line, before, old, missing);
                return;
            }
        }
        if changed.is_none() && missing == 0 && !old.iter().any(is_open) {
            return;
        }
        let (mut runs, mut fresh) = (Vec::new(), Vec::new());
        for run in &old {
            if is_open(run) {
                let resolved = self.resolver.resolve(line, run.count, &mut self.taken);
                fresh.extend(resolved.iter().cloned());
                runs.extend(resolved);
            } else {
                runs.push(run.clone());
            }
        }
        if missing > 0 {
            let resolved = self.resolver.resolve(line, missing, &mut self.taken);
            fresh.extend(resolved.iter().cloned());
            runs.extend(resolved);
        }
        let size = self.size.get_or_insert_with(|| Size::of(record));
        let before = size.clone();
        size.replace(&old, &runs);
        if size.worst_case() > MAX_PLANNED {
            *size = before;
            self.taken.give_back(&fresh);
            let too_many = |count| PlannedUnits {
                count,
                sku: line.sku.clone(),
                plan: self.resolver.refused(Unplannable::TooManyUnits(units)),
            };
            let kept = old
                .iter()
                .map(|run| if is_open(run) { too_many(run.count) } else { run.clone() });
            runs = kept.chain((missing > 0).then(|| too_many(missing))).collect();
        }
        if let Some(planned) = record.lines_mut().get_mut(index) {
            planned.set_runs(runs);
        }
    }
}
