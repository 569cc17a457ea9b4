//! One HTTP exchange: over a connection that is known to be young, and with a failure class that is right about
//! whether the request left.
//!
//! A frozen and thawed process (an AWS Lambda sandbox between two invocations) finds dead connections in its pool, and
//! a POST on one of them looks like an answer that got lost. The monotonic clock that pools use may have stood still
//! meanwhile. So the wall clock decides: where the pool has rested for longer than [`MAX_POOL_REST`], it is dropped
//! and the call opens a connection of its own.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};
use rustls::RootCertStore;

use super::error::{Error, Operation};
use super::retry;
use crate::time::{Clock, Timestamp};

/// How long connections may rest and still be used, by the wall clock.
pub const MAX_POOL_REST: Duration = Duration::from_secs(5);

/// One request, ready to go.
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) authorization: HeaderValue,
    pub(super) account: HeaderValue,
    pub(super) consistent: Option<HeaderValue>,
    pub(super) body: Option<Vec<u8>>,
}

/// What came back, whatever the status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whole seconds: a date has been resolved.
    pub(super) retry_after: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) consistent: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

/// The connections to one Wix.
pub(super) struct Transport {
    settings: Settings,
    pool: Mutex<Pool>,
    clock: Arc<dyn Clock>,
}

struct Settings {
    tls: rustls::ClientConfig,
    connect_timeout: Duration,
    max_body_bytes: usize,
}

struct Pool {
    http: reqwest::Client,
    used_at: Timestamp,
    /// Counts replacements, so that a call that outlived its pool does not vouch for the next one.
    generation: u64,
}

impl Transport {
    /// Prepares connections; opens none.
    pub(super) fn new(connect_timeout: Duration, max_body_bytes: usize, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let settings = Settings {
            tls: tls_config()?,
            connect_timeout,
            max_body_bytes,
        };
        let pool = Pool {
            http: settings.build().map_err(|error| chain(&error))?,
            used_at: clock.now(),
            generation: 0,
        };
        Ok(Self {
            settings,
            pool: Mutex::new(pool),
            clock,
        })
    }

    /// Sends the request and reads the whole answer, within `timeout`.
    pub(super) async fn exchange(&self, request: Request, timeout: Duration) -> Result<Answer, Error> {
        let operation = request.operation;
        let (http, generation) = self
            .young_pool()
            .map_err(|error| Error::not_sent(operation, chain(&error)))?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, request.authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert("wix-account-id", request.account);
        if let Some(token) = request.consistent {
            headers.insert("x-wix-consistent", token);
        }
        let mut builder = http.request(request.method, request.url).timeout(timeout);
        if let Some(body) = request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            builder = builder.body(body);
        }
        let response = builder
            .headers(headers)
            .send()
            .await
            .map_err(|error| classify(operation, &error))?;
        let answer = self.read(operation, response).await;
        self.touch(generation);
        answer
    }

    /// Opens a connection, if there is none, and leaves it in the pool. The answer does not matter.
    pub(super) async fn warm_up(&self, url: Url, timeout: Duration) {
        let Ok((http, generation)) = self.young_pool() else {
            return;
        };
        if http.head(url).timeout(timeout).send().await.is_ok() {
            self.touch(generation);
        }
    }

    async fn read(&self, operation: Operation, mut response: reqwest::Response) -> Result<Answer, Error> {
        let status = response.status().as_u16();
        let headers = response.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = text("x-wix-request-id").map(|id| id.chars().take(100).collect::<String>());
        let retry_after = text(RETRY_AFTER.as_str())
            .and_then(|value| retry::retry_after(value, self.clock.now()))
            .map(|wait| wait.as_secs().to_string());
        let consistent = headers.get("x-wix-consistent").cloned();

        let mut body = Vec::new();
        let broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) > self.settings.max_body_bytes => {
                    break Some(format!(
                        "the answer has more than {} bytes",
                        self.settings.max_body_bytes
                    ));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(error) => break Some(format!("the answer broke off: {}", chain(&error))),
            }
        };
        match broken {
            // These mean what they mean whatever the body says.
            Some(reason) if !matches!(status, 401 | 403 | 429) => {
                Err(Error::unknown(operation, reason).answered(status, request_id.as_deref()))
            }
            Some(_) | None => Ok(Answer {
                status,
                retry_after,
                request_id,
                consistent,
                body,
            }),
        }
    }

    /// The pool, replaced if it has rested for too long; with its generation.
    fn young_pool(&self) -> Result<(reqwest::Client, u64), reqwest::Error> {
        let now = self.clock.now();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back says nothing about the rest: better a new connection than a dead one.
        if now < pool.used_at || now.since(pool.used_at) > MAX_POOL_REST {
            pool.http = self.settings.build()?;
            pool.generation = pool.generation.wrapping_add(1);
        }
        pool.used_at = now;
        Ok((pool.http.clone(), pool.generation))
    }

    fn touch(&self, generation: u64) {
        let now = self.clock.now();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.generation == generation {
            pool.used_at = pool.used_at.max(now);
        }
    }
}

impl Settings {
    fn build(&self) -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder()
            // Cloned, it shares its session cache: a replaced pool resumes TLS sessions.
            .tls_backend_preconfigured(self.tls.clone())
            .user_agent(concat!("reseller-hooks/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            // Beside the wall clock: one of several connections may rest while others are in use.
            .pool_idle_timeout(MAX_POOL_REST)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
    }
}

/// TLS on ring, with the roots of the `webpki-roots` crate: reading the system's store would be most of a cold
/// function's start-up. The roots are renewed by updating that crate.
fn tls_config() -> Result<rustls::ClientConfig, String> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Whether the request left. Only two kinds of error prove that it did not: no connection came to be (refused, DNS,
/// TLS, connect timeout), or no request could be built. hyper repeats by itself what it took back unsent from a
/// connection that was closed meanwhile; every other error may have come after the request had left.
fn classify(operation: Operation, error: &reqwest::Error) -> Error {
    let reason = chain(error);
    if error.is_connect() || error.is_builder() {
        Error::not_sent(operation, format!("no connection: {reason}"))
    } else if error.is_timeout() {
        Error::unknown(operation, format!("no answer in time: {reason}"))
    } else {
        Error::unknown(operation, format!("the connection broke: {reason}"))
    }
}

/// An error and its causes on one line. Without the URL: it may carry the reseller's reference.
fn chain(error: &reqwest::Error) -> String {
    let mut text = match error.source() {
        Some(_) => String::new(),
        None if error.is_timeout() => "timed out".to_owned(),
        None => "unknown cause".to_owned(),
    };
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&said);
        }
        source = cause.source();
    }
    text.chars().take(300).collect()
}
