//! HTTP on the loopback interface: a status and the text of the answer.

use std::time::Duration;

use serde_json::Value;

use crate::failure::{Context, Failure};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    /// Whether Lambda says that the function failed.
    pub(crate) function_failed: bool,
}

impl Answer {
    /// The answer as JSON; an error names what was asked.
    pub(crate) fn json(&self, what: &str) -> Result<Value, Failure> {
        if !(200..300).contains(&self.status) {
            let said: String = self.text.chars().take(300).collect();
            return Err(Failure::new(format!("{what} answered {}: {said}", self.status)));
        }
        serde_json::from_str(&self.text).could_not(format_args!("read the answer of {what}"))
    }
}

/// A client without TLS: everything is on this machine.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, Failure> {
    // Only the first call of a process installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(timeout)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .could_not("make an HTTP client")
}

pub(crate) async fn send(request: reqwest::RequestBuilder, what: &str) -> Result<Answer, Failure> {
    let response = request.send().await.could_not(format_args!("reach {what}"))?;
    let status = response.status().as_u16();
    let function_failed = response.headers().contains_key("x-amz-function-error");
    let text = response
        .text()
        .await
        .could_not(format_args!("read the answer of {what}"))?;
    Ok(Answer {
        status,
        text,
        function_failed,
    })
}
