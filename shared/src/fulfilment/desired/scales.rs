//! What weighs in the entitlement of a line: what was paid for, less what was given back, less what is over. Indexed once
//! for an order.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Desired;
use super::billed::is_billed_after;
use super::causes::{RefundRegister, Verdict};
use super::interval::{Entitlement, Entitlements, Policy};
use super::paid::{PaidStates, PaidUnits};
use super::trash::Trash;
use crate::ids::Sku;
use crate::order::{DisputeState, Ended, Line, LineId, Paid, RefundId, RefundState, Snapshot};
use crate::time::Timestamp;

/// What holds for the whole order, whatever its lines say.
#[derive(Debug, Clone, Copy)]
struct Whole {
    /// Everything is over.
    over: Option<Ended>,
    /// Nothing is bought now, and nothing is taken back for this.
    unclear: bool,
}

/// What the entitlement of each line is computed from, indexed once.
pub(super) struct Scales<'a> {
    desired: &'a Desired,
    policy: &'a Policy,
    /// For each line the refunds that name it.
    refunds: HashMap<&'a str, Vec<(&'a RefundId, u32, RefundState)>>,
    told_refunded: Option<&'a BTreeMap<LineId, u32>>,
    /// What was paid earlier; only an order that is not fully paid asks.
    paid: OnceCell<Option<PaidStates>>,
    whole: Whole,
}

/// One state of the order with what of it does not depend on a line.
pub(super) struct State<'a> {
    snapshot: &'a Snapshot,
    payment: Paid,
    unclear: bool,
    /// Refunded in full: nothing; or, marked as paid again, unclear.
    refunded_all: Option<Entitlement>,
    /// For each line what each cause of an end says of it.
    ends: HashMap<&'a str, Vec<Verdict>>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(desired: &'a Desired, now: Timestamp, policy: &'a Policy) -> Self {
        let mut refunds: HashMap<&str, Vec<_>> = HashMap::new();
        for (id, refund) in &desired.refunds {
            for (line, units) in refund.lines.iter().flatten() {
                refunds.entry(line).or_default().push((id, *units, refund.state));
            }
        }
        Self {
            desired,
            policy,
            refunds,
            told_refunded: None,
            paid: OnceCell::new(),
            whole: Whole::of(desired, now, policy),
        }
        .with_told()
    }

    fn with_told(mut self) -> Self {
        let first = self.desired.latest();
        let unmapped = first
            .map(|snapshot| self.desired.unmapped(snapshot))
            .unwrap_or_default();
        self.told_refunded = self.desired.told_refunded(&unmapped).map(|(_, lines)| lines);
        self
    }

    /// A state of the order with its lines, those that only invoices list among them.
    pub(super) fn state<'b>(&self, snapshot: &'b Snapshot, lines: &[&'b Line]) -> State<'b> {
        let desired = self.desired;
        let payment = desired.payment_of(snapshot);
        let refunded_all = if desired.is_paid_again(snapshot) {
            Some(Entitlement {
                keep: u32::MAX,
                ..Entitlement::NOTHING
            })
        } else {
            let told_paid = desired.told_payment(snapshot.version) == Some(true);
            (snapshot.refunded_all && !told_paid).then_some(Entitlement::NOTHING)
        };
        State {
            snapshot,
            payment,
            unclear: !desired.open_refunds(snapshot).is_empty(),
            refunded_all,
            ends: self.ends_of(lines),
        }
    }

    fn ends_of<'b>(&self, lines: &[&'b Line]) -> HashMap<&'b str, Vec<Verdict>> {
        let mut ends: HashMap<&str, Vec<Verdict>> = HashMap::new();
        for end in self.desired.ends.values() {
            for (line, verdict) in end.verdicts(lines) {
                ends.entry(line).or_default().push(verdict);
            }
        }
        ends
    }

    /// What one state says of a line, with everything that covers this line.
    pub(super) fn line(&self, state: &State<'_>, line: &Line) -> Entitlement {
        if let Some(ended) = state.snapshot.ended {
            return Entitlement {
                reversible: ended.reversible,
                ..Entitlement::NOTHING
            };
        }
        let mut entitlement = self.paid_for(state, line);
        if let Some(all) = state.refunded_all {
            entitlement.buy = all.buy;
            entitlement.keep = entitlement.keep.min(all.keep);
        } else if state.unclear {
            entitlement.buy = 0;
        }
        Self::ended(state.ends.get(line.id.as_str()), entitlement)
    }

    /// What is paid for and not given back, by units.
    fn paid_for(&self, state: &State<'_>, line: &Line) -> Entitlement {
        let listed = self.less(line.units, &line.id, &state.snapshot.refunds);
        let trial = line.trial && self.policy.buy_on_trial;
        match state.payment {
            Paid::Full | Paid::ByPayments if trial => Entitlement { trial, ..listed },
            Paid::Full if !line.trial => listed,
            Paid::Full | Paid::No => self.paid_earlier(line, listed),
            Paid::Unclear => Entitlement {
                buy: 0,
                ..self.paid_earlier(line, listed)
            },
            Paid::ByPayments => self.by_payments(state.snapshot, line, listed),
        }
    }

    /// An order that is not fully paid now has no more than what an earlier state was paid for.
    fn paid_earlier(&self, line: &Line, listed: Entitlement) -> Entitlement {
        let Some(paid) = self.paid.get_or_init(|| self.desired.paid_states()) else {
            return Entitlement::NOTHING;
        };
        let refunded = self.desired.all_refunded();
        if refunded.is_some_and(|refunded| paid.version() <= refunded) {
            // All of it was given back since.
            return Entitlement::NOTHING;
        }
        let of_states = paid.states().iter().map(|state| {
            let units = state.line(&line.id).map_or(0, |paid| paid.units);
            self.less(units, &line.id, state.refunds())
        });
        let mut earlier = of_states.reduce(Entitlement::or).unwrap_or_default();
        if !paid.agrees_on_sku(&line.id) || paid.has_more() {
            earlier.buy = 0;
        }
        if paid.has_more() {
            earlier.keep = u32::MAX;
        }
        if self.desired.is_told_unpaid(paid.version()) {
            // What an older state was paid for is not known any more: it stays as it is.
            let was_paid_before = self.desired.first_paid.is_some_and(|first| first < paid.version());
            if !was_paid_before {
                return Entitlement::NOTHING;
            }
            earlier.buy = 0;
        }
        Entitlement {
            buy: listed.buy.min(earlier.buy),
            keep: listed.keep.min(earlier.keep),
            ..Entitlement::NOTHING
        }
    }

    /// The lesser of what the subscription says and of what was paid for the item and its price. A state that is older than the
    /// invoice takes nothing of that back, and buys no more than it lists: a newer one is on its way.
    fn by_payments(&self, snapshot: &Snapshot, line: &Line, mut listed: Entitlement) -> Entitlement {
        let payments = &self.desired.payments;
        let of_listed = line.sku.as_ref().and_then(|sku| self.counted(&line.id, sku));
        if let Some(paid) = of_listed.filter(|paid| is_billed_after(paid.version, snapshot)) {
            let billed = self.less(paid.most, &line.id, &snapshot.refunds);
            listed.keep = listed.keep.max(billed.keep);
            if !snapshot.incomplete && snapshot.lines.iter().all(|listed| listed.id != line.id) {
                listed.buy = 0;
            }
        }
        if self.policy.buy_unpaid_changes && !payments.is_empty() {
            return listed;
        }
        let paid = match of_listed {
            Some(paid) => Some((paid, true)),
            // Another price that is not billed yet: what was paid stays as it was.
            None => payments
                .newest_of(&line.id)
                .and_then(|(sku, _, sure)| Some((self.counted(&line.id, sku)?, sure))),
        };
        let Some((paid, sure)) = paid else {
            // It goes on, and its payment is on the way: what was given on trial stays until the subscription says otherwise.
            return Entitlement { buy: 0, ..listed };
        };
        Entitlement {
            buy: if sure { listed.buy.min(paid.least) } else { 0 },
            keep: listed.keep.min(paid.most),
            ..Entitlement::NOTHING
        }
    }

    /// What was listed last of an SKU in a line, where it counts: what is given on trial does so if the reseller says it.
    fn counted(&self, line: &str, sku: &Sku) -> Option<&'a PaidUnits> {
        let payments = &self.desired.payments;
        if self.policy.buy_on_trial {
            payments.of_sku(line, sku)
        } else {
            payments.charged_of(line, sku)
        }
    }

    /// Units less the refunds that are not counted in them: a refund that is under way stops buying already, and takes
    /// back only when the money has gone.
    fn less(&self, units: u32, line: &str, counted: &BTreeSet<RefundId>) -> Entitlement {
        let of_line = self.refunds.get(line).map(Vec::as_slice).unwrap_or_default();
        let told = self
            .told_refunded
            .and_then(|lines| lines.get(line))
            .copied()
            .unwrap_or(0);
        let mut left = Entitlement::sure(units.saturating_sub(told));
        for (id, refunded, state) in of_line {
            if counted.contains(*id) {
                continue;
            }
            match state {
                RefundState::Pending => left.buy = left.buy.saturating_sub(*refunded),
                RefundState::Succeeded => {
                    left.buy = left.buy.saturating_sub(*refunded);
                    left.keep = left.keep.saturating_sub(*refunded);
                }
                RefundState::Failed => {}
            }
        }
        left
    }

    /// With what the causes of an end say of the line.
    fn ended(verdicts: Option<&Vec<Verdict>>, mut entitlement: Entitlement) -> Entitlement {
        let mut over: Option<Ended> = None;
        for verdict in verdicts.into_iter().flatten() {
            match verdict {
                Verdict::Alive => {}
                Verdict::Unclear => entitlement.buy = 0,
                Verdict::Over(ended) => over = Some(both(over, *ended)),
            }
        }
        over.map_or(entitlement, ended)
    }

    pub(super) fn whole(&self, mut entitlement: Entitlement) -> Entitlement {
        if self.whole.unclear {
            entitlement.buy = 0;
        }
        match self.whole.over {
            // An end of the line itself that cannot be undone stays one.
            Some(over) if entitlement.keep > 0 || entitlement.reversible => ended(over),
            Some(_) | None => entitlement,
        }
    }

    /// A subscription of which no snapshot was heard yet: what its invoices list.
    pub(super) fn by_payments_alone(&self) -> Entitlements {
        let payments = &self.desired.payments;
        let counted = BTreeSet::new();
        let whole_is_unclear = self.desired.whole_refund_is_unclear();
        let is_open =
            |refund: &RefundRegister| refund.is_unmapped(whole_is_unclear) && refund.state != RefundState::Failed;
        let unclear = self.desired.refunds.values().any(is_open);
        let unlisted = self.desired.unlisted();
        let ends = self.ends_of(&unlisted.iter().map(|(_, line)| line).collect::<Vec<_>>());
        let lines = unlisted.iter().filter_map(|(_, line)| {
            let (sku, _, sure) = payments.newest_of(&line.id)?;
            let paid = self.counted(&line.id, sku)?;
            let least = self.less(paid.least, &line.id, &counted);
            let most = self.less(paid.most, &line.id, &counted);
            let entitlement = Entitlement {
                buy: if sure && !unclear { least.buy } else { 0 },
                keep: most.keep,
                ..Entitlement::NOTHING
            };
            let mut entitlement = self.whole(Self::ended(ends.get(line.id.as_str()), entitlement));
            if self.desired.told.not_ours.contains_key(&line.id) {
                entitlement.buy = 0;
            }
            Some((line.id.clone(), entitlement))
        });
        Entitlements {
            lines: lines.collect(),
            others: self.whole(Entitlement::NOTHING),
        }
    }
}

/// Two ends at once can be undone only if both can.
fn both(one: Option<Ended>, two: Ended) -> Ended {
    one.map_or(two, |one| Ended {
        reversible: one.reversible && two.reversible,
        terminal: one.terminal || two.terminal,
    })
}

const fn ended(by: Ended) -> Entitlement {
    Entitlement {
        reversible: by.reversible,
        ..Entitlement::NOTHING
    }
}

impl Whole {
    fn of(desired: &Desired, now: Timestamp, policy: &Policy) -> Self {
        let mut whole = Self {
            over: None,
            unclear: desired.is_first_heard_by_renewal() && !policy.released,
        };
        let said = !desired.whole_refund_is_unclear();
        for refund in desired.refunds.values().filter(|refund| refund.whole && said) {
            match refund.state {
                RefundState::Pending => whole.unclear = true,
                RefundState::Succeeded => whole.over = Some(both(whole.over, Ended::PLAIN)),
                RefundState::Failed => {}
            }
        }
        for (state, inquiry) in desired.disputes.values() {
            let ended = match state {
                DisputeState::Open => Some(Ended::REVERSIBLE),
                DisputeState::Lost => Some(Ended::PLAIN),
                DisputeState::Won => None,
            };
            if let Some(ended) = ended.filter(|_| policy.take_back_on_dispute && !inquiry) {
                whole.over = Some(both(whole.over, ended));
            }
        }
        match desired.trash(now) {
            Trash::Alive => {}
            Trash::Unclear => whole.unclear = true,
            Trash::Over => whole.over = Some(both(whole.over, Ended::REVERSIBLE)),
        }
        whole
    }
}
