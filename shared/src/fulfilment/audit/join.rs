//! The comparison of one record with what Wix showed. Pure: it says what has to be looked at, and decides nothing,
//! because a query may be old and its silence is no evidence.

use std::collections::HashSet;

use super::slice::{Id, ShownInstance, Slice, id, stem_number};
use crate::fulfilment::derive;
use crate::fulfilment::purchase::Holder;
use crate::fulfilment::record::{Instance, OrderRecord, Purchase};
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
}

/// What one record and the slice say of each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// The record's packages that have to be read.
    pub(super) doubts: Vec<(PackageId, Doubt)>,
    /// Where packages are that carry an external ID of this order and that the record does not know.
    pub(super) strays: Vec<usize>,
}

/// Compares a record with the slice, and marks in the slice what the record knows.
pub(super) fn compare(record: &OrderRecord, slice: &mut Slice, window: &Window) -> Compared {
    let mut compared = Compared::default();
    for (holder, _) in record.holders() {
        let Some(done) = record.held(holder) else { continue };
        let doubt = match slice.know(&done.package) {
            // It is read in any case.
            Some(_) if done.read => None,
            Some(_) if done.gone => Some(Doubt::Alive),
            Some(shown) => {
                let purchase = record.purchase_of(holder);
                let mut each = done.instances.iter().enumerate();
                each.find_map(|(at, instance)| doubt(record, holder, purchase, at, instance, shown))
            }
            None => {
                let expected = (window.from..window.to).contains(&done.created_at)
                    && !window.before.contains(&id(done.package.as_str()));
                let settled = !done.read && !done.gone;
                (expected && settled).then_some(Doubt::Missing)
            }
        };
        compared.doubts.extend(doubt.map(|doubt| (done.package.clone(), doubt)));
    }
    if let Some(stem) = derive::stem(&record.key) {
        for at in slice.with_stem(stem_number(&stem)) {
            let known = slice.name(at).is_none_or(|(package, _)| record.knows(&package));
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

fn doubt(
    record: &OrderRecord,
    holder: Holder,
    purchase: Option<&Purchase>,
    at: usize,
    instance: &Instance,
    shown: &[ShownInstance],
) -> Option<Doubt> {
    let wanted = purchase
        .and_then(|purchase| record.item_of(holder, purchase, at))
        .is_some_and(|item| record.wants(item) && !instance.given_up);
    // A surplus package is attention until it has ended, so that its end matters too.
    let end_matters = match holder {
        Holder::Purchase(_) => wanted,
        Holder::Surplus(_) => true,
    };
    let wanted_id = id(instance.id.as_str());
    let Some(shown) = shown.iter().find(|shown| shown.id == wanted_id) else {
        return (end_matters && !instance.ended()).then_some(Doubt::InstanceMissing);
    };
    match (instance.ended(), shown.ended) {
        (false, true) => end_matters.then_some(Doubt::Ended),
        (true, false) => Some(Doubt::Alive),
        // Somebody may have moved a wanted instance by hand: that is theirs to decide.
        (false, false) => (!wanted && shown.on_site && instance.site.is_none()).then_some(Doubt::Assigned),
        (true, true) => None,
    }
}
