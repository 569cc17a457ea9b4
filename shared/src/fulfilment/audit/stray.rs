//! Packages that the audit found with an external ID of an order and that its record did not know: whose they are, and
//! what becomes of them. Pure, as everything that decides.

use crate::fulfilment::calls::compare::{Comparison, compare};
use crate::fulfilment::calls::{create, lookup};
use crate::fulfilment::derive;
use crate::fulfilment::record::{Attempt, Entitled, HeldPackage, OrderRecord, PurchaseId, RecordError};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::ids::AccountId;
use crate::time::Timestamp;
use crate::wix::Package;

/// What becomes of a package that carries an external ID of the order and that the record did not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stray {
    /// The record knows it by now.
    Known,
    /// The order is at work on what the package may belong to.
    Later,
    /// It is what a purchase in doubt made: adopted, or to be looked up and adopted.
    Found,
    /// It is there beside what the record has.
    Surplus,
    /// It belongs to another account than the purchase: somebody else uses the same IDs.
    Foreign,
}

impl Stray {
    /// Whether the record was changed.
    pub(super) const fn changes(self) -> bool {
        match self {
            Self::Found | Self::Surplus => true,
            Self::Known | Self::Later | Self::Foreign => false,
        }
    }
}

/// Notes a package, as Get shows it, that carries the external ID of a purchase and belongs to `account`. What of it is
/// not wanted is taken back like everything else of the order.
pub(super) fn note(
    record: &mut OrderRecord,
    id: PurchaseId,
    account: &AccountId,
    package: &Package,
    settings: &Settings,
    now: Timestamp,
) -> Result<Stray, RecordError> {
    if record.knows(&package.id) {
        return Ok(Stray::Known);
    }
    let Ok(purchase) = record.purchase(id) else {
        return Ok(without_purchase(record, id, account, package, now));
    };
    if purchase.account() != account {
        return Ok(Stray::Foreign);
    }
    let wanted = Entitled::of(record, now).may_buy_any(purchase);
    match purchase.attempt() {
        Attempt::InDoubt(_) if wanted => {
            // The lookup sees whether it is the only one.
            record.purchase_mut(id)?.look_again(now)?;
            return Ok(Stray::Found);
        }
        // It is looked for as soon as the order is taken up.
        Attempt::Dropped { .. } if wanted => return Ok(Stray::Found),
        // Nobody will look for it any more, or not before a day has passed: it is taken back from here.
        Attempt::InDoubt(_) => {
            let request = purchase.request(record.key())?;
            let sought = derive::external_id(record.key(), id).ok_or(RecordError::NoRequest(id))?;
            let mut sorted = lookup::sort(record, purchase, &sought, vec![package.clone()], settings);
            if let Some(package) = sorted.candidates.pop()
                && let Comparison::Fits(instances) = compare(purchase, &request, &package)
            {
                let held = HeldPackage::new(&package, instances, now);
                record.purchase_mut(id)?.created(held)?;
                return Ok(Stray::Found);
            }
        }
        Attempt::Created(_) | Attempt::Refused(_) | Attempt::Ambiguous | Attempt::Dropped { .. } | Attempt::Closed => {}
    }
    let odd = lookup::is_odd(record, purchase, package)?;
    record.add_surplus(id, account, HeldPackage::whole(package, now), odd);
    Ok(Stray::Surplus)
}

/// The record has no such purchase: it was restored from an older one, or somebody else uses the same IDs.
fn without_purchase(
    record: &mut OrderRecord,
    id: PurchaseId,
    account: &AccountId,
    package: &Package,
    now: Timestamp,
) -> Stray {
    match create::draft(&View::of(record, now), id.kind) {
        // It is what the order would buy next: look for it first.
        Some(draft) if draft.id == id && draft.account == *account => {
            record.add_purchase(draft.looked_up_first(package.created_date, now));
            Stray::Found
        }
        Some(_) => Stray::Later,
        None if record.lines().is_empty() => Stray::Later,
        None => {
            record.add_surplus(id, account, HeldPackage::whole(package, now), true);
            Stray::Surplus
        }
    }
}
