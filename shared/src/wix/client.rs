//! The client: sends calls, each for the account that the package belongs to. See the [module](super) for how to use it
//! alone.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request};

use super::calls::Call;
use super::config::{BaseUrl, ClientConfig, InvalidClientConfig};
use super::consistency::ConsistencyTokens;
use super::error::{Error, Failure, Operation};
use super::http::HttpTransport;
use super::key::ApiKey;
use super::retry::{self, Decision};
use super::transport::{Answer, ExchangeError, Transport};
use crate::ids::AccountId;
use crate::time::{Clock, SystemClock, Timer};

const ACCOUNT: &str = "wix-account-id";
const CONSISTENT: &str = "x-wix-consistent";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REQUEST_ID: &str = "x-wix-request-id";

/// A successful answer, and the ID that Wix gave the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<A> {
    /// What was answered.
    pub value: A,
    /// `x-wix-request-id`: log it, Wix's support asks for it.
    pub request_id: Option<String>,
}

/// A client of the Packages API. Clones share connections and key.
pub struct Client<T = HttpTransport, C = SystemClock>(Arc<Inner<T, C>>);

struct Inner<T, C> {
    base: BaseUrl,
    config: ClientConfig,
    key: RwLock<Option<ApiKey>>,
    tokens: ConsistencyTokens,
    transport: T,
    clock: C,
}

/// One call, before it is sent once or more often.
struct Outgoing<'a> {
    operation: Operation,
    account: &'a AccountId,
    path: String,
    body: Option<Vec<u8>>,
}

type Decode<A> = fn(u16, Option<&str>, &[u8]) -> Result<A, Error>;

impl<T, C> Clone for Client<T, C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, C> fmt::Debug for Client<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client over HTTP. Nothing is connected yet; see [`Client::warm_up`].
    pub fn new(config: ClientConfig, key: ApiKey) -> Result<Self, InvalidClientConfig> {
        let transport = HttpTransport::new(&config, SystemClock)?;
        let client = Self::with_transport(config, transport, SystemClock)?;
        client.set_api_key(key);
        Ok(client)
    }
}

impl<C: Clock> Client<HttpTransport<C>, C> {
    /// Opens a connection to Wix ahead of the first call, within `cap`. No failure matters here; a call that needs
    /// the connection will tell. It sends a bare `HEAD` for the base URL: no key, no account.
    pub async fn warm_up(&self, cap: Duration) {
        if let Some(uri) = self.0.base.join("/") {
            self.0.transport.warm_up(&uri, cap).await;
        }
    }
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// Makes a client over another transport, or with another clock. It has no key: until
    /// [`set_api_key`](Self::set_api_key) every call fails as `Unauthorized`, and is not sent.
    pub fn with_transport(config: ClientConfig, transport: T, clock: C) -> Result<Self, InvalidClientConfig> {
        if config.timeout.is_zero() {
            return Err(InvalidClientConfig::ZeroTimeout);
        }
        Ok(Self(Arc::new(Inner {
            base: BaseUrl::parse(&config.base_url)?,
            key: RwLock::new(None),
            tokens: ConsistencyTokens::default(),
            config,
            transport,
            clock,
        })))
    }

    /// Replaces the key, for every clone, from the next attempt of any call on.
    pub fn set_api_key(&self, key: ApiKey) {
        *self.0.key.write().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    /// The clock that was given.
    pub fn clock(&self) -> &C {
        &self.0.clock
    }

    /// The most that one call takes, repetitions and waits included.
    pub fn timeout(&self) -> Duration {
        self.0.config.timeout
    }

    /// Sends a call for an account, again where [`retry::decide`] says so, within the one time limit.
    pub async fn execute<K: Call>(&self, account: &AccountId, call: &K) -> Result<Response<K::Answer>, Error> {
        let body = call.body();
        let outgoing = Outgoing {
            operation: K::OPERATION,
            account,
            path: call.path(),
            body: body
                .map_err(|error| Error::not_sent(K::OPERATION, format!("the request cannot be written: {error}")))?,
        };
        self.attempts(&outgoing, K::decode).await
    }

    async fn attempts<A>(&self, call: &Outgoing<'_>, decode: Decode<A>) -> Result<Response<A>, Error> {
        let Inner { config, clock, .. } = &*self.0;
        // By both clocks: the stopwatch may stand still while the process is frozen, and the clock may be set back.
        let (elapsed, deadline) = (clock.stopwatch(), clock.now() + config.timeout);
        let left = || {
            let left = config.timeout.saturating_sub(elapsed());
            left.min(deadline.since(clock.now()))
        };
        let mut attempt = 1;
        loop {
            let error = match self.attempt(call, &left, decode).await {
                Ok(response) => {
                    tracing::info!(
                        operation = call.operation.as_str(),
                        wix_request_id = response.request_id.as_deref(),
                        attempt,
                        elapsed_ms = u64::try_from(elapsed().as_millis()).unwrap_or(u64::MAX),
                        "wix answered"
                    );
                    return Ok(response);
                }
                Err(error) => error,
            };
            // A further attempt has to have time for a connection, or its end would be Unknown for no reason.
            let useful = left().saturating_sub(config.connect_timeout());
            if !config.repeat_reads && error.failure() != Failure::NotSent {
                return Err(error);
            }
            match retry::decide(call.operation, error.failure(), attempt, (config.jitter)(), useful) {
                Decision::GiveUp => return Err(error),
                Decision::Retry { after } => {
                    tracing::debug!(
                        operation = call.operation.as_str(),
                        attempt,
                        wait_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
                        error = %error,
                        "a call to wix is repeated"
                    );
                    clock.sleep(after).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn attempt<A>(
        &self,
        call: &Outgoing<'_>,
        left: &(impl Fn() -> Duration + Sync),
        decode: Decode<A>,
    ) -> Result<Response<A>, Error> {
        let operation = call.operation;
        let request = self.request(call)?;
        // A later proof that this request cannot have been sent counts from when the call began.
        let left = left();
        if left.is_zero() {
            return Err(Error::not_sent(operation, "its time was over before it could be sent"));
        }
        match self.0.transport.exchange(request, left).await {
            Ok(answer) => self.read(call, answer, decode),
            Err(ExchangeError::NotSent(reason)) => Err(Error::not_sent(operation, reason)),
            Err(ExchangeError::Lost(reason)) => Err(Error::unknown(operation, reason)),
        }
    }

    fn request(&self, call: &Outgoing<'_>) -> Result<Request<Vec<u8>>, Error> {
        let key = self.0.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        let no_key = || Error::unauthorized(call.operation, "the client has no API key yet");
        let key = key.ok_or_else(no_key)?;
        self.written(call, &key)
            .ok_or_else(|| Error::not_sent(call.operation, "the request cannot be written as HTTP"))
    }

    fn written(&self, call: &Outgoing<'_>, key: &ApiKey) -> Option<Request<Vec<u8>>> {
        let mut request = Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = Method::from_bytes(call.operation.method().as_bytes()).ok()?;
        *request.uri_mut() = self.0.base.join(&call.path)?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, key.header()?);
        headers.insert(ACCEPT, JSON);
        headers.insert(ACCOUNT, HeaderValue::from_str(call.account.as_str()).ok()?);
        if let Some(token) = self.0.tokens.get(call.account) {
            headers.insert(CONSISTENT, token);
        }
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Some(request)
    }

    fn read<A>(&self, call: &Outgoing<'_>, answer: Answer, decode: Decode<A>) -> Result<Response<A>, Error> {
        let (operation, status) = (call.operation, answer.status);
        let text = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let request_id: Option<String> = text(REQUEST_ID).map(|id| id.chars().take(100).collect());
        // Three statuses mean what they mean whatever the body says.
        if let Some(reason) = answer.broken.filter(|_| !matches!(status, 401 | 403 | 429)) {
            return Err(Error::unknown(operation, reason).answered(status, request_id.as_deref()));
        }
        if let Some(token) = answer.headers.get(CONSISTENT) {
            self.0.tokens.keep(call.account, token.clone());
        }
        if !(200..300).contains(&status) {
            let wait = text(RETRY_AFTER.as_str()).and_then(|value| retry::retry_after(value, self.0.clock.now()));
            let seconds = wait.map(|wait| wait.as_secs().to_string());
            return Err(Error::from_response(
                operation,
                status,
                seconds.as_deref(),
                request_id.as_deref(),
                &answer.body,
            ));
        }
        let value = decode(status, request_id.as_deref(), &answer.body)?;
        Ok(Response { value, request_id })
    }
}
