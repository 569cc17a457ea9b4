//! The queues between `webhook` and the workers, and the one for parked deliveries. A message is the JSON of an order
//! event, or a parked delivery; the queue does not look into it.

use std::future::Future;

#[cfg(feature = "sqs")]
mod any;
#[cfg(all(feature = "local", feature = "sqs"))]
mod look;
#[cfg(feature = "storefront")]
pub mod parked;
#[cfg(feature = "local")]
pub mod sqlite;
#[cfg(feature = "sqs")]
pub mod sqs;

#[cfg(feature = "sqs")]
pub use any::AnyQueue;
#[cfg(all(feature = "local", feature = "sqs"))]
pub use look::Looked;

/// The largest message, in bytes: SQS takes 1,048,576 (documented for SendMessage), attributes included. A queue's own
/// `MaximumMessageSize` may be less: the template sets it.
pub const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// The message was not stored, or it is not known whether it was.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Away, throttled, or the connection broke: the storefront shall deliver again.
    #[error("the queue {queue} did not take the message: {reason}")]
    Unavailable {
        /// The queue's name.
        queue: String,
        /// The cause, in one line.
        reason: String,
    },
    /// More than [`MAX_MESSAGE_BYTES`].
    #[error("the message has {bytes} bytes, more than the {MAX_MESSAGE_BYTES} that the queue {queue} takes")]
    TooLarge {
        /// The queue's name.
        queue: String,
        /// What it has.
        bytes: usize,
    },
    /// It is not there, or not permitted: the set-up is wrong.
    #[error("the queue {queue} cannot be used: {reason}")]
    Misconfigured {
        /// The queue's name or URL.
        queue: String,
        /// What is wrong, and the remedy.
        reason: String,
    },
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Depth {
    /// Those that can be received.
    pub visible: u64,
    /// Those that were received and neither deleted nor visible again.
    pub in_flight: u64,
}

/// Where messages go. When `send` answers `Ok` the message is durable.
pub trait Queue: Send + Sync {
    /// Stores one message.
    fn send(&self, body: &str) -> impl Future<Output = Result<(), QueueError>> + Send;
}

impl<Q: Queue> Queue for std::sync::Arc<Q> {
    fn send(&self, body: &str) -> impl Future<Output = Result<(), QueueError>> + Send {
        (**self).send(body)
    }
}

/// Refuses what is too large before anything is asked of the queue, so that all queues agree.
#[cfg(any(feature = "local", feature = "sqs"))]
fn check_size(queue: &str, body: &str) -> Result<(), QueueError> {
    let bytes = body.len();
    if bytes > MAX_MESSAGE_BYTES {
        return Err(QueueError::TooLarge {
            queue: queue.to_owned(),
            bytes,
        });
    }
    Ok(())
}
