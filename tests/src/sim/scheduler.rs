//! Lets a history happen: delivers, starts workers and sweeps, lets one of them go on by one await point, moves the
//! time, kills, freezes and strikes, all by the seed. Then everything that fails on purpose stops, what is due is
//! worked off, and the promise is checked.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::Fulfilment;
use reseller_hooks::order::OrderKey;
use reseller_hooks::time::{Clock, Timestamp};
use wix_sandbox::{DEFAULT_API_KEY, InstanceChange, Status};

use super::ledger::SimLedger;
use super::rng::Rng;
use super::shop::{self, Delivery, ShopOrder};
use super::trouble::{OTHER_MAIL, Trouble};
use super::{History, PAIR, Profile, check};
use crate::world::{CATALOG, Run, START, VirtualClock, WixPort, World, poll_through};

/// More steps than any history needs: who takes more spins.
const MOST_STEPS: u64 = 60_000;

static CATALOGS: LazyLock<[Catalog; 2]> = LazyLock::new(|| {
    let first = format!("{CATALOG}{PAIR}");
    // MAIL becomes another product; nothing else changes.
    let second = first.replacen("53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c", OTHER_MAIL, 1);
    [first, second].map(|text| Catalog::from_toml(&text).expect("the simulation's catalog is good"))
});

/// A worker's clock: the time, give or take half of what clocks may be apart.
#[derive(Debug, Clone)]
struct SkewedClock(VirtualClock, i64);

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now().as_millis() + self.1)
    }
}

/// What a worker was started for.
enum Job {
    Delivery(usize),
    Sweep,
}

struct Task {
    run: Run<'static, bool>,
    job: Job,
    number: u32,
    timeout: Timestamp,
}

struct Sim {
    rng: Rng,
    world: World,
    ledger: SimLedger,
    orders: Vec<ShopOrder>,
    deliveries: Vec<Delivery>,
    queue: BinaryHeap<Reverse<(Timestamp, usize)>>,
    tasks: Vec<Task>,
    trouble: Trouble,
    calm: bool,
    calm_at: Timestamp,
    mend_at: Option<Timestamp>,
    swept_at: Timestamp,
    unreachable: Arc<AtomicBool>,
    catalog_changed: bool,
    workers: u32,
    calls_told: u64,
    story: Option<Vec<String>>,
    result: History,
}

pub(super) fn run(seed: u64, profile: &Profile, tell: bool) -> History {
    let mut sim = Sim::new(seed, profile, tell);
    sim.happen();
    sim.judge();
    sim.result.story = sim.story.take().unwrap_or_default();
    sim.result
}

impl Sim {
    fn new(seed: u64, profile: &Profile, tell: bool) -> Self {
        let mut rng = Rng::new(seed);
        let (trouble, config) = Trouble::draw(&mut rng, profile);
        let mut world = World::new(config);
        world.settings = profile.settings.clone();
        world.catalog = CATALOGS[0].clone();
        let ledger = SimLedger::new(
            world.clock.clone(),
            Rng::new(rng.draw()),
            trouble.ledger,
            profile.rev_condition,
        );
        world.ledger = ledger.inner();
        let shared_site = rng.one_in(24);
        let (mut orders, mut deliveries) = (Vec::new(), Vec::new());
        for index in 0..=rng.index(3) {
            let (order, its) = shop::order(&mut rng, index, shared_site);
            orders.push(order);
            deliveries.extend(its);
        }
        let queue: BinaryHeap<_> = deliveries
            .iter()
            .enumerate()
            .map(|(at, d)| Reverse((d.at, at)))
            .collect();
        let last = deliveries.iter().map(|delivery| delivery.at).max().unwrap_or(START);
        let calm_at = last + Duration::from_secs(rng.pick(&[5, 60, 600, 86_400]));
        let mut sim = Self {
            rng,
            world,
            ledger,
            orders,
            deliveries,
            queue,
            tasks: Vec::new(),
            trouble,
            calm: false,
            calm_at,
            mend_at: None,
            swept_at: START,
            unreachable: Arc::default(),
            catalog_changed: false,
            workers: 0,
            calls_told: 0,
            story: tell.then(Vec::new),
            result: History::default(),
        };
        let (wix, trouble) = (sim.world.look().config().idempotency, sim.trouble.clone());
        sim.tell(|| format!("Wix: keys {wix:?}; {trouble:?}"));
        sim
    }

    fn tell(&mut self, words: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let after = self.world.clock.now().since(START);
            let (secs, millis) = (after.as_secs(), after.subsec_millis());
            let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
            story.push(format!(
                "{days}d {hours:02}:{minutes:02}:{:02}.{millis:03} {}",
                secs % 60,
                words()
            ));
        }
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Until nothing is left to deliver and nothing is due.
    fn happen(&mut self) {
        while self.result.steps < MOST_STEPS {
            if !self.calm && self.now() >= self.calm_at {
                self.become_calm();
            }
            if self.mend_at.is_some_and(|at| at <= self.now()) {
                self.mend();
            }
            self.start_what_is_due();
            if self.tasks.is_empty() {
                self.result.steps += 1;
                if !self.pass_time() {
                    return;
                }
                continue;
            }
            let at = self.rng.index(self.tasks.len());
            self.step(at);
            if !self.calm {
                self.strike();
            }
            self.jitter();
        }
        self.result
            .violations
            .push(format!("I4: no rest after {MOST_STEPS} steps"));
    }

    fn start_what_is_due(&mut self) {
        let now = self.now();
        while self.tasks.len() < 4
            && let Some(Reverse((at, delivery))) = self.queue.peek().copied()
            && at <= now
        {
            self.queue.pop();
            self.start(Job::Delivery(delivery));
        }
        let due = self.ledger.next_due().is_some_and(|at| at <= now);
        if due && self.tasks.len() < 4 && now >= self.swept_at + Duration::from_secs(60) {
            self.swept_at = now;
            self.start(Job::Sweep);
        }
    }

    fn worker(&mut self) -> Fulfilment<WixPort, SimLedger, SkewedClock> {
        let world = &self.world;
        let mut port = WixPort::new(Arc::clone(&world.wix), world.clock.clone(), world.settings.wix_timeout);
        port.unreachable = Arc::clone(&self.unreachable);
        let skew = if self.calm {
            0
        } else {
            i64::try_from(self.rng.below(5_001)).unwrap_or(0) - 2_500
        };
        Fulfilment::new(
            port,
            self.ledger.clone(),
            SkewedClock(world.clock.clone(), skew),
            Ok(world.catalog.clone()),
            world.settings.clone(),
        )
    }

    fn start(&mut self, job: Job) {
        let worker = self.worker();
        let seconds = if self.calm {
            58
        } else {
            self.rng.pick(&[58, 58, 58, 30, 17])
        };
        let deadline = worker.clock().now() + Duration::from_secs(seconds);
        self.workers += 1;
        let number = self.workers;
        let run = match &job {
            Job::Delivery(at) => {
                let delivery = &self.deliveries[*at];
                let (event, words) = (delivery.event.clone(), delivery.words.clone());
                self.tell(|| format!("worker {number} gets a delivery: {} {words}", event.key));
                Run::new(async move { worker.accept(&event, deadline).await.is_ok() })
            }
            Job::Sweep => {
                self.tell(|| format!("worker {number} sweeps"));
                Run::new(async move { worker.sweep(deadline).await.is_ok() })
            }
        };
        self.tasks.push(Task {
            run,
            job,
            number,
            timeout: self.now() + Duration::from_secs(seconds + 2),
        });
    }

    /// One worker goes on to its next await point, or dies there.
    fn step(&mut self, at: usize) {
        self.result.steps += 1;
        let timed_out = self.tasks[at].timeout < self.now() && self.rng.one_in(2);
        let crashes = if self.calm { 0 } else { self.trouble.crashes };
        if timed_out || self.rng.permille(crashes) {
            let task = self.tasks.swap_remove(at);
            self.result.crashes += 1;
            self.tell(|| format!("worker {} dies", task.number));
            self.redeliver(&task.job);
            return;
        }
        let done = self.tasks[at].run.step();
        self.tell_calls(at);
        if let Some(consumed) = done {
            let task = self.tasks.swap_remove(at);
            self.tell(|| {
                format!(
                    "worker {} is done{}",
                    task.number,
                    if consumed { "" } else { ": in vain" }
                )
            });
            if !consumed {
                self.redeliver(&task.job);
            }
        }
    }

    fn redeliver(&mut self, job: &Job) {
        if let Job::Delivery(delivery) = job {
            let again = self.now() + Duration::from_secs(360);
            self.queue.push(Reverse((again, *delivery)));
        }
    }

    fn tell_calls(&mut self, at: usize) {
        if self.story.is_none() {
            return;
        }
        for words in self.ledger.story() {
            self.tell(|| words);
        }
        let number = self.tasks[at].number;
        let calls: Vec<String> = {
            let wix = self.world.look();
            let fresh: Vec<_> = wix.calls().filter(|call| call.seq > self.calls_told).cloned().collect();
            self.calls_told = fresh.iter().map(|call| call.seq).max().unwrap_or(self.calls_told);
            let words = |call: wix_sandbox::Call| {
                format!(
                    "worker {number}: {} → {} {}{}{}{} {}",
                    call.operation.name(),
                    call.status,
                    call.code.as_deref().unwrap_or_default(),
                    if call.committed { " (done)" } else { "" },
                    if call.replayed { " (replayed)" } else { "" },
                    call.fault
                        .map(|fault| format!(" struck by {fault}"))
                        .unwrap_or_default(),
                    call.package.map(|package| package.to_string()).unwrap_or_default(),
                )
            };
            fresh.into_iter().map(words).collect()
        };
        for words in calls {
            self.tell(|| words);
        }
    }

    /// Something goes wrong, perhaps.
    fn strike(&mut self) {
        if self.result.faults < u64::from(self.trouble.most) && self.rng.permille(self.trouble.faults) {
            self.result.faults += 1;
            let rule = self.trouble.fault(&mut self.rng);
            self.tell(|| format!("trouble: {rule:?}"));
            self.world.strike(rule);
        }
        if self.trouble.faults > 0 && self.mend_at.is_none() && self.rng.one_in(400) {
            let until = self.now() + self.rng.delay();
            match self.rng.below(4) {
                0 => {
                    self.world.look().revoke_api_key(DEFAULT_API_KEY);
                    self.tell(|| "the API key is revoked".to_owned());
                }
                1 => {
                    self.ledger.go_away(until);
                    self.tell(|| "the ledger goes away".to_owned());
                }
                2 => {
                    self.unreachable.store(true, Ordering::Relaxed);
                    self.tell(|| "Wix cannot be reached".to_owned());
                }
                _ => {
                    self.world.catalog = CATALOGS[1].clone();
                    self.catalog_changed = true;
                    self.tell(|| "the catalog is changed".to_owned());
                }
            }
            self.mend_at = Some(until);
        }
    }

    fn mend(&mut self) {
        self.mend_at = None;
        self.world.look().add_api_key(DEFAULT_API_KEY);
        self.unreachable.store(false, Ordering::Relaxed);
        self.tell(|| "what was away is there again".to_owned());
    }

    fn become_calm(&mut self) {
        self.calm = true;
        self.ledger.calm();
        self.mend();
        self.world.look().clear_faults();
        self.world.look().config_mut().rate_limit_per_minute = None;
        self.tell(|| "faults stop".to_owned());
        if self.rng.one_in(2) {
            self.end_waits();
        }
    }

    /// The customer or the provider acts.
    fn end_waits(&mut self) {
        let now = self.now().as_millis();
        let mut wix = self.world.look();
        let waiting: Vec<_> = wix
            .instances()
            .filter(|(_, instance)| matches!(instance.status, Status::AwaitingAction | Status::Other(_)))
            .map(|(_, instance)| instance.id)
            .collect();
        for instance in waiting {
            let change = InstanceChange {
                status: Some(Status::Enabled),
                ..InstanceChange::default()
            };
            let _ = wix.set_instance(now, instance, change);
        }
    }

    fn jitter(&mut self) {
        let limit = match self.rng.below(100) {
            0..=69 => return,
            70..=89 => 300,
            _ if self.calm => 300,
            90..=98 => 5_000,
            _ if self.rng.permille(self.trouble.freezes * 20) => 200_000,
            _ => 9_000,
        };
        let by = self.rng.within(Duration::from_millis(limit));
        self.world.clock.advance(by);
    }

    /// Nobody works: on to the next time at which somebody will. `false` when there is none.
    fn pass_time(&mut self) -> bool {
        let delivery = self.queue.peek().map(|Reverse((at, _))| *at);
        let sweep = self
            .ledger
            .next_due()
            .map(|due| due.max(self.swept_at + Duration::from_secs(60)))
            // A package that never leaves AWAITING_ACTION is looked at every day for good.
            .filter(|at| !self.calm || *at < self.calm_at + Duration::from_secs(4 * 86_400));
        let others = [self.ledger.next_late(), (!self.calm).then_some(self.calm_at)];
        let next = [delivery, sweep].into_iter().chain(others).flatten().min();
        match next {
            Some(at) => {
                self.world.clock.set(at.max(self.now() + Duration::from_millis(1)));
                if self.ledger.next_late().is_some_and(|late| late <= self.now()) {
                    self.ledger.settle_late();
                }
                true
            }
            None => false,
        }
    }

    /// Nothing moves any more: is it as promised? Then once more after an operator's retry, and after everything was
    /// delivered again.
    fn judge(&mut self) {
        if !self.result.violations.is_empty() {
            return;
        }
        self.result.calls = self.world.look().calls().len() as u64;
        let found = check::violations(&self.world, &self.orders, self.catalog_changed, check::Stage::Rest);
        self.result.violations.extend(found);
        let mut stage = check::Stage::Rest;
        let troubled: Vec<OrderKey> = self
            .world
            .ledger
            .entries()
            .into_iter()
            .filter(|entry| entry.attention_since.is_some())
            .filter_map(|entry| entry.key.parse().ok())
            .collect();
        if !troubled.is_empty() && self.rng.one_in(2) {
            stage = check::Stage::Retried;
            self.end_waits();
            for key in troubled {
                self.tell(|| format!("an operator retries {key}"));
                let (worker, deadline) = (self.worker(), self.world.deadline());
                if let Err(error) = poll_through(worker.retry(&key, deadline)) {
                    self.result
                        .violations
                        .push(format!("the retry of {key} fails: {error}"));
                }
            }
            self.calm_at = self.now();
            self.happen();
        } else if self.rng.one_in(4) {
            stage = check::Stage::Again;
            let before = self.committed();
            for at in 0..self.deliveries.len() {
                self.queue.push(Reverse((self.now(), at)));
            }
            self.tell(|| "everything is delivered again".to_owned());
            self.calm_at = self.now();
            self.happen();
            if self.committed() != before && self.ledger.next_due().is_none() {
                self.result
                    .violations
                    .push("I1: what was delivered again had an effect".to_owned());
            }
        }
        if stage != check::Stage::Rest {
            let found = check::violations(&self.world, &self.orders, self.catalog_changed, stage);
            self.result.violations.extend(found);
        }
    }

    fn committed(&self) -> usize {
        self.world.look().calls().filter(|call| call.committed).count()
    }
}
