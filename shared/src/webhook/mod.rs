//! Everything between a storefront's HTTP request and its answer: route, size, signature, meaning, and a durable write
//! before the 200. It knows HTTP and nothing of Lambda, so that all of it runs in process in tests.
//!
//! The answers follow from what the storefront does with them. 200: it forgets the delivery, so it is stored (or
//! parked, or nothing for us). 401, 400 and 404: it is told that nothing will come of it. 503: it delivers again, so it
//! is the answer whenever *we* are at fault; 401 because our secret could not be read would lose the event.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method};

use crate::order::OrderEvent;
use crate::queue::parked::{self, ParkedDelivery};
use crate::queue::{Queue, QueueError};
use crate::secrets::{SecretDocument, Secrets, Source};
use crate::storefront::{
    Delivery, FieldNames, Mistake, OrderQueue, Outcome, ReceiveError, StorefrontSecrets, VerificationGuards,
    VerifyError, receive,
};
use crate::time::{Clock, Timestamp};

mod answer;
mod names;
pub mod requeue;
mod route;

pub use answer::{Answer, Disposition};
pub use names::field_names;
pub use route::Route;

/// The largest body that is taken, in bytes: Lambda takes 6 MB, the rest of the request included.
pub const MAX_BODY_BYTES: usize = 6_000_000;

/// The header of a delivery that only sees whether it is refused: it is answered like any other, and not counted, so that
/// no alarm rings for it.
pub const PROBE: &str = "x-reseller-probe";

/// One HTTP request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, as it was received.
    pub path: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, decoded from base64 where API Gateway encoded it.
    pub body: &'a [u8],
    /// Lambda's ID of the invocation: what a parked delivery is known by.
    pub request_id: &'a str,
    /// When it was received, where it was parked and is delivered again ([`requeue`]). It is verified as of that time, and is
    /// not parked once more.
    pub received_at: Option<Timestamp>,
}

/// The three queues of orders, and the one for parked deliveries.
#[derive(Debug, Clone)]
pub struct Queues<Q> {
    /// `ORDER_PAID_QUEUE_URL`
    pub order_paid: Q,
    /// `ORDER_CANCELED_QUEUE_URL`
    pub order_canceled: Q,
    /// `TAG_EXTERNAL_ID_QUEUE_URL`
    pub tag_external_id: Q,
    /// `PARKED_QUEUE_URL`
    pub parked: Q,
}

impl<Q> Queues<Q> {
    const fn of(&self, queue: OrderQueue) -> &Q {
        match queue {
            OrderQueue::OrderPaid => &self.order_paid,
            OrderQueue::OrderCanceled => &self.order_canceled,
            OrderQueue::TagExternalId => &self.tag_external_id,
        }
    }
}

/// What takes deliveries.
pub struct Webhook<S, C, Q> {
    secrets: Arc<Secrets<S, C>>,
    queues: Queues<Q>,
    clock: C,
    /// The names of properties, or why the catalog does not give them.
    names: Result<FieldNames, String>,
    /// The keys of the document that was used last: reading them costs more than verifying with them.
    read: Mutex<Option<Read>>,
    guards: VerificationGuards,
}

#[derive(Clone)]
struct Read {
    document: Arc<SecretDocument>,
    storefronts: Result<Arc<StorefrontSecrets>, String>,
}

impl<S, C, Q> std::fmt::Debug for Webhook<S, C, Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What a delivery came to, before it is stored.
type Received = Result<Outcome, ReceiveError>;

impl<S: Source, C: Clock, Q: Queue> Webhook<S, C, Q> {
    /// `names` is what [`field_names`] made of the catalog. Without them every delivery is answered 503: an order event
    /// that lacks its site or account would be bought for the wrong one.
    pub fn new(secrets: Arc<Secrets<S, C>>, queues: Queues<Q>, clock: C, names: Result<FieldNames, String>) -> Self {
        Self {
            secrets,
            queues,
            clock,
            names,
            read: Mutex::new(None),
            guards: VerificationGuards::default(),
        }
    }

    /// The same with other guards. Only tests take one out, to see that another test turns red.
    #[doc(hidden)]
    #[must_use]
    pub fn with_guards(mut self, guards: VerificationGuards) -> Self {
        self.guards = guards;
        self
    }

    /// Takes one request, and logs what came of it in one line.
    pub async fn handle(&self, request: Request<'_>) -> Answer {
        let answer = match Route::parse(request.method, request.path) {
            None => Answer::not_found(),
            Some(_) if request.body.len() > MAX_BODY_BYTES => Answer::too_large(),
            Some(route) => self.deliver(&route, request).await,
        };
        answer.log(request.path, request.body.len());
        answer
    }

    async fn deliver(&self, route: &Route, request: Request<'_>) -> Answer {
        let delivery = Delivery {
            headers: request.headers,
            body: request.body,
            received_at: request.received_at.unwrap_or_else(|| self.clock.now()),
        };
        let received = self.receive(route, &delivery).await;
        let mistakes = self.mistakes();
        let answer = match received {
            Err(answer) => *answer,
            Ok(Ok(Outcome::Nothing(reason))) => Answer::nothing(reason),
            Ok(Ok(Outcome::Events(events))) => self.store(route, request, &delivery, events).await,
            Ok(Err(error)) => match &error {
                ReceiveError::Unverified(VerifyError::NoKeys) => no_keys(route),
                ReceiveError::Unverified(_) => Answer::unverified(&error),
                ReceiveError::Malformed { .. } => Answer::malformed(&error),
                ReceiveError::NotUnderstood { reason } => self.park(route, request, &delivery, reason).await,
            },
        };
        answer.with_secret_mistakes(mistakes)
    }

    /// The metrics of what is wrong in the document in use: they are counted with each delivery, so that the alarm
    /// lasts as long as the mistake.
    fn mistakes(&self) -> Vec<&'static str> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mistakes = read.as_ref().and_then(|read| read.storefronts.as_ref().ok());
        let metrics = mistakes.map(|secrets| secrets.mistakes().iter().map(Mistake::metric));
        let mut metrics: Vec<_> = metrics.into_iter().flatten().collect();
        metrics.dedup();
        metrics
    }

    /// Verifies and reads. When no key fits, perhaps there is a newer one: the secret is read again, at most once a
    /// minute, so that forged deliveries cannot make us hammer it.
    async fn receive(&self, route: &Route, delivery: &Delivery<'_>) -> Result<Received, Box<Answer>> {
        let names = self
            .names
            .as_ref()
            .map_err(|reason| Box::new(Answer::unavailable(format!("the catalog cannot be used: {reason}"))))?;
        let document = self
            .secrets
            .get()
            .await
            .map_err(|error| Box::new(Answer::unavailable(error.to_string())))?;
        let first = self.receive_with(&document, route, delivery, names);
        let may_be_mended = matches!(
            first,
            Err(_)
                | Ok(Err(ReceiveError::Unverified(
                    VerifyError::BadSignature | VerifyError::NoKeys
                )))
        );
        if may_be_mended && let Some(newer) = self.secrets.refresh_now(&document).await {
            return self.receive_with(&newer, route, delivery, names);
        }
        first
    }

    fn receive_with(
        &self,
        document: &Arc<SecretDocument>,
        route: &Route,
        delivery: &Delivery<'_>,
        names: &FieldNames,
    ) -> Result<Received, Box<Answer>> {
        let secrets = self
            .storefronts(document)
            .map_err(|reason| Box::new(Answer::unavailable(reason)))?;
        let shops = secrets.shops(route.storefront, route.shop.as_ref());
        let mistake = secrets.mistake(route.storefront, route.shop.as_ref());
        if shops.is_empty() && mistake.is_none() && route.shop.is_some() && secrets.has(route.storefront) {
            return Err(Box::new(Answer::not_found()));
        }
        let received = receive(route.storefront, delivery, &shops, names);
        match (&received, mistake) {
            // The entry that is wrong may be the one that signed it: the sender is not at fault, and sends it again.
            (
                Err(ReceiveError::Unverified(VerifyError::NoKeys | VerifyError::BadSignature | VerifyError::OtherShop)),
                Some(mistake),
            ) => Err(Box::new(Answer::unavailable(format!(
                "an entry of the secret is wrong: {}",
                mistake.error
            )))),
            (Ok(_) | Err(_), _) => Ok(received),
        }
    }

    fn storefronts(&self, document: &Arc<SecretDocument>) -> Result<Arc<StorefrontSecrets>, String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match read.as_ref() {
            Some(read) if Arc::ptr_eq(&read.document, document) => read.storefronts.clone(),
            Some(_) | None => {
                let before = read.as_ref().and_then(|read| read.storefronts.clone().ok());
                let storefronts = self.read_storefronts(document, before);
                *read = Some(Read {
                    document: Arc::clone(document),
                    storefronts: storefronts.clone(),
                });
                storefronts
            }
        }
    }

    /// Reads the storefronts of a document that has not been read yet. What is wrong in it is logged here, once.
    fn read_storefronts(
        &self,
        document: &SecretDocument,
        before: Option<Arc<StorefrontSecrets>>,
    ) -> Result<Arc<StorefrontSecrets>, String> {
        let read = match document.storefronts_json() {
            Some(json) => StorefrontSecrets::read(json, before.as_deref()).map_err(|error| error.to_string()),
            None => Err("it has no `storefronts`: put the storefronts' secrets into it".to_owned()),
        };
        match read {
            Ok(secrets) => {
                for Mistake { error, kept, .. } in secrets.mistakes() {
                    tracing::error!(entry = %error.place, %error, kept, "an entry of the secret is wrong");
                }
                Ok(Arc::new(secrets.guarded(self.guards)))
            }
            Err(error) => {
                tracing::error!(entry = "storefronts", %error, kept = before.is_some(), "an entry of the secret is wrong");
                before.ok_or_else(|| format!("the secret cannot be used: {error}"))
            }
        }
    }

    /// Stores every event of a delivery. One that could not be stored is a delivery that has to come again: the others
    /// are then stored twice, which changes nothing.
    async fn store(
        &self,
        route: &Route,
        request: Request<'_>,
        delivery: &Delivery<'_>,
        events: Vec<(OrderEvent, OrderQueue)>,
    ) -> Answer {
        let mut stored = Answer::nothing("the delivery holds no event".into());
        for (at, (event, queue)) in events.iter().enumerate() {
            match self.queues.of(*queue).send(&event.to_json()).await {
                Ok(()) if at == 0 => stored = Answer::stored(event, *queue),
                Ok(()) => {}
                // It will never fit: a person has to look at it, and the storefront need not send it again.
                Err(error @ QueueError::TooLarge { .. }) => {
                    return self.park(route, request, delivery, &error.to_string()).await;
                }
                Err(error @ (QueueError::Unavailable { .. } | QueueError::Misconfigured { .. })) => {
                    return Answer::unavailable(error.to_string()).about(event);
                }
            }
        }
        stored
    }

    /// Keeps a signed delivery whole. Only when every part is stored is it answered 200; a storefront that delivers
    /// again after half of them were stored leaves a part too many, which belongs to another parked delivery.
    async fn park(&self, route: &Route, request: Request<'_>, delivery: &Delivery<'_>, reason: &str) -> Answer {
        if request.received_at.is_some() {
            return Answer::parked(reason.to_owned());
        }
        let headers = delivery.headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        });
        let parked = ParkedDelivery {
            id: request.request_id.to_owned(),
            storefront: route.storefront,
            shop: route.shop.clone(),
            received_at: delivery.received_at,
            reason: reason.to_owned(),
            headers: headers.collect(),
            body: delivery.body.to_vec(),
        };
        for message in parked::encode(&parked) {
            if let Err(error) = self.queues.parked.send(&message).await {
                return Answer::unavailable(format!("not parked: {error}; it could not be understood: {reason}"));
            }
        }
        Answer::parked(reason.to_owned())
    }
}

/// The secret could be read and does not know the storefront, so its webhooks were never set up here. It is not a 503:
/// anybody can send to such an address, and could keep the alarm for deliveries that we fail to take ringing.
fn no_keys(route: &Route) -> Answer {
    Answer::not_configured(format!(
        "the secret has no key for {}: put one into it, or take the webhook out at the storefront",
        route.storefront
    ))
}

#[cfg(test)]
mod tests;
