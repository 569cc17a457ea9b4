//! What a delivery says, in our own terms: an order event carries one [`Statement`] about one order.
//!
//! A statement says how things stand and never what to do. This is also the wire format between `webhook` and the
//! workers: JSON with a schema version, written here and nowhere else. It carries no name, address or e-mail.

mod covers;
mod event;
mod fields;
mod key;
mod notice;
mod reversal;
mod snapshot;
mod terms;
mod told;

pub use event::{InvalidEvent, OrderEvent, Payment, PaymentLine, SCHEMA, Statement};
pub use fields::Fields;
pub use key::{InvalidOrderKey, OrderKey, ShopName, StorefrontKind};
pub use notice::Notice;
pub use reversal::{Cause, Covers, Dispute, DisputeState, End, Ended, Item, Refund, RefundId, RefundState};
pub use snapshot::{Amount, Line, MissingSku, Paid, Snapshot};
pub use terms::{LineId, ProductId, Version};
pub use told::{Answer, PaidLine, Told};
