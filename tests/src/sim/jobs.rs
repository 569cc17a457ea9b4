//! What runs in a history: invocations of the functions' own handlers. `webhook` takes a signed request, a worker takes a
//! batch of messages, `reconcile` takes an event; each runs in a process that is kept for the next invocation, as Lambda
//! keeps it, until it dies or a deployment replaces it.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};
use reseller_hooks::fulfilment::Fulfilment;
use reseller_hooks::ledger::limit::LimitStore;
use reseller_hooks::queue::parked::ParkedDelivery;
use reseller_hooks::secrets::Secrets;
use reseller_hooks::storefront::{FieldNames, OrderQueue};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::webhook::{Answer, Queues, Request, Webhook};
use reseller_hooks::worker::{batch, reconcile};
use serde_json::{Value, json};

use super::keys::Keys;
use super::ledger::{AHEAD, SimLedger};
use super::queue::SimQueue;
use super::scheduler::Sim;
use crate::world::{Run, SkewedClock, WixPort, poll_through};

/// A process of a worker or of `reconcile`.
pub(super) type Engine = Fulfilment<WixPort<SkewedClock>, SimLedger, SkewedClock>;
/// A process of `webhook`.
pub(super) type Hook = Webhook<Keys, SkewedClock, SimQueue>;

/// The processes that wait for an invocation.
#[derive(Default)]
pub(super) struct Processes {
    engines: Vec<Arc<Engine>>,
    hooks: Vec<Arc<Hook>>,
    /// Raised by each deployment.
    generation: u32,
}

/// What an invocation is for.
#[derive(Clone)]
pub(super) enum Job {
    /// A delivery, signed at a time.
    Post(usize, Timestamp),
    /// Messages of one queue.
    Batch(Vec<u64>),
    /// `reconcile`.
    Reconcile,
    /// `reconcile`, with a verb.
    Verb(Value),
    /// A parked delivery, delivered again by an operator.
    Requeue,
}

/// What an invocation ends with.
pub(super) enum Done {
    Answered(Box<Answer>),
    Failed(Vec<String>),
    Reconciled,
    /// Whether the verb was carried out.
    Told(bool),
}

pub(super) enum Process {
    Engine(Arc<Engine>),
    Hook(Arc<Hook>),
}

/// An invocation under way.
pub(super) struct Task {
    pub run: Run<'static, Done>,
    pub job: Job,
    pub number: u32,
    /// When Lambda ends it.
    pub timeout: Timestamp,
    /// It stands still until then, while others go on.
    pub stalls_until: Timestamp,
    pub begun: Timestamp,
    process: Process,
    generation: u32,
}

impl Sim {
    /// What runs from now on is new: with today's catalog, settings and nothing remembered.
    pub(super) fn deploy(&mut self) {
        self.processes.engines.clear();
        self.processes.hooks.clear();
        self.processes.generation += 1;
    }

    /// A process's clock: the time, give or take what it may be ahead.
    fn clock(&mut self) -> SkewedClock {
        let skew = if self.calm {
            0
        } else {
            let most = i64::try_from(AHEAD.as_millis()).unwrap_or(0);
            let span = u64::try_from(2 * most + 1).unwrap_or(1);
            i64::try_from(self.rng.below(span)).unwrap_or(0) - most
        };
        SkewedClock {
            right: self.world.clock.clone(),
            ahead: skew,
        }
    }

    pub(super) fn engine(&mut self) -> Arc<Engine> {
        if let Some(warm) = self.processes.engines.pop() {
            return warm;
        }
        let clock = self.clock();
        let world = &self.world;
        let mut transport = world.transport();
        transport.mute = world.mute;
        transport.unreachable = Arc::clone(&self.unreachable);
        let engine = Fulfilment::new(
            world.port_over(transport, clock.clone()),
            self.ledger.clone(),
            clock,
            Ok(world.catalog.clone()),
            world.settings.clone(),
        );
        // As a program does when it starts: an order that needs no call asks for no permit, which would tell it.
        if self.restore.is_some()
            && let Ok(limit) = poll_through(self.ledger.inner().limit())
        {
            engine.learn(limit.as_ref());
        }
        Arc::new(engine)
    }

    pub(super) fn hook(&mut self) -> Arc<Hook> {
        if let Some(warm) = self.processes.hooks.pop() {
            return warm;
        }
        let clock = self.clock();
        let secrets = Secrets::new(self.keys.clone(), clock.clone(), Duration::from_secs(300));
        let queue = |trigger| self.queues.queue(trigger);
        let queues = Queues {
            order_paid: queue(Some(OrderQueue::OrderPaid)),
            order_canceled: queue(Some(OrderQueue::OrderCanceled)),
            tag_external_id: queue(Some(OrderQueue::TagExternalId)),
            parked: queue(None),
        };
        let webhook = Webhook::new(Arc::new(secrets), queues, clock, Ok(FieldNames::default()));
        Arc::new(webhook.with_guards(self.door))
    }

    pub(super) fn spawn(&mut self, job: Job, seconds: u64, process: Process, run: Run<'static, Done>) {
        let now = self.now();
        self.tasks.push(Task {
            run,
            job,
            number: self.workers,
            timeout: now + Duration::from_secs(seconds),
            stalls_until: now,
            begun: now,
            process,
            generation: self.processes.generation,
        });
    }

    /// A queue invokes its worker; `false` when it has nothing for it.
    pub(super) fn batch(&mut self, trigger: OrderQueue) -> bool {
        let most = self.rng.pick(&[1, 2, 10]);
        let Some((ids, event)) = self.queues.receive(trigger, most) else {
            return false;
        };
        self.workers += 1;
        let number = self.workers;
        self.tell(|| format!("worker {number} gets messages {ids:?} of {}", trigger.as_str()));
        let engine = self.engine();
        let process = Process::Engine(Arc::clone(&engine));
        let (seconds, deadline) = self.invocation(&engine);
        let run = Run::new(async move {
            let report = batch::handle(&*engine, engine.clock(), event, deadline).await;
            Done::Failed(report.failed)
        });
        self.spawn(Job::Batch(ids), seconds, process, run);
        true
    }

    /// The schedule or an operator invokes `reconcile`.
    pub(super) fn reconcile(&mut self, event: Value) {
        self.workers += 1;
        let number = self.workers;
        self.tell(|| format!("worker {number} reconciles {event}"));
        let engine = self.engine();
        let process = Process::Engine(Arc::clone(&engine));
        let (seconds, deadline) = self.invocation(&engine);
        let run = Run::new(async move {
            // What fails is logged by the function and tried again by the schedule.
            let _ = reconcile::handle(&*engine, engine.ledger(), engine.clock(), &event, deadline).await;
            Done::Reconciled
        });
        self.spawn(Job::Reconcile, seconds, process, run);
    }

    /// An operator uses a verb of which the shop's book has to know whether it was carried out.
    pub(super) fn verb(&mut self, event: Value) {
        self.workers += 1;
        let number = self.workers;
        self.tell(|| format!("worker {number} is told {event}"));
        let engine = self.engine();
        let process = Process::Engine(Arc::clone(&engine));
        let (seconds, deadline) = self.invocation(&engine);
        let asked = event.clone();
        let run = Run::new(async move {
            let answer = reconcile::handle(&*engine, engine.ledger(), engine.clock(), &asked, deadline).await;
            Done::Told(answer.is_ok())
        });
        self.spawn(Job::Verb(event), seconds, process, run);
    }

    /// An operator delivers what was parked once more, by the way that is his alone.
    pub(super) fn requeue(&mut self, parked: &ParkedDelivery) {
        self.workers += 1;
        let number = self.workers;
        self.tell(|| format!("webhook {number} gets a parked delivery again: {}", parked.reason));
        let mut headers = HeaderMap::new();
        for (name, value) in &parked.headers {
            let name: HeaderName = name.parse().expect("a header's name");
            headers.insert(name, value.parse().expect("a header's value"));
        }
        let (path, body) = (format!("/webhooks/{}", parked.storefront), parked.body.clone());
        let received_at = Some(parked.received_at);
        let hook = self.hook();
        let process = Process::Hook(Arc::clone(&hook));
        let run = Run::new(async move {
            let request = Request {
                method: &Method::POST,
                path: &path,
                headers: &headers,
                body: &body,
                request_id: "an-invocation",
                received_at,
            };
            Done::Answered(Box::new(hook.handle(request).await))
        });
        self.spawn(Job::Requeue, 10, process, run);
    }

    /// The schedule's event.
    pub(super) fn sweep(&mut self) {
        self.swept_at = self.now();
        self.reconcile(json!({}));
    }

    /// How long an invocation may take, and what its own deadline is.
    fn invocation(&mut self, engine: &Engine) -> (u64, Timestamp) {
        let own = if self.calm {
            58
        } else {
            self.rng.pick(&[58, 58, 58, 30, 17])
        };
        (own + 2, engine.clock().now() + Duration::from_secs(own))
    }

    /// An invocation has ended.
    pub(super) fn end(&mut self, task: Task, done: Done) {
        let number = task.number;
        match (&task.job, done) {
            (Job::Post(at, signed_at), Done::Answered(answer)) => {
                self.tell(|| {
                    format!(
                        "webhook {number} answers {} ({})",
                        answer.status(),
                        answer.disposition.as_str()
                    )
                });
                self.answered(*at, &answer, task.begun, *signed_at);
            }
            (Job::Batch(ids), Done::Failed(failed)) => {
                self.tell(|| format!("worker {number} is done; back to the queue: {failed:?}"));
                let consumed = ids.iter().filter(|id| !failed.contains(&id.to_string()));
                self.queues.delete(consumed.copied());
            }
            (Job::Verb(event), Done::Told(true)) => {
                self.tell(|| format!("worker {number} has done it"));
                self.carried_out(event);
            }
            (Job::Requeue, Done::Answered(answer)) => self.requeued(&answer),
            (_, _) => self.tell(|| format!("worker {number} is done")),
        }
        if task.generation == self.processes.generation {
            match task.process {
                Process::Engine(engine) => self.processes.engines.push(engine),
                Process::Hook(hook) => self.processes.hooks.push(hook),
            }
        }
    }

    /// An invocation has died.
    pub(super) fn died(&mut self, task: &Task) {
        let number = task.number;
        self.tell(|| format!("invocation {number} dies"));
        // A batch comes again by itself, when its visibility ends.
        if let Job::Post(at, _) = task.job {
            self.post_again(at);
        }
    }
}
