//! What people are told that is no order's: a pause that somebody may have forgotten, the brake, and what the audit found
//! or that it does not come to its end.

use std::time::Duration;

use super::text::Fact;
use super::told::Told;
use crate::fulfilment::audit::Stands;
use crate::fulfilment::permit;
use crate::ledger::limit::Limit;
use crate::time::Timestamp;

/// Somebody who pauses knows of it; after this time they may have forgotten.
const FORGOTTEN: Duration = Duration::from_secs(2 * 60 * 60);

/// The audit runs every day. After so long without an end something is wrong with it.
const SILENT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

const RESUME: &str = "reseller resume --reason WHY";

/// Everything that is so. Since when it is paused is noted in `told`, because the deployment's own pause has no time.
pub(super) fn facts(
    told: &mut Told,
    limit: Option<&Limit>,
    home: &str,
    audited: &Stands,
    paused: bool,
    now: Timestamp,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let pause = if paused {
        Some((
            "the deployment has Paused=true".to_owned(),
            "sam deploy --parameter-overrides Paused=false",
        ))
    } else {
        let pause = limit.and_then(|limit| permit::pause_of(limit, home));
        pause.map(|pause| (pause.to_string(), RESUME))
    };
    told.paused = pause.is_some().then(|| told.paused.unwrap_or(now));
    if let (Some((why, command)), Some(since)) = (pause, told.paused)
        && since + FORGOTTEN <= now
    {
        facts.push(Fact {
            name: "paused",
            sentence: format!("Wix has not been called since {since}: {why}; orders are recorded and wait"),
            command,
        });
    }
    if let Some(braked) = limit.and_then(|limit| limit.braked.as_ref()) {
        facts.push(Fact {
            name: "braked",
            sentence: format!(
                "the brake is on since {}: {}; nothing is bought until somebody looks at what was bought and resumes",
                braked.at, braked.reason
            ),
            command: RESUME,
        });
    }
    if audited.finished.unwrap_or(told.began) + SILENT <= now {
        let last = match audited.finished {
            Some(finished) => format!("since {finished}"),
            None => "yet".to_owned(),
        };
        facts.push(Fact {
            name: "audit-silent",
            sentence: format!("the audit has not come to its end {last}: the log of its function says why"),
            command: "reseller audit run",
        });
    }
    if let Some(found) = audited.found.in_words() {
        facts.push(Fact {
            name: "audit-found",
            sentence: format!("the audit found {found}"),
            command: "reseller audit run",
        });
    }
    facts
}
