//! Everything between a storefront and Wix: a secret, queues that keep what they took, and the functions as they start up.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method};
use reseller_hooks::catalog::Catalog;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::secrets::{SecretError, Secrets, Source};
use reseller_hooks::storefront::{FieldNames, sign};
use reseller_hooks::time::Clock;
use reseller_hooks::webhook::{Answer, Disposition, Queues, Request, Webhook};
use reseller_hooks::worker::batch::{self, Report};
use reseller_hooks_tests::effects::{Counted, CountedWorker, Effects, worker};
use reseller_hooks_tests::world::{START, VirtualClock, World, yield_once};
use secrecy::SecretString;
use serde_json::json;

/// The sample shop's secrets.
pub(crate) const SECRETS: &str = include_str!("../../../events/secrets.json");
/// What the shop's secret is.
pub(crate) const SECRET: &str = "shpss_test";
/// Three plans, of which one is for a site; each has a voucher.
pub(crate) const PAID: &str = include_str!("../../../events/shopify/orders_paid.json");
/// The same order, canceled.
pub(crate) const CANCELED: &str = include_str!("../../../events/shopify/orders_cancelled.json");
/// The key of the order in both.
pub(crate) const KEY: &str = "shopify/9007199254740993";

const CATALOG: &str = include_str!("../../../catalog.toml");

/// A message that a queue keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) queue: &'static str,
    pub(crate) id: String,
    pub(crate) body: String,
}

/// What the queues keep, and whether they take anything.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) messages: Vec<Message>,
    pub(crate) away: bool,
    taken: usize,
}

/// One queue.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
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
pub(crate) struct Safe(Arc<Mutex<Option<String>>>);

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
pub(crate) type Function = Webhook<Counted<Safe>, VirtualClock, Counted<Kept>>;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) path: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Post {
    /// A sample as Shopify delivers it just now.
    pub(crate) fn shopify(topic: &str, sample: &str) -> Self {
        let body = sign::as_of(sample, START);
        let headers = sign::sign(StorefrontKind::Shopify, SECRET, body.as_bytes(), topic, START).unwrap();
        Self {
            path: "/webhooks/shopify",
            headers: header_map(&headers),
            body,
        }
    }
}

pub(crate) fn header_map(headers: &[(&'static str, String)]) -> HeaderMap {
    headers
        .iter()
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect()
}

/// A deployment, and the world around it.
pub(crate) struct Stage {
    pub(crate) world: World,
    shelf: Arc<Mutex<Shelf>>,
    safe: Safe,
    /// For the batch's time limits. It stands still: nothing waits in these tests.
    runtime: tokio::runtime::Runtime,
}

impl Stage {
    pub(crate) fn new(mut world: World) -> Self {
        world.catalog = Catalog::from_toml(CATALOG).unwrap();
        Self {
            world,
            shelf: Arc::default(),
            safe: Safe(Arc::new(Mutex::new(Some(SECRETS.to_owned())))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap(),
        }
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody puts another document into the secret, or takes it away.
    pub(crate) fn put_secret(&self, document: Option<&str>) {
        *self.safe.0.lock().unwrap_or_else(PoisonError::into_inner) = document.map(str::to_owned);
    }

    /// `webhook` starts up.
    pub(crate) fn function(&self, effects: &Effects) -> Function {
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
        Webhook::new(
            Arc::new(secrets),
            queues,
            self.world.clock.clone(),
            Ok(FieldNames::default()),
        )
    }

    /// Posts to a function that has started; `None`: it died, and there was no answer.
    pub(crate) fn post_to(&self, function: &Function, effects: &Effects, post: &Post) -> Option<Answer> {
        effects.lives(function.handle(Request {
            method: &Method::POST,
            path: post.path,
            headers: &post.headers,
            body: post.body.as_bytes(),
            request_id: "invocation",
        }))
    }

    /// Posts to a function that starts up for it and that nothing disturbs.
    pub(crate) fn post(&self, post: &Post) -> Disposition {
        let effects = Effects::counted();
        let answer = self.post_to(&self.function(&effects), &effects, post);
        answer.unwrap().disposition
    }

    /// One invocation of a worker with all that its queue has: what is consumed is gone. `None`: it died.
    pub(crate) fn work(&self, queue: &str, effects: &Effects) -> Option<Report> {
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
        let event = serde_json::from_value(json!({ "Records": records })).unwrap();
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

    /// Nothing disturbs any more: what is in the queues is worked off, and what is due.
    pub(crate) fn settle(&self) {
        for _ in 0..6 {
            self.world.clock.advance(Duration::from_secs(120));
            for queue in ["order-paid", "order-canceled", "tag-external-id"] {
                self.work(queue, &Effects::counted());
            }
            self.world.settle();
        }
    }

    /// The time, for what is signed.
    pub(crate) fn now(&self) -> reseller_hooks::time::Timestamp {
        self.world.clock.now()
    }
}
