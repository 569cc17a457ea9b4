//! Operators in a history: verbs at any time, twice, by two people, and every problem closed at the end. None of them may buy
//! what was not owed, and nothing may be unsettled in silence meanwhile.

use std::time::Duration;

use reseller_hooks::fulfilment::OrderRecord;
use reseller_hooks::fulfilment::record::{Item, Kind};
use reseller_hooks::order::OrderKey;
use serde_json::json;
use wix_sandbox::Operation;

use super::scheduler::Sim;

impl Sim {
    /// An operator uses a verb, at any time, sometimes twice as two people would. None of them may buy what was not owed.
    pub(super) fn operate(&mut self) {
        let Some((rng, left)) = &mut self.operators else { return };
        if *left == 0 || !rng.permille(30) {
            return;
        }
        *left -= 1;
        let entries = self.world.ledger.entries();
        let keys: Vec<&str> = entries
            .iter()
            .map(|entry| entry.key.as_str())
            .filter(|key| key.contains('/'))
            .collect();
        if keys.is_empty() {
            return;
        }
        let key = keys[rng.index(keys.len())].to_owned();
        let (choice, twice, at) = (rng.below(10), rng.one_in(3), rng.below(1_000));
        let problems = self.world.problems(&key);
        let packages: Vec<String> = self
            .world
            .look()
            .packages()
            .map(|package| package.id.to_string())
            .collect();
        let pick = |most: usize| usize::try_from(at).unwrap_or(0) % most.max(1);
        let who = ("operator", "simulated");
        let event = match (
            choice,
            problems.get(pick(problems.len())),
            packages.get(pick(packages.len())),
        ) {
            (0..3, ..) => json!({"retry": {"order": key, "by": who.0, "reason": who.1}}),
            // Seldom: until somebody resumes, every minute of the history is walked through.
            (8, ..) if at % 4 == 0 => {
                self.operator_paused = true;
                json!({"pause": {"by": who.0, "reason": who.1}})
            }
            (9, ..) => json!({"resume": {"by": who.0, "reason": who.1}}),
            (3, ..) => json!({"release": {"order": key, "by": who.0, "reason": who.1}}),
            (4..6, Some(problem), _) => {
                json!({"close": {"order": key, "problem": problem.id, "by": who.0, "reason": who.1}})
            }
            (6..8, _, Some(package)) => json!({"adopt": {
                "order": key, "line": "1", "unit": 1, "package": package, "by": who.0, "reason": who.1,
            }}),
            _ => return,
        };
        for _ in 0..=u32::from(twice) {
            self.reconcile(event.clone());
        }
    }

    /// Who paused resumes in the end. The time until then is no order's silence.
    pub(super) fn resume(&mut self) {
        if std::mem::take(&mut self.operator_paused) {
            self.reconcile(json!({"resume": {"by": "operator", "reason": "simulated"}}));
        }
    }

    /// I8: nothing stays unsettled for more than 26 hours without a person being told. An outage or a pause is a problem of
    /// its own.
    pub(super) fn silence(&mut self) {
        let now = self.now();
        if self.operator_paused {
            return;
        }
        let longest = Duration::from_secs(26 * 3_600) + self.away;
        for entry in self.world.ledger.entries() {
            let Ok(record) = OrderRecord::from_json(&entry.body) else {
                continue;
            };
            let since = record.unsettled_since().filter(|_| entry.attention_since.is_none());
            if since.is_some_and(|since| since + longest < now) {
                self.broken(format!(
                    "I8: {} is unsettled since {since:?}, and nobody was told",
                    entry.key
                ));
            }
        }
    }

    /// The free extras that wait for a plan to be moved or adjusted: they are owed, and bought once a person has settled why
    /// that did not happen.
    fn owed_vouchers(&self, key: &OrderKey) -> u64 {
        let entries = self.world.ledger.entries();
        let entry = entries.iter().find(|entry| entry.key == key.to_string());
        let Some(record) = entry.and_then(|entry| OrderRecord::from_json(&entry.body).ok()) else {
            return 0;
        };
        let begun = |item: Item| {
            let mut purchases = record.purchases().iter();
            purchases.any(|purchase| purchase.id().kind == Kind::Voucher && purchase.items().contains(&item))
        };
        let mut owed = 0;
        for (index, line) in (0_u32..).zip(record.lines()) {
            for (first, run) in line.numbered_runs() {
                for (at, component) in (0_u32..).zip(run.plan.components()) {
                    let waits = component.voucher.is_some() && component.moves + component.adjusts > 0;
                    let units = (first..first + run.count).filter(|unit| waits && !begun(Item(index, *unit, at)));
                    owed += units.count() as u64;
                }
            }
        }
        owed
    }

    /// An operator closes every problem, twice, and retries what was closed: nothing may be bought by it but what was owed and
    /// held up. That closing itself calls nobody is a scenario (`fulfilment::closing`).
    pub(super) fn close_all(&mut self, troubled: &[OrderKey]) {
        let creates = |sim: &Self| sim.world.calls(Operation::CreatePackage);
        for key in troubled {
            let bought = creates(self);
            let free = self.owed_vouchers(key);
            let problems = self.world.problems(&key.to_string());
            for problem in problems.iter().chain(&problems) {
                let close =
                    json!({"order": key, "problem": problem.id, "by": "simulation", "reason": "settled by hand"});
                self.tell(|| format!("{key} has the problem {} {}", problem.code, problem.what));
                self.reconcile(json!({ "close": close }));
                self.calm_at = self.now();
                self.happen();
            }
            let left = self.world.problems(&key.to_string());
            if !left.is_empty() {
                self.broken(format!("I11: closed, and still in attention: {left:?}"));
            }
            self.reconcile(json!({"retry": key}));
            self.happen();
            if creates(self) > bought + free {
                self.broken(format!("I11: a retry of {key} bought what was closed"));
            }
        }
    }
}
