//! What an operator changes in a record, one thing by each verb. Pure: nobody is called here, and doing any of them twice
//! is doing it once.
//!
//! - `retry` tries again, `release` lets go what is held, `close` settles one problem;
//! - `adopt` takes a package that a person bought; `erase` ends what is known of an order.

pub(crate) mod adopt;
pub(crate) mod close;
pub(crate) mod erase;
pub(crate) mod release;
pub(crate) mod retry;

use serde::Deserialize;

use super::record::closing::cut;

pub use adopt::{Adopt, AdoptError, Adopted};
pub(crate) use close::close;
pub use close::{Close, Closed};
pub use erase::{Erase, ErasedNow};
pub use release::Release;
pub(crate) use release::release;
pub use retry::Retry;
pub(crate) use retry::retry;

/// How much of a name and a reason is kept, in bytes.
pub(super) const MOST_NAME: usize = 60;
pub(super) const MOST_REASON: usize = 120;

/// Who says it, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// Who; at most 60 bytes are kept.
    #[serde(default)]
    pub by: String,
    /// Why; at most 120 bytes are kept.
    #[serde(default)]
    pub reason: String,
}

impl By {
    /// For a line of the history: `by jane: bought by hand`.
    pub(crate) fn in_words(&self) -> String {
        let (by, reason) = (cut(&self.by, MOST_NAME), cut(&self.reason, MOST_REASON));
        match (by.as_str(), reason.as_str()) {
            ("", "") => "by somebody".to_owned(),
            ("", reason) => format!("by somebody: {reason}"),
            (by, "") => format!("by {by}"),
            (by, reason) => format!("by {by}: {reason}"),
        }
    }
}
