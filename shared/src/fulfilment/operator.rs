//! What an operator's retry changes in a record: everything that is in attention may be tried anew, and nothing else.

use super::attention::{attention, moved_to};
use super::record::{Instance, OrderRecord, Purchase, PurchaseState, Unknown};
use super::settings::Settings;
use crate::ids::InstanceId;
use crate::time::Timestamp;

impl OrderRecord {
    /// Opens the way again: plans that were not to buy are resolved from today's catalog, plainly refused purchases
    /// are planned anew, unclear ones are looked up again, and instances that are over are replaced.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        self.actual.hold = None;
        self.actual.refusals.clear();
        self.actual.released = true;
        self.actual.products_apart = false;
        self.actual.vouchers_apart = false;
        if let Some(latest) = self.desired.latest() {
            let notices = latest.notices.iter().map(|notice| notice.sentence.clone());
            self.actual.acknowledged.extend(notices);
            let moved = self.actual.lines.iter().filter_map(|line| moved_to(line, latest));
            self.actual.acknowledged.extend(moved.collect::<Vec<_>>());
        }
        let refused: Vec<_> = self
            .actual
            .purchases
            .iter()
            .filter(|purchase| matches!(purchase.state, PurchaseState::Refused(_)) || self.names_the_dead(purchase))
            .map(|purchase| (purchase.kind, purchase.ordinal))
            .collect();
        for (kind, ordinal) in refused {
            self.retire(kind, ordinal);
        }
        self.replan_unbought();
        self.actual.replan = true;
        for purchase in &mut self.actual.purchases {
            match &mut purchase.state {
                PurchaseState::Unknown(unknown) => {
                    // One more generation, where all sends are used up; else what is under way goes on.
                    if !unknown.may_send() {
                        unknown.renewed = false;
                        unknown.sends = 2;
                    }
                    unknown.empty = 0;
                    unknown.look_at = now;
                    unknown.put_off = None;
                }
                PurchaseState::Ambiguous => {
                    purchase.state = PurchaseState::Unknown(Unknown {
                        earliest: Timestamp::EPOCH,
                        send_before: now,
                        sends: 2,
                        renewed: false,
                        empty: 0,
                        farewells: 0,
                        look_at: now,
                        last: None,
                        put_off: None,
                    });
                }
                PurchaseState::Done(done) => {
                    done.tag_refused = None;
                    done.recheck = None;
                    done.put_off = None;
                    let over = |instance: &Instance| !instance.given_up && (instance.ended() || done.gone);
                    // Wix's support may have mended it meanwhile: what it is now decides.
                    if done.instances.iter().any(over) {
                        done.gone = false;
                        done.read = true;
                        done.replace = true;
                    }
                    for instance in &mut done.instances {
                        instance.refused = None;
                    }
                }
                PurchaseState::Refused(_) | PurchaseState::Dropped { .. } => {}
            }
        }
        // The operator may have canceled the others at Wix.
        for surplus in &mut self.actual.surplus {
            surplus.done.read = true;
        }
    }

    /// Whether a voucher purchase was sent as often as may be, did not appear, and names an instance that is over: then
    /// it can never come to be, and is planned anew for what replaces that instance.
    fn names_the_dead(&self, purchase: &Purchase) -> bool {
        let PurchaseState::Unknown(unknown) = &purchase.state else {
            return false;
        };
        let over = |reference: &InstanceId| {
            self.packages().any(|(_, done)| {
                let mut held = done.instances.iter();
                held.any(|held| held.id == *reference && (done.gone || held.given_up || held.ended()))
            })
        };
        unknown.empty >= 2 && !unknown.may_send() && purchase.references.iter().any(over)
    }

    /// Whether anything of the order needs a person.
    pub fn needs_attention(&self, settings: &Settings) -> bool {
        !attention(self, settings).is_empty()
    }
}
