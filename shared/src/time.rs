//! Points in time and the clock that tells them. Time is always passed in, so that a test or a simulation can move it.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::as_text::as_text;

/// A point in time in whole milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time there is: sorts before every real one.
    pub const EPOCH: Self = Self(0);

    /// The first and the last millisecond that can be written as RFC 3339 does it: of the years 0000 to 9999.
    const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch; saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// The same for seconds of the outside; `None` for what could not be written and read again.
    #[cfg(feature = "storefront")]
    pub(crate) fn checked_from_secs(secs: i64) -> Option<Self> {
        Some(Self::from_secs(secs)).filter(|time| Self::WRITABLE.contains(&time.0))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How long after `earlier` this is; zero when it is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// What is not a time as RFC 3339 writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time such as 2026-01-31T09:30:00Z")]
pub struct InvalidTimestamp(String);

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed =
            OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp(text.chars().take(40).collect()))?;
        let millis = parsed.unix_timestamp_nanos().div_euclid(1_000_000);
        // With its offset counted, a time of the year 0 or 9999 may be of another year.
        i64::try_from(millis)
            .ok()
            .filter(|millis| Self::WRITABLE.contains(millis))
            .map(Self)
            .ok_or_else(|| InvalidTimestamp(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Room for the longest: 9999-12-31T23:59:59.999Z. A record has dozens of times, and none is worth an allocation.
        let mut text = [0_u8; 32];
        let mut rest = text.as_mut_slice();
        let written = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|time| time.format_into(&mut rest, &Rfc3339).ok());
        // The length that it answers leaves out two digits of the fraction (`time` 0.3.55).
        let left = rest.len();
        let length = written.map(|_| text.len() - left);
        match length.and_then(|length| str::from_utf8(text.get(..length)?).ok()) {
            Some(text) => f.write_str(text),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

as_text!(Timestamp);

/// Tells the time. Functions use [`SystemClock`]; tests bring one that they move.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// A clock that also waits, and measures how long something takes. Code that waits takes one of these, so that a
/// simulation moves its time instead of letting time pass.
pub trait Timer: Clock {
    /// Measures from now on, by a clock that nobody sets. It may stand still while the process is frozen.
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync;

    /// Returns when this much time has passed.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

#[cfg(any(feature = "wix", feature = "fulfilment"))]
impl Timer for SystemClock {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        let started = tokio::time::Instant::now();
        move || started.elapsed()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

impl<C: Timer> Timer for std::sync::Arc<C> {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        (**self).stopwatch()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        (**self).sleep(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_utc_and_fractions_milliseconds() {
        let time: Timestamp = "2023-03-24T12:37:27.123456-04:00".parse().unwrap();
        assert_eq!(time.to_string(), "2023-03-24T16:37:27.123Z");
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2023-03-24T16:37:27.123Z\"");
    }

    #[test]
    fn a_time_that_is_read_can_be_written_and_read_again() {
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.to_string(), text);
        }
        // In UTC the year before, and the year after.
        for text in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_before_another_is_zero_after_it() {
        assert_eq!(Timestamp::from_secs(1).since(Timestamp::from_secs(5)), Duration::ZERO);
        assert_eq!(
            Timestamp::from_secs(5).since(Timestamp::from_secs(1)),
            Duration::from_secs(4)
        );
    }

    #[test]
    fn what_is_no_time_is_named() {
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("yesterday"));
    }
}
