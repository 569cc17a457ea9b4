//! How an order is put off whose work fails for itself: by a write that touches nothing of its record, ever longer, and
//! after some tries a person is told.
//!
//! How often it was put off is in the write's ID: the next ordinary write of the order forgets it.

use std::time::Duration;

use uuid::Uuid;

use crate::ledger::Entry;
use crate::time::Timestamp;

/// What the IDs of such writes begin with.
const PREFIX: &str = "put-off:";

/// From how many times in a row on a person is told.
const TOLD_AFTER: u32 = 3;

/// How long it is put off the first time; twice as long each time, up to a day.
const FIRST_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// How often an order was put off in a row, where a person is to be told of it.
pub(crate) fn often(entry: &Entry) -> Option<u32> {
    Some(times(entry)).filter(|times| *times >= TOLD_AFTER)
}

/// How often an order was put off in a row.
pub(crate) fn times(entry: &Entry) -> u32 {
    let counted = entry.write_id.strip_prefix(PREFIX);
    let digits = counted.and_then(|counted| counted.split(':').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The write that puts it off once more, and until when.
pub(crate) fn later(entry: Entry, now: Timestamp) -> (Entry, Timestamp) {
    let times = times(&entry).saturating_add(1);
    let until = now + pause(times);
    let later = Entry {
        rev: entry.rev + 1,
        write_id: format!("{PREFIX}{times}:{}", Uuid::new_v4()),
        due_at: Some(until),
        attention_since: entry.attention_since.or_else(|| (times >= TOLD_AFTER).then_some(now)),
        ..entry
    };
    (later, until)
}

fn pause(times: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << times.saturating_sub(1).min(10));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(write_id: &str) -> Entry {
        Entry {
            key: "shopify/1".to_owned(),
            body: String::new(),
            rev: 1,
            write_id: write_id.to_owned(),
            due_at: None,
            attention_since: None,
        }
    }

    #[test]
    fn only_a_write_that_put_it_off_counts_and_the_third_is_told() {
        assert_eq!(times(&entry("7b1c:2")), 0);
        assert_eq!((times(&entry("put-off:2:x")), often(&entry("put-off:2:x"))), (2, None));
        assert_eq!(often(&entry("put-off:3:x")), Some(3));
    }

    #[test]
    fn it_is_put_off_ever_longer_up_to_a_day() {
        let minutes = |times| pause(times).as_secs() / 60;
        assert_eq!([1, 2, 3, 9, 99].map(minutes), [5, 10, 20, 1_280, 1_440]);
        assert!(Timestamp::from_secs(0) + pause(u32::MAX) < Timestamp::from_secs(90_000));
    }
}
