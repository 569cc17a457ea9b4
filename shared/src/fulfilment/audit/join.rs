//! The comparison of one record with what Wix showed. Pure: it says what has to be looked at, and decides nothing,
//! because a query may be old and its silence is no evidence.

use std::collections::HashSet;

use super::slice::{Id, ShownInstance, Slice, id, site_number, spec_number, stem_number};
use crate::fulfilment::derive;
use crate::fulfilment::record::{Entitled, Holder, Instance, OrderRecord, Purchase, Spec};
use crate::ids::PackageId;
use crate::time::Timestamp;

/// The time in which packages were created that the slice holds in full.
#[derive(Debug)]
pub(super) struct Window {
    /// From this time on.
    pub(super) from: Timestamp,
    /// Before this time.
    pub(super) to: Timestamp,
    /// Packages created at `from` that an earlier slice held.
    pub(super) before: HashSet<Id>,
}

/// Why a package has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The query did not show it.
    Missing,
    /// It was shown without one of its instances.
    InstanceMissing,
    /// An instance is canceled or failed that seemed well.
    Ended,
    /// An instance is alive that was taken for ended.
    Alive,
    /// An instance is on a site that should have been taken off it.
    Assigned,
    /// An instance that was moved or adjusted is not what the record holds of it.
    Changed,
}

/// What one record and the slice say of each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// The record's packages that have to be read.
    pub(super) doubts: Vec<(PackageId, Doubt)>,
    /// Where packages are that carry an external ID of this order and that the record does not know.
    pub(super) strays: Vec<usize>,
}

/// Compares a record with the slice, and marks in the slice what the record knows. Where the ledger was restored, `restored` is
/// when: records from before lack what was done since.
pub(super) fn compare(
    record: &OrderRecord,
    slice: &mut Slice,
    window: &Window,
    restored: Option<Timestamp>,
    now: Timestamp,
) -> Compared {
    let mut compared = Compared::default();
    let lacks = restored.is_some_and(|at| record.lacks_what_was_done(at));
    let entitled = Entitled::of(record, now);
    for (holder, _, held) in record.holdings() {
        let doubt = match slice.know(held.id()) {
            // It is read in any case.
            Some(_) if held.needs_read() => None,
            Some(_) if held.is_gone() => Some(Doubt::Alive),
            Some(shown) => {
                let purchase = record.purchase_of(&holder);
                let mut each = held.instances().iter().enumerate();
                each.find_map(|(at, instance)| {
                    let expected = Expected::of(record, &entitled, (&holder, purchase, at), instance, lacks);
                    doubt_of(instance, &expected, shown)
                })
            }
            None => {
                let expected = (window.from..window.to).contains(&held.created_at())
                    && !window.before.contains(&id(held.id().as_str()));
                let settled = !held.needs_read() && !held.is_gone();
                (expected && settled).then_some(Doubt::Missing)
            }
        };
        compared.doubts.extend(doubt.map(|doubt| (held.id().clone(), doubt)));
    }
    for package in record.erased().iter().flat_map(|erased| &erased.packages) {
        slice.know(package);
    }
    if let Some(stem) = derive::stem(record.key()) {
        for at in slice.with_stem(stem_number(&stem)) {
            let known = slice
                .name(at)
                .is_none_or(|(package, _)| record.knows(&package) || record.erased().is_some());
            if !known {
                slice.claim(at);
                // What has ended costs nothing: to know of it changes nothing.
                if slice.is_alive(at) {
                    compared.strays.push(at);
                }
            }
        }
    }
    compared
}

/// What the record expects of an instance.
struct Expected {
    /// That it has ended is news.
    end_matters: bool,
    /// It may be on a site.
    is_kept: bool,
    /// What it is by Wix's last word, where it had another target than the first, or the record lacks what a lost ledger did.
    /// Of others nothing is compared: somebody may have changed them by hand.
    holds: Option<Holds>,
}

/// What the record holds of an instance.
struct Holds {
    /// Its product and billing, where it was adjusted, or may have been by a lost ledger.
    spec: Option<u32>,
    site: u32,
}

impl Holds {
    fn differs_from(&self, shown: &ShownInstance) -> bool {
        self.site != shown.site || self.spec.is_some_and(|spec| spec != shown.spec)
    }
}

impl Expected {
    fn of(
        record: &OrderRecord,
        entitled: &Entitled,
        (holder, purchase, at): (&Holder, Option<&Purchase>, usize),
        instance: &Instance,
        lacks: bool,
    ) -> Self {
        let item = purchase.and_then(|purchase| record.item_of(holder, purchase, at));
        let item = item.filter(|_| !instance.is_replaced());
        let bought = purchase.filter(|_| lacks).and_then(|purchase| purchase.bought(at));
        let bought = bought.filter(|bought| bought.billing_info.is_some()).map(Spec::of);
        Self {
            end_matters: match holder {
                Holder::Purchase(_) => item.is_some_and(|item| entitled.may_buy(item)),
                // A surplus package is attention until it has ended.
                Holder::Surplus(_) => true,
            },
            is_kept: item.is_some_and(|item| entitled.keeps(item)),
            holds: item
                .and_then(|item| record.component(item))
                .filter(|component| component.has_other_targets() || lacks)
                .map(|_| Holds {
                    spec: instance
                        .holds()
                        .or(bought.as_ref())
                        .map(|spec| spec_number(&spec.product, spec.billing.as_ref())),
                    site: site_number(instance.site()),
                }),
        }
    }
}

fn doubt_of(instance: &Instance, expected: &Expected, shown: &[ShownInstance]) -> Option<Doubt> {
    let wanted_id = id(instance.id().as_str());
    let Some(shown) = shown.iter().find(|shown| shown.id == wanted_id) else {
        return (expected.end_matters && !instance.has_ended()).then_some(Doubt::InstanceMissing);
    };
    match (instance.has_ended(), shown.ended) {
        (false, true) => expected.end_matters.then_some(Doubt::Ended),
        (true, false) => Some(Doubt::Alive),
        // Somebody may have moved a wanted instance by hand: that is theirs to decide.
        (false, false) => {
            let was_assigned = !expected.is_kept && shown.site != 0 && instance.site().is_none();
            let is_other = expected.holds.as_ref().is_some_and(|holds| holds.differs_from(shown));
            let changed = is_other.then_some(Doubt::Changed);
            was_assigned.then_some(Doubt::Assigned).or(changed)
        }
        (true, true) => None,
    }
}

/// Marks packages to be read before anything is decided about them; `true` when that changed anything.
pub(super) fn doubt(record: &mut OrderRecord, packages: &[PackageId]) -> bool {
    let mut changed = false;
    for held in record.all_held_mut() {
        if packages.contains(held.id()) {
            changed |= held.doubt();
        }
    }
    changed
}
