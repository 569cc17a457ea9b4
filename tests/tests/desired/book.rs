//! The shop's own book: what a customer is entitled to, read from the plain list of all statements, one rule after the
//! other, without any register. Slow, and only for tests.

mod billed;
mod over;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reseller_hooks::fulfilment::desired::Policy;
use reseller_hooks::order::{Answer, Line, OrderEvent, Paid, Refund, RefundState, Snapshot, Statement, Told, Version};
use reseller_hooks::time::Timestamp;

const TWO_MINUTES: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(3_600);

/// The units that may be bought, and those that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) buy: u32,
    pub(super) keep: u32,
}

/// Units by line.
type Units = BTreeMap<String, u32>;
/// A refund over all its tellings: how far it is, its units if any telling names them, and whether it gives back all.
type Known = (RefundState, Option<Units>, bool);

const NOTHING: Owed = Owed { buy: 0, keep: 0 };

pub(super) struct Book<'a> {
    events: &'a [OrderEvent],
    now: Timestamp,
    policy: &'a Policy,
}

impl<'a> Book<'a> {
    pub(super) fn of(events: &'a [OrderEvent], now: Timestamp, policy: &'a Policy) -> Self {
        Self { events, now, policy }
    }

    fn said(&self) -> impl Iterator<Item = &'a Statement> {
        self.events.iter().map(|event| &event.says)
    }

    fn snapshots(&self) -> Vec<&'a Snapshot> {
        let mut all = Vec::new();
        for says in self.said() {
            if let Statement::Snapshot(snapshot) = says
                && !all.contains(&snapshot)
            {
                all.push(snapshot);
            }
        }
        all
    }

    /// All snapshots of the newest time; what cannot be undone is newer than anything.
    fn newest(&self) -> Vec<&'a Snapshot> {
        let all = self.snapshots();
        let rank = |snapshot: &Snapshot| (snapshot.ended.is_some_and(|ended| ended.terminal), snapshot.version);
        let greatest = all.iter().map(|snapshot| rank(snapshot)).max();
        all.into_iter()
            .filter(|snapshot| Some(rank(snapshot)) == greatest)
            .collect()
    }

    /// All fully paid snapshots of the newest time that was fully paid.
    fn newest_paid(&self) -> Vec<&'a Snapshot> {
        let paid = self
            .snapshots()
            .into_iter()
            .filter(|snapshot| snapshot.paid == Paid::Full);
        let paid: Vec<_> = paid.collect();
        let greatest = paid.iter().map(|snapshot| snapshot.version).max();
        paid.into_iter()
            .filter(|snapshot| Some(snapshot.version) == greatest)
            .collect()
    }

    /// How far a refund came in the end, over all tellings, with its units of a line; `None`: never told apart.
    fn refund(&self, id: &str) -> Option<Known> {
        let tellings: Vec<&Refund> = self
            .said()
            .filter_map(|says| {
                let Statement::Refund(refund) = says else { return None };
                (refund.id == id).then_some(refund)
            })
            .collect();
        let state = tellings.iter().map(|refund| refund.state).max()?;
        let mut lines: Option<Units> = None;
        for (line, units) in tellings.iter().filter_map(|refund| refund.lines.as_ref()).flatten() {
            let known = lines.get_or_insert_default().entry(line.clone()).or_default();
            *known = (*known).max(*units);
        }
        // Of a subscription it is one payment of many, and beside one that failed it may be that one.
        let failed =
            |says: &Statement| matches!(says, Statement::Refund(refund) if refund.state == RefundState::Failed);
        let unclear = self
            .said()
            .any(|says| matches!(says, Statement::Payment(_)) || failed(says));
        let whole = !unclear && tellings.iter().any(|refund| refund.whole);
        Some((state, lines, whole))
    }

    fn refund_ids(&self) -> BTreeSet<&'a str> {
        let ids = self.said().filter_map(|says| {
            let Statement::Refund(refund) = says else { return None };
            Some(refund.id.as_str())
        });
        ids.collect()
    }

    /// Refunds that stand and of which the storefront does not say what they gave back.
    fn unmapped(&self, snapshot: &Snapshot) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for id in &snapshot.unmapped_refunds {
            match self.refund(id) {
                Some((RefundState::Failed, ..)) => {}
                Some((_, Some(_), _) | (_, _, true)) => {}
                Some((_, None, false)) | None => {
                    open.insert(id.clone());
                }
            }
        }
        for id in self.refund_ids() {
            if let Some((state, None, false)) = self.refund(id)
                && state != RefundState::Failed
                && !snapshot.refunds.contains(id)
            {
                open.insert(id.to_owned());
            }
        }
        open
    }

    fn last_told(&self, is: impl Fn(&Answer) -> bool) -> Option<&'a Told> {
        let told = self.said().filter_map(|says| {
            let Statement::Told(told) = says else { return None };
            (is(&told.answer)).then_some(told)
        });
        // The one who saw the newer state answers later, whatever the clocks say.
        told.max_by_key(|told| (told.answer.version(), *told))
    }

    /// What an operator said the refunds gave back, as long as all of them stand.
    fn told_refunded(&self, unmapped: &BTreeSet<String>) -> Option<(&'a BTreeSet<String>, &'a Units)> {
        match &self
            .last_told(|answer| matches!(answer, Answer::Refunded { .. }))?
            .answer
        {
            Answer::Refunded { refunds, lines } => refunds.is_subset(unmapped).then_some((refunds, lines)),
            Answer::Paid { .. } | Answer::NotPaid { .. } | Answer::NotOurs { .. } => None,
        }
    }

    fn told_unpaid(&self, of: Version) -> bool {
        let told = self.last_told(|answer| matches!(answer, Answer::NotPaid { .. } | Answer::Paid { .. }));
        matches!(told.map(|told| &told.answer), Some(Answer::NotPaid { version }) if *version == of)
    }

    /// Units less what was given back and not counted in them.
    fn less(&self, units: u32, line: &str, counted: &BTreeSet<String>) -> Owed {
        let first = self
            .newest()
            .into_iter()
            .min_by_key(|snapshot| (snapshot.paid != Paid::Full, (*snapshot).clone()));
        let unmapped = first.map(|first| self.unmapped(first)).unwrap_or_default();
        let told = self.told_refunded(&unmapped);
        let told = told.and_then(|(_, lines)| lines.get(line)).copied().unwrap_or(0);
        let (mut pending, mut gone) = (told, told);
        for id in self.refund_ids().into_iter().filter(|id| !counted.contains(*id)) {
            let Some((state, Some(lines), _)) = self.refund(id) else {
                continue;
            };
            let units = lines.get(line).copied().unwrap_or(0);
            match state {
                RefundState::Pending => pending += units,
                RefundState::Succeeded => {
                    pending += units;
                    gone += units;
                }
                RefundState::Failed => {}
            }
        }
        Owed {
            buy: units.saturating_sub(pending),
            keep: units.saturating_sub(gone),
        }
    }

    fn paid_earlier(&self, line: &str) -> Owed {
        let paid = self.newest_paid();
        // An operator says that this was not paid. What an older state was paid for, nobody knows any more.
        let denied = paid.first().map(|paid| paid.version).filter(|of| self.told_unpaid(*of));
        if denied.is_some_and(|of| !self.was_paid_before(of)) {
            return NOTHING;
        }
        if paid.len() > 4 {
            return Owed { buy: 0, keep: u32::MAX };
        }
        let of_state = |snapshot: &&Snapshot| {
            let listed = snapshot.lines.iter().find(|listed| listed.id == line && !listed.trial);
            self.less(listed.map_or(0, |listed| listed.units), line, &snapshot.refunds)
        };
        let mut owed = paid.iter().map(of_state).reduce(both).unwrap_or(NOTHING);
        let skus: BTreeSet<_> = paid.iter().filter_map(|snapshot| paid_line(snapshot, line)).collect();
        if skus.len() > 1 || denied.is_some() {
            owed.buy = 0;
        }
        owed
    }

    fn was_paid_before(&self, version: Version) -> bool {
        let is_paid = |earlier: &Snapshot| earlier.paid == Paid::Full && !earlier.refunded_all;
        self.snapshots()
            .into_iter()
            .any(|earlier| is_paid(earlier) && earlier.version < version)
    }

    /// The SKU that a line is planned from.
    fn sku(&self, snapshot: &Snapshot, line: &Line) -> Option<String> {
        let listed = line.sku.as_ref().map(ToString::to_string);
        let told_unpaid = self.told_unpaid(snapshot.version);
        match snapshot.paid {
            Paid::Full if !told_unpaid => listed,
            Paid::ByPayments => {
                let billed = |sku: &str| !self.payments_of(&line.id, Some(sku)).is_empty();
                if line.trial || listed.as_deref().is_some_and(billed) {
                    return listed;
                }
                let all = self.payments_of(&line.id, None);
                let newest = all.iter().map(|(version, ..)| *version).max();
                let skus = all
                    .iter()
                    .filter(|(version, ..)| Some(*version) == newest)
                    .map(|(_, sku, _)| sku.clone());
                skus.min().or(listed)
            }
            Paid::Full | Paid::No | Paid::Unclear => {
                let mut paid = self.newest_paid();
                paid.sort();
                paid.into_iter()
                    .find_map(|paid| paid_line(paid, &line.id))
                    .unwrap_or(listed)
            }
        }
    }

    fn of_state(&self, snapshot: &Snapshot, line: &Line) -> Owed {
        if snapshot.ended.is_some() {
            return NOTHING;
        }
        let told_unpaid = self.told_unpaid(snapshot.version);
        let mut listed = self.less(line.units, &line.id, &snapshot.refunds);
        let sku = line.sku.as_ref().map(|sku| sku.as_str());
        if snapshot.lines.iter().all(|listed| listed.id != line.id) {
            // Only an invoice lists it: what is there stays, and no more is bought until a state lists it too.
            listed.buy = 0;
        }
        let on_trial = line.trial && self.policy.buy_on_trial;
        let later = sku.filter(|sku| !on_trial && self.is_billed_after(snapshot, &line.id, Some(sku)));
        if let Some(billed) = later.and_then(|sku| self.billed(&line.id, Some(sku))) {
            listed.keep = listed
                .keep
                .max(self.less(billed.keep, &line.id, &snapshot.refunds).keep);
        }
        let has_payments = self.said().any(|says| matches!(says, Statement::Payment(_)));
        let earlier = || least(listed, self.paid_earlier(&line.id));
        let mut owed = match snapshot.paid {
            Paid::ByPayments if on_trial => listed,
            Paid::ByPayments if self.policy.buy_unpaid_changes && has_payments => listed,
            Paid::ByPayments => {
                // What no invoice names was given on trial, if anything was: it stays until the subscription says otherwise.
                let unbilled = Owed { buy: 0, ..listed };
                self.billed(&line.id, sku)
                    .map_or(unbilled, |billed| least(listed, billed))
            }
            Paid::Full if told_unpaid => earlier(),
            Paid::Full if !line.trial || on_trial => listed,
            Paid::Unclear if !told_unpaid => Owed { buy: 0, ..earlier() },
            Paid::Full | Paid::No | Paid::Unclear => earlier(),
        };
        if snapshot.refunded_all {
            let earlier_paid = self.was_paid_before(snapshot.version);
            let again = snapshot.paid == Paid::Full && earlier_paid && !told_unpaid;
            owed = if again { Owed { buy: 0, ..owed } } else { NOTHING };
        } else {
            let unmapped = self.unmapped(snapshot);
            let answered = self
                .told_refunded(&unmapped)
                .map(|(refunds, _)| refunds.clone())
                .unwrap_or_default();
            if unmapped.iter().any(|id| !answered.contains(id)) {
                owed.buy = 0;
            }
        }
        self.ends(line, &self.lines_of(snapshot), owed)
    }

    /// What the customer is owed of a line.
    pub(super) fn owed(&self, line: &str) -> Owed {
        let newest = self.newest();
        if newest.is_empty() {
            return self.owed_by_invoices(line);
        }
        let listed = |snapshot: &Snapshot| self.lines_of(snapshot).into_iter().find(|listed| listed.id == line);
        let is_known = newest.iter().any(|snapshot| listed(snapshot).is_some());
        if newest.len() > 4 {
            return Owed { buy: 0, keep: u32::MAX };
        }
        if !is_known {
            // A list that is empty takes nothing back.
            let lost =
                |snapshot: &&Snapshot| snapshot.lines.is_empty() && snapshot.ended.is_none() && !snapshot.refunded_all;
            return match newest.iter().any(lost) {
                true => self.whole(Owed { buy: 0, keep: u32::MAX }),
                false => NOTHING,
            };
        }
        let owed = newest
            .iter()
            .map(|snapshot| listed(snapshot).map_or(NOTHING, |line| self.of_state(snapshot, &line)));
        let mut owed = owed.reduce(both).unwrap_or(NOTHING);
        let skus: BTreeSet<_> = newest
            .iter()
            .filter_map(|snapshot| listed(snapshot).map(|line| self.sku(snapshot, &line)))
            .collect();
        if skus.len() > 1 {
            owed.buy = 0;
        }
        let mut owed = self.whole(owed);
        if self.is_told_not_ours(line) {
            owed.buy = 0;
        }
        owed
    }

    fn is_told_not_ours(&self, line: &str) -> bool {
        self.said().any(
            |says| matches!(says, Statement::Told(Told { answer: Answer::NotOurs { line: of }, .. }) if of == line),
        )
    }
}

/// What a paid snapshot has of a line, if it is paid for: its SKU, which may be none.
fn paid_line(snapshot: &Snapshot, line: &str) -> Option<Option<String>> {
    let listed = snapshot
        .lines
        .iter()
        .find(|listed| listed.id == line && !listed.trial)?;
    Some(listed.sku.as_ref().map(ToString::to_string))
}

fn least(one: Owed, two: Owed) -> Owed {
    Owed {
        buy: one.buy.min(two.buy),
        keep: one.keep.min(two.keep),
    }
}

/// What may be true of either: bought only if both agree, taken back only if both agree.
fn both(one: Owed, two: Owed) -> Owed {
    Owed {
        buy: one.buy.min(two.buy),
        keep: one.keep.max(two.keep),
    }
}
