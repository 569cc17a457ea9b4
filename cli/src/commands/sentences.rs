//! A status in sentences, what somebody must look at before what is well: for the terminal, the page and the doctor.

use reseller_hooks::time::Timestamp;
use serde_json::Value;

use crate::words::{age, count, list, number, short, since, text};

/// A line of a status, with what to type where it is not well.
pub(crate) struct Line {
    pub(crate) is_well: bool,
    pub(crate) what: String,
    pub(crate) command: Option<&'static str>,
    /// It says something of the set-up, and not of single orders or deliveries.
    pub(crate) is_of_the_set_up: bool,
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
