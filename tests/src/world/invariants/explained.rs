//! What excuses an item that has not what it should: attention says why, a person has settled it, or it waits for
//! something that has a time.

use reseller_hooks::fulfilment::record::{Attempt, Instance as Known, Item, Kind, Purchase};
use reseller_hooks::wix::Status;

use super::Checked;

impl Checked<'_> {
    /// Whether the paid instance of an item may have moved, and Wix does not say so.
    fn is_in_doubt(&self, item: Item) -> bool {
        let base = self.instance(Kind::Base, item);
        base.is_some_and(|base| base.shift_in_doubt().is_some())
    }

    /// Whether attention says why an item has not what it should, a person has settled it, or what it waits for has a
    /// time.
    pub(super) fn is_explained(&self, kind: Kind, item: Item) -> bool {
        let stands_for = |purchase: &&Purchase| {
            let replaced = match purchase.attempt() {
                Attempt::Created(held) => {
                    let mut items = purchase.items().iter().zip(held.instances());
                    items.any(|(held, instance)| *held == item && instance.is_replaced())
                }
                Attempt::InDoubt(_)
                | Attempt::Refused(_)
                | Attempt::Ambiguous
                | Attempt::Dropped { .. }
                | Attempt::Closed => false,
            };
            purchase.id().kind == kind && purchase.items().contains(&item) && !replaced
        };
        if let Some(purchase) = self.record.purchases().iter().find(stands_for) {
            let id = purchase.id();
            return match purchase.attempt() {
                Attempt::Created(held) => {
                    let closed = self.instance(kind, item).is_some_and(Known::is_closed);
                    // A voucher follows its plan, and waits where that has not moved.
                    let moved = self.record.component(item).is_some_and(|plan| plan.moves > 0);
                    let follows = kind == Kind::Voucher
                        && moved
                        && (self.has(Kind::Base, item).is_err() || self.is_in_doubt(item));
                    closed
                        || (kind == Kind::Base && self.waits_for_a_voucher(item))
                        || (follows && self.is_explained(Kind::Base, item))
                        || self.is_closed_or_shown(&format!("package {}", held.id()))
                }
                Attempt::InDoubt(doubt) if doubt.is_closed() => true,
                Attempt::Closed => true,
                Attempt::InDoubt(_) | Attempt::Refused(_) | Attempt::Ambiguous | Attempt::Dropped { .. } => self
                    .is_closed_or_shown(&match kind {
                        Kind::Base => format!("base package {id}"),
                        Kind::Voucher => format!("voucher package {id}"),
                    }),
            };
        }
        if kind == Kind::Base {
            return false;
        }
        // A voucher that was not begun: its reference is not there, is over, or is not ready yet.
        match self.instance(Kind::Base, item) {
            None => self.is_explained(Kind::Base, item),
            Some(base) => match base.status() {
                // It is read by itself for a month, and then a person is told for long.
                Status::AwaitingAction | Status::Unknown(_) => {
                    let holders = self.record.packages();
                    let mut of_base = holders.filter(|(_, held)| held.instances().iter().any(|i| i.id() == base.id()));
                    let shown = of_base.any(|(_, held)| self.is_closed_or_shown(&format!("package {}", held.id())));
                    self.entry.due_at.is_some() || shown
                }
                Status::Failed | Status::Canceled => self.is_explained(Kind::Base, item),
                // It waits for its plan to come to another target, which is shown where it does not.
                Status::Pending | Status::Enabled => {
                    let changed = self
                        .record
                        .component(item)
                        .is_some_and(|plan| plan.moves + plan.adjusts > 0);
                    let waits = changed && (self.has(Kind::Base, item).is_err() || self.is_in_doubt(item));
                    waits && self.is_explained(Kind::Base, item)
                }
            },
        }
    }

    /// Whether an item's instance is not moved or adjusted as long as it is unknown whether a voucher that names it was
    /// bought, and that is shown.
    fn waits_for_a_voucher(&self, item: Item) -> bool {
        let changed = self
            .record
            .component(item)
            .is_some_and(|plan| plan.moves + plan.adjusts > 0);
        let Some(known) = self.instance(Kind::Base, item).filter(|_| changed) else {
            return false;
        };
        let mut purchases = self.record.purchases().iter();
        purchases.any(|purchase| {
            let in_doubt = purchase.attempt().doubt().is_some_and(|doubt| !doubt.is_closed());
            let shown = || self.is_closed_or_shown(&format!("voucher package {}", purchase.id()));
            in_doubt && purchase.references().contains(known.id()) && shown()
        })
    }

    /// Whether attention names it, or a person has settled what it named.
    pub(super) fn is_closed_or_shown(&self, what: &str) -> bool {
        self.is_in_attention(what) || self.record.closed().values().any(|closing| closing.what == what)
    }
}
