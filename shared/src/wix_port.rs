//! Fulfilment's port to Wix over the real client: it brings the key, and takes a new one when Wix answers 401.
//!
//! A 401 means that nothing was done, so one repetition with another key is safe for every call. Where there is no key
//! at all, every call fails as if Wix had answered 401: fulfilment reports an outage, and no order is blamed.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::fulfilment::ports;
use crate::ids::{AccountId, ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};
use crate::secrets::{SecretDocument, Secrets, Source};
use crate::time::{Clock, Timestamp};
use crate::wix::{
    ApiKey, Client, ClientConfig, CreatePackage, Error, Failure, InvalidClientConfig, Operation, Package, PackagePage,
    PackageQuery, Response, SortField, SortOrder, field,
};

/// Before the secret is read the client has a key that Wix does not know; no call is made with it.
const NO_KEY_YET: &str = "no-key-yet";

/// The real Wix, with the key of the secret.
pub struct WixPort<S, C> {
    client: Client,
    secrets: Arc<Secrets<S, C>>,
    /// The document whose key the client has.
    used: Mutex<Option<Arc<SecretDocument>>>,
}

impl<S, C> std::fmt::Debug for WixPort<S, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WixPort")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl<S: Source, C: Clock> WixPort<S, C> {
    /// Makes the client. Nothing is connected and no secret is read yet.
    pub fn new(config: ClientConfig, secrets: Arc<Secrets<S, C>>) -> Result<Self, InvalidClientConfig> {
        let key = ApiKey::new(NO_KEY_YET).map_err(|error| InvalidClientConfig::Http {
            reason: error.to_string(),
        })?;
        Ok(Self {
            client: Client::new(config, key)?,
            secrets,
            used: Mutex::new(None),
        })
    }

    /// The client itself, for what fulfilment's port does not have. Its key is set by the first call through the port.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    async fn document(&self, operation: Operation) -> Result<Arc<SecretDocument>, Error> {
        let document = self.secrets.get().await;
        document.map_err(|error| Error::unauthorized(operation, error.to_string()))
    }

    /// Gives the client the key of a document, unless it has it.
    fn use_key_of(&self, document: &Arc<SecretDocument>, operation: Operation) -> Result<(), Error> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.as_ref().is_some_and(|used| Arc::ptr_eq(used, document)) {
            return Ok(());
        }
        let refuse = |reason: String| Error::unauthorized(operation, reason);
        let wix = document.require_wix().map_err(|error| refuse(error.to_string()))?;
        let key = ApiKey::new(wix.api_key.expose_secret()).map_err(|error| refuse(error.to_string()))?;
        self.client.set_api_key(key);
        *used = Some(Arc::clone(document));
        Ok(())
    }

    /// One call; after a 401, once more if the secret has another key by now.
    async fn call<T, F>(&self, operation: Operation, send: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let document = self.document(operation).await?;
        self.use_key_of(&document, operation)?;
        let error = match send().await {
            Err(error) if error.failure() == Failure::Unauthorized => error,
            other => return other,
        };
        let Some(newer) = self.secrets.refresh_now(&document).await else {
            return Err(error);
        };
        self.use_key_of(&newer, operation)?;
        if same_key(&document, &newer) {
            return Err(error);
        }
        tracing::info!(
            operation = operation.as_str(),
            "wix api key was refused: repeated with the new one"
        );
        send().await
    }
}

fn same_key(one: &SecretDocument, other: &SecretDocument) -> bool {
    match (one.wix(), other.wix()) {
        (Some(one), Some(other)) => one.api_key.expose_secret() == other.api_key.expose_secret(),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The answer without the request's ID, which is logged here: the one place that sees it for calls that succeed.
fn done<T>(operation: Operation, response: Response<T>) -> T {
    tracing::info!(
        operation = operation.as_str(),
        wix_request_id = response.request_id,
        "wix answered"
    );
    response.value
}

impl<S: Source, C: Clock> ports::Wix for WixPort<S, C> {
    async fn create(&self, account: &AccountId, request: &CreatePackage) -> Result<Package, Error> {
        let operation = Operation::CreatePackage;
        self.call(operation, || async {
            let response = self.client.create_package(account, request).await?;
            Ok(done(operation, response))
        })
        .await
    }

    async fn get(&self, account: &AccountId, package: &PackageId) -> Result<Package, Error> {
        let operation = Operation::GetPackage;
        self.call(operation, || async {
            let response = self.client.get_package(account, package).await?;
            Ok(done(operation, response))
        })
        .await
    }

    /// Filters by the external ID alone: a package that Wix put under another account must not count as absent.
    async fn find(&self, account: &AccountId, external_id: &ExternalId) -> Result<Vec<Package>, Error> {
        self.call(Operation::QueryPackages, || async {
            let query = PackageQuery::new().filter(field::EXTERNAL_ID.eq(external_id));
            let mut packages = self.client.packages(account, query);
            let mut found = Vec::new();
            while let Some(package) = packages.next().await {
                found.push(package?);
            }
            Ok(found)
        })
        .await
    }

    async fn created_since(
        &self,
        own: &AccountId,
        from: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<PackagePage, Error> {
        let operation = Operation::QueryPackages;
        let mut query = PackageQuery::new().sort(SortField::CreatedDate, SortOrder::Asc);
        if let Some(from) = from {
            query = query.filter(field::CREATED_DATE.gte(&from));
        }
        let query = &query;
        self.call(operation, || async {
            let page = match cursor {
                None => self.client.query_packages(own, query).await?,
                Some(cursor) => self.client.query_packages_at(own, query, cursor).await?,
            };
            Ok(page.value)
        })
        .await
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn assign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        site: &SiteId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let operation = Operation::AssignProductInstance;
        self.call(operation, || async {
            let response = self
                .client
                .assign_product_instance(account, instance, site, key)
                .await?;
            Ok(done(operation, response))
        })
        .await
    }

    async fn unassign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let operation = Operation::UnassignProductInstance;
        self.call(operation, || async {
            let response = self.client.unassign_product_instance(account, instance, key).await?;
            Ok(done(operation, response))
        })
        .await
    }

    async fn cancel_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> Result<Package, Error> {
        let operation = Operation::CancelProductInstance;
        self.call(operation, || async {
            let response = self.client.cancel_product_instance(account, instance, key).await?;
            Ok(done(operation, response))
        })
        .await
    }

    async fn set_external_id(
        &self,
        account: &AccountId,
        package: &PackageId,
        external_id: &ExternalId,
    ) -> Result<Package, Error> {
        let operation = Operation::UpdateExternalId;
        self.call(operation, || async {
            let response = self.client.update_external_id(account, package, external_id).await?;
            Ok(done(operation, response))
        })
        .await
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        let operation = Operation::QueryPackages;
        let document = self.document(operation).await?;
        let wix = document
            .require_wix()
            .map_err(|error| Error::unauthorized(operation, error.to_string()))?;
        Ok(wix.account_id.clone())
    }

    async fn probe(&self) -> Result<(), Error> {
        let account = self.own_account().await?;
        let operation = Operation::QueryPackages;
        self.call(operation, || async {
            let response = self.client.probe(&account).await?;
            done(operation, response);
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
