//! A ledger and a Wix of a million records and packages that take no memory: what is asked for is made from its number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reseller_hooks::ledger::limit::{Change, Changed, Limit, LimitStore};
use reseller_hooks::ledger::memory::MemoryLedger;
use reseller_hooks::ledger::{Entry, Indexed, Ledger, LedgerError, Stored};
use reseller_hooks::secrets::Secrets;
use reseller_hooks::time::Timestamp;
use reseller_hooks::wix::{Answer, Client, ClientConfig, ExchangeError, Transport};
use reseller_hooks::wix_port::WixPort;
use serde_json::{Value, json};

use super::Pace;
use crate::world::{Order, START, VirtualClock, WixSecret, World};

/// Of so many packages one has ended at Wix.
pub const DIFFERS: u64 = 1_000;

/// The number in the sample's names, in whose place another one is put.
const SAMPLE: &str = "777000000777";

/// How many packages are on a page.
const PAGE: u64 = 100;

/// A settled order of one package, as the ledger and Wix have it.
struct Sample {
    body: String,
    package: String,
    instance: String,
    /// When the package was created, as the record has it.
    created: String,
    shown: Value,
}

impl Sample {
    fn new() -> Self {
        let world = World::kind();
        let key = format!("shopify/{SAMPLE}");
        world
            .deliver(&Order::new(&key).line("1", "MAIL", 1).paid().event())
            .unwrap();
        let (shown, created) = {
            let wix = world.look();
            let package = wix.packages().next().unwrap();
            let created = Timestamp::EPOCH + Duration::from_millis(package.created_ms.unsigned_abs());
            let instance = &package.instances[0];
            let shown = json!({
                "id": package.id.to_string(),
                "accountId": package.account_id.to_string(),
                "externalId": package.external_id,
                "productInstances": [{
                    "instanceId": instance.id.to_string(),
                    "catalogProductId": instance.catalog_product_id.to_string(),
                    "status": "ENABLED",
                    "billingInfo": { "type": "RECURRING", "cycleDuration": { "unit": "MONTH", "count": 1 } },
                }],
            });
            (shown, format!("\"created_at\":\"{created}\""))
        };
        let text = |pointer: &str| shown.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        let body = world.entry(&key).body;
        assert!(body.contains(&created), "{body}");
        Self {
            body,
            created,
            package: text("/id"),
            instance: text("/productInstances/0/instanceId"),
            shown,
        }
    }
}

fn named(number: u64) -> String {
    format!("{number:012}")
}

fn package(number: u64) -> String {
    format!("{number:08x}-1111-4000-8000-000000000000")
}

/// A second after the one before, and all of them more than an hour ago.
fn created(of: u64, number: u64) -> Timestamp {
    START - Duration::from_secs(of + 7_200 - number)
}

fn instance(number: u64) -> String {
    format!("{number:08x}-2222-4000-8000-000000000000")
}

/// A ledger of so many settled orders, and of what is written into it beside them.
#[derive(Clone)]
pub(super) struct Vast {
    of: u64,
    sample: Arc<Sample>,
    written: Arc<MemoryLedger>,
    listed: Arc<AtomicU64>,
    clock: VirtualClock,
    pace: Pace,
}

impl Vast {
    pub(super) fn of(records: u64, world: &World) -> Self {
        Self {
            of: records,
            sample: Arc::new(Sample::new()),
            written: Arc::default(),
            listed: Arc::default(),
            clock: world.clock.clone(),
            pace: Pace::ORDINARY,
        }
    }

    pub(super) fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// How many lines of an index were read.
    pub(super) fn listed(&self) -> u64 {
        self.listed.load(Ordering::Relaxed)
    }

    fn made(&self, number: u64) -> Entry {
        let Sample {
            body,
            package: sample_package,
            instance: sample_instance,
            created: sample_created,
            ..
        } = &*self.sample;
        let body = body.replace(SAMPLE, &named(number));
        let body = body.replace(sample_package, &package(number));
        let body = body.replace(
            sample_created,
            &format!("\"created_at\":\"{}\"", created(self.of, number)),
        );
        Entry {
            key: format!("shopify/{}", named(number)),
            body: body.replace(sample_instance, &instance(number)),
            rev: 1,
            write_id: "made".to_owned(),
            due_at: None,
            attention_since: None,
        }
    }

    /// The number of an order that nobody wrote.
    fn number(&self, key: &str) -> Option<u64> {
        let number = key.strip_prefix("shopify/")?.parse().ok()?;
        (number < self.of).then_some(number)
    }

    fn count(&self, found: Vec<Indexed>) -> Vec<Indexed> {
        let lines = u64::try_from(found.len()).unwrap();
        self.listed.fetch_add(lines, Ordering::Relaxed);
        found
    }
}

impl LimitStore for Vast {
    fn home(&self) -> &str {
        self.written.home()
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        self.written.limit().await
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        self.written.change_limit(change).await
    }
}

impl Ledger for Vast {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        let written = self.written.load(key).await?;
        Ok(written.or_else(|| Some(self.made(self.number(key)?))))
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        if let (Some(number), None) = (self.number(&entry.key), self.written.load(&entry.key).await?) {
            self.written.store(&self.made(number)).await?;
        }
        self.written.store(entry).await
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        self.written.remove(key, rev).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.count(self.written.due(now, limit).await?))
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.count(self.written.newly_due(now, limit).await?))
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        Ok(self.count(self.written.due_since(since, now, limit).await?))
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.written.attention(limit).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        self.clock.advance(self.pace.ledger);
        let first = after.and_then(|key| self.number(key)).map_or(0, |number| number + 1);
        let mut page = Vec::with_capacity(limit);
        for number in (first..self.of).take(limit) {
            let made = self.made(number);
            page.push(self.written.load(&made.key).await?.unwrap_or(made));
        }
        Ok(page)
    }
}

/// A Wix that has the package of each order.
#[derive(Clone)]
pub(super) struct VastWix {
    of: u64,
    sample: Arc<Sample>,
    clock: VirtualClock,
    secret: WixSecret,
    pace: Pace,
}

impl VastWix {
    pub(super) fn of(packages: u64, world: &World) -> Self {
        Self {
            of: packages,
            sample: Arc::new(Sample::new()),
            clock: world.clock.clone(),
            secret: world.secret.clone(),
            pace: Pace::ORDINARY,
        }
    }

    pub(super) fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    pub(super) fn port(&self, world: &World) -> WixPort<WixSecret, VirtualClock, Self> {
        let config = ClientConfig {
            repeat_reads: false,
            jitter: || 0.5,
            ..ClientConfig::default()
        };
        let client = Client::with_transport(config, self.clone(), world.clock.clone()).unwrap();
        let secrets = Secrets::new(self.secret.clone(), world.clock.clone(), Duration::from_secs(300));
        WixPort::new(client, Arc::new(secrets))
    }

    fn shown(&self, number: u64) -> Value {
        let mut shown = self.sample.shown.clone();
        shown["id"] = json!(package(number));
        shown["externalId"] = json!(format!("rh-shopify-{}-b1", named(number)));
        shown["createdDate"] = json!(created(self.of, number).to_string());
        shown["productInstances"][0]["instanceId"] = json!(instance(number));
        if number.is_multiple_of(DIFFERS) {
            shown["productInstances"][0]["status"] = json!("CANCELED");
        }
        shown
    }
}

impl Transport for VastWix {
    async fn exchange(&self, request: http::Request<Vec<u8>>, _: Duration) -> Result<Answer, ExchangeError> {
        self.clock.advance(self.pace.wix);
        assert!(request.uri().path().ends_with("/query"), "{}", request.uri());
        let asked: Value = serde_json::from_slice(request.body()).unwrap();
        let text = |pointer: &str| asked.pointer(pointer).and_then(Value::as_str);
        let since = text("/query/filter/createdDate/$gte").map(|since| since.parse::<Timestamp>().unwrap());
        let from = match (text("/query/cursorPaging/cursor"), since) {
            (Some(cursor), _) => cursor.parse().unwrap(),
            (None, Some(since)) => since.since(created(self.of, 0)).as_secs(),
            (None, None) => 0,
        };
        let until = (from + PAGE).min(self.of);
        let packages: Vec<Value> = (from..until).map(|number| self.shown(number)).collect();
        let next = (until < self.of).then(|| until.to_string());
        let answer = json!({ "packages": packages, "metadata": { "cursors": { "next": next } } });
        Ok(Answer {
            status: 200,
            headers: http::HeaderMap::from_iter([(
                http::header::CONTENT_TYPE,
                http::HeaderValue::from_static("application/json"),
            )]),
            body: answer.to_string().into_bytes(),
            broken: None,
        })
    }
}
