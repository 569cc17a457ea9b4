//! `logs`: the lines of all functions together, by time.

use std::time::Duration;

use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::arguments::{Format, Logs};
use crate::backend::{Backend, Remote};
use crate::exit::{Exit, Failure};
use crate::out::{Look, Out};
use crate::words::{list, text};

/// How often new lines are looked for.
const AGAIN: Duration = Duration::from_secs(3);
/// Members of a line that are said elsewhere in it, or to nobody's use.
const LEFT_OUT: [&str; 6] = ["timestamp", "level", "function", "message", "target", "request_id"];

pub(super) async fn run(backend: &Backend, options: &Logs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let Backend::Aws(remote) = backend else {
        return Err(Failure::new(
            "a local run keeps its lines in the terminal or the file of `cargo lambda watch`",
        ));
    };
    let groups: Vec<String> = remote.output("LogGroups")?.split(',').map(str::to_owned).collect();
    let mut from = SystemClock.now() - Duration::from_secs(options.since.saturating_mul(60));
    loop {
        let until = SystemClock.now();
        let mut lines = Vec::new();
        for group in &groups {
            lines.extend(of_group(remote, group, &pattern(options), from).await?);
        }
        lines.sort_by_key(|(at, _)| *at);
        for (at, line) in &lines {
            shown(out, *at, line)?;
        }
        if !options.follow {
            return Ok(Exit::Done);
        }
        from = lines.last().map_or(until, |(at, _)| *at + Duration::from_millis(1));
        tokio::time::sleep(AGAIN).await;
    }
}

/// Which lines, as CloudWatch is asked for them.
fn pattern(options: &Logs) -> String {
    match &options.order {
        Some(order) => format!("{{ $.order = {order:?} }}"),
        None if options.not_stored => {
            "{ ($.message = \"delivery answered\") && ($.disposition != \"stored\") }".to_owned()
        }
        None => "{ $.level = \"*\" }".to_owned(),
    }
}

async fn of_group(
    remote: &Remote,
    group: &str,
    pattern: &str,
    from: Timestamp,
) -> Result<Vec<(Timestamp, Value)>, Failure> {
    let mut lines = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut asked = json!({ "logGroupName": group, "startTime": from.as_millis(), "filterPattern": pattern });
        if let (Some(members), true) = (asked.as_object_mut(), next.is_string()) {
            members.insert("nextToken".to_owned(), next);
        }
        let answer = remote.logs("FilterLogEvents", &asked).await?;
        for event in list(&answer, "events") {
            let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or_default();
            let line: Value = serde_json::from_str(text(event, "message")).unwrap_or_default();
            if line.is_object() {
                lines.push((Timestamp::from_millis(at), line));
            }
        }
        next = answer.get("nextToken").cloned().unwrap_or_default();
        if next.is_null() {
            return Ok(lines);
        }
    }
}

fn shown(out: &mut Out<'_>, at: Timestamp, line: &Value) -> Result<(), Failure> {
    if out.format == Format::Json {
        return out.line(line);
    }
    let level = text(line, "level");
    let level = match level {
        "ERROR" | "WARN" => out.look(Look::Bad, level),
        _ => level.to_owned(),
    };
    let members = line.as_object().into_iter().flatten();
    let rest: Vec<String> = members
        .filter(|(name, value)| !LEFT_OUT.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect();
    let (function, message) = (text(line, "function"), text(line, "message"));
    out.line(format_args!(
        "{at}  {function:<16}  {level:<5}  {message}  {}",
        rest.join(" ")
    ))
}
