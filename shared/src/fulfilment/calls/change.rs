//! Changes of instances: which one an instance needs, its key, and what each answer to assign, unassign and cancel means.
//! Moves and adjustments have files of their own: `shift`, `site_move`, `adjust`.

use std::collections::BTreeMap;

use super::caller::{Caller, Interrupt};
use super::read::{read_dependents, states};
use super::subject::{Needed, Subject, planned_site};
use super::{adjust, shift, site_move};
use crate::catalog::OnCancel;
use crate::fulfilment::derive;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::problem::{OnClose, Problem};
use crate::fulfilment::record::{
    Change, Goal, HeldPackage, Holder, Instance, InstanceRef, Item, Kind, OrderRecord, Purchase, RecordError, Refusal,
    Shifts,
};
use crate::fulfilment::view::View;
use crate::fulfilment::wake::Wake;
use crate::ids::{IdempotencyKey, SiteId};
use crate::time::{Clock, Timestamp};
use crate::wix::{AssignProductInstance, CancelProductInstance, Error, Failure, Package, UnassignProductInstance};

/// How many changes are begun in one write.
const CHANGES_AT_ONCE: usize = 16;

/// How often a change that is not answered clearly is sent (in about an hour), before a person is told and it is sent no
/// more.
pub(crate) const MOST_UNCLEAR: u32 = 12;

/// A change without its instance.
pub(super) type Wanted = (Change, Option<SiteId>, Option<(Goal, u32)>);

/// The next changes of these kinds, voucher instances before the others: a voucher is off the site before the instance
/// that it names.
pub(crate) fn due(view: &View<'_>, of: &[Change], wake: &mut Wake) -> Option<Vec<Needed>> {
    for kind in [Kind::Voucher, Kind::Base] {
        let mut needed = Vec::new();
        for (holder, account, held) in view.record.holdings() {
            let purchase = view
                .record
                .purchase_of(&holder)
                .filter(|purchase| purchase.id().kind == kind);
            let Some(purchase) = purchase.filter(|_| !held.is_gone() && !held.needs_read()) else {
                continue;
            };
            for (at, instance) in held.instances().iter().enumerate() {
                let change = change_of(view, &holder, purchase, at, instance);
                let Some((change, site, goal)) = change.filter(|(change, ..)| of.contains(change)) else {
                    continue;
                };
                // A move that is sent once more has a proof of its own.
                let goes_elsewhere = match change {
                    Change::Assign => true,
                    Change::Move => instance.shift(Change::Move).is_none(),
                    Change::Unassign | Change::Cancel | Change::Return | Change::Adjust => false,
                };
                if goes_elsewhere && site_move::may_come_elsewhere(held, moves_of(view.record, &holder, at)) {
                    continue;
                }
                let pause = held.unclear_change().map(|backoff| backoff.until);
                let is_stopped = is_stopped(view.record, instance, change);
                if goal.is_some() || (!is_stopped && pause.is_none_or(|until| wake.is_due(until))) {
                    let instance = InstanceRef {
                        holder: holder.clone(),
                        at,
                        account: account.clone(),
                        id: instance.id().clone(),
                    };
                    needed.push(Needed {
                        instance,
                        change,
                        site,
                        goal,
                    });
                    if needed.len() == CHANGES_AT_ONCE {
                        return Some(needed);
                    }
                }
            }
        }
        if !needed.is_empty() {
            return Some(needed);
        }
    }
    None
}

/// The change that an instance needs. While a move or an adjustment is in doubt, nothing is decided.
pub(super) fn change_of(
    view: &View<'_>,
    holder: &Holder,
    purchase: &Purchase,
    at: usize,
    instance: &Instance,
) -> Option<Wanted> {
    if instance.has_ended() || instance.begun().is_some() || instance.shift_in_doubt().is_some() {
        return None;
    }
    let item = view.record.item_of(holder, purchase, at)?;
    let component = view.record.component(item)?;
    if is_kept(view, holder, purchase, item, instance) {
        let subject = Subject {
            purchase,
            at,
            item,
            instance,
            component,
        };
        let is_purchased = matches!(holder, Holder::Purchase(_));
        if !is_purchased || !view.entitled.may_buy(item) {
            return None;
        }
        if let Some((change, goal, turn)) = shift::needed(view, &subject) {
            return Some((change, None, Some((goal, turn))));
        }
        let site = planned_site(component, purchase.id().kind).filter(|_| instance.site().is_none());
        let site = site.filter(|_| site_move::may_be_assigned(view, &subject));
        return site.map(|site| (Change::Assign, Some(site.clone()), None));
    }
    match component.on_cancel {
        OnCancel::Keep => None,
        OnCancel::Cancel if !view.entitled.may_come_back(item) => Some((Change::Cancel, None, None)),
        OnCancel::Cancel | OnCancel::Unassign => instance.site().is_some().then_some((Change::Unassign, None, None)),
    }
}

/// Whether an instance stays with its customer.
pub(super) fn is_kept(view: &View<'_>, holder: &Holder, purchase: &Purchase, item: Item, instance: &Instance) -> bool {
    match holder {
        Holder::Purchase(_) => !instance.is_replaced() && view.entitled.keeps(item),
        Holder::Surplus(_) => view.entitled.keeps_any(purchase),
    }
}

/// Whether Wix refused this very change of the instance.
fn is_refused(record: &OrderRecord, instance: &Instance, change: Change) -> bool {
    let refusal = record.refusal_of(instance);
    refusal.is_some_and(|refusal| refusal.operation == change.operation().as_str())
}

/// Whether this very change of the instance waits for a person: Wix refused it, or never answered it clearly.
pub(super) fn is_stopped(record: &OrderRecord, instance: &Instance, change: Change) -> bool {
    is_refused(record, instance, change) || instance.unclear(change) >= MOST_UNCLEAR
}

/// The number of the site that the plan of an instance names: how often it has named another one.
pub(super) fn moves_of(record: &OrderRecord, holder: &Holder, at: usize) -> u32 {
    let purchase = record.purchase_of(holder);
    let item = purchase.and_then(|purchase| record.item_of(holder, purchase, at));
    item.and_then(|item| record.component(item))
        .map_or(0, |component| component.moves)
}

/// A change that is begun, with a key that no other change of its instance had.
struct BegunOne {
    needed: Needed,
    key: IdempotencyKey,
    /// Of a move or an adjustment: what is restored if nothing is sent.
    before: Option<Shifts>,
}

impl BegunOne {
    /// Takes it back: nothing was sent. The number of its key stays used.
    fn undo(self, record: &mut OrderRecord) -> Result<(), RecordError> {
        let held = record.held_mut(&self.needed.instance.holder)?;
        match self.before {
            Some(before) => held.undo_shift(&self.needed.instance, before),
            None => held.forget_change(&self.needed.instance),
        }
    }
}

/// Changes that are begun.
pub(crate) struct Begun(Vec<BegunOne>);

impl Begun {
    /// Takes them back: nothing was sent.
    pub(crate) fn undo(self, record: &mut OrderRecord) -> Result<(), RecordError> {
        self.0.into_iter().try_for_each(|one| one.undo(record))
    }
}

/// Begins changes.
pub(crate) fn begin(
    record: &mut OrderRecord,
    changes: Vec<Needed>,
    send_before: Timestamp,
) -> Result<Begun, RecordError> {
    let mut begun = Vec::with_capacity(changes.len());
    for needed in changes {
        let held = record.held_mut(&needed.instance.holder)?;
        let (count, before) = match &needed.goal {
            Some((goal, turn)) => {
                let shift = held.begin_shift(&needed.instance, needed.change, goal.clone(), *turn, send_before)?;
                (shift.count, Some(shift.before))
            }
            None => (held.begin_change(&needed.instance, needed.change)?, None),
        };
        let id = &needed.instance.id;
        let key = derive::operation_key(id, count).ok_or_else(|| RecordError::NoKey(id.clone()))?;
        begun.push(BegunOne { needed, key, before });
    }
    Ok(Begun(begun))
}

/// Sends changes one after the other. After an error that every call would meet, the others are taken back.
pub(crate) async fn send<W: Wix, C: Clock>(
    begun: Begun,
    record: &mut OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<(), Interrupt> {
    let mut interrupt = None;
    let mut story = Story::default();
    for one in begun.0 {
        if interrupt.is_some() || caller.is_too_late() {
            one.undo(record)?;
            continue;
        }
        caller.tally.wix_calls += 1;
        let result = send_one(record, &one, caller).await;
        // The secret may have been read, and a second send made after a 401: nothing of it went out later than now.
        let sent_at = caller.clock.now();
        let InstanceRef { account, id, .. } = &one.needed.instance;
        match result {
            Ok(answer) => {
                record.set_hold(None);
                match &one.needed.goal {
                    Some((goal, _)) => shift::answered(record, &one.needed, goal, &answer, sent_at)?,
                    None => changed(record, &one.needed)?,
                }
                story.add(record, &one.needed, one.needed.change.done());
                tracing::info!(order = %record.key(), instance = %id, change = one.needed.change.operation().as_str(), "instance changed");
            }
            Err(error) => {
                let error = caller.classify(error, account).await;
                tracing::warn!(order = %record.key(), instance = %id, error = %error, failure = ?error.failure(), "instance not changed");
                match error.failure() {
                    Failure::Rejected => {
                        let (now, done) = (caller.clock.now(), one.needed.change.done());
                        not_changed(record, &one.needed, &error, sent_at, now)?;
                        story.add(
                            record,
                            &one.needed,
                            &format!("not {done}: {}", Refusal::of(&error, now).code),
                        );
                    }
                    // The others go on.
                    Failure::Unknown => {
                        caller.tally.unclear += 1;
                        not_changed(record, &one.needed, &error, sent_at, caller.clock.now())?;
                        story.add(record, &one.needed, &format!("perhaps {}", one.needed.change.done()));
                    }
                    Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                        one.undo(record)?;
                        interrupt = Some(caller.hold(record, &error));
                    }
                }
            }
        }
    }
    story.tell(record, caller.clock.now());
    interrupt.map_or(Ok(()), Err)
}

/// What became of the instances of one write, for the history: one line for those of a package that fared alike.
#[derive(Default)]
struct Story(BTreeMap<(String, String), u32>);

impl Story {
    fn add(&mut self, record: &OrderRecord, needed: &Needed, what: &str) {
        let package = record
            .held(&needed.instance.holder)
            .map_or_else(|_| String::new(), |held| held.id().to_string());
        *self.0.entry((package, what.to_owned())).or_default() += 1;
    }

    fn tell(self, record: &mut OrderRecord, now: Timestamp) {
        for ((package, what), count) in self.0 {
            record.note(now, &format!("{what}: {count} of package {package}"));
        }
    }
}

async fn send_one<W: Wix, C: Clock>(
    record: &OrderRecord,
    one: &BegunOne,
    caller: &Caller<'_, W, C>,
) -> Result<Package, Error> {
    let InstanceRef { account, id, .. } = &one.needed.instance;
    let (instance, idempotency_key) = (id.clone(), one.key.clone());
    let site = match (one.needed.change, &one.needed.goal) {
        (Change::Return, Some((Goal::Site { from, .. }, _))) => Some(from.clone()),
        (_, Some((Goal::Site { to, .. }, _))) => Some(to.clone()),
        (_, Some((Goal::Product { from, to }, _))) => {
            let InstanceRef { holder, at, .. } = &one.needed.instance;
            let purchase = record.purchase_of(holder);
            let item = purchase.and_then(|purchase| record.item_of(holder, purchase, *at));
            let plan = item.and_then(|item| record.component(item));
            let call = adjust::call(instance, from, to, plan, idempotency_key);
            return caller.wix.send(account, &call).await;
        }
        (_, None) => one.needed.site.clone(),
    };
    match (one.needed.change, site) {
        (Change::Cancel, _) => {
            let call = CancelProductInstance {
                instance,
                idempotency_key,
            };
            caller.wix.send(account, &call).await
        }
        (Change::Assign | Change::Move | Change::Return, Some(site)) => {
            let call = AssignProductInstance {
                instance,
                site,
                idempotency_key,
            };
            caller.wix.send(account, &call).await
        }
        (Change::Unassign | Change::Assign | Change::Move | Change::Return | Change::Adjust, _) => {
            let call = UnassignProductInstance {
                instance,
                idempotency_key,
            };
            caller.wix.send(account, &call).await
        }
    }
}

/// Wix says that a change is made.
fn changed(record: &mut OrderRecord, needed: &Needed) -> Result<(), RecordError> {
    let is_restored = record.is_restored();
    let held = record.held_mut(&needed.instance.holder)?;
    held.changed(&needed.instance, needed.change, needed.site.as_ref())?;
    if is_restored {
        // The lost ledger may have made a change of this number, and so of this key: a Wix that honours keys then answers what
        // it answered at that time, and does nothing.
        held.must_be_read();
    }
    if needed.change == Change::Cancel {
        read_dependents(record, &needed.instance.id);
    }
    Ok(())
}

/// A change was refused, or nobody knows: then Get tells, and until then it stays begun.
fn not_changed(
    record: &mut OrderRecord,
    needed: &Needed,
    error: &Error,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<(), RecordError> {
    if needed.goal.is_some() {
        return shift::not_made(record, needed, error, sent_at, now);
    }
    if error.failure() != Failure::Rejected {
        let held = record.held_mut(&needed.instance.holder)?;
        return held.change_unclear(&needed.instance, needed.change, Refusal::of(error, now), now);
    }
    let refused = record.keep_refusal(Refusal::of(error, now));
    record
        .held_mut(&needed.instance.holder)?
        .change_refused(&needed.instance, refused)
}

/// Changes that are needed and that Wix refused or did not answer: one problem for those of a package that failed alike.
pub(crate) fn problems(view: &View<'_>, holder: &Holder, held: &HeldPackage, found: &mut Vec<Problem>) {
    let purchase = view.record.purchase_of(holder).filter(|_| !held.is_gone());
    let Some(purchase) = purchase else { return };
    type Alike<'a> = (Option<&'a Refusal>, Option<SiteId>, Vec<(usize, &'a Instance)>);
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for (at, instance) in held.instances().iter().enumerate().filter(|(_, i)| !i.is_closed()) {
        let needed = change_of(view, holder, purchase, at, instance);
        let is_stopped = |(change, _, goal): &Wanted| goal.is_none() && is_stopped(view.record, instance, *change);
        let Some((change, site, _)) = needed.filter(is_stopped) else {
            continue;
        };
        let refusal = Some(instance).filter(|instance| is_refused(view.record, instance, change));
        let refusal = refusal.and_then(|instance| view.record.refusal_of(instance));
        let code = |refusal: Option<&Refusal>| refusal.map(|refusal| refusal.code.clone());
        let alike = groups
            .iter_mut()
            .find(|(known, to, _)| code(*known) == code(refusal) && *to == site);
        match alike {
            Some((_, _, instances)) => instances.push((at, instance)),
            None => groups.push((refusal, site, vec![(at, instance)])),
        }
    }
    for (refusal, site, instances) in groups {
        let to = site.map(|site| format!(" to site {site}")).unwrap_or_default();
        let what = format!("package {}", held.id());
        let stands_on = [to.as_str(), &states(&instances)];
        let problem = match (refusal, held.unclear_change()) {
            (Some(refusal), _) => {
                let advice = format!(
                    "Wix refused the change{to}: correct the cause and retry the order, or do it at Wix by hand and close this"
                );
                Problem::new(what, &refusal.code, &stands_on, advice).with_answer(refusal)
            }
            (None, last) => {
                let advice = format!(
                    "Wix gave no clear answer to {MOST_UNCLEAR} tries of the change{to}: ask Wix's support and retry the order, or do it at Wix by hand and close this"
                );
                let problem = Problem::new(what, "UNANSWERED_CHANGE", &stands_on, advice);
                last.map_or(problem.clone(), |last| problem.with_request_id(&last.last))
            }
        };
        found.push(problem.closing(OnClose::Instances {
            holder: holder.clone(),
            at: instances.into_iter().map(|(at, _)| at).collect(),
        }));
    }
}
