//! Each answer, and what is stored by the time it is given.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::SecretString;

use super::*;
use crate::order::StorefrontKind;
use crate::secrets::SecretError;
use crate::storefront::sign;
use crate::time::Timestamp;

const PAID: &str = include_str!("../../../events/shopify/orders_paid.json");
const TEST_ORDER: &str = include_str!("../../../events/shopify/orders_paid_test_order.json");
const CANCELED: &str = include_str!("../../../events/shopify/orders_cancelled.json");
const REFERENCE: &str = include_str!("../../../events/shopify/orders_updated_reference.json");

/// The secret, which changes each time it is read; the last one stays.
struct Document {
    texts: Vec<Result<&'static str, &'static str>>,
    read: Arc<AtomicUsize>,
}

impl Source for Document {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let at = self.read.fetch_add(1, Ordering::SeqCst).min(self.texts.len() - 1);
        match self.texts[at] {
            Ok(text) => Ok(text.into()),
            Err(reason) => Err(SecretError::Unavailable(reason.to_owned())),
        }
    }
}

#[derive(Clone, Default)]
struct Clockwork(Arc<AtomicI64>);

impl Clock for Clockwork {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_767_000_000 + self.0.load(Ordering::SeqCst))
    }
}

/// What a queue does with a message.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Takes,
    IsAway,
    FindsItTooLarge,
}

struct Recorded {
    name: &'static str,
    mood: Mood,
    stored: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Queue for Recorded {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        let queue = self.name.to_owned();
        match self.mood {
            Mood::Takes => {
                self.stored.lock().unwrap().push((self.name, body.to_owned()));
                Ok(())
            }
            Mood::IsAway => Err(QueueError::Unavailable {
                queue,
                reason: "connection refused at 10.0.0.7".to_owned(),
            }),
            Mood::FindsItTooLarge => Err(QueueError::TooLarge {
                queue,
                bytes: 1_000_001,
            }),
        }
    }
}

struct World {
    webhook: Webhook<Document, Clockwork, Recorded>,
    stored: Arc<Mutex<Vec<(&'static str, String)>>>,
    clock: Clockwork,
    secrets: Arc<Secrets<Document, Clockwork>>,
    secret_reads: Arc<AtomicUsize>,
}

const SHOPIFY: &str = r#"{"storefronts":{"shopify":{"secrets":["hush"]}}}"#;

fn world_with(
    texts: &[Result<&'static str, &'static str>],
    queues: Mood,
    parked: Mood,
    names: Result<FieldNames, String>,
) -> World {
    let clock = Clockwork::default();
    let read = Arc::new(AtomicUsize::new(0));
    let source = Document {
        texts: texts.to_vec(),
        read: Arc::clone(&read),
    };
    let secrets = Arc::new(Secrets::new(source, clock.clone(), Duration::from_secs(300)));
    let stored = Arc::new(Mutex::new(Vec::new()));
    let queue = |name, mood| Recorded {
        name,
        mood,
        stored: Arc::clone(&stored),
    };
    let queues = Queues {
        order_paid: queue("order-paid", queues),
        order_canceled: queue("order-canceled", queues),
        tag_external_id: queue("tag-external-id", queues),
        parked: queue("parked", parked),
    };
    World {
        webhook: Webhook::new(Arc::clone(&secrets), queues, clock.clone(), names),
        stored,
        clock,
        secrets,
        secret_reads: read,
    }
}

fn world(secret: &'static str) -> World {
    world_with(&[Ok(secret)], Mood::Takes, Mood::Takes, Ok(FieldNames::default()))
}

impl World {
    async fn send(&self, method: Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
        let request = Request {
            method: &method,
            path,
            headers,
            body,
            request_id: "invocation-1",
            received_at: None,
        };
        self.webhook.handle(request).await
    }

    /// Delivers as Shopify would.
    async fn shopify(&self, topic: &str, body: &str) -> Answer {
        let headers = signed(topic, body.as_bytes(), "hush");
        self.send(Method::POST, "/webhooks/shopify", &headers, body.as_bytes())
            .await
    }

    fn stored(&self) -> Vec<(&'static str, String)> {
        self.stored.lock().unwrap().clone()
    }

    fn stored_in(&self) -> Vec<&'static str> {
        self.stored().iter().map(|(queue, _)| *queue).collect()
    }
}

fn signed(topic: &str, body: &[u8], secret: &str) -> HeaderMap {
    let now = Timestamp::from_secs(1_767_000_000);
    let headers = sign::sign(StorefrontKind::Shopify, secret, body, topic, now).unwrap();
    headers
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_paid_order_is_in_its_queue_before_it_is_answered_200_with_an_empty_body() {
    let world = world(SHOPIFY);
    let answer = world.shopify("orders/paid", PAID).await;
    assert_eq!((answer.status().as_u16(), answer.line.as_ref()), (200, ""));
    assert_eq!(world.stored_in(), ["order-paid"]);
    let event = OrderEvent::from_json(&world.stored()[0].1).unwrap();
    assert_eq!(event.key.storefront(), StorefrontKind::Shopify);
    assert_eq!(event.received_at, Timestamp::from_secs(1_767_000_000));
}

#[tokio::test]
async fn each_trigger_has_its_queue() {
    let world = world(SHOPIFY);
    world.shopify("orders/cancelled", CANCELED).await;
    world.shopify("orders/updated", REFERENCE).await;
    assert_eq!(world.stored_in(), ["order-canceled", "tag-external-id"]);
}

#[tokio::test]
async fn what_means_nothing_for_us_is_answered_200_and_stored_nowhere() {
    let world = world(SHOPIFY);
    assert_eq!(
        world.shopify("orders/paid", TEST_ORDER).await.disposition,
        Disposition::Nothing
    );
    let answer = world.shopify("app/uninstalled", "{}").await;
    assert_eq!((answer.status().as_u16(), answer.line.as_ref()), (200, ""));
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn another_path_or_method_is_404() {
    let world = world(SHOPIFY);
    let headers = signed("orders/paid", PAID.as_bytes(), "hush");
    for (method, path) in [
        (Method::GET, "/webhooks/shopify"),
        (Method::POST, "/webhooks/magento"),
        (Method::POST, "/webhooks/shopify/nowhere"),
        (Method::POST, "/"),
    ] {
        let answer = world.send(method, path, &headers, PAID.as_bytes()).await;
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_body_over_six_megabytes_is_413_and_one_of_just_that_is_not() {
    let world = world(SHOPIFY);
    for (bytes, status) in [(6_000_000, 200), (6_000_001, 413)] {
        let body = vec![b' '; bytes];
        let headers = signed("app/uninstalled", &body, "hush");
        let answer = world.send(Method::POST, "/webhooks/shopify", &headers, &body).await;
        assert_eq!(answer.status().as_u16(), status, "{bytes}");
    }
}

#[tokio::test]
async fn an_unsigned_and_a_forged_delivery_are_401() {
    let world = world(SHOPIFY);
    let mut headers = signed("orders/paid", PAID.as_bytes(), "guessed");
    let forged = world
        .send(Method::POST, "/webhooks/shopify", &headers, PAID.as_bytes())
        .await;
    assert_eq!(
        (forged.status().as_u16(), forged.line.as_ref()),
        (401, "The signature does not fit.")
    );
    headers.remove("x-shopify-hmac-sha256");
    let unsigned = world
        .send(Method::POST, "/webhooks/shopify", &headers, PAID.as_bytes())
        .await;
    assert_eq!(unsigned.status().as_u16(), 401);
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_signed_delivery_without_a_topic_is_400() {
    let world = world(SHOPIFY);
    let mut headers = signed("orders/paid", PAID.as_bytes(), "hush");
    headers.remove("x-shopify-topic");
    let answer = world
        .send(Method::POST, "/webhooks/shopify", &headers, PAID.as_bytes())
        .await;
    assert_eq!(answer.status().as_u16(), 400);
    assert!(!answer.line.contains('\n') && !answer.line.is_empty());
}

#[tokio::test]
async fn a_signed_delivery_that_is_not_understood_is_parked_whole_and_200() {
    let world = world(SHOPIFY);
    let body = r#"{"id": "not a number", "email": "jane@example.com"}"#;
    let answer = world.shopify("orders/paid", body).await;
    assert_eq!((answer.status().as_u16(), answer.line.as_ref()), (200, ""));
    let stored = world.stored();
    assert_eq!(world.stored_in(), ["parked"]);
    let messages: Vec<String> = stored.iter().map(|(_, message)| message.clone()).collect();
    let parked = parked::decode(&messages).unwrap();
    assert_eq!(parked.body, body.as_bytes());
    assert_eq!(parked.id, "invocation-1");
    assert_eq!(parked.headers["x-shopify-topic"], "orders/paid");
}

#[tokio::test]
async fn what_could_not_be_parked_is_503_and_not_lost() {
    let world = world_with(&[Ok(SHOPIFY)], Mood::Takes, Mood::IsAway, Ok(FieldNames::default()));
    let answer = world.shopify("orders/paid", "{\"id\": []}").await;
    assert_eq!(answer.status().as_u16(), 503);
}

#[tokio::test]
async fn an_event_that_could_not_be_stored_is_503_without_our_insides() {
    let world = world_with(&[Ok(SHOPIFY)], Mood::IsAway, Mood::Takes, Ok(FieldNames::default()));
    let answer = world.shopify("orders/paid", PAID).await;
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(
        answer.line,
        "The delivery could not be stored now: please deliver it again."
    );
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_event_that_no_queue_takes_is_parked() {
    let world = world_with(
        &[Ok(SHOPIFY)],
        Mood::FindsItTooLarge,
        Mood::Takes,
        Ok(FieldNames::default()),
    );
    assert_eq!(
        world.shopify("orders/paid", PAID).await.disposition,
        Disposition::Parked
    );
    assert_eq!(world.stored_in(), ["parked"]);
}

#[tokio::test]
async fn without_a_secret_it_is_503_because_401_would_lose_the_event() {
    let away = world_with(&[Err("throttled")], Mood::Takes, Mood::Takes, Ok(FieldNames::default()));
    assert_eq!(away.shopify("orders/paid", PAID).await.status().as_u16(), 503);
    let wrong = world(r#"{"storefronts":{"shopify":{"secrets":[]}}}"#);
    assert_eq!(wrong.shopify("orders/paid", PAID).await.status().as_u16(), 503);
    let half = world(r#"{"wix":{"api_key":"k","account_id":"2250b761-b31c-453b-885b-76e9fc04bdc6"}}"#);
    assert_eq!(half.shopify("orders/paid", PAID).await.status().as_u16(), 503);
}

#[tokio::test]
async fn a_storefront_that_was_never_configured_is_404_and_so_nobody_can_ring_the_alarm_for_503() {
    let world = world(r#"{"storefronts":{"stripe":{"secrets":["whsec_x"]}}}"#);
    let answer = world.shopify("orders/paid", PAID).await;
    assert_eq!(answer.status().as_u16(), 404);
    assert_eq!(answer.disposition.metric(), "AnsweredNotConfigured");
    let headers = HeaderMap::new();
    let nowhere = world.send(Method::POST, "/webhooks/magento", &headers, b"").await;
    assert_eq!(answer.line, nowhere.line, "outside, the two look the same");
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn without_the_catalogs_field_names_it_is_503_because_the_site_would_be_lost() {
    let world = world_with(
        &[Ok(SHOPIFY)],
        Mood::Takes,
        Mood::Takes,
        Err("expected a table".to_owned()),
    );
    assert_eq!(world.shopify("orders/paid", PAID).await.status().as_u16(), 503);
    assert_eq!(world.stored_in(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_again_at_the_first_signature_that_fails() {
    let old = r#"{"storefronts":{"shopify":{"secrets":["before"]}}}"#;
    let world = world_with(
        &[Ok(old), Ok(SHOPIFY)],
        Mood::Takes,
        Mood::Takes,
        Ok(FieldNames::default()),
    );
    world.secrets.get().await.unwrap();
    assert_eq!(
        world.shopify("orders/paid", PAID).await.disposition,
        Disposition::Stored
    );
}

#[tokio::test]
async fn a_secret_that_was_filled_in_later_is_found() {
    let world = world_with(
        &[Ok(r#"{"storefronts":{}}"#), Ok(SHOPIFY)],
        Mood::Takes,
        Mood::Takes,
        Ok(FieldNames::default()),
    );
    world.secrets.get().await.unwrap();
    assert_eq!(
        world.shopify("orders/paid", PAID).await.disposition,
        Disposition::Stored
    );
}

#[tokio::test]
async fn forged_deliveries_make_us_read_the_secret_once_a_minute_at_most() {
    let world = world(SHOPIFY);
    let headers = signed("orders/paid", PAID.as_bytes(), "guessed");
    for second in 0..60 {
        world.clock.0.store(second, Ordering::SeqCst);
        let answer = world
            .send(Method::POST, "/webhooks/shopify", &headers, PAID.as_bytes())
            .await;
        assert_eq!(answer.status().as_u16(), 401);
    }
    assert_eq!(world.secret_reads.load(Ordering::SeqCst), 2);
}

#[cfg(feature = "telemetry")]
#[tokio::test]
async fn no_line_that_is_logged_has_personal_data_or_a_secret_and_each_names_its_order() {
    use crate::config::LogLevel;
    use crate::telemetry::{Captured, subscriber};

    let lines = Arc::new(Captured::default());
    let guard = tracing::subscriber::set_default(subscriber(
        "webhook",
        LogLevel::Trace,
        Clockwork::default(),
        Arc::clone(&lines),
    ));
    let world = world(SHOPIFY);
    world.shopify("orders/paid", PAID).await;
    world
        .shopify(
            "orders/paid",
            r#"{"id": "jane@example.com", "email": "jane@example.com"}"#,
        )
        .await;
    let headers = signed("orders/paid", PAID.as_bytes(), "guessed");
    world
        .send(Method::POST, "/webhooks/shopify", &headers, PAID.as_bytes())
        .await;
    drop(guard);

    let text = lines.text();
    assert!(
        text.contains(r#""disposition":"stored""#) && text.contains(r#""disposition":"parked""#),
        "{text}"
    );
    assert!(text.contains(r#""order":"shopify/9007199254740993""#), "{text}");
    for private in [
        "Zebulon",
        "Quackenbush",
        "555 0100",
        "Hidden Lane",
        "example.com",
        "hush",
        "guessed",
    ] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    let stored = world.stored();
    let event = stored
        .iter()
        .find(|(queue, _)| *queue == "order-paid")
        .map(|(_, event)| event.as_str());
    assert!(!event.unwrap().contains("Zebulon") && !event.unwrap().contains("Hidden Lane"));
}
