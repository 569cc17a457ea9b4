//! Holds calls back so that no minute sees more of them than allowed. Wix answers 200 requests a minute (documented
//! for apps; nothing is said for API keys), and every process gets a static share of that.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use super::retry::MAX_WAIT;
use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// A share of calls a minute: as many in any 60 seconds, however close together. A burst of orders is not slowed
/// while the share lasts, and after it the share is used to the full.
#[derive(Debug)]
pub struct Pace {
    share: usize,
    /// When the last calls were placed, the oldest first; at most `share` of them.
    placed: VecDeque<Timestamp>,
}

impl Pace {
    /// A pace of that many calls a minute.
    pub fn new(calls_per_minute: NonZeroU32) -> Self {
        let share = usize::try_from(calls_per_minute.get()).unwrap_or(usize::MAX);
        Self {
            share,
            placed: VecDeque::new(),
        }
    }

    /// Takes the place of one call: `Ok` with how long it has to wait first (at most two seconds), or `Err` with how
    /// long until there is a place, in which case none was taken.
    pub fn take(&mut self, now: Timestamp) -> Result<Duration, Duration> {
        // A clock that was set back must not hold calls for the difference.
        self.placed.retain(|placed| *placed <= now + MAX_WAIT);
        while self.placed.front().is_some_and(|placed| *placed + MINUTE <= now) {
            self.placed.pop_front();
        }
        let full = self.placed.len() >= self.share;
        let wait = match self.placed.front().filter(|_| full) {
            Some(oldest) => (*oldest + MINUTE).since(now),
            None => Duration::ZERO,
        };
        if wait > MAX_WAIT {
            return Err(wait);
        }
        if full {
            self.placed.pop_front();
        }
        self.placed.push_back(now + wait);
        Ok(wait)
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
    fn the_share_goes_at_once_and_the_next_minute_has_it_again() {
        let mut pace = pace(20);
        for _ in 0..20 {
            assert_eq!(pace.take(START), Ok(Duration::ZERO));
        }
        assert_eq!(pace.take(START + Duration::from_secs(50)), Err(Duration::from_secs(10)));
        // What was refused took no place; a short wait is waited.
        assert_eq!(pace.take(START + Duration::from_secs(59)), Ok(Duration::from_secs(1)));
        for _ in 0..19 {
            assert_eq!(pace.take(START + Duration::from_secs(60)), Ok(Duration::ZERO));
        }
        assert!(pace.take(START + Duration::from_secs(60)).is_err());
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
        for _ in 0..60 {
            pace.take(START).unwrap();
        }
        assert_eq!(pace.take(Timestamp::from_secs(1_600_000_000)), Ok(Duration::ZERO));
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
                let within = sent[at..].iter().filter(|time| time.since(*first) < MINUTE);
                assert!(within.count() <= share as usize, "{share}");
            }
        }
    }
}
