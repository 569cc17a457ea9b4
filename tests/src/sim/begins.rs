//! I10: what is bought, assigned, moved or adjusted is owed by what has been heard by then, and what is taken back is not: not
//! only at the end of a history, but whenever it begins.
//!
//! A call begins when the ledger has it as begun. What the record knows then is at least what workers have consumed, and at most
//! what queues have got. Where that leaves one message open, the book of the shop says what is owed with it and without it.
//! Where messages came otherwise than they were told, only what was never paid at all is known not to be owed.

use std::sync::Arc;

use super::answers::Answers;
use super::begun::{self, Begun, Must};
use super::book::{ShopOrder, Trash};
use super::jobs::Job;
use super::scheduler::Sim;
use super::words::{Message, Way};

/// The book as it was when a message was told, which is the last that it knows.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) message: Arc<Message>,
    pub(super) book: ShopOrder,
}

impl Sim {
    /// What the ledger has as begun since this was looked at last.
    pub(super) fn look_at_begun(&mut self) {
        for (key, body) in self.ledger.begun() {
            let is_restored = self.restore.is_some() && self.restored().contains(&key);
            let mut begun = begun::begun(&key, &body, self.now(), &self.begun);
            begun.retain(|begun| self.begun.insert(begun.name.clone()) && !is_restored);
            let order = self.orders.iter().find(|order| order.key == key);
            let Some(order) = order.filter(|_| !begun.is_empty()) else {
                continue;
            };
            let found = unowed(order, &Answers::of(&body), &begun);
            found
                .into_iter()
                .for_each(|what| self.broken(format!("{what} ({key})")));
        }
    }

    /// I13: an order that a worker has is taken by no other.
    pub(super) fn look_at_leases(&mut self) {
        for key in self.ledger.taken() {
            self.broken(format!("I13: two workers have {key} at the same time"));
        }
    }

    /// Where no queue has anything and no worker is at work, everything that was received is in the ledger.
    pub(super) fn note_consumed(&self) {
        let works = self.tasks.iter().any(|task| matches!(task.job, Job::Batch(_)));
        if works || self.queues.left() > 0 {
            return;
        }
        for page in self.orders.iter().flat_map(|order| order.pages.iter()) {
            page.message.consumed();
        }
    }
}

/// What was begun although it is not owed, or taken back although it is.
fn unowed(order: &ShopOrder, answers: &Answers, begun: &[Begun]) -> Vec<String> {
    let books = order.may_be_known(answers);
    let mut found = Vec::new();
    let bounds = |line: &str| match &books {
        Some(books) => {
            let least = books.iter().map(|book| book.least_now(line)).min();
            let most = books.iter().map(|book| book.most_now(line)).max();
            (least.unwrap_or(0), most.unwrap_or(0))
        }
        None => (0, order.most_paid(line, answers)),
    };
    for begun in begun {
        let mut units = begun.units.iter().map(|(line, unit)| (line, *unit, bounds(line)));
        let is_owed = |(_, unit, (_, most)): (&String, u32, (u32, u32))| unit <= most;
        let wrong = match begun.must {
            Must::Nothing => false,
            Must::BeOwed => !units.all(is_owed),
            Must::BeOwedInPart => !units.any(is_owed),
            Must::NotBeOwed => units.any(|(_, unit, (least, _))| unit <= least),
        };
        if wrong {
            let rule = if begun.must == Must::NotBeOwed { "I3" } else { "I10" };
            let bounds: Vec<_> = begun.units.iter().map(|(line, _)| (line, bounds(line))).collect();
            found.push(format!(
                "{rule}: {} is begun for {:?}, and these are owed (least, most): {bounds:?}",
                begun.name, begun.units
            ));
        }
    }
    found
}

impl ShopOrder {
    /// The books that the ledger may know by now, from what came of the messages; `None` where the order in which they came leaves
    /// too many open.
    fn may_be_known(&self, answers: &Answers) -> Option<Vec<Self>> {
        // What an operator says of a refund of a subscription's payment is of what has no page.
        let is_told_beside = self.billing.is_subscription && answers.refunded.is_some();
        // Of what was told again only the time of its receipt is new, and that decides over the trash.
        let said = self.said.iter().map(|said| &said.message);
        let again = !self.deletions.is_empty() && said.chain(&self.deletions).any(|message| message.was_told_again());
        if self.pages.is_empty() || is_told_beside || again {
            return None;
        }
        let counts = |page: &&Page| page.message.way() != Way::Nothing;
        let pages: Vec<&Page> = self.pages.iter().filter(counts).collect();
        let came = |page: &&Page| page.message.way() != Way::Untold;
        let known = pages.iter().take_while(|page| came(page)).count();
        if pages[known..].iter().any(came) {
            return None;
        }
        let open = pages[..known]
            .iter()
            .filter(|page| page.message.way() == Way::Received)
            .count();
        let last_is_open = pages[..known]
            .last()
            .is_some_and(|page| page.message.way() == Way::Received);
        let books = match (open, last_is_open) {
            (0, _) => &pages[known.saturating_sub(1)..known],
            (1, true) => &pages[known.saturating_sub(2)..known],
            (..) => return None,
        };
        let told = |page: &&Page| Self {
            answers: answers.clone(),
            ..page.book.clone()
        };
        Some(books.iter().map(told).collect())
    }

    /// Whether nothing that is owed by this book can differ from what is by a later one of the same order.
    pub(super) fn owes_like(&self, later: &Self) -> bool {
        let told = |book: &Self| {
            let meaning = &book.meaning;
            (
                book.said.len(),
                book.deletions.len(),
                meaning.subscription.len(),
                meaning.failed.len(),
            )
        };
        told(self) == told(later)
            && self.refunds == later.refunds
            && self.amounts == later.amounts
            && self.billing.owes_like(&later.billing)
    }

    /// The most units of a line that may be bought by this book.
    fn most_now(&self, line: &str) -> u32 {
        match self.trash() {
            Trash::Any => u32::MAX,
            Trash::Alive | Trash::Unclear | Trash::Over if self.meaning.renews || self.is_nothing_to_buy() => 0,
            Trash::Alive | Trash::Unclear | Trash::Over => self.owed(line),
        }
    }

    /// What a payment of a subscription at Stripe had given back is known to it only when the payment is known to be its own.
    fn is_nothing_to_buy(&self) -> bool {
        self.is_unclear() && !self.billing.is_subscription
    }

    /// The units of a line that must not be taken back by this book.
    fn least_now(&self, line: &str) -> u32 {
        match self.trash() {
            Trash::Any => 0,
            Trash::Alive | Trash::Unclear | Trash::Over => self.owed(line),
        }
    }

    /// The most units of a line that anything said which has come calls paid.
    fn most_paid(&self, line: &str, answers: &Answers) -> u32 {
        let came = || self.said.iter().filter(|said| said.message.way() != Way::Untold);
        // What is told by another order's bodies has no pages.
        let apart = self.billing.is_settled || self.billing.is_subscription || self.pages.is_empty();
        let apart = apart || answers.payment.is_some();
        if apart || came().any(|said| said.paid || said.is_trial) {
            self.most(line)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use reseller_hooks::order::StorefrontKind;
    use reseller_hooks::time::Timestamp;

    use super::super::begun::begun;
    use super::super::rng::Rng;
    use super::super::shop::Under;
    use super::*;
    use crate::world::Order;

    const KEY: &str = "shopify/7001";

    /// Two units of a line are placed, then paid, then one of them is edited away: three messages.
    fn order() -> ShopOrder {
        let mut rng = Rng::new(1);
        let mut under = Under::new(&mut rng, StorefrontKind::Shopify, 0, "7001");
        under.record.skus.insert("1".to_owned(), "PLAN".to_owned());
        under.set_units("1", 2);
        under.tell("is placed");
        under.paid = true;
        under.set(Order::paid);
        under.tell("is paid");
        under.set_units("1", 1);
        under.tell("is edited down");
        under.record.pages = under.pages.into();
        under.record
    }

    fn come(order: &ShopOrder, messages: &[usize]) {
        for message in messages {
            order.pages[*message].message.received();
            order.pages[*message].message.consumed();
        }
    }

    fn found(order: &ShopOrder, state: &str, known: &[&str]) -> Vec<String> {
        let body = format!(
            r#"{{"actual":{{"lines":[{{"id":"1"}}],"purchases":[{{"id":"b1","items":[[0,1,0],[0,2,0]],"state":{state}}}]}}}}"#
        );
        let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
        let begun = begun(KEY, &body, Timestamp::EPOCH, &known);
        assert!(!begun.is_empty(), "{body}");
        unowed(order, &Answers::default(), &begun)
    }

    const SENT: &str = r#"{"in_doubt":{"stage":"first_send","send_before":"2026-09-21T14:13:20Z"}}"#;

    #[test]
    fn what_is_bought_before_it_is_paid_is_found() {
        let order = order();
        come(&order, &[0]);
        assert_eq!(found(&order, SENT, &[]).len(), 1);
        // A worker may have the payment, although its message is in the queue still.
        order.pages[1].message.received();
        assert_eq!(found(&order, SENT, &[]), [""; 0]);
    }

    #[test]
    fn what_is_bought_after_it_is_gone_is_found_and_what_is_sent_again_needs_one_unit() {
        let order = order();
        come(&order, &[0, 1, 2]);
        assert_eq!(found(&order, SENT, &[]).len(), 1);
        assert_eq!(found(&order, SENT, &["shopify/7001 b1 first_send"]), [""; 0]);
    }

    #[test]
    fn what_is_taken_back_although_it_is_owed_is_found() {
        let created = |changes: [&str; 2]| {
            let [one, two] = changes;
            format!(r#"{{"created":{{"instances":[{{"i":"x","n":1{one}}},{{"i":"y","n":1{two}}}]}}}}"#)
        };
        let order = order();
        come(&order, &[0, 1, 2]);
        assert_eq!(found(&order, &created(["", r#","p":"u""#]), &[]), [""; 0]);
        assert_eq!(found(&order, &created([r#","p":"u""#, ""]), &[]).len(), 1);
        // And what is not owed any more is not assigned again.
        assert_eq!(found(&order, &created(["", r#","p":"a""#]), &[]).len(), 1);
    }

    #[test]
    fn where_messages_came_out_of_order_only_what_was_never_paid_is_not_owed() {
        let first = order();
        come(&first, &[0, 2]);
        assert_eq!(
            found(&first, SENT, &[]),
            [""; 0],
            "the last of them says that it is paid"
        );
        let second = order();
        second.pages[2].message.received();
        assert_eq!(found(&second, SENT, &[]), [""; 0]);
    }
}
