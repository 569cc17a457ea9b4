//! A look at Wix: what a lookup showed of a purchase whose outcome is not known, and what a read showed of a package.

use std::collections::HashSet;

use super::super::derive;
use super::super::purchase::{self, Holder, instance_of};
use super::super::record::{
    Done, Instance, Item, Kind, OrderRecord, PurchaseState, Recheck, Refusal, Surplus, Unknown,
};
use super::super::settings::Settings;
use super::super::step;
use super::PERHAPS_BOUGHT_BEFORE;
use crate::time::Timestamp;
use crate::wix::Package;

/// What a lookup showed.
pub(crate) enum Found {
    /// Nothing of this purchase.
    Nothing,
    /// Exactly one package that fits, as Get shows it, with its instances in the purchase's order.
    One(Box<Package>, Vec<Instance>),
    /// Nothing by our own ID, and something by the storefront's reference, which need not be this order's.
    PerhapsBefore,
    /// Several that fit, or one that fits in part.
    Unclear(Vec<Package>),
}

/// The packages with a purchase's external ID that nothing of the order holds.
pub(crate) struct Shown {
    /// Those that may be the purchase's: of its account, and not older than it.
    pub(crate) candidates: Vec<Package>,
    /// Whether there are others. Nobody but us makes such an ID, so they are no proof of absence.
    pub(crate) others: bool,
}

impl OrderRecord {
    /// Notes what a lookup showed; `read` is the package as Get shows it, where exactly one fitted.
    pub(crate) fn note_lookup(&mut self, at: usize, found: Found, settings: &Settings, looked_at: Timestamp) {
        match found {
            Found::One(package, instances) => {
                self.adopt(at, &package, instances, looked_at);
                let Some(purchase) = self.actual.purchases.get(at) else {
                    return;
                };
                let before = self.forget_surplus(purchase.kind, purchase.ordinal);
                if let Some(done) = self.held_mut(Holder::Purchase(at)) {
                    carry_changes(done, &before);
                }
            }
            Found::Unclear(packages) => {
                let Some(purchase) = self.actual.purchases.get_mut(at) else {
                    return;
                };
                purchase.state = PurchaseState::Ambiguous;
                let (kind, ordinal, account) = (purchase.kind, purchase.ordinal, purchase.account.clone());
                let before = self.forget_surplus(kind, ordinal);
                for package in packages {
                    let mut done = purchase::whole(&package, looked_at);
                    carry_changes(&mut done, &before);
                    self.actual.surplus.push(Surplus {
                        kind,
                        ordinal,
                        account: account.clone(),
                        done,
                    });
                }
            }
            Found::PerhapsBefore => {
                if let Some(purchase) = self.actual.purchases.get_mut(at) {
                    purchase.state = PurchaseState::Refused(Refusal {
                        operation: crate::wix::Operation::QueryPackages.as_str().to_owned(),
                        code: PERHAPS_BOUGHT_BEFORE.to_owned(),
                        request_id: None,
                        at: looked_at,
                    });
                }
            }
            Found::Nothing => {
                let wanted = self
                    .actual
                    .purchases
                    .get(at)
                    .is_some_and(|purchase| self.wants_any(purchase));
                let Some(purchase) = self.actual.purchases.get_mut(at) else {
                    return;
                };
                let PurchaseState::Unknown(unknown) = &mut purchase.state else {
                    return;
                };
                let horizon = unknown.horizon(settings);
                if looked_at >= horizon {
                    unknown.empty += 1;
                    unknown.look_at = looked_at + settings.lookup_gap();
                } else {
                    unknown.look_at = horizon;
                }
                if !wanted {
                    unknown.farewells += 1;
                }
            }
        }
    }

    /// Takes the surplus packages of a purchase out of the record.
    fn forget_surplus(&mut self, kind: Kind, ordinal: u32) -> Vec<Surplus> {
        let (forgotten, kept) = std::mem::take(&mut self.actual.surplus)
            .into_iter()
            .partition(|surplus| surplus.kind == kind && surplus.ordinal == ordinal);
        self.actual.surplus = kept;
        forgotten
    }

    /// Notes a package that was read with Get. A change of unknown outcome that it does not show may still be on its
    /// way: it is read again when that cannot be any more.
    pub(crate) fn note_read(&mut self, holder: Holder, package: &Package, settings: &Settings, now: Timestamp) {
        let Some(done) = self.held_mut(holder) else { return };
        if done.instances.iter().any(|instance| instance.begun.is_some()) {
            done.doubt = Some(now + settings.horizon());
        } else if done.doubt.is_some_and(|until| until <= now) {
            done.doubt = None;
        }
        let mut over = Vec::new();
        for instance in &mut done.instances {
            let was_over = instance.ended();
            match package.instance(&instance.id) {
                Some(shown) => {
                    instance.site.clone_from(&shown.site_id);
                    instance.status = purchase::short(shown.status.clone());
                }
                // Not in its package any more: as good as canceled.
                None => instance.status = crate::wix::Status::Canceled,
            }
            instance.begun = None;
            if instance.ended() && !was_over {
                over.push(instance.id.clone());
            }
        }
        done.read = false;
        done.put_off = None;
        let count = done.recheck.as_ref().map_or(0, |recheck| recheck.count) + 1;
        done.recheck = Some(Recheck {
            count,
            at: now + step::recheck_after(count),
        });
        for instance in over {
            self.reread_dependents(&instance);
        }
        self.replace_ended(holder);
        self.replan_refused_vouchers();
    }

    /// Notes that Get does not find a package that was there.
    pub(crate) fn note_gone(&mut self, holder: Holder) {
        let Some(done) = self.held_mut(holder) else { return };
        done.gone = true;
        done.read = false;
        done.put_off = None;
        for instance in &mut done.instances {
            instance.begun = None;
        }
        self.replace_ended(holder);
        self.replan_refused_vouchers();
    }

    /// After an operator's retry: what the read showed to be over, and is wanted, is given up and bought anew, with the
    /// vouchers that name it.
    fn replace_ended(&mut self, holder: Holder) {
        let Holder::Purchase(at) = holder else { return };
        let Some(purchase) = self.actual.purchases.get(at) else {
            return;
        };
        let PurchaseState::Done(done) = &purchase.state else {
            return;
        };
        let over: Vec<bool> = purchase
            .items
            .iter()
            .zip(&done.instances)
            .map(|(item, instance)| done.replace && self.wants(*item) && (instance.ended() || done.gone))
            .collect();
        let kind = purchase.kind;
        let items: HashSet<Item> = purchase
            .items
            .iter()
            .zip(&over)
            .filter(|(_, over)| **over)
            .map(|(item, _)| *item)
            .collect();
        if let Some(done) = self.held_mut(holder) {
            done.replace = false;
            for (instance, over) in done.instances.iter_mut().zip(over) {
                instance.given_up |= over;
            }
        }
        if kind == Kind::Voucher {
            return;
        }
        for purchase in self
            .actual
            .purchases
            .iter_mut()
            .filter(|purchase| purchase.kind == Kind::Voucher)
        {
            if let PurchaseState::Done(done) = &mut purchase.state {
                let held = purchase.items.iter().zip(&mut done.instances);
                held.filter(|(item, _)| items.contains(item))
                    .for_each(|(_, instance)| instance.given_up = true);
            }
        }
    }

    /// Whether the package that holds an item's instance is not at Wix any more.
    pub(crate) fn is_gone(&self, kind: Kind, item: Item) -> bool {
        self.packages()
            .filter(|(purchase, done)| purchase.kind == kind && done.gone)
            .any(|(purchase, done)| {
                let mut held = purchase.items.iter().zip(&done.instances);
                held.any(|(held, instance)| *held == item && !instance.given_up)
            })
    }
}

impl OrderRecord {
    /// Sorts what a lookup showed.
    pub(crate) fn sort_shown(&self, at: usize, shown: Vec<Package>, settings: &Settings) -> Shown {
        let mut sorted = Shown {
            candidates: Vec::new(),
            others: false,
        };
        let Some(purchase) = self.actual.purchases.get(at) else {
            return sorted;
        };
        let PurchaseState::Unknown(Unknown { earliest, .. }) = &purchase.state else {
            return sorted;
        };
        let oldest = *earliest - settings.lease_skew;
        let sought = derive::external_id(&self.key, purchase.kind, purchase.ordinal);
        for package in shown {
            // A query that shows more than it was asked for: what names another ID was not made for this purchase.
            let named = package.external_id.as_deref();
            let is_anothers = named
                .zip(sought.as_ref())
                .is_some_and(|(named, sought)| !named.eq_ignore_ascii_case(sought.as_str()));
            if is_anothers && settings.guards.adoption_check {
                continue;
            }
            let held = self.packages().any(|(_, done)| done.package == package.id)
                || self.actual.surplus.iter().any(|surplus| {
                    let own = surplus.kind == purchase.kind && surplus.ordinal == purchase.ordinal;
                    surplus.done.package == package.id && !own
                });
            if held && settings.guards.one_package_one_purchase {
                continue;
            }
            let ours = package
                .account_id
                .as_ref()
                .is_none_or(|account| *account == purchase.account)
                && package.created_date.is_none_or(|created| created >= oldest);
            if ours || !settings.guards.adoption_check {
                sorted.candidates.push(package);
            } else {
                sorted.others |= package
                    .product_instances
                    .iter()
                    .any(|instance| !instance_of(instance).ended());
            }
        }
        sorted
    }
}

/// Instances keep the number of their changes, which is part of the next one's key, whoever holds them.
fn carry_changes(done: &mut Done, before: &[Surplus]) {
    for instance in &mut done.instances {
        let known = before
            .iter()
            .flat_map(|surplus| &surplus.done.instances)
            .find(|known| known.id == instance.id);
        instance.changes = instance.changes.max(known.map_or(0, |known| known.changes));
    }
}
