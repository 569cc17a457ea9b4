//! The emulator as a program sees it: functions are invoked and the webhooks' address is called without a command line
//! between, which would cost a second each time.

use std::time::Duration;

use reseller_hooks::order::StorefrontKind;
use serde_json::{Value, json};

use crate::demo::deliver::Delivery;
use crate::demo::http;
use crate::failure::Failure;

/// Whose resources they are: the emulator takes the region from the signature, which it does not check.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0";

pub(super) struct Aws {
    port: u16,
    client: reqwest::Client,
    /// The host of the webhooks' address; set once the stack is there.
    pub(super) api_host: String,
    /// The name of the deployed `reconcile`.
    pub(super) reconcile: String,
}

impl Aws {
    pub(super) fn new(port: u16) -> Result<Self, Failure> {
        Ok(Self {
            port,
            client: http::client(Duration::from_secs(60))?,
            api_host: String::new(),
            reconcile: String::new(),
        })
    }

    /// One HTTP request to the deployed API.
    pub(super) async fn request(
        &self,
        method: reqwest::Method,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<u16, Failure> {
        // Not every machine's resolver knows names below `localhost`.
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.client.request(method, url).header("host", &self.api_host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok(http::send(request.body(body), "the webhooks' address").await?.status)
    }

    /// A signed delivery; answers its status.
    pub(super) async fn deliver(&self, delivery: &Delivery, secret: &str) -> Result<u16, Failure> {
        let secrets = json!({ "storefronts": { "shopify": { "secrets": [secret] } } });
        let (headers, body) = delivery.signed(&secrets)?;
        self.request(reqwest::Method::POST, "/webhooks/shopify", &headers, body)
            .await
    }

    /// Invokes `reconcile` with an operator's question.
    pub(super) async fn ask(&self, question: &Value) -> Result<Value, Failure> {
        let url = format!(
            "http://127.0.0.1:{}/2015-03-31/functions/{}/invocations",
            self.port, self.reconcile
        );
        let request = self
            .client
            .post(url)
            .header("authorization", AUTHORIZATION)
            .body(question.to_string());
        http::send(request, "reconcile").await?.json("reconcile")
    }
}

/// A sample of Shopify's, told of another order where `edits` says so.
pub(super) fn sample(file: &'static str, topic: &'static str, edits: &[(String, String)]) -> Delivery {
    Delivery::new(file, StorefrontKind::Shopify, file, topic).with(edits)
}
