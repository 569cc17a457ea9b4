//! How a shop tells of an order: in which words, how often, and when; and what of it the book notes. Also what is sent in its
//! name and cannot be understood.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reseller_hooks::order::StorefrontKind;

use super::begins::Page;
use super::book::ToldVersion;
use super::oddities::Oddity;
use super::shop::{Delivery, Sender, Under};
use super::stripe;
use super::wix;
use super::woocommerce;
use super::words::{self, Message, Past};

impl Under<'_> {
    /// Delivers the order as it is now.
    pub(super) fn tell(&mut self, what: &str) {
        let lines: Vec<String> = self
            .units
            .iter()
            .map(|(line, units)| format!("{units}×{}", self.record.skus.get(line).map_or("", String::as_str)))
            .collect();
        self.ever_paid |= self.paid;
        self.is_on_trial &= !self.paid;
        let odd = self.odd_now();
        let past = Past {
            most: &self.most,
            ever_paid: self.ever_paid,
            says_paid: self.rng.one_in(2),
            refunds: &self.counted,
            subscribed: &self.record.meaning.subscribed,
            renews: self.record.meaning.renews,
            amounts: &self.amounts,
            may_be_paid_again: self.has_failed,
            clock_is_ahead: self.clock_is_ahead,
            cycle: self.cycle.as_ref(),
            odd,
            trial: (self.odd == Some(Oddity::Trial)).then_some(self.is_on_trial),
            parts: &self.record.parts,
            beside: self.beside.as_ref().filter(|_| odd == Some(Oddity::Beside)),
        };
        let ends_trial = past.trial == Some(false) && !self.ever_paid;
        let message = Arc::new(words::order(self.kind, &self.order, &past).taking_back(ends_trial));
        // A canceled order is told without units, and nothing of it is paid for any more.
        let units = if self.canceled {
            BTreeMap::new()
        } else {
            self.units.clone()
        };
        let mut said = self.version(units, &message);
        match odd {
            Some(Oddity::Tag) => {
                said.is_unclear = true;
                said.paid = false;
                said.codes.insert("RENEWAL_UNCLEAR");
            }
            Some(Oddity::Fraction) => drop(said.codes.insert("QUANTITY_UNCLEAR")),
            Some(Oddity::Unnamed) => drop(said.codes.insert("SUBSCRIPTION_UNNAMED")),
            Some(Oddity::Trial) => said.is_trial = true,
            _ => {}
        }
        if self.loses_lines {
            said.codes.insert("LINES_LOST");
        }
        self.record.said.push(said);
        self.note_beside(&message);
        self.told.push((self.now, Arc::clone(&message)));
        let paid = if self.paid { "paid" } else { "not paid" };
        self.deliver(message, format!("{what}: {}, {paid}", lines.join(", ")));
        if !self.loses_lines {
            self.tell_without_lines();
        }
    }

    /// The order as the book has it.
    pub(super) fn version(&self, units: BTreeMap<String, u32>, message: &Arc<Message>) -> ToldVersion {
        let is_wix = self.kind == StorefrontKind::Wix;
        let is_reversed = self.cycle.as_ref().is_some_and(|cycle| cycle.reversed.is_some());
        // What is canceled there has another status than what is paid.
        let has_status = is_wix || self.kind == StorefrontKind::Woocommerce;
        let amounts = match is_wix {
            true => self.amount_of_wix().into_iter().collect(),
            false => self.amounts.iter().map(ToString::to_string).collect(),
        };
        let updated = self.order.updated_at();
        let (stamp, place) = match &self.cycle {
            Some(cycle) => (self.order.created_at, wix::place(cycle, updated)),
            None => (updated + self.clock_is_ahead, 0),
        };
        ToldVersion {
            at: (if self.cycle.is_some() { stamp } else { updated }, place),
            stamp,
            counted: self.counted.keys().cloned().collect(),
            amounts,
            paid: self.paid && !(self.canceled && has_status) && !is_reversed,
            canceled: self.canceled,
            is_trial: false,
            // A first cycle that was given back may have been all there was.
            is_unclear: is_reversed && self.cycle.as_ref().is_some_and(|cycle| cycle.number == 1),
            refunded_all: is_wix && self.is_all_given_back(),
            units,
            codes: BTreeSet::new(),
            is_cut: false,
            skus: self.record.skus.clone(),
            message: Arc::clone(message),
        }
    }

    fn is_all_given_back(&self) -> bool {
        !self.counted.is_empty() && self.units.values().all(|units| *units == 0)
    }

    /// Wix says how much was given back, and what for only where a line has fewer units by it.
    fn amount_of_wix(&self) -> Option<String> {
        let is_all = self.is_all_given_back();
        (!is_all && !self.amounts.is_empty()).then(|| format!("{}.00", self.amounts.len()))
    }

    /// `WooCommerce` builds a body when it sends it: half of them are newer than what they were sent for.
    pub(super) fn send_as_they_are_then(&mut self) {
        if self.kind != StorefrontKind::Woocommerce {
            return;
        }
        for delivery in &mut self.deliveries {
            let is_body = self.told.iter().any(|(_, told)| Arc::ptr_eq(told, &delivery.message));
            let newest = self.told.iter().rev().find(|(at, _)| *at <= delivery.at);
            if let Some((_, newest)) = newest.filter(|_| is_body)
                && !Arc::ptr_eq(newest, &delivery.message)
                && self.rng.one_in(2)
            {
                delivery.message = Arc::clone(newest);
                delivery.words.push_str(", as it is by then");
            }
        }
    }

    /// What a copy of the shop sends with its secret, a body that a plugin has cut, and a status that nobody knows.
    pub(super) fn add_useless_ones(&mut self) {
        let Some((_, told)) = self.told.last().cloned() else {
            return;
        };
        let mut useless = Vec::new();
        match self.kind {
            StorefrontKind::Woocommerce => {
                useless.push((woocommerce::of_a_copy(&told), "a copy of the shop tells it as canceled"));
                // A body of an order that is over needs no lines.
                if !self.canceled && self.odd != Some(Oddity::NoLines) {
                    useless.extend(words::cut(&told).map(|cut| (cut, "is told without its lines")));
                }
            }
            StorefrontKind::Wix => useless.push((wix::of_a_copy(&told), "another site tells it as canceled")),
            StorefrontKind::Stripe => useless.push((stripe::unknown(&told), "is told with a status that nobody knows")),
            StorefrontKind::Shopify | StorefrontKind::Standard => {}
        }
        for (message, words) in useless {
            if self.rng.one_in(6) {
                let at = self.now + self.rng.delay();
                self.deliveries.push(Delivery {
                    at,
                    message: Arc::new(message),
                    key: self.record.key.clone(),
                    words: words.to_owned(),
                    sender: Sender::Useless,
                });
            }
        }
    }

    pub(super) fn deliver(&mut self, message: Arc<Message>, words: String) {
        // What is told beside a subscription at Stripe, or a contract of Wix, may come under another name of it.
        let has_names = self.record.billing.is_subscription || self.cycle.is_some();
        let is_beside = self.pages.last().is_some_and(|page| page.book.owes_like(&self.record));
        if !(has_names && is_beside) {
            self.pages.push(Page {
                message: Arc::clone(&message),
                book: self.record.clone(),
            });
        }
        let copies = match self.rng.below(10) {
            0..=5 => 1,
            6..=8 => 2,
            _ => 3,
        };
        for _ in 0..if self.has_copies { copies } else { 1 } {
            let at = self.now + self.rng.delay();
            self.deliveries.push(Delivery {
                at,
                message: Arc::clone(&message),
                key: self.record.key.clone(),
                words: words.clone(),
                sender: Sender::Storefront,
            });
        }
    }
}
