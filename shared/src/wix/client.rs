//! The client: one method for each operation, each with the account that the package belongs to. See the
//! [module](super) for how to use it alone.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::body::{PackagePage, decode_package, decode_page};
use super::config::{BaseUrl, ClientConfig, InvalidClientConfig, encode};
use super::consistency::ConsistencyTokens;
use super::error::{Error, Operation};
use super::key::ApiKey;
use super::pace::Pace;
use super::pages::{Packages, Pages};
use super::query::PackageQuery;
use super::retry::{self, Decision};
use super::transport::{Answer, Request, Transport};
use super::types::{Adjustment, CreatePackage, Package};
use crate::ids::{AccountId, ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};
use crate::time::{Clock, Timestamp};

/// A successful answer, and the ID that Wix gave the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<T> {
    /// What was answered.
    pub value: T,
    /// `x-wix-request-id`: log it, Wix's support asks for it.
    pub request_id: Option<String>,
}

/// A client of the Packages API. Clones share connections, key and pace.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    base: BaseUrl,
    timeout: Duration,
    connect_timeout: Duration,
    clock: Arc<dyn Clock>,
    key: RwLock<ApiKey>,
    tokens: ConsistencyTokens,
    pace: Option<Mutex<Pace>>,
    transport: Transport,
}

/// One call, before it is sent once or more often.
struct Call {
    operation: Operation,
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
}

/// The time that a call has, by both clocks: the monotonic one stands still while the process is frozen, and the
/// wall clock may be set back.
struct Limit {
    started: Instant,
    timeout: Duration,
    deadline: Timestamp,
}

impl Limit {
    fn left(&self, now: Timestamp) -> Duration {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        left.min(self.deadline.since(now))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.0.base)
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. Nothing is connected yet; see [`Client::warm_up`].
    pub fn new(config: ClientConfig, key: ApiKey) -> Result<Self, InvalidClientConfig> {
        if config.timeout.is_zero() {
            return Err(InvalidClientConfig::ZeroTimeout);
        }
        let connect_timeout = config.connect_timeout.min(config.timeout / 3);
        let transport = Transport::new(connect_timeout, config.max_body_bytes, Arc::clone(&config.clock))
            .map_err(|reason| InvalidClientConfig::Http { reason })?;
        Ok(Self(Arc::new(Inner {
            base: BaseUrl::parse(&config.base_url)?,
            timeout: config.timeout,
            connect_timeout,
            clock: config.clock,
            key: RwLock::new(key),
            tokens: ConsistencyTokens::default(),
            pace: config.calls_per_minute.map(|calls| Mutex::new(Pace::new(calls))),
            transport,
        })))
    }

    /// Replaces the key, for every clone, from the next attempt of any call on.
    pub fn set_api_key(&self, key: ApiKey) {
        *self.0.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// The most that one call takes, repetitions and waits included.
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// Opens a connection to Wix ahead of the first call, within `cap`. No failure matters here; a call that needs
    /// the connection will tell. It sends a bare `HEAD` for the base URL: no key, no account.
    pub async fn warm_up(&self, cap: Duration) {
        if let Some(url) = self.0.base.join("/") {
            self.0.transport.warm_up(url, cap).await;
        }
    }

    /// Whether Wix can be reached and takes the key for this account: the cheapest read.
    pub async fn probe(&self, account: &AccountId) -> Result<Response<()>, Error> {
        let page = self.query_packages(account, &PackageQuery::new().limit(1)).await?;
        Ok(Response {
            value: (),
            request_id: page.request_id,
        })
    }

    /// Create Package V2. Never sent twice by the client, unless it provably never left. After
    /// [`Failure::Unknown`](super::Failure::Unknown) the package may exist.
    pub async fn create_package(
        &self,
        account: &AccountId,
        request: &CreatePackage,
    ) -> Result<Response<Package>, Error> {
        let path = "/resellers/v2/packages".to_owned();
        self.package(account, Operation::CreatePackage, Method::POST, path, Some(request))
            .await
    }

    /// Get Package. Fails when the package is not of that account (documented; with which code is not).
    pub async fn get_package(&self, account: &AccountId, package: &PackageId) -> Result<Response<Package>, Error> {
        let path = format!("/resellers/v1/packages/{package}");
        self.package(account, Operation::GetPackage, Method::GET, path, None::<&()>)
            .await
    }

    /// Query Packages: the first page. Answers with the packages of the *parent* account, whichever account is named
    /// here; filter by `accountId` to narrow (documented). Eventually consistent (documented): what was just created
    /// may be missing.
    pub async fn query_packages(
        &self,
        account: &AccountId,
        query: &PackageQuery,
    ) -> Result<Response<PackagePage>, Error> {
        self.query_body(account, &query.body(None)).await
    }

    /// Query Packages: the page at a cursor that an earlier page named. Of `query` only the page size goes with it.
    pub async fn query_packages_at(
        &self,
        account: &AccountId,
        query: &PackageQuery,
        cursor: &str,
    ) -> Result<Response<PackagePage>, Error> {
        self.query_body(account, &query.body(Some(cursor))).await
    }

    /// Query Packages, page by page.
    pub fn pages(&self, account: &AccountId, query: PackageQuery) -> Pages {
        Pages::new(self.clone(), account.clone(), query)
    }

    /// Query Packages, package by package.
    pub fn packages(&self, account: &AccountId, query: PackageQuery) -> Packages {
        Packages::new(self.pages(account, query))
    }

    /// Cancel Package: ends all of its instances; access is lost at once. The answer's statuses may be stale
    /// (documented examples still say `PENDING`): read the package again.
    pub async fn cancel_package(
        &self,
        account: &AccountId,
        package: &PackageId,
        key: &IdempotencyKey,
    ) -> Result<Response<Package>, Error> {
        // The documents put the key in a body, Wix's SDK puts the fields of a DELETE in the query string (observed).
        let path = format!(
            "/resellers/v1/packages/{package}?idempotencyKey={}",
            encode(key.as_str())
        );
        self.package(account, Operation::CancelPackage, Method::DELETE, path, None::<&()>)
            .await
    }

    /// Cancel Product Instance: ends one instance, and the services that depend on it. As with
    /// [`Client::cancel_package`], the answer's status may be stale.
    pub async fn cancel_product_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Response<Package>, Error> {
        let key = encode(key.as_str());
        let path = format!("/resellers/v1/packages/product-instances/{instance}?idempotencyKey={key}");
        self.package(
            account,
            Operation::CancelProductInstance,
            Method::DELETE,
            path,
            None::<&()>,
        )
        .await
    }

    /// Assign Product Instance To Site; moves one that is assigned elsewhere. When it fails the instance may be on
    /// the old site or floating (documented): read again before deciding.
    pub async fn assign_product_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        site: &SiteId,
        key: &IdempotencyKey,
    ) -> Result<Response<Package>, Error> {
        // A `SiteId` is a GUID: it cannot be taken for the word `unassign`, which stands in the same place.
        let path = format!("/resellers/v1/packages/product-instances/{instance}/{site}");
        let body = json!({ "idempotencyKey": key });
        self.package(
            account,
            Operation::AssignProductInstance,
            Method::PATCH,
            path,
            Some(&body),
        )
        .await
    }

    /// Unassign Product Instance From Site: the instance floats, the customer loses access at once, the reseller goes
    /// on paying until it is canceled (documented). `MISSING_SITE_ID` reads as "floats already" (inferred).
    pub async fn unassign_product_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Response<Package>, Error> {
        let path = format!("/resellers/v1/packages/product-instances/{instance}/unassign");
        let body = json!({ "idempotencyKey": key });
        self.package(
            account,
            Operation::UnassignProductInstance,
            Method::PATCH,
            path,
            Some(&body),
        )
        .await
    }

    /// Adjust Product Instance Specifications: another product of the same type, or another billing.
    pub async fn adjust_product_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        adjustment: &Adjustment,
        key: &IdempotencyKey,
    ) -> Result<Response<Package>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            idempotency_key: &'a IdempotencyKey,
            #[serde(flatten)]
            adjustment: &'a Adjustment,
        }
        let path = format!("/resellers/v1/packages/product-instances/{instance}");
        let body = Body {
            idempotency_key: key,
            adjustment,
        };
        self.package(
            account,
            Operation::AdjustProductInstance,
            Method::PATCH,
            path,
            Some(&body),
        )
        .await
    }

    /// Update Package External ID. Idempotent by nature, takes no key, cannot clear the field (documented). Whether
    /// Wix takes an encoded `/` in it is unknown: keep IDs that you make to `A-Za-z0-9._~-`.
    pub async fn update_external_id(
        &self,
        account: &AccountId,
        package: &PackageId,
        external_id: &ExternalId,
    ) -> Result<Response<Package>, Error> {
        // An `ExternalId` is neither `.` nor `..`, so the segment survives every URL parser.
        let external_id = encode(external_id.as_str());
        let path = format!("/resellers/v1/packages/update/{package}/{external_id}");
        self.package(account, Operation::UpdateExternalId, Method::PATCH, path, None::<&()>)
            .await
    }

    /// Query Packages with a body that [`PackageQuery::body`] made.
    pub(super) async fn query_body(&self, account: &AccountId, body: &Value) -> Result<Response<PackagePage>, Error> {
        let call = Call {
            operation: Operation::QueryPackages,
            method: Method::POST,
            path: "/resellers/v1/packages/query".to_owned(),
            body: Some(body.to_string().into_bytes()),
        };
        self.call(account, &call, |answer| {
            decode_page(answer.status, answer.request_id.as_deref(), &answer.body)
        })
        .await
    }

    async fn package<B: Serialize + ?Sized>(
        &self,
        account: &AccountId,
        operation: Operation,
        method: Method,
        path: String,
        body: Option<&B>,
    ) -> Result<Response<Package>, Error> {
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| Error::not_sent(operation, format!("the request cannot be written: {error}")))?;
        let call = Call {
            operation,
            method,
            path,
            body,
        };
        self.call(account, &call, |answer| {
            decode_package(operation, answer.status, answer.request_id.as_deref(), &answer.body)
        })
        .await
    }

    /// Sends a call, again where [`retry::decide`] says so, within the one time limit.
    async fn call<T>(
        &self,
        account: &AccountId,
        call: &Call,
        decode: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Result<Response<T>, Error> {
        let limit = Limit {
            started: Instant::now(),
            timeout: self.0.timeout,
            deadline: self.0.clock.now() + self.0.timeout,
        };
        let mut attempt = 1;
        loop {
            let error = match self.attempt(account, call, &limit, &decode).await {
                Ok(response) => {
                    tracing::debug!(
                        operation = call.operation.as_str(),
                        request_id = response.request_id.as_deref(),
                        attempt,
                        elapsed_ms = u64::try_from(limit.started.elapsed().as_millis()).unwrap_or(u64::MAX),
                        "Wix answered"
                    );
                    return Ok(response);
                }
                Err(error) => error,
            };
            // A further attempt has to have time for a connection, or its end would be Unknown for no reason.
            let left = limit.left(self.0.clock.now()).saturating_sub(self.0.connect_timeout);
            match retry::decide(call.operation, error.failure(), attempt, fastrand::f64(), left) {
                Decision::GiveUp => return Err(error),
                Decision::Retry { after } => {
                    tracing::debug!(
                        operation = call.operation.as_str(),
                        attempt,
                        wait_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
                        error = %error,
                        "a call to Wix is repeated"
                    );
                    tokio::time::sleep(after).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn attempt<T>(
        &self,
        account: &AccountId,
        call: &Call,
        limit: &Limit,
        decode: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Result<Response<T>, Error> {
        let operation = call.operation;
        self.keep_pace(operation).await?;
        let request = self
            .request(account, call)
            .ok_or_else(|| Error::not_sent(operation, "the request cannot be written as HTTP"))?;
        // Whoever proves later that this request cannot have been sent counts from when the call began.
        let left = limit.left(self.0.clock.now());
        if left.is_zero() {
            return Err(Error::not_sent(operation, "its time was over before it could be sent"));
        }
        let answer = self.0.transport.exchange(request, left).await?;
        if let Some(token) = &answer.consistent {
            self.0.tokens.keep(account, token.clone());
        }
        if !(200..300).contains(&answer.status) {
            return Err(Error::from_response(
                operation,
                answer.status,
                answer.retry_after.as_deref(),
                answer.request_id.as_deref(),
                &answer.body,
            ));
        }
        let value = decode(&answer)?;
        Ok(Response {
            value,
            request_id: answer.request_id,
        })
    }

    /// Waits for this call's place.
    async fn keep_pace(&self, operation: Operation) -> Result<(), Error> {
        let Some(pace) = &self.0.pace else {
            return Ok(());
        };
        let now = self.0.clock.now();
        let place = pace.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        match place {
            Ok(wait) => {
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                Ok(())
            }
            Err(after) => Err(Error::throttled(
                operation,
                Some(after),
                "held back by this process's share of Wix's rate limit, and not sent",
            )),
        }
    }

    fn request(&self, account: &AccountId, call: &Call) -> Option<Request> {
        let authorization = self.0.key.read().unwrap_or_else(PoisonError::into_inner).header()?;
        Some(Request {
            operation: call.operation,
            method: call.method.clone(),
            url: self.0.base.join(&call.path)?,
            authorization,
            account: HeaderValue::from_str(account.as_str()).ok()?,
            consistent: self.0.tokens.get(account),
            body: call.body.clone(),
        })
    }
}
