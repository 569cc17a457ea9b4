//! What Wix refused or did not answer, as the record keeps it for the person who must look into it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::wix::{Error, Failure};

/// After 429 where Wix names no time, and after 401: a minute, as Wix advises, less what it takes until the schedule
/// comes round again.
const THROTTLED: Duration = Duration::from_secs(50);

/// How soon a call that did not reach Wix is tried again.
const AWAY: Duration = Duration::from_secs(15);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(600);

/// From how many failed questions in a row (about four hours) a purchase or package is shown, although it is asked for
/// again by itself.
pub(crate) const STUCK: u32 = 30;

/// After how many failed questions in a row (about four days) it is asked no more.
pub(crate) const MOST_ASKED: u32 = 40;

/// An answer that is not the one that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The operation, by the name of Wix's documentation.
    #[serde(rename = "op")]
    pub operation: String,
    /// Wix's code, or a word of ours in the same style.
    pub code: String,
    /// Wix's request ID, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it was answered.
    pub at: Timestamp,
}

impl Refusal {
    /// What an error says. Wix's words are left out: they may name another account.
    pub(crate) fn of(error: &Error, now: Timestamp) -> Self {
        let code = match (error.code(), error.status()) {
            (Some(code), _) => code.to_owned(),
            (None, Some(status)) => match error.violations().first() {
                Some(violation) => format!("HTTP {status} {}", violation.field),
                None => format!("HTTP {status}"),
            },
            (None, None) => "NO_ANSWER".to_owned(),
        };
        Self {
            operation: error.operation().as_str().to_owned(),
            code: short(&code),
            request_id: error.request_id().map(short),
            at: now,
        }
    }
}

/// Cut to what the record's size was computed for.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A pause that grows with each failure in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Until when.
    pub until: Timestamp,
    /// How many failures in a row.
    pub failures: u32,
    /// What was answered last.
    pub last: Refusal,
}

impl Backoff {
    /// After one more answer that said nothing.
    pub(crate) fn after(before: Option<&Self>, last: Refusal, now: Timestamp) -> Self {
        Self::of_failures(before.map_or(0, |before| before.failures), last, now)
    }

    /// After one more answer that said nothing, of a question that failed so often before.
    pub(crate) fn of_failures(before: u32, last: Refusal, now: Timestamp) -> Self {
        Self {
            until: now + doubled(before),
            failures: before.saturating_add(1),
            last,
        }
    }

    /// Whether it was asked so often that it is not asked again before an operator's retry: the calls that an order can
    /// cost are bounded, whatever Wix answers.
    pub(crate) const fn is_given_up(&self) -> bool {
        self.failures >= MOST_ASKED
    }

    /// For the whole order, after a call that may simply be repeated. What fails for every order alike is not counted:
    /// it is no problem of this one.
    pub(crate) fn of_order(before: Option<&Self>, error: &Error, now: Timestamp) -> Self {
        let failures = before.map_or(0, |before| before.failures);
        let last = Refusal::of(error, now);
        let pause = match error.failure() {
            Failure::Unknown | Failure::Rejected => return Self::after(before, last, now),
            Failure::Throttled(after) => after.unwrap_or(THROTTLED).max(Duration::from_secs(1)),
            Failure::NotSent => AWAY,
            Failure::Unauthorized | Failure::Forbidden => THROTTLED,
        };
        Self {
            until: now + pause.min(LONGEST),
            failures,
            last,
        }
    }
}

/// The pause after so many failures: 5 s, doubled each time, up to 10 min. From [`STUCK`] on a person is told, and it
/// doubles further, up to a week.
fn doubled(failures: u32) -> Duration {
    let pause = Duration::from_secs(5).saturating_mul(1 << failures.min(7)).min(LONGEST);
    pause.saturating_mul(1 << failures.saturating_sub(STUCK).min(10))
}
