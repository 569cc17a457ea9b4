//! `pause` and `resume`: the switch in the ledger, effective with the next permit for a call.

use serde_json::json;

use super::as_json;
use super::verbs::By;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::text;

pub(super) async fn turn(backend: &Backend, verb: &str, by: &By, out: &mut Out<'_>) -> Result<Exit, Failure> {
    if by.reason.trim().is_empty() {
        let what = format!("why to {verb} is shown to everybody who looks at the status");
        let why = if verb == "pause" {
            "a storm of wrong orders"
        } else {
            "looked at"
        };
        let hint = format!("reseller {verb} --reason \"{why}\"");
        return Err(Failure::with(Exit::Usage, what).hint(hint));
    }
    let answer = backend
        .command(&json!({ verb: { "by": by.by, "reason": by.reason } }))
        .await?;
    if !as_json(out, &answer)? {
        let (word, now, before) = match verb {
            "pause" => (
                "paused",
                "paused: nobody calls Wix from now on",
                "it was paused before: `reseller status` says by whom",
            ),
            _ => (
                "resumed",
                "resumed: all that waited goes on within a minute",
                "nothing was paused",
            ),
        };
        out.line(if text(&answer, word) == "before" { before } else { now })?;
    }
    Ok(Exit::Done)
}
