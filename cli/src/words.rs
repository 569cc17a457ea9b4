//! Times and numbers as people say them.

use reseller_hooks::time::Timestamp;
use serde_json::Value;

/// `3 orders`, `1 order`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// How long ago, or in how long: `5 min`, `3 h`, `2 d`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago a time was, in an answer.
pub(crate) fn since(value: &Value, now: Timestamp) -> Option<String> {
    let at: Timestamp = value.as_str()?.parse().ok()?;
    Some(age(now.since(at).as_secs()))
}

/// A time to come, in an answer: with how long it takes.
pub(crate) fn until(value: &Value, now: Timestamp) -> Option<String> {
    let text = value.as_str()?;
    let at: Timestamp = text.parse().ok()?;
    Some(if at > now {
        format!("{} (in {})", short(text), age(at.since(now).as_secs()))
    } else {
        format!("{} (due for {})", short(text), age(now.since(at).as_secs()))
    })
}

/// A time without its fractions.
pub(crate) fn short(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

/// A text of an answer; nothing where it has none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number of an answer.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A list of an answer.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}
