//! `report --html`.

use std::collections::BTreeMap;
use std::path::Path;

use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::page::{Day, html};
use crate::words::{list, number, text};

/// How many days the plot has.
const DAYS: usize = 30;
/// How many orders are read for it at the most.
const MOST_READ: usize = 20_000;

pub(super) async fn run(backend: &Backend, file: &Path, stack: &str, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let status = super::look::asked(backend, out).await?;
    let attention = backend.ask(&json!({ "attention": {} })).await?;
    out.progress("the orders of the last days are read");
    let days = days(backend).await?;
    let page = html(&status, &attention, &days, stack, SystemClock.now());
    std::fs::write(file, page).map_err(|error| Failure::new(format_args!("{}: {error}", file.display())))?;
    out.note(format_args!("written: {}", file.display()));
    Ok(Exit::Done)
}

/// The last days on which orders were placed.
async fn days(backend: &Backend) -> Result<Vec<Day>, Failure> {
    let mut by_date: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut after = Value::Null;
    let mut read = 0;
    loop {
        let mut wanted = json!({ "limit": 1000 });
        if let (Some(members), true) = (wanted.as_object_mut(), after.is_string()) {
            members.insert("after".to_owned(), after);
        }
        let answer = backend.ask(&json!({ "list": wanted })).await?;
        for order in list(&answer, "orders") {
            let Some((date, _)) = text(order, "placed_at").split_once('T') else {
                continue;
            };
            let (orders, packages) = by_date.entry(date.to_owned()).or_default();
            *orders += 1;
            *packages += u32::try_from(number(order, "packages")).unwrap_or(u32::MAX);
        }
        read += list(&answer, "orders").len();
        after = answer.get("next").cloned().unwrap_or_default();
        if after.is_null() || read >= MOST_READ {
            break;
        }
    }
    let surplus = by_date.len().saturating_sub(DAYS);
    let days = by_date.into_iter().skip(surplus);
    Ok(days
        .map(|(date, (orders, packages))| Day { date, orders, packages })
        .collect())
}
