//! One decision's look at a record: what is asked about every item, worked out once.

use std::cell::OnceCell;

use super::record::plan::items_of;
use super::record::{ComponentPlan, Entitled, Instance, Item, Kind, OrderRecord, Spec};
use crate::time::Timestamp;
use crate::wix::ProductInput;

/// A record that does not change while it is looked at.
pub(crate) struct View<'a> {
    pub(crate) record: &'a OrderRecord,
    pub(crate) entitled: Entitled,
    taken_bases: OnceCell<Vec<Item>>,
    taken_vouchers: OnceCell<Vec<Item>>,
    bases: OnceCell<Vec<Held<'a>>>,
}

/// The base instance of an item.
#[derive(Clone, Copy)]
pub(crate) struct Held<'a> {
    item: Item,
    pub(crate) instance: &'a Instance,
    /// Its package is not at Wix any more.
    pub(crate) gone: bool,
    bought: Option<&'a ProductInput>,
}

impl Held<'_> {
    /// Which product it is: by Wix's last word where it was adjusted, else what was bought.
    pub(crate) fn holds(&self) -> Option<Spec> {
        let adjusted = self.instance.holds().cloned();
        adjusted.or_else(|| self.bought.map(Spec::of))
    }
}

impl<'a> View<'a> {
    pub(crate) fn of(record: &'a OrderRecord, now: Timestamp) -> Self {
        Self::with(record, Entitled::of(record, now))
    }

    pub(crate) const fn with(record: &'a OrderRecord, entitled: Entitled) -> Self {
        Self {
            record,
            entitled,
            taken_bases: OnceCell::new(),
            taken_vouchers: OnceCell::new(),
            bases: OnceCell::new(),
        }
    }

    /// Whether a purchase of this kind stands for an item already, whatever became of it.
    pub(crate) fn is_taken(&self, kind: Kind, item: Item) -> bool {
        let cell = match kind {
            Kind::Base => &self.taken_bases,
            Kind::Voucher => &self.taken_vouchers,
        };
        let taken = cell.get_or_init(|| taken(self.record, kind));
        taken.binary_search(&item).is_ok()
    }

    /// The instance that was bought for an item and was not replaced.
    pub(crate) fn base(&self, item: Item) -> Option<Held<'a>> {
        let bases = self.bases.get_or_init(|| bases(self.record));
        let at = bases.binary_search_by_key(&item, |held| held.item).ok()?;
        bases.get(at).copied()
    }

    /// Whether an instance can be named as the reference of an item's voucher now.
    pub(crate) fn reference(&self, item: Item) -> Option<&'a Instance> {
        let held = self.base(item).filter(|held| !held.gone)?;
        held.instance.can_be_named().then_some(held.instance)
    }

    /// Every item with a plan to buy whose unit may be bought, in the order of the lines.
    pub(crate) fn items_to_buy(&self) -> impl Iterator<Item = (Item, &'a ComponentPlan)> {
        let lines = (0_u32..).zip(self.record.lines());
        lines
            .zip(0_usize..)
            .flat_map(|((index, line), at)| items_of(index, line, self.entitled.buy(at)))
    }
}

/// The items that purchases of this kind stand for already, sorted.
pub(crate) fn taken(record: &OrderRecord, kind: Kind) -> Vec<Item> {
    let mut taken = Vec::new();
    for purchase in record.purchases().iter().filter(|purchase| purchase.id().kind == kind) {
        match purchase.attempt().package() {
            Some(held) => {
                let held = purchase.items().iter().zip(held.instances());
                taken.extend(held.filter(|(_, i)| !i.is_replaced()).map(|(item, _)| *item));
            }
            None => taken.extend_from_slice(purchase.items()),
        }
    }
    taken.sort_unstable();
    taken
}

fn bases(record: &OrderRecord) -> Vec<Held<'_>> {
    let packages = record
        .packages()
        .filter(|(purchase, _)| purchase.id().kind == Kind::Base);
    let mut bases: Vec<Held<'_>> = packages
        .flat_map(|(purchase, held)| {
            let gone = held.is_gone();
            let items = purchase.items().iter().zip(held.instances()).enumerate();
            items
                .filter(|(_, (_, instance))| !instance.is_replaced())
                .map(move |(at, (item, instance))| Held {
                    item: *item,
                    instance,
                    gone,
                    bought: purchase.bought(at),
                })
        })
        .collect();
    bases.sort_by_key(|held| held.item);
    bases
}
