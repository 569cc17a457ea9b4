//! Packages that the audit found with an external ID of the order and that its record did not know: whose they are, and
//! what becomes of them. Pure, as everything that decides.

use super::purchase::{self, Comparison};
use super::record::{Kind, OrderRecord, PurchaseState, Surplus};
use super::settings::Settings;
use crate::ids::{AccountId, PackageId};
use crate::time::Timestamp;
use crate::wix::Package;

/// What becomes of a package that carries an external ID of the order and that the record did not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// The record knows it by now.
    Known,
    /// The order is at work on what the package may belong to.
    Later,
    /// It is what a purchase of unknown outcome made: adopted, or to be looked up and adopted.
    Found,
    /// It is there beside what the record has.
    Surplus,
    /// It belongs to another account than the purchase: somebody else uses the same IDs.
    Foreign,
}

impl Stray {
    /// Whether the record was changed.
    pub(crate) const fn changes(self) -> bool {
        match self {
            Self::Found | Self::Surplus => true,
            Self::Known | Self::Later | Self::Foreign => false,
        }
    }
}

impl OrderRecord {
    /// Marks packages to be read before anything is decided about them; `true` when that changed anything.
    pub(crate) fn doubt(&mut self, packages: &[PackageId]) -> bool {
        let mut changed = false;
        for (holder, _) in self.holders() {
            if let Some(done) = self.held_mut(holder)
                && packages.contains(&done.package)
            {
                changed |= done.gone || !done.read;
                (done.gone, done.read) = (false, true);
            }
        }
        changed
    }

    /// Notes a package, as Get shows it, that carries the external ID of this kind and ordinal and belongs to
    /// `account`. What of it is not wanted is taken back like everything else of the order.
    pub(crate) fn note_stray(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        settings: &Settings,
        now: Timestamp,
    ) -> Stray {
        if self.knows(&package.id) {
            return Stray::Known;
        }
        let mut purchases = self.actual.purchases.iter();
        let Some(at) = purchases.position(|known| known.kind == kind && known.ordinal == ordinal) else {
            return self.note_stray_without_purchase(kind, ordinal, account, package, now);
        };
        let Some(purchase) = self.actual.purchases.get(at).cloned() else {
            return Stray::Later;
        };
        if purchase.account != *account {
            return Stray::Foreign;
        }
        let wanted = self.wants_any(&purchase);
        match &purchase.state {
            PurchaseState::Unknown(_) if wanted => {
                // The lookup sees whether it is the only one.
                if let Some(PurchaseState::Unknown(unknown)) = self.actual.purchases.get_mut(at).map(|p| &mut p.state) {
                    unknown.empty = 0;
                    unknown.look_at = now;
                }
                return Stray::Found;
            }
            // Tidying looks for it as soon as the order is taken up.
            PurchaseState::Dropped { .. } if wanted => return Stray::Found,
            // Nobody will look for it any more, or not before a day has passed: it is taken back from here.
            PurchaseState::Unknown(_) => {
                let fits = self.sort_shown(at, vec![package.clone()], settings).candidates.pop();
                if let (Some(package), Some(request)) = (fits, self.request(&purchase))
                    && let Comparison::Fits(instances) = self.compare(&purchase, &request, &package)
                {
                    self.adopt(at, &package, instances, now);
                    return Stray::Found;
                }
            }
            PurchaseState::Done(_)
            | PurchaseState::Refused(_)
            | PurchaseState::Ambiguous
            | PurchaseState::Dropped { .. } => {}
        }
        self.add_surplus(kind, ordinal, account, package, now)
    }

    /// The record has no such purchase: it was restored from an older one, or somebody else uses the same IDs.
    fn note_stray_without_purchase(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        now: Timestamp,
    ) -> Stray {
        let earliest = package.created_date.unwrap_or(Timestamp::EPOCH);
        match self.draft(kind, now, earliest) {
            // It is what the order would buy next: look for it first.
            Some(draft) if draft.ordinal == ordinal && draft.account == *account => {
                self.actual.purchases.push(draft);
                Stray::Found
            }
            Some(_) => Stray::Later,
            None if self.actual.lines.is_empty() => Stray::Later,
            None => self.add_surplus(kind, ordinal, account, package, now),
        }
    }

    fn add_surplus(
        &mut self,
        kind: Kind,
        ordinal: u32,
        account: &AccountId,
        package: &Package,
        now: Timestamp,
    ) -> Stray {
        self.actual.surplus.push(Surplus {
            kind,
            ordinal,
            account: account.clone(),
            done: purchase::whole(package, now),
        });
        Stray::Surplus
    }
}
