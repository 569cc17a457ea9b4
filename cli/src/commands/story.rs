//! An order as a story, for a person: everything of it is in the answer, and this is only how it is laid out.

use reseller_hooks::time::Timestamp;
use serde_json::Value;

use crate::exit::Failure;
use crate::out::{Look, Out, wrapped};
use crate::words::{list, number, short, since, text, until};

const WIDTH: usize = 100;

/// How many instances of a group are named; all are in the JSON.
const NAMED: usize = 3;

fn word_of(story: &Value) -> &str {
    let word = story.pointer("/verdict/word").and_then(Value::as_str);
    word.unwrap_or_default()
}

pub(super) fn order(out: &mut Out<'_>, story: &Value, now: Timestamp) -> Result<(), Failure> {
    let word = word_of(story);
    let sentence = story
        .pointer("/verdict/sentence")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let key = out.look(Look::Bold, text(story, "key"));
    let number = story.get("number").and_then(Value::as_str);
    out.line(format_args!(
        "{key}{}",
        number.map(|number| format!("  {number}")).unwrap_or_default()
    ))?;
    let look = if word == "attention" { Look::Bad } else { Look::Good };
    let word = out.look(look, word);
    out.line(format_args!("{word}: {sentence}"))?;
    said(out, story)?;
    units(out, story)?;
    if word_of(story) == "fulfilled" {
        let key = text(story, "key");
        out.line(format_args!(
            "  That is what Wix said last; `reseller order retry {key}` asks again, and buys nothing that is there."
        ))?;
    }
    surplus(out, story)?;
    history(out, story)?;
    closed(out, story)?;
    if let Some(at) = story.get("due_at").and_then(|at| until(at, now)) {
        heading(out, "Next")?;
        out.line(format_args!("  {at}: {}", text(story, "next")))?;
    } else if let Some(next) = story.get("next").and_then(Value::as_str) {
        heading(out, "Now")?;
        out.line(format_args!("  {next}"))?;
    }
    let problems = list(story, "problems");
    if !problems.is_empty() {
        let for_so_long = story.get("attention_since").and_then(|at| since(at, now));
        heading(
            out,
            &match for_so_long {
                Some(since) => format!("Needs a person, for {since}"),
                None => "Needs a person".to_owned(),
            },
        )?;
        for shown in problems {
            problem(out, shown)?;
        }
    }
    Ok(())
}

/// How it stands in a line, and its problems: what is said after a verb.
pub(super) fn stands(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    let verdict = |name: &str| {
        let pointer = format!("/verdict/{name}");
        story.pointer(&pointer).and_then(Value::as_str).unwrap_or_default()
    };
    out.line(format_args!("  {}: {}", verdict("word"), verdict("sentence")))?;
    for shown in list(story, "problems") {
        problem(out, shown)?;
    }
    Ok(())
}

/// One problem: its code, what it is about, the sentence, and the command that ends it.
pub(super) fn problem(out: &mut Out<'_>, problem: &Value) -> Result<(), Failure> {
    let code = out.look(Look::Bad, text(problem, "code"));
    let id = out.look(Look::Dim, text(problem, "id"));
    out.line(format_args!("  {code}  {}  {id}", text(problem, "what")))?;
    out.line(wrapped(text(problem, "advice"), "    ", WIDTH))?;
    if let Some(request) = problem.get("request_id").and_then(Value::as_str) {
        out.line(format_args!("    Wix's request ID, for its support: {request}"))?;
    }
    let command = out.look(Look::Bold, text(problem, "command"));
    out.line(format_args!("    {command}"))
}

fn heading(out: &mut Out<'_>, heading: &str) -> Result<(), Failure> {
    let heading = out.look(Look::Bold, heading);
    out.line(format_args!("\n{heading}"))
}

fn said(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    let Some(said) = story.get("said") else { return Ok(()) };
    heading(out, "The shop said")?;
    let mut facts = Vec::new();
    if let Some(placed) = story.get("placed_at").and_then(Value::as_str) {
        facts.push(format!("placed {}", short(placed)));
    }
    match text(said, "paid") {
        "full" => facts.push("paid".to_owned()),
        "no" => facts.push("not paid".to_owned()),
        "unclear" => facts.push("paid or not: unclear".to_owned()),
        "by_payments" => facts.push("paid by invoices".to_owned()),
        _ => {}
    }
    if said.get("ended") == Some(&Value::Bool(true)) {
        facts.push("over".to_owned());
    }
    if let Some(reference) = story.get("reference").and_then(Value::as_str) {
        facts.push(format!("reference {reference}"));
    }
    if facts.is_empty() {
        facts.push("nothing yet of what is in the order".to_owned());
    }
    out.line(format_args!("  {}", facts.join(" · ")))?;
    for line in list(said, "lines") {
        let (units, buy, keep) = (number(line, "units"), number(line, "buy"), number(line, "keep"));
        let sku = line.get("sku").and_then(Value::as_str).unwrap_or("no SKU");
        let meant = match (buy, keep) {
            (buy, keep) if buy == units && keep == units => String::new(),
            (buy, keep) if buy == keep => format!(": {buy} still wanted"),
            (buy, keep) => format!(": {buy} to be bought, {keep} to be kept until it is clear"),
        };
        let place = ["account", "site"]
            .iter()
            .filter_map(|name| Some(format!(" · {name} {}", line.get(name)?.as_str()?)));
        let place: String = place.collect();
        out.line(format_args!(
            "  line {}: {units} × {sku}{meant}{place}",
            text(line, "line")
        ))?;
    }
    Ok(())
}

/// The units of a story, or of a plan.
pub(super) fn units(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    let groups = list(story, "units");
    if groups.is_empty() {
        return Ok(());
    }
    heading(out, "Units")?;
    for group in groups {
        let (first, count) = (number(group, "first"), number(group, "count"));
        let which = match count {
            1 => format!("unit {first}"),
            many => format!("units {first}–{}", first + many - 1),
        };
        let sku = group.get("sku").and_then(Value::as_str).map(|sku| format!(": {sku}"));
        let component = group.get("component").and_then(Value::as_u64);
        let component = component.map(|at| format!(", product {at}")).unwrap_or_default();
        let is_unclear = group.get("unclear") == Some(&Value::Bool(true));
        let unwanted = match (group.get("wanted"), group.get("bought")) {
            (Some(Value::Bool(false)), Some(_)) if is_unclear => ", kept until it is clear whether it is wanted",
            (Some(Value::Bool(false)), Some(_)) => ", not wanted any more",
            _ => "",
        };
        // What is not at Wix is looked for in the catalog, by its product.
        let is_there = group
            .get("bought")
            .is_some_and(|bought| bought.get("package").is_some());
        let product = group.get("product").and_then(Value::as_str).filter(|_| !is_there);
        let product = product.map(|product| format!(" (product {product})"));
        out.line(format_args!(
            "  line {}, {which}{}{component}: {}{unwanted}{}",
            text(group, "line"),
            sku.unwrap_or_default(),
            text(group, "state"),
            product.unwrap_or_default(),
        ))?;
        purchased(out, "package", group.get("bought"))?;
        purchased(out, "voucher", group.get("voucher"))?;
    }
    Ok(())
}

fn purchased(out: &mut Out<'_>, what: &str, purchased: Option<&Value>) -> Result<(), Failure> {
    let Some(purchased) = purchased else { return Ok(()) };
    let purchase = text(purchased, "purchase");
    let Some(package) = purchased.get("package").and_then(Value::as_str) else {
        // What became of the paid product is said above; of the voucher, here.
        return match what {
            "voucher" => out.line(format_args!("    {what} {purchase}: {}", text(purchased, "state"))),
            _ => Ok(()),
        };
    };
    let state = match what {
        "voucher" => format!(": {}", text(purchased, "state")),
        _ => String::new(),
    };
    out.line(format_args!("    {what} {purchase}: {package}{state}"))?;
    let instances = list(purchased, "instances");
    for instance in instances.iter().take(NAMED) {
        let site = instance.get("site").and_then(Value::as_str);
        let site = site.map(|site| format!(" on site {site}")).unwrap_or_default();
        out.line(format_args!("      instance {}{site}", text(instance, "id")))?;
    }
    match instances.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => out.line(format_args!("      and {more} more: -o json has them all")),
    }
}

fn surplus(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    for package in list(story, "surplus") {
        let alive = package.get("alive") == Some(&Value::Bool(true));
        let alive = if alive { "alive" } else { "ended" };
        let (id, of) = (text(package, "package"), text(package, "of"));
        out.line(format_args!("  beside them, for {of}: package {id}, {alive}"))?;
    }
    Ok(())
}

fn history(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    let lines = list(story, "history");
    if lines.is_empty() {
        return Ok(());
    }
    heading(out, "What happened")?;
    for line in lines {
        let times = match number(line, "times") {
            0 | 1 => String::new(),
            many => format!(" ({many} times)"),
        };
        out.line(format_args!(
            "  {}  {}{times}",
            short(text(line, "at")),
            text(line, "what")
        ))?;
    }
    Ok(())
}

fn closed(out: &mut Out<'_>, story: &Value) -> Result<(), Failure> {
    let closed = list(story, "closed");
    if closed.is_empty() {
        return Ok(());
    }
    heading(out, "Settled by a person")?;
    for closing in closed {
        out.line(format_args!(
            "  {}  {}  {} by {}: {}",
            short(text(closing, "at")),
            text(closing, "code"),
            text(closing, "what"),
            text(closing, "by"),
            text(closing, "reason"),
        ))?;
    }
    Ok(())
}
