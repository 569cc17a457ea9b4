//! `report --html`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::page::{Day, Days, html};
use crate::words::{list, number, text};

/// How many days the plot has.
const DAYS: u64 = 30;
const A_DAY: u64 = 86_400;
/// How many orders are read for it at the most.
const MOST_READ: usize = 20_000;

pub(super) async fn run(backend: &Backend, file: &Path, stack: &str, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let status = super::look::asked(backend, out).await?;
    let attention = backend.ask(&json!({ "attention": {} })).await?;
    out.progress("the orders of the last days are read");
    let now = SystemClock.now();
    let days = days(backend, now).await?;
    let page = html(&status, &attention, &days, stack, now);
    std::fs::write(file, page).map_err(|error| Failure::new(format_args!("{}: {error}", file.display())))?;
    out.note(format_args!("written: {}", file.display()));
    Ok(Exit::Done)
}

/// The last days, also those on which no order was placed.
async fn days(backend: &Backend, now: Timestamp) -> Result<Days, Failure> {
    let mut by_date: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut after = Value::Null;
    let mut read = 0;
    let is_whole = loop {
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
        if after.is_null() {
            break true;
        }
        if read >= MOST_READ {
            break false;
        }
    };
    let mut days: Vec<Day> = (0..DAYS)
        .rev()
        .map(|ago| {
            let at = (now - Duration::from_secs(ago * A_DAY)).to_string();
            let date = at.split('T').next().unwrap_or_default().to_owned();
            let (orders, packages) = by_date.get(&date).copied().unwrap_or_default();
            Day { date, orders, packages }
        })
        .collect();
    if days.iter().all(|day| day.orders == 0) {
        days.clear();
    }
    Ok(Days { days, is_whole })
}
