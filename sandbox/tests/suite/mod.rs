//! A Wix at a fixed time, and short ways to call it.

mod access;
mod cancel;
mod create;
mod deterministic;
mod faults;
mod http;
mod keys;
mod lifecycle;
mod query;
mod sites;

use serde_json::{Value, json};
use wix_sandbox::{Config, Fate, Reply, Request, Wix};

pub(crate) const NOON: i64 = 1_767_268_800_000; // 2026-01-01T12:00:00Z
pub(crate) const MAIN: &str = "5a5db0c5-0000-4000-8000-000000000001";
pub(crate) const SUB: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const PLAN: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
pub(crate) const LARGER_PLAN: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
pub(crate) const VOUCHER: &str = "040639ae-277e-4a73-a4d2-1b6801b92f45";
pub(crate) const EMAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c";
pub(crate) const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
pub(crate) const OTHER_SITE: &str = "c10cf845-bf18-4c10-8428-c4e5c7a39744";
pub(crate) const NOWHERE: &str = "99999999-9999-4999-8999-999999999999";

/// A Wix, and what time it is there.
pub(crate) struct World {
    pub(crate) wix: Wix,
    pub(crate) now: i64,
}

/// What came back.
#[derive(Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) fate: Fate,
}

impl Got {
    /// The application error's code; empty where there is none.
    pub(crate) fn code(&self) -> &str {
        self.body["details"]["applicationError"]["code"].as_str().unwrap_or("")
    }

    /// `field RULE` of every violation.
    pub(crate) fn violations(&self) -> Vec<String> {
        let list = self.body["details"]["validationError"]["fieldViolations"].as_array();
        list.into_iter()
            .flatten()
            .map(|one| {
                format!(
                    "{} {}",
                    one["field"].as_str().unwrap(),
                    one["violatedRule"].as_str().unwrap()
                )
            })
            .collect()
    }

    pub(crate) fn package(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body["package"]
    }

    pub(crate) fn id(&self) -> String {
        self.package()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn instance_id(&self, index: usize) -> String {
        self.package()["productInstances"][index]["instanceId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The external IDs of a query's packages.
    pub(crate) fn found(&self) -> Vec<&str> {
        assert_eq!(self.status, 200, "{}", self.body);
        let list = self.body["packages"].as_array().unwrap();
        list.iter()
            .map(|package| package["externalId"].as_str().unwrap_or(""))
            .collect()
    }

    pub(crate) fn next(&self) -> Option<String> {
        self.body["metadata"]["cursors"]["next"].as_str().map(str::to_owned)
    }
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            wix: Wix::new(config),
            now: NOON,
        }
    }

    pub(crate) fn raw(&mut self, account: &str, method: &str, target: &str, body: &str) -> Reply {
        let request = Request::new(method, target)
            .header("Authorization", "sandbox-api-key")
            .header("wix-account-id", account)
            .body(body);
        self.wix.handle(self.now, &request)
    }

    pub(crate) fn call_as(&mut self, account: &str, method: &str, target: &str, body: &Value) -> Got {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = self.raw(account, method, target, &body);
        Got {
            status: reply.status,
            body: serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
            fate: reply.fate,
        }
    }

    pub(crate) fn call(&mut self, method: &str, target: &str, body: &Value) -> Got {
        self.call_as(MAIN, method, target, body)
    }

    pub(crate) fn create(&mut self, body: &Value) -> Got {
        self.call("POST", "/resellers/v2/packages", body)
    }

    /// A package of one product, under a key and an external ID of that name.
    pub(crate) fn buy(&mut self, name: &str, product: Value) -> Got {
        self.create(&order(name, vec![product]))
    }

    pub(crate) fn get(&mut self, id: &str) -> Got {
        self.call("GET", &format!("/resellers/v1/packages/{id}"), &Value::Null)
    }

    pub(crate) fn query(&mut self, query: Value) -> Got {
        self.call("POST", "/resellers/v1/packages/query", &json!({"query": query}))
    }

    pub(crate) fn instance(&mut self, method: &str, rest: &str) -> Got {
        self.call(
            method,
            &format!("/resellers/v1/packages/product-instances/{rest}"),
            &Value::Null,
        )
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

pub(crate) fn order(name: &str, products: Vec<Value>) -> Value {
    json!({"idempotencyKey": format!("key-{name}"), "externalId": name, "products": products})
}

pub(crate) fn yearly() -> Value {
    json!({"type": "RECURRING", "cycleDuration": {"unit": "YEAR", "count": 1}})
}

pub(crate) fn monthly() -> Value {
    json!({"type": "RECURRING", "cycleDuration": {"unit": "MONTH", "count": 1}})
}

/// A yearly plan that floats.
pub(crate) fn plan() -> Value {
    json!({"catalogProductId": PLAN, "billingInfo": yearly(), "countryCode": "BR"})
}

/// `object` with more members.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    object
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    object
}

pub(crate) fn on(site: &str, product: Value) -> Value {
    with(product, json!({"siteId": site}))
}

pub(crate) fn voucher_of(instance: &str) -> Value {
    json!({"catalogProductId": VOUCHER, "countryCode": "BR", "referenceProductInstanceId": instance})
}
