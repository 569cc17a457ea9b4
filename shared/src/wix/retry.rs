//! Whether the client repeats a call by itself, and when: a pure function. Reads are repeated; a write only where it
//! provably never left, because a second create is a second bill.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::error::{Failure, Operation};
use crate::time::Timestamp;

/// The longest single wait. A longer one belongs to the caller who keeps the order and can come back later.
pub const MAX_WAIT: Duration = Duration::from_secs(2);

/// The most times one call is sent.
pub const MAX_ATTEMPTS: u32 = 3;

/// The wait before the second attempt, before jitter; doubled for the third.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How long to wait after 429 where Wix names no time (documented advice).
pub const THROTTLE_WAIT: Duration = Duration::from_secs(60);

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Send it again after this time.
    Retry {
        /// How long to wait first: at most [`MAX_WAIT`].
        after: Duration,
    },
    /// Leave it to the caller.
    GiveUp,
}

/// Decides after the `attempt`-th attempt (counted from 1) failed.
///
/// `jitter` (0.0 to 1.0) spreads the waits of many processes: a wait without a `Retry-After` is shortened by up to
/// half. `left` is how long there is until the last moment at which a further attempt can usefully begin.
/// A throttling that names no time is left to the caller: it waits [`THROTTLE_WAIT`].
pub fn decide(operation: Operation, failure: Failure, attempt: u32, jitter: f64, left: Duration) -> Decision {
    if attempt >= MAX_ATTEMPTS {
        return Decision::GiveUp;
    }
    let jitter = if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let backoff = FIRST_WAIT
        .saturating_mul(1 << attempt.saturating_sub(1).min(8))
        .mul_f64(1.0 - jitter / 2.0);
    let wait = match (failure, operation.is_read()) {
        (Failure::NotSent, _) | (Failure::Unknown, true) => Some(backoff),
        // Never sooner than Wix asks for; jitter comes on top.
        (Failure::Throttled(Some(after)), true) => {
            Some(after.saturating_add(Duration::from_millis(100).mul_f64(jitter)))
        }
        (Failure::Throttled(None), true) | (Failure::Throttled(_) | Failure::Unknown, false) => None,
        (Failure::Rejected | Failure::Unauthorized | Failure::Forbidden, _) => None,
    };
    match wait {
        Some(after) if after <= MAX_WAIT && after < left => Decision::Retry { after },
        Some(_) | None => Decision::GiveUp,
    }
}

/// The longest `Retry-After` that is believed: a day.
const MAX_RETRY_AFTER: u64 = 86_400;

/// A `Retry-After` header as whole seconds, at most a day; `None` if it is none.
pub(super) fn whole_seconds(value: &str) -> Option<Duration> {
    let digits = value.trim();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a u64 takes is a long time too.
    plain.then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX).min(MAX_RETRY_AFTER)))
}

/// Reads a `Retry-After` header: seconds, or an HTTP date, which is resolved against `now`. At most a day.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    whole_seconds(value).or_else(|| {
        let date = OffsetDateTime::parse(value.trim(), &Rfc2822).ok()?;
        let wait = Timestamp::from_secs(date.unix_timestamp()).since(now);
        Some(wait.min(Duration::from_secs(MAX_RETRY_AFTER)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONG: Duration = Duration::from_secs(15);

    fn after(millis: u64) -> Decision {
        Decision::Retry {
            after: Duration::from_millis(millis),
        }
    }

    fn throttled(millis: u64) -> Failure {
        Failure::Throttled(Some(Duration::from_millis(millis)))
    }

    #[test]
    fn reads_are_repeated_and_writes_only_when_they_never_left() {
        use Decision::GiveUp;
        use Failure::{Forbidden, NotSent, Rejected, Throttled, Unauthorized, Unknown};
        use Operation::{CreatePackage, GetPackage, QueryPackages, UnassignProductInstance, UpdateExternalId};
        let cases = [
            (GetPackage, NotSent, 1, after(200)),
            (GetPackage, NotSent, 2, after(400)),
            (GetPackage, NotSent, 3, GiveUp),
            (QueryPackages, Unknown, 1, after(200)),
            (QueryPackages, throttled(0), 1, after(0)),
            (QueryPackages, throttled(1_500), 1, after(1_500)),
            (QueryPackages, throttled(2_000), 1, after(2_000)),
            (QueryPackages, throttled(2_001), 1, GiveUp),
            (QueryPackages, Throttled(None), 1, GiveUp),
            (QueryPackages, Rejected, 1, GiveUp),
            (QueryPackages, Unauthorized, 1, GiveUp),
            (QueryPackages, Forbidden, 1, GiveUp),
            (CreatePackage, NotSent, 1, after(200)),
            (CreatePackage, NotSent, 3, GiveUp),
            (CreatePackage, Unknown, 1, GiveUp),
            (CreatePackage, throttled(100), 1, GiveUp),
            (CreatePackage, Throttled(None), 1, GiveUp),
            (CreatePackage, Rejected, 1, GiveUp),
            (UnassignProductInstance, Unknown, 1, GiveUp),
            (UpdateExternalId, Unknown, 1, GiveUp),
        ];
        for (operation, failure, attempt, expected) in cases {
            let decision = decide(operation, failure, attempt, 0.0, LONG);
            assert_eq!(decision, expected, "{operation} {failure:?} attempt {attempt}");
        }
    }

    #[test]
    fn jitter_shortens_a_wait_of_ours_and_lengthens_one_that_wix_asked_for() {
        let read = Operation::GetPackage;
        assert_eq!(decide(read, Failure::NotSent, 1, 1.0, LONG), after(100));
        assert_eq!(decide(read, throttled(500), 1, 1.0, LONG), after(600));
        assert_eq!(decide(read, Failure::NotSent, 1, f64::NAN, LONG), after(200));
    }

    #[test]
    fn no_wait_passes_the_deadline() {
        let read = Operation::GetPackage;
        let left = Duration::from_millis(200);
        assert_eq!(decide(read, Failure::NotSent, 1, 0.0, left), Decision::GiveUp);
        assert_eq!(decide(read, Failure::NotSent, 1, 0.5, left), after(150));
        assert_eq!(decide(read, Failure::NotSent, 1, 0.0, Duration::ZERO), Decision::GiveUp);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let cases = [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 22 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("Sun, 22 Nov 2099 09:00:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_two_seconds(attempt in any::<u32>(), jitter in any::<f64>(), millis in any::<u64>()) {
            for failure in [Failure::NotSent, Failure::Unknown, throttled(millis)] {
                if let Decision::Retry { after } = decide(Operation::GetPackage, failure, attempt, jitter, Duration::MAX) {
                    prop_assert!(after <= Duration::from_secs(2));
                }
            }
        }

        #[test]
        fn any_retry_after_is_survived(value in ".*", now in any::<i64>()) {
            let _ = retry_after(&value, Timestamp::from_millis(now));
        }
    }
}
