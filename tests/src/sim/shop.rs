//! A storefront with its orders: what happens to them, what is delivered of it and when, and, kept apart from the code
//! under test, what the customer is owed in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;

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

/// One order of the shop, with everything that was said of it.
#[derive(Debug, Clone)]
pub(super) struct ShopOrder {
    /// Its key.
    pub key: String,
    /// The site that it names at the end.
    pub site: Option<String>,
    /// The sites that it named before.
    pub old_sites: BTreeSet<String>,
    /// The accounts that it names: the order's, and line by line.
    pub account: Option<String>,
    /// The lines' own accounts.
    pub line_accounts: BTreeMap<String, String>,
    /// The reference that its newest version has.
    pub reference: Option<String>,
    /// Line to SKU.
    pub skus: BTreeMap<String, String>,
    /// An amount was given back, and the storefront does not say of what: nothing more may be bought, nothing is taken
    /// back, and a person is told.
    pub amount_refunded: bool,
    said: Vec<ToldVersion>,
    refunds: BTreeMap<String, BTreeMap<String, u32>>,
}

/// A version that was told.
#[derive(Debug, Clone)]
struct ToldVersion {
    units: BTreeMap<String, u32>,
    skus: BTreeMap<String, String>,
    counted: BTreeSet<String>,
    paid: bool,
    canceled: bool,
}

impl ShopOrder {
    /// What the customer is owed of a line when everything that was said has been heard.
    pub(super) fn owed(&self, line: &str) -> u32 {
        let Some(newest) = self.said.last().filter(|newest| !newest.canceled) else {
            return 0;
        };
        let Some(paid) = self.said.iter().rev().find(|said| said.paid) else {
            return 0;
        };
        // What a version has of the line, less what was refunded and it has not counted.
        let left = |said: &ToldVersion| {
            let uncounted = self.refunds.iter().filter(|(id, _)| !said.counted.contains(*id));
            let taken: u32 = uncounted.filter_map(|(_, lines)| lines.get(line)).sum();
            said.units.get(line).copied().unwrap_or(0).saturating_sub(taken)
        };
        if newest.paid {
            left(newest)
        } else {
            left(newest).min(left(paid))
        }
    }

    /// What a line is paid as when everything that was said has been heard.
    pub(super) fn paid_sku(&self, line: &str) -> Option<&str> {
        let newest = self.said.last()?;
        let paid = self.said.iter().rev().find(|said| said.paid);
        let basis = if newest.paid { Some(newest) } else { paid };
        let sku = basis
            .and_then(|said| said.skus.get(line))
            .or_else(|| newest.skus.get(line));
        sku.map(String::as_str)
    }

    /// The most units that a line ever had.
    pub(super) fn most(&self, line: &str) -> u32 {
        let units = self.said.iter().filter_map(|said| said.units.get(line));
        units.copied().max().unwrap_or(0)
    }
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

/// Makes an order with its whole life, and everything that will be delivered of it.
pub(super) fn order(rng: &mut Rng, index: usize, shared_site: bool) -> (ShopOrder, Vec<Delivery>) {
    let kind = rng.pick(&STOREFRONTS);
    let key = format!("{kind}/{}", 7_001 + index);
    let mut under = Under {
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
            said: Vec::new(),
            refunds: BTreeMap::new(),
        },
        deliveries: Vec::new(),
        rng,
    };
    under.begin(shared_site);
    for _ in 0..under.rng.below(6) {
        under.now = under.now + under.rng.delay();
        under.change(shared_site);
    }
    (under.record, under.deliveries)
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
        match self.rng.below(20) {
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
            _ => self.tell("is told again"),
        }
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

/// What others send: a forged order, and something that the shop sent, seen on the way and sent once more.
pub(super) fn attacks(rng: &mut Rng, seen: &[Delivery]) -> Vec<Delivery> {
    let kind = rng.pick(&STOREFRONTS);
    let key = format!("{kind}/{FORGED_ORDER}");
    let order = Order::new(&key).line("1", "PLAN", 1).paid();
    let most = BTreeMap::new();
    let past = Past {
        most: &most,
        ever_paid: true,
        says_paid: true,
        refunds: &BTreeMap::new(),
    };
    let forged = Delivery {
        at: START + rng.delay(),
        message: Arc::new(words::order(kind, &order, &past)),
        key,
        words: "forged".to_owned(),
        sender: Sender::Forger,
    };
    let replayed = seen.get(rng.index(seen.len())).map(|delivery| Delivery {
        at: delivery.at + rng.delay(),
        words: format!("replayed: {}", delivery.words),
        sender: Sender::Replayer(0, delivery.at),
        ..delivery.clone()
    });
    replayed.into_iter().chain([forged]).collect()
}

/// An order that nobody has placed.
pub(super) const FORGED_ORDER: u32 = 66_600;
