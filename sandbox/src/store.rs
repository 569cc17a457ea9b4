//! All packages, found by ID, instance, external ID, account, site and date; and, next to each, the older copies that queries
//! still show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use crate::guid::Guid;
use crate::model::{Failure, Instance, Package, Status};

/// The order that packages are paged in: a date, and the ID where dates are the same.
pub(crate) type Key = (i64, Guid);

#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    slots: Vec<Slot>,
    by_id: HashMap<Guid, usize>,
    by_instance: HashMap<Guid, usize>,
    /// Every value that a package ever had: older copies are still found by the older one.
    by_external: HashMap<String, Vec<usize>>,
    by_account: HashMap<Guid, Vec<usize>>,
    /// Every instance that ever was on the site.
    by_site: HashMap<Guid, Vec<Guid>>,
    by_created: BTreeMap<Key, usize>,
    /// The referenced instance to the one that took it. Once taken it stays taken (documented: "once").
    taken: HashMap<Guid, Guid>,
    /// When which pending instance becomes what.
    ripening: BTreeMap<Key, Ripe>,
}

/// What a pending instance becomes.
pub(crate) type Ripe = (Status, Option<Failure>);

#[derive(Debug, Clone)]
struct Slot {
    /// `None` once it was deleted.
    live: Option<Package>,
    /// What queries show from when on, oldest first; empty: the live one.
    shown: Vec<(i64, Option<Package>)>,
}

impl Slot {
    fn shown_at(&self, now: i64) -> Option<&Package> {
        match self.shown.iter().rev().find(|(from, _)| *from <= now) {
            Some((_, package)) => package.as_ref(),
            None => self.live.as_ref(),
        }
    }

    /// Does `change`, and keeps what queries show meanwhile.
    fn change(&mut self, now: i64, delay: u64, change: impl FnOnce(&mut Option<Package>)) {
        if self.shown.last().is_some_and(|(from, _)| *from <= now) {
            self.shown.clear();
        }
        if delay > 0 && self.shown.is_empty() {
            self.shown.push((i64::MIN, self.live.clone()));
        }
        change(&mut self.live);
        // A newer copy never shows before an older one.
        if let Some(latest) = self.shown.last().map(|(from, _)| *from) {
            self.shown.push((later(now, delay).max(latest), self.live.clone()));
        }
    }
}

/// `now` and `ms` milliseconds.
pub(crate) fn later(now: i64, ms: u64) -> i64 {
    now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
}

impl Store {
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.slots.iter().filter_map(|slot| slot.live.as_ref())
    }

    pub(crate) fn package(&self, id: Guid) -> Option<&Package> {
        self.slots.get(*self.by_id.get(&id)?)?.live.as_ref()
    }

    pub(crate) fn package_of_instance(&self, instance: Guid) -> Option<&Package> {
        self.slots.get(*self.by_instance.get(&instance)?)?.live.as_ref()
    }

    pub(crate) fn instance(&self, id: Guid) -> Option<&Instance> {
        self.package_of_instance(id)?.instance(id)
    }

    pub(crate) fn packages_of_account(&self, account: Guid) -> impl Iterator<Item = &Package> {
        self.by_account
            .get(&account)
            .into_iter()
            .flatten()
            .filter_map(|slot| self.slots.get(*slot)?.live.as_ref())
    }

    /// The living instances on a site.
    pub(crate) fn on_site(&self, site: Guid) -> impl Iterator<Item = &Instance> {
        self.by_site
            .get(&site)
            .into_iter()
            .flatten()
            .filter_map(|id| self.instance(*id))
            .filter(move |instance| instance.site_id == Some(site) && instance.status.is_alive())
    }

    pub(crate) fn is_taken(&self, reference: Guid) -> bool {
        self.taken.contains_key(&reference)
    }

    /// The instance that names `reference` as its reference.
    pub(crate) fn dependent(&self, reference: Guid) -> Option<Guid> {
        self.taken.get(&reference).copied()
    }

    /// Adds a package. Instances that are `PENDING` become what `ripe` says, then.
    pub(crate) fn insert(&mut self, package: Package, now: i64, delay: u64, ripe: Option<(i64, Ripe)>) {
        let index = self.slots.len();
        self.by_id.insert(package.id, index);
        self.by_created.insert((package.created_ms, package.id), index);
        self.by_account.entry(package.account_id).or_default().push(index);
        if let Some(external_id) = &package.external_id {
            self.by_external.entry(external_id.clone()).or_default().push(index);
        }
        for instance in &package.instances {
            self.by_instance.insert(instance.id, index);
            if let Some(site) = instance.site_id {
                self.by_site.entry(site).or_default().push(instance.id);
            }
            if let Some(reference) = instance.reference {
                self.taken.insert(reference, instance.id);
            }
            if let (Status::Pending, Some((at, becomes))) = (&instance.status, &ripe) {
                self.ripening.insert((*at, instance.id), becomes.clone());
            }
        }
        let mut slot = Slot {
            live: None,
            shown: Vec::new(),
        };
        slot.change(now, delay, |live| *live = Some(package));
        self.slots.push(slot);
    }

    /// Changes a package, and its `updatedDate` with it.
    pub(crate) fn change_package(&mut self, id: Guid, now: i64, delay: u64, change: impl FnOnce(&mut Package)) {
        let Some(&index) = self.by_id.get(&id) else { return };
        let Some(slot) = self.slots.get_mut(index) else { return };
        let before = slot.live.as_ref().and_then(|package| package.external_id.clone());
        slot.change(now, delay, |live| {
            if let Some(package) = live {
                change(package);
                package.updated_ms = package.updated_ms.max(now);
            }
        });
        let after = slot.live.as_ref().and_then(|package| package.external_id.clone());
        if let Some(external_id) = after.filter(|after| before.as_ref() != Some(after)) {
            let known = self.by_external.entry(external_id).or_default();
            if !known.contains(&index) {
                known.push(index);
            }
        }
    }

    /// Changes an instance, and the `updatedDate`s with it.
    pub(crate) fn change_instance(&mut self, id: Guid, now: i64, delay: u64, change: impl FnOnce(&mut Instance)) {
        let Some(package) = self.package_of_instance(id).map(|package| package.id) else {
            return;
        };
        let mut site = None;
        self.change_package(package, now, delay, |package| {
            if let Some(instance) = package.instance_mut(id) {
                let before = instance.site_id;
                change(instance);
                instance.updated_ms = instance.updated_ms.max(now);
                site = instance.site_id.filter(|after| before != Some(*after));
            }
        });
        if let Some(site) = site {
            let known = self.by_site.entry(site).or_default();
            if !known.contains(&id) {
                known.push(id);
            }
        }
    }

    /// Forgets a package. Its references stay taken.
    pub(crate) fn delete(&mut self, id: Guid, now: i64, delay: u64) {
        if let Some(slot) = self.by_id.get(&id).and_then(|index| self.slots.get_mut(*index)) {
            slot.change(now, delay, |live| *live = None);
        }
    }

    /// When the next pending instance becomes something else.
    pub(crate) fn next_ripe(&self) -> Option<i64> {
        self.ripening.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets the first ripe instance become what it shall, unless something else became of it.
    pub(crate) fn ripen_next(&mut self, delay: u64) {
        let Some(((at, id), (status, failure))) = self.ripening.pop_first() else {
            return;
        };
        if self
            .instance(id)
            .is_some_and(|instance| instance.status == Status::Pending)
        {
            self.change_instance(id, at, delay, |instance| {
                instance.status = status;
                instance.failure = failure;
            });
        }
    }

    /// The packages as queries show them at `now`, in the order of their creation, beyond `after`.
    pub(crate) fn shown_by_created(
        &self,
        now: i64,
        ascending: bool,
        after: Option<Key>,
    ) -> Box<dyn Iterator<Item = (Key, &Package)> + '_> {
        let shown = move |(key, index): (&Key, &usize)| {
            let package = self.slots.get(*index)?.shown_at(now)?;
            Some((*key, package))
        };
        if ascending {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            Box::new(self.by_created.range((from, Bound::Unbounded)).filter_map(shown))
        } else {
            let to = after.map_or(Bound::Unbounded, Bound::Excluded);
            Box::new(self.by_created.range((Bound::Unbounded, to)).rev().filter_map(shown))
        }
    }

    /// The packages as queries show them at `now` that may have one of these external IDs.
    pub(crate) fn shown_by_external(&self, now: i64, values: &[String]) -> Vec<&Package> {
        let slots: BTreeSet<usize> = values
            .iter()
            .filter_map(|value| self.by_external.get(value))
            .flatten()
            .copied()
            .collect();
        self.shown(now, slots)
    }

    /// The packages as queries show them at `now` of these IDs.
    pub(crate) fn shown_by_id(&self, now: i64, ids: &[String]) -> Vec<&Package> {
        let slots = ids
            .iter()
            .filter_map(|id| self.by_id.get(&Guid::parse(id)?))
            .copied()
            .collect();
        self.shown(now, slots)
    }

    /// The packages as queries show them at `now` that hold one of these instances.
    pub(crate) fn shown_by_instance(&self, now: i64, ids: &[String]) -> Vec<&Package> {
        let slots = ids
            .iter()
            .filter_map(|id| self.by_instance.get(&Guid::parse(id)?))
            .copied()
            .collect();
        self.shown(now, slots)
    }

    fn shown(&self, now: i64, slots: BTreeSet<usize>) -> Vec<&Package> {
        slots
            .into_iter()
            .filter_map(|index| self.slots.get(index)?.shown_at(now))
            .collect()
    }
}
