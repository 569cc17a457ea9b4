//! Fulfilment's port to Wix over the real client: it brings the key, and takes a new one when Wix answers 401.
//!
//! A 401 means that nothing was done, so one repetition with another key is safe for every call. Where there is no key
//! at all, every call fails as if Wix had answered 401: fulfilment reports an outage, and no order is blamed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::fulfilment::ports;
use crate::ids::AccountId;
use crate::secrets::{SecretDocument, Secrets, Source, WixSecret};
use crate::time::{SystemClock, Timer, Timestamp};
use crate::wix::{Call, Client, Error, Failure, HttpTransport, Operation, Transport};

/// The real Wix, with the key of the secret.
pub struct WixPort<S, C = SystemClock, T = HttpTransport<C>> {
    client: Client<T, C>,
    secrets: Arc<Secrets<S, C>>,
    /// The document whose key the client has.
    used: Mutex<Option<Arc<SecretDocument>>>,
}

impl<S, C, T> std::fmt::Debug for WixPort<S, C, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WixPort")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl<S: Source, C: Timer, T: Transport> WixPort<S, C, T> {
    /// Takes a client, whose key it sets at the first call. No secret is read yet.
    pub fn new(client: Client<T, C>, secrets: Arc<Secrets<S, C>>) -> Self {
        Self {
            client,
            secrets,
            used: Mutex::new(None),
        }
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
        self.client.set_api_key(wix_of(document, operation)?.api_key.clone());
        *used = Some(Arc::clone(document));
        Ok(())
    }
}

fn wix_of(document: &SecretDocument, operation: Operation) -> Result<&WixSecret, Error> {
    let wix = document.require_wix();
    wix.map_err(|error| Error::unauthorized(operation, error.to_string()))
}

impl<S: Source, C: Timer, T: Transport> ports::Wix for WixPort<S, C, T> {
    async fn send<K: Call>(&self, account: &AccountId, call: &K) -> Result<K::Answer, Error> {
        self.send_until(account, call, None).await
    }

    async fn send_until<K: Call>(
        &self,
        account: &AccountId,
        call: &K,
        until: Option<Timestamp>,
    ) -> Result<K::Answer, Error> {
        let document = self.document(K::OPERATION).await?;
        self.use_key_of(&document, K::OPERATION)?;
        let is_late = || until.is_some_and(|until| self.client.clock().now() >= until);
        if is_late() {
            let message = "no time is left after the secret was read, and nothing was sent";
            return Err(Error::throttled(K::OPERATION, Some(Duration::ZERO), message));
        }
        let error = match self.client.execute(account, call).await {
            Ok(response) => return Ok(response.value),
            Err(error) if error.failure() == Failure::Unauthorized => error,
            Err(error) => return Err(error),
        };
        let Some(newer) = self.secrets.refresh_now(&document).await else {
            return Err(error);
        };
        self.use_key_of(&newer, K::OPERATION)?;
        let key = |document| Ok(wix_of(document, K::OPERATION)?.api_key.expose());
        if key(&document)? == key(&newer)? {
            return Err(error);
        }
        // Nothing was done, as Wix says: the next run begins with the new key.
        if is_late() {
            let message = "no time is left to repeat it with the new key";
            return Err(Error::throttled(K::OPERATION, Some(Duration::ZERO), message));
        }
        tracing::info!(
            operation = K::OPERATION.as_str(),
            "wix api key was refused: repeated with the new one"
        );
        Ok(self.client.execute(account, call).await?.value)
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        let operation = Operation::QueryPackages;
        let document = self.document(operation).await?;
        Ok(wix_of(&document, operation)?.account_id.clone())
    }
}

#[cfg(test)]
mod tests;
