//! The packages of a record: those that purchases hold, and those that are surplus.

use super::{HeldPackage, Holder, Item, Kind, OrderRecord, Purchase, PurchaseId, RecordError, Spec, Surplus};
use crate::ids::{AccountId, PackageId};
use crate::time::Timestamp;
use crate::wix::Package;

impl OrderRecord {
    /// Whether a package is held by a purchase or known as surplus.
    pub fn knows(&self, package: &PackageId) -> bool {
        let mut held = self.packages().map(|(_, held)| held);
        held.any(|held| held.id == *package) || self.actual.surplus.iter().any(|surplus| surplus.held.id == *package)
    }

    /// The purchases that hold a package, with it.
    pub fn packages(&self) -> impl Iterator<Item = (&Purchase, &HeldPackage)> {
        let purchases = self.actual.purchases.iter();
        purchases.filter_map(|purchase| Some((purchase, purchase.attempt.package()?)))
    }

    /// Every package that is held, by purchases and as surplus, with the account to call for.
    pub fn holdings(&self) -> impl Iterator<Item = (Holder, &AccountId, &HeldPackage)> {
        let held = self
            .packages()
            .map(|(purchase, held)| (Holder::Purchase(purchase.id), &purchase.account, held));
        let surplus = self.actual.surplus.iter().map(|surplus| {
            let holder = Holder::Surplus(surplus.held.id.clone());
            (holder, &surplus.account, &surplus.held)
        });
        held.chain(surplus)
    }

    /// The package of a holder.
    pub fn held(&self, holder: &Holder) -> Result<&HeldPackage, RecordError> {
        let found = match holder {
            Holder::Purchase(id) => self.purchase(*id)?.attempt.package(),
            Holder::Surplus(package) => {
                let mut surplus = self.actual.surplus.iter().map(|surplus| &surplus.held);
                surplus.find(|held| held.id == *package)
            }
        };
        found.ok_or_else(|| RecordError::UnknownPackage(holder.clone()))
    }

    /// The package of a holder, to be changed by its own methods.
    pub(crate) fn held_mut(&mut self, holder: &Holder) -> Result<&mut HeldPackage, RecordError> {
        let found = match holder {
            Holder::Purchase(id) => self.purchase_mut(*id)?.attempt.package_mut(),
            Holder::Surplus(package) => {
                let mut surplus = self.actual.surplus.iter_mut().map(|surplus| &mut surplus.held);
                surplus.find(|held| held.id == *package)
            }
        };
        found.ok_or_else(|| RecordError::UnknownPackage(holder.clone()))
    }

    pub(crate) fn all_held_mut(&mut self) -> impl Iterator<Item = &mut HeldPackage> {
        let held = self.actual.purchases.iter_mut();
        let held = held.filter_map(|purchase| purchase.attempt.package_mut());
        held.chain(self.actual.surplus.iter_mut().map(|surplus| &mut surplus.held))
    }

    /// The purchase that a holder is, or whose units a surplus package stands for; `None` where nobody knows that.
    pub fn purchase_of(&self, holder: &Holder) -> Option<&Purchase> {
        match holder {
            Holder::Purchase(id) => self.purchase(*id).ok(),
            Holder::Surplus(package) => {
                let surplus = self.actual.surplus.iter().find(|known| known.held.id == *package)?;
                self.purchase(surplus.of).ok().filter(|_| !surplus.odd)
            }
        }
    }

    /// The item that an instance stands for: in a surplus package it is the purchase's first item.
    pub fn item_of(&self, holder: &Holder, purchase: &Purchase, at: usize) -> Option<Item> {
        match holder {
            Holder::Purchase(_) => purchase.items.get(at).copied(),
            Holder::Surplus(_) => purchase.items.first().copied(),
        }
    }

    /// Keeps a package that no purchase holds. It is odd where it is not what its purchase asks for.
    pub(crate) fn add_surplus(&mut self, of: PurchaseId, account: &AccountId, held: HeldPackage, odd: bool) {
        self.actual.surplus.push(Surplus {
            of,
            account: account.clone(),
            held,
            odd,
        });
    }

    /// Takes the surplus packages of a purchase out of the record: of odd ones only what Wix has just shown.
    pub(crate) fn take_surplus(&mut self, of: PurchaseId, shown: &[Package]) -> Vec<Surplus> {
        let (taken, kept) = std::mem::take(&mut self.actual.surplus)
            .into_iter()
            .partition(|surplus| {
                let is_shown = shown.iter().any(|package| package.id == surplus.held.id);
                surplus.of == of && (is_shown || !surplus.odd)
            });
        self.actual.surplus = kept;
        taken
    }

    /// Takes one surplus package out of the record, by its ID.
    pub(crate) fn take_surplus_package(&mut self, package: &PackageId) -> Option<Surplus> {
        let at = self
            .actual
            .surplus
            .iter()
            .position(|surplus| surplus.held.id == *package)?;
        Some(self.actual.surplus.remove(at))
    }

    /// The ledger was restored, and somebody resumed it at a time: what the lost one bought, and did to the packages, since
    /// the backup shows nowhere but at Wix. So each package is read once before anything is decided about it, even one that
    /// was gone, and what is in doubt is looked up again, whatever was proven.
    pub(crate) fn read_restored(&mut self, resumed: Timestamp) {
        if self.actual.read_after.is_some_and(|after| after >= resumed) {
            return;
        }
        let created = self.desired.created_at();
        let mut from_before = created.is_none_or(|created| created < resumed);
        for held in self.all_held_mut().filter(|held| held.created_at() <= resumed) {
            held.doubt();
            from_before = true;
        }
        for purchase in &mut self.actual.purchases {
            from_before |= purchase
                .attempt
                .doubt_mut()
                .map(|doubt| doubt.look_again(resumed))
                .is_some();
        }
        if from_before {
            self.actual.read_after = Some(resumed);
        }
    }

    /// Whether the record has packages from before a restore, and was not worked on since somebody resumed.
    pub(crate) fn lacks_what_was_done(&self, resumed: Timestamp) -> bool {
        let is_before = |(_, _, held): (_, _, &HeldPackage)| held.created_at() <= resumed;
        self.actual.read_after.is_none_or(|after| after < resumed) && self.holdings().any(is_before)
    }

    /// Whether a ledger that was restored had something of the order already: it may lack purchases, and what became of those
    /// that it has.
    pub(crate) const fn is_restored(&self) -> bool {
        self.actual.read_after.is_some()
    }

    /// After a restore a read may show another product than was bought, to which the lost ledger adjusted it: from then on what
    /// the instance is counts by Wix's word, as after an adjustment of this record's own.
    pub(crate) fn hold_bought(&mut self, holder: &Holder, shown: &Package) {
        let Holder::Purchase(id) = holder else { return };
        let found = self.actual.purchases.iter_mut().find(|purchase| purchase.id == *id);
        let Some(purchase) = found.filter(|purchase| purchase.id.kind == Kind::Base) else {
            return;
        };
        let bought: Vec<Option<Spec>> = (0..purchase.items.len())
            .map(|at| purchase.bought(at).map(Spec::of))
            .collect();
        let instances = purchase.attempt.package_mut().map(|held| &mut held.instances);
        for (instance, bought) in instances.into_iter().flatten().zip(bought) {
            if let (Some(shown), Some(bought)) = (shown.instance(&instance.id), bought) {
                instance.hold_bought(shown, bought);
            }
        }
    }

    /// Every surplus package is read.
    pub(crate) fn read_surplus(&mut self) {
        for surplus in &mut self.actual.surplus {
            surplus.held.must_be_read();
        }
    }
}
