//! The life of a subscription in a shop of Wix: every cycle has an order of its own, which tells the same lines once more,
//! others, or more of them; months may go by between two. Only the contract says that it is over.

use std::sync::Arc;
use std::time::Duration;

use super::meaning::{Subscription, ToldSubscription};
use super::shop::{CHANGING, Under};
use super::wix::{self, Cycle};
use crate::world::Order;

const CONTRACT: [&str; 3] = [
    "wix.ecom.subscription_contracts.v1.subscription_contract_canceled",
    "wix.ecom.subscription_contracts.v1.subscription_contract_expired",
    "wix.pricing_plans.v2.order_ended",
];

/// What is told of a contract, and ends nothing.
const NO_END: [&str; 3] = [
    "wix.ecom.subscription_contracts.v1.subscription_contract_updated",
    "wix.ecom.subscription_contracts.v1.subscription_contract_deleted",
    "wix.pricing_plans.v2.order_auto_renew_canceled",
];

impl Under<'_> {
    /// The checkout's order, which is the first cycle.
    pub(super) fn begin_contract(&mut self, shared_site: bool) {
        let number = self.first_cycle();
        self.cycle = Some(Cycle { number, reversed: None });
        for line in 1..=self.rng.between(1, 2) {
            self.add_line(line);
        }
        self.name_account();
        if self.changing || self.rng.one_in(2) {
            self.name_site(shared_site);
        }
        self.begin_cycle();
        self.pay_perhaps(4);
        self.sell_beside();
        self.tell(if self.paid { "begins and is paid" } else { "begins" });
        self.delay_beginning();
    }

    pub(super) fn change_contract(&mut self) {
        match self.rng.below(20) {
            _ if !self.paid && self.is_first() => self.pay_cycle(),
            0..=9 => self.renew_contract(),
            10..=11 if !self.paid => self.pay_cycle(),
            12..=13 if !self.gave_back_beside() => {
                let how = self.rng.pick(&["PARTIALLY_REFUNDED", "FULLY_REFUNDED", "CANCELED"]);
                let cycle = self.cycle.get_or_insert(Cycle {
                    number: 1,
                    reversed: None,
                });
                cycle.reversed = Some(how);
                self.record.meaning.notices.insert("CYCLE_REVERSED");
                self.set(Order::later);
                self.tell("has a cycle given back");
            }
            14 => {
                let topic = self.rng.pick(&NO_END);
                self.tell_contract(topic, "is told of what ends nothing");
            }
            15 => {
                let topic = self.rng.pick(&CONTRACT);
                self.tell_contract(topic, "is over");
            }
            16 => {
                let payment = self.cycle_order();
                let before = self.record.meaning.disputes.clone();
                self.dispute(&payment);
                self.move_disputes(&before);
            }
            17 => {
                self.name_reference();
                self.tell("has a reference");
            }
            _ => self.tell("is told again"),
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.cycle.as_ref().is_none_or(|cycle| cycle.number == 1)
    }

    pub(super) fn cycle_order(&self) -> String {
        let number = self.number();
        self.cycle
            .as_ref()
            .map_or_else(|| number.clone(), |cycle| cycle.order(&number))
    }

    fn begin_cycle(&mut self) {
        self.set(Order::later);
        let at = self.order.updated_at();
        self.set(|order| order.placed(at));
    }

    fn pay_perhaps(&mut self, unpaid_in: u64) {
        let paid = !self.rng.one_in(unpaid_in);
        if self.paid != paid {
            self.paid = paid;
            self.set(if paid { Order::paid } else { Order::unpaid });
        }
    }

    fn pay_cycle(&mut self) {
        self.paid = true;
        self.set(Order::paid);
        self.tell("is paid");
    }

    /// The next cycle, with what the contract has by then.
    fn renew_contract(&mut self) {
        self.pass_months();
        let number = self.cycle.as_ref().map_or(1, |cycle| cycle.number) + 1;
        self.cycle = Some(Cycle { number, reversed: None });
        self.begin_cycle();
        self.pay_perhaps(5);
        let (line, units) = self.any_line();
        let is_changing = self
            .record
            .skus
            .get(&line)
            .is_some_and(|sku| CHANGING.contains(&sku.as_str()));
        let what = match self.rng.below(if self.changing { 5 } else { 10 }) {
            0 => {
                let more = self.rng.between(1, 2);
                self.set_units(&line, units + more);
                "is renewed with more units"
            }
            1 => {
                self.set_units(&line, units.saturating_sub(1));
                "is renewed with fewer units"
            }
            2..=3 if is_changing => {
                let [small, large] = CHANGING;
                let becomes = match self.record.skus.get(&line) {
                    Some(sku) if sku == small => large,
                    _ => small,
                };
                self.record.skus.insert(line.clone(), becomes.to_owned());
                self.set_units(&line, units);
                "is renewed with another plan"
            }
            4 => {
                self.name_another_site();
                "is renewed for another site"
            }
            _ => "is renewed",
        };
        self.tell(what);
    }

    /// Months without an event, perhaps.
    pub(super) fn pass_months(&mut self) {
        if !self.rng.one_in(3) || !self.has_months {
            return;
        }
        let days = self.rng.pick(&[30, 31, 92, 365]);
        let by = Duration::from_secs(days * 86_400);
        self.now = self.now + by;
        self.set(|order| order.after(by));
    }

    fn tell_contract(&mut self, topic: &'static str, words: &str) {
        self.set(Order::later);
        let message = Arc::new(wix::contract(topic, &self.number(), self.order.updated_at()));
        if CONTRACT.contains(&topic) {
            self.record.meaning.subscription.push(ToldSubscription {
                state: Subscription::Ended,
                lines: self.record.meaning.subscribed.clone(),
                message: Arc::clone(&message),
            });
        }
        self.deliver(message, words.to_owned());
    }
}
