//! `cargo lambda watch` as a client sees it: functions are invoked by name, and `webhook` has a URL.

use std::time::Duration;

use serde_json::Value;

use super::http::{self, Answer};
use crate::failure::Failure;

/// A running `cargo lambda watch`.
#[derive(Clone)]
pub(crate) struct Lambda {
    port: u16,
    client: reqwest::Client,
}

impl Lambda {
    pub(crate) fn new(port: u16) -> Result<Self, Failure> {
        Ok(Self {
            port,
            // The first invocation of a function starts it through cargo.
            client: http::client(Duration::from_secs(120))?,
        })
    }

    /// Where a storefront's deliveries go.
    pub(crate) fn webhook_url(&self, storefront: &str) -> String {
        format!(
            "http://127.0.0.1:{}/lambda-url/webhook/webhooks/{storefront}",
            self.port
        )
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn invoke_url(&self, function: &str) -> String {
        format!(
            "http://127.0.0.1:{}/2015-03-31/functions/{function}/invocations",
            self.port
        )
    }

    /// One HTTP request to `webhook`.
    pub(crate) async fn deliver(
        &self,
        storefront: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let mut request = self.client.post(self.webhook_url(storefront));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        http::send(request.body(body), "webhook").await
    }

    /// Invokes a function; `Err` also where it failed.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, Failure> {
        let request = self.client.post(self.invoke_url(function)).body(event.to_string());
        let answer = http::send(request, function).await?;
        let value = answer.json(function)?;
        if answer.function_failed || value.get("errorType").is_some() {
            let message = value
                .get("errorMessage")
                .and_then(Value::as_str)
                .unwrap_or("no message");
            return Err(Failure::new(format!("{function} failed: {message}")));
        }
        Ok(value)
    }
}
