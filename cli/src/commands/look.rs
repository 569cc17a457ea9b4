//! `status` and `attention`: how the whole stands, and what needs a person. What a status says stands in `sentences`.

use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::narrow::{nothing_of, only};
use super::sentences::sentences;
use super::{as_json, story};
use crate::arguments::{Attention, Look};
use crate::backend::{Backend, Ringing};
use crate::exit::{Exit, Failure};
use crate::out::{self, Out};
use crate::words::{count, list, number, since, text};

/// The status, with the alarms that ring. Who may not ask for them gets all else.
pub(super) async fn asked(backend: &Backend, out: &mut Out<'_>) -> Result<Value, Failure> {
    let mut status = backend.ask(&json!({ "status": {} })).await?;
    match (backend.ringing().await, status.as_object_mut()) {
        (Ok(ringing), Some(members)) => {
            let shown = |alarm: Ringing| json!({ "alarm": alarm.name, "means": alarm.means, "since": alarm.since });
            let alarms: Vec<Value> = ringing.into_iter().map(shown).collect();
            members.insert("alarms".to_owned(), alarms.into());
        }
        (Err(failure), _) => out.note(format_args!("the alarms were not looked at: {}", failure.what)),
        (Ok(_), None) => {}
    }
    Ok(status)
}

pub(super) async fn status(backend: &Backend, options: &Look, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let status = asked(backend, out).await?;
    let needs_somebody = number(&status, "in_attention") > 0 || !list(&status, "alarms").is_empty();
    let exit = match (options.exit_code, is_stopped(&status), needs_somebody) {
        (false, ..) | (true, false, false) => Exit::Done,
        (true, true, _) => Exit::Stopped,
        (true, false, true) => Exit::Attention,
    };
    if as_json(out, &status)? {
        return Ok(exit);
    }
    let now = SystemClock.now();
    for line in sentences(&status, now) {
        let look = if line.is_well { out::Look::Good } else { out::Look::Bad };
        let sign = out.look(look, if line.is_well { "ok" } else { "!!" });
        out.line(format_args!("{sign}  {}", line.what))?;
        if let Some(command) = line.command {
            out.line(format_args!("      {command}"))?;
        }
    }
    let rows: Vec<Vec<String>> = list(&status, "queues").iter().map(queue).collect();
    if !rows.is_empty() {
        out.line("")?;
        out.table(&["QUEUE", "WAITING", "IN FLIGHT"], &rows)?;
    }
    Ok(exit)
}

fn is_stopped(status: &Value) -> bool {
    status.get("paused") == Some(&Value::Bool(true)) || status.get("catalog_problem").is_some()
}

fn queue(queue: &Value) -> Vec<String> {
    let count = |name| match queue.get(name) {
        Some(number) => number.to_string(),
        None => "?".to_owned(),
    };
    vec![text(queue, "queue").to_owned(), count("visible"), count("in_flight")]
}

pub(super) async fn attention(backend: &Backend, options: &Attention, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let answer = backend.ask(&json!({ "attention": {} })).await?;
    let answer = only(answer, options.code.as_deref(), &options.of);
    let orders = list(&answer, "orders");
    let exit = if options.exit_code && !orders.is_empty() {
        Exit::Attention
    } else {
        Exit::Done
    };
    if as_json(out, &answer)? {
        return Ok(exit);
    }
    if orders.is_empty() && options.code.is_some() {
        let nothing = nothing_of(backend, options.code.as_deref()).await?;
        out.note(format_args!("{}: {}", nothing.what, nothing.hint.unwrap_or_default()));
        return Ok(exit);
    }
    if orders.is_empty() {
        out.note("nothing needs a person");
        return Ok(exit);
    }
    let now = SystemClock.now();
    for order in orders {
        let since = order.get("since").and_then(|at| since(at, now)).unwrap_or_default();
        let key = out.look(out::Look::Bold, text(order, "key"));
        let number = order.get("number").and_then(Value::as_str);
        let number = number.map(|number| format!("  {number}")).unwrap_or_default();
        out.line(format_args!("{key}{number}  for {since}"))?;
        for problem in list(order, "items") {
            story::problem(out, problem)?;
        }
        out.line("")?;
    }
    let more = answer.get("more") == Some(&Value::Bool(true));
    let orders = count(orders.len(), "order");
    out.note(if more {
        format!("{orders}, and there are more")
    } else {
        orders
    });
    Ok(exit)
}
