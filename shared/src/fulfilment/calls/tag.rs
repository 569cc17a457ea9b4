//! Update Package External ID: a package gets the storefront's own reference.

use super::caller::{Caller, Interrupt};
use super::change::MOST_UNCLEAR;
use crate::fulfilment::derive;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::problem::Problem;
use crate::fulfilment::record::{
    Backoff, HeldPackage, Holder, OrderRecord, Purchase, PurchaseId, RecordError, Refusal,
};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::fulfilment::wake::Wake;
use crate::ids::{AccountId, ExternalId};
use crate::time::Clock;
use crate::wix::{Failure, UpdateExternalId};

/// The next package that has not the storefront's reference. While a purchase is in doubt no package is tagged: the one
/// that may yet appear is found by the external ID that we derived, and by nothing else.
///
/// While an earlier reference may still come, no other one is set: it would be overwritten, and nobody would know.
pub(crate) fn due(view: &View<'_>, settings: &Settings, wake: &mut Wake) -> Option<(PurchaseId, ExternalId)> {
    let mut purchases = view.record.purchases().iter();
    if purchases.any(|purchase| purchase.attempt().doubt().is_some()) {
        return None;
    }
    view.record
        .packages()
        .filter(|(_, held)| !held.is_gone())
        .find_map(|(purchase, held)| {
            let tag = wanted(view, purchase)?;
            let is_refused = held.tag_refused().is_some_and(|(refused, _)| refused == tag.as_str());
            let is_due = !is_refused && held.tag() != Some(tag.as_str());
            if !is_due {
                return None;
            }
            let other = held.unclear_other_tag(tag.as_str());
            let certain = other.is_none_or(|at| wake.is_due(at + settings.change_horizon()));
            let pause = held.unclear_tag(tag.as_str());
            let may_be_sent = |pause: &Backoff| pause.failures < MOST_UNCLEAR && wake.is_due(pause.until);
            (certain && pause.is_none_or(may_be_sent)).then(|| (purchase.id(), tag))
        })
}

/// The external ID that a package is to have beside the one that it was created with: the storefront's reference. A package
/// that a person bought gets a derived one at least, so that no other order takes it.
fn wanted(view: &View<'_>, purchase: &Purchase) -> Option<ExternalId> {
    let record = view.record;
    // What lives again before its data went has its reference again, too.
    if record.switches().erasing && record.has_ended_by(&view.entitled) {
        let tag = purchase.attempt().package().and_then(HeldPackage::tag);
        return record.id_without_reference(purchase.id(), tag);
    }
    match record.reference() {
        Some(reference) => derive::tag(reference, purchase.id()).ok(),
        None if purchase.is_by_hand() => derive::external_id(record.key(), purchase.id()),
        None => None,
    }
}

/// A tag that is begun. While it is being set nobody knows which external ID the package has: should the storefront's
/// reference change back, it is set again.
pub(crate) struct Begun {
    holder: Holder,
    account: AccountId,
    call: UpdateExternalId,
    before: Option<String>,
}

impl Begun {
    /// Whether the package had another tag, which the record does not tell any more.
    pub(crate) const fn replaces_a_tag(&self) -> bool {
        self.before.is_some()
    }

    /// Takes it back: nothing was sent.
    pub(crate) fn undo(self, record: &mut OrderRecord) -> Result<(), RecordError> {
        record.held_mut(&self.holder)?.set_tag(self.before);
        Ok(())
    }
}

/// Begins a tag.
pub(crate) fn begin(record: &mut OrderRecord, id: PurchaseId, tag: ExternalId) -> Result<Begun, RecordError> {
    let account = record.purchase(id)?.account().clone();
    let holder = Holder::Purchase(id);
    let held = record.held_mut(&holder)?;
    Ok(Begun {
        call: UpdateExternalId {
            package: held.id().clone(),
            external_id: tag,
        },
        before: held.take_tag(),
        holder,
        account,
    })
}

/// Tags.
pub(crate) async fn send<W: Wix, C: Clock>(
    begun: Begun,
    record: &mut OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<(), Interrupt> {
    let Begun {
        holder, account, call, ..
    } = begun;
    let (package, tag) = (&call.package, &call.external_id);
    caller.tally.wix_calls += 1;
    let result = caller.wix.send(&account, &call).await;
    match result {
        Ok(_) => {
            record.set_hold(None);
            record.held_mut(&holder)?.set_tag(Some(tag.as_str().to_owned()));
            record.note(caller.clock.now(), &format!("reference set on package {package}"));
            tracing::info!(order = %record.key(), package = %package, "package tagged");
            Ok(())
        }
        Err(error) => {
            let error = caller.classify(error, &account).await;
            tracing::warn!(order = %record.key(), package = %package, error = %error, failure = ?error.failure(), "package not tagged");
            let now = caller.clock.now();
            let held = record.held_mut(&holder)?;
            match error.failure() {
                Failure::Rejected => held.refuse_tag(tag.as_str(), Refusal::of(&error, now)),
                Failure::Unknown => {
                    caller.tally.unclear += 1;
                    held.tag_unclear(tag.as_str(), Refusal::of(&error, now), now);
                }
                Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                    return Err(caller.hold(record, &error));
                }
            }
            Ok(())
        }
    }
}

/// A reference that Wix did not take, or never answered clearly.
pub(crate) fn problem(view: &View<'_>, purchase: &Purchase, held: &HeldPackage) -> Option<Problem> {
    let Some((tag, refusal)) = held.tag_refused() else {
        let tag = wanted(view, purchase)?;
        let given_up = |backoff: &&Backoff| backoff.failures >= MOST_UNCLEAR && held.tag() != Some(tag.as_str());
        let last = &held.unclear_tag(tag.as_str()).filter(given_up)?.last;
        let advice = format!(
            "Wix gave no clear answer to {MOST_UNCLEAR} tries to set the storefront's reference: ask Wix's support and retry the order, or close this"
        );
        let what = format!("package {}", held.id());
        return Some(Problem::new(what, "UNANSWERED_TAG", &[tag.as_str()], advice).with_request_id(last));
    };
    let advice =
        "the storefront's reference could not be set: correct it in the storefront, retry the order, or close this";
    let what = format!("package {}", held.id());
    Some(Problem::new(what, &refusal.code, &[tag], advice.to_owned()).with_answer(refusal))
}

/// A reference that cannot be used at all.
pub(crate) fn reference_problem(record: &OrderRecord) -> Option<Problem> {
    let reference = record.reference()?;
    let cause = derive::tag(reference, derive::FIRST).err()?;
    let advice = format!("{cause}, or close this");
    Some(Problem::new(
        "order".to_owned(),
        "REFERENCE_REFUSED",
        &[reference],
        advice,
    ))
}
