//! `order erase`: what is known of an order that has ended goes.

use serde_json::json;

use super::verbs::{By, worded};
use super::{as_json, meant};
use crate::arguments::Sure;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::text;

pub(super) async fn erase(
    backend: &Backend,
    said: &str,
    by: &By,
    sure: &Sure,
    out: &mut Out<'_>,
) -> Result<Exit, Failure> {
    if by.reason.trim().is_empty() {
        return Err(Failure::with(Exit::Usage, "why it is erased is kept with the mark")
            .hint("say it with --reason \"the buyer asked for it\""));
    }
    let key = meant(backend, said).await?;
    out.note(format_args!("erase: everything that is known of {key}"));
    if sure.dry_run {
        out.note("nothing was done (--dry-run)");
        return Ok(Exit::Done);
    }
    if !sure.yes && !out.confirms("It is gone then, and no delivery brings it back. Go on?")? {
        return Err(Failure::with(Exit::Declined, "nothing was done"));
    }
    let answer = backend
        .command(&json!({ "erase": worded(&key, by, &json!({})) }))
        .await?;
    let erased = text(&answer, "erased");
    let exit = if erased == "waiting" { Exit::Waiting } else { Exit::Done };
    if !as_json(out, &answer)? {
        out.line(match erased {
            "waiting" => format!("{key}: Wix has not set its external ID back yet; say it again in some minutes"),
            "before" => format!("{key} was erased before"),
            _ => format!("{key} is erased; backups have it for 35 days more"),
        })?;
    }
    Ok(exit)
}
