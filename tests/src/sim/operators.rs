//! Operators in a history: verbs at any time, twice, by two people, and every problem closed at the end. None of them may buy
//! what was not owed, and nothing may be unsettled in silence meanwhile.

use std::time::Duration;

use reseller_hooks::fulfilment::record::{Item, Kind};
use reseller_hooks::fulfilment::{OrderRecord, Verb};
use reseller_hooks::ledger::limit::LimitStore;
use reseller_hooks::order::OrderKey;
use reseller_hooks::queue::parked;
use reseller_hooks::time::Clock;
use reseller_hooks::webhook::{Answer, Disposition};
use serde_json::{Value, json};
use wix_sandbox::Operation;

use super::answers::Answers;
use super::scheduler::Sim;
use crate::world::poll_through;

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
        let (choice, twice, at) = (rng.below(18), rng.one_in(3), rng.below(1_000));
        // A real line of the order, or the "1" that most have.
        let lines = self.orders.iter().find(|order| order.key == key);
        let lines: Vec<&String> = lines.into_iter().flat_map(|order| order.skus.keys()).collect();
        let line = match lines.len() {
            0 => "1".to_owned(),
            most => lines[rng.index(most)].clone(),
        };
        let unit = rng.between(1, 3);
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
                let for_hours = u64::from(rng.between(1, 48));
                self.resumes_at = Some(self.world.clock.now() + Duration::from_secs(for_hours * 3_600));
                return self.verb(json!({"pause": {"by": who.0, "reason": who.1}}));
            }
            (9, ..) => json!({"resume": {"by": who.0, "reason": who.1}}),
            (3, ..) => json!({"release": {"order": key, "by": who.0, "reason": who.1}}),
            (4..6, Some(problem), _) => {
                json!({"close": {"order": key, "problem": problem.id, "by": who.0, "reason": who.1}})
            }
            (6..8, _, Some(package)) => json!({"adopt": {
                "order": key, "line": line, "unit": unit, "package": package, "by": who.0, "reason": who.1,
            }}),
            (10, ..) => json!({"retry": {"order": key, "replace": true, "by": who.0, "reason": who.1}}),
            (11, ..) => json!({"audit": {}}),
            (12, ..) => json!({"erase": {"order": key, "by": who.0, "reason": who.1}}),
            (13, ..) => return self.requeue_any(pick(1_000), twice),
            (14..18, ..) => return self.tell_of(&key, at, twice),
            _ => return,
        };
        if choice == 10 {
            self.replaced.insert(key);
        }
        for _ in 0..=u32::from(twice) {
            self.reconcile(event.clone());
        }
    }

    /// An operator answers what the storefront leaves open, for himself and whatever is true: the book takes it from him.
    fn tell_of(&mut self, key: &str, draw: u64, twice: bool) {
        let Some(order) = self.orders.iter().find(|order| order.key == key) else {
            return;
        };
        let lines: Vec<&String> = order.skus.keys().collect();
        let line = lines[usize::try_from(draw).unwrap_or(0) % lines.len()];
        let mut tell = json!({"order": key, "by": "operator", "reason": "simulated"});
        match draw % 8 {
            // Nothing was given back.
            0 => tell["refunded"] = json!({}),
            1..=3 => tell["refunded"] = json!({ line: draw % 3 }),
            // Always the same of one order: who told that it is paid and takes that back is a scenario of its own.
            4..=6 => tell["paid"] = json!(key.ends_with(['1', '3'])),
            _ => tell["not_ours"] = json!([line]),
        }
        for _ in 0..=u32::from(twice) {
            self.verb(json!({ "tell": tell }));
        }
    }

    /// A verb was carried out: what was told counts from now on.
    pub(super) fn carried_out(&mut self, event: &Value) {
        if self.calm && event["pause"].is_object() {
            // It was under way when faults stopped.
            self.reconcile(json!({"resume": {"by": "operator", "reason": "simulated"}}));
        }
        let tell = &event["tell"];
        if let Some(key) = tell["order"].as_str() {
            self.told.entry(key.to_owned()).or_default().add(tell);
        }
    }

    /// What each order's record has of what operators told, for the shop's book; and what of it is missing.
    pub(super) fn note_answers(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in self.world.ledger.entries() {
            let answers = Answers::of(&entry.body);
            let is_erased = entry.body.contains("\"erased\":");
            let accepted = self.told.get(&entry.key).filter(|_| !is_erased);
            if accepted.is_some_and(|accepted| !answers.has_all_of(accepted)) {
                found.push(format!("I7 {}: what an operator told is not in the record", entry.key));
            }
            if let Some(order) = self.orders.iter_mut().find(|order| order.key == entry.key) {
                order.answers = answers;
            }
        }
        found
    }

    /// An operator has one of the parked deliveries delivered again.
    fn requeue_any(&mut self, at: usize, twice: bool) {
        let kept = self.queues.kept();
        if kept.is_empty() {
            return;
        }
        let message = kept[at % kept.len()].clone();
        let parked = parked::decode(&[message]).expect("a small delivery is parked in one message");
        for _ in 0..=u32::from(twice) {
            self.requeue(&parked);
        }
    }

    /// What nobody can understand is not understood by being delivered again, and is not parked once more.
    pub(super) fn requeued(&mut self, answer: &Answer) {
        let disposition = answer.disposition;
        self.tell(|| format!("it is answered {}", disposition.as_str()));
        if !matches!(
            disposition,
            Disposition::Parked | Disposition::Unverified | Disposition::Unavailable
        ) {
            self.broken(format!(
                "what nobody can understand is answered {disposition:?} when it is delivered again"
            ));
        }
    }

    /// Who paused resumes in the end. The time until then is no order's silence.
    pub(super) fn resume(&mut self) {
        if std::mem::take(&mut self.operator_paused) {
            self.reconcile(json!({"resume": {"by": "operator", "reason": "simulated"}}));
        }
    }

    /// Nobody pauses for months: who paused resumes after hours or days, and looks an hour later whether that took effect.
    pub(super) fn resume_in_time(&mut self) {
        let is_paused = self.waits_for_resume();
        self.resumes_at = (is_paused && !self.calm).then(|| self.now() + Duration::from_secs(3_600));
        self.operator_paused &= is_paused;
        if is_paused {
            self.reconcile(json!({"resume": {"by": "operator", "reason": "simulated"}}));
        }
    }

    /// Whether somebody paused, or the ledger was restored, and nobody has resumed since.
    fn waits_for_resume(&self) -> bool {
        let ledger = self.ledger.inner();
        let limit = poll_through(ledger.limit());
        matches!(limit, Ok(Some(limit)) if limit.paused.is_some() || limit.home != ledger.home())
    }

    /// A pause that was begun before faults stopped, and took effect after them.
    pub(super) fn resume_late(&mut self) {
        if self.waits_for_resume() {
            self.reconcile(json!({"resume": {"by": "operator", "reason": "simulated"}}));
            self.calm_at = self.now();
            self.happen();
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
            // Not read where it need not be: this is asked at each pause of a history.
            if entry.attention_since.is_some() || !entry.body.contains("\"unsettled_since\"") {
                continue;
            }
            let Ok(record) = OrderRecord::from_json(&entry.body) else {
                continue;
            };
            let since = record.unsettled_since();
            if since.is_some_and(|since| since + longest < now) {
                self.broken(format!(
                    "I8: {} is unsettled since {since:?}, and nobody was told",
                    entry.key
                ));
            }
        }
    }

    /// The free extras that wait for a plan to be ready, moved or adjusted: they are owed, and bought once a person has settled why
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
        // It waits for an instance that was not ready when it was read last.
        let is_awaited = |item: Item| {
            let bases = record
                .packages()
                .filter(|(purchase, _)| purchase.id().kind == Kind::Base);
            let mut items = bases.flat_map(|(purchase, held)| purchase.items().iter().zip(held.instances()));
            items.any(|(held, instance)| *held == item && instance.may_become_nameable())
        };
        let mut owed = 0;
        for (index, line) in (0_u32..).zip(record.lines()) {
            for (first, run) in line.numbered_runs() {
                for (at, component) in (0_u32..).zip(run.plan.components()) {
                    let is_changed = component.moves + component.adjusts > 0;
                    let units = (first..first + run.count).filter(|unit| {
                        let item = Item(index, *unit, at);
                        component.voucher.is_some() && (is_changed || is_awaited(item)) && !begun(item)
                    });
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
            // A question that Wix does not answer has nothing to settle: its sentence says to retry, and that goes on with it.
            let settles = problems.iter().all(|problem| problem.verbs.contains(&Verb::Close));
            if settles && creates(self) > bought + free {
                self.broken(format!("I11: a retry of {key} bought what was closed"));
            }
        }
    }
}
