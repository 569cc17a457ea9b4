//! An instance with what is planned for it, and the change that it needs: what `change`, `shift`, `site_move` and `adjust`
//! speak of.

use crate::fulfilment::record::{Change, ComponentPlan, Goal, Instance, InstanceRef, Item, Kind, Purchase, Shift};
use crate::ids::SiteId;

/// A change that an instance needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Which instance.
    pub instance: InstanceRef,
    /// What is done with it.
    pub change: Change,
    /// The site to assign it to.
    pub site: Option<SiteId>,
    /// Of a move or an adjustment: what it leaves and becomes, and the number of that target.
    pub goal: Option<(Goal, u32)>,
}

/// An instance of a purchase, with what is planned for it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) purchase: &'a Purchase,
    pub(super) at: usize,
    pub(super) item: Item,
    pub(super) instance: &'a Instance,
    pub(super) component: &'a ComponentPlan,
}

impl<'a> Subject<'a> {
    /// The number of the target that the plan has now.
    pub(super) fn turn(&self, change: Change) -> u32 {
        match change {
            Change::Adjust => self.component.adjusts,
            Change::Move | Change::Return | Change::Assign | Change::Unassign | Change::Cancel => self.component.moves,
        }
    }

    /// Whether there is a target of this kind that it has not reached.
    pub(super) fn lags(&self, change: Change) -> bool {
        self.instance.reached(change) < self.turn(change)
    }

    /// The open shift of this kind, if it is for the target of now.
    pub(super) fn shift(&self, change: Change) -> Option<&'a Shift> {
        self.instance
            .shift(change)
            .filter(|shift| shift.turn() == self.turn(change))
    }
}

/// Where the unit's plan wants an instance to be.
pub(super) fn planned_site(component: &ComponentPlan, kind: Kind) -> Option<&SiteId> {
    match kind {
        Kind::Base => component.product.site_id.as_ref(),
        Kind::Voucher => component.voucher.as_ref()?.product.site_id.as_ref(),
    }
}
