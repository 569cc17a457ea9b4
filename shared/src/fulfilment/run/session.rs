//! One invocation's work on one order: who it is, how long it may take, which calls it may make, and what it counted.

use uuid::Uuid;

use super::held::Held;
use crate::fulfilment::permit::Class;
use crate::fulfilment::report::Tally;
use crate::time::Timestamp;

/// One invocation's work on one order.
pub(crate) struct Session {
    pub(super) owner: String,
    pub(crate) deadline: Timestamp,
    pub(crate) tally: Tally,
    pub(super) writes: u32,
    /// The desired state is durable.
    pub(super) stored: bool,
    /// The calls that it may make.
    pub(in crate::fulfilment) held: Held,
    /// For whom they are asked.
    pub(super) class: Class,
    /// The brake's reason, once it has refused to buy something of the order.
    pub(super) braked: Option<String>,
    /// When somebody resumed a restored ledger, as it was known at the last decision.
    pub(super) restored: Option<Timestamp>,
}

impl Session {
    pub(crate) fn new(owner: String, deadline: Timestamp) -> Self {
        Self {
            owner,
            deadline,
            tally: Tally::default(),
            writes: 0,
            stored: false,
            held: Held::default(),
            class: Class::Fresh,
            braked: None,
            restored: None,
        }
    }

    /// A session of another class.
    pub(crate) fn of(class: Class, deadline: Timestamp) -> Self {
        Self {
            class,
            ..Self::new(Uuid::new_v4().to_string(), deadline)
        }
    }
}
