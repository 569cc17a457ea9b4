//! `audit run` and `audit show`.

use serde_json::{Map, Value, json};

use super::as_json;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{number, short, text};

/// What an audit finds, by its member of the answer, and what is done about it.
const FINDINGS: [(&str, &str); 10] = [
    (
        "surplus",
        "packages beside the one that the order knows: in attention from now on",
    ),
    (
        "found",
        "packages whose create was never answered: the order adopts them",
    ),
    (
        "missing",
        "packages that Wix did not show: read by their IDs within a minute",
    ),
    (
        "instances_missing",
        "packages of which an instance was not shown: read within a minute",
    ),
    (
        "ended",
        "packages of which something ended at Wix: read within a minute, and then in `reseller attention`",
    ),
    (
        "alive",
        "packages of which something lives that was taken for ended: read within a minute",
    ),
    (
        "assigned",
        "packages on a site that they should have been taken off: read within a minute",
    ),
    (
        "foreign",
        "packages that no order knows: somebody bought them in another way",
    ),
    (
        "unclaimed",
        "packages with an ID of ours and without an order in the ledger",
    ),
    ("unreadable", "records that cannot be read"),
];

pub(super) async fn run(
    backend: &Backend,
    since: Option<&str>,
    until: Option<&str>,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    let mut options = Map::new();
    for (name, time) in [("since", since), ("until", until)] {
        if let Some(time) = time {
            options.insert(name.to_owned(), time.into());
        }
    }
    out.note("comparing; this takes a minute for some ten thousand packages, and goes on where it stopped");
    let mut compared = 0;
    let mut last = String::new();
    loop {
        out.progress("packages at Wix are compared with the ledger; Ctrl-C stops it, and the next run goes on there");
        let answer = backend.audit(&json!({ "audit": options })).await?;
        compared += number(&answer, "packages");
        let stopped = answer.get("stopped").and_then(Value::as_str);
        let is_whole = answer.get("finished") == Some(&Value::Bool(true));
        // An extra run begins at its own time each time: it is one slice.
        if is_whole || stopped.is_some() || !options.is_empty() {
            if !as_json(out, &answer)? {
                said(out, &answer, compared)?;
            }
            return Ok(match (stopped, is_whole) {
                (Some(_), _) => Exit::Stopped,
                (None, true) => Exit::Done,
                (None, false) => Exit::Waiting,
            });
        }
        let next = text(&answer, "next");
        if next == last {
            // Paused, or Wix's limit is used up by orders: asking again at once would go on for ever.
            if !as_json(out, &answer)? {
                out.line(format_args!(
                    "{compared} packages compared, and no more can be for now: `reseller status` says why; the next run goes on there"
                ))?;
            }
            return Ok(Exit::Stopped);
        }
        out.note(format_args!("{compared} packages compared, up to {next}"));
        next.clone_into(&mut last);
    }
}

fn said(out: &mut Out<'_>, answer: &Value, compared: u64) -> Result<(), Failure> {
    let orders = number(answer, "orders");
    out.line(format_args!("{compared} packages compared with {orders} orders"))?;
    if let Some(stopped) = answer.get("stopped").and_then(Value::as_str) {
        out.line(format_args!("stopped before the end: {stopped}"))?;
    }
    let mut is_clean = true;
    for (name, what) in FINDINGS {
        let found = number(answer, name);
        if found > 0 {
            is_clean = false;
            out.line(format_args!("{found:>6}  {what}"))?;
        }
    }
    if is_clean {
        out.line("nothing found")?;
    }
    for name in ["foreign_listed", "unclaimed_listed"] {
        for package in crate::words::list(answer, name) {
            let (id, account) = (text(package, "package"), text(package, "account"));
            out.line(format_args!(
                "        package {id} of account {account}, created {}",
                text(package, "created")
            ))?;
        }
    }
    Ok(())
}

pub(super) async fn show(backend: &Backend, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let status = backend.ask(&json!({ "status": {} })).await?;
    let of = |name: &str| status.get(name).and_then(Value::as_str);
    let (until, finished) = (of("audited_until"), of("audit_finished"));
    if as_json(
        out,
        &json!({ "schema": 1, "audited_until": until, "audit_finished": finished }),
    )? {
        return Ok(Exit::Done);
    }
    out.line(match until {
        Some(until) => format!("packages created before {until} are compared; the next run goes on there"),
        None => "no audit is in the middle".to_owned(),
    })?;
    out.line(match finished {
        Some(finished) => format!("the last one came to its end at {}", short(finished)),
        None => "none has come to its end yet".to_owned(),
    })?;
    Ok(Exit::Done)
}
