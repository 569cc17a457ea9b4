//! What a story of the demo is made of: chapters of deliveries, what the demo's catalog sells beside the repository's, and how
//! each order must end.

use super::deliver::Delivery;
use super::orders::Count;
use super::sells::Sells;

/// A story.
pub(crate) struct Story {
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) ends: Vec<End>,
    /// What the demo's catalog has beside the repository's.
    pub(crate) sells: Sells,
    /// How many calls of an operation must have changed something at Wix.
    pub(crate) calls: Vec<(&'static str, u64)>,
    /// Whether Wix is audited at the end, with one instance failed and one package put there from outside.
    pub(crate) audit: bool,
}

/// Some deliveries, then everything is worked off until nothing moves.
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    /// What goes wrong at Wix from here on, as the sandbox wants it.
    pub(crate) fault: Option<serde_json::Value>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// How an order must end: found by the end of its key.
pub(crate) struct End {
    pub(crate) order: &'static str,
    pub(crate) count: Count,
    pub(crate) needs: Need,
}

/// Whether an order needs a person in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nobody,
    Person,
}

/// The site in the samples. Wix takes one plan a site, so another order needs another site.
pub(super) const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
