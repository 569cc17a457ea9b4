//! `doctor`: everything that a set-up needs, in the order in which it would be mended, one line each with its remedy. It buys
//! nothing and changes nothing.

use reseller_hooks::config::Env;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::{Clock as _, SystemClock};
use reseller_hooks::webhook;
use serde_json::{Value, json};

use super::secrets::{Check, of_storefronts, of_wix, shown};
use super::sentences;
use crate::arguments::Global;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{list, text};

pub(super) async fn run(env: &Env, global: &Global, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    match Backend::open(env, global).await {
        Ok(backend) => {
            checks.push(Check::well(match &backend {
                Backend::Local(_) => "the variables of a local run are there".to_owned(),
                Backend::Aws(_) => format!("the stack {} is there", global.stack),
            }));
            look(&backend, &mut checks).await;
        }
        Err(failure) => checks.push(of_failure("", &failure)),
    }
    shown(&checks, out)
}

fn of_failure(what: &str, failure: &Failure) -> Check {
    let remedy = failure.hint.clone();
    Check::bad(
        format!("{what}{}", failure.what),
        remedy.unwrap_or_else(|| "see docs/deploy.md".to_owned()),
    )
}

async fn look(backend: &Backend, checks: &mut Vec<Check>) {
    match backend.ask(&json!({ "status": {} })).await {
        Ok(status) => of_status(&status, checks),
        Err(failure) => checks.push(of_failure("inspect does not answer: ", &failure)),
    }
    // What may not be read is not looked at: the right to read it is not everybody's.
    match backend.wix_secret().await {
        Ok(document) => checks.extend(of_wix(backend, document).await),
        Err(failure) => checks.push(Check::unseen(format!(
            "Wix's secret was not looked at: {}",
            failure.what
        ))),
    }
    match backend.storefront_secrets().await {
        Ok(document) => checks.extend(of_storefronts(&document)),
        Err(failure) => checks.push(Check::unseen(format!(
            "the storefronts' secret was not looked at: {}",
            failure.what
        ))),
    }
    for kind in StorefrontKind::ALL {
        if let Some(check) = forged(backend, kind).await {
            checks.push(check);
        }
    }
}

fn of_status(status: &Value, checks: &mut Vec<Check>) {
    checks.push(Check::well("inspect answers, and reads the ledger"));
    for queue in list(status, "queues") {
        let name = text(queue, "queue");
        checks.push(match queue.get("problem").and_then(Value::as_str) {
            None => Check::well(format!("the queue {name} answers")),
            Some(problem) => Check::bad(
                format!("the queue {name}: {problem}"),
                "correct its address, or deploy again",
            ),
        });
    }
    for line in sentences(status, SystemClock.now()) {
        checks.push(match (line.is_well, line.command) {
            (true, _) => Check::well(line.what),
            (false, command) => Check::bad(line.what, command.unwrap_or("docs/operate.md says what to do")),
        });
    }
}

/// A delivery without a signature must be refused. A storefront that is not set up answers 404, and is none of the checks.
async fn forged(backend: &Backend, kind: StorefrontKind) -> Option<Check> {
    let headers = [
        ("content-type", "application/json".to_owned()),
        (webhook::PROBE, "doctor".to_owned()),
    ];
    match backend.deliver(kind.as_str(), &headers, "{}".to_owned()).await {
        Ok((404, _)) => None,
        Ok((401, _)) => Some(Check::well(format!("an unsigned delivery to {kind} is refused"))),
        Ok((status, _)) => Some(Check::bad(
            format!("an unsigned delivery to {kind} is answered {status}, and not 401"),
            "see *Deliveries are answered 5xx* in docs/operate.md",
        )),
        Err(failure) => Some(of_failure(&format!("a delivery to {kind}: "), &failure)),
    }
}
