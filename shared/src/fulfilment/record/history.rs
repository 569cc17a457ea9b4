//! What happened to an order, in short lines: the story that an operator reads without the logs.
//!
//! The newest lines are kept. Two copies of a record merge to the same, in any order, so that a delivery that came in
//! while a worker held the order is not lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// How many lines are kept, the newest.
const MOST: usize = 40;

/// The longest line, in bytes. `plan::size` counts with it.
const MAX_BYTES: usize = 160;

/// The most bytes that a history takes of a record.
pub(crate) const MOST_BYTES: usize = MOST * (MAX_BYTES + 90);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// When, for the first time.
    at: Timestamp,
    /// What, in a few words without personal data.
    what: String,
    /// How often in a row, where that is more than once.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    times: u32,
    /// When, for the last time, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
}

const fn once() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
const fn is_once(times: &u32) -> bool {
    *times == 1
}

impl Happened {
    /// When, for the first time.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What, in a few words.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// How often in a row.
    pub const fn times(&self) -> u32 {
        self.times
    }
}

/// The newest lines, the oldest of them first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(Vec<Happened>);

/// A line as the ledger keeps it: times in milliseconds, and without names, because every record has many lines.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept<'a> {
    Once(i64, Cow<'a, str>),
    Often(i64, Cow<'a, str>, u32, i64),
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|line| {
            let (at, what) = (line.at.as_millis(), Cow::Borrowed(line.what.as_str()));
            match line.last {
                Some(last) => Kept::Often(at, what, line.times, last.as_millis()),
                None => Kept::Once(at, what),
            }
        }))
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = Vec::<Kept<'_>>::deserialize(deserializer)?;
        let read = lines.into_iter().map(|kept| {
            let (at, what, times, last) = match kept {
                Kept::Once(at, what) => (at, what, 1, None),
                Kept::Often(at, what, times, last) => (at, what, times, Some(Timestamp::from_millis(last))),
            };
            Happened {
                at: Timestamp::from_millis(at),
                what: what.into_owned(),
                times,
                last,
            }
        });
        Ok(Self(read.collect()))
    }
}

impl History {
    /// Whether nothing happened.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> &[Happened] {
        &self.0
    }

    /// Adds a line. What happens again and again is one line.
    pub(crate) fn note(&mut self, at: Timestamp, what: &str) {
        let what = super::closing::cut(what, MAX_BYTES);
        match self.0.last_mut().filter(|last| last.what == what) {
            Some(last) => {
                last.times = last.times.saturating_add(1);
                last.last = Some(at);
            }
            None => self.0.push(Happened {
                at,
                what,
                times: 1,
                last: None,
            }),
        }
        self.shorten();
    }

    /// Takes the newest line of these words back: it did not happen.
    pub(crate) fn take_back(&mut self, what: &str) {
        let what = super::closing::cut(what, MAX_BYTES);
        if let Some(at) = self.0.iter().rposition(|line| line.what == what) {
            match self.0.get_mut(at).filter(|line| line.times > 1) {
                Some(line) => line.times -= 1,
                None => drop(self.0.remove(at)),
            }
        }
    }

    /// Takes in the lines of another copy of the record.
    pub(super) fn merge(&mut self, other: &Self) {
        let mut all: BTreeMap<(Timestamp, String), (u32, Option<Timestamp>)> = BTreeMap::new();
        for line in self.0.iter().chain(&other.0) {
            let known = all.entry((line.at, line.what.clone())).or_default();
            *known = (known.0.max(line.times), known.1.max(line.last));
        }
        let lines = all
            .into_iter()
            .map(|((at, what), (times, last))| Happened { at, what, times, last });
        self.0 = lines.collect();
        self.shorten();
    }

    fn shorten(&mut self) {
        let surplus = self.0.len().saturating_sub(MOST);
        self.0.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fulfilment::testing::NOW;

    fn history(lines: &[(u64, &str)]) -> History {
        let mut history = History::default();
        for (after, what) in lines {
            history.note(NOW + Duration::from_secs(*after), what);
        }
        history
    }

    #[test]
    fn what_happens_again_and_again_is_one_line() {
        let mut history = history(&[(0, "delivered"), (1, "b1: no clear answer"), (2, "b1: no clear answer")]);
        assert_eq!(history.lines().len(), 2);
        assert_eq!(history.lines()[1].times(), 2);
        history.take_back("b1: no clear answer");
        history.take_back("b1: no clear answer");
        history.take_back("never happened");
        assert_eq!(history.lines().len(), 1);
    }

    #[test]
    fn the_newest_lines_are_kept_and_the_worst_case_is_as_computed() {
        let mut history = History::default();
        for at in 0..100 {
            let what = format!("{at} {}", "ö".repeat(200));
            history.note(NOW + Duration::from_millis(at), &what);
            history.note(NOW + Duration::from_millis(at + 1), &what);
        }
        assert_eq!(history.lines().len(), MOST);
        assert!(history.lines()[0].what().starts_with("60 "));
        assert!(serde_json::to_string(&history).unwrap().len() <= MOST_BYTES);
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let history = history(&[(0, "delivered"), (1, "b1: no clear answer"), (2, "b1: no clear answer")]);
        let kept = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&kept).unwrap(), history);
    }

    #[test]
    fn two_copies_merge_to_the_same_in_any_order() {
        let one = history(&[(0, "delivered"), (2, "sending b1")]);
        let two = history(&[(0, "delivered"), (1, "closed by jane")]);
        let (mut here, mut there) = (one.clone(), two.clone());
        here.merge(&two);
        there.merge(&one);
        assert_eq!(here, there);
        let words: Vec<&str> = here.lines().iter().map(Happened::what).collect();
        assert_eq!(words, ["delivered", "closed by jane", "sending b1"]);
        here.merge(&two);
        assert_eq!(here, there, "twice is once");
    }
}
