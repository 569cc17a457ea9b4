//! The transport over HTTP: over a connection that is known to be young, and right about whether a request left.
//!
//! A frozen and thawed process (an AWS Lambda sandbox between two invocations) finds dead connections in its pool, and
//! a POST on one of them looks like an answer that got lost. The monotonic clock that pools use may have stood still
//! meanwhile. So the wall clock decides: where the pool has rested for longer than [`MAX_POOL_REST`], it is dropped
//! and the call opens a connection of its own.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Uri};
use rustls::RootCertStore;

use super::config::{ClientConfig, InvalidClientConfig};
use super::transport::{Answer, ExchangeError, Transport};
use crate::time::{Clock, SystemClock, Timestamp};

/// How long connections may rest and still be used, by the wall clock.
pub const MAX_POOL_REST: Duration = Duration::from_secs(5);

/// The connections to one Wix.
pub struct HttpTransport<C = SystemClock> {
    settings: Settings,
    pool: Mutex<Pool>,
    clock: C,
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

impl<C: Clock> HttpTransport<C> {
    /// Prepares connections; opens none.
    pub fn new(config: &ClientConfig, clock: C) -> Result<Self, InvalidClientConfig> {
        let refused = |reason| InvalidClientConfig::Http { reason };
        let settings = Settings {
            tls: tls_config().map_err(refused)?,
            connect_timeout: config.connect_timeout(),
            max_body_bytes: config.max_body_bytes,
        };
        let pool = Pool {
            http: settings.build().map_err(|error| refused(chain(&error)))?,
            used_at: clock.now(),
            generation: 0,
        };
        Ok(Self {
            settings,
            pool: Mutex::new(pool),
            clock,
        })
    }

    /// Opens a connection, if there is none, and leaves it in the pool. The answer does not matter.
    pub(super) async fn warm_up(&self, uri: &Uri, timeout: Duration) {
        let Ok((http, generation)) = self.young_pool() else {
            return;
        };
        if http.head(uri.to_string()).timeout(timeout).send().await.is_ok() {
            self.touch(generation);
        }
    }

    async fn read(&self, mut response: reqwest::Response) -> Answer {
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            ..Answer::default()
        };
        let most = self.settings.max_body_bytes;
        answer.broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len().saturating_add(chunk.len()) > most => {
                    break Some(format!("the answer has more than {most} bytes"));
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(error) => break Some(format!("the answer broke off: {}", chain(&error))),
            }
        };
        answer
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

impl<C: Clock> Transport for HttpTransport<C> {
    async fn exchange(&self, request: Request<Vec<u8>>, timeout: Duration) -> Result<Answer, ExchangeError> {
        let not_sent = |error: reqwest::Error| ExchangeError::NotSent(chain(&error));
        let (http, generation) = self.young_pool().map_err(not_sent)?;
        let mut request = reqwest::Request::try_from(request).map_err(not_sent)?;
        *request.timeout_mut() = Some(timeout);
        let response = http.execute(request).await.map_err(|error| classify(&error))?;
        let answer = self.read(response).await;
        self.touch(generation);
        Ok(answer)
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
    #[cfg(feature = "bench-root")]
    let roots = with_bench_root(roots)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// And the root of a measurement on this machine.
#[cfg(feature = "bench-root")]
fn with_bench_root(mut roots: RootCertStore) -> Result<RootCertStore, String> {
    let root = rustls::pki_types::CertificateDer::from(crate::BENCH_ROOT);
    roots.add(root).map_err(|error| error.to_string())?;
    Ok(roots)
}

/// Whether the request left. Only two kinds of error prove that it did not: no connection came to be (refused, DNS,
/// TLS, connect timeout), or no request could be built. hyper repeats by itself what it took back unsent from a
/// connection that was closed meanwhile; every other error may have come after the request had left.
fn classify(error: &reqwest::Error) -> ExchangeError {
    let reason = chain(error);
    if error.is_connect() || error.is_builder() {
        ExchangeError::NotSent(format!("no connection: {reason}"))
    } else if error.is_timeout() {
        ExchangeError::Lost(format!("no answer in time: {reason}"))
    } else {
        ExchangeError::Lost(format!("the connection broke: {reason}"))
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
