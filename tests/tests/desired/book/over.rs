//! What ends an order in the shop's own book: the end of what it began, a whole refund, a dispute, the trash.

use std::collections::BTreeSet;

use reseller_hooks::order::{Covers, Dispute, DisputeState, Ended, Line, Paid, RefundState, Statement};

use super::{Book, HOUR, NOTHING, Owed, TWO_MINUTES};

impl Book<'_> {
    /// `beside`: all lines of the state, of which some may fit an end better.
    pub(super) fn ends(&self, line: &Line, beside: &[Line], mut owed: Owed) -> Owed {
        let causes: BTreeSet<&str> = self
            .said()
            .filter_map(|says| {
                let Statement::End(end) = says else { return None };
                Some(end.cause.as_str())
            })
            .collect();
        for cause in causes {
            let ends = self.said().filter_map(|says| {
                let Statement::End(end) = says else { return None };
                (end.cause == cause).then_some(end)
            });
            let ends: Vec<_> = ends.collect();
            // Whether something is terminal is said by any of one cause and time.
            let terminal = |ended: &Option<Ended>| ended.is_some_and(|ended| ended.terminal);
            let any_terminal = ends.iter().any(|end| terminal(&end.ended));
            let newest = ends.iter().filter(|end| !any_terminal || terminal(&end.ended));
            let newest = newest.map(|end| end.version).max();
            let mut of_newest = ends
                .iter()
                .filter(|end| Some(end.version) == newest && (!any_terminal || terminal(&end.ended)));
            // `None`: it is about some of several lines, and does not say which.
            let over = |end: &&&reseller_hooks::order::End| -> Option<bool> {
                if end.ended.is_none() {
                    return Some(false);
                }
                match &end.of {
                    Covers::All => Some(true),
                    Covers::Skus(skus) => Some(line.sku.as_ref().is_some_and(|sku| skus.contains(sku))),
                    Covers::SubscriptionLines => Some(line.subscription),
                    Covers::Items(items) => {
                        // A history's end names one item.
                        let Some(item) = items.first() else {
                            return Some(false);
                        };
                        let fit = |line: &Line| {
                            let product = u8::from(item.product.is_some() && item.product == line.product);
                            let sku = u8::from(item.sku.is_some() && item.sku == line.sku);
                            2 * sku + product
                        };
                        let best = beside.iter().map(&fit).max().unwrap_or(0);
                        if best == 0 || fit(line) < best {
                            return Some(false);
                        }
                        let fitting: Vec<_> = beside.iter().filter(|other| fit(other) == best).collect();
                        let units: u32 = fitting.iter().map(|other| other.units).sum();
                        (fitting.len() < 2 || item.units == 0 || units <= item.units).then_some(true)
                    }
                }
            };
            let distinct: BTreeSet<_> = of_newest.clone().collect();
            let too_many = distinct.len() > 4;
            let all = of_newest.clone().all(|end| over(&end) == Some(true));
            let any = of_newest.any(|end| over(&end) != Some(false));
            if all && !too_many {
                return NOTHING;
            }
            if any || too_many {
                owed.buy = 0;
            }
        }
        owed
    }

    /// What holds for the whole order.
    pub(super) fn whole(&self, mut owed: Owed) -> Owed {
        let (mut first, mut later) = (false, false);
        for says in self.said() {
            match says {
                Statement::Payment(payment) => {
                    first |= payment.first;
                    later |= !payment.first;
                }
                Statement::Snapshot(snapshot) if snapshot.renewal => later = true,
                Statement::Snapshot(snapshot) => {
                    let young = snapshot.version.time <= snapshot.created_at + HOUR;
                    first |= snapshot.paid != Paid::ByPayments || young || snapshot.lines.iter().any(|line| line.trial);
                }
                Statement::Settled
                | Statement::Refund(_)
                | Statement::Dispute(_)
                | Statement::End(_)
                | Statement::Trashed
                | Statement::BelongsTo(_)
                | Statement::Notice(_)
                | Statement::Told(_) => {}
            }
        }
        if later && !first && !self.policy.released {
            owed.buy = 0;
        }
        for id in self.refund_ids() {
            match self.refund(id) {
                Some((RefundState::Pending, _, true)) => owed.buy = 0,
                Some((RefundState::Succeeded, _, true)) => return NOTHING,
                _ => {}
            }
        }
        let ids: BTreeSet<&str> = self
            .said()
            .filter_map(|says| {
                let Statement::Dispute(dispute) = says else { return None };
                Some(dispute.id.as_str())
            })
            .collect();
        for id in ids {
            let tellings = self.said().filter_map(|says| {
                let Statement::Dispute(dispute) = says else { return None };
                (dispute.id == id).then_some(dispute)
            });
            let tellings: Vec<&Dispute> = tellings.collect();
            let won = tellings.iter().any(|dispute| dispute.state == DisputeState::Won);
            let inquiry = tellings.iter().all(|dispute| dispute.inquiry);
            if self.policy.take_back_on_dispute && !won && !inquiry {
                return NOTHING;
            }
        }
        self.trash(owed)
    }

    pub(super) fn trash(&self, owed: Owed) -> Owed {
        let received = |is: fn(&Statement) -> bool| {
            let all = self.events.iter().filter(|event| is(&event.says));
            all.map(|event| event.received_at).max()
        };
        let trashed = received(|says| matches!(says, Statement::Trashed));
        let alive = received(|says| matches!(says, Statement::Snapshot(_)));
        let Some(trashed) = trashed else { return owed };
        let unclear = Owed { buy: 0, ..owed };
        match alive {
            Some(alive) if alive > trashed + TWO_MINUTES => owed,
            Some(alive) if trashed <= alive + TWO_MINUTES => unclear,
            Some(_) | None if self.now < trashed + TWO_MINUTES => unclear,
            Some(_) | None => NOTHING,
        }
    }
}
