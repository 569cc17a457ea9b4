//! What goes wrong on purpose: rules that pick calls, and what they do to them.

use serde::{Deserialize, Serialize};

use crate::guid::Guid;
use crate::model::{Failure, Status};
use crate::route::Operation;

/// Picks calls, and says what happens to them. What is not set picks all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// Only calls of this operation.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only calls for this account.
    #[serde(default)]
    pub account: Option<Guid>,
    /// Only calls about a package whose external ID has this in it; queries: whose body has it.
    #[serde(default)]
    pub external_id_contains: Option<String>,
    /// How many of the calls it picks are let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many it then strikes; `u32::MAX` (4294967295) means all.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

fn once() -> u32 {
    1
}

impl FaultRule {
    /// Strikes the next call.
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: None,
            account: None,
            external_id_contains: None,
            skip: 0,
            times: 1,
            effect,
        }
    }

    /// Strikes the next call of `operation`.
    pub fn on(operation: Operation, effect: Effect) -> Self {
        Self {
            operation: Some(operation),
            ..Self::new(effect)
        }
    }
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type",
    deny_unknown_fields
)]
pub enum Effect {
    /// It is done, and the connection is closed without an answer.
    LoseAnswer,
    /// It is not done, and the connection is closed without an answer.
    DropBefore,
    /// The connection is closed without an answer, and it is done this much later: a request that was still on its way.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// It is not done; answered with this status.
    ErrorBefore {
        /// The HTTP status.
        status: u16,
        /// An application error's code; without one the body is the empty one of a system error.
        #[serde(default)]
        code: Option<String>,
    },
    /// It is done; answered with this status.
    ErrorAfter {
        /// The HTTP status.
        status: u16,
        /// An application error's code; without one the body is the empty one of a system error.
        #[serde(default)]
        code: Option<String>,
    },
    /// Answered this much later. When it is not done, what comes then is a 504.
    Stall {
        /// Milliseconds.
        ms: u64,
        /// Whether it is done, at once.
        commit: bool,
    },
    /// It is done; the answer stops in the middle of its body for this long.
    StallBody {
        /// Milliseconds.
        ms: u64,
    },
    /// It is done; the JSON is cut, while `content-length` promises all of it.
    Truncate {
        /// Bytes that arrive; half of them where it is not set.
        #[serde(default)]
        bytes: Option<usize>,
    },
    /// It is done; the JSON is cut, and `content-length` says so.
    CutJson,
    /// Answered with a page of HTML.
    Html {
        /// The HTTP status.
        status: u16,
        /// Whether it is done.
        #[serde(default)]
        commit: bool,
    },
    /// Answered with no body.
    EmptyBody {
        /// The HTTP status.
        status: u16,
        /// Whether it is done.
        #[serde(default)]
        commit: bool,
    },
    /// It is not done; answered with 429.
    Throttle {
        /// Seconds in `Retry-After`.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// It is not done; answered with this application error and the status that the documentation gives it.
    RejectCode {
        /// Such as `PRODUCT_LIMIT_EXCEEDED`.
        code: String,
    },
    /// The new instances of a create get this status instead of `PENDING` for a while.
    NewInstances {
        /// Their status.
        status: Status,
        /// Why, where it is `FAILED`.
        #[serde(default)]
        failure: Option<Failure>,
        /// How long they are `PENDING` before; 0: at once.
        #[serde(default)]
        after_ms: u64,
    },
    /// It is done; the package in the answer names an account that nobody knows.
    WrongAccountInAnswer,
    /// On a write: queries show it only after this long. On a query: it does not show packages that are younger.
    StaleQuery {
        /// Milliseconds.
        ms: u64,
    },
    /// An assign leaves the instance floating and answers with this status (documented: "may be on the old site or floating").
    HalfAssign {
        /// The HTTP status.
        status: u16,
    },
}

impl Effect {
    /// As it is written in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::LoseAnswer => "loseAnswer",
            Self::DropBefore => "dropBefore",
            Self::Late { .. } => "late",
            Self::ErrorBefore { .. } => "errorBefore",
            Self::ErrorAfter { .. } => "errorAfter",
            Self::Stall { .. } => "stall",
            Self::StallBody { .. } => "stallBody",
            Self::Truncate { .. } => "truncate",
            Self::CutJson => "cutJson",
            Self::Html { .. } => "html",
            Self::EmptyBody { .. } => "emptyBody",
            Self::Throttle { .. } => "throttle",
            Self::RejectCode { .. } => "rejectCode",
            Self::NewInstances { .. } => "newInstances",
            Self::WrongAccountInAnswer => "wrongAccountInAnswer",
            Self::StaleQuery { .. } => "staleQuery",
            Self::HalfAssign { .. } => "halfAssign",
        }
    }
}

/// A rule, and how often it was met.
#[derive(Debug)]
pub(crate) struct ArmedRule {
    pub(crate) rule: FaultRule,
    pub(crate) seen: u32,
    pub(crate) struck: u32,
}
