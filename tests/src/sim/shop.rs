//! A storefront with its orders: what happens to them, and what is delivered of it and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;

use super::book::{ShopOrder, ToldVersion};
use super::meaning::{self, Dispute, Meaning, Refunded, Subscription};
use super::rng::Rng;
use super::words::{self, Message, Past, STOREFRONTS};
use crate::world::{OTHER, Order, START};

/// The SKUs that are sold, as the simulation's catalog has them.
const SKUS: [&str; 13] = [
    "PLAN", "PLAN", "PLAN", "MAIL", "ENDS", "KEPT", "PAIR", "SITED", "T-SHIRT", "SMALL", "SMALL", "LARGE", "LARGE",
];

/// The plans that become one another.
const CHANGING: [&str; 2] = ["SMALL", "LARGE"];

/// A delivery that is on its way.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// When it arrives, if it arrives at the first attempt.
    pub at: Timestamp,
    /// What it says.
    pub message: Arc<Message>,
    /// Of which order.
    pub key: String,
    /// The same in the words of a story.
    pub words: String,
    /// Who sends it.
    pub sender: Sender,
}

/// Who sends a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The storefront, again and again until it is answered 200.
    Storefront,
    /// Somebody who has not the shop's secret.
    Forger,
    /// Somebody who saw the shop's delivery, signed with this secret of the shop's at this time.
    Replayer(usize, Timestamp),
}

/// An order under way in the shop.
struct Under<'a> {
    rng: &'a mut Rng,
    index: usize,
    kind: StorefrontKind,
    now: Timestamp,
    order: Order,
    units: BTreeMap<String, u32>,
    most: BTreeMap<String, u32>,
    counted: BTreeMap<String, BTreeMap<String, u32>>,
    refunds: u32,
    ever_paid: bool,
    paid: bool,
    canceled: bool,
    record: ShopOrder,
    deliveries: Vec<Delivery>,
}

/// Makes an order with its whole life, the orders that renew it, and everything that will be delivered of them.
pub(super) fn orders(rng: &mut Rng, index: usize, shared_site: bool) -> (Vec<ShopOrder>, Vec<Delivery>) {
    let kind = rng.pick(&STOREFRONTS);
    let mut first = Under::new(rng, kind, index, 7_001 + index);
    first.begin(shared_site);
    for _ in 0..first.rng.below(6) {
        first.now = first.now + first.rng.delay();
        first.change(shared_site);
    }
    let renewals = match first.record.meaning.subscribed.is_empty() {
        true => 0,
        false => first.rng.index(3),
    };
    let (record, mut deliveries) = (first.record, first.deliveries);
    let mut orders = vec![record.clone()];
    for number in 0..renewals {
        let mut renewal = Under::new(rng, kind, index, 8_001 + index * 10 + number);
        renewal.renew(&record);
        orders.push(renewal.record);
        deliveries.extend(renewal.deliveries);
    }
    (orders, deliveries)
}

impl<'a> Under<'a> {
    fn new(rng: &'a mut Rng, kind: StorefrontKind, index: usize, number: usize) -> Self {
        let key = format!("{kind}/{number}");
        Self {
            index,
            kind,
            now: START + rng.delay(),
            order: Order::new(&key),
            units: BTreeMap::new(),
            most: BTreeMap::new(),
            counted: BTreeMap::new(),
            refunds: 0,
            ever_paid: false,
            paid: false,
            canceled: false,
            record: ShopOrder {
                key,
                site: None,
                old_sites: BTreeSet::new(),
                account: None,
                line_accounts: BTreeMap::new(),
                reference: None,
                skus: BTreeMap::new(),
                amount_refunded: false,
                meaning: Meaning::default(),
                said: Vec::new(),
                refunds: BTreeMap::new(),
            },
            deliveries: Vec::new(),
            rng,
        }
    }
}

impl Under<'_> {
    fn set(&mut self, change: impl FnOnce(Order) -> Order) {
        self.order = change(std::mem::replace(&mut self.order, Order::new("shopify/0")));
    }

    fn begin(&mut self, shared_site: bool) {
        for line in 1..=self.rng.between(1, 3) {
            self.add_line(line);
        }
        if self.rng.one_in(4) {
            self.record.account = Some(OTHER.to_owned());
            self.set(|order| order.account(OTHER));
        }
        if self.rng.one_in(8) {
            let line = "1".to_owned();
            let account = "99999999-b31c-453b-885b-76e9fc04bdc6";
            self.record.line_accounts.insert(line.clone(), account.to_owned());
            self.set(|order| order.line_account(&line, account));
        }
        if self.rng.one_in(2) {
            self.name_site(shared_site);
        }
        if self.rng.one_in(6) {
            self.name_reference();
        }
        if self.rng.one_in(8) {
            // Heard of days after it was placed: looked up before it is bought.
            self.set(|order| order.placed(START - Duration::from_secs(3 * 86_400)));
        }
        if !self.rng.one_in(4) {
            self.paid = true;
            self.set(Order::paid);
        }
        let words = if self.paid { "is placed and paid" } else { "is placed" };
        self.tell(words);
    }

    fn add_line(&mut self, number: u32) {
        let sku = self.rng.pick(&SKUS);
        let units = match self.rng.below(16) {
            0..=9 => 1,
            10..=14 => self.rng.between(2, 3),
            _ => self.rng.between(4, 30),
        };
        let line = number.to_string();
        self.record.skus.insert(line.clone(), sku.to_owned());
        if self.rng.one_in(4) {
            self.record.meaning.subscribed.insert(line.clone());
        }
        self.set_units(&line, units);
    }

    fn set_units(&mut self, line: &str, units: u32) {
        let sku = self.record.skus.get(line).cloned().unwrap_or_default();
        self.units.insert(line.to_owned(), units);
        let most = self.most.entry(line.to_owned()).or_default();
        *most = units.max(*most);
        self.set(|order| order.line(line, &sku, units));
    }

    fn name_site(&mut self, shared: bool) {
        let number = if shared { 0 } else { self.index + 1 };
        self.name_site_number(number);
    }

    fn name_site_number(&mut self, number: usize) {
        let site = format!("918aa943-ab4f-40bc-88c3-8dfd02fae7{number:02}");
        self.set(|order| order.site(&site));
        let before = self.record.site.replace(site);
        self.record.old_sites.extend(before);
    }

    /// Another of three sites, so that it may come to name an old one again.
    fn name_another_site(&mut self) {
        let number = self.index + 1 + 10 * self.rng.index(3);
        self.name_site_number(number);
    }

    /// The line is sold as the other of two plans, with more units or fewer.
    fn change_plan(&mut self, line: &str, units: u32) {
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

    fn name_reference(&mut self) {
        let reference = format!("SUB-{}-{}", 7_001 + self.index, self.rng.below(3));
        self.set(|order| order.reference(&reference));
        self.record.reference = Some(reference);
    }

    fn any_line(&mut self) -> (String, u32) {
        let at = self.rng.index(self.units.len());
        self.units
            .iter()
            .nth(at)
            .map(|(line, units)| (line.clone(), *units))
            .unwrap_or_default()
    }

    fn change(&mut self, shared_site: bool) {
        let (line, units) = self.any_line();
        let is_changing = |under: &Self| {
            let sku = under.record.skus.get(&line).map(String::as_str);
            sku.is_some_and(|sku| CHANGING.contains(&sku))
        };
        if is_changing(self) && self.rng.one_in(2) {
            if self.record.site.is_some() && self.rng.one_in(2) {
                self.name_another_site();
                self.tell("names another site");
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
            5..=8 if !self.canceled && units > 0 => self.refund(&line, units),
            9 => {
                self.record.amount_refunded = true;
                let (_, message) = self.refund_message(&[]);
                self.deliver(message, "has an amount refunded".to_owned());
            }
            10..=14 if !self.canceled => {
                self.canceled = true;
                self.set(Order::canceled);
                self.tell("is canceled");
            }
            // Shopify has no way back from there.
            10..=14 if self.kind != StorefrontKind::Shopify => {
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
            22 => self.dispute(),
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
    fn renew(&mut self, of: &ShopOrder) {
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

    fn number(&self) -> String {
        let number = self.record.key.rsplit('/').next();
        number.unwrap_or_default().to_owned()
    }

    fn turn_subscription(&mut self) {
        if self.record.meaning.has_ended() {
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
        let message = meaning::subscription(self.kind, &self.number(), state, self.order.updated_at());
        self.record.meaning.subscription.push(state);
        self.deliver(message, format!("has its subscription {state:?}"));
    }

    fn dispute(&mut self) {
        let id = self.rng.between(50_000, 50_001);
        let (number, kind) = (self.number(), self.kind);
        for state in [Dispute::Open, self.rng.pick(&[Dispute::Lost, Dispute::Won])] {
            let known = self.record.meaning.disputes.entry(id).or_insert(state);
            *known = state.max(*known);
            self.deliver(
                meaning::dispute(kind, &number, id, state),
                format!("has a dispute {state:?}"),
            );
            if self.rng.one_in(3) {
                break;
            }
            self.now = self.now + self.rng.delay();
        }
    }

    /// A refund that is under way for a while, and then comes to nothing or not.
    fn refund_slowly(&mut self, line: &str, units: u32) {
        self.refunds += 1;
        let id = (95_000 + self.refunds).to_string();
        let taken = self.rng.between(1, units);
        let (number, kind) = (self.number(), self.kind);
        let message = |state| meaning::refund(kind, &number, &id, (line, taken), state);
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
        let how = self.rng.below(3);
        if how != 1 {
            self.record
                .refunds
                .insert(id.clone(), BTreeMap::from([(line.to_owned(), taken)]));
            self.deliver(message, format!("has {taken} of line {line} refunded (as an event)"));
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

    /// Delivers the order as it is now.
    fn tell(&mut self, what: &str) {
        let lines: Vec<String> = self
            .units
            .iter()
            .map(|(line, units)| format!("{units}×{}", self.record.skus.get(line).map_or("", String::as_str)))
            .collect();
        // A canceled order is told without units, and nothing of it is paid for any more.
        let units = if self.canceled {
            BTreeMap::new()
        } else {
            self.units.clone()
        };
        self.record.said.push(ToldVersion {
            at: self.order.updated_at(),
            units,
            skus: self.record.skus.clone(),
            counted: self.counted.keys().cloned().collect(),
            paid: self.paid,
            canceled: self.canceled,
        });
        self.ever_paid |= self.paid;
        let past = Past {
            most: &self.most,
            ever_paid: self.ever_paid,
            says_paid: self.rng.one_in(2),
            refunds: &self.counted,
            subscribed: &self.record.meaning.subscribed,
            renews: self.record.meaning.renews,
        };
        let message = words::order(self.kind, &self.order, &past);
        let paid = if self.paid { "paid" } else { "not paid" };
        self.deliver(message, format!("{what}: {}, {paid}", lines.join(", ")));
    }

    fn deliver(&mut self, message: Message, words: String) {
        let message = Arc::new(message);
        let copies = match self.rng.below(10) {
            0..=5 => 1,
            6..=8 => 2,
            _ => 3,
        };
        for _ in 0..copies {
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
