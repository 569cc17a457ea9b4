//! Effects, counted: what a worker or the webhook does to the world outside of it. At the one that a test names it dies,
//! before or after, or it is done twice; or it dies at an await point. How many there are of either is found by running,
//! so that a new one is covered without a new line of test.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reseller_hooks::fulfilment::Fulfilment;
use reseller_hooks::fulfilment::ports::Wix;
use reseller_hooks::ids::AccountId;
use reseller_hooks::ledger::limit::{Change, Changed, Limit, LimitStore};
use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::secrets::{SecretError, Source};
use reseller_hooks::time::Timestamp;
use reseller_hooks::wix::{Call, Error};
use secrecy::SecretString;

use crate::between::StoppingLedger;
use crate::world::{Run, VirtualClock, WixPort, World};

/// What happens at an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happens {
    /// Nothing of it is done: who does it is dead.
    DiesBefore,
    /// All of it is done, and who did it is dead before it hears so.
    DiesAfter,
    /// It is done twice, and the second answer is heard.
    Twice,
    /// It is done twice, and the first answer is heard.
    TwiceHearingTheFirst,
}

impl Happens {
    /// Each of them.
    pub const ALL: [Self; 4] = [
        Self::DiesBefore,
        Self::DiesAfter,
        Self::Twice,
        Self::TwiceHearingTheFirst,
    ];
}

/// Counts effects, and lets something happen at one of them. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Effects(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    begun: Vec<&'static str>,
    at: Option<(usize, Happens)>,
    await_points: usize,
    dropped_at: Option<usize>,
    died: bool,
}

impl Effects {
    /// Only counts.
    pub fn counted() -> Self {
        Self::default()
    }

    /// At the effect of that number, from 0, something happens.
    pub fn with(at: usize, happens: Happens) -> Self {
        Self(Arc::new(Mutex::new(State {
            at: Some((at, happens)),
            ..State::default()
        })))
    }

    /// Who comes to the await point of that number, from 0, dies there.
    pub fn dropped_at(await_point: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            dropped_at: Some(await_point),
            ..State::default()
        })))
    }

    /// The names of the effects that were begun, in their order.
    pub fn begun(&self) -> Vec<&'static str> {
        self.lock().begun.clone()
    }

    /// How many await points somebody came to.
    pub fn await_points(&self) -> usize {
        self.lock().await_points
    }

    /// Lets somebody work who may die: `None` if so. The one who works afterwards is another.
    pub fn lives<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut run = Run::new(work);
        loop {
            if let Some(output) = run.step() {
                return Some(output);
            }
            let mut state = self.lock();
            let here = state.await_points;
            state.await_points += 1;
            if std::mem::take(&mut state.died) || state.dropped_at == Some(here) {
                return None;
            }
        }
    }

    /// Does an effect, and what happens at it.
    pub async fn run<T, F: Future<Output = T>>(&self, name: &'static str, act: impl Fn() -> F) -> T {
        let happens = {
            let mut state = self.lock();
            let number = state.begun.len();
            state.begun.push(name);
            state.at.filter(|(at, _)| *at == number).map(|(_, happens)| happens)
        };
        match happens {
            None => act().await,
            Some(Happens::DiesBefore) => self.die().await,
            Some(Happens::DiesAfter) => {
                act().await;
                self.die().await
            }
            Some(Happens::Twice) => {
                act().await;
                act().await
            }
            Some(Happens::TwiceHearingTheFirst) => {
                let first = act().await;
                act().await;
                first
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.lock().died = true;
        std::future::pending().await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port whose effects are counted.
#[derive(Debug, Clone)]
pub struct Counted<P> {
    port: P,
    effects: Effects,
}

impl<P> Counted<P> {
    /// A port, and what counts its effects.
    pub const fn new(port: P, effects: Effects) -> Self {
        Self { port, effects }
    }
}

/// A worker whose effects are counted.
pub type CountedWorker = Fulfilment<Counted<WixPort>, Counted<StoppingLedger>, VirtualClock>;

/// A worker of a world: each call to Wix and each write of the ledger is an effect.
pub fn worker(world: &World, effects: &Effects) -> CountedWorker {
    let port = Counted::new(world.port(), effects.clone());
    let ledger = Counted::new(world.yielding(), effects.clone());
    world.worker_over(port, ledger, world.clock.clone())
}

impl<S: Source> Source for Counted<S> {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        self.effects.run("fetch", || self.port.fetch()).await
    }
}

impl<Q: Queue> Queue for Counted<Q> {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        self.effects.run("send", || self.port.send(body)).await
    }
}

impl<L: Ledger> LimitStore for Counted<L> {
    fn home(&self) -> &str {
        self.port.home()
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        self.port.limit().await
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        self.effects.run("permit", || self.port.change_limit(change)).await
    }
}

impl<L: Ledger> Ledger for Counted<L> {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        self.port.load(key).await
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        self.effects.run("write", || self.port.store(entry)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.port.due(now, limit).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.port.newly_due(now, limit).await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.port.due_since(since, now, limit).await
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.port.attention(limit).await
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        self.port.remove(key, rev).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        self.port.scan(after, limit).await
    }
}

/// Each call is an effect by the name of its operation.
impl<W: Wix> Wix for Counted<W> {
    async fn send<K: Call>(&self, account: &AccountId, call: &K) -> Result<K::Answer, Error> {
        let name = K::OPERATION.as_str();
        self.effects.run(name, || self.port.send(account, call)).await
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        self.port.own_account().await
    }
}
