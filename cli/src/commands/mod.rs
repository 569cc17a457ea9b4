//! The commands, one file for each group.

use clap::CommandFactory as _;
use reseller_hooks::config::Env;
use serde_json::{Value, json};

use crate::arguments::{Arguments, Audit, Catalog, Command, Format, Order, Secrets};
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;

mod audit;
mod catalog;
mod doctor;
mod erase;
mod found;
mod import;
mod logs;
mod look;
mod narrow;
mod order;
mod packages;
mod paid_for;
mod plan;
mod probe;
mod queues;
mod reading;
mod report;
mod secrets;
mod send;
pub(crate) mod sentences;
mod story;
mod switch;
mod verbs;

pub(crate) use found::meant;

pub(crate) async fn run(env: &Env, arguments: &Arguments, out: &mut Out<'_>) -> Result<Exit, Failure> {
    // What needs no backend works without one.
    match &arguments.command {
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "reseller", &mut script);
            out.line(String::from_utf8_lossy(&script).trim_end())?;
            return Ok(Exit::Done);
        }
        Command::Catalog(Catalog::Check { file }) => return catalog::check(file, out),
        Command::Catalog(Catalog::Diff { other, file }) => return catalog::diff(file, other, out),
        Command::Doctor(options) => return doctor::run(env, &arguments.global, options, out).await,
        Command::Status(_)
        | Command::Attention(_)
        | Command::Order(_)
        | Command::Parked(_)
        | Command::Dead(_)
        | Command::Audit(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Packages(_)
        | Command::PaidFor
        | Command::Import(_)
        | Command::Probe(_)
        | Command::Secrets(_)
        | Command::Logs(_)
        | Command::Send(_)
        | Command::Report(_) => {}
    }
    let backend = Backend::open(env, &arguments.global).await?;
    match &arguments.command {
        Command::Status(options) => look::status(&backend, options, out).await,
        Command::Attention(options) => look::attention(&backend, options, out).await,
        Command::Order(command) => of_order(env, &backend, command, out).await,
        Command::Parked(command) => queues::parked(&backend, command, out).await,
        Command::Dead(command) => queues::dead(&backend, command, out).await,
        Command::Pause(who) => switch::turn(&backend, "pause", &verbs::who(who, &user(env)), out).await,
        Command::Resume(who) => switch::turn(&backend, "resume", &verbs::who(who, &user(env)), out).await,
        Command::Audit(Audit::Run { since, until }) => {
            audit::run(&backend, since.as_deref(), until.as_deref(), out).await
        }
        Command::Audit(Audit::Show) => audit::show(&backend, out).await,
        Command::Packages(command) => packages::run(&backend, command, out).await,
        Command::Import(options) => import::run(&backend, options, out).await,
        Command::Probe(options) => probe::run(&backend, options, out).await,
        Command::PaidFor => paid_for::run(&backend, out).await,
        Command::Secrets(Secrets::Check) => secrets::run(&backend, out).await,
        Command::Logs(options) => logs::run(&backend, options, out).await,
        Command::Send(options) => send::run(&backend, options, out).await,
        Command::Report(options) => report::run(&backend, &options.html, &arguments.global.stack, out).await,
        Command::Completion { .. } | Command::Catalog(_) | Command::Doctor(_) => Ok(Exit::Done),
    }
}

/// What Ctrl-C leaves behind, in a sentence.
pub(crate) fn interrupted(command: &Command) -> &'static str {
    match command {
        Command::Audit(Audit::Run {
            since: None,
            until: None,
        }) => "\ninterrupted: what was compared so far is kept, and `reseller audit run` goes on there",
        Command::Audit(Audit::Run { .. }) => {
            "\ninterrupted: of a run with --since or --until no place is kept, and the daily audit stays where it is"
        }
        Command::Order(Order::Wait { .. }) => "\ninterrupted: the order goes on without being waited for",
        Command::Order(Order::Retry(_) | Order::Release { .. } | Order::Tell { .. } | Order::Adopt { .. }) => {
            "\ninterrupted: what was begun goes on by itself; `reseller order show` says how far it came"
        }
        Command::Import(_) => "\ninterrupted: what was delivered is heard of when it is repeated",
        Command::Probe(_) => {
            "\ninterrupted: what was bought is not canceled; `reseller packages query` has it under reseller-probe-…"
        }
        Command::Status(_)
        | Command::Attention(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Order(_)
        | Command::Parked(_)
        | Command::Dead(_)
        | Command::Audit(Audit::Show)
        | Command::Packages(_)
        | Command::PaidFor
        | Command::Catalog(_)
        | Command::Secrets(_)
        | Command::Doctor(_)
        | Command::Logs(_)
        | Command::Send(_)
        | Command::Report(_)
        | Command::Completion { .. } => "\ninterrupted",
    }
}

/// Who is at the keyboard, as far as the machine knows.
fn user(env: &Env) -> String {
    env.get("USER").unwrap_or_else(|| "somebody".to_owned())
}

async fn of_order(env: &Env, backend: &Backend, command: &Order, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let user = || user(env);
    match command {
        Order::List { state, limit, after } => order::list_orders(backend, *state, *limit, after.as_deref(), out).await,
        Order::Show { order, record } => order::show(backend, order, *record, out).await,
        Order::Wait { order, timeout } => order::wait(backend, order, *timeout, out).await,
        Order::Plan(options) => plan::run(backend, options, out).await,
        Order::Retry(options) => verbs::retry(backend, options, &user(), out).await,
        Order::Close { order, problem, who } => {
            verbs::close(backend, order, problem, &verbs::who(who, &user()), out).await
        }
        Order::Erase { order, who, sure } => erase::erase(backend, order, &verbs::who(who, &user()), sure, out).await,
        Order::Release { order, line, who, sure } => {
            verbs::release(backend, order, line.as_deref(), &verbs::who(who, &user()), sure, out).await
        }
        Order::Tell {
            order,
            refunded,
            paid,
            not_paid,
            not_ours,
            who,
            sure,
        } => {
            let answers = verbs::Answers {
                refunded,
                paid: *paid,
                not_paid: *not_paid,
                not_ours,
            };
            verbs::tell(backend, order, &answers, &verbs::who(who, &user()), sure, out).await
        }
        Order::Adopt {
            order,
            line,
            unit,
            package,
            who,
        } => {
            let package = json!({ "line": line, "unit": unit, "package": package });
            verbs::adopt(backend, order, &package, &verbs::who(who, &user()), out).await
        }
    }
}

/// Writes an answer as JSON where that is wanted; whether it was.
pub(crate) fn as_json(out: &mut Out<'_>, answer: &Value) -> Result<bool, Failure> {
    match out.format {
        Format::Json => out.json(answer).map(|()| true),
        Format::Text => Ok(false),
    }
}
