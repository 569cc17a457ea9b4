//! The verbs: what changes an order. Each says what became of it; what may buy says so first, and asks.

use reseller_hooks::fulfilment::record::ProblemId;
use serde_json::{Map, Value, json};

use super::narrow::{nothing_of, only};
use super::{as_json, meant, story};
use crate::arguments::{Retry, Sure, Who};
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{count, list, number, short, text};

/// How many orders of many are named before anything is asked.
const NAMED: usize = 10;

/// After so many failures of one kind in a row the next order would fail, too.
const ENOUGH: usize = 3;

/// Who does it, and why.
pub(super) struct By {
    pub(super) by: String,
    pub(super) reason: String,
}

pub(super) fn who(who: &Who, user: &str) -> By {
    By {
        by: who.by.clone().unwrap_or_else(|| user.to_owned()),
        reason: who.reason.clone(),
    }
}

/// What an operator answers.
pub(super) struct Answers<'a> {
    pub(super) refunded: &'a [String],
    pub(super) paid: bool,
    pub(super) not_paid: bool,
    pub(super) not_ours: &'a [String],
}

pub(super) async fn retry(backend: &Backend, options: &Retry, user: &str, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let by = who(&options.who, user);
    let keys = match &options.code {
        Some(code) => {
            let answer = backend.ask(&json!({ "attention": {} })).await?;
            let answer = only(answer, Some(code), &options.of);
            list(&answer, "orders")
                .iter()
                .map(|order| text(order, "key").to_owned())
                .collect()
        }
        None => {
            let mut keys = Vec::new();
            for said in &options.orders {
                keys.push(meant(backend, said).await?);
            }
            keys
        }
    };
    if keys.is_empty() {
        return Err(nothing_of(backend, options.code.as_deref()).await?);
    }
    if keys.len() > options.max {
        return Err(Failure::with(
            Exit::Usage,
            format_args!(
                "these are {} orders, more than --max {}: nothing was done",
                keys.len(),
                options.max
            ),
        )
        .hint("raise --max if that is meant"));
    }
    if !is_sure(
        backend,
        Buying::Retry {
            replace: options.replace,
        },
        &keys,
        &options.sure,
        out,
    )
    .await?
    {
        return Ok(Exit::Done);
    }
    let (mut answers, mut failures, mut last) = (Vec::new(), 0, None);
    for key in &keys {
        let command = json!({ "retry": worded(key, &by, &json!({ "replace": options.replace })) });
        match backend.command(&command).await {
            Ok(answer) => {
                failures = 0;
                if keys.len() > 1 {
                    out.note(format_args!("{key}: {}", became(&answer)));
                }
                answers.push(answer);
            }
            Err(failure) if keys.len() == 1 => return Err(failure),
            Err(failure) => {
                failures += 1;
                out.note(format_args!("{key}: {}", failure.what));
                last = Some(failure);
                if failures >= ENOUGH {
                    break;
                }
            }
        }
    }
    if let ([answer], 1) = (answers.as_slice(), keys.len()) {
        return carried_out(backend, out, answer).await;
    }
    let done = json!({ "schema": 1, "orders": answers });
    if !as_json(out, &done)? {
        out.line(format_args!(
            "{} of {} retried",
            answers.len(),
            count(keys.len(), "order")
        ))?;
    }
    match last {
        None => Ok(Exit::Done),
        Some(failure) if failures >= ENOUGH => Err(Failure::with(
            failure.exit,
            format_args!("stopped after {ENOUGH} failures in a row"),
        )),
        Some(failure) => Ok(failure.exit),
    }
}

pub(super) async fn close(
    backend: &Backend,
    said: &str,
    problem: &str,
    by: &By,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    if by.reason.trim().is_empty() {
        return Err(
            Failure::with(Exit::Usage, "why it is closed is kept in the order's history")
                .hint("say it with --reason \"bought by hand\""),
        );
    }
    let key = meant(backend, said).await?;
    let problem = &problem_of(backend, &key, problem).await?;
    let command = json!({ "close": worded(&key, by, &json!({ "problem": problem })) });
    let answer = backend.command(&command).await?;
    if !as_json(out, &answer)? {
        out.line(match text(&answer, "closed") {
            "before" => format!("{key}: {problem} was closed before"),
            _ => format!("{key}: {problem} is closed; nothing is bought for it"),
        })?;
    }
    Ok(Exit::Done)
}

/// The ID of the problem that is meant: an ID, or a code that one problem only has.
async fn problem_of(backend: &Backend, key: &str, said: &str) -> Result<String, Failure> {
    if said.parse::<ProblemId>().is_ok() {
        return Ok(said.to_owned());
    }
    let story = backend.ask(&json!({ "story": key })).await?;
    let problems = list(&story, "problems");
    let mut same = problems
        .iter()
        .filter(|problem| text(problem, "code").eq_ignore_ascii_case(said));
    if let (Some(one), None) = (same.next(), same.next()) {
        return Ok(text(one, "id").to_owned());
    }
    let there: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} ({})", text(problem, "id"), text(problem, "code")))
        .collect();
    let hint = match there.as_slice() {
        [] => "the order has no problem left".to_owned(),
        some => format!("it has {}", some.join(", ")),
    };
    let what = format_args!("{said:?} is no problem's ID, and no code that one problem has");
    Err(Failure::with(Exit::Usage, what).hint(hint))
}

pub(super) async fn release(
    backend: &Backend,
    said: &str,
    line: Option<&str>,
    by: &By,
    sure: &Sure,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    let key = meant(backend, said).await?;
    if !is_sure(backend, Buying::Release, std::slice::from_ref(&key), sure, out).await? {
        return Ok(Exit::Done);
    }
    let line = line.map_or_else(|| json!({}), |line| json!({ "line": line }));
    let answer = backend.command(&json!({ "release": worded(&key, by, &line) })).await?;
    carried_out(backend, out, &answer).await
}

pub(super) async fn tell(
    backend: &Backend,
    said: &str,
    answers: &Answers<'_>,
    by: &By,
    sure: &Sure,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    let mut told = Map::new();
    if let Some(refunded) = refunded(answers.refunded)? {
        told.insert("refunded".to_owned(), refunded);
    }
    if answers.paid || answers.not_paid {
        told.insert("paid".to_owned(), answers.paid.into());
    }
    if !answers.not_ours.is_empty() {
        told.insert("not_ours".to_owned(), json!(answers.not_ours));
    }
    if told.is_empty() {
        return Err(Failure::with(Exit::Usage, "nothing is told")
            .hint("say --refunded LINE=UNITS, --paid, --not-paid or --not-ours LINE"));
    }
    let key = meant(backend, said).await?;
    let story = backend.ask(&json!({ "story": key })).await?;
    known_lines(&story, &told)?;
    // What is paid is bought.
    if answers.paid && !is_sure(backend, Buying::Paid, std::slice::from_ref(&key), sure, out).await? {
        return Ok(Exit::Done);
    }
    if sure.dry_run {
        out.line(format_args!("{key} would be told {}", Value::Object(told)))?;
        return Ok(Exit::Done);
    }
    let answer = backend
        .command(&json!({ "tell": worded(&key, by, &told.into()) }))
        .await?;
    carried_out(backend, out, &answer).await
}

pub(super) async fn adopt(
    backend: &Backend,
    said: &str,
    package: &Value,
    by: &By,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    if by.reason.trim().is_empty() {
        return Err(
            Failure::with(Exit::Usage, "why it is adopted is kept in the order's history")
                .hint("say it with --reason \"bought by hand\""),
        );
    }
    let key = meant(backend, said).await?;
    let answer = backend.command(&json!({ "adopt": worded(&key, by, package) })).await?;
    carried_out(backend, out, &answer).await
}

/// Whether the order has the lines that are named, with so many units.
fn known_lines(story: &Value, told: &Map<String, Value>) -> Result<(), Failure> {
    let said = story.get("said").unwrap_or(&Value::Null);
    let lines = list(said, "lines");
    let refunded = told.get("refunded").and_then(Value::as_object);
    let refunded = refunded
        .into_iter()
        .flatten()
        .map(|(line, units)| (line.as_str(), units.as_u64()));
    let not_ours = told.get("not_ours").and_then(Value::as_array).into_iter().flatten();
    let named = refunded.chain(not_ours.filter_map(Value::as_str).map(|line| (line, None)));
    for (name, units) in named {
        let Some(line) = lines.iter().find(|line| text(line, "line") == name) else {
            let there: Vec<&str> = lines.iter().map(|line| text(line, "line")).collect();
            return Err(Failure::with(Exit::Usage, format_args!("the order has no line {name}"))
                .hint(format_args!("its lines: {}", there.join(", "))));
        };
        let has = number(line, "units");
        if units.is_some_and(|units| units > has) {
            return Err(Failure::with(
                Exit::Usage,
                format_args!("line {name} has {has} units, and not {}", units.unwrap_or_default()),
            ));
        }
    }
    Ok(())
}

/// The units that were given back, by line. `none` says that none were.
fn refunded(said: &[String]) -> Result<Option<Value>, Failure> {
    if said.is_empty() {
        return Ok(None);
    }
    let mut lines = Map::new();
    for part in said.iter().filter(|part| *part != "none") {
        let parsed = part
            .rsplit_once('=')
            .and_then(|(line, units)| Some((line, units.parse::<u32>().ok()?)));
        let (line, units) = parsed.ok_or_else(|| {
            Failure::with(Exit::Usage, format_args!("{part:?} is no line and number"))
                .hint("put the line's ID and how many of its units were given back, such as --refunded 12=1; `reseller order show` lists the lines")
        })?;
        lines.insert(line.to_owned(), units.into());
    }
    Ok(Some(lines.into()))
}

/// The members of a command.
pub(super) fn worded(key: &str, by: &By, more: &Value) -> Value {
    let mut members = more.as_object().cloned().unwrap_or_default();
    members.insert("order".to_owned(), key.into());
    members.insert("by".to_owned(), by.by.clone().into());
    members.insert("reason".to_owned(), by.reason.clone().into());
    members.into()
}

/// What may buy.
#[derive(Debug, Clone, Copy)]
enum Buying {
    Retry { replace: bool },
    Release,
    Paid,
}

impl std::fmt::Display for Buying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Retry { replace: false } => "retry",
            Self::Retry { replace: true } => "retry --replace",
            Self::Release => "release",
            Self::Paid => "tell --paid",
        })
    }
}

impl Buying {
    /// How many products it buys for an order at the most.
    fn buys(self, story: &Value) -> u64 {
        match self {
            Self::Retry { replace: false } => number(story, "could_buy"),
            Self::Retry { replace: true } => number(story, "could_buy") + number(story, "could_replace"),
            Self::Release => number(story, "could_release"),
            Self::Paid => list(story.get("said").unwrap_or(&Value::Null), "lines")
                .iter()
                .map(|line| number(line, "units"))
                .sum(),
        }
    }
}

/// Says what may be bought at the most, and asks.
async fn is_sure(
    backend: &Backend,
    verb: Buying,
    keys: &[String],
    sure: &Sure,
    out: &mut Out<'_>,
) -> Result<bool, Failure> {
    if sure.yes && !sure.dry_run {
        return Ok(true);
    }
    let mut most = 0;
    for key in keys {
        let story = backend.ask(&json!({ "story": key })).await?;
        most += verb.buys(&story);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    for key in keys.iter().take(NAMED) {
        out.note(format_args!("  {key}"));
    }
    if keys.len() > NAMED {
        out.note(format_args!("  and {} more", keys.len() - NAMED));
    }
    let orders = count(keys.len(), "order");
    out.note(format_args!(
        "{verb}: {orders}; it buys {} at the most",
        count(most, "unit")
    ));
    if sure.dry_run {
        out.note("nothing was done (--dry-run)");
        return Ok(false);
    }
    if out.confirms("Go on?")? {
        return Ok(true);
    }
    Err(Failure::with(Exit::Declined, "nothing was done"))
}

/// What became of one order, how it stands now, and how the session ends for it.
async fn carried_out(backend: &Backend, out: &mut Out<'_>, answer: &Value) -> Result<Exit, Failure> {
    let is_left = number(answer, "attention") > 0 && number(answer, "packages_created") == 0;
    let exit = match text(answer, "progress") {
        "stopped" => Exit::Stopped,
        _ if is_left => Exit::Failed,
        _ => Exit::Done,
    };
    if as_json(out, answer)? {
        return Ok(exit);
    }
    let key = text(answer, "order");
    out.line(format_args!("{key}: {}", became(answer)))?;
    // It is done: that the order cannot be looked at afterwards is no failure of the verb.
    match backend.ask(&json!({ "story": key })).await {
        Ok(story) => story::stands(out, &story)?,
        Err(failure) => out.note(format_args!("how it stands now was not answered: {}", failure.what)),
    }
    Ok(exit)
}

fn became(answer: &Value) -> String {
    let counted = |name: &str| usize::try_from(number(answer, name)).unwrap_or(usize::MAX);
    let mut said = Vec::new();
    match counted("packages_created") {
        0 => said.push("nothing was bought".to_owned()),
        created => said.push(format!("{} created", count(created, "package"))),
    }
    match text(answer, "progress") {
        "waiting" => said.push(format!("goes on by itself at {}", short(text(answer, "due_at")))),
        "stopped" => said.push(format!("recorded, but {}", text(answer, "stopped"))),
        "busy" => said.push("a worker is on it".to_owned()),
        _ => {}
    }
    match counted("attention") {
        0 => {}
        problems => said.push(format!("{} left", count(problems, "problem"))),
    }
    said.join(", ")
}
