//! A sandbox behind a socket of its own, and short ways to call it through the client.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use reseller_hooks::ids::{AccountId, IdempotencyKey, InstanceId};
use reseller_hooks::wix::{ApiKey, BillingInfo, Client, ClientConfig, CreatePackage, CycleUnit, Package, ProductInput};
use tokio::net::TcpListener;
use wix_sandbox::{Config, DEFAULT_API_KEY, Effect, FaultRule, Operation, SharedWix, Wix};

pub(crate) const MAIN: &str = "5a5db0c5-0000-4000-8000-000000000001";
pub(crate) const SUB: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const PLAN: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
pub(crate) const LARGER_PLAN: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
pub(crate) const VOUCHER: &str = "040639ae-277e-4a73-a4d2-1b6801b92f45";
pub(crate) const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
pub(crate) const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
pub(crate) const OTHER_SITE: &str = "c10cf845-bf18-4c10-8428-c4e5c7a39744";
pub(crate) const NOWHERE: &str = "99999999-9999-4999-8999-999999999999";

/// A Wix that listens on the loopback until the test ends, and a client of it.
pub(crate) struct Sandbox {
    base_url: String,
    wix: SharedWix,
    pub(crate) client: Client,
}

impl Sandbox {
    /// With the sandbox's defaults, but without a rate limit and with instances that stay `PENDING`: what a test sees
    /// does not depend on how long it takes.
    pub(crate) async fn start() -> Self {
        Self::with(calm()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let wix = wix_sandbox::share(Wix::new(config));
        tokio::spawn(wix_sandbox::serve(listener, Arc::clone(&wix)));
        let client = client(&base_url, DEFAULT_API_KEY, Duration::from_secs(15));
        Self { base_url, wix, client }
    }

    /// Another client of the same Wix.
    pub(crate) fn client_with(&self, key: &str, timeout: Duration) -> Client {
        client(&self.base_url, key, timeout)
    }

    /// The Wix itself, as it is now.
    pub(crate) fn look(&self) -> MutexGuard<'_, Wix> {
        self.wix.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call is struck.
    pub(crate) fn strike(&self, effect: Effect) {
        self.look().add_fault(FaultRule::new(effect));
    }

    /// How often an operation arrived.
    pub(crate) fn arrived(&self, operation: Operation) -> u64 {
        self.look().count(operation).calls
    }

    /// Buys for the main account, under a key and an external ID of that name.
    pub(crate) async fn buy(&self, name: &str, products: Vec<ProductInput>) -> Package {
        let bought = self.client.execute(&main(), &order(name, products)).await;
        bought.unwrap().value
    }
}

/// The sandbox's defaults without what depends on time.
pub(crate) fn calm() -> Config {
    Config {
        rate_limit_per_minute: None,
        pending_to_enabled_ms: None,
        ..Config::default()
    }
}

fn client(base_url: &str, key: &str, timeout: Duration) -> Client {
    let config = ClientConfig {
        base_url: base_url.to_owned(),
        timeout,
        ..ClientConfig::default()
    };
    Client::new(config, ApiKey::new(key).unwrap()).unwrap()
}

pub(crate) fn main() -> AccountId {
    MAIN.parse().unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

pub(crate) fn nobody() -> InstanceId {
    NOWHERE.parse().unwrap()
}

/// A product, yearly, that floats.
pub(crate) fn yearly(product: &str) -> ProductInput {
    ProductInput {
        catalog_product_id: product.parse().unwrap(),
        site_id: None,
        billing_info: Some(BillingInfo::recurring(CycleUnit::Year, 1)),
        country_code: "BR".parse().unwrap(),
        discount_code: None,
        reference_product_instance_id: None,
    }
}

pub(crate) fn on(site: &str, product: ProductInput) -> ProductInput {
    ProductInput {
        site_id: Some(site.parse().unwrap()),
        ..product
    }
}

pub(crate) fn voucher_of(instance: &InstanceId) -> ProductInput {
    ProductInput {
        reference_product_instance_id: Some(instance.clone()),
        ..yearly(VOUCHER)
    }
}

pub(crate) fn order(name: &str, products: Vec<ProductInput>) -> CreatePackage {
    CreatePackage {
        idempotency_key: key(&format!("key-{name}")),
        external_id: Some(name.parse().unwrap()),
        products,
    }
}

/// The ID of a package's instance.
pub(crate) fn instance(package: &Package, at: usize) -> InstanceId {
    package.product_instances[at].instance_id.clone()
}
