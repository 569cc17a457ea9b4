//! The book's pages on money that is told apart from the order: what invoices billed of a subscription, and what of a
//! payment went back. It is the shop's own word, kept apart from the code under test.

use std::collections::BTreeMap;

use super::meaning::Refunded;

/// Everything that is told in this way of one order.
#[derive(Debug, Clone, Default)]
pub(super) struct Billing {
    /// Its lines are paid for by invoices, and by nothing else.
    pub(super) is_subscription: bool,
    /// What paid invoices billed, the newest last: units of each price in each item.
    invoices: Vec<BTreeMap<(String, String), u32>>,
    /// What went back of payments, by the ID that names it.
    back: BTreeMap<String, Back>,
    /// A payment that was captured by hand came, all of it.
    pub(super) is_settled: bool,
    /// Such a payment does not come any more.
    pub(super) is_void: bool,
}

/// Money on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Back {
    state: Refunded,
    /// It is all of the payment.
    is_whole: bool,
}

impl Billing {
    /// An invoice was paid.
    pub(super) fn bill(&mut self, lines: BTreeMap<(String, String), u32>) {
        self.invoices.push(lines);
    }

    /// How many invoices were paid.
    pub(super) const fn bills(&self) -> usize {
        self.invoices.len()
    }

    /// Whether any invoice was paid.
    pub(super) fn is_billed(&self) -> bool {
        !self.invoices.is_empty()
    }

    /// Money goes back, or comes to nothing. What two events say of one ID counts together.
    pub(super) fn give_back(&mut self, id: &str, state: Refunded, is_whole: bool) {
        let new = Back { state, is_whole };
        let known = self.back.entry(id.to_owned()).or_insert(new);
        known.state = state.max(known.state);
        known.is_whole |= is_whole;
    }

    /// What the newest invoice billed that names the price in the item.
    pub(super) fn billed(&self, item: &str, price: &str) -> Option<u32> {
        let key = (item.to_owned(), price.to_owned());
        self.invoices.iter().rev().find_map(|lines| lines.get(&key)).copied()
    }

    /// The most units that were ever billed in an item.
    pub(super) fn most(&self, item: &str) -> Option<u32> {
        let lines = self.invoices.iter().flatten();
        lines.filter(|((of, _), _)| of == item).map(|(_, units)| *units).max()
    }

    /// The price that was billed last in an item.
    pub(super) fn last_price(&self, item: &str) -> Option<&str> {
        let mut newest = self.invoices.iter().rev();
        newest.find_map(|lines| lines.keys().find(|(of, _)| of == item).map(|(_, price)| price.as_str()))
    }

    /// Whether nothing was told since that changes what is owed. What a payment of a subscription had given back does not.
    pub(super) fn owes_like(&self, later: &Self) -> bool {
        (self.bills(), self.is_settled, self.is_void) == (later.bills(), later.is_settled, later.is_void)
            && (self.is_subscription || self.back == later.back)
    }

    fn has_failed(&self) -> bool {
        self.back.values().any(|back| back.state == Refunded::Failed)
    }

    /// Of a subscription's payment nobody says what it was for. Beside a refund that failed it may be that one.
    fn is_whole_unclear(&self) -> bool {
        self.is_billed() || self.has_failed()
    }

    /// All of the order's payment went back, or never came.
    pub(super) fn is_given_back(&self) -> bool {
        let whole = |back: &Back| back.is_whole && back.state == Refunded::Through;
        self.is_void || (!self.is_whole_unclear() && self.back.values().any(whole))
    }

    /// What went back, and nobody says of what.
    pub(super) fn open(&self) -> impl Iterator<Item = &String> {
        let is_open = |back: &Back| back.state != Refunded::Failed && (!back.is_whole || self.is_whole_unclear());
        self.back
            .iter()
            .filter(move |(_, back)| is_open(back))
            .map(|(id, _)| id)
    }

    /// Whether all that was paid stayed paid.
    pub(super) fn never_gave_back(&self) -> bool {
        self.back.is_empty() && !self.is_void
    }

    /// Whether a refund failed.
    pub(super) fn is_refund_failed(&self) -> bool {
        self.has_failed()
    }
}
