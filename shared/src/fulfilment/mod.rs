//! The business: the order record, what is next for it, and the loop that does it. No I/O but through [`ports`].
pub mod ports;
