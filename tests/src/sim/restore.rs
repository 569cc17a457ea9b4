//! The ledger is restored to an earlier time, as docs/operate.md describes it: everything is paused and new, what was written
//! since is gone, the orders of the lost time are delivered again, an audit compares everything, and an operator resumes.

use std::collections::BTreeSet;
use std::time::Duration;

use reseller_hooks::fulfilment::Attention;
use reseller_hooks::ledger::limit::LimitStore;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::time::{Clock, Timestamp};
use serde_json::json;

use super::rng::Rng;
use super::scheduler::Sim;
use super::shop::Sender;
use crate::world::{World, poll_through};

/// How far it is: every sixteenth history has one restore. Drawn apart from the rest, so that the other histories stay as they
/// are.
pub(super) struct Restore {
    rng: Rng,
    backup: Option<MemoryLedger>,
    /// When an operator resumes, where that is before faults stop.
    resumes_at: Option<Timestamp>,
    /// The orders of which the restored ledger lacks something.
    touched: BTreeSet<String>,
    is_done: bool,
}

impl Restore {
    pub(super) fn draw(seed: u64, always: bool) -> Option<Self> {
        (always || seed % 16 == 5).then(|| Self {
            rng: Rng::new(seed.wrapping_mul(0xd1b5_4a32_d192_ed03)),
            backup: None,
            resumes_at: None,
            touched: BTreeSet::new(),
            is_done: false,
        })
    }
}

impl Sim {
    /// What a process knows of the restore, which decides what is to be done next.
    pub(super) fn learn_of_restore(&mut self) {
        let limit = poll_through(self.ledger.inner().limit());
        if let Ok(Some(limit)) = limit {
            self.world.settings.restored = limit.restored;
        }
    }

    /// The orders of which a restored ledger lacked something.
    pub(super) fn restored(&self) -> BTreeSet<String> {
        let restore = self.restore.as_ref().filter(|restore| restore.is_done);
        restore.map(|restore| restore.touched.clone()).unwrap_or_default()
    }

    /// A backup is made, or the ledger is restored from it, perhaps.
    pub(super) fn restore_perhaps(&mut self) {
        let now = self.now();
        let Some(restore) = &mut self.restore else { return };
        if restore.is_done {
            if restore.resumes_at.is_some_and(|at| at <= now) {
                restore.resumes_at = None;
                self.reconcile(json!({"resume": {"by": "operator", "reason": "restored"}}));
            }
            return;
        }
        if !restore.rng.permille(15) {
            return;
        }
        match restore.backup.take() {
            Some(backup) => self.restore_from(backup),
            None => {
                // A ledger of which nobody ever had a permit is none that could be taken for another.
                let inner = self.ledger.inner();
                let has_limit = matches!(poll_through(inner.limit()), Ok(Some(_)));
                restore.backup = has_limit.then(|| inner.restored("restored"));
            }
        }
    }

    fn restore_from(&mut self, backup: MemoryLedger) {
        // All is paused, and every invocation has ended long before the new table is there.
        for task in std::mem::take(&mut self.tasks) {
            self.died(&task);
        }
        let backed_up = backup.entries();
        let is_as_backed_up = |entry: &reseller_hooks::ledger::Entry| {
            let mut known = backed_up.iter().filter(|known| known.key == entry.key);
            known.any(|known| known.rev == entry.rev)
        };
        let entries = self.world.ledger.entries();
        let touched: BTreeSet<String> = entries
            .into_iter()
            .filter(|entry| !is_as_backed_up(entry))
            .map(|entry| entry.key)
            .collect();
        let Some(restore) = &mut self.restore else { return };
        let takes = restore.rng.pick(&[600, 1_800, 3_600]);
        let pause = restore.rng.pick(&[60, 600, 4 * 3_600, 20 * 86_400]);
        self.world.clock.advance(Duration::from_secs(takes));
        let resumes_at = self.world.clock.now() + Duration::from_secs(pause);
        restore.resumes_at = Some(resumes_at);
        restore.touched.clone_from(&touched);
        restore.is_done = true;
        self.tell(|| format!("the ledger is restored; it lacks something of {touched:?}"));
        self.ledger = self.ledger.restored(backup);
        self.world.ledger = self.ledger.inner();
        self.deploy();
        self.operator_paused = true;
        for key in touched {
            self.told.remove(&key);
            self.replaced.insert(key);
        }
    }

    /// The shop's owner delivers the orders of the lost time again, once all is well.
    pub(super) fn deliver_lost(&mut self) {
        let touched = self.restored();
        // What Stripe tells of an invoice or a payment has a record of its own, with the subscription in its name.
        let lacks = |key: &str| {
            let part = key.strip_prefix("stripe/").unwrap_or(key);
            touched.iter().any(|lost| lost.contains(part))
        };
        let mut at = self.now();
        for delivery in 0..self.deliveries.len() {
            let lost = &self.deliveries[delivery];
            let came = lost.at <= self.now() && lost.message.is_heard() && lost.sender == Sender::Storefront;
            if came && lacks(&lost.key) {
                at = at + Duration::from_secs(200);
                self.redeliver(delivery, at);
            }
        }
    }

    /// What the restored ledger does not know of what became of packages, the audit finds.
    pub(super) fn audit_restored(&mut self) {
        if !self.restored().is_empty() {
            self.world.clock.advance(Duration::from_secs(7_200));
            self.reconcile(json!({"audit": {}}));
            self.happen();
        }
    }
}

/// Whether what the invariants found counts for an order whose ledger was restored: a package that the restored one does not
/// know, and what the lost one did to it, is the audit's to name, and a person's to settle. What must hold is that no unit is
/// bought twice, which the shop's book says, and that everything owed is there or in attention.
pub(super) fn counts(world: &World, restored: &BTreeSet<String>, found: &str) -> bool {
    let Some(key) = restored.iter().find(|key| found.contains(&format!(" {key}:"))) else {
        return true;
    };
    let is_of_unknown = found.contains("paid instances of") || found.contains("no record points at package");
    // What the lost ledger moved or adjusted, and this one never heard of, a person is told.
    let is_shown = world
        .problems(key)
        .iter()
        .any(|problem| problem.code == "OTHER_THAN_PLANNED");
    let is_another =
        found.starts_with("I2") && is_shown && (found.contains("it is on ") || found.contains("it is product "));
    // What does not fit, or of which nobody knows what became of it, holds up what the order has beside it.
    let is_held_up = |problem: &Attention| {
        problem.code == "SURPLUS_PACKAGE"
            || ["base package b", "voucher package v"]
                .iter()
                .any(|what| problem.what.starts_with(what))
    };
    // Closing its problem buys nothing.
    let closed = world
        .record(key)
        .closed()
        .values()
        .any(|closing| closing.code == "SURPLUS_PACKAGE");
    let waits = found.starts_with("I2") && (closed || world.problems(key).iter().any(is_held_up));
    !(found.starts_with("I3") || found.starts_with("I12") || is_of_unknown || is_another || waits)
}
