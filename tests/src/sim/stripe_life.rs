//! What happens to a payment at Stripe, told by many objects: sessions, payments that are captured by hand, charges, refunds,
//! disputes and early warnings.

use std::sync::Arc;

use super::meaning::Refunded;
use super::oddities::Oddity;
use super::shop::Under;
use super::stripe::{self, Session};
use crate::world::Order;

impl Under<'_> {
    /// A session that is complete, whether its payment has come or not.
    pub(super) fn begin_payment(&mut self, shared_site: bool) {
        self.add_line(1);
        self.name_account();
        if self.changing || self.rng.one_in(2) {
            self.name_site(shared_site);
        }
        if self.rng.one_in(6) || self.odd == Some(Oddity::Reference) {
            self.name_reference();
        }
        let comes = self.rng.below(10);
        if comes < 6 {
            self.paid = true;
            self.set(Order::paid);
        }
        self.tell_session(
            "checkout.session.completed",
            if self.paid { "is placed and paid" } else { "is placed" },
        );
        if self.paid || comes == 9 {
            return;
        }
        self.now = self.now + self.rng.delay();
        match (comes, self.rng.below(3)) {
            (6..=7, 0) => {
                self.canceled = true;
                self.set(Order::canceled);
                self.tell_session("checkout.session.async_payment_failed", "is not paid in the end");
            }
            (6..=7, _) => {
                self.paid = true;
                self.set(Order::paid);
                self.tell_session("checkout.session.async_payment_succeeded", "is paid in the end");
            }
            (_, 0) => {
                self.record.meaning.notices.insert("PAID_IN_PART");
                self.tell_intent(4_000, "has a part captured");
            }
            (_, 1) => {
                self.record.billing.is_void = true;
                self.tell_intent(0, "has its payment canceled");
            }
            (..) => {
                self.record.billing.is_settled = true;
                self.tell_intent(8_000, "has its payment captured");
            }
        }
    }

    pub(super) fn change_payment(&mut self) {
        let payment = self.number();
        match self.rng.below(8) {
            0..=3 => self.give_back(&payment),
            4..=5 => self.dispute(&payment),
            6 => self.warn(&payment),
            _ => {
                let topic = match self.canceled {
                    true => "checkout.session.async_payment_failed",
                    false => "checkout.session.completed",
                };
                self.tell_session(topic, "is told again");
            }
        }
    }

    fn tell_session(&mut self, topic: &'static str, words: &str) {
        let is_paid = self.paid;
        let message = Arc::new(stripe::session(&self.order, Session { topic, is_paid }));
        let said = self.version(self.units.clone(), &message);
        self.record.said.push(said);
        self.told.push((self.now, Arc::clone(&message)));
        self.deliver(message, words.to_owned());
    }

    fn tell_intent(&mut self, received: u32, words: &str) {
        self.set(Order::later);
        let message = stripe::intent(&self.order, received);
        self.deliver(Arc::new(message), words.to_owned());
    }

    /// Money goes back, told by the charge, by the refund, or by both.
    pub(super) fn give_back(&mut self, payment: &str) {
        let (charge, refund) = (format!("ch_{payment}"), format!("re_{}{payment}", self.refunds % 2));
        self.refunds += 1;
        let is_whole = self.rng.one_in(2);
        let is_subscription = self.record.billing.is_subscription;
        let state = self.rng.pick(&[
            Refunded::Pending,
            Refunded::Through,
            Refunded::Through,
            Refunded::Failed,
        ]);
        if !self.rng.one_in(3) {
            self.set(Order::later);
            let described = is_subscription && self.rng.one_in(3);
            if described {
                self.record.meaning.notices.insert("REFUND_OF_UNKNOWN_SUBSCRIPTION");
            }
            let description = if described { "Subscription creation" } else { "Plan" };
            let message = stripe::charge(payment, &charge, is_whole, description, self.order.updated_at());
            self.record.billing.give_back(&charge, Refunded::Through, is_whole);
            let words = if is_whole {
                "has all of it refunded"
            } else {
                "has an amount refunded"
            };
            self.deliver(Arc::new(message), words.to_owned());
        }
        if self.rng.one_in(3) {
            self.set(Order::later);
            self.record.billing.give_back(&refund, state, false);
            let message = stripe::refund(payment, &refund, state, self.order.updated_at());
            self.deliver(Arc::new(message), format!("has a refund {state:?}"));
        }
    }

    pub(super) fn warn(&mut self, payment: &str) {
        self.record.meaning.notices.insert("DISPUTE_INQUIRY");
        for is_open in [true, false] {
            self.set(Order::later);
            let message = stripe::warning(payment, is_open, self.order.updated_at());
            self.deliver(Arc::new(message), "has a warning of fraud".to_owned());
            if self.rng.one_in(2) {
                return;
            }
            self.now = self.now + self.rng.delay();
        }
    }
}
