//! The stack: a queue, its workers, `reconcile` every minute, and what came of a burst.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::between::{Between, Fault, LedgerCall, TestLedger};
use crate::sim::Rng;
use crate::world::{Order, SandboxTransport, WixSecret, World};
use reseller_hooks::fulfilment::{Fulfilment, Settings};
use reseller_hooks::ledger::Ledger as _;
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::secrets::Secrets;
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::wix::{Client, ClientConfig};
use reseller_hooks::wix_port::WixPort;
use reseller_hooks::worker::batch;
use serde_json::{Value, json};

use super::wix::{Noted, Notes, Slow, TokioClock};
use super::{Burst, Figures};

/// No order that is first heard of after a burst is to wait longer.
const TWO_MINUTES: Duration = Duration::from_secs(120);

/// How many processes the queue has.
const WORKERS: usize = 2;

/// What comes between a process and a ledger that is a network away.
#[derive(Clone, Default)]
struct Away {
    /// How often permits were asked for.
    permits: Arc<AtomicUsize>,
}

type SlowLedger = TestLedger<Arc<MemoryLedger>, Away>;

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

impl Between for Away {
    async fn before(&self, call: LedgerCall<'_>) -> Fault {
        if call == LedgerCall::Permit {
            self.permits.fetch_add(1, Ordering::Relaxed);
        }
        match call {
            LedgerCall::Limit => pass(3).await,
            LedgerCall::Load(_) | LedgerCall::Permit => pass(4).await,
            LedgerCall::Due | LedgerCall::DueOtherwise => pass(6).await,
            LedgerCall::Store(_) => pass(7).await,
            LedgerCall::Remove(_) | LedgerCall::List => {}
        }
        Fault::None
    }

    async fn after(&self, call: LedgerCall<'_>) {
        if call == LedgerCall::Permit {
            pass(3).await;
        }
    }
}

type Engine = Fulfilment<WixPort<WixSecret, TokioClock, Slow>, SlowLedger, TokioClock>;

/// A message that was taken is seen again after six minutes, unless it was consumed.
struct Queue(VecDeque<(String, String)>);

impl Queue {
    /// Whether a message of an order with a lower number waits in it.
    fn has_any_below(&self, number: usize) -> bool {
        self.0.iter().any(|(id, _)| id.parse::<usize>().unwrap() < number)
    }
}

pub(super) struct Stack {
    burst: Burst,
    world: World,
    right: TokioClock,
    ledger: SlowLedger,
    notes: Notes,
    queue: Rc<RefCell<Queue>>,
    /// When each order came into the queue.
    heard: BTreeMap<String, Timestamp>,
    /// When the workers had heard of all of the burst.
    all_heard: Option<Timestamp>,
    rng: Rng,
    died: usize,
}

impl Stack {
    pub(super) fn new(burst: Burst) -> Self {
        let mut world = World::new(wix_sandbox::Config {
            rate_limit_per_minute: Some(burst.allowed),
            remembered_calls: 10,
            ..wix_sandbox::Config::default()
        });
        world.catalog.defaults.max_purchases_per_hour = 1_000_000;
        Self {
            ledger: SlowLedger::new(Arc::clone(&world.ledger), Away::default()),
            world,
            right: TokioClock::right(),
            notes: Notes::default(),
            queue: Rc::new(RefCell::new(Queue(VecDeque::new()))),
            heard: BTreeMap::new(),
            all_heard: None,
            rng: Rng::new(7),
            burst,
            died: 0,
        }
    }

    /// A process, as it starts up.
    fn engine(&mut self) -> Engine {
        let skew = u64::try_from(self.burst.skew.as_millis()).unwrap();
        let ahead = i64::try_from(self.rng.below(skew + 1)).unwrap() - i64::try_from(skew / 2).unwrap();
        let clock = TokioClock {
            ahead,
            ..self.right.clone()
        };
        let transport = Slow {
            sandbox: SandboxTransport::new(Arc::clone(&self.world.wix), self.world.clock.clone()),
            time: self.world.clock.clone(),
            right: self.right.clone(),
            notes: Arc::clone(&self.notes),
        };
        let config = ClientConfig {
            repeat_reads: false,
            jitter: || 0.5,
            ..ClientConfig::default()
        };
        let client = Client::with_transport(config, transport, clock.clone()).unwrap();
        let secrets = Secrets::new(self.world.secret.clone(), clock.clone(), Duration::from_secs(300));
        let port = WixPort::new(client, Arc::new(secrets));
        let catalog = Ok(self.world.catalog.clone());
        Fulfilment::new(port, self.ledger.clone(), clock, catalog, Settings::default())
    }

    fn order(&mut self, number: usize) {
        let key = format!("shopify/{number}");
        let event = Order::new(&key).line("1", "PLAN", 1).paid().event().to_json();
        self.queue.borrow_mut().0.push_back((number.to_string(), event));
        self.heard.insert(number.to_string(), self.right.now());
    }

    pub(super) async fn blow(mut self) -> Figures {
        for number in 0..self.burst.orders {
            self.order(number);
        }
        let engines: Vec<Rc<Engine>> = (0..WORKERS).map(|_| Rc::new(self.engine())).collect();
        let mut workers: Vec<_> = engines.iter().map(|engine| self.worker(engine)).collect();
        let mut reconciles = [Rc::new(self.engine()), Rc::new(self.engine())];
        let mut sweeps = Vec::new();
        let begun = self.right.now();
        let mut next = self.burst.orders;
        for second in 0_u64.. {
            assert!(second < 24 * 3_600, "not settled within a day");
            if second % 60 == 0 {
                let which = usize::try_from(second / 60 % 2).unwrap();
                sweeps.push((which, sweep(&reconciles[which])));
                let is_settled = self.is_settled(next).await;
                if is_settled {
                    break;
                }
            }
            if self.all_heard.is_none() && !self.queue.borrow().has_any_below(self.burst.orders) {
                self.all_heard = Some(self.right.now());
            }
            sweeps.retain(|(_, sweep)| !sweep.is_finished());
            if self.burst.seconds_a_death > 0 && self.rng.below(self.burst.seconds_a_death) == 0 {
                self.died += 1;
                let which = usize::try_from(self.rng.below(2)).unwrap();
                if self.rng.below(2) == 0 {
                    workers[which].abort();
                    let engine = Rc::new(self.engine());
                    workers[which] = self.worker(&engine);
                } else if let Some((of, sweep)) = sweeps.last() {
                    sweep.abort();
                    reconciles[*of] = Rc::new(self.engine());
                }
            }
            let fresh_every = 60_u64.checked_div(u64::try_from(self.burst.fresh_a_minute).unwrap());
            if fresh_every.is_some_and(|every| second % every == 0) && !self.is_burst_over().await {
                self.order(next);
                next += 1;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.figures(begun, next)
    }

    /// A process of the queue's worker: batch after batch.
    fn worker(&self, engine: &Rc<Engine>) -> tokio::task::JoinHandle<()> {
        let (engine, queue) = (Rc::clone(engine), Rc::clone(&self.queue));
        tokio::task::spawn_local(async move {
            loop {
                let messages: Vec<_> = {
                    let mut queue = queue.borrow_mut();
                    let most = queue.0.len().min(10);
                    queue.0.drain(..most).collect()
                };
                if messages.is_empty() {
                    pass(200).await;
                    continue;
                }
                let hidden = Hidden {
                    queue: Rc::clone(&queue),
                    messages,
                };
                let records: Vec<Value> = hidden
                    .messages
                    .iter()
                    .map(|(id, body)| json!({ "messageId": id, "body": body, "eventSource": "aws:sqs" }))
                    .collect();
                let event = serde_json::from_value(json!({ "Records": records })).unwrap();
                let deadline = engine.clock().now() + Duration::from_secs(58);
                let report = batch::handle(&*engine, engine.clock(), event, deadline).await;
                hidden.done(&report.failed);
            }
        })
    }

    async fn is_settled(&self, orders: usize) -> bool {
        let far = Timestamp::from_millis(i64::MAX / 2);
        self.queue.borrow().0.is_empty()
            && self.ledger.inner().entries().len() == orders
            && self.ledger.inner().due(far, 1).await.unwrap().is_empty()
    }

    /// Nothing is left of the burst but what is at the end of the line.
    async fn is_burst_over(&self) -> bool {
        let far = Timestamp::from_millis(i64::MAX / 2);
        let due = self.ledger.inner().due(far, 30).await.unwrap();
        self.queue.borrow().0.is_empty() && due.len() < 30
    }

    fn figures(&self, begun: Timestamp, orders: usize) -> Figures {
        assert_eq!(
            self.world.packages(),
            (orders, orders),
            "every order has its package and its voucher, once"
        );
        let notes = self.notes.lock().unwrap().clone();
        let mut calls: Vec<Timestamp> = notes.iter().map(|note| note.at).collect();
        calls.sort();
        let minute = Duration::from_secs(60);
        let mut first = 0;
        let mut most_in_a_minute = 0;
        for (at, call) in calls.iter().enumerate() {
            while calls[first] + minute <= *call {
                first += 1;
            }
            most_in_a_minute = most_in_a_minute.max(at + 1 - first);
        }
        let (mut bases, mut vouchers) = (BTreeMap::new(), BTreeMap::new());
        for note in notes.iter().filter(|note| note.status == 200) {
            let Some((order, kind)) = note.external_id.as_deref().and_then(split) else {
                continue;
            };
            let of = if kind == "b1" { &mut bases } else { &mut vouchers };
            of.entry(order.to_owned()).or_insert_with(|| note.clone());
        }
        let lag = |order: &String| -> Option<(Duration, &Noted, &Noted)> {
            let (base, voucher) = (bases.get(order)?, vouchers.get(order)?);
            Some((voucher.at.since(base.answered), base, voucher))
        };
        let longest_voucher = bases.keys().filter_map(|order| Some(lag(order)?.0)).max();
        let patience = Duration::from_secs(2);
        let overtaken = bases
            .keys()
            .filter_map(lag)
            .filter(|(wait, ..)| *wait > patience)
            .map(|(_, base, voucher)| {
                let since = base.answered + patience;
                bases
                    .values()
                    .filter(|other| other.at > since && other.at < voucher.at)
                    .count()
            });
        let is_fresh = |order: &&String| order.parse::<usize>().unwrap() >= self.burst.orders;
        let mut waits: Vec<Duration> = bases
            .keys()
            .filter(|order| is_fresh(order) && Some(self.heard[*order]) > self.all_heard)
            .map(|order| bases[order].at.since(self.heard[order]))
            .collect();
        waits.sort();
        let last = bases
            .iter()
            .filter(|(order, _)| !is_fresh(order))
            .map(|(_, note)| note.at)
            .max()
            .unwrap();
        let throttled = notes.iter().filter(|note| note.status == 429).count();
        let until_last = calls.iter().filter(|call| **call <= last).count();
        Figures {
            calls: until_last - throttled,
            minutes: last.since(begun).as_secs_f64() / 60.0,
            most_in_a_minute,
            throttled,
            permits_an_order: self.ledger.between().permits.load(Ordering::Relaxed) as f64 / orders as f64,
            longest_fresh: waits.last().copied().unwrap_or_default(),
            over_two_minutes: waits.iter().filter(|wait| **wait > TWO_MINUTES).count(),
            longest_voucher: longest_voucher.unwrap_or_default(),
            overtaken: overtaken.sum(),
            died: self.died,
        }
    }
}

/// One run of `reconcile`: it may begin orders for a little longer than a minute, until the next run does.
fn sweep(engine: &Rc<Engine>) -> tokio::task::JoinHandle<()> {
    let engine = Rc::clone(engine);
    tokio::task::spawn_local(async move {
        let deadline = engine.clock().now() + Duration::from_secs(78);
        engine.sweep(deadline).await.unwrap();
    })
}

/// Messages under way. A process that dies leaves them to be seen again.
struct Hidden {
    queue: Rc<RefCell<Queue>>,
    messages: Vec<(String, String)>,
}

impl Hidden {
    fn done(mut self, failed: &[String]) {
        self.messages.retain(|(id, _)| failed.contains(id));
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        if !messages.is_empty() {
            let queue = Rc::clone(&self.queue);
            tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_secs(360)).await;
                queue.borrow_mut().0.extend(messages);
            });
        }
    }
}

/// `rh-shopify-17-b1` is the base of order 17.
fn split(external_id: &str) -> Option<(&str, &str)> {
    external_id.strip_prefix("rh-shopify-")?.rsplit_once('-')
}
