//! `doctor`: everything that a set-up needs, in the order in which it would be corrected, one line each with its remedy. It
//! buys nothing; of what it delivers a canceled order is left in the ledger.
//!
//! - `test_order` a delivery that is signed, from the storefront's address to the ledger;
//! - `stack` what only AWS can say: its outputs, the schedule, and who hears of alarms.

use reseller_hooks::config::Env;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use reseller_hooks::webhook;
use serde_json::{Value, json};

use super::secrets::{Check, of_storefronts, of_wix, shown};
use super::sentences::sentences;
use crate::arguments::{Doctor, Global};
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{list, text};

mod stack;
mod test_order;

/// Two clocks that differ by less than this agree: signatures allow for more.
const AGREE_MILLIS: i64 = 5_000;

pub(super) async fn run(env: &Env, global: &Global, options: &Doctor, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    match Backend::open(env, global).await {
        Ok(backend) => {
            match &backend {
                Backend::Local(_) => checks.push(Check::well("the variables of a local run are there")),
                Backend::Aws(remote) => checks.extend(stack::described(remote, &global.stack)),
            }
            look(&backend, options, &mut checks, out).await;
        }
        Err(failure) => checks.push(of_failure("", &failure)),
    }
    let exit = shown(&checks, out)?;
    if exit == Exit::Done {
        out.note("the set-up is complete, as far as it was looked at; `reseller status` says how the orders stand");
    }
    Ok(exit)
}

/// A right that is lacking is the looker's and not the set-up's: then nothing was seen.
fn of_failure(what: &str, failure: &Failure) -> Check {
    let remedy = failure.hint.clone();
    Check::bad(
        format!("{what}{}", failure.what),
        remedy.unwrap_or_else(|| "see docs/deploy.md".to_owned()),
    )
}

/// What could not be looked at for lack of a right is no fault of the set-up.
fn unless_denied(what: &str, failure: &Failure) -> Check {
    match failure.exit {
        Exit::Credentials => Check::unseen(format!("{what}not looked at: {}", failure.what)),
        Exit::Done
        | Exit::Failed
        | Exit::Usage
        | Exit::Declined
        | Exit::NotFound
        | Exit::Attention
        | Exit::Stopped
        | Exit::Waiting
        | Exit::Interrupted => of_failure(what, failure),
    }
}

async fn look(backend: &Backend, options: &Doctor, checks: &mut Vec<Check>, out: &mut Out<'_>) {
    let asked_at = SystemClock.now();
    let status = backend.ask(&json!({ "status": {} })).await;
    let answered_at = SystemClock.now();
    match &status {
        Ok(status) => of_status(status, checks),
        Err(failure) => checks.push(of_failure("inspect does not answer: ", failure)),
    }
    match backend.wix_secret().await {
        Ok(document) => {
            out.progress("Wix is asked whether it takes the key");
            checks.extend(of_wix(backend, document).await);
        }
        Err(failure) => checks.push(unless_denied("Wix's secret: ", &failure)),
    }
    let document = backend.storefront_secrets().await;
    match &document {
        Ok(document) => checks.extend(of_storefronts(document)),
        Err(failure) => checks.push(unless_denied("the storefronts' secret: ", failure)),
    }
    if options.no_delivery {
        checks.push(Check::unseen("nothing was delivered (--no-delivery)"));
    } else {
        for kind in StorefrontKind::ALL {
            if let Some(check) = forged(backend, kind).await {
                checks.push(check);
            }
        }
        checks.extend(test_order::of(backend, document.as_ref().ok(), options.wait, out).await);
    }
    match backend {
        Backend::Local(_) => {}
        Backend::Aws(remote) => checks.extend(stack::watched(remote, out).await),
    }
    if let Ok(status) = &status {
        checks.extend(clocks(status, asked_at, answered_at));
    }
}

/// Of a status only what is the set-up's: orders that need a person are no fault of it.
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
    let before = checks.len();
    for line in sentences(status, SystemClock.now()) {
        if line.is_of_the_set_up && !line.is_well {
            let remedy = line.command.unwrap_or("docs/operate.md says what to do");
            checks.push(Check::bad(line.what, remedy));
        }
    }
    if checks.len() == before {
        checks.push(Check::well(
            "the catalog is read, nothing is paused, and no order is late",
        ));
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
        Ok((401, _)) => Some(Check::well(format!("an unsigned delivery to {kind} is refused (401)"))),
        Ok((status, _)) => Some(Check::bad(
            format!("an unsigned delivery to {kind} is answered {status}, and not 401"),
            if status < 300 {
                "whatever answers there takes forged orders: look whether the address is webhook's"
            } else {
                "see *Deliveries are answered 5xx* in docs/operate.md"
            },
        )),
        Err(failure) => Some(of_failure(&format!("a delivery to {kind}: "), &failure)),
    }
}

/// `inspect` says when it looked: that was between the question and the answer.
fn clocks(status: &Value, asked: Timestamp, answered: Timestamp) -> Option<Check> {
    let theirs: Timestamp = text(status, "at").parse().ok()?;
    let early = asked.as_millis() - theirs.as_millis();
    let late = theirs.as_millis() - answered.as_millis();
    let apart = early.max(late);
    Some(if apart <= AGREE_MILLIS {
        Check::well("the clocks of this machine and of the functions agree")
    } else {
        Check::bad(
            format!(
                "the clock of this machine and that of the functions are {} s apart",
                apart / 1_000
            ),
            "set this machine's clock (such as with `timedatectl set-ntp true`): signatures have a time",
        )
    })
}
