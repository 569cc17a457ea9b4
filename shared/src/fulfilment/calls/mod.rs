//! The calls to Wix, one file for each kind: when it is due, how it is begun in the record, how it is sent, what each
//! answer means, and what of it needs a person.
//!
//! A call is begun in the record before it is made, and its answer is noted after it, so that a crash between the two
//! leaves a record that knows what it does not know. Only `send` in each file does I/O.

mod adjust;
pub mod bound;
mod caller;
pub(crate) mod change;
pub(crate) mod closed;
pub(crate) mod compare;
pub(crate) mod create;
pub(crate) mod differs;
pub(crate) mod lookup;
pub(crate) mod read;
pub(crate) mod shift;
mod site_move;
mod subject;
pub(crate) mod tag;

use super::ports::Wix;
use super::record::{Draft, Holder, Item, Kind, OrderRecord, PurchaseId, RecordError};
use crate::ids::ExternalId;
use crate::time::{Clock, Timestamp};

pub(crate) use caller::{Caller, Interrupt};
pub use subject::Needed;

/// One call to Wix that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Create a package that was never asked for before.
    Create(Box<Draft>),
    /// Send the stored request of a purchase (again): its absence is proven.
    SendAgain(PurchaseId),
    /// Look for the package of a purchase by its external ID.
    LookUp(PurchaseId),
    /// Read a package: what the record says of its instances may not be so.
    Read(Holder),
    /// Change instances, each as said.
    Change(Vec<Needed>),
    /// Set the external ID of a purchase's package to the storefront's own reference.
    Tag(PurchaseId, ExternalId),
}

/// What must be in the ledger before a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteFirst {
    /// The record as it is now: the call changes something at Wix.
    Always,
    /// The lease: the call changes nothing, and to hold the lease is enough.
    Lease,
    /// The lease, and every package: the call takes away the external ID by which a package is found.
    LeaseAndPackages,
}

/// A call that is begun in the record: what must be written, and what is sent.
pub(crate) struct Begun {
    pub(crate) write_first: WriteFirst,
    /// The answer may tell of a package that the ledger does not know.
    pub(crate) may_find_package: bool,
    request: Request,
}

enum Request {
    Create(create::Begun),
    LookUp(lookup::Begun),
    Read(read::Begun),
    Change(change::Begun),
    Tag(tag::Begun),
}

impl Call {
    /// Begins the call in the record: from now on the record says that it may have been made.
    pub(crate) fn begin(
        self,
        record: &mut OrderRecord,
        now: Timestamp,
        send_before: Timestamp,
    ) -> Result<Begun, RecordError> {
        let (write_first, may_find_package, request) = match self {
            Self::Create(draft) => {
                let begun = create::begin(record, *draft, send_before, now)?;
                (WriteFirst::Always, true, Request::Create(begun))
            }
            Self::SendAgain(id) => {
                let begun = create::begin_again(record, id, send_before, now)?;
                (WriteFirst::Always, true, Request::Create(begun))
            }
            Self::LookUp(id) => (WriteFirst::Lease, true, Request::LookUp(lookup::begin(record, id)?)),
            Self::Read(holder) => (WriteFirst::Lease, false, Request::Read(read::begin(record, holder)?)),
            Self::Change(needed) => {
                let begun = change::begin(record, needed, send_before)?;
                (WriteFirst::Always, false, Request::Change(begun))
            }
            Self::Tag(id, tag) => {
                let begun = tag::begin(record, id, tag)?;
                let write_first = if begun.replaces_a_tag() {
                    WriteFirst::Always
                } else {
                    WriteFirst::LeaseAndPackages
                };
                (write_first, false, Request::Tag(begun))
            }
        };
        Ok(Begun {
            write_first,
            may_find_package,
            request,
        })
    }
}

/// How many changes of instances are asked for at once.
const MOST_CHANGES: usize = 8;

/// The permit that a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// How many calls are made at once.
    pub(crate) calls: u32,
    /// How many follow: the vouchers of the plans that are bought.
    pub(crate) then: u32,
    /// How many paid units are bought.
    pub(crate) units: u32,
    /// It follows a call that the order has made already.
    pub(crate) follows: bool,
}

impl Call {
    /// The permit that it needs.
    pub(crate) fn need(&self, record: &OrderRecord) -> Need {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let create = |id: PurchaseId, items: &[Item]| {
            let has_voucher = |item: &Item| record.component(*item).is_some_and(|plan| plan.voucher.is_some());
            let is_base = id.kind == Kind::Base;
            Need {
                calls: 1,
                then: u32::from(is_base && items.iter().any(has_voucher)),
                units: if is_base { count(items.len()) } else { 0 },
                follows: !is_base,
            }
        };
        let plain = |calls: u32| Need {
            calls,
            then: 0,
            units: 0,
            follows: false,
        };
        match self {
            Self::Create(draft) => create(draft.id, &draft.items),
            Self::SendAgain(id) => record
                .purchase(*id)
                .map_or_else(|_| plain(1), |purchase| create(*id, purchase.items())),
            Self::Change(needed) => plain(count(needed.len().min(MOST_CHANGES))),
            Self::LookUp(_) | Self::Read(_) | Self::Tag(..) => plain(1),
        }
    }
}

impl Begun {
    /// Takes back what was begun: nothing was sent.
    pub(crate) fn undo(self, record: &mut OrderRecord) -> Result<(), RecordError> {
        match self.request {
            Request::Create(begun) => begun.undo(record),
            Request::Change(begun) => begun.undo(record),
            Request::Tag(begun) => begun.undo(record),
            Request::LookUp(_) | Request::Read(_) => Ok(()),
        }
    }

    /// Makes the call, and notes its answer in the record.
    pub(crate) async fn send<W: Wix, C: Clock>(
        self,
        record: &mut OrderRecord,
        caller: &mut Caller<'_, W, C>,
    ) -> Result<(), Interrupt> {
        match self.request {
            Request::Create(begun) => create::send(begun, record, caller).await,
            Request::LookUp(begun) => lookup::send(begun, record, caller).await,
            Request::Read(begun) => read::send(begun, record, caller).await,
            Request::Change(begun) => change::send(begun, record, caller).await,
            Request::Tag(begun) => tag::send(begun, record, caller).await,
        }
    }
}
