//! Holds calls back so that no minute sees more of them than allowed. Wix answers 200 requests a minute (documented
//! for apps; nothing is said for API keys), and every process gets a static share of that.

use std::num::NonZeroU32;
use std::time::Duration;

use super::retry::MAX_WAIT;
use crate::time::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// A share of calls a minute. A tenth of them may go at once; the others are spaced so that no minute, wherever it
/// begins, holds more than the share.
#[derive(Debug)]
pub struct Pace {
    /// Time between two calls once the burst is used up, in ms.
    spacing: i64,
    /// How far ahead of the clock `free_at` may be before a call waits, in ms.
    ahead: i64,
    /// When the bucket would be full again.
    free_at: Timestamp,
}

impl Pace {
    /// A pace of that many calls a minute.
    pub fn new(calls_per_minute: NonZeroU32) -> Self {
        let calls = i64::from(calls_per_minute.get());
        let burst = (calls / 10).max(1);
        // A minute holds at most ceil(60 s / spacing) spaced calls beside the rest of the burst.
        let spaced = calls - burst + 1;
        let spacing = (MINUTE_MS + spaced - 1) / spaced;
        Self {
            spacing,
            ahead: (burst - 1) * spacing,
            free_at: Timestamp::EPOCH,
        }
    }

    /// Takes the place of one call: `Ok` with how long it has to wait first (at most two seconds), or `Err` with how
    /// long the queue is, in which case no place was taken.
    pub fn take(&mut self, now: Timestamp) -> Result<Duration, Duration> {
        let now_ms = now.as_millis();
        // A clock that was set back must not hold calls for the difference.
        let latest = now_ms.saturating_add(self.ahead + self.spacing + Self::longest_wait_ms());
        let free_at = self.free_at.as_millis().clamp(now_ms, latest);
        let wait_ms = (free_at.saturating_sub(self.ahead)).saturating_sub(now_ms).max(0);
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
        let refused = wait > MAX_WAIT;
        self.free_at = Timestamp::from_millis(if refused {
            free_at
        } else {
            free_at.saturating_add(self.spacing)
        });
        if refused { Err(wait) } else { Ok(wait) }
    }

    fn longest_wait_ms() -> i64 {
        i64::try_from(MAX_WAIT.as_millis()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(calls: u32) -> Pace {
        Pace::new(NonZeroU32::new(calls).unwrap())
    }

    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    #[test]
    fn a_tenth_of_the_share_goes_at_once_and_the_next_waits() {
        let mut pace = pace(60); // 6 at once, then one each 1,091 ms
        for _ in 0..6 {
            assert_eq!(pace.take(START), Ok(Duration::ZERO));
        }
        assert_eq!(pace.take(START), Ok(Duration::from_millis(1_091)));
        assert_eq!(pace.take(START), Err(Duration::from_millis(2_182)));
        // What was refused took no place.
        assert_eq!(pace.take(START), Err(Duration::from_millis(2_182)));
    }

    #[test]
    fn one_call_a_minute_is_one_call_a_minute() {
        let mut pace = pace(1);
        assert_eq!(pace.take(START), Ok(Duration::ZERO));
        assert_eq!(pace.take(START + Duration::from_secs(10)), Err(Duration::from_secs(50)));
        assert_eq!(pace.take(START + Duration::from_secs(60)), Ok(Duration::ZERO));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_calls() {
        let mut pace = pace(60);
        pace.take(START).unwrap();
        let earlier = Timestamp::from_secs(1_600_000_000);
        let mut now = earlier;
        let mut taken = 0;
        for _ in 0..60 {
            taken += u32::from(pace.take(now).is_ok());
            now = now + Duration::from_secs(1);
        }
        assert!(taken >= 50, "{taken}");
    }

    #[test]
    fn no_minute_holds_more_than_the_share() {
        for share in [1, 2, 7, 30, 60, 180, 1_000] {
            let mut pace = pace(share);
            let mut sent: Vec<Timestamp> = Vec::new();
            let mut now = START;
            for _ in 0..3_000 {
                if let Ok(wait) = pace.take(now) {
                    sent.push(now + wait);
                }
                now = now + Duration::from_millis(61);
            }
            for (at, first) in sent.iter().enumerate() {
                let within = sent[at..]
                    .iter()
                    .filter(|time| time.since(*first) < Duration::from_secs(60));
                assert!(within.count() <= share as usize, "{share}");
            }
        }
    }
}
