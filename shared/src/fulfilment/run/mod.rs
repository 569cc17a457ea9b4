//! Fulfilment as workers call it: take an event in, go on with an order, and answer questions.
//!
//! Whatever goes wrong here, an order is left in the ledger with its desired state merged and a time at which it is taken
//! up again. A message may be consumed as soon as that is so: from then on `due_at` and the sweep own the order.
//!
//! - `accept` an event, or an order that is due; `session` one invocation's part of it, `work` the record in its hands and
//!   its writes; `converge` the loop;
//! - `permits` how a permit for a call is asked for, `held` what is kept of it, `metered` the port to Wix that takes one for each call;
//! - `switch` pause and resume; `sweep` what is due; `operator` an operator's verbs and questions,
//!   `packages` what Wix has, for an operator's eyes.

mod accept;
mod converge;
mod erase;
mod fulfilment;
mod held;
mod metered;
mod operator;
mod packages;
mod permits;
mod put_off;
mod session;
mod sweep;
mod switch;
mod work;

pub use accept::AcceptError;
pub(crate) use converge::PAUSED;
pub use fulfilment::Fulfilment;
pub use operator::OperatorError;
pub use packages::Looking;
pub(crate) use session::Session;
pub use switch::Switched;
pub(crate) use work::Work;
