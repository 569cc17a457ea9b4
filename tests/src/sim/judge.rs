//! The end of a history: nothing moves any more, and it must be as promised; then once more after a person, an audit, or
//! every delivery a second time.

use std::cmp::Reverse;
use std::time::Duration;

use reseller_hooks::order::OrderKey;
use serde_json::json;

use super::book::ShopOrder;
use super::check;
use super::scheduler::Sim;

impl Sim {
    /// Nothing moves any more: is it as promised? Then once more after an operator's retry or closing, after an audit, or after
    /// everything was delivered again.
    pub(super) fn judge(&mut self) {
        if !self.result.violations.is_empty() {
            return;
        }
        self.result.calls = self.world.look().calls().len() as u64;
        self.resume_late();
        self.audit_restored();
        self.learn_of_restore();
        self.check(check::Stage::Rest);
        if !self.restored().is_empty() {
            return;
        }
        let troubled: Vec<OrderKey> = self
            .world
            .ledger
            .entries()
            .into_iter()
            .filter(|entry| entry.attention_since.is_some())
            .filter_map(|entry| entry.key.parse().ok())
            .collect();
        let verb = self.rng.below(4);
        let stage = if !troubled.is_empty() && verb == 0 {
            self.close_all(&troubled);
            check::Stage::Closed
        } else if !troubled.is_empty() && verb <= 2 {
            self.end_waits();
            let replace = self.rng.one_in(2);
            for key in troubled {
                self.reconcile(
                    json!({"retry": {"order": key, "replace": replace, "by": "simulation", "reason": "cured"}}),
                );
                self.calm_at = self.now();
                self.happen();
            }
            if replace {
                check::Stage::Replaced
            } else {
                check::Stage::Retried
            }
        } else {
            match self.rng.below(8) {
                0 => {
                    self.world.clock.advance(Duration::from_secs(7_200));
                    self.reconcile(json!({"audit": {}}));
                    self.happen();
                    check::Stage::Audited
                }
                1 | 2 => {
                    self.deliver_again();
                    check::Stage::Again
                }
                _ => return,
            }
        };
        self.check(stage);
    }

    fn check(&mut self, stage: check::Stage) {
        self.cover_problems();
        let mut found = self.note_answers();
        let world = check::Came {
            catalog_changed: self.catalog_changed,
            replaced: &self.replaced,
            restored: &self.restored(),
            stage,
        };
        found.extend(check::violations(&self.world, &self.orders, world));
        let (left, parked) = (self.queues.left(), self.queues.parked());
        if left + parked > 0 {
            found.push(format!(
                "I7: {left} messages are left in the queues, {parked} are parked"
            ));
        }
        found.into_iter().for_each(|what| self.broken(what));
    }

    fn deliver_again(&mut self) {
        let before = self.committed();
        for at in 0..self.deliveries.len() {
            if self.may_come_again(at) {
                self.posts.push(Reverse((self.now(), at)));
            }
        }
        self.tell(|| "everything is delivered again".to_owned());
        self.happen();
        if self.committed() != before && self.ledger.next_due().is_none() {
            self.broken("I1: what was delivered again had an effect".to_owned());
        }
    }

    /// What will never be sent again would be news, and a deletion counts by its receipt.
    fn may_come_again(&self, delivery: usize) -> bool {
        let delivery = &self.deliveries[delivery];
        let trashed = |order: &ShopOrder| order.key == delivery.key && !order.deletions.is_empty();
        delivery.message.is_heard() && !self.orders.iter().any(trashed)
    }

    fn committed(&self) -> usize {
        self.world.look().calls().filter(|call| call.committed).count()
    }
}
