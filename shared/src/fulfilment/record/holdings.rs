//! The packages of a record: those that purchases hold, and those that are surplus.

use super::{HeldPackage, Holder, Item, OrderRecord, Purchase, PurchaseId, RecordError, Surplus};
use crate::ids::{AccountId, PackageId};

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

    /// The purchase that a holder is, or that a surplus package was created for. A restored record may lack the latter.
    pub fn purchase_of(&self, holder: &Holder) -> Option<&Purchase> {
        match holder {
            Holder::Purchase(id) => self.purchase(*id).ok(),
            Holder::Surplus(package) => {
                let surplus = self.actual.surplus.iter().find(|known| known.held.id == *package)?;
                self.purchase(surplus.of).ok()
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

    /// Keeps a package that no purchase holds.
    pub(crate) fn add_surplus(&mut self, of: PurchaseId, account: &AccountId, held: HeldPackage) {
        self.actual.surplus.push(Surplus {
            of,
            account: account.clone(),
            held,
        });
    }

    /// Takes the surplus packages of a purchase out of the record.
    pub(crate) fn take_surplus(&mut self, of: PurchaseId) -> Vec<Surplus> {
        let (taken, kept) = std::mem::take(&mut self.actual.surplus)
            .into_iter()
            .partition(|surplus| surplus.of == of);
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

    /// Every surplus package is read.
    pub(crate) fn read_surplus(&mut self) {
        for surplus in &mut self.actual.surplus {
            surplus.held.must_be_read();
        }
    }
}
