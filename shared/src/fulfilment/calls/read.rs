//! Get Package: which packages must be read before anything is decided about them, and what a read shows, down to the
//! replacement of what is over.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::caller::{Caller, Interrupt};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::problem::{OnClose, Problem, name};
use crate::fulfilment::record::{
    Entitled, HeldPackage, Holder, Instance, Item, Kind, OrderRecord, Purchase, RecordError, Refusal, STUCK,
};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::fulfilment::wake::Wake;
use crate::ids::{AccountId, InstanceId};
use crate::time::{Clock, Timestamp};
use crate::wix::{GetPackage, Package, Status};

/// From how many reads on (about seven hours) an instance that awaits an action, or is in a state that nobody knows, is shown: what it waits for shows in the
/// storefront as well.
const LONG_AWAITED: u32 = 4;

/// After how many reads (about a month) it is not read by itself any more.
pub(super) const MOST_AWAITED: u32 = 34;

/// For how long an order is unsettled at the most before one question that failed is enough for a person to be told: each
/// change of the order and each retry may ask for another purchase, whose failures are counted from the beginning.
const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 3_600);

/// When a package is asked for that would be asked for at a time: after the pause that its failures make; `None` where it was
/// asked for in vain so often that it is given up.
fn asked_at(held: &HeldPackage, at: Timestamp) -> Option<Timestamp> {
    match held.backoff() {
        Some(backoff) if backoff.is_given_up() => None,
        Some(backoff) => Some(at.max(backoff.until)),
        None => Some(at),
    }
}

/// A package whose instances may be otherwise than the record says.
pub(crate) fn due_unread(view: &View<'_>, now: Timestamp, wake: &mut Wake) -> Option<Holder> {
    let mut holdings = view.record.holdings().filter(|(_, _, held)| held.is_unread());
    let due = holdings.find(|(_, _, held)| asked_at(held, now).is_some_and(|at| wake.is_due(at)));
    due.map(|(holder, _, _)| holder)
}

/// A package of which a change may have taken effect since it was read.
pub(crate) fn due_recheck(view: &View<'_>, wake: &mut Wake) -> Option<Holder> {
    let mut holdings = view.record.holdings().filter(|(_, _, held)| !held.is_gone());
    let due = holdings.find(|(_, _, held)| {
        let at = held.recheck_at().and_then(|at| asked_at(held, at));
        at.is_some_and(|at| wake.is_due(at))
    });
    due.map(|(holder, _, _)| holder)
}

/// A package with a reference that is not ready for its voucher yet.
pub(crate) fn due_waiting(view: &View<'_>, wake: &mut Wake) -> Option<Holder> {
    let mut bases = view
        .record
        .packages()
        .filter(|(purchase, _)| purchase.id().kind == Kind::Base);
    let due = bases.find(|(purchase, held)| {
        let mut items = purchase.items().iter().zip(held.instances());
        let waits = items.any(|(item, instance)| instance.may_become_nameable() && lacks_voucher(view, *item));
        let at = asked_at(held, held.waiting_until());
        !held.is_gone() && waits && held.reads() < MOST_AWAITED && at.is_some_and(|at| wake.is_due_by_plan(at))
    });
    due.map(|(purchase, _)| Holder::Purchase(purchase.id()))
}

/// Whether an item may have a voucher and has none.
fn lacks_voucher(view: &View<'_>, item: Item) -> bool {
    let component = view.record.component(item);
    component.is_some_and(|component| component.voucher.is_some())
        && view.entitled.may_buy(item)
        && !view.is_taken(Kind::Voucher, item)
}

/// A read that is begun.
pub(crate) struct Begun {
    holder: Holder,
    account: AccountId,
    call: GetPackage,
}

/// Begins a read.
pub(crate) fn begin(record: &OrderRecord, holder: Holder) -> Result<Begun, RecordError> {
    let mut holdings = record.holdings();
    let found = holdings.find(|(held_by, _, _)| *held_by == holder);
    let (_, account, held) = found.ok_or_else(|| RecordError::UnknownPackage(holder.clone()))?;
    Ok(Begun {
        account: account.clone(),
        call: GetPackage {
            package: held.id().clone(),
        },
        holder,
    })
}

/// Reads.
pub(crate) async fn send<W: Wix, C: Clock>(
    begun: Begun,
    record: &mut OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<(), Interrupt> {
    caller.tally.wix_calls += 1;
    match caller.wix.send(&begun.account, &begun.call).await {
        Ok(shown) => {
            record.set_hold(None);
            Ok(note(
                record,
                &begun.holder,
                &shown,
                caller.settings,
                caller.clock.now(),
            )?)
        }
        Err(error) if error.is_not_found() => {
            tracing::warn!(order = %record.key(), package = %begun.call.package, error = %error, "the package is gone");
            record.set_hold(None);
            record.held_mut(&begun.holder)?.lost();
            record.note(
                caller.clock.now(),
                &format!("gone at Wix: package {}", begun.call.package),
            );
            Ok(replace_ended(record, &begun.holder, caller.clock.now())?)
        }
        Err(error) => {
            let error = caller.unanswered(record, error, &begun.account).await?;
            let now = caller.clock.now();
            record.held_mut(&begun.holder)?.back_off(Refusal::of(&error, now), now);
            Ok(())
        }
    }
}

/// Notes what a read shows.
pub(crate) fn note(
    record: &mut OrderRecord,
    holder: &Holder,
    package: &Package,
    settings: &Settings,
    now: Timestamp,
) -> Result<(), RecordError> {
    if record.is_restored() {
        record.hold_bought(holder, package);
    }
    let ended = record.held_mut(holder)?.read(package, settings, now);
    if !ended.is_empty() {
        record.note(now, &format!("ended at Wix: {} of package {}", ended.len(), package.id));
    }
    for ended in ended {
        read_dependents(record, &ended);
    }
    replace_ended(record, holder, now)
}

/// What depends on an instance goes with it (documented), and Wix tells nobody: a voucher that is alive, as far as the
/// record knows, when its plan is over is read again.
pub(crate) fn read_dependents(record: &mut OrderRecord, ended: &InstanceId) {
    let names_it = |purchase: &Purchase| {
        let held = purchase.attempt().package().map_or(&[][..], HeldPackage::instances);
        let mut named = purchase.references().iter().zip(held);
        named.any(|(reference, instance)| reference == ended && !instance.has_ended())
    };
    let dependents = record.purchases().iter().filter(|purchase| names_it(purchase));
    let dependents: Vec<_> = dependents.map(Purchase::id).collect();
    for id in dependents {
        if let Ok(held) = record.held_mut(&Holder::Purchase(id)) {
            held.must_be_read();
        }
    }
}

/// After an operator's retry: what the read showed to be over, and may be bought, is given up and bought again, with the
/// vouchers that name it. What a person has closed stays as it is.
fn replace_ended(record: &mut OrderRecord, holder: &Holder, now: Timestamp) -> Result<(), RecordError> {
    let Holder::Purchase(id) = holder else {
        return Ok(());
    };
    if !record.held_mut(holder)?.take_replace() {
        return Ok(());
    }
    let entitled = Entitled::of(record, now);
    let (purchase, held) = (record.purchase(*id)?, record.held(holder)?);
    let gone = held.is_gone();
    let over = |(_, (item, instance)): &(usize, (&Item, &Instance))| {
        let is_decided = instance.is_closed() || instance.is_replaced();
        (gone || instance.has_ended()) && !is_decided && entitled.may_buy(**item)
    };
    let each = purchase.items().iter().zip(held.instances()).enumerate();
    let replaced: Vec<(usize, Item)> = each.filter(over).map(|(at, (item, _))| (at, *item)).collect();
    let ended: HashSet<InstanceId> = replaced
        .iter()
        .filter_map(|(at, _)| Some(held.instances().get(*at)?.id().clone()))
        .collect();
    let held = record.held_mut(holder)?;
    for (at, _) in &replaced {
        held.replace(*at);
    }
    if !replaced.is_empty() {
        record.note(now, &format!("replacing {} that ended of {id}", replaced.len()));
    }
    if id.kind == Kind::Base {
        let items: HashSet<Item> = replaced.into_iter().map(|(_, item)| item).collect();
        replace_vouchers(record, &items, &ended)?;
    }
    Ok(())
}

/// A voucher that names another plan than what has ended stays: the plan that it is for is alive.
fn replace_vouchers(
    record: &mut OrderRecord,
    items: &HashSet<Item>,
    ended: &HashSet<InstanceId>,
) -> Result<(), RecordError> {
    let vouchers = record
        .packages()
        .filter(|(purchase, _)| purchase.id().kind == Kind::Voucher);
    let replaced = vouchers.map(|(purchase, _)| {
        let each = purchase.items().iter().enumerate();
        let at: Vec<usize> = each
            .filter(|(at, item)| {
                let reference = purchase.references().get(*at);
                items.contains(item) && reference.is_none_or(|reference| ended.contains(reference))
            })
            .map(|(at, _)| at)
            .collect();
        (Holder::Purchase(purchase.id()), at)
    });
    for (holder, at) in replaced.collect::<Vec<_>>() {
        let held = record.held_mut(&holder)?;
        at.into_iter().for_each(|at| held.replace(at));
    }
    Ok(())
}

/// A purchase or package about which Wix does not answer for hours.
pub(crate) fn stuck_problem(record: &OrderRecord, purchase: &Purchase, now: Timestamp) -> Option<Problem> {
    let (what, backoff) = match (purchase.attempt().doubt(), purchase.attempt().package()) {
        (Some(doubt), _) => (name(purchase.id()), doubt.backoff()),
        (None, Some(held)) => (format!("package {}", held.id()), held.backoff()),
        (None, None) => return None,
    };
    let since = record.unsettled_since();
    let most = if since.is_some_and(|since| since + LONGEST_SILENCE <= now) {
        1
    } else {
        STUCK
    };
    let last = &backoff.filter(|backoff| backoff.failures >= most)?.last;
    let advice = "Wix does not answer what became of it for hours, and it is asked ever more seldom: ask Wix's support why, then retry the order";
    let generation = purchase.generation().to_string();
    Some(Problem::new(what, "UNANSWERED", &[&generation], advice.to_owned()).with_answer(last))
}

/// What of a package that was read needs a person.
pub(crate) fn problems(view: &View<'_>, purchase: &Purchase, held: &HeldPackage, found: &mut Vec<Problem>) {
    let what = format!("package {}", held.id());
    let holder = Holder::Purchase(purchase.id());
    let each = || purchase.items().iter().zip(held.instances()).enumerate();
    let matters =
        |instance: &Instance, item| !instance.is_replaced() && !instance.is_closed() && view.entitled.may_buy(item);
    if held.is_gone() {
        let lost = each().filter(|(_, (item, instance))| matters(instance, **item));
        let at: Vec<usize> = lost.map(|(at, _)| at).collect();
        if !at.is_empty() {
            let advice = "Wix does not have this package any more, and the order is live: ask Wix's support, then retry the order with replace to buy it again, or close this";
            let problem = Problem::new(what, "PACKAGE_GONE", &[], advice.to_owned());
            found.push(problem.closing(OnClose::Instances { holder, at }));
        }
        return;
    }
    let mut ended: BTreeMap<&str, Vec<(usize, &Instance)>> = BTreeMap::new();
    for (at, (item, instance)) in each() {
        if instance.has_ended() && matters(instance, *item) {
            ended
                .entry(instance.status().as_str())
                .or_default()
                .push((at, instance));
        }
    }
    for (status, instances) in ended {
        let listed = listed(&instances);
        let advice = if status == Status::Failed.as_str() {
            format!(
                "Wix failed to deliver {listed}: ask Wix's support, then retry the order with replace to buy it again, or close this"
            )
        } else {
            format!(
                "{listed} is canceled at Wix, and the order wants it: retry the order with replace to buy it again, or close this"
            )
        };
        let states = states(&instances);
        let problem = Problem::new(what.clone(), &format!("INSTANCE_{status}"), &[&states], advice);
        let at = instances.into_iter().map(|(at, _)| at).collect();
        found.push(problem.closing(OnClose::Instances {
            holder: holder.clone(),
            at,
        }));
    }
    // A status that nobody here knows may last as long, and what waits for it is not asked for any more after a month.
    if held.reads() >= LONG_AWAITED
        && each().any(|(_, (item, i))| i.may_become_nameable() && !i.is_closed() && lacks_voucher(view, *item))
    {
        let advice = "Wix or the customer must act before the voucher can be bought: see the instance at Wix, which is read again by itself for a month; retry the order after that, or close this";
        found.push(Problem::new(what, "AWAITING_ACTION", &[], advice.to_owned()));
    }
}

/// The first instances by their IDs.
fn listed(instances: &[(usize, &Instance)]) -> String {
    let first = instances.iter().take(3).map(|(_, instance)| instance.id().as_str());
    let listed = first.collect::<Vec<_>>().join(", ");
    match instances.len() {
        0..=3 => listed,
        more => format!("{listed} and {} more", more - 3),
    }
}

/// What a problem with instances stands on: which they are, and how often each was changed.
pub(crate) fn states(instances: &[(usize, &Instance)]) -> String {
    let each = instances.iter().map(|(_, i)| format!("{}-{}", i.id(), i.changes()));
    each.collect::<Vec<_>>().join(" ")
}
