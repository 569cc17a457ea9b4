//! The client against a stub on the loopback that does exactly what a test tells it, down to the socket.

mod bodies;
mod faults;
mod pools;
mod queries;
mod requests;
mod stub;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::ids::AccountId;
use crate::time::{Clock, SystemClock, Timer, Timestamp};

const ACCOUNT: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
const PACKAGE: &str = "1f0c7a52-9f0a-4b9e-8a36-6f4e8f0f2a11";
const INSTANCE: &str = "7d9b2c44-0d1e-4c7f-9b1a-3c5d7e9f1b23";
const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
const PRODUCT: &str = "00ba7923-2655-402a-852d-2b2100568bcf";

/// A package as a create answers with it.
const CREATED: &str = r#"{"package":{"id":"1f0c7a52-9f0a-4b9e-8a36-6f4e8f0f2a11","accountId":"2250b761-b31c-453b-885b-76e9fc04bdc6","externalId":"order-1","productInstances":[{"instanceId":"7d9b2c44-0d1e-4c7f-9b1a-3c5d7e9f1b23","catalogProductId":"00ba7923-2655-402a-852d-2b2100568bcf","status":"PENDING","createdDate":"2026-11-22T10:00:00.000Z"}],"createdDate":"2026-11-22T10:00:00.000Z"},"idempotencyKey":"k"}"#;

/// A clock that a test moves.
#[derive(Debug)]
struct Hand(AtomicI64);

impl Hand {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_700_000_000_000)))
    }

    fn shift(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Timer for Hand {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        SystemClock.stopwatch()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        SystemClock.sleep(time)
    }
}

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn config(base_url: &str) -> ClientConfig {
    ClientConfig {
        base_url: base_url.to_owned(),
        ..ClientConfig::default()
    }
}

fn client(base_url: &str) -> Client {
    client_with(config(base_url))
}

fn client_with(config: ClientConfig) -> Client {
    Client::new(config, ApiKey::new("IST.test-key").unwrap()).unwrap()
}

/// By a clock that a test moves; what waits, waits in real time.
fn client_by(clock: &Arc<Hand>, config: ClientConfig) -> Client<HttpTransport<Arc<Hand>>, Arc<Hand>> {
    let transport = HttpTransport::new(&config, Arc::clone(clock)).unwrap();
    let client = Client::with_transport(config, transport, Arc::clone(clock)).unwrap();
    client.set_api_key(ApiKey::new("IST.test-key").unwrap());
    client
}

/// For tests in which no answer comes: long enough for the loopback, short enough to wait for.
fn impatient(base_url: &str) -> Client {
    client_with(ClientConfig {
        timeout: Duration::from_millis(300),
        ..config(base_url)
    })
}

fn create_request() -> CreatePackage {
    CreatePackage {
        idempotency_key: "key-1".parse().unwrap(),
        external_id: Some("order-1".parse().unwrap()),
        products: vec![ProductInput {
            catalog_product_id: PRODUCT.parse().unwrap(),
            site_id: None,
            billing_info: Some(BillingInfo::recurring(CycleUnit::Year, 1)),
            country_code: "US".parse().unwrap(),
            discount_code: None,
            reference_product_instance_id: None,
        }],
    }
}
