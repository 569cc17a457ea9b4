//! The sandbox's control endpoint, as the demo uses it: what shall go wrong, and what Wix holds.

use std::time::Duration;

use serde_json::{Value, json};

use super::http;
use crate::failure::Failure;

/// A running sandbox.
pub(crate) struct Sandbox {
    address: String,
    client: reqwest::Client,
}

/// A package as the sandbox shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) external_id: String,
    pub(crate) instances: Vec<Instance>,
}

/// A product instance of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) site: Option<String>,
    /// The unit of its billing cycle: `YEAR`, `MONTH`.
    pub(crate) cycle: String,
    pub(crate) is_voucher: bool,
}

impl Instance {
    pub(crate) const fn on_site(&self) -> bool {
        self.site.is_some()
    }
}

impl Package {
    /// Whether it is the free extra of another package.
    pub(crate) fn is_voucher(&self) -> bool {
        self.instances.iter().any(|instance| instance.is_voucher)
    }

    fn of(package: &Value) -> Self {
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let instances = package
            .get("productInstances")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self {
            id: text(package, "id"),
            external_id: text(package, "externalId"),
            instances: instances
                .map(|instance| Instance {
                    id: text(instance, "instanceId"),
                    status: text(instance, "status"),
                    site: instance.get("siteId").and_then(Value::as_str).map(str::to_owned),
                    cycle: instance
                        .pointer("/billingInfo/cycleDuration")
                        .map(|cycle| text(cycle, "unit"))
                        .unwrap_or_default(),
                    is_voucher: instance.get("referenceProductInstanceId").is_some_and(Value::is_string),
                })
                .collect(),
        }
    }
}

impl Sandbox {
    pub(crate) fn new(address: &str) -> Result<Self, Failure> {
        Ok(Self {
            address: address.to_owned(),
            client: http::client(Duration::from_secs(20))?,
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What Wix holds, whatever its queries show yet.
    pub(crate) async fn packages(&self) -> Result<Vec<Package>, Failure> {
        let answer = self.get("packages").await?;
        let packages = answer.get("packages").and_then(Value::as_array);
        Ok(packages.into_iter().flatten().map(Package::of).collect())
    }

    /// How often an operation such as `createPackage` was called, and how often that changed something.
    pub(crate) async fn calls(&self, operation: &str) -> Result<(u64, u64), Failure> {
        let summary = self.get("summary").await?;
        let count = |name: &str| {
            let path = format!("/calls/{operation}/{name}");
            summary.pointer(&path).and_then(Value::as_u64).unwrap_or_default()
        };
        Ok((count("calls"), count("committed")))
    }

    /// All calls to Wix there were, of any operation.
    pub(crate) async fn all_calls(&self) -> Result<u64, Failure> {
        let summary = self.get("summary").await?;
        let operations = summary.get("calls").and_then(Value::as_object);
        Ok(operations
            .into_iter()
            .flat_map(|operations| operations.values())
            .filter_map(|count| count.get("calls")?.as_u64())
            .sum())
    }

    /// Sets what happens to coming calls.
    pub(crate) async fn fault(&self, rule: &Value) -> Result<(), Failure> {
        self.post("faults", rule).await.map(|_| ())
    }

    /// Ends all faults.
    pub(crate) async fn no_more_faults(&self) -> Result<(), Failure> {
        let url = format!("{}/_sandbox/faults", self.address);
        http::send(self.client.delete(url), "the sandbox").await.map(|_| ())
    }

    /// Gives an instance another status, as Wix might.
    pub(crate) async fn set_status(&self, instance: &str, status: &str) -> Result<(), Failure> {
        let path = format!("instances/{instance}");
        self.post(&path, &json!({ "status": status })).await.map(|_| ())
    }

    /// Puts a package there that we did not buy.
    pub(crate) async fn foreign_package(&self, package: &Value) -> Result<(), Failure> {
        self.post("packages", &json!({ "package": package })).await.map(|_| ())
    }

    /// Changes settings.
    pub(crate) async fn settings(&self, changes: &Value) -> Result<(), Failure> {
        self.post("settings", changes).await.map(|_| ())
    }

    /// Takes an API key away and lets another one in.
    pub(crate) async fn replace_api_key(&self, old: &str, new: &str) -> Result<(), Failure> {
        self.post("api-keys", &json!({ "revoke": old, "add": new }))
            .await
            .map(|_| ())
    }

    /// Something of the control endpoint, as it is.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let url = format!("{}/_sandbox/{path}", self.address);
        let answer = http::send(self.client.get(url), "the sandbox").await?;
        answer.json(&format!("the sandbox's {path}"))
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/_sandbox/{path}", self.address);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        http::send(request, "the sandbox")
            .await?
            .json(&format!("the sandbox's {path}"))
    }
}
