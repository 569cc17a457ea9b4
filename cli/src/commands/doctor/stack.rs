//! What only AWS can say of a set-up: region, stack and outputs; when the schedule ran last, and who hears of alarms.

use std::time::Duration;

use reseller_hooks::time::{Clock as _, SystemClock};

use super::unless_denied;
use crate::backend::{OUTPUTS, Remote};
use crate::commands::secrets::Check;
use crate::out::Out;
use crate::words::{age, count};

/// The schedule comes every minute, and its lines a little later.
const LATE: Duration = Duration::from_secs(10 * 60);

/// Region, stack, outputs.
pub(super) fn described(remote: &Remote, stack: &str) -> Vec<Check> {
    let mut checks = vec![Check::well(format!("the region is {}", remote.region()))];
    let state = remote.state();
    // One that was rolled back works as before, but not as was last deployed.
    checks.push(match state {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "" => {
            Check::well(format!("the stack {stack} is there"))
        }
        state if state.ends_with("_IN_PROGRESS") => Check::bad(
            format!("the stack {stack} is being changed ({state})"),
            "wait until it is over, then look again",
        ),
        state => Check::bad(
            format!("the stack {stack} is in the state {state}"),
            "look at its events in CloudFormation, then deploy again (docs/deploy.md)",
        ),
    });
    let missing: Vec<&str> = OUTPUTS
        .into_iter()
        .filter(|name| remote.output(name).is_err())
        .collect();
    checks.push(if missing.is_empty() {
        Check::well(format!("the stack has its {}", count(OUTPUTS.len(), "output")))
    } else {
        Check::bad(
            format!("the stack has no output {}", missing.join(", ")),
            "it was deployed from another version: deploy it again (docs/deploy.md)",
        )
    });
    checks
}

/// The schedule's last run, and the subscriptions of the topic of alarms.
pub(super) async fn watched(remote: &Remote, out: &mut Out<'_>) -> Vec<Check> {
    out.progress("the logs are asked when the schedule ran");
    let now = SystemClock.now();
    let schedule = match remote.last_run("ReconcileLogs", now - LATE).await {
        Ok(Some(at)) => Check::well(format!("the schedule ran {} ago", age(now.since(at).as_secs()))),
        Ok(None) => Check::bad(
            format!("the schedule has not run reconcile for {}", age(LATE.as_secs())),
            "look whether its rule EveryMinute is switched on (EventBridge Scheduler), and whether reconcile is throttled",
        ),
        Err(failure) => unless_denied("the schedule: ", &failure),
    };
    let alarms = match remote.subscribers("AlarmTopic").await {
        Ok((0, 0)) => Check::bad(
            "nobody hears of alarms: their topic has no subscription",
            "deploy with the parameter AlarmEmail, or subscribe to the output AlarmTopic (docs/deploy.md)",
        ),
        Ok((0, pending)) => Check::bad(
            format!("nobody hears of alarms: {} not confirmed", are(pending)),
            "follow the link in the message that AWS sent to the address",
        ),
        Ok((confirmed, _)) => Check::well(format!(
            "the topic of alarms has {}",
            count(confirmed, "confirmed subscription")
        )),
        Err(failure) => unless_denied("the topic of alarms: ", &failure),
    };
    vec![schedule, alarms]
}

fn are(pending: usize) -> String {
    match pending {
        1 => "its subscription is".to_owned(),
        many => format!("its {many} subscriptions are"),
    }
}
