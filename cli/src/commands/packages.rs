//! `packages get` and `packages query`: packages as Wix has them, through a function that has the key.

use serde_json::{Map, Value, json};

use super::as_json;
use crate::arguments::{Packages, Query};
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::{Look, Out};
use crate::words::{list, short, text};

pub(super) async fn run(backend: &Backend, command: &Packages, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let wanted = match command {
        Packages::Get { package, account } => members([("get", Some(package)), ("account", account.as_ref())]),
        Packages::Query(query) => of_query(query),
    };
    let answer = backend
        .command(&json!({ "packages": wanted }))
        .await
        .map_err(|failure| {
            let failure = Failure { hint: None, ..failure };
            match failure.exit {
                Exit::NotFound => failure.hint("`reseller packages query` lists what there is"),
                Exit::Stopped => failure.hint("nobody calls Wix now: `reseller status` says why"),
                Exit::Done
                | Exit::Failed
                | Exit::Usage
                | Exit::Declined
                | Exit::Credentials
                | Exit::Attention
                | Exit::Waiting
                | Exit::Interrupted => failure,
            }
        })?;
    if as_json(out, &answer)? {
        return Ok(Exit::Done);
    }
    let packages = list(&answer, "packages");
    if packages.is_empty() {
        out.note("Wix shows no such package; what is quite new may be missing");
        return Ok(Exit::Done);
    }
    for package in packages {
        shown(out, package)?;
    }
    if let Some(cursor) = answer.get("next").and_then(Value::as_str) {
        out.note(format_args!("there are more: repeat it with --cursor {cursor}"));
    }
    Ok(Exit::Done)
}

fn members<'a>(of: impl IntoIterator<Item = (&'a str, Option<&'a String>)>) -> Map<String, Value> {
    let said = of.into_iter().filter_map(|(name, value)| Some((name, value?)));
    said.map(|(name, value)| (name.to_owned(), value.clone().into()))
        .collect()
}

fn of_query(query: &Query) -> Map<String, Value> {
    let mut wanted = members([
        ("external_id", query.external_id.as_ref()),
        ("account", query.account.as_ref()),
        ("site", query.site.as_ref()),
        ("since", query.since.as_ref()),
        ("until", query.until.as_ref()),
        ("cursor", query.cursor.as_ref()),
    ]);
    wanted.insert("limit".to_owned(), query.limit.into());
    wanted
}

fn shown(out: &mut Out<'_>, package: &Value) -> Result<(), Failure> {
    let id = out.look(Look::Bold, text(package, "id"));
    out.line(format_args!(
        "{id}  {}  {}",
        short(text(package, "createdDate")),
        text(package, "externalId")
    ))?;
    out.line(format_args!("  account {}", text(package, "accountId")))?;
    for instance in list(package, "productInstances") {
        let site = instance.get("siteId").and_then(Value::as_str);
        let site = site.map_or_else(|| "on no site".to_owned(), |site| format!("on site {site}"));
        out.line(format_args!(
            "  instance {}  {}  {}, {site}",
            text(instance, "instanceId"),
            text(instance, "catalogProductId"),
            text(instance, "status"),
        ))?;
        if let Some(failure) = instance.get("failure") {
            out.line(format_args!(
                "    {}: {}",
                text(failure, "code"),
                text(failure, "message")
            ))?;
        }
    }
    Ok(())
}
