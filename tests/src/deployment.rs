//! Everything between a storefront and Wix, in process: the webhook, its secret and queues, and the workers as they start
//! up, over a [`World`]. `tests/README.md` shows how a scenario is written with it.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use reseller_hooks::catalog::Catalog;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::secrets::{SecretError, Secrets, Source};
use reseller_hooks::storefront::{FieldNames, OrderQueue};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::webhook::{Answer, Disposition, Queues, Request, Webhook, field_names};
use reseller_hooks::worker::batch::{self, Report};
use secrecy::SecretString;
use serde_json::json;

use crate::effects::{Counted, CountedWorker, Effects, worker};
use crate::post::{Post, SECRETS};
use crate::world::{VirtualClock, World, yield_once};

/// The catalog of the repository.
pub const SAMPLE_CATALOG: &str = include_str!("../../catalog/catalog.toml");

/// A message that a queue keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which queue.
    pub queue: &'static str,
    /// Its ID.
    pub id: String,
    /// What was sent.
    pub body: String,
}

/// What the queues keep, and whether they take anything.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The oldest first.
    pub messages: Vec<Message>,
    /// They take nothing.
    pub away: bool,
    taken: usize,
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Kept {
    name: &'static str,
    shelf: Arc<Mutex<Shelf>>,
}

impl Queue for Kept {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        yield_once().await;
        {
            let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            if shelf.away {
                return Err(QueueError::Unavailable {
                    queue: self.name.to_owned(),
                    reason: "the test says so".to_owned(),
                });
            }
            shelf.taken += 1;
            let id = format!("m{}", shelf.taken);
            shelf.messages.push(Message {
                queue: self.name,
                id,
                body: body.to_owned(),
            });
        }
        yield_once().await;
        Ok(())
    }
}

/// Where the secret is; `None` while it cannot be fetched.
#[derive(Debug, Clone)]
pub struct Safe(Arc<Mutex<Option<String>>>);

impl Source for Safe {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        yield_once().await;
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        yield_once().await;
        text.map(SecretString::from)
            .ok_or_else(|| SecretError::Unavailable("the test says so".to_owned()))
    }
}

/// `webhook`, as it has started up.
pub type Function = Webhook<Counted<Safe>, VirtualClock, Counted<Kept>>;

/// A deployment, and the world around it.
pub struct Deployment {
    /// Wix, the ledger and the time.
    pub world: World,
    names: FieldNames,
    shelf: Arc<Mutex<Shelf>>,
    safe: Safe,
    /// For the batch's time limits. It stands still: nothing waits in these tests.
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment").finish_non_exhaustive()
    }
}

impl Deployment {
    /// With the repository's catalog and the secrets of `events/secrets.json`. The world's Wix must sell what is ordered:
    /// see [`Deployment::selling`] for one that sells everything.
    pub fn new(world: World) -> Self {
        Self::with_catalog(world, SAMPLE_CATALOG)
    }

    /// With another catalog.
    pub fn with_catalog(mut world: World, catalog: &str) -> Self {
        world.catalog = Catalog::from_toml(catalog).expect("the test's catalog is good");
        Self {
            world,
            names: field_names(catalog).expect("the test's catalog is good"),
            shelf: Arc::default(),
            safe: Safe(Arc::new(Mutex::new(Some(SECRETS.to_owned())))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime"),
        }
    }

    /// With any catalog, over a Wix that keeps its word and sells every product, from this time on (RFC 3339): bodies can
    /// then be delivered with the times that they have.
    pub fn selling(catalog: &str, from: &str) -> Self {
        let world = World::new(wix_sandbox::Config {
            rate_limit_per_minute: None,
            accept_any_product: true,
            ..wix_sandbox::Config::default()
        });
        world.clock.set(from.parse().expect("a time as RFC 3339 has it"));
        Self::with_catalog(world, catalog)
    }

    /// What the queues keep.
    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody puts another document into the secret, or takes it away.
    pub fn put_secret(&self, document: Option<&str>) {
        *self.safe.0.lock().unwrap_or_else(PoisonError::into_inner) = document.map(str::to_owned);
    }

    /// `webhook` starts up.
    pub fn function(&self, effects: &Effects) -> Function {
        let source = Counted::new(self.safe.clone(), effects.clone());
        let secrets = Secrets::new(source, self.world.clock.clone(), Duration::from_secs(300));
        let queue = |name| {
            let kept = Kept {
                name,
                shelf: Arc::clone(&self.shelf),
            };
            Counted::new(kept, effects.clone())
        };
        let queues = Queues {
            order_paid: queue("order-paid"),
            order_canceled: queue("order-canceled"),
            tag_external_id: queue("tag-external-id"),
            parked: queue("parked"),
        };
        let names = Ok(self.names.clone());
        Webhook::new(Arc::new(secrets), queues, self.world.clock.clone(), names)
    }

    /// Posts to a function that has started; `None`: it died, and there was no answer.
    pub fn post_to(&self, function: &Function, effects: &Effects, post: &Post) -> Option<Answer> {
        effects.lives(function.handle(Request {
            method: &Method::POST,
            path: &post.path,
            headers: &post.headers,
            body: post.body.as_bytes(),
            request_id: "invocation",
            received_at: None,
        }))
    }

    /// Posts to a function that starts up for it and that nothing disturbs.
    pub fn post(&self, post: &Post) -> Disposition {
        let effects = Effects::counted();
        let answer = self.post_to(&self.function(&effects), &effects, post);
        answer.expect("nothing dies").disposition
    }

    /// The sample shop delivers a body, signed now: into the queue, and not yet to a worker.
    pub fn deliver(&self, kind: StorefrontKind, topic: &str, body: &str) -> Disposition {
        self.post(&Post::signed(kind, topic, body, self.now()))
    }

    /// Somebody puts a message into the queue `order-paid`.
    pub fn put(&self, id: &str, body: String) {
        let (queue, id) = ("order-paid", id.to_owned());
        self.shelf().messages.push(Message { queue, id, body });
    }

    /// One invocation of a worker with all that its queue has: what is consumed is gone. `None`: it died.
    pub fn work(&self, queue: &str, effects: &Effects) -> Option<Report> {
        let batch: Vec<Message> = self
            .shelf()
            .messages
            .iter()
            .filter(|m| m.queue == queue)
            .cloned()
            .collect();
        let report = self.run(effects, |engine| self.invoke(engine, &batch))?;
        let failed = &report.failed;
        self.shelf()
            .messages
            .retain(|message| !batch.contains(message) || failed.contains(&message.id));
        Some(report)
    }

    async fn invoke(&self, engine: CountedWorker, batch: &[Message]) -> Report {
        let records: Vec<_> = batch
            .iter()
            .map(|message| json!({ "messageId": message.id, "body": message.body, "eventSource": "aws:sqs" }))
            .collect();
        let event = serde_json::from_value(json!({ "Records": records })).expect("an SQS event");
        batch::handle(&engine, &self.world.clock, event, self.world.deadline()).await
    }

    fn run<'a, F: Future<Output = Report> + 'a>(
        &'a self,
        effects: &Effects,
        invoke: impl FnOnce(CountedWorker) -> F,
    ) -> Option<Report> {
        let _inside = self.runtime.enter();
        effects.lives(invoke(worker(&self.world, effects)))
    }

    /// Every worker takes what is in its queue, once.
    pub fn work_all(&self) {
        for queue in OrderQueue::ALL {
            self.work(queue.as_str(), &Effects::counted());
        }
    }

    /// Nothing disturbs any more: what is in the queues is worked off, and what is due. The clock moves on by at least
    /// twelve minutes, and up to when the last thing is due.
    pub fn settle(&self) {
        for _ in 0..6 {
            self.world.clock.advance(Duration::from_secs(120));
            self.work_all();
            self.world.settle();
        }
    }

    /// The time, for what is signed.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
}

/// A catalog in which each SKU is a plan by the month, with a product of its own at Wix. `unknown_sku` is the key of
/// `[defaults]`: `ignore` or `attention`.
pub fn catalog_of(skus: &[&str], unknown_sku: &str) -> String {
    let mut text = format!(
        "[defaults]\nnot_before = \"2015-01-01T00:00:00Z\"\ncountry = \"US\"\non_cancel = \"unassign\"\nunknown_sku = \"{unknown_sku}\"\n"
    );
    for (at, sku) in skus.iter().enumerate() {
        write!(
            text,
            "\n[[product]]\nsku = \"{sku}\"\ncatalog_product_id = \"00000000-0000-4000-8000-{at:012x}\"\nbilling = {{ type = \"RECURRING\", unit = \"MONTH\", count = 1 }}\n"
        )
        .expect("text can be written to");
    }
    text
}
