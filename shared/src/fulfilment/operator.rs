//! What an operator's retry changes in a record: everything that is in attention may be tried anew, and nothing else.

use std::collections::HashSet;

use super::attention::attention;
use super::record::{Item, Kind, OrderRecord, PurchaseState, Unknown};
use super::settings::Settings;
use crate::time::Timestamp;

impl OrderRecord {
    /// Opens the way again: plans that were not to buy are resolved from today's catalog, plainly refused purchases
    /// are planned anew, unclear ones are looked up again, and instances that are over are replaced.
    pub(crate) fn retry(&mut self, settings: &Settings, now: Timestamp) {
        self.facts.hold = None;
        self.facts.refusals.clear();
        self.facts.released = true;
        self.facts.products_apart = false;
        self.facts.vouchers_apart = false;
        if let Some(latest) = &self.wishes.latest {
            self.facts.acknowledged.extend(latest.unmapped.iter().cloned());
        }
        let refused: Vec<_> = self
            .facts
            .purchases
            .iter()
            .filter(|purchase| matches!(purchase.state, PurchaseState::Refused(_)))
            .map(|purchase| (purchase.kind, purchase.ordinal))
            .collect();
        for (kind, ordinal) in refused {
            self.retire(kind, ordinal);
        }
        self.replan_unbought();
        let kept = self.release_references(settings);
        let items_wanted: Vec<Vec<bool>> = self
            .facts
            .purchases
            .iter()
            .map(|purchase| {
                let replaceable =
                    |item: &Item| self.wants(*item) && !(purchase.kind == Kind::Base && kept.contains(item));
                purchase.items.iter().map(replaceable).collect()
            })
            .collect();
        let mut looked_up = Vec::new();
        for (purchase, wanted) in self.facts.purchases.iter_mut().zip(items_wanted) {
            match &mut purchase.state {
                PurchaseState::Unknown(unknown) => {
                    unknown.renewed = false;
                    unknown.sends = unknown.sends.max(2);
                    unknown.empty = 0;
                    unknown.look_at = now;
                }
                PurchaseState::Ambiguous => {
                    looked_up.push((purchase.kind, purchase.ordinal));
                    purchase.state = PurchaseState::Unknown(Unknown {
                        earliest: Timestamp::EPOCH,
                        send_before: now,
                        sends: 2,
                        renewed: false,
                        empty: 0,
                        farewells: 0,
                        look_at: now,
                        last: None,
                    });
                }
                PurchaseState::Done(done) => {
                    done.tag_refused = None;
                    done.recheck = None;
                    for (instance, wanted) in done.instances.iter_mut().zip(wanted) {
                        instance.refused = None;
                        instance.given_up |= wanted && (instance.ended() || done.gone);
                    }
                }
                PurchaseState::Refused(_) | PurchaseState::Dropped { .. } => {}
            }
        }
        self.facts
            .surplus
            .retain(|surplus| !looked_up.contains(&(surplus.kind, surplus.ordinal)));
    }

    /// A voucher purchase of unknown outcome names its references until it is resolved. Where its absence is proven and
    /// it cannot be sent again, it is planned anew; the items of the others are returned: their bases are not replaced.
    fn release_references(&mut self, settings: &Settings) -> HashSet<Item> {
        let mut proven = Vec::new();
        let mut kept = HashSet::new();
        for purchase in self
            .facts
            .purchases
            .iter()
            .filter(|purchase| purchase.kind == Kind::Voucher)
        {
            let unknown = match &purchase.state {
                PurchaseState::Unknown(unknown) => unknown,
                PurchaseState::Ambiguous => {
                    kept.extend(purchase.items.iter().copied());
                    continue;
                }
                PurchaseState::Done(_) | PurchaseState::Refused(_) | PurchaseState::Dropped { .. } => continue,
            };
            let dead = purchase.items.iter().any(|item| {
                let held = self.packages().find(|(base, done)| {
                    base.kind == Kind::Base
                        && base.items.iter().zip(&done.instances).any(|(held, instance)| {
                            held == item && !instance.given_up && (instance.ended() || done.gone)
                        })
                });
                held.is_some()
            });
            if dead && unknown.is_absent(settings) && !unknown.may_send() {
                proven.push(purchase.ordinal);
            } else {
                kept.extend(purchase.items.iter().copied());
            }
        }
        for ordinal in proven {
            self.retire(Kind::Voucher, ordinal);
        }
        kept
    }

    /// Whether anything of the order needs a person.
    pub fn needs_attention(&self, settings: &Settings) -> bool {
        !attention(self, settings).is_empty()
    }
}
