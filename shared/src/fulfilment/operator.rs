//! What an operator's retry changes in a record: everything that is in attention may be tried anew, and nothing else.

use super::attention::attention;
use super::record::{OrderRecord, PurchaseState, Unknown};
use super::settings::Settings;
use crate::time::Timestamp;

impl OrderRecord {
    /// Opens the way again: plans that were not to buy are resolved from today's catalog, plainly refused purchases
    /// are planned anew, unclear ones are looked up again, and instances that are over are replaced.
    pub(crate) fn retry(&mut self, now: Timestamp) {
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
        let items_wanted: Vec<Vec<bool>> = self
            .facts
            .purchases
            .iter()
            .map(|purchase| purchase.items.iter().map(|item| self.wants(*item)).collect())
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
        // The operator may have canceled the others at Wix.
        for surplus in &mut self.facts.surplus {
            surplus.done.read = true;
        }
    }

    /// Whether anything of the order needs a person.
    pub fn needs_attention(&self, settings: &Settings) -> bool {
        !attention(self, settings).is_empty()
    }
}
