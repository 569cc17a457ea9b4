//! What a call's outcome means for the record. Pure: a call is begun here before it is made, and its answer is noted
//! here after it, so that a crash between the two leaves a record that knows what it does not know.
//!
//! One file for each kind of call: `create`, `look` (lookups and reads) and `change`; here is what they share.

use std::time::Duration;

use super::purchase::Holder;
use super::record::{Hold, OrderRecord, PurchaseState, PutOff, Refusal};
use crate::time::Timestamp;
use crate::wix::{Error, Failure};

mod change;
mod create;
mod look;

pub(crate) use look::Found;

/// A voucher's reference is not valid, not alive, or used already (documented).
pub(crate) const INVALID_REFERENCE: &str = "INVALID_REFERENCE_PRODUCT_INSTANCE_ID";

/// An old order that the ledger does not know, and a package that has its reference.
pub(crate) const PERHAPS_BOUGHT_BEFORE: &str = "PERHAPS_BOUGHT_BEFORE";

/// After 429 where Wix names no time, and after 401: a minute, as Wix advises, less what it takes until the schedule
/// comes round again.
const THROTTLED: Duration = Duration::from_secs(50);

/// How soon a call that did not reach Wix is tried again.
const AWAY: Duration = Duration::from_secs(15);

impl Refusal {
    /// What an error says, for the one who must look into it. Wix's words are left out: they may name another account.
    pub(crate) fn of(error: &Error, now: Timestamp) -> Self {
        let code = match (error.code(), error.status()) {
            (Some(code), _) => code.to_owned(),
            (None, Some(status)) => match error.violations().first() {
                Some(violation) => format!("HTTP {status} {}", violation.field),
                None => format!("HTTP {status}"),
            },
            (None, None) => "no answer".to_owned(),
        };
        Self {
            operation: error.operation().as_str().to_owned(),
            code: code.chars().take(80).collect(),
            request_id: error.request_id().map(|id| id.chars().take(80).collect()),
            at: now,
        }
    }
}

/// What a question was about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// A purchase, by its index: a lookup.
    Purchase(usize),
    /// A package: a read.
    Package(Holder),
}

impl OrderRecord {
    /// A question about a purchase that Wix did not answer is put off; the rest of the order goes on.
    pub(crate) fn put_off(&mut self, asked: Asked, error: &Error, now: Timestamp) {
        let slot = match asked {
            Asked::Package(holder) => self.held_mut(holder).map(|done| &mut done.put_off),
            Asked::Purchase(at) => self
                .actual
                .purchases
                .get_mut(at)
                .and_then(|purchase| match &mut purchase.state {
                    PurchaseState::Unknown(unknown) => Some(&mut unknown.put_off),
                    PurchaseState::Done(_)
                    | PurchaseState::Refused(_)
                    | PurchaseState::Ambiguous
                    | PurchaseState::Dropped { .. } => None,
                }),
        };
        let Some(slot) = slot else { return };
        let failures = slot.as_ref().map_or(0, |put_off| put_off.failures);
        *slot = Some(PutOff {
            until: now + doubled(failures),
            failures: failures.saturating_add(1),
            last: Refusal::of(error, now),
        });
    }

    /// Notes what became of a tag.
    pub(crate) fn note_tag(&mut self, at: usize, tag: &str, result: Result<(), &Error>, now: Timestamp) {
        let Some(done) = self.held_mut(Holder::Purchase(at)) else {
            return;
        };
        match result {
            Ok(()) => {
                done.tag = Some(tag.to_owned());
                done.tag_refused = None;
            }
            Err(error) => match error.failure() {
                Failure::Rejected => done.tag_refused = Some((tag.to_owned(), Refusal::of(error, now))),
                Failure::Unknown
                | Failure::NotSent
                | Failure::Throttled(_)
                | Failure::Unauthorized
                | Failure::Forbidden => {}
            },
        }
    }

    /// Holds every call of this order back for a while, longer each time. What fails for every order alike is not
    /// counted: it is no problem of this one.
    pub(crate) fn hold(&mut self, error: &Error, now: Timestamp) {
        let failures = self.actual.hold.as_ref().map_or(0, |hold| hold.failures);
        let (pause, failures) = match error.failure() {
            Failure::Throttled(after) => (after.unwrap_or(THROTTLED).max(Duration::from_secs(1)), failures),
            Failure::NotSent => (AWAY, failures),
            Failure::Unauthorized | Failure::Forbidden => (THROTTLED, failures),
            Failure::Unknown | Failure::Rejected => (doubled(failures), failures.saturating_add(1)),
        };
        let until = now + pause.min(Duration::from_secs(600));
        self.actual.hold = Some(Hold {
            until,
            failures,
            last: Refusal::of(error, now),
        });
    }
}

/// The pause after so many failures: 5 s, doubled each time, at most 10 min.
fn doubled(failures: u32) -> Duration {
    Duration::from_secs(5)
        .saturating_mul(1 << failures.min(7))
        .min(Duration::from_secs(600))
}
