//! `order plan`: what would be done and bought, from this catalog or another one.

use std::path::Path;

use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::{Map, Value, json};

use super::reading::{self, Read};
use super::{as_json, meant, story};
use crate::arguments::PlanOptions;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::{Look, Out};
use crate::words::{count, list, number, text};

pub(super) async fn run(backend: &Backend, options: &PlanOptions, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let catalog = options.catalog.as_deref().map(read_file).transpose()?;
    let mut wanted = Map::new();
    match (&options.order, &options.event, options.storefront) {
        (Some(order), ..) => {
            wanted.insert("order".to_owned(), meant(backend, order).await?.into());
        }
        (None, Some(file), Some(kind)) => {
            let names = reading::names(backend, catalog.as_deref()).await?;
            let topic = options.topic.as_deref().unwrap_or_else(|| reading::usual_topic(kind));
            let body = read_file(file)?;
            let read = reading::read(kind, options.shop.as_deref(), topic, &body, &names, SystemClock.now())?;
            match read {
                Read::Events(events) => {
                    let first = events.first().map(|event| event.key.clone());
                    let of_it: Vec<_> = events
                        .into_iter()
                        .filter(|event| Some(&event.key) == first.as_ref())
                        .collect();
                    wanted.insert("events".to_owned(), reading::as_values(&of_it)?.into());
                }
                Read::Nothing(why) => {
                    if !as_json(out, &json!({ "schema": 1, "nothing": why }))? {
                        out.line(format_args!("nothing would be done: {why}"))?;
                    }
                    return Ok(Exit::Done);
                }
                Read::NotUnderstood(why) => {
                    return Err(Failure::new(format_args!("it would be parked: {why}"))
                        .hint("look at --storefront and --topic: they say how it is read"));
                }
            }
        }
        (None, ..) => return Err(Failure::with(Exit::Usage, "an order or --event is wanted")),
    }
    if let Some(catalog) = catalog {
        wanted.insert("catalog".to_owned(), catalog.into());
    }
    let planned = backend.ask(&json!({ "plan": wanted })).await?;
    if as_json(out, &planned)? {
        return Ok(Exit::Done);
    }
    let key = out.look(Look::Bold, text(&planned, "key"));
    let known = match planned.get("is_known") {
        Some(Value::Bool(true)) => "",
        Some(_) | None => "  (the ledger does not have it)",
    };
    out.line(format_args!("{key}{known}"))?;
    outlook(out, "By itself", planned.get("by_itself"))?;
    outlook(out, "If it is retried", planned.get("if_retried"))?;
    outlook(out, "If it is released", planned.get("if_released"))?;
    out.note("nothing was written, and nobody was called");
    Ok(Exit::Done)
}

fn read_file(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::with(Exit::NotFound, format_args!("{}: {error}", file.display())))
}

fn outlook(out: &mut Out<'_>, title: &str, outlook: Option<&Value>) -> Result<(), Failure> {
    let Some(outlook) = outlook else { return Ok(()) };
    let of = |name| usize::try_from(number(outlook, name)).unwrap_or(usize::MAX);
    let (buys, vouchers) = (of("buys"), of("vouchers"));
    let with = match vouchers {
        0 => String::new(),
        some => format!(" and {}", count(some, "free extra")),
    };
    let title = out.look(Look::Bold, title);
    out.line(match buys {
        0 => format!("\n{title}: nothing would be bought"),
        some => format!("\n{title}: {} would be bought{with}", count(some, "product")),
    })?;
    out.line(format_args!("  next: {}", text(outlook, "next")))?;
    story::units(out, outlook)?;
    for problem in list(outlook, "problems") {
        story::problem(out, problem)?;
    }
    Ok(())
}
