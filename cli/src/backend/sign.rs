//! Signed calls to AWS: those few for which an SDK of their own is not worth its build (docs/decisions/0010).

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use reseller_hooks::aws::sign;
use reseller_hooks::time::Timestamp;

use crate::exit::{Exit, Failure};

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The header `x-amz-function-error`: the invocation failed.
    pub(super) function_failed: bool,
    pub(super) text: String,
}

/// Signs and sends.
pub(super) struct Signer {
    http: reqwest::Client,
    credentials: SharedCredentialsProvider,
    pub(super) region: String,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) service: &'a str,
    pub(super) url: String,
    pub(super) content_type: &'a str,
    /// The operation, where it stands in a header.
    pub(super) target: Option<String>,
    pub(super) body: String,
    pub(super) timeout: Duration,
}

impl Signer {
    pub(super) fn new(credentials: SharedCredentialsProvider, region: String) -> Result<Self, Failure> {
        // Only the first call of a process installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(Failure::new)?;
        Ok(Self {
            http,
            credentials,
            region,
        })
    }

    /// Sends a request that is not AWS's: the status, and the text.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        timeout: Duration,
    ) -> Result<(u16, String), Failure> {
        let mut request = self.http.post(url).timeout(timeout).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let failed = |error: reqwest::Error| Failure::new(format_args!("{url} did not answer: {error}"));
        let response = request.send().await.map_err(failed)?;
        Ok((response.status().as_u16(), response.text().await.map_err(failed)?))
    }

    /// Sends a call, signed as of `now`.
    pub(super) async fn send(&self, call: Call<'_>, now: Timestamp) -> Result<Answer, Failure> {
        let credentials = self.credentials.provide_credentials().await.map_err(|error| {
            Failure::with(Exit::Credentials, format_args!("there are no AWS credentials: {error}"))
                .hint("sign in (such as `aws sso login`), or name a profile with --profile")
        })?;
        let mut request = http::Request::post(&call.url)
            .header(http::header::CONTENT_TYPE, call.content_type)
            .body(call.body)
            .map_err(Failure::new)?;
        let target = call.target.as_deref().unwrap_or_default();
        if !target.is_empty() {
            let value = target.parse().map_err(Failure::new)?;
            request.headers_mut().insert("x-amz-target", value);
        }
        sign::sign(&mut request, credentials, (&self.region, call.service), now).map_err(Failure::new)?;
        let mut request = reqwest::Request::try_from(request).map_err(Failure::new)?;
        *request.timeout_mut() = Some(call.timeout);
        let service = call.service;
        let failed = |error: reqwest::Error| {
            Failure::new(format_args!("{service} in {} did not answer: {error}", self.region))
                .hint("check the network, and that --region is the stack's")
        };
        let response = self.http.execute(request).await.map_err(failed)?;
        Ok(Answer {
            status: response.status().as_u16(),
            function_failed: response.headers().contains_key("x-amz-function-error"),
            text: response.text().await.map_err(failed)?,
        })
    }
}
