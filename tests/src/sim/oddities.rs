//! What is odd about some orders: bodies that say too little or two things, a trial, parts of a bundle, a subscription that
//! was there before anybody listened. They are drawn apart from everything else, so that an order without one is the same
//! order as ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::order::StorefrontKind;

use super::book::ShopOrder;
use super::meaning::{Dispute, Meaning};
use super::rng::Rng;
use super::shop::{Delivery, Sender, Under};
use super::words::{self, Message};
use crate::world::{Order, START};

/// What is odd about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// At times a tag says that it renews a subscription, and nothing else does.
    Tag,
    /// At times the quantity of a line has a fraction.
    Fraction,
    /// At times it is told for no money and without any line.
    NoLines,
    /// It is told without its lines once, as no shop means it.
    CutBody,
    /// It is given on trial, before it is paid for.
    Trial,
    /// Some of its lines are parts of a bundle.
    Bundle,
    /// A line of it is sold by a subscription that it does not name.
    Unnamed,
    /// Beside the subscription something is sold once.
    Beside,
    /// A subscription of which the beginning is not heard, or heard late.
    Late,
    /// At times not all items of a subscription, or lines of an invoice, are shown.
    Cut,
    /// At times its reference is none that Wix can have.
    Reference,
}

/// A reference that cannot stand in Wix's path.
pub(super) const BAD_REFERENCE: &str = "..";

/// What is sold once beside a subscription: its line and SKU, and how many.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    pub(super) order: ShopOrder,
    pub(super) sku: &'static str,
    pub(super) units: u32,
}

impl Beside {
    /// The name of its line in the storefront.
    pub(super) const LINE: &'static str = "b1";
}

impl Oddity {
    /// What is odd about an order; mostly nothing.
    pub(super) fn draw(rng: &mut Rng, kind: StorefrontKind, number: &str) -> Option<Self> {
        if !rng.one_in(12) {
            return None;
        }
        let own: &[Self] = match kind {
            StorefrontKind::Shopify => &[Self::Tag, Self::Tag, Self::CutBody, Self::Bundle, Self::Reference],
            StorefrontKind::Standard => &[Self::Trial, Self::Trial, Self::CutBody, Self::Bundle, Self::Reference],
            StorefrontKind::Woocommerce => &[Self::Fraction, Self::NoLines, Self::Bundle, Self::Reference],
            StorefrontKind::Wix if number.starts_with("contract-") => &[Self::Late, Self::Beside, Self::CutBody],
            StorefrontKind::Wix => &[Self::Unnamed, Self::CutBody, Self::Reference],
            StorefrontKind::Stripe if number.starts_with("sub_") => {
                &[Self::Late, Self::Cut, Self::Cut, Self::Reference]
            }
            StorefrontKind::Stripe => &[Self::Reference],
        };
        Some(rng.pick(own))
    }
}

impl Under<'_> {
    /// Whether it is odd in this way, once in so many times.
    pub(super) fn is_odd(&mut self, how: Oddity, once_in: u64) -> bool {
        self.odd == Some(how) && self.chance.one_in(once_in)
    }

    /// How the body that is told now is odd.
    pub(super) fn odd_now(&mut self) -> Option<Oddity> {
        let is_now = match self.odd? {
            Oddity::Tag | Oddity::Fraction => self.chance.one_in(2),
            Oddity::Unnamed => true,
            Oddity::Trial => self.is_on_trial,
            Oddity::Beside => self.tells_of_beside(),
            Oddity::NoLines | Oddity::CutBody | Oddity::Bundle | Oddity::Late | Oddity::Cut | Oddity::Reference => {
                false
            }
        };
        self.odd.filter(|_| is_now)
    }

    /// A line of a bundle, perhaps: its first line is the whole where the storefront names one.
    pub(super) fn join_bundle(&mut self, line: &str) {
        let may_be_part = line != "1" || self.kind == StorefrontKind::Shopify;
        if may_be_part && self.odd == Some(Oddity::Bundle) && !self.chance.one_in(3) {
            self.record.parts.insert(line.to_owned());
        }
    }

    /// `WooCommerce` tells it as it is when all lines have been taken out of it.
    pub(super) fn tell_without_lines(&mut self) {
        if self.canceled || !self.is_odd(Oddity::NoLines, 3) {
            return;
        }
        self.now = self.now + self.chance.delay();
        self.set(Order::later);
        let lines = std::mem::take(&mut self.order.lines);
        let units = std::mem::take(&mut self.units);
        self.loses_lines = true;
        self.tell("has no lines any more");
        self.loses_lines = false;
        (self.order.lines, self.units) = (lines, units);
    }

    /// On trial until it is paid, or not.
    pub(super) fn end_trial_of_order(&mut self) -> bool {
        let ends = self.is_on_trial && self.kind == StorefrontKind::Standard && self.chance.one_in(4);
        if ends {
            self.is_on_trial = false;
            self.set(Order::later);
            self.tell("has its trial over, unpaid");
        }
        ends
    }

    /// The cycle that is heard first of a contract.
    pub(super) fn first_cycle(&mut self) -> u32 {
        if !self.is_odd(Oddity::Late, 1) || self.chance.one_in(3) {
            return 1;
        }
        self.record.meaning.begins_unheard = true;
        self.chance.between(2, 4)
    }

    /// What is told of the beginning comes days later.
    pub(super) fn delay_beginning(&mut self) {
        if self.odd == Some(Oddity::Late) && !self.record.meaning.begins_unheard {
            for delivery in &mut self.deliveries {
                let days = u64::from(self.chance.between(1, 20));
                delivery.at = delivery.at + Duration::from_secs(days * 86_400);
            }
        }
    }

    /// A subscription of Stripe that goes on since a quarter.
    pub(super) fn goes_on_unheard(&mut self) -> bool {
        let is_late = self.odd == Some(Oddity::Late);
        if is_late {
            self.record.meaning.begins_unheard = true;
            self.set(|order| order.placed(START - Duration::from_secs(90 * 86_400)));
        }
        is_late
    }

    /// Something is sold once with the first cycle of a contract: an order of its own.
    pub(super) fn sell_beside(&mut self) {
        if self.odd != Some(Oddity::Beside) {
            return;
        }
        let of_contract: Vec<&String> = self.record.skus.values().collect();
        let others = ["PLAN", "MAIL", "ENDS", "T-SHIRT"].into_iter();
        let others: Vec<&'static str> = others.filter(|sku| of_contract.iter().all(|of| of != sku)).collect();
        let sku = self.chance.pick(&others);
        let key = words::key(self.kind, &self.cycle_order());
        let line = format!("{}#{sku}", Beside::LINE);
        self.beside = Some(Beside {
            order: ShopOrder {
                key,
                skus: BTreeMap::from([(line, sku.to_owned())]),
                meaning: Meaning::default(),
                pages: Arc::default(),
                ..self.record.clone()
            },
            sku,
            units: self.chance.between(1, 3),
        });
    }

    fn tells_of_beside(&self) -> bool {
        self.beside.is_some() && self.is_first()
    }

    /// What the body that is told now says of what is sold beside the contract, in the book of that order.
    pub(super) fn note_beside(&mut self, message: &Arc<Message>) {
        if !self.tells_of_beside() {
            return;
        }
        let mut said = self.version(BTreeMap::new(), message);
        let reversed = self.cycle.as_ref().and_then(|cycle| cycle.reversed);
        let at = self.order.updated_at();
        let (site, account) = (self.record.site.clone(), self.record.account.clone());
        let Some(Beside { order, units, .. }) = &mut self.beside else {
            return;
        };
        (said.at, said.stamp) = ((at, 0), at);
        said.canceled = reversed == Some("CANCELED");
        said.paid = self.paid && !said.canceled;
        said.is_unclear = false;
        said.refunded_all = reversed == Some("FULLY_REFUNDED");
        if reversed == Some("PARTIALLY_REFUNDED") {
            said.amounts.insert("0.00".to_owned());
        }
        said.skus = order.skus.clone();
        let line = order.skus.keys().next().cloned().unwrap_or_default();
        if !said.canceled {
            said.units = BTreeMap::from([(line, *units)]);
        }
        (order.site, order.account) = (site, account);
        order.said.push(said);
    }

    /// Whether the first cycle, and what is sold beside it, was given back: once, because what is told of that again and otherwise
    /// is drawn for orders by themselves.
    pub(super) fn gave_back_beside(&self) -> bool {
        self.tells_of_beside() && self.cycle.as_ref().is_some_and(|cycle| cycle.reversed.is_some())
    }

    /// A dispute of a payment that is of the order beside, too, is that order's.
    pub(super) fn move_disputes(&mut self, before: &BTreeMap<u32, Dispute>) {
        if self.tells_of_beside()
            && let Some(Beside { order, .. }) = &mut self.beside
        {
            let told = std::mem::replace(&mut self.record.meaning.disputes, before.clone());
            order.meaning.disputes.extend(told);
        }
    }

    /// A body that lost its lines on the way: nobody can understand it.
    pub(super) fn add_cut_body(&mut self) {
        let Some((_, told)) = self.told.last().cloned().filter(|_| self.odd == Some(Oddity::CutBody)) else {
            return;
        };
        let Some(message) = words::cut(&told).filter(|_| !self.canceled) else {
            return;
        };
        let at = self.now + self.chance.delay();
        self.deliveries.push(Delivery {
            at,
            message: Arc::new(message),
            key: self.record.key.clone(),
            words: "is told without its lines".to_owned(),
            sender: Sender::Useless,
        });
    }
}
