//! What a person must be told of the desired state. Notices that follow from the state are gone when it changes; those
//! of what happened stay. The ID of each names the storefront's object with its state, and never a time or a wording.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::causes::{EndRegister, RefundRegister, Verdict};
use super::interval::Policy;
use super::trash::Trash;
use super::{Desired, UNBILLED};
use crate::order::{DisputeState, Line, LineId, Notice, Paid, RefundId, RefundState, Snapshot, Version};
use crate::time::Timestamp;

impl Desired {
    /// Everything of the desired state that a person must see at `now`, by ID.
    pub fn notices(&self, now: Timestamp, policy: &Policy) -> Vec<Notice> {
        let mut found: BTreeMap<String, Notice> = BTreeMap::new();
        // The storefront's own words go before ours about the same thing.
        let of_states = self
            .newest
            .states()
            .iter()
            .flat_map(|heard| heard.snapshot.notices.clone());
        let of_events = self.notices.iter().map(|(id, (code, sentence))| Notice {
            id: id.clone(),
            code: code.clone(),
            sentence: sentence.clone(),
        });
        if !self.is_order() {
            // Of a key that belongs to another order, or of nothing that was sold by us. What names no order shows
            // itself; what names one waits for it.
            let alone =
                of_events.filter(|notice| self.belongs_to.is_none() && OF_NO_ORDER.contains(&notice.code.as_str()));
            return alone.chain(self.too_large()).collect();
        }
        let derived = self
            .ties(now, policy)
            .into_iter()
            .chain(self.of_refunds())
            .chain(self.of_payment())
            .chain(self.of_disputes())
            .chain(self.of_trash(now))
            .chain(self.of_first_heard(policy))
            .chain(self.unbilled(now, policy))
            .chain(self.unheard(now))
            .chain(self.paid_after_the_end())
            .chain(self.of_ends())
            .chain(self.ties_of_ends(now, policy))
            .chain(self.paid_after_an_end())
            .chain(self.changed_subscriptions())
            .chain(self.without_lines())
            .chain(self.too_large());
        for notice in of_states.chain(of_events).chain(derived) {
            found.entry(notice.id.clone()).or_insert(notice);
        }
        found.into_values().collect()
    }

    /// States of one time that disagree in what is bought or taken back, after the settle time.
    fn ties(&self, now: Timestamp, policy: &Policy) -> Option<Notice> {
        let states = self.newest.states();
        let newest = states.iter().map(|heard| heard.at).max()?;
        let differ = states.windows(2).any(|pair| match pair {
            [one, two] => matters(&one.snapshot) != matters(&two.snapshot),
            _ => false,
        });
        let lasts = differ && now >= newest + policy.settle;
        if !lasts && !self.newest.has_more() {
            return None;
        }
        let hashes: Vec<&str> = states.iter().map(|heard| heard.snapshot.hash.as_str()).collect();
        Some(Notice::new(
            &format!("tie:{}", hashes.join(":")),
            "STATES_DISAGREE",
            "the storefront told different states of one time, and only what they agree on is bought or taken back: save the order again in the storefront",
        ))
    }

    fn of_refunds(&self) -> Vec<Notice> {
        let mut found = Vec::new();
        for (id, refund) in &self.refunds {
            if refund.state == RefundState::Failed {
                found.push(Notice::new(
                    &format!("refund:{id}:failed"),
                    "REFUND_FAILED",
                    &format!(
                        "refund {id} failed, and its units are wanted again: refund it another way, or close this"
                    ),
                ));
            }
        }
        let unclear = self.whole_refund_is_unclear();
        let went_back = |refund: &RefundRegister| refund.whole && refund.state == RefundState::Succeeded;
        if !unclear && self.refunds.values().any(went_back) {
            return found;
        }
        let alone = self.newest.is_empty().then(|| self.order_of_payments()).flatten();
        for snapshot in self.newest.states().iter().map(|heard| &heard.snapshot).chain(&alone) {
            if snapshot.ended.is_some() || snapshot.refunded_all {
                continue;
            }
            found.extend(self.open_refunds(snapshot).into_iter().map(|id| {
                Notice::new(
                    &format!("refund:{id}:unmapped"),
                    "REFUND_UNCLEAR",
                    &format!("refund {id} names no lines, so nothing is bought and nothing is taken back: tell which units it gave back"),
                )
            }));
        }
        found
    }

    /// The refunds of which nobody told what they gave back.
    pub(super) fn open_refunds<'a>(&'a self, snapshot: &'a Snapshot) -> BTreeSet<&'a RefundId> {
        let mut unmapped = self.unmapped(snapshot);
        let answered = self.told_refunded(&unmapped).map(|(refunds, _)| refunds.clone());
        if let Some(answered) = answered {
            unmapped.retain(|id| !answered.contains(*id));
        }
        unmapped
    }

    fn of_payment(&self) -> Vec<Notice> {
        let mut found = Vec::new();
        for snapshot in self.newest.states().iter().map(|heard| &heard.snapshot) {
            let told = self.told_payment(snapshot.version);
            if snapshot.ended.is_some() || told.is_some() {
                continue;
            }
            if self.is_paid_again(snapshot) {
                let refunds = snapshot.unmapped_refunds.len() + snapshot.refunds.len();
                found.push(Notice::new(
                    &format!("paid_again:{refunds}"),
                    "PAID_AGAIN",
                    "the order is refunded in full and marked as paid: whether it was paid again cannot be seen, so tell whether it is paid",
                ));
            }
            let named = snapshot.notices.iter().any(|notice| notice.code == PAYMENT_UNCLEAR);
            if snapshot.paid == Paid::Unclear && !named && snapshot.lines.iter().any(|line| line.units > 0) {
                found.push(Notice::new(
                    "payment_unclear",
                    PAYMENT_UNCLEAR,
                    "whether the order is paid is unclear, so nothing is bought and nothing is taken back: tell whether it is paid",
                ));
            }
        }
        found
    }

    fn of_disputes(&self) -> Vec<Notice> {
        let found = self.disputes.iter().filter_map(|(id, (state, inquiry))| {
            let (state, code, sentence) = match (state, inquiry) {
                (DisputeState::Won, _) => return None,
                (_, true) => ("inquiry", "DISPUTE_INQUIRY", "the buyer's bank asks about the payment: answer it in the storefront"),
                (DisputeState::Open, false) => ("open", "DISPUTE_OPEN", "the payment is disputed: answer it in the storefront; the catalog's on_dispute says what becomes of the products"),
                (DisputeState::Lost, false) => ("lost", "DISPUTE_LOST", "the dispute is lost and the money is gone: cancel the order in the storefront if its products are to be taken back"),
            };
            Some(Notice::new(&format!("dispute:{id}:{state}"), code, sentence))
        });
        found.collect()
    }

    fn of_trash(&self, now: Timestamp) -> Option<Notice> {
        let both = self.trashed.is_some() && self.alive.is_some();
        (both && self.trash(now) == Trash::Unclear && !self.trash_is_settling(now)).then(|| {
            Notice::new(
                "trash:unclear",
                "TRASH_UNCLEAR",
                "the order was moved to the trash and told alive within two minutes, so nothing is bought and nothing is taken back: save the order again in the storefront, or delete it again",
            )
        })
    }

    fn of_first_heard(&self, policy: &Policy) -> Option<Notice> {
        let began = self.created_at();
        let is_old = began.is_some_and(|began| began < policy.not_before);
        (self.is_first_heard_by_renewal() && !policy.released && !is_old).then(|| {
            Notice::new(
                "first_heard_by_renewal",
                "FIRST_HEARD_BY_RENEWAL",
                "the first that was heard of this subscription is a renewal, so its first delivery may be lost: release the order to buy it, or close this where it was fulfilled otherwise",
            )
        })
    }

    /// Changes of a subscription that no invoice has billed within an hour.
    fn unbilled(&self, now: Timestamp, policy: &Policy) -> Vec<Notice> {
        let [only] = self.newest.states() else {
            return Vec::new();
        };
        let snapshot = &only.snapshot;
        let is_due = snapshot.paid == Paid::ByPayments && now >= snapshot.version.time + UNBILLED;
        if !is_due || snapshot.ended.is_some() || self.payments.is_empty() || policy.buy_unpaid_changes {
            return Vec::new();
        }
        let unbilled = |line: &&Line| {
            // What was billed before, and something else since, is not billed.
            let newest = self.payments.newest_of(&line.id).filter(|(_, _, is_sure)| *is_sure);
            let was_left = newest.is_some_and(|(newest, ..)| Some(newest) != line.sku.as_ref());
            let listed = line.sku.as_ref().filter(|_| !was_left);
            let paid = listed.and_then(|sku| self.payments.of_sku(&line.id, sku));
            let on_trial = line.trial && policy.buy_on_trial;
            !on_trial && line.units > paid.map_or(0, |paid| paid.most)
        };
        let lines = snapshot.lines.iter().filter(unbilled);
        lines
            .map(|line| {
                let sku = line.sku.as_ref().map(ToString::to_string).unwrap_or_default();
                Notice::new(
                    &format!("unpaid_change:{}:{sku}:{}", line.id, line.units),
                    "UNPAID_CHANGE",
                    &format!(
                        "the subscription now has {} x {sku} in line {}, and no invoice has billed that: it is bought once one is paid; unpaid_changes = \"now\" buys it before",
                        line.units, line.id
                    ),
                )
            })
            .collect()
    }

    /// An invoice that was paid after the subscription ended for ever revives nothing.
    fn paid_after_the_end(&self) -> Vec<Notice> {
        let ended = self
            .latest()
            .filter(|latest| latest.ended.is_some_and(|ended| ended.terminal));
        let Some(ended) = ended else {
            return Vec::new();
        };
        let paid = self.payments.lines().values().flat_map(BTreeMap::values);
        let late: BTreeSet<&str> = paid
            .filter(|paid| paid.paid_at > ended.version.time)
            .map(|paid| paid.invoice.as_str())
            .collect();
        let notice = |invoice: &str| {
            Notice::new(
                &format!("paid_after_end:{invoice}"),
                "PAID_AFTER_END",
                &format!(
                    "invoice {invoice} was paid after the subscription had ended, and nothing is bought for it: refund it, or sell the customer a new subscription"
                ),
            )
        };
        late.into_iter().map(notice).collect()
    }

    /// A subscription that is over, and of which no line of the order shows that it is its own, or several fit of which only
    /// some can be: what it gave is not known.
    fn of_ends(&self) -> Vec<Notice> {
        let Some(alive) = self.alive_with_lines() else {
            return Vec::new();
        };
        let why = |end: &EndRegister| {
            let verdicts = end.verdicts(&alive);
            let is_torn = end.tied_since().is_none() && verdicts.values().any(|verdict| *verdict == Verdict::Unclear);
            if verdicts.values().all(|verdict| *verdict == Verdict::Alive) {
                Some("no line of the order shows that it is its own, so nothing is taken back")
            } else {
                is_torn.then_some("more lines of the order fit than it has units, so nothing of those is taken back")
            }
        };
        let over = self.ends.iter().filter(|(_, end)| end.is_over());
        over.filter_map(|(cause, end)| Some((cause, why(end)?)))
            .map(|(cause, why)| {
                Notice::new(
                    &format!("end:{cause}"),
                    "END_UNCLEAR",
                    &format!(
                        "{} has ended, and {why}: cancel the order or refund its lines in the storefront where its products are to be taken back, or close this",
                        called(cause)
                    ),
                )
            })
            .collect()
    }

    /// The lines with units of the newest state, where it is not over.
    fn alive_with_lines(&self) -> Option<Vec<&Line>> {
        let alive = self.latest().filter(|latest| latest.ended.is_none())?;
        Some(alive.lines.iter().filter(|line| line.units > 0).collect())
    }

    /// States of one cause and version that disagree over a line, after the settle time.
    fn ties_of_ends(&self, now: Timestamp, policy: &Policy) -> Vec<Notice> {
        let Some(alive) = self.alive_with_lines() else {
            return Vec::new();
        };
        let lasts = |end: &&EndRegister| end.tied_since().is_some_and(|since| now >= since + policy.settle);
        let disagree = |end: &EndRegister| {
            end.verdicts(&alive)
                .values()
                .any(|verdict| *verdict == Verdict::Unclear)
        };
        let tied = self.ends.iter().filter(|(_, end)| lasts(end) && disagree(end));
        tied.map(|(cause, end)| {
            let Version { time, sequence } = end.version();
            Notice::new(
                &format!("tie:{cause}:{}:{sequence}", time.as_secs()),
                "STATES_DISAGREE",
                &format!(
                    "the storefront told of one time that {} is over and that it is not, so nothing is bought and nothing is taken back for it: look how it stands there; its next event settles this",
                    called(cause)
                ),
            )
        })
        .collect()
    }

    /// What is paid for only after its subscription was over revives nothing.
    fn paid_after_an_end(&self) -> Vec<Notice> {
        let (Some(alive), Some(latest)) = (self.alive_with_lines(), self.latest()) else {
            return Vec::new();
        };
        if latest.paid != Paid::Full || latest.refunded_all {
            return Vec::new();
        }
        // A later period is told by an order of its own; of any other order its first payment counts.
        let (paid, of) = match latest.renewal {
            true => (
                Some(latest.version.time),
                latest.number.as_deref().unwrap_or(&latest.hash),
            ),
            false => (self.first_paid.map(|first| first.time), "order"),
        };
        let is_late = |end: &EndRegister| {
            let ended = end.version().time;
            // A shop that dates its ends by a number says nothing here.
            ended > Timestamp::EPOCH && paid.is_some_and(|paid| paid > ended)
        };
        let is_over = |end: &EndRegister| {
            let for_good = |verdict: &Verdict| matches!(verdict, Verdict::Over(ended) if !ended.reversible);
            end.verdicts(&alive).values().any(for_good)
        };
        let late = self.ends.iter().filter(|(_, end)| is_late(end) && is_over(end));
        late.map(|(cause, _)| {
            Notice::new(
                &format!("paid_after_end:{cause}:{of}"),
                "PAID_AFTER_END",
                &format!(
                    "a payment came after {} had ended, and nothing is bought for it: refund it, or sell the customer a new subscription",
                    called(cause)
                ),
            )
        })
        .collect()
    }

    /// A subscription that has more than the order which began it: another plan, or more units. Its renewals buy nothing,
    /// so a person is told. Fewer units may stand in another subscription of the order, and are not told.
    fn changed_subscriptions(&self) -> Vec<Notice> {
        let Some(alive) = self.alive_with_lines() else {
            return Vec::new();
        };
        let units_of = |id: &str| alive.iter().find(|line| line.id == id).map_or(0, |line| line.units);
        let mut found = Vec::new();
        for (cause, end) in &self.ends {
            let mut wanted: BTreeMap<BTreeSet<&str>, (u32, String)> = BTreeMap::new();
            for (item, lines) in end.alive_items(&alive) {
                let name = item.sku.as_ref().map(ToString::to_string);
                let name = name.or_else(|| item.product.clone()).unwrap_or_default();
                let (units, names) = wanted.entry(lines).or_default();
                *units = units.saturating_add(item.units);
                names.push_str(if names.is_empty() { "" } else { ", " });
                names.push_str(&name);
            }
            for (lines, (units, names)) in wanted {
                let has: u32 = lines.iter().map(|id| units_of(id)).sum();
                if units > has {
                    found.push(Notice::new(
                        &format!("subscription_change:{cause}:{names}:{units}"),
                        "SUBSCRIPTION_CHANGED",
                        &format!(
                            "{} now has {units} x {names}, and the order that began it has {has}: its renewals buy nothing, so change at Wix by hand what is meant, and close this",
                            called(cause)
                        ),
                    ));
                }
            }
        }
        found
    }

    /// Lines that were there and are gone, all of them: a list that is empty takes nothing back.
    fn without_lines(&self) -> Option<Notice> {
        let had = !self.had_sku.is_empty() && self.latest().is_some_and(|latest| latest.lines.is_empty());
        (had && self.lost_its_lines()).then(|| {
            Notice::new(
                "lost_lines",
                "LINES_LOST",
                "the storefront tells the order without any line, and it had some, so nothing is taken back: save the order again in the storefront, or cancel it there",
            )
        })
    }

    fn too_large(&self) -> Option<Notice> {
        self.too_large.then(|| {
            Notice::new(
                "too_large",
                "ORDER_TOO_LARGE",
                "the order says more than a record can hold, so nothing of it is bought or taken back any more: fulfil it by hand",
            )
        })
    }
}

/// What ended, in a sentence.
fn called(cause: &str) -> &str {
    match cause {
        "contract" => "the contract",
        "payment_intent" => "the payment",
        named => named,
    }
}

/// What is told of something that may be ours under a key that no order has.
const OF_NO_ORDER: [&str; 2] = ["REFUND_OF_UNKNOWN_SUBSCRIPTION", "SUBSCRIPTION_CHANGED"];

const PAYMENT_UNCLEAR: &str = "PAYMENT_UNCLEAR";

type Matters<'a> = (
    Paid,
    bool,
    bool,
    BTreeSet<&'a RefundId>,
    HashMap<&'a LineId, (Option<&'a str>, u32)>,
);

/// What of a state decides over money.
fn matters(snapshot: &Snapshot) -> Matters<'_> {
    let lines = snapshot.lines.iter().filter(|line| line.units > 0);
    let lines = lines.map(|line| (&line.id, (line.sku.as_ref().map(|sku| sku.as_str()), line.units)));
    (
        snapshot.paid,
        snapshot.ended.is_some(),
        snapshot.refunded_all,
        snapshot.unmapped_refunds.iter().collect(),
        lines.collect(),
    )
}
