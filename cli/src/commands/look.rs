//! `status` and `attention`: how the whole stands, and what needs a person.

use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use super::{as_json, story};
use crate::arguments::{Attention, Look, Of};
use crate::backend::{Backend, Ringing};
use crate::exit::{Exit, Failure};
use crate::out::{self, Out};
use crate::words::{age, count, list, number, short, since, text};

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

/// A line of a status, with what to type where it is not well.
pub(crate) struct Line {
    pub(crate) is_well: bool,
    pub(crate) what: String,
    pub(crate) command: Option<&'static str>,
    /// It says something of the set-up, and not of single orders or deliveries.
    pub(crate) is_of_the_set_up: bool,
}

fn is_stopped(status: &Value) -> bool {
    status.get("paused") == Some(&Value::Bool(true)) || status.get("catalog_problem").is_some()
}

/// The status in sentences, what is worst first.
pub(crate) fn sentences(status: &Value, now: Timestamp) -> Vec<Line> {
    let well = |what: &str| Line {
        is_well: true,
        what: what.to_owned(),
        command: None,
        is_of_the_set_up: false,
    };
    let bad = |what: String, command| Line {
        is_well: false,
        what,
        command: Some(command),
        is_of_the_set_up: false,
    };
    let mut lines = Vec::new();
    if let Some(problem) = status.get("catalog_problem").and_then(Value::as_str) {
        lines.push(Line {
            is_of_the_set_up: true,
            ..bad(
                format!(
                    "nothing is bought: the catalog cannot be used: {}",
                    problem.replace('\n', "\n      ")
                ),
                "reseller catalog check",
            )
        });
    }
    if let Some(why) = status.get("pause").and_then(Value::as_str) {
        // The deployment's own pause is ended by a deployment.
        let is_own = why.contains("PAUSED=true");
        lines.push(Line {
            is_well: false,
            what: format!("nothing is bought: {why}"),
            command: (!is_own).then_some("reseller resume --reason WHY"),
            is_of_the_set_up: true,
        });
    }
    for alarm in list(status, "alarms") {
        let since = alarm.get("since").and_then(|at| since(at, now)).unwrap_or_default();
        lines.push(Line {
            is_well: false,
            what: format!("{} rings for {since}: {}", text(alarm, "alarm"), text(alarm, "means")),
            command: None,
            is_of_the_set_up: false,
        });
    }
    let orders = usize::try_from(number(status, "in_attention")).unwrap_or(usize::MAX);
    lines.push(match orders {
        0 => well("no order needs a person"),
        some => bad(
            format!(
                "{} a person, the oldest for {}",
                if some == 1 {
                    "1 order needs".to_owned()
                } else {
                    format!("{} need", orders_counted(number(status, "in_attention")))
                },
                status
                    .get("attention_since")
                    .and_then(|at| since(at, now))
                    .unwrap_or_default()
            ),
            "reseller attention",
        ),
    });
    lines.push(due(status, now).unwrap_or_else(|| well("no order is late")));
    lines.extend(unsettled(status, now));
    lines.extend(waits(status));
    for (word, what, command) in [
        (
            "parked",
            "parked: a storefront signed it, and it could not be understood",
            "reseller parked list",
        ),
        (
            "dead",
            "in the dead letters: no worker could take it",
            "reseller dead list",
        ),
    ] {
        let waiting = waiting(status, word);
        if waiting > 0 {
            let messages = count(usize::try_from(waiting).unwrap_or(usize::MAX), "message");
            lines.push(bad(format!("{messages} {what}"), command));
        }
    }
    lines.push(audit(status, now));
    // What somebody must look at is not between what is well.
    lines.sort_by_key(|line| line.is_well);
    lines
}

/// `inspect` counts no further than this.
const MOST_COUNTED: u64 = 1_000;

/// How many orders, where there may be more than were counted.
pub(crate) fn orders_counted(orders: u64) -> String {
    match orders {
        MOST_COUNTED.. => format!("{orders} orders or more"),
        few => count(usize::try_from(few).unwrap_or(usize::MAX), "order"),
    }
}

/// The audit runs once a day; what a run does not finish the next one does.
fn audit(status: &Value, now: Timestamp) -> Line {
    const LATE: u64 = 3 * 86_400;
    let finished = status.get("audit_finished").and_then(Value::as_str);
    let finished: Option<Timestamp> = finished.and_then(|at| at.parse().ok());
    let seconds = finished.map(|at| now.since(at).as_secs());
    let mut what = match seconds {
        Some(seconds) => format!("the last audit came to its end {} ago", age(seconds)),
        None => "no audit has come to its end yet".to_owned(),
    };
    if let Some(until) = status.get("audited_until").and_then(Value::as_str) {
        what.push_str(&format!("; the one that runs is at packages created {}", short(until)));
    }
    let is_well = seconds.is_none_or(|seconds| seconds < LATE);
    Line {
        is_well,
        what,
        command: (!is_well).then_some("reseller audit run"),
        is_of_the_set_up: false,
    }
}

/// An order is late when it has been due for five minutes: `reconcile` comes every minute.
fn due(status: &Value, now: Timestamp) -> Option<Line> {
    const LATE: u64 = 300;
    let oldest = status.get("oldest_due")?;
    let since: Timestamp = text(oldest, "since").parse().ok()?;
    let seconds = now.since(since).as_secs();
    let orders = usize::try_from(number(status, "due")).unwrap_or(usize::MAX);
    Some(Line {
        is_well: seconds < LATE,
        what: format!(
            "{} due, {} for {}",
            if orders == 1 {
                "1 order is".to_owned()
            } else {
                format!("{orders} orders are")
            },
            text(oldest, "key"),
            age(seconds)
        ),
        command: (seconds >= LATE).then_some("reseller order list --state due"),
        is_of_the_set_up: true,
    })
}

/// An outage puts orders off without blaming any of them: what is unsettled for longer than an order takes says that there is
/// one.
fn unsettled(status: &Value, now: Timestamp) -> Option<Line> {
    const TAKES: u64 = 120;
    let since: Timestamp = text(status, "unsettled_since").parse().ok()?;
    let seconds = now.since(since).as_secs();
    let orders = usize::try_from(number(status, "unsettled")).unwrap_or(usize::MAX);
    (seconds >= TAKES).then(|| Line {
        is_well: false,
        what: format!(
            "{} not done and tried again by itself, the oldest for {}",
            match orders {
                1 => "1 order is".to_owned(),
                many => format!("{many} orders are"),
            },
            age(seconds)
        ),
        command: Some("reseller doctor"),
        is_of_the_set_up: false,
    })
}

/// Messages that wait for a worker are well for a moment: how long they do is not known here.
fn waits(status: &Value) -> Option<Line> {
    let is_a_workers = |queue: &&Value| {
        let name = text(queue, "queue").to_ascii_lowercase();
        !["dead", "parked"].iter().any(|word| name.contains(word))
    };
    let queues = list(status, "queues").iter().filter(is_a_workers);
    let messages: u64 = queues.map(|queue| number(queue, "visible")).sum();
    (messages > 0).then(|| Line {
        is_well: true,
        what: format!(
            "{} for a worker; if that lasts, look whether one takes them",
            match messages {
                1 => "1 message waits".to_owned(),
                many => format!("{many} messages wait"),
            }
        ),
        command: Some("reseller doctor"),
        is_of_the_set_up: false,
    })
}

/// The messages of the queues whose names have a word in them: names on AWS have the stack's before.
fn waiting(status: &Value, word: &str) -> u64 {
    let queues = list(status, "queues").iter();
    let of = queues.filter(|queue| text(queue, "queue").to_ascii_lowercase().contains(word));
    of.map(|queue| number(queue, "visible") + number(queue, "in_flight"))
        .sum()
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
    if orders.is_empty() {
        out.note("nothing needs a person");
        return Ok(exit);
    }
    let now = SystemClock.now();
    for order in orders {
        let since = order.get("since").and_then(|at| since(at, now)).unwrap_or_default();
        let key = out.look(out::Look::Bold, text(order, "key"));
        out.line(format_args!("{key}  for {since}"))?;
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

/// Keeps the orders that are asked for, and of their problems those with the code.
pub(super) fn only(mut answer: Value, code: Option<&str>, of: &Of) -> Value {
    let Some(orders) = answer.get_mut("orders").and_then(Value::as_array_mut) else {
        return answer;
    };
    orders.retain(|order| is_of(text(order, "key"), of));
    if let Some(code) = code {
        for order in orders.iter_mut() {
            if let Some(items) = order.get_mut("items").and_then(Value::as_array_mut) {
                items.retain(|item| text(item, "code").eq_ignore_ascii_case(code));
            }
        }
        orders.retain(|order| !list(order, "items").is_empty());
    }
    answer
}

fn is_of(key: &str, of: &Of) -> bool {
    let mut parts = key.split('/');
    let storefront = parts.next().unwrap_or_default();
    let shop = parts.next().filter(|_| key.matches('/').count() > 1);
    of.storefront.is_none_or(|wanted| wanted.as_str() == storefront)
        && of.shop.as_deref().is_none_or(|wanted| shop == Some(wanted))
}
