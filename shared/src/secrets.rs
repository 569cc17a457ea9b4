//! The secret document: where it comes from, how it is kept for a while, and when it is read again. It is never
//! printed: what holds a secret has no Debug form of it, and errors name places in the document, never values.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::time::{Clock, Timestamp};

mod document;
mod source;

pub use document::{SecretDocument, WixSecret};
#[cfg(feature = "secrets-manager")]
pub use source::{AnySource, SecretsManagerSource};
pub use source::{EnvSource, FileSource};

/// How soon after a failed refresh, or one that a refusal asked for, the next may be made.
const PAUSE: Duration = Duration::from_secs(60);

/// Where the document comes from.
pub trait Source: Send + Sync {
    /// The document as text.
    fn fetch(&self) -> impl Future<Output = Result<SecretString, SecretError>> + Send;
}

impl<S: Source> Source for Arc<S> {
    fn fetch(&self) -> impl Future<Output = Result<SecretString, SecretError>> + Send {
        (**self).fetch()
    }
}

/// There is no usable secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The source is away or throttles: a retry can help.
    #[error("the secret could not be read: {0}")]
    Unavailable(String),
    /// It is not there, or not permitted: the remedy is said.
    #[error("the secret cannot be used: {0}")]
    Misconfigured(String),
    /// The document is not as it must be.
    #[error("the secret is not usable: at {path}: {reason}")]
    Malformed {
        /// Where in the document, such as `wix.api_key`.
        path: String,
        /// What is wrong there, without the value.
        reason: &'static str,
    },
}

/// The secret, kept for a while. All callers share one copy and one fetch.
pub struct Secrets<S, C> {
    source: S,
    clock: C,
    ttl: Duration,
    /// How many attempts have ended: a caller that waited for one takes its outcome instead of making another.
    attempts: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<SecretDocument>>,
    /// When `current` is to be read again.
    refresh_at: Timestamp,
    /// When a refusal last made it be read again.
    refused_at: Option<Timestamp>,
    last_error: Option<SecretError>,
}

impl<S: Source, C: Clock> Secrets<S, C> {
    /// Nothing is read yet. `ttl` is `SECRET_TTL_SECONDS`.
    pub fn new(source: S, clock: C, ttl: Duration) -> Self {
        Self {
            source,
            clock,
            ttl,
            attempts: AtomicU64::new(0),
            state: Mutex::new(State::default()),
        }
    }

    /// The document: the kept one while it is fresh, else read again. When that fails the old one stays in use, a
    /// warning is logged, and the next attempt waits a minute (or the time to live, if that is shorter); an error is
    /// returned only where there is no old one.
    pub async fn get(&self) -> Result<Arc<SecretDocument>, SecretError> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        match &state.current {
            Some(current) if self.clock.now() < state.refresh_at => Ok(Arc::clone(current)),
            Some(_) => {
                self.attempt(&mut state).await;
                state.current.clone().ok_or_else(gone)
            }
            None => {
                let shared = self.attempts.load(Ordering::Acquire) != seen;
                match state.last_error.clone().filter(|_| shared) {
                    Some(error) => Err(error),
                    None => {
                        self.attempt(&mut state).await;
                        let error = state.last_error.clone().unwrap_or_else(gone);
                        state.current.clone().ok_or(error)
                    }
                }
            }
        }
    }

    /// What to use instead of `seen`, which Wix answered 401 to or which verified no signature: a document that differs
    /// from it, or `None` when there is none. Reads again at most once a minute, so that wrong signatures cannot make
    /// this function hammer the source; in between it answers with what another caller has read since.
    pub async fn refresh_now(&self, seen: &Arc<SecretDocument>) -> Option<Arc<SecretDocument>> {
        let mut state = self.state.lock().await;
        let newer = |state: &State| state.current.clone().filter(|current| !Arc::ptr_eq(current, seen));
        if let Some(newer) = newer(&state) {
            return Some(newer);
        }
        let now = self.clock.now();
        // A clock that was set back must not stop refreshes for good.
        let recent = state.refused_at.is_some_and(|at| at <= now && now.since(at) < PAUSE);
        if recent {
            return None;
        }
        self.attempt(&mut state).await;
        state.refused_at = Some(now);
        newer(&state)
    }

    /// One fetch, under the lock: everyone else who wants one waits for this one's outcome. When the caller is dropped
    /// halfway, nothing is changed and the next in the line makes its own.
    async fn attempt(&self, state: &mut State) {
        let outcome = match self.source.fetch().await {
            Ok(text) => match &state.current {
                Some(current) if current.is_from(&text) => Ok(Arc::clone(current)),
                Some(_) | None => {
                    SecretDocument::parse(text).map(|document| Arc::new(document.or_wix_of(state.current.as_deref())))
                }
            },
            Err(error) => Err(error),
        };
        let now = self.clock.now();
        match outcome {
            Ok(document) => {
                state.current = Some(document);
                state.refresh_at = now + self.ttl;
                state.last_error = None;
            }
            Err(error) => {
                if state.current.is_some() {
                    tracing::warn!(%error, "the secret could not be refreshed; the one read before stays in use");
                }
                state.refresh_at = now + self.ttl.min(PAUSE);
                state.last_error = Some(error);
            }
        }
        self.attempts.fetch_add(1, Ordering::Release);
    }
}

impl<S, C> std::fmt::Debug for Secrets<S, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// Cannot be reached: an attempt leaves a document or an error.
fn gone() -> SecretError {
    SecretError::Unavailable("no attempt was made".to_owned())
}

#[cfg(test)]
mod tests;
