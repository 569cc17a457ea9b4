//! The port to Wix over the sandbox in process. All of it is what is deployed, down to the HTTP request and the answer's
//! bytes: only the socket and the secret's source are simulated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::secrets::{SecretError, Secrets, Source};
use reseller_hooks::time::{Clock, Timer};
use reseller_hooks::wix::{Answer, Client, ClientConfig, ExchangeError, Transport};
use secrecy::SecretString;
use serde_json::{Value, json};
use wix_sandbox::{DEFAULT_API_KEY, Fate, Operation, Reply, Request};

use super::{OWN, SharedWix, VirtualClock, yield_once};

/// One worker's port to Wix, by its own clock.
pub type WixPort<C = VirtualClock> = reseller_hooks::wix_port::WixPort<WixSecret, C, SandboxTransport>;

/// The Wix half of the secret document. Clones show the same one.
#[derive(Debug, Clone)]
pub struct WixSecret(Arc<Mutex<String>>);

impl Default for WixSecret {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(DEFAULT_API_KEY.to_owned())))
    }
}

impl WixSecret {
    /// The key in the document.
    pub fn key(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another key into the document.
    pub fn set_key(&self, key: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = key.to_owned();
    }
}

impl Source for WixSecret {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let document = json!({ "wix": { "api_key": self.key(), "account_id": OWN } });
        Ok(document.to_string().into())
    }
}

/// One worker's connection to the sandbox.
#[derive(Clone)]
pub struct SandboxTransport {
    wix: SharedWix,
    clock: VirtualClock,
    /// Queries by external ID take no notice of their filter.
    pub careless: bool,
    /// Queries by external ID show packages without them.
    pub mute: bool,
    /// No connection can be made.
    pub unreachable: Arc<AtomicBool>,
}

impl SandboxTransport {
    /// A connection to a sandbox, by the right time.
    pub fn new(wix: SharedWix, clock: VirtualClock) -> Self {
        Self {
            wix,
            clock,
            careless: false,
            mute: false,
            unreachable: Arc::default(),
        }
    }

    /// The port of a worker that has this connection and this clock. Calls that take longer than `timeout` have no
    /// answer.
    pub fn port<C: Timer + Clone>(self, secret: WixSecret, clock: C, timeout: Duration) -> WixPort<C> {
        let config = ClientConfig {
            timeout,
            repeat_reads: false,
            // A history is the same whenever it is played.
            jitter: || 0.5,
            ..ClientConfig::default()
        };
        let client = Client::with_transport(config, self, clock.clone()).expect("the settings are good");
        WixPort::new(client, Arc::new(Secrets::new(secret, clock, Duration::from_secs(300))))
    }

    /// What Wix does with a request. One that it does not know is a mistake of the client's.
    fn handle(&self, request: &Request) -> Reply {
        let mut wix = self.wix.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = wix.count(Operation::Other).calls;
        let reply = wix.handle(self.clock.now().as_millis(), request);
        let is_known = wix.count(Operation::Other).calls == unknown;
        // A key that is refused is refused before the request is read.
        assert!(
            is_known || reply.status == 401,
            "the client sent what no operation is: {} {}",
            request.method,
            request.path
        );
        reply
    }
}

impl Transport for SandboxTransport {
    async fn exchange(&self, request: http::Request<Vec<u8>>, timeout: Duration) -> Result<Answer, ExchangeError> {
        let deadline = self.clock.now() + timeout;
        yield_once().await;
        // What was frozen before it was sent is not sent after its time.
        if self.clock.now() >= deadline || self.unreachable.load(Ordering::Relaxed) {
            return Err(ExchangeError::NotSent("no connection".to_owned()));
        }
        let mut request = plain(request);
        let by_external_id = self.careless && takes_filter_out(&mut request);
        let mut reply = self.handle(&request);
        yield_once().await;
        let lost = |reason: &str| Err(ExchangeError::Lost(reason.to_owned()));
        if self.clock.now() >= deadline {
            return lost("no answer in time");
        }
        let mut broken = None;
        match reply.fate {
            Fate::Deliver => {}
            Fate::Close => return lost("the connection was closed without an answer"),
            Fate::Truncate { bytes } => {
                reply.body.truncate(bytes);
                broken = Some("the answer was cut".to_owned());
            }
            Fate::Stall { ms } | Fate::StallBody { ms, .. } => {
                let stall = Duration::from_millis(ms);
                self.clock.advance(stall.min(timeout));
                if stall >= timeout {
                    return lost("no answer in time");
                }
            }
        }
        if by_external_id && self.mute && broken.is_none() {
            reply.body = without_external_ids(&reply.body);
        }
        Ok(Answer {
            status: reply.status,
            headers: headers(&reply),
            body: reply.body,
            broken,
        })
    }
}

fn plain(request: http::Request<Vec<u8>>) -> Request {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let plain = Request::new(head.method.as_str(), target).body(body);
    head.headers.iter().fold(plain, |plain, (name, value)| {
        plain.header(name.as_str(), value.to_str().expect("headers are text"))
    })
}

fn headers(reply: &Reply) -> HeaderMap {
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the sandbox's headers have names");
        (
            name,
            HeaderValue::from_str(value).expect("the sandbox's headers are text"),
        )
    };
    reply.headers.iter().map(header).collect()
}

/// Takes the filter out of a query by external ID; `false` where the request is none.
fn takes_filter_out(request: &mut Request) -> bool {
    if !request.path.ends_with("/packages/query") {
        return false;
    }
    let mut body: Value = serde_json::from_slice(&request.body).expect("a query is JSON");
    let query = body["query"].as_object_mut().expect("a query is an object");
    if query
        .get("filter")
        .is_none_or(|filter| filter.get("externalId").is_none())
    {
        return false;
    }
    query.remove("filter");
    request.body = body.to_string().into_bytes();
    true
}

fn without_external_ids(page: &[u8]) -> Vec<u8> {
    let Ok(mut page) = serde_json::from_slice::<Value>(page) else {
        return page.to_vec();
    };
    let packages = page.get_mut("packages").and_then(Value::as_array_mut);
    for package in packages.into_iter().flatten().filter_map(Value::as_object_mut) {
        package.remove("externalId");
    }
    page.to_string().into_bytes()
}
