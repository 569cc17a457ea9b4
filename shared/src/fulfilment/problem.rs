//! One problem that needs a person: what is shown of it, and what closing it settles.

use serde::{Deserialize, Serialize};

use super::record::{Change, Holder, Kind, ProblemId, PurchaseId, Refusal};

/// One problem of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attention {
    /// What it is about: a line, a purchase such as `b1`, a package, the order.
    pub what: String,
    /// Wix's code, or a word of ours in the same style.
    pub code: String,
    /// Wix's request ID, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The cause and the remedy, in one sentence.
    pub advice: String,
    /// By which ID it is closed: it stays the same until what the problem stands on has moved.
    pub id: ProblemId,
    /// The verbs that can end it, those that `advice` names.
    #[serde(default)]
    pub verbs: Vec<Verb>,
}

/// What an operator can do about a problem. Each is named by its own words in the problem's sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// `retry`: "retry the order".
    Retry,
    /// `retry` with `replace`: "retry the order with replace".
    Replace,
    /// `release`: "release the order".
    Release,
    /// `tell`: "tell which", "tell whether".
    Tell,
    /// `close`: "close this".
    Close,
}

impl Verb {
    /// Every verb that a sentence names.
    pub(crate) fn named_in(advice: &str) -> Vec<Self> {
        let replace = "retry the order with replace";
        let plain = advice.replace(replace, "");
        let tells = ["tell which", "tell whether"].iter().any(|words| plain.contains(words));
        let named = [
            (Self::Retry, plain.contains("retry the order")),
            (Self::Replace, advice.contains(replace)),
            (Self::Release, plain.contains("release the order")),
            (Self::Tell, tells),
            (Self::Close, plain.contains("close this")),
        ];
        named
            .into_iter()
            .filter(|(_, is_named)| *is_named)
            .map(|(verb, _)| verb)
            .collect()
    }
}

/// A problem, with what closing it settles in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) shown: Attention,
    pub(crate) closing: OnClose,
}

/// What closing a problem settles, beside that it is not shown any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnClose {
    /// Nothing else.
    Acknowledge,
    /// The units of a line that were refused for this cause are bought by no later catalog.
    Plans { line: usize, first_units: Vec<u32> },
    /// The purchase is not sent again.
    Purchase(PurchaseId),
    /// Instances stay as they are.
    Instances { holder: Holder, at: Vec<usize> },
    /// The moves, or the adjustments, of these instances are not tried again.
    Shifts {
        holder: Holder,
        change: Change,
        at: Vec<usize>,
    },
}

impl Problem {
    /// A problem that is only acknowledged. `stands_on` follows the code and the subject in its ID.
    pub(crate) fn new(what: String, code: &str, stands_on: &[&str], advice: String) -> Self {
        let mut parts = vec![code, &what];
        parts.extend(stands_on);
        Self {
            shown: Attention {
                id: ProblemId::of(&parts),
                what,
                code: code.to_owned(),
                request_id: None,
                verbs: Verb::named_in(&advice),
                advice,
            },
            closing: OnClose::Acknowledge,
        }
    }

    /// Shows Wix's code and request ID. What the problem is known by does not change.
    pub(crate) fn with_answer(mut self, refusal: &Refusal) -> Self {
        self.shown.code.clone_from(&refusal.code);
        self.shown.request_id.clone_from(&refusal.request_id);
        self
    }

    /// Shows the request ID of Wix's last answer beside our own code.
    pub(crate) fn with_request_id(mut self, last: &Refusal) -> Self {
        self.shown.request_id.clone_from(&last.request_id);
        self
    }

    /// Says what closing it settles.
    pub(crate) fn closing(mut self, closing: OnClose) -> Self {
        self.closing = closing;
        self
    }
}

/// A purchase in words.
pub(crate) fn name(id: PurchaseId) -> String {
    match id.kind {
        Kind::Base => format!("base package {id}"),
        Kind::Voucher => format!("voucher package {id}"),
    }
}
