//! One call on its way through: who calls, what was let in, what was done, and the answer before faults.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::guid::Guid;
use crate::model::{Failure, Status};
use crate::refusal::Refusal;
use crate::route::Route;

/// Who calls: the account in the header, and the main account above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: Guid,
    pub(crate) parent: Guid,
}

/// What a fault changes about how a request is done.
#[derive(Debug, Default)]
pub(crate) struct Twist {
    pub(crate) stale_ms: u64,
    pub(crate) new_instances: Option<(Status, Option<Failure>, u64)>,
    pub(crate) half_assign: Option<u16>,
}

/// A request that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) body: Vec<u8>,
    pub(crate) package: Option<Guid>,
    pub(crate) committed: bool,
}

/// A request that was let in.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) seq: u64,
    pub(crate) route: Route,
    pub(crate) caller: Caller,
    pub(crate) body: Map<String, Value>,
    pub(crate) key: Option<String>,
    pub(crate) fingerprint: u64,
    /// Whether queries show everything as it is now.
    pub(crate) fresh: bool,
}

/// An answer on its way out, before faults.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<Cow<'static, str>>,
    pub(crate) body: Vec<u8>,
    pub(crate) package: Option<Guid>,
    pub(crate) committed: bool,
    pub(crate) replayed: bool,
    pub(crate) retry_after: Option<u32>,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            body: refusal.to_bytes(),
            code: refusal.code,
            package: None,
            committed: false,
            replayed: false,
            retry_after: None,
        }
    }
}

impl From<Done> for Answer {
    fn from(done: Done) -> Self {
        Self {
            status: 200,
            code: None,
            body: done.body,
            package: done.package,
            committed: done.committed,
            replayed: false,
            retry_after: None,
        }
    }
}
