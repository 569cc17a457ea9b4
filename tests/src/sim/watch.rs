//! Reads every log line of a history as it is written, for what must never be in one (I6): a secret, or anything of a
//! buyer's.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use super::words::PRIVATE;

/// What was found.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Vec<String>>>);

impl Watch {
    /// The lines that hold what they must not, each named by what and where.
    pub(super) fn found(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an answer or a message says must be as clean as a log line.
    pub(super) fn read(&self, text: &str, place: &str) {
        for private in PRIVATE {
            if text.contains(private) {
                let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                found.push(format!("I6: {private:?} in {place}"));
            }
        }
    }
}

impl Subscriber for Watch {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        thread_local! {
            static LINE: RefCell<String> = const { RefCell::new(String::new()) };
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            event.record(&mut Line(line));
            self.read(line, event.metadata().name());
        });
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_str(&mut self, _field: &Field, value: &str) {
        self.0.push_str(value);
        self.0.push('\n');
    }

    fn record_debug(&mut self, _field: &Field, value: &dyn fmt::Debug) {
        // Writing to text does not fail.
        let _ = writeln!(self.0, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_with_a_buyer_or_a_secret_in_it_is_found_and_another_is_not() {
        let watch = Watch::default();
        tracing::subscriber::with_default(watch.clone(), || {
            tracing::info!(order = "shopify/7001", "package created");
            assert_eq!(watch.found(), Vec::<String>::new());
            tracing::warn!(reason = ?"sent by jane.doe@example.com", "not understood");
            assert_eq!(watch.found().len(), 1);
            tracing::warn!("{}", wix_sandbox::DEFAULT_API_KEY);
            assert_eq!(watch.found().len(), 1);
        });
    }
}
