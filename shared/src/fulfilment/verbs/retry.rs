//! `retry`: what was refused, put off or unclear is tried again.

use super::By;
use crate::fulfilment::calls::lookup::PERHAPS_BOUGHT_BEFORE;
use crate::fulfilment::plan::replan;
use crate::fulfilment::record::{Absence, OrderRecord, Purchase, RecordError};
use crate::ids::InstanceId;
use crate::time::Timestamp;

/// An operator's retry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    /// Instances that have ended at Wix are bought again, with the vouchers that name them.
    pub replace: bool,
    /// Who retries, and why.
    pub who: By,
}

/// Opens the way again: plans that were refused are resolved from today's catalog, refused purchases are planned again,
/// unclear ones are looked up again, and instances that are over are read again, and replaced only where that is asked
/// for. What is held, not ours or closed stays so.
pub(crate) fn retry(record: &mut OrderRecord, retry: &Retry, now: Timestamp) -> Result<(), RecordError> {
    let replacing = if retry.replace {
        ", replacing what has ended,"
    } else {
        ""
    };
    record.note(now, &format!("retried{replacing} {}", retry.who.in_words()));
    record.set_hold(None);
    record.forget_refusals();
    let switches = record.switches_mut();
    (switches.products_apart, switches.vouchers_apart) = (false, false);
    let mut dead = Vec::new();
    for purchase in record.purchases() {
        let refusal = purchase.attempt().refusal();
        if refusal.is_some() || names_what_is_over(record, purchase) {
            let was_perhaps_bought = refusal.is_some_and(|refusal| refusal.code == PERHAPS_BOUGHT_BEFORE);
            dead.push((purchase.id(), was_perhaps_bought));
        }
    }
    for (id, was_perhaps_bought) in dead {
        record.retire(id)?;
        record.switches_mut().reference_is_anothers |= was_perhaps_bought;
    }
    replan::open_unbought(record);
    record.switches_mut().replan = true;
    for purchase in record.purchases_mut() {
        purchase.retried(retry.replace, now);
    }
    // The operator may have canceled the others at Wix.
    record.read_surplus();
    Ok(())
}

/// Whether a voucher purchase was sent as often as may be, did not appear, and names an instance that is over: then it
/// can never come to be, and is planned again for what replaces that instance.
fn names_what_is_over(record: &OrderRecord, purchase: &Purchase) -> bool {
    let doubt = purchase.attempt().doubt();
    let exhausted =
        doubt.is_some_and(|doubt| doubt.absence() == Absence::Proven && !doubt.may_be_sent() && !doubt.is_closed());
    let is_over = |reference: &InstanceId| {
        record.packages().any(|(_, held)| {
            let mut instances = held.instances().iter();
            instances.any(|i| i.id() == reference && (held.is_gone() || i.is_replaced() || i.has_ended()))
        })
    };
    exhausted && purchase.references().iter().any(is_over)
}
