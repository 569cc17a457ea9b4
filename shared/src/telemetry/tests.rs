use std::sync::Arc;

use serde_json::{Value, json};
use tracing::{debug, error, info, trace, warn};

use super::*;
use crate::time::Timestamp;

#[derive(Clone, Copy)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_123)
    }
}

fn logged(level: LogLevel, work: impl FnOnce()) -> Vec<Value> {
    let captured = Arc::new(Captured::default());
    let subscriber = subscriber("order-paid", level, Fixed, Arc::clone(&captured));
    tracing::subscriber::with_default(subscriber, work);
    captured
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_is_one_flat_object_with_the_fields_of_the_spans_around_it() {
    let lines = logged(LogLevel::Info, || {
        invocation("8f5c7e0a").in_scope(|| {
            let order = tracing::info_span!("order", order = "shopify/1", step = tracing::field::Empty);
            order.record("step", "create");
            order.in_scope(|| {
                info!(
                    package = "p-1",
                    attempt = 2,
                    ok = true,
                    took_ms = 1.5,
                    "package\ncreated"
                )
            });
        });
    });
    assert_eq!(
        lines,
        [json!({
            "timestamp": "2023-11-14T22:13:20.123Z",
            "level": "INFO",
            "function": "order-paid",
            "target": "reseller_hooks::telemetry::tests",
            "message": "package\ncreated",
            "request_id": "8f5c7e0a",
            "order": "shopify/1",
            "step": "create",
            "package": "p-1",
            "attempt": 2,
            "ok": true,
            "took_ms": 1.5,
        })]
    );
}

#[test]
fn the_level_decides_what_is_written() {
    let all = || {
        error!("e");
        warn!("w");
        info!("i");
        debug!("d");
        trace!("t");
    };
    let messages = |level| {
        logged(level, all)
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(messages(LogLevel::Error), "e");
    assert_eq!(messages(LogLevel::Info), "ewi");
    assert_eq!(messages(LogLevel::Trace), "ewidt");
}

#[test]
fn libraries_are_heard_from_warnings_on_only() {
    let lines = logged(LogLevel::Trace, || {
        trace!(target: "hyper::proto", "authorization: hush");
        info!(target: "aws_smithy_runtime", "hush");
        info!(target: "webhook_of_another", "hush");
        info!(target: "webhook", "ours");
        warn!(target: "rustls", "loud");
    });
    let messages: Vec<&Value> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["ours", "loud"]);
}

#[test]
fn secrets_and_people_are_hidden_whatever_is_handed_in() {
    let lines = logged(LogLevel::Info, || {
        info!(
            api_key = "hush-1",
            "authorization" = "hush-2",
            customer_email = "hush-3",
            shipping_address = ?("hush-4", 5),
            raw_body = "hush-6",
            error = "no account for jane.hush@example.com (key IST.eyJraWQiOiJodXNoIn0)",
            "header was {:?} and secret whsec_aHVzaGh1c2hodXNo, from <john@hush.example>",
            "eyJhbGciOiJIUzI1NiJ9.e30.hush"
        );
    });
    let written = serde_json::to_string(&lines).unwrap();
    assert!(!written.contains("hush"), "{written}");
    assert!(!written.contains("aHVzaGh1c2hodXNo"), "{written}");
    assert_eq!(lines[0]["api_key"], "[hidden]");
    assert_eq!(lines[0]["error"], "no account for [hidden] (key [hidden])");
    assert_eq!(
        lines[0]["message"],
        "header was \"[hidden]\" and secret [hidden], from <[hidden]>"
    );
}

#[test]
fn what_merely_looks_a_little_like_a_secret_stays() {
    let lines = logged(LogLevel::Info, || {
        info!(sku = "eyJ", "secrets begin with whsec_, IST. or a@b")
    });
    assert_eq!(lines[0]["sku"], "eyJ");
    assert_eq!(lines[0]["message"], "secrets begin with whsec_, IST. or a@b");
}

#[test]
fn a_text_that_is_far_too_long_is_cut_at_a_character() {
    let long = "ż".repeat(5_000);
    let lines = logged(LogLevel::Info, || info!(reason = long.as_str()));
    assert_eq!(lines[0]["reason"].as_str().unwrap(), "ż".repeat(2_048));
}

#[test]
fn an_events_field_wins_over_one_of_a_span_and_nothing_can_pose_as_the_frame() {
    let lines = logged(LogLevel::Info, || {
        tracing::info_span!("order", order = "outer").in_scope(|| {
            info!(order = "inner", level = "FAKE", function = "fake", timestamp = 0, "x");
        });
    });
    assert_eq!(lines[0]["order"], "inner");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["function"], "order-paid");
    assert_eq!(lines[0]["timestamp"], "2023-11-14T22:13:20.123Z");
}

fn flushed(metrics: &Metrics) -> Vec<Value> {
    let captured = Captured::default();
    metrics.flush(Fixed.now(), &captured);
    captured
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn metrics_are_one_line_in_the_embedded_format() {
    let metrics = metrics("order-paid");
    metrics.count("PackagesCreated", 1);
    metrics.count("PackagesCreated", 2);
    metrics.count("LedgerReads", 4);
    metrics.count("Outage", 0);
    assert_eq!(
        flushed(&metrics),
        [json!({
            "_aws": {
                "Timestamp": 1_700_000_000_123_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "ResellerHooks",
                    "Dimensions": [["stack"]],
                    "Metrics": [{ "Name": "PackagesCreated", "Unit": "Count" }],
                }],
            },
            "function": "order-paid",
            "stack": "reseller-hooks",
            "LedgerReads": 4,
            "Outage": 0,
            "PackagesCreated": 3,
        })]
    );
}

/// CloudWatch takes 0.30 $ a month for each metric that is written at all.
#[test]
fn an_idle_run_writes_no_metric() {
    let metrics = metrics("reconcile");
    metrics.count("OrdersInAttention", 0);
    metrics.count("OrdersDue", 3);
    let lines = flushed(&metrics);
    assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"], json!([]));
    assert_eq!(lines[0]["OrdersDue"], 3);
}

#[test]
fn what_was_flushed_is_not_written_again() {
    let metrics = metrics("webhook");
    assert_eq!(flushed(&metrics), Vec::<Value>::new());
    metrics.count("Deliveries", 1);
    assert_eq!(flushed(&metrics).len(), 1);
    assert_eq!(flushed(&metrics), Vec::<Value>::new());
}

fn metrics(function: &'static str) -> Metrics {
    Metrics::new(Metrics::NAMESPACE, function, "reseller-hooks".to_owned())
}
