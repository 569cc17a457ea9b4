//! What happens to an order in its shop, each drawn by chance: payments, edits, refunds, cancellations, other plans and
//! sites, subscriptions, disputes; in a shop of WooCommerce the trash and refunds that are only amounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use reseller_hooks::order::StorefrontKind;

use super::book::ShopOrder;
use super::meaning::{self, Dispute, Refunded, Subscription, ToldSubscription};
use super::shop::{CHANGING, Under};
use super::stripe;
use super::wix;
use super::woocommerce;
use super::words::{self, Message};
use crate::world::Order;

impl Under<'_> {
    /// The line is sold as the other of two plans, with more units or fewer.
    pub(super) fn change_plan(&mut self, line: &str, units: u32) {
        let [small, large] = CHANGING;
        let had = self.record.skus.get(line).cloned().unwrap_or_default();
        let becomes = if had == small { large } else { small };
        self.record.skus.insert(line.to_owned(), becomes.to_owned());
        let units = match self.rng.below(4) {
            0 => units.saturating_sub(1),
            1 => units + 1,
            _ => units,
        };
        self.set_units(line, units);
        let paid = !self.rng.one_in(3);
        if self.paid != paid {
            self.paid = paid;
            self.set(if paid { Order::paid } else { Order::unpaid });
        }
        self.tell(if paid {
            "has another plan"
        } else {
            "has another plan, unpaid"
        });
        if !paid && self.rng.one_in(2) {
            self.now = self.now + self.rng.delay();
            self.paid = true;
            self.set(Order::paid);
            self.tell("is paid");
        }
    }

    pub(super) fn change(&mut self, shared_site: bool) {
        let (line, units) = self.any_line();
        let is_woo = self.kind == StorefrontKind::Woocommerce;
        let is_wix = self.kind == StorefrontKind::Wix;
        if self.record.in_trash {
            self.restore();
            return;
        }
        if self.end_trial_of_order() {
            return;
        }
        let is_changing = |under: &Self| {
            let sku = under.record.skus.get(&line).map(String::as_str);
            sku.is_some_and(|sku| CHANGING.contains(&sku))
        };
        if is_changing(self) && !self.rng.one_in(if self.changing { 8 } else { 2 }) {
            if self.record.site.is_some() && self.rng.one_in(2) {
                self.name_another_site();
                self.tell("names another site");
            } else if is_woo || is_wix {
                // An edit of these makes a line of its own.
                self.set_units(&line, 0);
                self.add_line(u32::try_from(self.units.len()).unwrap_or(0) + 1);
                self.tell("has another line instead of one");
            } else {
                self.change_plan(&line, units);
            }
            return;
        }
        match self.rng.below(26) {
            0..=2 if !self.paid => {
                self.paid = true;
                self.set(Order::paid);
                self.tell("is paid");
            }
            0..=2 => {
                let more = self.rng.between(1, 2);
                self.set_units(&line, units + more);
                let paid = self.rng.one_in(3);
                if !paid {
                    self.paid = false;
                    self.set(Order::unpaid);
                }
                self.tell(if paid { "is edited up and paid" } else { "is edited up" });
                if !paid && self.rng.one_in(2) {
                    self.now = self.now + self.rng.delay();
                    self.paid = true;
                    self.set(Order::paid);
                    self.tell("is paid");
                }
            }
            3..=4 => {
                self.set_units(&line, units.saturating_sub(1));
                self.tell("is edited down");
            }
            5..=6 | 23 if is_woo => self.refund_amount(),
            7..=8 | 24 if is_woo => self.delete_refund(),
            9 | 22 if is_woo => self.move_to_trash(),
            5..=8 if !self.canceled && units > 0 => self.refund(&line, units),
            9 if is_wix => self.refund_amount(),
            9 => {
                let (id, message) = self.refund_message(&[]);
                self.record.amounts.insert(id);
                self.deliver(Arc::new(message), "has an amount refunded".to_owned());
            }
            10..=14 if !self.canceled => {
                self.canceled = true;
                self.has_failed = is_woo && self.rng.one_in(3);
                self.set(Order::canceled);
                self.tell(if self.has_failed { "fails" } else { "is canceled" });
            }
            // These have no way back from there.
            10..=14 if self.kind != StorefrontKind::Shopify && !is_wix => {
                self.canceled = false;
                self.set(Order::revived);
                self.tell("is alive again");
            }
            15..=16 => {
                self.name_reference();
                self.tell("has a reference");
            }
            17 if self.record.site.is_none() => {
                self.name_site(shared_site);
                self.tell("names a site");
            }
            18 if self.units.len() < 4 => {
                self.add_line(u32::try_from(self.units.len()).unwrap_or(0) + 1);
                self.tell("has another line");
            }
            20..=21 if !self.record.meaning.subscribed.is_empty() => self.turn_subscription(),
            22 => self.dispute(&self.number()),
            23..=24 if is_wix => self.fail_refund(),
            23..=24 if !self.canceled && units > 0 => self.refund_slowly(&line, units),
            25 if !self.canceled => {
                self.set(Order::later);
                self.tell("is told");
                self.set_units(&line, units + 1);
                self.set(Order::at_one_moment);
                self.tell("is told otherwise of the same moment");
            }
            _ => self.tell("is told again"),
        }
    }

    /// An order that bills the lines of a subscription once more.
    pub(super) fn renew(&mut self, of: &ShopOrder) {
        self.record.meaning.renews = true;
        for line in &of.meaning.subscribed {
            let sku = of.skus.get(line).cloned().unwrap_or_default();
            self.record.skus.insert(line.clone(), sku);
            self.record.meaning.subscribed.insert(line.clone());
            self.set_units(line, 1);
        }
        self.paid = true;
        self.set(Order::paid);
        self.tell("renews a subscription");
    }

    fn turn_subscription(&mut self) {
        let mut told = self.record.meaning.subscription.iter();
        if told.any(|told| told.state == Subscription::Ended) {
            return;
        }
        let states = [
            Subscription::Suspended,
            Subscription::Suspended,
            Subscription::Active,
            Subscription::Ended,
        ];
        let state = self.rng.pick(&states);
        self.set(Order::later);
        let at = self.order.updated_at() + self.clock_is_ahead;
        let message = if self.kind == StorefrontKind::Woocommerce {
            let lines: Vec<&str> = self.record.meaning.subscribed.iter().map(String::as_str).collect();
            woocommerce::subscription(&self.order, &lines, state, at)
        } else {
            meaning::subscription(self.kind, &self.number(), state, at)
        };
        let message = Arc::new(message);
        self.record.meaning.subscription.push(ToldSubscription {
            state,
            lines: self.record.meaning.subscribed.clone(),
            message: Arc::clone(&message),
        });
        self.deliver(message, format!("has its subscription {state:?}"));
    }

    /// An amount is given back, of which nobody says what it was for.
    fn refund_amount(&mut self) {
        self.refunds += 1;
        self.amounts.insert(90_000 + self.refunds);
        self.set(Order::later);
        self.tell("has an amount refunded");
    }

    /// A refund is taken away again.
    fn delete_refund(&mut self) {
        self.amounts.pop_first();
        self.set(Order::later);
        self.tell("has a refund less");
    }

    fn move_to_trash(&mut self) {
        self.record.in_trash = true;
        let message = Arc::new(woocommerce::deleted(&self.record.key));
        self.record.deletions.push(Arc::clone(&message));
        self.deliver(message, "is moved to the trash".to_owned());
    }

    fn restore(&mut self) {
        self.record.in_trash = false;
        self.tell("is restored");
    }

    /// The payment of an order (its number, or the payment itself) is disputed.
    pub(super) fn dispute(&mut self, payment: &str) {
        let of_payment = self.rng.between(50_000, 50_001);
        let kind = self.kind;
        let id = of_payment + self.record.meaning.disputed_before(payment);
        for state in [Dispute::Open, self.rng.pick(&[Dispute::Lost, Dispute::Won])] {
            let known = self.record.meaning.disputes.entry(id).or_insert(state);
            *known = state.max(*known);
            self.set(Order::later);
            let message = match kind {
                StorefrontKind::Wix => wix::dispute(payment, id, state, self.order.updated_at()),
                StorefrontKind::Stripe => stripe::dispute(payment, id, state, self.order.updated_at()),
                StorefrontKind::Shopify | StorefrontKind::Woocommerce | StorefrontKind::Standard => {
                    meaning::dispute(kind, payment, id, state)
                }
            };
            self.deliver(Arc::new(message), format!("has a dispute {state:?}"));
            if self.rng.one_in(3) {
                break;
            }
            self.now = self.now + self.rng.delay();
        }
    }

    /// The money of a refund, which the order counts, does not come back to the buyer.
    fn fail_refund(&mut self) {
        let Some(id) = self.counted.keys().last().cloned() else {
            return self.tell("is told again");
        };
        self.set(Order::later);
        let state = self.rng.pick(&[Refunded::Pending, Refunded::Through, Refunded::Failed]);
        if state == Refunded::Failed {
            self.record.meaning.failed.insert(id.clone());
        }
        let message = wix::refund(&self.number(), &id, state, self.order.updated_at());
        self.deliver(Arc::new(message), format!("has its refund {state:?}"));
    }

    /// A refund that is under way for a while, and then comes to nothing or not.
    fn refund_slowly(&mut self, line: &str, units: u32) {
        self.refunds += 1;
        let id = (95_000 + self.refunds).to_string();
        let taken = self.rng.between(1, units);
        let (number, kind) = (self.number(), self.kind);
        let message = |state| Arc::new(meaning::refund(kind, &number, &id, (line, taken), state));
        let lines = BTreeMap::from([(line.to_owned(), taken)]);
        self.record.refunds.insert(id.clone(), lines);
        self.deliver(
            message(Refunded::Pending),
            format!("has a refund of {taken} of line {line} begun"),
        );
        let end = self.rng.pick(&[Refunded::Pending, Refunded::Through, Refunded::Failed]);
        if end == Refunded::Failed {
            self.record.meaning.failed.insert(id.clone());
        }
        self.now = self.now + self.rng.delay();
        self.deliver(message(end), format!("has that refund {end:?}"));
    }

    fn refund(&mut self, line: &str, units: u32) {
        let taken = self.rng.between(1, units);
        let (id, message) = self.refund_message(&[(line, taken)]);
        self.set_units(line, units - taken);
        self.counted
            .insert(id.clone(), BTreeMap::from([(line.to_owned(), taken)]));
        self.set(|order| order.counted(&id));
        // An order of Wix counts it by itself.
        let how = if self.kind == StorefrontKind::Wix {
            1
        } else {
            self.rng.below(3)
        };
        if how != 1 {
            self.record
                .refunds
                .insert(id.clone(), BTreeMap::from([(line.to_owned(), taken)]));
            self.deliver(
                Arc::new(message),
                format!("has {taken} of line {line} refunded (as an event)"),
            );
        }
        if how != 0 {
            self.tell("has a refund (in a snapshot)");
        }
    }

    fn refund_message(&mut self, lines: &[(&str, u32)]) -> (String, Message) {
        self.refunds += 1;
        let id = 90_000 + self.refunds;
        (id.to_string(), words::refund(self.kind, &self.order, id, lines))
    }
}
