//! The sandbox's Wix over tokio's paused time: every call takes its time, and is noted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::world::{START, SandboxTransport, VirtualClock};
use reseller_hooks::time::{Clock, Timer, Timestamp};
use reseller_hooks::wix::{Answer, ExchangeError, Transport};
use serde_json::Value;

/// A process's clock over tokio's time, which is wrong by always the same.
#[derive(Debug, Clone)]
pub(super) struct TokioClock {
    pub(super) begun: tokio::time::Instant,
    /// By how many milliseconds it is ahead.
    pub(super) ahead: i64,
}

impl TokioClock {
    pub(super) fn right() -> Self {
        Self {
            begun: tokio::time::Instant::now(),
            ahead: 0,
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.begun.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(START.as_millis() + millis + self.ahead)
    }
}

impl Timer for TokioClock {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        let begun = tokio::time::Instant::now();
        move || begun.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A call as Wix got it.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) at: Timestamp,
    pub(super) answered: Timestamp,
    pub(super) status: u16,
    /// Of a create: its external ID.
    pub(super) external_id: Option<String>,
}

pub(super) type Notes = Arc<Mutex<Vec<Noted>>>;

/// A connection whose calls take from 300 to 900 milliseconds.
#[derive(Clone)]
pub(super) struct Slow {
    pub(super) sandbox: SandboxTransport,
    /// The sandbox's time.
    pub(super) time: VirtualClock,
    pub(super) right: TokioClock,
    pub(super) notes: Notes,
}

impl Transport for Slow {
    async fn exchange(&self, request: http::Request<Vec<u8>>, timeout: Duration) -> Result<Answer, ExchangeError> {
        let create = request.uri().path().ends_with("/packages");
        let body: Value = if create {
            serde_json::from_slice(request.body()).unwrap()
        } else {
            Value::Null
        };
        let external_id = body["externalId"].as_str().map(str::to_owned);
        let at = self.right.now();
        self.time.set(at);
        let answer = self.sandbox.exchange(request, timeout).await?;
        let place = {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.push(Noted {
                at,
                answered: at,
                status: answer.status,
                external_id,
            });
            notes.len() - 1
        };
        let spread = u64::try_from(place).unwrap() * 7_919 % 600;
        tokio::time::sleep(Duration::from_millis(300 + spread)).await;
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)[place].answered = self.right.now();
        Ok(answer)
    }
}
