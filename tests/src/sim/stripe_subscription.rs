//! What happens to a subscription at Stripe, over months and years: it tells what it has, and its invoices what of that is paid
//! for, changes of units and prices at once or never; it is suspended, overdue, on trial, and over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::oddities::Oddity;
use super::shop::{CHANGING, Under};
use super::stripe::{self, Invoice, Standing, VERSIONS};
use super::words::Message;
use crate::world::Order;

/// Units of each price in each item.
type Items = BTreeMap<(String, String), u32>;

/// A subscription's state that goes on.
const ACTIVE: Standing = Standing {
    topic: "customer.subscription.updated",
    status: "active",
    is_paused: false,
    ends_later: false,
    has_more: false,
};

impl Under<'_> {
    /// A subscription with its first invoice, or on trial.
    pub(super) fn begin_subscription(&mut self, shared_site: bool) {
        self.record.billing.is_subscription = true;
        for line in 1..=self.rng.between(1, 2) {
            self.add_line(line);
        }
        self.name_account();
        if self.changing || self.rng.one_in(2) {
            self.name_site(shared_site);
        }
        // Without another one the subscription's own ID is the reference.
        self.record.reference = Some(self.number());
        if self.rng.one_in(6) || self.odd == Some(Oddity::Reference) {
            self.name_reference();
        }
        if self.goes_on_unheard() {
            self.tell_subscription(ACTIVE, "goes on");
            if !self.rng.one_in(3) {
                self.renew_subscription();
            }
            return;
        }
        let topic = "customer.subscription.created";
        if self.rng.one_in(5) {
            self.is_on_trial = true;
            self.tell_subscription(Standing { topic, ..ACTIVE }, "begins on trial");
            if self.rng.one_in(2) {
                self.bill("subscription_create", Items::new());
            }
            return;
        }
        let status = self.rng.pick(&["incomplete", "active"]);
        self.tell_subscription(
            Standing {
                topic,
                status,
                ..ACTIVE
            },
            "begins",
        );
        if !self.rng.one_in(5) {
            self.bill("subscription_create", Items::new());
            if status == "incomplete" {
                self.tell_subscription(ACTIVE, "is active");
            }
        }
    }

    pub(super) fn change_subscription(&mut self) {
        if self.canceled {
            // What can be paid after the end revives nothing.
            if self.rng.one_in(2) && self.has_ended {
                self.record.meaning.notices.insert("PAID_AFTER_END");
                self.bill("subscription_cycle", Items::new());
            } else if !self.has_ended {
                self.canceled = false;
                self.tell_subscription(ACTIVE, "is active again");
            }
            return;
        }
        if self.is_on_trial {
            return self.end_trial();
        }
        let (line, units) = self.any_line();
        let is_changing = self
            .record
            .skus
            .get(&line)
            .is_some_and(|sku| CHANGING.contains(&sku.as_str()));
        match self.rng.below(if self.changing { 12 } else { 24 }) {
            0..=2 if is_changing => self.change_price(&line, units),
            3..=4 => {
                self.name_another_site();
                self.tell_subscription(ACTIVE, "names another site");
            }
            5..=6 => {
                let credits = self.items_of(&line);
                let more = self.rng.between(1, 2);
                self.set_units(&line, units + more);
                self.tell_subscription(ACTIVE, "has more units");
                self.bill_change(credits);
            }
            7 => {
                self.set_units(&line, units.saturating_sub(1).max(1));
                self.tell_subscription(ACTIVE, "has fewer units");
            }
            8 | 9 | 12..=14 => self.renew_subscription(),
            15 => {
                let status = self.rng.pick(&["unpaid", "paused"]);
                self.canceled = true;
                self.tell_subscription(Standing { status, ..ACTIVE }, "is suspended");
            }
            16 => self.tell_subscription(
                Standing {
                    status: "past_due",
                    ..ACTIVE
                },
                "is overdue",
            ),
            17 => {
                self.record.meaning.notices.insert("COLLECTION_PAUSED");
                self.tell_subscription(
                    Standing {
                        is_paused: true,
                        ..ACTIVE
                    },
                    "has its collection paused",
                );
            }
            18 => self.tell_subscription(
                Standing {
                    ends_later: true,
                    ..ACTIVE
                },
                "is to end with its period",
            ),
            19 => self.end_subscription(),
            20 if self.units.len() < 4 => {
                self.add_line(u32::try_from(self.units.len()).unwrap_or(0) + 1);
                self.tell_subscription(ACTIVE, "has another item");
                self.bill_change(Items::new());
            }
            21 => self.reverse_a_payment(),
            22 => {
                self.tell_subscription(ACTIVE, "is told");
                self.set_units(&line, units + 1);
                self.tell_at_one_moment("is told otherwise of the same second");
            }
            23 => {
                self.name_reference();
                self.tell_subscription(ACTIVE, "has a reference");
            }
            _ => self.tell_subscription(ACTIVE, "is told again"),
        }
    }

    /// The item has the other of two prices, which is billed at once or with the next renewal.
    fn change_price(&mut self, line: &str, units: u32) {
        let [small, large] = CHANGING;
        let credits = self.items_of(line);
        let had = self.record.skus.get(line).cloned().unwrap_or_default();
        let becomes = if had == small { large } else { small };
        self.record.skus.insert(line.to_owned(), becomes.to_owned());
        self.set_units(line, units);
        self.tell_subscription(ACTIVE, "has another price");
        self.bill_change(credits);
    }

    /// A change is billed at once, which Stripe's default does not do.
    fn bill_change(&mut self, credits: Items) {
        if !self.rng.one_in(3) {
            self.now = self.now + self.rng.delay();
            self.bill("subscription_update", credits);
        }
    }

    fn renew_subscription(&mut self) {
        self.pass_months();
        self.bill("subscription_cycle", Items::new());
    }

    fn end_trial(&mut self) {
        self.is_on_trial = false;
        match self.rng.below(4) {
            0 => {
                self.canceled = true;
                let (topic, status) = ("customer.subscription.paused", "paused");
                self.tell_subscription(
                    Standing {
                        topic,
                        status,
                        ..ACTIVE
                    },
                    "has its trial over, unpaid",
                );
            }
            1 => self.end_subscription(),
            _ => {
                self.tell_subscription(ACTIVE, "has its trial over");
                self.bill_change(Items::new());
            }
        }
    }

    fn end_subscription(&mut self) {
        self.canceled = true;
        self.has_ended = true;
        let (topic, status) = ("customer.subscription.deleted", "canceled");
        self.tell_subscription(
            Standing {
                topic,
                status,
                ..ACTIVE
            },
            "is over",
        );
    }

    fn reverse_a_payment(&mut self) {
        if !self.record.billing.is_billed() {
            return;
        }
        let payment = self.payment();
        match self.rng.below(3) {
            0 => self.give_back(&payment),
            1 => self.dispute(&payment),
            _ => self.warn(&payment),
        }
    }

    fn items(&self) -> Items {
        let items = self.units.iter();
        let item = |(item, units): (&String, &u32)| ((item.clone(), self.record.skus[item].clone()), *units);
        items.map(item).collect()
    }

    fn items_of(&self, line: &str) -> Items {
        let of_line = self.items().into_iter().filter(|((item, _), _)| item == line);
        of_line.collect()
    }

    /// The payment of the newest invoice.
    fn payment(&self) -> String {
        format!("pi_{}_{}", self.number(), self.record.billing.bills())
    }

    /// An invoice is paid, for what the subscription has by then.
    fn bill(&mut self, reason: &'static str, credits: Items) {
        self.set(Order::later);
        let lines = match credits.is_empty() {
            true => self.items(),
            false => {
                let changed: Vec<&String> = credits.keys().map(|(item, _)| item).collect();
                let items = self.items().into_iter();
                items.filter(|((item, _), _)| changed.contains(&item)).collect()
            }
        };
        let has_more = credits.is_empty() && self.is_odd(Oddity::Cut, 3);
        let lines: Items = match has_more && self.chance.one_in(2) {
            true => lines.into_iter().take(1).collect(),
            false => lines,
        };
        if has_more {
            self.record.meaning.notices.insert("INVOICE_NOT_READ");
        }
        self.record.billing.bill(lines.clone());
        let (id, payment) = (
            format!("in_{}_{}", self.number(), self.record.billing.bills()),
            self.payment(),
        );
        let version = self.rng.pick(&VERSIONS);
        let invoice = Invoice {
            id: &id,
            version,
            reason,
            payment: &payment,
            lines: &lines,
            credits: &credits,
            is_free: self.is_on_trial,
            has_more,
        };
        let message = stripe::invoice(&self.order, &invoice);
        self.deliver(Arc::new(message), "has an invoice paid".to_owned());
        let message = stripe::paid_by(&id, &payment, self.order.updated_at());
        self.deliver(Arc::new(message), "has the payment of an invoice".to_owned());
    }

    fn tell_subscription(&mut self, standing: Standing, words: &str) {
        self.set(Order::later);
        self.tell_standing(standing, words);
    }

    fn tell_at_one_moment(&mut self, words: &str) {
        self.set(Order::at_one_moment);
        self.tell_standing(ACTIVE, words);
    }

    fn tell_standing(&mut self, standing: Standing, words: &str) {
        let status = if self.is_on_trial { "trialing" } else { standing.status };
        let has_more = status != "canceled" && self.is_odd(Oddity::Cut, 3);
        let (mut shown, mut units) = (self.order.clone(), self.units.clone());
        if has_more && self.chance.one_in(2) {
            shown.lines = shown.lines.into_iter().take(1).collect();
            units = units.into_iter().take(1).collect();
        }
        let standing = Standing {
            status,
            has_more,
            ..standing
        };
        let message: Arc<Message> = Arc::new(stripe::subscription(&shown, standing));
        let mut said = self.version(units, &message);
        said.is_trial = self.is_on_trial;
        if has_more {
            said.is_cut = true;
            said.codes.insert("ITEMS_NOT_READ");
        }
        self.record.said.push(said);
        if status != "canceled" {
            self.told.push((self.now, Arc::clone(&message)));
        }
        self.deliver(message, words.to_owned());
    }
}
