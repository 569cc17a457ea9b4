//! What a function tells about its work: log lines as JSON objects, and metrics in CloudWatch's embedded format, both
//! on standard output, where Lambda picks them up. Personal data and secrets are kept out here once more, whatever a
//! caller hands in.

use std::io::Write;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;

use crate::config::LogLevel;
use crate::time::Clock;

mod json;
mod metrics;
mod redact;

pub use json::JsonLayer;
pub use metrics::{Metrics, SHOWN};

/// Where lines go: each call gets one whole line with its end. Lines of several tasks must not mix.
pub trait Sink: Send + Sync {
    /// Writes one line.
    fn line(&self, line: &[u8]);
}

/// Standard output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout;

impl Sink for Stdout {
    fn line(&self, line: &[u8]) {
        // Nobody can be told when standard output is gone.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(line).and_then(|()| out.flush());
    }
}

impl<S: Sink> Sink for std::sync::Arc<S> {
    fn line(&self, line: &[u8]) {
        (**self).line(line);
    }
}

/// Keeps lines in memory: for tests.
#[derive(Debug, Default)]
pub struct Captured(std::sync::Mutex<Vec<u8>>);

impl Captured {
    /// Everything so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Sink for Captured {
    fn line(&self, line: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .extend_from_slice(line);
    }
}

/// Logs this process's events to standard output from now on, as long as nothing else was set to do it. `function` is
/// the binary's name.
pub fn init(function: &'static str, level: LogLevel, clock: impl Clock + 'static) {
    // Fails only where a subscriber is set already: that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber(function, level, clock, Stdout));
}

/// The subscriber that [`init`] sets, with any sink.
pub fn subscriber(
    function: &'static str,
    level: LogLevel,
    clock: impl Clock + 'static,
    sink: impl Sink + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    Registry::default().with(JsonLayer::new(function, level, clock, sink))
}

/// The span of one invocation: its fields stand in every line that is logged within it.
pub fn invocation(request_id: &str) -> tracing::Span {
    tracing::info_span!("invocation", request_id)
}

/// The stack that a function belongs to, under which its metrics stand; `local` where none was deployed.
pub fn stack(env: &crate::config::Env) -> String {
    env.get("STACK_NAME").unwrap_or_else(|| "local".to_owned())
}

/// Logs from now on where a panic was, and nothing else of it: Rust's own message quotes what the code was at, which
/// may be an order.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}

#[cfg(test)]
mod tests;
