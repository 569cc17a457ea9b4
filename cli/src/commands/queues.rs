//! `parked` and `dead`: what waits in the queues that only a person empties. Looking hides a message for a moment only, and
//! gives it back, so that no alarm is rung or silenced by it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use reseller_hooks::order::OrderEvent;
use reseller_hooks::queue::{AnyQueue, Looked, parked as kept};
use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::as_json;
use crate::arguments::{Dead, Parked, Sure};
use crate::backend::{Backend, of_queue};
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{count, number, short, text};

/// How long a message that is looked at is hidden, should nobody give it back.
const HIDDEN: Duration = Duration::from_secs(30);
/// More messages than these are not looked at.
const MOST: usize = 2_000;
/// So many empty answers in a row are taken for the end.
const EMPTY: u32 = 2;

pub(super) async fn parked(backend: &Backend, command: &Parked, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let queue = backend.parked()?;
    let looked = look(&queue).await?;
    let done = match command {
        Parked::List => listed(&looked, out),
        Parked::Show { id, to } => written(&looked, id, to, out),
        Parked::Requeue { id, sure } => Box::pin(requeued(backend, &queue, &looked, id, sure, out)).await,
        Parked::Delete { id, sure } => {
            let of_it: Vec<&Looked> = looked.iter().filter(|message| is_of(message, id)).collect();
            match sure_of("delete", of_it.len(), id, sure, out) {
                Ok(true) => {
                    for message in of_it {
                        queue.delete(message).await.map_err(of_queue)?;
                    }
                    out.line(format_args!("{id} is deleted")).map(|()| Exit::Done)
                }
                Ok(false) => Ok(Exit::Done),
                Err(failure) => Err(failure),
            }
        }
    };
    give_back(&queue, &looked).await?;
    done
}

/// Everything that can be seen of a queue.
async fn look(queue: &AnyQueue) -> Result<Vec<Looked>, Failure> {
    let (mut all, mut empty) = (Vec::new(), 0);
    while all.len() < MOST && empty < EMPTY {
        let looked = queue.look(HIDDEN, SystemClock.now()).await.map_err(of_queue)?;
        empty = if looked.is_empty() { empty + 1 } else { 0 };
        all.extend(looked);
    }
    Ok(all)
}

/// A message that is deleted already is not given back by this.
async fn give_back(queue: &AnyQueue, looked: &[Looked]) -> Result<(), Failure> {
    let mut failed = None;
    for message in looked {
        failed = queue.give_back(message, SystemClock.now()).await.err().or(failed);
    }
    // It comes back by itself, half a minute later.
    drop(failed);
    Ok(())
}

fn message(looked: &Looked) -> Value {
    serde_json::from_str(&looked.body).unwrap_or_default()
}

fn is_of(looked: &Looked, id: &str) -> bool {
    text(&message(looked), "id") == id
}

/// What the order of each parked delivery is called, where its body says that.
pub(super) async fn parked_orders(backend: &Backend) -> Result<BTreeMap<String, String>, Failure> {
    let queue = backend.parked()?;
    let looked = look(&queue).await?;
    give_back(&queue, &looked).await?;
    Ok(named(&looked))
}

/// By delivery, the number and the ID of its order.
fn named(looked: &[Looked]) -> BTreeMap<String, String> {
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in looked {
        let id = text(&message(part), "id").to_owned();
        parts.entry(id).or_default().push(part.body.clone());
    }
    let name = |parts: &Vec<String>| {
        let delivery = kept::decode(parts).ok()?;
        let body: Value = serde_json::from_slice(&delivery.body).ok()?;
        let of = body.pointer("/data/object").unwrap_or(&body);
        // The number that people know, and the storefront's ID. A person's name, should one stand there, has no digit.
        let known = ["name", "number", "order_number", "order_id", "id"];
        let known = known.iter().filter_map(|name| match of.get(name)? {
            Value::String(text) => is_number(text).then(|| text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        let mut names: Vec<String> = Vec::new();
        for name in known {
            if !names.iter().any(|known| known.trim_start_matches('#') == name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| names.join(" "))
    };
    let names = parts.iter().filter_map(|(id, parts)| Some((id.clone(), name(parts)?)));
    names.collect()
}

fn is_number(text: &str) -> bool {
    // It is shown on a terminal, and comes from outside.
    let is_short = text.len() <= 40 && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    is_short && text.contains(|letter: char| letter.is_ascii_digit()) && !text.contains('@')
}

fn not_there(id: &str) -> Failure {
    Failure::with(Exit::NotFound, format_args!("no parked delivery has the ID {id}"))
        .hint("`reseller parked list` has them; a message that somebody else looks at is hidden for a moment")
}

/// A delivery of several messages is one line; of its body only what the order is called is shown.
fn listed(looked: &[Looked], out: &mut Out<'_>) -> Result<Exit, Failure> {
    let mut by_id: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    for part in looked.iter().map(message) {
        let (_, parts) = by_id.entry(text(&part, "id").to_owned()).or_insert_with(|| (part, 0));
        *parts += 1;
    }
    let mut all: Vec<(Value, usize)> = by_id.into_values().collect();
    all.sort_by_key(|(part, _)| text(part, "received_at").to_owned());
    let named = named(looked);
    let shown = |(part, parts): &(Value, usize)| {
        json!({
            "id": text(part, "id"),
            "order": named.get(text(part, "id")),
            "storefront": text(part, "storefront"),
            "shop": part.get("shop"),
            "received_at": text(part, "received_at"),
            "reason": text(part, "reason"),
            "messages": parts,
            "whole": u64::try_from(*parts).is_ok_and(|parts| parts >= number(part, "parts")),
        })
    };
    let deliveries: Vec<Value> = all.iter().map(shown).collect();
    if as_json(out, &json!({ "schema": 1, "deliveries": deliveries }))? {
        return Ok(Exit::Done);
    }
    if deliveries.is_empty() {
        out.note("nothing is parked");
        return Ok(Exit::Done);
    }
    let cells = |name: &str, of: &Value| text(of, name).to_owned();
    let rows: Vec<Vec<String>> = deliveries
        .iter()
        .map(|one| {
            let shop = one.get("shop").and_then(Value::as_str).map(|shop| format!("/{shop}"));
            vec![
                cells("id", one),
                cells("order", one),
                format!("{}{}", text(one, "storefront"), shop.unwrap_or_default()),
                short(text(one, "received_at")),
                cells("reason", one),
            ]
        })
        .collect();
    out.table(&["ID", "ORDER", "STOREFRONT", "RECEIVED", "WHY"], &rows)?;
    Ok(Exit::Done)
}

/// The headers and the body, into a file that nobody else can read.
fn written(looked: &[Looked], id: &str, to: &Path, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let parts: Vec<String> = looked
        .iter()
        .filter(|message| is_of(message, id))
        .map(|m| m.body.clone())
        .collect();
    if parts.is_empty() {
        return Err(not_there(id));
    }
    let delivery = kept::decode(&parts).map_err(Failure::new)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to).map_err(|error| {
        Failure::new(format_args!("{}: {error}", to.display())).hint("name a file that does not exist")
    })?;
    for (name, value) in &delivery.headers {
        writeln!(file, "{name}: {value}")?;
    }
    file.write_all(b"\n")?;
    file.write_all(&delivery.body)?;
    out.note(format_args!(
        "written: {}. It may hold personal data: delete it when you are done",
        to.display()
    ));
    Ok(Exit::Done)
}

/// It goes from here only when it is stored, or nothing for us: else it stays parked.
async fn requeued(
    backend: &Backend,
    queue: &AnyQueue,
    looked: &[Looked],
    id: &str,
    sure: &Sure,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    let of_it: Vec<&Looked> = looked.iter().filter(|message| is_of(message, id)).collect();
    if !sure_of("deliver again", of_it.len(), id, sure, out)? {
        return Ok(Exit::Done);
    }
    let parts: Vec<String> = of_it.iter().map(|message| message.body.clone()).collect();
    let delivery = kept::decode(&parts).map_err(Failure::new)?;
    let answer = backend.requeue(&delivery).await?;
    let (became, reason) = (text(&answer, "disposition"), text(&answer, "reason"));
    match became {
        "stored" => out.line(format_args!("{id} is taken: {}", text(&answer, "order")))?,
        "nothing" => out.line(format_args!("{id} is nothing for us: {reason}"))?,
        _ => {
            return Err(Failure::new(format_args!("{id} stays parked ({became}): {reason}"))
                .hint("who sends the body must correct what the reason names, and send the order again (`reseller parked delete` ends this one); where the body is right, a version of this software that understands it must be deployed"));
        }
    }
    for message in of_it {
        queue.delete(message).await.map_err(of_queue)?;
    }
    Ok(Exit::Done)
}

fn sure_of(verb: &str, messages: usize, id: &str, sure: &Sure, out: &mut Out<'_>) -> Result<bool, Failure> {
    if messages == 0 {
        return Err(not_there(id));
    }
    out.note(format_args!(
        "{verb}: the parked delivery {id}, {}",
        count(messages, "message")
    ));
    if sure.dry_run {
        out.note("nothing was done (--dry-run)");
        return Ok(false);
    }
    if sure.yes || out.confirms("It is gone then. Go on?")? {
        return Ok(true);
    }
    Err(Failure::with(Exit::Declined, "nothing was done"))
}

pub(super) async fn dead(backend: &Backend, command: &Dead, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let mut letters: Vec<(String, Value)> = Vec::new();
    let queues = backend.dead_letters()?;
    for dead in &queues {
        let looked = look(&dead.queue).await?;
        letters.extend(looked.iter().map(|letter| match OrderEvent::from_json(&letter.body) {
            Ok(event) => (event.key.to_string(), message(letter)),
            // It may be anything: nothing of it is shown.
            Err(error) => ("-".to_owned(), json!({ "error": error.to_string() })),
        }));
        give_back(&dead.queue, &looked).await?;
    }
    match command {
        Dead::List => dead_list(&letters, out),
        Dead::Show { order } => {
            let of_it: Vec<&Value> = letters
                .iter()
                .filter(|(key, _)| key == order)
                .map(|(_, event)| event)
                .collect();
            if of_it.is_empty() {
                return Err(
                    Failure::with(Exit::NotFound, format_args!("no dead letter is of {order}"))
                        .hint("`reseller dead list` has them"),
                );
            }
            out.json(&json!({ "schema": 1, "events": of_it }))?;
            Ok(Exit::Done)
        }
        Dead::Requeue { sure } => {
            if letters.is_empty() {
                out.note("there are no dead letters");
                return Ok(Exit::Done);
            }
            out.note(format_args!(
                "requeue: {} back to the workers",
                count(letters.len(), "message")
            ));
            if sure.dry_run {
                out.note("nothing was done (--dry-run)");
                return Ok(Exit::Done);
            }
            if !sure.yes && !out.confirms("Go on?")? {
                return Err(Failure::with(Exit::Declined, "nothing was done"));
            }
            for dead in &queues {
                dead.requeue().await?;
            }
            out.line(format_args!("{} requeued", count(letters.len(), "message")))?;
            Ok(Exit::Done)
        }
    }
}

fn dead_list(letters: &[(String, Value)], out: &mut Out<'_>) -> Result<Exit, Failure> {
    let shown = |(key, event): &(String, Value)| {
        json!({
            "order": key,
            "received_at": event.get("received_at"),
            "says": event.get("says").and_then(Value::as_object).and_then(|says| says.keys().next().cloned()),
            "error": event.get("error"),
        })
    };
    let messages: Vec<Value> = letters.iter().map(shown).collect();
    if as_json(out, &json!({ "schema": 1, "messages": messages }))? {
        return Ok(Exit::Done);
    }
    if messages.is_empty() {
        out.note("there are no dead letters");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = messages
        .iter()
        .map(|one| {
            vec![
                text(one, "order").to_owned(),
                short(text(one, "received_at")),
                text(one, "says").to_owned(),
                text(one, "error").to_owned(),
            ]
        })
        .collect();
    out.table(&["ORDER", "RECEIVED", "SAYS", "NOT UNDERSTOOD"], &rows)?;
    out.note("`reseller logs --order KEY` says why; `reseller dead requeue` gives all back to the workers");
    Ok(Exit::Done)
}
