//! Lets a history happen: delivers, invokes the functions, lets one of them go on by one await point, moves the time,
//! kills, freezes and strikes, all by the seed. Then everything that fails on purpose stops, and what is due is worked off.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::{self, OrderQueue};
use reseller_hooks::time::{Clock, Timestamp};
use serde_json::Value;
use tracing::Dispatch;

use super::answers::Accepted;
use super::book::ShopOrder;
use super::jobs::{Job, Processes, Task};
use super::keys::Keys;
use super::ledger::SimLedger;
use super::queue::Queues;
use super::restore::Restore;
use super::rng::Rng;
use super::shop::{Delivery, Sender};
use super::trouble::{OTHER_MAIL, Trouble};
use super::watch::Watch;
use super::{History, PAIR, Profile};
use crate::world::{CATALOG, World};

/// More steps than any history needs, also where it waits for 20 days of minutes: who takes more spins.
const MOST_STEPS: u64 = 150_000;

/// How many invocations run at the same time.
const MOST_TASKS: usize = 5;

pub(super) static CATALOGS: LazyLock<[Catalog; 2]> = LazyLock::new(|| {
    let first = format!("{CATALOG}{PAIR}");
    // MAIL becomes another product; nothing else changes.
    let second = first.replacen("53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c", OTHER_MAIL, 1);
    [first, second].map(|text| Catalog::from_toml(&text).expect("the simulation's catalog is good"))
});

thread_local! {
    /// Timers can be set, and never fire: the simulation ends what takes too long.
    static TIMERS: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    /// One for each thread: every new one makes all log lines of the process be looked at anew.
    static WATCH: (Watch, Dispatch) = {
        let watch = Watch::default();
        let dispatch = Dispatch::new(watch.clone());
        (watch, dispatch)
    };
}

pub(super) struct Sim {
    pub rng: Rng,
    pub world: World,
    pub ledger: SimLedger,
    pub queues: Queues,
    pub keys: Keys,
    pub door: storefront::VerificationGuards,
    pub watch: Watch,
    pub orders: Vec<ShopOrder>,
    pub deliveries: Vec<Delivery>,
    pub posts: BinaryHeap<Reverse<(Timestamp, usize)>>,
    pub processes: Processes,
    pub tasks: Vec<Task>,
    pub trouble: Trouble,
    pub calm: bool,
    pub calm_at: Timestamp,
    pub mend_at: Option<Timestamp>,
    /// An operator may have paused, and has to resume.
    pub operator_paused: bool,
    /// When the one who paused looks whether to resume.
    pub resumes_at: Option<Timestamp>,
    /// How long something was away in all.
    pub away: Duration,
    pub swept_at: Timestamp,
    pub unreachable: Arc<AtomicBool>,
    /// How many deliveries of WooCommerce failed in a row: after five it switches its webhook off.
    pub failed_in_a_row: u32,
    /// What is said, shown and answered is noted.
    pub covers: bool,
    pub catalog_changed: bool,
    pub workers: u32,
    pub calls_told: u64,
    pub story: Option<Vec<String>>,
    pub result: History,
    /// Draws what operators do meanwhile, in a third of the histories, and how much they still do. Apart from the other draws,
    /// so that a history is the same but for them.
    pub operators: Option<(Rng, u32)>,
    /// What operators told of each order and was taken.
    pub told: BTreeMap<String, Accepted>,
    /// Whether the ledger is restored to an earlier time, and how far that is.
    pub restore: Option<Restore>,
    /// Whether what the functions need is away for a while now and then.
    pub has_weather: bool,
    /// What was begun, each by its name.
    pub begun: BTreeSet<String>,
    /// The orders of which an operator had what has ended replaced at some time.
    pub replaced: BTreeSet<String>,
}

pub(super) fn run(seed: u64, profile: &Profile, tell: bool) -> History {
    let (watch, dispatch) = WATCH.with(Clone::clone);
    let timers = TIMERS.with(|timers| timers.handle().clone());
    let _timers = timers.enter();
    tracing::dispatcher::with_default(&dispatch, || {
        let mut sim = Sim::new(seed, profile, tell, watch);
        if profile.keeps_records {
            sim.ledger.keep_records();
        }
        sim.happen();
        sim.judge();
        sim.cover_words();
        sim.result.records = sim.ledger.records();
        sim.result.violations.extend(sim.watch.found());
        sim.result.story = sim.story.take().unwrap_or_default();
        sim.result
    })
}

impl Sim {
    pub(super) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// A delivery comes (again) at a time.
    pub(super) fn redeliver(&mut self, delivery: usize, at: Timestamp) {
        self.posts.push(Reverse((at, delivery)));
    }

    /// Until nothing is left to deliver and nothing is due.
    pub(super) fn happen(&mut self) {
        while self.result.steps < MOST_STEPS {
            if !self.calm && self.now() >= self.calm_at {
                self.become_calm();
            }
            if self.mend_at.is_some_and(|at| at <= self.now()) {
                self.cure();
            }
            if self.resumes_at.is_some_and(|at| at <= self.now()) {
                self.resume_in_time();
            }
            self.start_what_is_due();
            if self.tasks.is_empty() {
                self.result.steps += 1;
                if !self.pass_time() {
                    return;
                }
                continue;
            }
            let Some(at) = self.any_awake() else {
                self.result.steps += 1;
                self.pass_time();
                continue;
            };
            self.step(at);
            if !self.calm {
                self.strike();
                self.operate();
                self.restore_perhaps();
            }
            self.jitter();
        }
        self.broken(format!("I4: no rest after {MOST_STEPS} steps"));
    }

    fn start_what_is_due(&mut self) {
        let now = self.now();
        while self.tasks.len() < MOST_TASKS
            && let Some(Reverse((at, delivery))) = self.posts.peek().copied()
            && at <= now
        {
            self.posts.pop();
            self.post(delivery);
        }
        if self.tasks.len() < MOST_TASKS && self.queues.next_visible().is_some_and(|at| at <= now) {
            let first = self.rng.index(OrderQueue::ALL.len());
            for at in 0..OrderQueue::ALL.len() {
                let trigger = OrderQueue::ALL[(first + at) % OrderQueue::ALL.len()];
                if self.tasks.len() < MOST_TASKS {
                    self.batch(trigger);
                }
            }
        }
        let due = self.ledger.next_due().is_some_and(|at| at <= now);
        if due && self.tasks.len() < MOST_TASKS && now >= self.swept_at + Duration::from_secs(60) {
            self.sweep();
        }
    }

    /// An invocation that does not stand still.
    fn any_awake(&mut self) -> Option<usize> {
        let now = self.now();
        let awake = |task: &Task| self.calm || task.stalls_until <= now;
        let awake: Vec<usize> = (0..self.tasks.len()).filter(|at| awake(&self.tasks[*at])).collect();
        let at = *awake.get(self.rng.index(awake.len()))?;
        if !self.calm && self.rng.permille(self.trouble.stalls) {
            let number = self.tasks[at].number;
            let until = now + Duration::from_secs(self.rng.pick(&[20, 100, 400]));
            self.tasks[at].stalls_until = until;
            self.tell(|| format!("invocation {number} stands still until {until}"));
        }
        Some(at)
    }

    /// One invocation goes on to its next await point, or dies there.
    fn step(&mut self, at: usize) {
        self.result.steps += 1;
        let timed_out = self.tasks[at].timeout < self.now() && self.rng.one_in(2) && !self.trouble.fails_once;
        let crashes = if self.calm { 0 } else { self.trouble.crashes };
        if timed_out || self.rng.permille(crashes) {
            let task = self.tasks.swap_remove(at);
            self.result.crashes += 1;
            self.died(&task);
            return;
        }
        let parked = self.queues.parked();
        let done = self.tasks[at].run.step();
        self.note_receipts(at, parked);
        self.look_at_begun();
        self.look_at_leases();
        self.tell_calls(at);
        if let Some(done) = done {
            let task = self.tasks.swap_remove(at);
            self.end(task, done);
            self.note_consumed();
        }
    }

    /// What of a delivery is in a queue by now has been received.
    fn note_receipts(&mut self, at: usize, parked: usize) {
        let task = &self.tasks[at];
        let Job::Post(delivery, _) = task.job else { return };
        let delivery = &self.deliveries[delivery];
        if delivery.sender == Sender::Useless {
            self.queues.keep_parked(parked);
        }
        let stored = self.queues.stored();
        // One that tells of two orders may be stored for one of them only.
        let key = format!("\"key\":\"{}\"", delivery.key);
        if stored.iter().any(|body| body.contains(&key)) {
            delivery.message.received();
        }
        // Only what is sent once may never be received.
        if delivery.message.kind != StorefrontKind::Woocommerce {
            return;
        }
        for body in stored {
            // A subscription is known under a key of its own, too.
            let event: Option<Value> = serde_json::from_str(&body).ok();
            if event.is_some_and(|event| event["key"].as_str() == Some(&delivery.key)) {
                delivery.message.is_received(task.begun, self.world.clock.now());
            }
        }
    }

    /// Nobody works: on to the next time at which somebody will. `false` when there is none.
    fn pass_time(&mut self) -> bool {
        let delivery = self.posts.peek().map(|Reverse((at, _))| *at);
        let sweep = self
            .ledger
            .next_due()
            .map(|due| due.max(self.swept_at + Duration::from_secs(60)))
            // A package that never leaves AWAITING_ACTION is looked at every day for good.
            .filter(|at| !self.calm || *at < self.calm_at + Duration::from_secs(4 * 86_400));
        let calm = (!self.calm).then_some(self.calm_at);
        let stalled = self.tasks.iter().map(|task| task.stalls_until).min();
        let others = [self.ledger.next_late(), calm, self.mend_at, self.resumes_at, stalled];
        // Where as many invocations stand still as there may be, nothing else begins before one goes on.
        let begins = [delivery, sweep, self.queues.next_visible()];
        let begins = begins.into_iter().filter(|_| self.tasks.len() < MOST_TASKS);
        let next = begins.chain(others).flatten().min();
        match next {
            Some(at) => {
                if at > self.now() + Duration::from_secs(600) {
                    self.silence();
                }
                self.world.clock.set(at.max(self.now() + Duration::from_millis(1)));
                if self.ledger.next_late().is_some_and(|late| late <= self.now()) {
                    self.ledger.settle_late();
                }
                true
            }
            None => false,
        }
    }
}
