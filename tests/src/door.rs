//! The webhook in process: the real one, with a secret from the test and queues that remember what they were given.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};
use reseller_hooks::config::Env;
use reseller_hooks::queue::parked::ParkedDelivery;
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::secrets::{EnvSource, Secrets};
use reseller_hooks::storefront::{FieldNames, VerificationGuards};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::webhook::{Answer, Queues, Request, Route, Webhook};

use crate::world::poll_through;

/// Lambda's ID of every invocation.
pub const REQUEST_ID: &str = "invocation-1";

/// A message, and the queue that it is in.
pub type Message = (&'static str, String);

/// What the queues were given.
type Stored = Arc<Mutex<Vec<Message>>>;

/// A queue that takes everything.
#[derive(Debug, Clone)]
struct Recorder {
    name: &'static str,
    stored: Stored,
}

impl Queue for Recorder {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.push((self.name, body.to_owned()));
        Ok(())
    }
}

/// What a shop owner's server meets: the webhook, and the queues behind it.
pub struct Door<C> {
    webhook: Webhook<EnvSource, C, Recorder>,
    stored: Stored,
}

impl<C> std::fmt::Debug for Door<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

impl<C: Clock + Clone> Door<C> {
    /// A door whose secret document is this.
    pub fn new(secret: &str, clock: C, guards: VerificationGuards) -> Self {
        let source = EnvSource::new(Env::from_pairs([("SECRET", secret)]), "SECRET".to_owned());
        let secrets = Arc::new(Secrets::new(source, clock.clone(), Duration::from_secs(300)));
        let stored = Stored::default();
        let queue = |name| Recorder {
            name,
            stored: Arc::clone(&stored),
        };
        let queues = Queues {
            order_paid: queue("order-paid"),
            order_canceled: queue("order-canceled"),
            tag_external_id: queue("tag-external-id"),
            parked: queue("parked"),
        };
        Self {
            webhook: Webhook::new(secrets, queues, clock, Ok(FieldNames::default())).with_guards(guards),
            stored,
        }
    }

    /// Delivers a parked one again: the answer, and what was stored for it.
    pub fn requeue(&self, kept: &ParkedDelivery) -> (Answer, Vec<Message>) {
        let mut headers = HeaderMap::new();
        for (name, value) in &kept.headers {
            let name: HeaderName = name.parse().expect("a header's name");
            headers.insert(name, value.parse().expect("a header's value"));
        }
        let shop = kept.shop.as_ref().map(|shop| shop.as_str());
        let path = Route::path(kept.storefront.as_str(), shop);
        self.take(&path, &headers, &kept.body, Some(kept.received_at))
    }

    /// Posts a delivery: the answer, and what was stored for it.
    pub fn post(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> (Answer, Vec<Message>) {
        self.take(path, headers, body, None)
    }

    fn take(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
        received_at: Option<Timestamp>,
    ) -> (Answer, Vec<Message>) {
        let request = Request {
            method: &Method::POST,
            path,
            headers,
            body,
            request_id: REQUEST_ID,
            received_at,
        };
        let answer = poll_through(self.webhook.handle(request));
        let stored = std::mem::take(&mut *self.stored.lock().unwrap_or_else(PoisonError::into_inner));
        (answer, stored)
    }
}
