//! Which units of each line are entitled now: an interval, because money that is unclear must neither buy nor take back.
//!
//! Units 1 to `buy` are surely paid for and not given back (or on a trial): they may be bought, assigned, sent again.
//! Units up to `keep` are unclear: they stay as they are, and a person is told. What is above `keep` is taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::causes::Verdict;
use super::{Desired, least};
use crate::ids::Sku;
use crate::order::{Answer, DisputeState, Ended, Line, LineId, Paid, RefundId, RefundState, Snapshot, Version};
use crate::time::Timestamp;

/// How long a deletion and a living body must be apart before one of them counts: deliveries overtake each other.
pub(super) const TRASH_APART: Duration = Duration::from_secs(120);

/// What the reseller decided about things that a shop may mean either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A line on trial is bought.
    pub buy_on_trial: bool,
    /// An open or lost dispute, that is not an inquiry, takes everything back.
    pub take_back_on_dispute: bool,
    /// A change of a subscription counts before it is billed.
    pub buy_unpaid_changes: bool,
    /// What began before this is never bought.
    pub not_before: Timestamp,
    /// An operator released the order: what is held is bought.
    pub released: bool,
    /// How long states of one version may disagree before a person is told.
    pub settle: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            buy_on_trial: true,
            take_back_on_dispute: false,
            buy_unpaid_changes: false,
            not_before: Timestamp::EPOCH,
            released: false,
            settle: Duration::from_secs(60),
        }
    }
}

/// Which units of a line are entitled. `buy` is never more than `keep`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entitlement {
    /// Units 1 to this may be bought, assigned and sent again.
    pub buy: u32,
    /// Units above this are taken back.
    pub keep: u32,
    /// What is taken back may come back by itself: it is unassigned, and never canceled.
    pub reversible: bool,
    /// It is bought because of a trial, not of a payment.
    pub trial: bool,
}

impl Entitlement {
    const NOTHING: Self = Self {
        buy: 0,
        keep: 0,
        reversible: false,
        trial: false,
    };

    const fn sure(units: u32) -> Self {
        Self {
            buy: units,
            keep: units,
            ..Self::NOTHING
        }
    }

    /// What two states that may both be true agree on.
    fn or(self, other: Self) -> Self {
        Self {
            buy: self.buy.min(other.buy),
            keep: self.keep.max(other.keep),
            reversible: self.reversible || other.reversible,
            trial: self.trial && other.trial,
        }
    }
}

/// The entitlement of every line, computed once for an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements {
    lines: HashMap<LineId, Entitlement>,
    /// For lines of which nothing is listed.
    others: Entitlement,
}

impl Entitlements {
    /// Of one line.
    pub fn of(&self, line: &str) -> Entitlement {
        self.lines.get(line).copied().unwrap_or(self.others)
    }
}

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
    whole: Whole,
}

impl Desired {
    /// Which units of every line are entitled at `now`.
    pub fn entitlements(&self, now: Timestamp, policy: &Policy) -> Entitlements {
        let scales = Scales::new(self, now, policy);
        let states = self.newest.states();
        if states.is_empty() {
            return scales.by_payments_alone();
        }
        let mut joined: HashMap<LineId, Entitlement> = HashMap::new();
        let all: BTreeSet<&str> = states
            .iter()
            .flat_map(|heard| heard.snapshot.lines.iter().map(|line| line.id.as_str()))
            .collect();
        let ambiguous = states.len() > 1;
        for heard in states {
            let state = scales.state(&heard.snapshot);
            let lines: HashMap<&str, &Line> = match ambiguous {
                true => heard
                    .snapshot
                    .lines
                    .iter()
                    .map(|line| (line.id.as_str(), line))
                    .collect(),
                false => HashMap::new(),
            };
            let mut weigh = |id: &str, line: Option<&Line>| {
                let entitlement = line.map_or(Entitlement::NOTHING, |line| scales.line(&state, line));
                match joined.get_mut(id) {
                    Some(mine) => *mine = mine.or(entitlement),
                    None => {
                        joined.insert(id.to_owned(), entitlement);
                    }
                }
            };
            if ambiguous {
                for id in &all {
                    weigh(id, lines.get(id).copied());
                }
            } else {
                for line in &heard.snapshot.lines {
                    weigh(&line.id, Some(line));
                }
            }
        }
        if ambiguous {
            for id in &all {
                if let Some(entitlement) = joined.get_mut(*id)
                    && !self.agrees_on_sku(id)
                {
                    entitlement.buy = 0;
                }
            }
        }
        let mut lines = joined;
        for (id, entitlement) in &mut lines {
            *entitlement = scales.whole(*entitlement);
            if self.newest.has_more() {
                *entitlement = Entitlement {
                    buy: 0,
                    keep: u32::MAX,
                    ..*entitlement
                };
            }
            if self.told.not_ours.contains_key(id) {
                entitlement.buy = 0;
            }
        }
        let others = Entitlement {
            keep: if self.newest.has_more() { u32::MAX } else { 0 },
            ..scales.whole(Entitlement::NOTHING)
        };
        Entitlements { lines, others }
    }

    /// Which units of one line are entitled at `now`. For several lines, [`Desired::entitlements`] is computed once.
    pub fn entitlement(&self, line: &str, now: Timestamp, policy: &Policy) -> Entitlement {
        self.entitlements(now, policy).of(line)
    }

    /// When time alone changes the answer next.
    pub fn next_change(&self, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
        let trash = self.trashed.map(|trashed| trashed + TRASH_APART);
        let tie = (self.newest.states().len() > 1)
            .then(|| self.newest.states().iter().map(|heard| heard.at).max())
            .flatten()
            .map(|at| at + policy.settle);
        let unbilled = self
            .latest()
            .filter(|latest| latest.paid == Paid::ByPayments)
            .map(|latest| latest.version.time + super::UNBILLED);
        let later = |time: Option<Timestamp>| time.filter(|time| *time > now);
        least(least(later(trash), later(tie)), later(unbilled))
    }

    fn agrees_on_sku(&self, line: &str) -> bool {
        let mut skus = self.newest.states().iter().filter_map(|heard| {
            let line = heard.snapshot.lines.iter().find(|listed| listed.id == line)?;
            Some(self.sku_of(&heard.snapshot, line))
        });
        let first = skus.next();
        skus.all(|sku| Some(sku) == first)
    }

    /// The SKU that a line is planned from: the one that was paid, never an unpaid edit's.
    pub(super) fn sku_of<'a>(&'a self, snapshot: &'a Snapshot, line: &'a Line) -> Option<&'a Sku> {
        match self.payment_of(snapshot) {
            Paid::Full => line.sku.as_ref(),
            Paid::No | Paid::Unclear => {
                let newest = self
                    .newest
                    .states()
                    .iter()
                    .find(|heard| heard.snapshot.paid == Paid::Full);
                let of_newest = newest.and_then(|heard| heard.snapshot.lines.iter().find(|paid| paid.id == line.id));
                let of_earlier = || self.paid.as_ref()?.states().first()?.line(&line.id)?.sku.as_ref();
                match (&self.paid, of_newest) {
                    (None, Some(paid)) => paid.sku.as_ref(),
                    (Some(_) | None, _) => of_earlier().or(line.sku.as_ref()),
                }
            }
            Paid::ByPayments => {
                let listed = line.sku.as_ref();
                match listed.filter(|sku| self.payments.of_sku(&line.id, sku).is_some()) {
                    Some(paid) => Some(paid),
                    None if line.trial => listed,
                    None => self.payments.newest_of(&line.id).map(|(sku, ..)| sku).or(listed),
                }
            }
        }
    }

    /// What a snapshot says of its payment, with the operator's answer about it.
    pub(super) fn payment_of(&self, snapshot: &Snapshot) -> Paid {
        match self.told_payment(snapshot.version) {
            Some(true) => Paid::Full,
            Some(false) if snapshot.paid != Paid::ByPayments => Paid::No,
            Some(false) | None => snapshot.paid,
        }
    }

    /// Whether an operator told that the order, as it stood at a version, is paid or is not.
    pub(super) fn told_payment(&self, of: Version) -> Option<bool> {
        match &self.told.payment.as_ref()?.answer {
            Answer::Paid { version, .. } if *version == of => Some(true),
            Answer::NotPaid { version } if *version == of => Some(false),
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } | Answer::Refunded { .. } => None,
        }
    }

    /// The refunds of which nobody knows what they gave back, of one snapshot.
    pub(super) fn unmapped<'a>(&'a self, snapshot: &'a Snapshot) -> BTreeSet<&'a RefundId> {
        let failed = |id: &RefundId| {
            self.refunds
                .get(id)
                .is_some_and(|refund| refund.state == RefundState::Failed)
        };
        let named = |id: &RefundId| self.refunds.get(id).is_some_and(|refund| !refund.is_unmapped());
        let of_snapshot = snapshot.unmapped_refunds.iter().filter(|id| !failed(id) && !named(id));
        let told_apart = self.refunds.iter().filter(|(id, refund)| {
            refund.is_unmapped() && refund.state != RefundState::Failed && !snapshot.refunds.contains(*id)
        });
        of_snapshot.chain(told_apart.map(|(id, _)| id)).collect()
    }

    /// The units that an operator told to be given back by refunds that name no lines, as long as those refunds stand.
    pub(super) fn told_refunded(
        &self,
        unmapped: &BTreeSet<&RefundId>,
    ) -> Option<(&BTreeSet<RefundId>, &BTreeMap<LineId, u32>)> {
        match &self.told.refunded.as_ref()?.answer {
            Answer::Refunded { refunds, lines } => {
                let stands = refunds.iter().all(|id| unmapped.contains(id));
                stands.then_some((refunds, lines))
            }
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } => None,
        }
    }

    /// A subscription of which only later periods were heard: its first delivery may have been lost, or it began long
    /// before anybody listened.
    pub fn is_first_heard_by_renewal(&self) -> bool {
        self.heard_renewal && !self.heard_first
    }
}

/// One state of the order with what of it does not depend on a line.
pub(super) struct State<'a> {
    snapshot: &'a Snapshot,
    payment: Paid,
    unclear: bool,
    /// Refunded in full: nothing; or, marked as paid again, unclear.
    refunded_all: Option<Entitlement>,
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

    pub(super) fn state(&self, snapshot: &'a Snapshot) -> State<'a> {
        let desired = self.desired;
        let payment = desired.payment_of(snapshot);
        let told = desired.told_payment(snapshot.version);
        let paid_before = desired.first_paid.is_some_and(|first| first < snapshot.version);
        let refunded_all = match (snapshot.refunded_all, told) {
            (false, _) | (true, Some(true)) => None,
            (true, None) if payment == Paid::Full && paid_before => Some(Entitlement {
                keep: u32::MAX,
                ..Entitlement::NOTHING
            }),
            (true, Some(false) | None) => Some(Entitlement::NOTHING),
        };
        let unmapped = desired.unmapped(snapshot);
        let answered = desired.told_refunded(&unmapped).map(|(refunds, _)| refunds);
        let open = |id: &&&RefundId| answered.is_none_or(|answered| !answered.contains(**id));
        State {
            snapshot,
            payment,
            unclear: unmapped.iter().any(|id| open(&id)),
            refunded_all,
        }
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
        self.ends(line, entitlement)
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
            Paid::ByPayments => self.by_payments(line, listed),
        }
    }

    /// An order that is not fully paid now has no more than what an earlier state was paid for.
    fn paid_earlier(&self, line: &Line, listed: Entitlement) -> Entitlement {
        let Some(paid) = self.desired.paid_states() else {
            return Entitlement::NOTHING;
        };
        let of_states = paid.states().iter().map(|state| {
            let units = state.line(&line.id).map_or(0, |paid| paid.units);
            self.less(units, &line.id, state.refunds())
        });
        let earlier = of_states.reduce(Entitlement::or).unwrap_or_default();
        Entitlement {
            buy: listed.buy.min(earlier.buy),
            keep: listed.keep.min(earlier.keep),
            ..Entitlement::NOTHING
        }
    }

    /// The lesser of what the subscription says and of what was paid for the item and its price.
    fn by_payments(&self, line: &Line, listed: Entitlement) -> Entitlement {
        let payments = &self.desired.payments;
        if self.policy.buy_unpaid_changes && !payments.is_empty() {
            return listed;
        }
        let of_listed = line.sku.as_ref().and_then(|sku| payments.of_sku(&line.id, sku));
        let paid = match of_listed {
            Some(paid) => Some((paid, true)),
            // Another price that is not billed yet: what was paid stays as it was.
            None => payments.newest_of(&line.id).map(|(_, paid, sure)| (paid, sure)),
        };
        let Some((paid, sure)) = paid else {
            return Entitlement::NOTHING;
        };
        Entitlement {
            buy: if sure { listed.buy.min(paid.least) } else { 0 },
            keep: listed.keep.min(paid.most),
            ..Entitlement::NOTHING
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

    fn ends(&self, line: &Line, mut entitlement: Entitlement) -> Entitlement {
        let mut over: Option<Ended> = None;
        for end in self.desired.ends.values() {
            match end.verdict(line) {
                Verdict::Alive => {}
                Verdict::Unclear => entitlement.buy = 0,
                Verdict::Over(ended) => over = Some(both(over, ended)),
            }
        }
        over.map_or(entitlement, ended)
    }

    fn whole(&self, mut entitlement: Entitlement) -> Entitlement {
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
    fn by_payments_alone(&self) -> Entitlements {
        let payments = &self.desired.payments;
        let counted = BTreeSet::new();
        let lines = payments.lines().keys().filter_map(|id| {
            let (sku, paid, sure) = payments.newest_of(id)?;
            let least = self.less(paid.least, id, &counted);
            let most = self.less(paid.most, id, &counted);
            let entitlement = Entitlement {
                buy: if sure { least.buy } else { 0 },
                keep: most.keep,
                ..Entitlement::NOTHING
            };
            let line = Line {
                subscription: true,
                ..Line::new(id.clone(), Some(sku.clone()), paid.most, paid.fields.clone())
            };
            let mut entitlement = self.whole(self.ends(&line, entitlement));
            if self.desired.told.not_ours.contains_key(id) {
                entitlement.buy = 0;
            }
            Some((id.clone(), entitlement))
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
        for refund in desired.refunds.values().filter(|refund| refund.whole) {
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

/// Whether the order lies in the shop's trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trash {
    Alive,
    /// A deletion and a living body came too close to each other, or the deletion too short a time ago.
    Unclear,
    Over,
}

impl Desired {
    pub(super) fn trash(&self, now: Timestamp) -> Trash {
        match (self.trashed, self.alive) {
            (None, _) => Trash::Alive,
            (Some(trashed), Some(alive)) if alive > trashed + TRASH_APART => Trash::Alive,
            (Some(trashed), Some(alive)) if alive + TRASH_APART >= trashed => Trash::Unclear,
            (Some(trashed), _) if now < trashed + TRASH_APART => Trash::Unclear,
            (Some(_), _) => Trash::Over,
        }
    }
}
