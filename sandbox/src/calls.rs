//! What was called, kept for tests that check afterwards what a client did.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::guid::Guid;
use crate::route::Operation;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// 1, 2, 3, in the order of arrival.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What was asked for.
    pub operation: Operation,
    /// `wix-account-id`, where it was a GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Guid>,
    /// The status of the answer, also of one that was lost.
    pub status: u16,
    /// The application error's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'static, str>>,
    /// The key that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The package that it made, changed or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Guid>,
    /// Whether this call changed anything.
    pub committed: bool,
    /// Whether it was answered out of the memory of its key.
    pub replayed: bool,
    /// Whether the whole answer was let through.
    pub delivered: bool,
    /// The fault that struck it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

impl Call {
    pub(crate) fn new(seq: u64, at_ms: i64) -> Self {
        Self {
            seq,
            at_ms,
            operation: Operation::Other,
            account: None,
            status: 0,
            code: None,
            idempotency_key: None,
            package: None,
            committed: false,
            replayed: false,
            delivered: true,
            fault: None,
        }
    }
}

/// How often an operation was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// All calls.
    pub calls: u64,
    /// Those that changed something.
    pub committed: u64,
    /// Those answered with 2xx.
    pub succeeded: u64,
    /// Those answered with 429.
    pub throttled: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CallLog {
    pub(crate) calls: VecDeque<Call>,
    pub(crate) counts: BTreeMap<Operation, Count>,
}

impl CallLog {
    pub(crate) fn push(&mut self, call: Call, remembered: usize) {
        let count = self.counts.entry(call.operation).or_default();
        count.calls += 1;
        count.committed += u64::from(call.committed);
        count.succeeded += u64::from((200..300).contains(&call.status));
        count.throttled += u64::from(call.status == 429);
        self.calls.push_back(call);
        while self.calls.len() > remembered {
            self.calls.pop_front();
        }
    }
}
