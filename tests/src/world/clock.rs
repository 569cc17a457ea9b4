//! A clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reseller_hooks::time::{Clock, Timer, Timestamp};

use super::yield_once;

/// The time of a world. Clones show the same time.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_millis())))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("a time that a clock can show");
        self.0.fetch_add(by, Ordering::SeqCst);
    }

    /// Moves it to a time.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Timer for VirtualClock {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        let started = self.now();
        move || self.now().since(started)
    }

    /// Others have their turn, and then the time has passed for all. Those who sleep at once sleep side by side.
    async fn sleep(&self, time: Duration) {
        let until = self.now() + time;
        yield_once().await;
        self.advance(until.since(self.now()));
    }
}

/// A worker's own clock, which is wrong by always the same.
#[derive(Debug, Clone)]
pub struct SkewedClock {
    /// The right time.
    pub right: VirtualClock,
    /// By how many milliseconds this one is ahead; negative: behind.
    pub ahead: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.right.now().as_millis() + self.ahead)
    }
}

impl Timer for SkewedClock {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        self.right.stopwatch()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.right.sleep(time)
    }
}
