//! The rows that a shop of orders and lines says in its own words: what is told differs, and what must come of it does not.

use reseller_hooks::order::StorefrontKind;

use super::super::shop::{Body, Shop};
use super::{CHANGING, Cell, PARKED, Word};

/// A delivery: its topic and its body.
pub(super) type Told = (&'static str, Body);

/// One storefront's words.
pub(super) struct Voice {
    pub(super) kind: StorefrontKind,
    pub(super) skus: &'static [&'static str],
    /// The order that most rows are about: some units of `PREMIUM-1Y` in one line, one of them on a site.
    pub(super) key: &'static str,
    pub(super) units: usize,
    pub(super) paid: Told,
    /// The same with more units and with fewer, paid, and how many those are.
    pub(super) more: (Told, usize),
    pub(super) fewer: (Told, usize),
    /// The order that is not paid yet.
    pub(super) unpaid_key: &'static str,
    pub(super) authorised: Told,
    pub(super) deposit: Told,
    pub(super) open_again: Told,
    pub(super) unclear: Told,
    /// As `paid`, of the same moment: without its site, and with one unit.
    pub(super) without_site: Told,
    pub(super) disagreeing: Told,
    /// A refund of one unit, and of everything; and the order as paid after that.
    pub(super) refund_of_lines: Told,
    pub(super) refund_in_full: Told,
    pub(super) paid_again: Told,
    pub(super) refund_of_an_amount: Told,
    pub(super) first_heard_refunded: Vec<Told>,
    pub(super) dispute: fn(Dispute) -> Told,
    pub(super) canceled: Told,
    /// What `canceled` goes before, though it is heard after it.
    pub(super) paid_before: Told,
    pub(super) no_lines: Told,
    pub(super) without_sku: Told,
    pub(super) change: Change,
}

/// How far a dispute is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dispute {
    Open,
    Lost,
    Won,
}

/// An order whose line becomes another product, or goes to another site.
pub(super) struct Change {
    pub(super) key: &'static str,
    pub(super) before: Told,
    /// What it has before: the SKU and its units.
    pub(super) has: (&'static str, usize),
    /// `STUDIO-1Y` in the same line, paid and not.
    pub(super) paid: Told,
    pub(super) unpaid: Told,
    pub(super) elsewhere: Told,
}

impl Voice {
    /// A shop that has told nothing.
    pub(super) fn shop(&self) -> Shop {
        Shop::selling(self.kind, self.skus)
    }

    /// A shop that has told this.
    pub(super) fn after(&self, (topic, body): &Told) -> Shop {
        let shop = self.shop();
        shop.told(topic, body);
        shop
    }

    /// The same where what is not wanted any more is canceled at Wix, so that it can be counted.
    pub(super) fn canceling(&self, (topic, body): &Told) -> Shop {
        let shop = Shop::canceling(self.kind, self.skus);
        shop.told(topic, body);
        shop
    }

    /// The same with other defaults in its catalog.
    pub(super) fn with(&self, defaults: &str, (topic, body): &Told) -> Shop {
        let shop = Shop::with_defaults(self.kind, self.skus, defaults);
        shop.told(topic, body);
        shop
    }

    fn bought(&self, row: &'static str, word: Word) -> Cell {
        Cell::new(row, word, self.after(&self.paid), self.key)
    }

    fn fresh(&self, row: &'static str, word: Word) -> Cell {
        Cell::new(row, word, self.shop(), self.key)
    }

    fn counted(&self, row: &'static str, word: Word) -> Cell {
        Cell::new(row, word, self.canceling(&self.paid), self.key)
    }

    /// The rows that say the same of every such storefront.
    pub(super) fn cells(&self) -> Vec<Cell> {
        [self.payments(), self.changes(), self.reversals(), self.disputes()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn payments(&self) -> Vec<Cell> {
        const SKU: &str = "PREMIUM-1Y";
        let unpaid = |row, told: &Told| Cell::new(row, Word::Recorded, self.shop(), self.unpaid_key).hears(told);
        vec![
            self.fresh("first payment", Word::Done)
                .hears(&self.paid)
                .holds(SKU, self.units, 1),
            self.bought("more units, paid", Word::Done)
                .hears(&self.more.0)
                .holds(SKU, self.more.1, 1),
            self.counted("fewer units", Word::Done)
                .hears(&self.fewer.0)
                .holds(SKU, self.fewer.1, 1),
            unpaid("authorisation", &self.authorised),
            unpaid("deposit, partial payment", &self.deposit),
            self.bought("paid once and open again", Word::Recorded)
                .hears(&self.open_again)
                .holds(SKU, self.units, 1),
            self.fresh("payment status that nobody knows", Word::Person(&["PAYMENT_UNCLEAR"]))
                .hears(&self.unclear)
                .holds(SKU, 0, 0),
            self.fresh("two states of one moment that agree", Word::Done)
                .hears(&self.without_site)
                .hears(&self.paid)
                .holds(SKU, self.units, 1),
            self.bought(
                "two states of one moment that disagree",
                Word::Person(&["STATES_DISAGREE"]),
            )
            .hears(&self.disagreeing)
            .holds(SKU, self.units, 1),
            self.bought("list of lines that is empty", PARKED)
                .hears(&self.no_lines)
                .holds(SKU, self.units, 1),
            self.fresh("line without SKU", Word::Person(&["NOT_PLANNED"]))
                .hears(&self.without_sku)
                .holds(SKU, 0, 0),
        ]
    }

    fn changes(&self) -> Vec<Cell> {
        let change = &self.change;
        let (sku, units) = change.has;
        let cell = |row, word, shop| Cell::new(row, word, shop, change.key);
        vec![
            cell(
                "another product in the same line, paid",
                Word::Person(&["PLAN_CHANGED"]),
                self.after(&change.before),
            )
            .hears(&change.paid)
            .holds(sku, units, 1)
            .holds("STUDIO-1Y", 0, 0),
            cell(
                "another product in the same line, unpaid",
                Word::Recorded,
                self.after(&change.before),
            )
            .hears(&change.unpaid)
            .holds("STUDIO-1Y", 0, 0),
            cell(
                "another site than before",
                Word::Person(&["SITE_CHANGED"]),
                self.after(&change.before),
            )
            .hears(&change.elsewhere)
            .holds(sku, units, 1),
            cell(
                "another site than before, `on_site_change = \"move\"`",
                Word::Done,
                self.with(CHANGING, &change.before),
            )
            .hears(&change.elsewhere)
            .holds(sku, units, 1),
        ]
    }

    /// For those whose lines keep their IDs when their product becomes another one.
    pub(super) fn adjusted(&self) -> Cell {
        let change = &self.change;
        let (sku, units) = change.has;
        let shop = self.with(CHANGING, &change.before);
        Cell::new(
            "another product in the same line, `on_plan_change = \"adjust\"`",
            Word::Done,
            shop,
            change.key,
        )
        .hears(&change.paid)
        .holds(sku, 0, 0)
        .holds("STUDIO-1Y", units, 1)
    }

    fn reversals(&self) -> Vec<Cell> {
        const SKU: &str = "PREMIUM-1Y";
        let refunded = self.after(&self.paid);
        refunded.told(self.refund_in_full.0, &self.refund_in_full.1);
        let unclear = Word::Person(&["REFUND_UNCLEAR"]);
        let first_heard = self.fresh("first heard of with a refund of an amount", unclear);
        let first_heard = self.first_heard_refunded.iter().fold(first_heard, Cell::hears);
        vec![
            self.counted("refund of lines", Word::Done)
                .hears(&self.refund_of_lines)
                .holds(SKU, self.units - 1, 1),
            self.counted("refund in full", Word::Done)
                .hears(&self.refund_in_full)
                .holds(SKU, 0, 0),
            Cell::new(
                "refunded in full and paid again",
                Word::Person(&["PAID_AGAIN"]),
                refunded,
                self.key,
            )
            .hears(&self.paid_again)
            .holds(SKU, self.units, 0),
            self.counted("refund of an amount", unclear)
                .hears(&self.refund_of_an_amount)
                .holds(SKU, self.units, 1),
            first_heard.holds(SKU, 0, 0),
            self.counted("order canceled", Word::Done)
                .hears(&self.canceled)
                .holds(SKU, 0, 0),
            self.fresh("canceled before it is paid", Word::Recorded)
                .hears(&self.canceled)
                .hears(&self.paid_before)
                .holds(SKU, 0, 0),
        ]
    }

    fn disputes(&self) -> Vec<Cell> {
        const SKU: &str = "PREMIUM-1Y";
        const ATTENTION: &str = "on_dispute = \"attention\"";
        const TAKE_BACK: &str = "on_dispute = \"take_back\"";
        const SEEN: Word = Word::Person(&["DISPUTE_OPEN", "DISPUTE_LOST"]);
        let disputed = self.with(ATTENTION, &self.paid);
        let (topic, open) = (self.dispute)(Dispute::Open);
        disputed.told(topic, &open);
        let mut cells = vec![
            Cell::new("dispute that is won", Word::Recorded, disputed, self.key)
                .hears(&(self.dispute)(Dispute::Won))
                .holds(SKU, self.units, 1),
        ];
        for far in [Dispute::Open, Dispute::Lost] {
            let told = (self.dispute)(far);
            let stays = self.with(ATTENTION, &self.paid);
            let goes = self.with(TAKE_BACK, &self.paid);
            cells.push(
                Cell::new("dispute, `on_dispute = \"attention\"`", SEEN, stays, self.key)
                    .hears(&told)
                    .holds(SKU, self.units, 1),
            );
            cells.push(
                Cell::new("dispute, `on_dispute = \"take_back\"`", SEEN, goes, self.key)
                    .hears(&told)
                    .holds(SKU, self.units, 0),
            );
        }
        cells
    }
}
