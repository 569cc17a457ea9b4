//! The port to Wix over the sandbox in process. Answers go through the real client's own decoding, so that a body that
//! the client would not understand is not understood here either.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reseller_hooks::fulfilment::ports::Wix;
use reseller_hooks::ids::{AccountId, ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};
use reseller_hooks::time::{Clock, Timestamp};
use reseller_hooks::wix::{
    CreatePackage, Error, Operation, Pace, Package, PackagePage, PackageQuery, SortField, SortOrder, decode_package,
    decode_page, field,
};
use serde_json::json;
use wix_sandbox::{DEFAULT_API_KEY, Fate, Reply, Request};

use super::{OWN, SharedWix, VirtualClock, yield_once};

/// One worker's connection to the sandbox.
#[derive(Clone)]
pub struct WixPort {
    wix: SharedWix,
    clock: VirtualClock,
    timeout: Duration,
    /// The key it calls with.
    pub key: String,
    /// Its queries take no notice of their filter.
    pub careless: bool,
    /// Its queries show packages without their external IDs.
    pub mute: bool,
    /// No connection can be made.
    pub unreachable: Arc<AtomicBool>,
    /// Its process's share of Wix's limit.
    pub pace: Option<Arc<Mutex<Pace>>>,
}

impl WixPort {
    /// A connection with the sandbox's default key. Calls that take longer than `timeout` have no answer.
    pub fn new(wix: SharedWix, clock: VirtualClock, timeout: Duration) -> Self {
        Self {
            wix,
            clock,
            timeout,
            key: DEFAULT_API_KEY.to_owned(),
            careless: false,
            mute: false,
            unreachable: Arc::default(),
            pace: None,
        }
    }

    /// As the real client: a call that would wait for long is not sent.
    fn keep_pace(&self, operation: Operation) -> Result<(), Error> {
        let Some(pace) = &self.pace else { return Ok(()) };
        let place = pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(self.clock.now());
        match place {
            Ok(wait) => {
                self.clock.advance(wait);
                Ok(())
            }
            Err(after) => Err(Error::throttled(operation, Some(after), "no place")),
        }
    }

    async fn call(&self, operation: Operation, account: &AccountId, request: Request) -> Result<Reply, Error> {
        self.keep_pace(operation)?;
        let deadline = self.clock.now() + self.timeout;
        yield_once().await;
        // As the real client: what was frozen before it was sent is not sent after its time.
        if self.clock.now() >= deadline || self.unreachable.load(Ordering::Relaxed) {
            return Err(Error::not_sent(operation, "no connection"));
        }
        let request = request
            .header("authorization", &self.key)
            .header("wix-account-id", account.as_str())
            .header("content-type", "application/json");
        let mut reply = {
            let mut wix = self.wix.lock().unwrap_or_else(PoisonError::into_inner);
            wix.handle(self.clock.now().as_millis(), &request)
        };
        yield_once().await;
        let lost = |words: &str| Err(Error::unknown(operation, words));
        if self.clock.now() >= deadline {
            return lost("no answer in time");
        }
        match reply.fate {
            Fate::Deliver => Ok(reply),
            Fate::Close => lost("the connection was closed without an answer"),
            Fate::Truncate { bytes } => {
                reply.body.truncate(bytes);
                lost("the answer was cut")
            }
            Fate::Stall { ms } | Fate::StallBody { ms, .. } => {
                let stall = Duration::from_millis(ms);
                self.clock.advance(stall.min(self.timeout));
                if stall < self.timeout {
                    Ok(reply)
                } else {
                    lost("no answer in time")
                }
            }
        }
    }

    async fn package(&self, operation: Operation, account: &AccountId, request: Request) -> Result<Package, Error> {
        let reply = self.call(operation, account, request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(refusal(operation, &reply));
        }
        decode_package(
            operation,
            reply.status,
            reply.header_value("x-wix-request-id"),
            &reply.body,
        )
    }
}

fn refusal(operation: Operation, reply: &Reply) -> Error {
    let header = |name| reply.header_value(name);
    Error::from_response(
        operation,
        reply.status,
        header("retry-after"),
        header("x-wix-request-id"),
        &reply.body,
    )
}

impl Wix for WixPort {
    async fn create(&self, account: &AccountId, request: &CreatePackage) -> Result<Package, Error> {
        let body = serde_json::to_vec(request).expect("a request is JSON");
        self.package(
            Operation::CreatePackage,
            account,
            Request::new("POST", "/resellers/v2/packages").body(body),
        )
        .await
    }

    async fn get(&self, account: &AccountId, package: &PackageId) -> Result<Package, Error> {
        let path = format!("/resellers/v1/packages/{package}");
        self.package(Operation::GetPackage, account, Request::new("GET", &path))
            .await
    }

    async fn find(&self, account: &AccountId, external_id: &ExternalId) -> Result<Vec<Package>, Error> {
        let query = if self.careless {
            json!({"query": {"cursorPaging": {"limit": 100}}})
        } else {
            json!({"query": {"filter": {"externalId": {"$eq": external_id}}, "cursorPaging": {"limit": 100}}})
        };
        let request = Request::new("POST", "/resellers/v1/packages/query").body(query.to_string());
        let reply = self.call(Operation::QueryPackages, account, request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(refusal(Operation::QueryPackages, &reply));
        }
        let mut page = decode_page(reply.status, reply.header_value("x-wix-request-id"), &reply.body)?;
        if self.mute {
            page.packages.iter_mut().for_each(|package| package.external_id = None);
        }
        Ok(page.packages)
    }

    async fn created_since(
        &self,
        own: &AccountId,
        from: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<PackagePage, Error> {
        let mut query = PackageQuery::new().sort(SortField::CreatedDate, SortOrder::Asc);
        if let Some(from) = from {
            query = query.filter(field::CREATED_DATE.gte(&from));
        }
        let request = Request::new("POST", "/resellers/v1/packages/query").body(query.body(cursor).to_string());
        let reply = self.call(Operation::QueryPackages, own, request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(refusal(Operation::QueryPackages, &reply));
        }
        decode_page(reply.status, reply.header_value("x-wix-request-id"), &reply.body)
    }

    async fn pause(&self, time: Duration) {
        yield_once().await;
        self.clock.advance(time);
    }

    async fn assign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        site: &SiteId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let path = format!("/resellers/v1/packages/product-instances/{instance}/{site}");
        let body = json!({"idempotencyKey": key}).to_string();
        self.package(
            Operation::AssignProductInstance,
            account,
            Request::new("PATCH", &path).body(body),
        )
        .await
    }

    async fn unassign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let path = format!("/resellers/v1/packages/product-instances/{instance}/unassign");
        let body = json!({"idempotencyKey": key}).to_string();
        self.package(
            Operation::UnassignProductInstance,
            account,
            Request::new("PATCH", &path).body(body),
        )
        .await
    }

    async fn cancel_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let path = format!("/resellers/v1/packages/product-instances/{instance}?idempotencyKey={key}");
        self.package(Operation::CancelProductInstance, account, Request::new("DELETE", &path))
            .await
    }

    async fn set_external_id(
        &self,
        account: &AccountId,
        package: &PackageId,
        external_id: &ExternalId,
    ) -> Result<Package, Error> {
        let encoded: String = external_id
            .as_str()
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let path = format!("/resellers/v1/packages/update/{package}/{encoded}");
        self.package(Operation::UpdateExternalId, account, Request::new("PATCH", &path))
            .await
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        Ok(OWN.parse().expect("an account"))
    }

    async fn probe(&self) -> Result<(), Error> {
        let query = json!({"query": {"cursorPaging": {"limit": 1}}}).to_string();
        let request = Request::new("POST", "/resellers/v1/packages/query").body(query);
        let own = self.own_account().await?;
        let reply = self.call(Operation::QueryPackages, &own, request).await?;
        if (200..300).contains(&reply.status) {
            Ok(())
        } else {
            Err(refusal(Operation::QueryPackages, &reply))
        }
    }
}
