//! `order list`, `order show`, `order wait`.

use std::time::Duration;

use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::found::not_known;
use super::{as_json, meant, story};
use crate::arguments::State;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{list, number, short, since, text};

/// How often an order that is waited for is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub(super) async fn list_orders(
    backend: &Backend,
    state: State,
    limit: u16,
    after: Option<&str>,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    let mut wanted = json!({ "state": word(state), "limit": limit });
    if let (Some(after), Some(wanted)) = (after, wanted.as_object_mut()) {
        wanted.insert("after".to_owned(), after.into());
    }
    let answer = backend.ask(&json!({ "list": wanted })).await?;
    if as_json(out, &answer)? {
        return Ok(Exit::Done);
    }
    let orders = list(&answer, "orders");
    if orders.is_empty() {
        out.note("there is no such order");
        return Ok(Exit::Done);
    }
    let now = SystemClock.now();
    let rows: Vec<Vec<String>> = orders
        .iter()
        .map(|order| {
            vec![
                text(order, "key").to_owned(),
                text(order, "number").to_owned(),
                short(text(order, "placed_at")),
                stands(order),
                number(order, "packages").to_string(),
                order
                    .get("attention_since")
                    .and_then(|at| since(at, now))
                    .unwrap_or_default(),
            ]
        })
        .collect();
    out.table(
        &["ORDER", "NUMBER", "PLACED", "STANDS", "PACKAGES", "IN ATTENTION"],
        &rows,
    )?;
    if answer.get("more") == Some(&Value::Bool(true)) {
        out.note(match answer.get("next").and_then(Value::as_str) {
            Some(next) => format!("there are more: reseller order list --after {next}"),
            None => "there are more: raise --limit".to_owned(),
        });
    }
    Ok(Exit::Done)
}

const fn word(state: State) -> &'static str {
    match state {
        State::Attention => "attention",
        State::Due => "due",
        State::All => "all",
    }
}

fn stands(order: &Value) -> String {
    match (number(order, "problems"), order.get("due_at")) {
        (0, None) => "settled".to_owned(),
        (0, Some(_)) => "waiting".to_owned(),
        (1, _) => "1 problem".to_owned(),
        (many, _) => format!("{many} problems"),
    }
}

pub(super) async fn show(backend: &Backend, said: &str, record: bool, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let key = meant(backend, said).await?;
    if record {
        let record = backend.ask(&json!({ "show": key })).await?;
        out.json(&record)?;
        return Ok(Exit::Done);
    }
    let answer = match backend.ask(&json!({ "story": key })).await {
        Err(failure) if failure.exit == Exit::NotFound => return Err(not_known(backend, said).await),
        answered => answered?,
    };
    if !as_json(out, &answer)? {
        story::order(out, &answer, SystemClock.now())?;
    }
    Ok(Exit::Done)
}

pub(super) async fn wait(backend: &Backend, said: &str, timeout: u64, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let key = meant(backend, said).await?;
    let end = SystemClock.now() + Duration::from_secs(timeout);
    loop {
        let answer = backend.ask(&json!({ "story": key })).await?;
        let word = answer
            .pointer("/verdict/word")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_over = SystemClock.now() + LOOK_AGAIN > end;
        if word != "waiting" || is_over {
            if !as_json(out, &answer)? {
                let sentence = answer.pointer("/verdict/sentence").and_then(Value::as_str);
                out.line(format_args!("{key}: {word}: {}", sentence.unwrap_or_default()))?;
            }
            return Ok(match word {
                "waiting" => Exit::Waiting,
                "attention" => Exit::Attention,
                _ => Exit::Done,
            });
        }
        out.progress(format_args!("{key} is waited for"));
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
