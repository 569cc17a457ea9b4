//! Update Package External ID: a package gets the storefront's own reference.

use super::caller::{Caller, Interrupt};
use crate::fulfilment::derive;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::problem::Problem;
use crate::fulfilment::record::{HeldPackage, Holder, OrderRecord, PurchaseId, RecordError, Refusal};
use crate::fulfilment::view::View;
use crate::ids::{AccountId, ExternalId};
use crate::time::Clock;
use crate::wix::{Failure, UpdateExternalId};

/// The next package that has not the storefront's reference. While a purchase is in doubt no package is tagged: the one
/// that may yet appear is found by the external ID that we derived, and by nothing else.
pub(crate) fn due(view: &View<'_>) -> Option<(PurchaseId, ExternalId)> {
    let reference = view.record.reference()?;
    let mut purchases = view.record.purchases().iter();
    if purchases.any(|purchase| purchase.attempt().doubt().is_some()) {
        return None;
    }
    view.record
        .packages()
        .filter(|(_, held)| !held.is_gone())
        .find_map(|(purchase, held)| {
            let tag = derive::tag(reference, purchase.id()).ok()?;
            let is_refused = held.tag_refused().is_some_and(|(refused, _)| refused == tag.as_str());
            let is_due = !is_refused && held.tag() != Some(tag.as_str());
            is_due.then(|| (purchase.id(), tag))
        })
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
            tracing::info!(order = %record.key(), package = %package, "package tagged");
            Ok(())
        }
        Err(error) => {
            let error = caller.classify(error, &account).await;
            tracing::warn!(order = %record.key(), package = %package, error = %error, failure = ?error.failure(), "package not tagged");
            if error.failure() == Failure::Rejected {
                let refusal = Refusal::of(&error, caller.clock.now());
                record.held_mut(&holder)?.refuse_tag(tag.as_str(), refusal);
                Ok(())
            } else {
                Err(caller.hold(record, &error))
            }
        }
    }
}

/// A reference that Wix did not take.
pub(crate) fn problem(held: &HeldPackage) -> Option<Problem> {
    let (tag, refusal) = held.tag_refused()?;
    let advice =
        "the storefront's reference could not be set: correct it in the storefront, retry the order, or close this";
    let what = format!("package {}", held.id());
    Some(Problem::new(what, &refusal.code, &[tag], advice.to_owned()).with_answer(refusal))
}

/// A reference that cannot be used at all.
pub(crate) fn reference_problem(record: &OrderRecord) -> Option<Problem> {
    let reference = record.reference()?;
    let advice = derive::tag(reference, derive::FIRST).err()?;
    Some(Problem::new(
        "order".to_owned(),
        "REFERENCE_REFUSED",
        &[reference],
        advice,
    ))
}
