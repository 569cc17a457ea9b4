//! `report --html`: one page that needs nothing else, for people without a shell. No personal data is in the answers that it
//! is made from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reseller_hooks::time::Timestamp;
use serde_json::Value;

use crate::commands::sentences::{orders_counted, sentences};
use crate::words::{count, list, number, short, since, text};

mod plot;

pub use plot::{Day, Days};

const STYLE: &str = include_str!("page/style.css");

/// How many orders of one code are listed; all are counted.
const MOST_LISTED: usize = 50;

/// The page, from the answers to `status` and `attention` and the days of the plot.
pub fn html(status: &Value, attention: &Value, days: &Days, stack: &str, now: Timestamp) -> String {
    let orders = list(attention, "orders");
    let title = match number(status, "in_attention") {
        0 => "No order needs a person".to_owned(),
        1 => "1 order needs a person".to_owned(),
        many => format!("{} need a person", orders_counted(many)),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} · {stack}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p class=\"at\">{stack}, {at}</p>\n",
        title = escaped(&title),
        stack = escaped(stack),
        at = escaped(&short(&now.to_string())),
    );
    standing(&mut page, status, now);
    by_code(&mut page, orders, now);
    if attention.get("more") == Some(&Value::Bool(true)) {
        page.push_str("<p>There are more than are listed here.</p>\n");
    }
    plot::plot(&mut page, days);
    queues(&mut page, status);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// Writing to a string cannot fail.
macro_rules! add {
    ($page:expr, $($format:tt)*) => { { let _ = writeln!($page, $($format)*); } };
}
use add;

fn standing(page: &mut String, status: &Value, now: Timestamp) {
    page.push_str("<h2>How it stands</h2>\n<ul class=\"standing\">\n");
    for line in sentences(status, now) {
        let sign = if line.is_well { "OK" } else { "Look" };
        let command = line
            .command
            .map(|command| format!("<br><code>{}</code>", escaped(command)));
        let class = if line.is_well { "well" } else { "bad" };
        add!(
            page,
            "<li class=\"{class}\"><b>{sign}</b> {}{}</li>",
            escaped(&line.what),
            command.unwrap_or_default()
        );
    }
    page.push_str("</ul>\n");
}

/// The problems by their code, the one with the oldest order first: what waits for longest needs a person first.
fn by_code(page: &mut String, orders: &[Value], now: Timestamp) {
    let mut codes: Vec<(&str, Vec<(&Value, &Value)>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for order in orders {
        for item in list(order, "items") {
            let code = text(item, "code");
            let at = *places.entry(code).or_insert_with(|| {
                codes.push((code, Vec::new()));
                codes.len() - 1
            });
            if let Some((_, found)) = codes.get_mut(at) {
                found.push((order, item));
            }
        }
    }
    if codes.is_empty() {
        return;
    }
    page.push_str("<h2>What needs a person</h2>\n");
    for (code, found) in codes {
        add!(
            page,
            "<section>\n<h3>{} <small>{}</small></h3>",
            escaped(code),
            count(found.len(), "problem")
        );
        // Said once where it is the same for all.
        let advice = |(_, item): &(&Value, &Value)| text(item, "advice").to_owned();
        let first = found.first().map(advice);
        let shared = first.filter(|first| found.len() > 1 && found.iter().all(|one| advice(one) == *first));
        if let Some(shared) = &shared {
            add!(page, "<p>{}</p>", escaped(shared));
        }
        page.push_str("<table>\n<thead><tr><th>Order</th><th>For</th><th>What to do</th></tr></thead>\n<tbody>\n");
        for (order, item) in found.iter().take(MOST_LISTED) {
            let number = order.get("number").and_then(Value::as_str);
            let waits = order.get("since").and_then(|at| since(at, now)).unwrap_or_default();
            let advice = match &shared {
                Some(_) => String::new(),
                None => format!("{}<br>", escaped(text(item, "advice"))),
            };
            add!(
                page,
                "<tr><td>{}{}<br><small>{}</small></td><td data-label=\"for\">{}</td><td>{advice}<code>{}</code></td></tr>",
                escaped(text(order, "key")),
                escaped(&number.map(|number| format!(" {number}")).unwrap_or_default()),
                escaped(text(item, "what")),
                escaped(&waits),
                escaped(text(item, "command")),
            );
        }
        page.push_str("</tbody>\n</table>\n");
        if let Some(more) = found.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            add!(
                page,
                "<p>and {} more: <code>reseller attention --code {}</code></p>",
                more,
                escaped(code)
            );
        }
        page.push_str("</section>\n");
    }
}

fn queues(page: &mut String, status: &Value) {
    let queues = list(status, "queues");
    if queues.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Queues</h2>\n<table>\n<thead><tr><th>Queue</th><th>Waiting</th><th>In flight</th></tr></thead>\n<tbody>\n",
    );
    for queue in queues {
        let count = |name| queue.get(name).map_or_else(|| "?".to_owned(), ToString::to_string);
        let (visible, in_flight) = (count("visible"), count("in_flight"));
        let name = escaped(text(queue, "queue"));
        add!(
            page,
            "<tr><td>{name}</td><td data-label=\"waiting\">{visible}</td><td data-label=\"in flight\">{in_flight}</td></tr>"
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

/// A text as HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
