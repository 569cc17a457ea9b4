//! What carries a request to Wix and brings the answer back: HTTP in a deployment, anything else in a test. All that is
//! decided about a request or an answer is decided above it, so that a simulated transport leaves out the socket only.

use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, Request};

/// Carries requests. An implementation repeats nothing that may have left.
pub trait Transport: Send + Sync {
    /// Sends a request and reads the whole answer, within `timeout`. Every status is an answer.
    fn exchange(
        &self,
        request: Request<Vec<u8>>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Answer, ExchangeError>> + Send;
}

/// What came back, as far as it came.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the part of it that came.
    pub body: Vec<u8>,
    /// Why the body is not whole, where it is not.
    pub broken: Option<String>,
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeError {
    /// The request provably never left.
    NotSent(String),
    /// It left, or may have left.
    Lost(String),
}
