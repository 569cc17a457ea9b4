//! One JSON object a line: time, level, function, message, target, and the fields of the event and of the spans around
//! it. Written by hand because tracing-subscriber's own format nests spans, and hides nothing.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{Sink, redact};
use crate::config::LogLevel;
use crate::time::Clock;

/// Whose debug and trace lines may be written. What libraries say below a warning holds requests and headers.
const OURS: [&str; 7] = [
    "reseller_hooks",
    "webhook",
    "order_paid",
    "order_canceled",
    "tag_external_id",
    "reconcile",
    "wix_sandbox",
];

/// Lambda's runtime says of a failed invocation what we have said already, and of a panic what it quotes.
const QUOTES_PANICS: &str = "lambda_runtime::layers::panic";

/// The longest text that is written for one field, in bytes.
const MAX_TEXT: usize = 4_096;

/// Writes events to a sink.
pub struct JsonLayer<C, S> {
    function: &'static str,
    level: LevelFilter,
    clock: C,
    sink: S,
}

/// The fields of a span, kept with it.
struct SpanFields(Map<String, Value>);

impl<C: Clock, S: Sink> JsonLayer<C, S> {
    /// Writes what is at least as grave as `level`.
    pub const fn new(function: &'static str, level: LogLevel, clock: C, sink: S) -> Self {
        let level = match level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        Self {
            function,
            level,
            clock,
            sink,
        }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = *metadata.level();
        metadata.target() != QUOTES_PANICS
            && level <= self.level
            && (level <= Level::WARN || is_ours(metadata.target()))
    }
}

fn is_ours(target: &str) -> bool {
    OURS.iter().any(|name| {
        target
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

impl<C, S, R> Layer<R> for JsonLayer<C, S>
where
    C: Clock + 'static,
    S: Sink + 'static,
    R: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // Decided once for each place in the code: what is not wanted costs nothing afterwards.
        if self.wants(metadata) {
            tracing::subscriber::Interest::always()
        } else {
            tracing::subscriber::Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, R>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, R>) {
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, R>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<SpanFields>()
        {
            values.record(&mut Collect(&mut fields.0));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, R>) {
        let metadata = event.metadata();
        let mut line = Map::new();
        // Outer spans first, so that an inner one and then the event itself win.
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<SpanFields>() {
                line.extend(fields.0.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        event.record(&mut Collect(&mut line));
        line.insert("timestamp".to_owned(), Value::from(self.clock.now().to_string()));
        line.insert("level".to_owned(), Value::from(metadata.level().as_str()));
        line.insert("function".to_owned(), Value::from(self.function));
        line.insert("target".to_owned(), Value::from(metadata.target()));
        // A map with string keys always serialises.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        self.sink.line(&bytes);
    }
}

/// Takes fields into a map, hiding what must not be written.
struct Collect<'a>(&'a mut Map<String, Value>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let value = if redact::is_hidden(field.name()) {
            Value::from(redact::HIDDEN)
        } else {
            value.into()
        };
        self.0.insert(field.name().to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        let cut = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text);
        let clean = redact::text(cut).into_owned();
        self.put(field, clean);
    }
}

impl Visit for Collect<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }
}
