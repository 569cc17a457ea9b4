//! A storefront with its orders: what happens to them, and what is delivered of it and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;

use super::Profile;
use super::answers::Answers;
use super::begins::Page;
use super::billing::Billing;
use super::book::ShopOrder;
use super::meaning::Meaning;
use super::oddities::{BAD_REFERENCE, Beside, Oddity};
use super::rng::Rng;
use super::wix::Cycle;
use super::words::{self, Message, STOREFRONTS};
use crate::world::{OTHER, Order, START};

/// The SKUs that are sold, as the simulation's catalog has them.
const SKUS: [&str; 13] = [
    "PLAN", "PLAN", "PLAN", "MAIL", "ENDS", "KEPT", "PAIR", "SITED", "T-SHIRT", "SMALL", "SMALL", "LARGE", "LARGE",
];

/// The plans that become one another.
pub(super) const CHANGING: [&str; 2] = ["SMALL", "LARGE"];

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
    /// The storefront, again and again until it is answered 200; `WooCommerce` once.
    Storefront,
    /// The storefront or a copy of it, with what nobody can understand: it must be parked, and do nothing.
    Useless,
    /// Somebody who has not the shop's secret.
    Forger,
    /// Somebody who saw the shop's delivery, signed with this secret of the shop's at this time.
    Replayer(usize, Timestamp),
}

impl Sender {
    /// Whether it is somebody who has not the shop's webhook.
    pub(super) const fn is_outside(self) -> bool {
        matches!(self, Self::Forger | Self::Replayer(..))
    }
}

/// An order under way in the shop.
pub(super) struct Under<'a> {
    pub(super) rng: &'a mut Rng,
    index: usize,
    pub(super) kind: StorefrontKind,
    pub(super) now: Timestamp,
    pub(super) order: Order,
    pub(super) units: BTreeMap<String, u32>,
    pub(super) most: BTreeMap<String, u32>,
    pub(super) counted: BTreeMap<String, BTreeMap<String, u32>>,
    pub(super) refunds: u32,
    /// Refunds of an amount that the order lists.
    pub(super) amounts: BTreeSet<u32>,
    pub(super) ever_paid: bool,
    pub(super) paid: bool,
    pub(super) canceled: bool,
    /// It is canceled because a payment failed.
    pub(super) has_failed: bool,
    pub(super) clock_is_ahead: Duration,
    /// It is a subscription on trial.
    pub(super) is_on_trial: bool,
    /// It is a subscription that does not come back.
    pub(super) has_ended: bool,
    /// It is told by the orders of a contract of Wix, and this is the newest.
    pub(super) cycle: Option<Cycle>,
    /// What is odd about it, and what draws that.
    pub(super) odd: Option<Oddity>,
    pub(super) chance: Rng,
    /// It is told without any line now.
    pub(super) loses_lines: bool,
    /// What is sold once beside it.
    pub(super) beside: Option<Beside>,
    /// It changes its plan and its site most of the time.
    pub(super) changing: bool,
    /// Deliveries may come more than once.
    pub(super) has_copies: bool,
    /// Months may go by between two of them.
    pub(super) has_months: bool,
    pub(super) record: ShopOrder,
    /// What was told of the order itself, and when.
    pub(super) told: Vec<(Timestamp, Arc<Message>)>,
    pub(super) deliveries: Vec<Delivery>,
    /// The book after each message.
    pub(super) pages: Vec<Page>,
}

/// Makes an order with its whole life, the orders that renew it, and everything that will be delivered of them.
pub(super) fn orders(
    rng: &mut Rng,
    odd: &mut Rng,
    index: usize,
    shared_site: bool,
    profile: &Profile,
) -> (Vec<ShopOrder>, Vec<Delivery>) {
    let kind = rng.pick(&STOREFRONTS);
    let number = match (kind, rng.one_in(2)) {
        (StorefrontKind::Stripe, true) => format!("sub_{}", 7_001 + index),
        (StorefrontKind::Stripe, false) => format!("pi_{}", 7_001 + index),
        (StorefrontKind::Wix, true) => format!("contract-{}", 7_001 + index),
        (..) => (7_001 + index).to_string(),
    };
    let mut first = Under::new(rng, kind, index, &number);
    first.odd = Oddity::draw(odd, kind, &number).filter(|_| !profile.lacks("oddities"));
    first.chance = Rng::new(odd.draw());
    first.changing = profile.changing;
    first.has_copies = !profile.lacks("copies");
    first.has_months = !profile.lacks("months");
    let most = |under: &mut Under<'_>, drawn: u64| under.rng.below(drawn).min(u64::from(profile.most_changes()));
    if number.starts_with("sub_") {
        first.begin_subscription(shared_site);
        for _ in 0..most(&mut first, 8) {
            first.pass_time();
            first.change_subscription();
        }
    } else if number.starts_with("pi_") {
        first.begin_payment(shared_site);
        for _ in 0..most(&mut first, 4) {
            first.pass_time();
            first.change_payment();
        }
    } else if number.starts_with("contract-") {
        first.begin_contract(shared_site);
        for _ in 0..most(&mut first, 8) {
            first.pass_time();
            first.change_contract();
        }
    } else {
        first.begin(shared_site);
        for _ in 0..most(&mut first, 6) {
            first.pass_time();
            first.change(shared_site);
        }
    }
    // Those of Stripe and of Wix are told of one order.
    let tells_by_orders = !matches!(kind, StorefrontKind::Stripe | StorefrontKind::Wix);
    let renewals = match tells_by_orders && !first.record.meaning.subscribed.is_empty() {
        true => first.rng.index(3),
        false => 0,
    };
    first.send_as_they_are_then();
    first.add_useless_ones();
    first.add_cut_body();
    first.record.pages = first.pages.into();
    let (record, mut deliveries) = (first.record, first.deliveries);
    let mut orders = vec![record.clone()];
    orders.extend(first.beside.map(|beside| beside.order));
    for number in 0..renewals {
        let mut renewal = Under::new(rng, kind, index, &(8_001 + index * 10 + number).to_string());
        renewal.renew(&record);
        renewal.record.pages = renewal.pages.into();
        orders.push(renewal.record);
        deliveries.extend(renewal.deliveries);
    }
    (orders, deliveries)
}

impl<'a> Under<'a> {
    pub(super) fn new(rng: &'a mut Rng, kind: StorefrontKind, index: usize, number: &str) -> Self {
        let key = words::key(kind, number);
        Self {
            index,
            kind,
            now: START + rng.delay(),
            order: Order::new(&key),
            units: BTreeMap::new(),
            most: BTreeMap::new(),
            counted: BTreeMap::new(),
            refunds: 0,
            amounts: BTreeSet::new(),
            ever_paid: false,
            paid: false,
            canceled: false,
            has_failed: false,
            clock_is_ahead: match kind {
                StorefrontKind::Woocommerce => Duration::from_secs(rng.pick(&[0, 0, 3_600, 40 * 86_400])),
                StorefrontKind::Shopify | StorefrontKind::Standard | StorefrontKind::Stripe | StorefrontKind::Wix => {
                    Duration::ZERO
                }
            },
            is_on_trial: false,
            has_ended: false,
            cycle: None,
            odd: None,
            chance: Rng::new(0),
            loses_lines: false,
            beside: None,
            changing: false,
            has_copies: true,
            has_months: true,
            told: Vec::new(),
            record: ShopOrder {
                key,
                site: None,
                old_sites: BTreeSet::new(),
                account: None,
                line_accounts: BTreeMap::new(),
                reference: None,
                skus: BTreeMap::new(),
                parts: BTreeSet::new(),
                amounts: BTreeSet::new(),
                answers: Answers::default(),
                meaning: Meaning::default(),
                billing: Billing::default(),
                deletions: Vec::new(),
                in_trash: false,
                said: Vec::new(),
                refunds: BTreeMap::new(),
                pages: Arc::default(),
            },
            deliveries: Vec::new(),
            pages: Vec::new(),
            rng,
        }
    }
}

impl Under<'_> {
    pub(super) fn set(&mut self, change: impl FnOnce(Order) -> Order) {
        self.order = change(std::mem::replace(&mut self.order, Order::new("shopify/0")));
    }

    /// Until the next change.
    fn pass_time(&mut self) {
        self.now = self.now + self.rng.delay();
    }

    fn begin(&mut self, shared_site: bool) {
        for line in 1..=self.rng.between(1, 3) {
            self.add_line(line);
        }
        self.name_account();
        if self.rng.one_in(8) {
            let (line, _) = self.any_line();
            let account = "99999999-b31c-453b-885b-76e9fc04bdc6";
            self.record.line_accounts.insert(line.clone(), account.to_owned());
            self.set(|order| order.line_account(&line, account));
        }
        if self.changing || self.rng.one_in(2) {
            self.name_site(shared_site);
        }
        if self.rng.one_in(6) || self.odd == Some(Oddity::Reference) {
            self.name_reference();
        }
        if self.rng.one_in(8) {
            // Heard of days after it was placed: looked up before it is bought.
            self.set(|order| order.placed(START - Duration::from_secs(3 * 86_400)));
        }
        if self.odd == Some(Oddity::Trial) {
            self.is_on_trial = true;
        } else if !self.rng.one_in(4) {
            self.paid = true;
            self.set(Order::paid);
        }
        let words = match (self.is_on_trial, self.paid) {
            (true, _) => "is given on trial",
            (false, true) => "is placed and paid",
            (false, false) => "is placed",
        };
        self.tell(words);
    }

    pub(super) fn name_account(&mut self) {
        if self.rng.one_in(4) {
            self.record.account = Some(OTHER.to_owned());
            self.set(|order| order.account(OTHER));
        }
    }

    pub(super) fn add_line(&mut self, number: u32) {
        let sku = self.rng.pick(if self.changing { &CHANGING[..] } else { &SKUS[..] });
        let units = match self.rng.below(16) {
            0..=9 => 1,
            10..=14 => self.rng.between(2, 3),
            _ => self.rng.between(4, 30),
        };
        let line = match (self.kind, &self.cycle) {
            // The name of the product alone: cycles have nothing else in common.
            (StorefrontKind::Wix, Some(_)) => format!("p{number}"),
            // Wix calls lines of different products by one ID.
            (StorefrontKind::Wix, None) => format!("{number}#{sku}"),
            (StorefrontKind::Stripe, _) if self.record.billing.is_subscription => format!("si_{number}"),
            (..) => number.to_string(),
        };
        self.record.skus.insert(line.clone(), sku.to_owned());
        self.join_bundle(&line);
        let is_own_order = matches!(self.kind, StorefrontKind::Stripe | StorefrontKind::Wix);
        if self.cycle.is_some() || (!is_own_order && self.rng.one_in(4)) {
            self.record.meaning.subscribed.insert(line.clone());
        }
        self.set_units(&line, units);
    }

    pub(super) fn set_units(&mut self, line: &str, units: u32) {
        let sku = self.record.skus.get(line).cloned().unwrap_or_default();
        self.units.insert(line.to_owned(), units);
        let most = self.most.entry(line.to_owned()).or_default();
        *most = units.max(*most);
        self.set(|order| order.line(line, &sku, units));
    }

    pub(super) fn name_site(&mut self, shared: bool) {
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
    pub(super) fn name_another_site(&mut self) {
        let number = self.index + 1 + 10 * self.rng.index(3);
        self.name_site_number(number);
    }

    pub(super) fn name_reference(&mut self) {
        let mut reference = format!("SUB-{}-{}", 7_001 + self.index, self.rng.below(3));
        if self.is_odd(Oddity::Reference, 2) {
            BAD_REFERENCE.clone_into(&mut reference);
        }
        self.set(|order| order.reference(&reference));
        self.record.reference = Some(reference);
    }

    pub(super) fn any_line(&mut self) -> (String, u32) {
        let at = self.rng.index(self.units.len());
        self.units
            .iter()
            .nth(at)
            .map(|(line, units)| (line.clone(), *units))
            .unwrap_or_default()
    }

    pub(super) fn number(&self) -> String {
        let number = self.record.key.rsplit('/').next();
        number.unwrap_or_default().to_owned()
    }
}
