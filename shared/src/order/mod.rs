//! What a delivery says, in our own terms: an order event is a snapshot of the order, or a refund, and nothing else.
//!
//! This is also the wire format between `webhook` and the workers: JSON with a schema version, written here and
//! nowhere else. It carries no name, address or e-mail.

mod event;
mod key;

pub use event::{Fields, InvalidEvent, Line, LineId, OrderEvent, Refund, RefundId, SCHEMA, Snapshot, Version, Wish};
pub use key::{InvalidOrderKey, OrderKey, ShopName, StorefrontKind};
