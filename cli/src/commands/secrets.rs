//! `secrets check`: are the documents of the right shape, and does Wix take the key? Nothing of a secret is printed.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::secrets::SecretDocument;
use reseller_hooks::storefront::StorefrontSecrets;
use reseller_hooks::wix::{ApiKey, Client, ClientConfig, Error, Failure, Probe};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::as_json;
use crate::backend::Backend;
use crate::exit::{self, Exit};
use crate::out::{Look, Out};

/// What was looked at: well, not well, or not looked at.
pub(super) struct Check {
    pub(super) is_well: Option<bool>,
    pub(super) what: String,
    /// What helps.
    pub(super) remedy: Option<String>,
}

impl Check {
    pub(super) fn well(what: impl Into<String>) -> Self {
        Self {
            is_well: Some(true),
            what: what.into(),
            remedy: None,
        }
    }

    pub(super) fn bad(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            is_well: Some(false),
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }

    pub(super) fn unseen(what: impl Into<String>) -> Self {
        Self {
            is_well: None,
            what: what.into(),
            remedy: None,
        }
    }
}

pub(super) async fn run(backend: &Backend, out: &mut Out<'_>) -> Result<Exit, exit::Failure> {
    let mut checks = of_wix(backend, backend.wix_secret().await?).await;
    checks.extend(of_storefronts(&backend.storefront_secrets().await?));
    shown(&checks, out)
}

/// Writes checks, one line each with its remedy.
pub(super) fn shown(checks: &[Check], out: &mut Out<'_>) -> Result<Exit, exit::Failure> {
    let exit = if checks.iter().any(|check| check.is_well == Some(false)) {
        Exit::Failed
    } else {
        Exit::Done
    };
    let as_value = |check: &Check| json!({ "well": check.is_well, "what": check.what, "remedy": check.remedy });
    let all: Vec<Value> = checks.iter().map(as_value).collect();
    if as_json(out, &json!({ "schema": 1, "checks": all }))? {
        return Ok(exit);
    }
    for check in checks {
        let sign = match check.is_well {
            Some(true) => out.look(Look::Good, "ok"),
            Some(false) => out.look(Look::Bad, "!!"),
            None => out.look(Look::Dim, "--"),
        };
        out.line(format_args!("{sign}  {}", check.what))?;
        if let Some(remedy) = &check.remedy {
            out.line(format_args!("      {remedy}"))?;
        }
    }
    Ok(exit)
}

/// The document of the workers, and whether Wix takes its key.
pub(super) async fn of_wix(backend: &Backend, document: SecretString) -> Vec<Check> {
    const WRONG: &str = "store the right document (docs/deploy.md, step 5)";
    let document = match SecretDocument::parse(document) {
        Ok(document) => document,
        Err(error) => return vec![Check::bad(format!("Wix's secret: {error}"), WRONG)],
    };
    let wix = match document.require_wix() {
        Ok(wix) => wix,
        Err(error) => return vec![Check::bad(format!("Wix's secret: {error}"), WRONG)],
    };
    let mut checks = vec![Check::well("Wix's secret has an API key and an account")];
    let config = ClientConfig {
        base_url: backend.wix_base_url(),
        ..ClientConfig::default()
    };
    let key: ApiKey = wix.api_key.clone();
    let asked = match Client::new(config, key) {
        Ok(client) => client
            .execute(&wix.account_id, &Probe)
            .await
            .map(|_| ())
            .map_err(refused),
        Err(error) => Err((error.to_string(), "correct WIX_API_BASE_URL")),
    };
    checks.push(match asked {
        Ok(()) => Check::well("Wix takes the key"),
        Err((what, remedy)) => Check::bad(what, remedy),
    });
    checks
}

/// Wix that refuses the key, and Wix that does not answer, are two faults.
fn refused(error: Error) -> (String, &'static str) {
    match error.failure() {
        Failure::Unauthorized | Failure::Forbidden => (
            format!("Wix does not take the key: {error}"),
            "make another key in Wix's reseller account, and store it",
        ),
        Failure::NotSent | Failure::Unknown | Failure::Rejected | Failure::Throttled(_) => (
            format!("Wix does not answer: {error}"),
            "wait, and look at Wix's status page; in a local run, start the sandbox",
        ),
    }
}

/// The document of `webhook`.
pub(super) fn of_storefronts(document: &SecretString) -> Vec<Check> {
    let value: Value = match serde_json::from_str(document.expose_secret()) {
        Ok(value) => value,
        Err(_) => {
            return vec![Check::bad(
                "the storefronts' secret is no JSON",
                "store the right document (docs/deploy.md, step 5)",
            )];
        }
    };
    let Some(storefronts) = value.get("storefronts") else {
        return vec![Check::bad(
            "the storefronts' secret has no `storefronts`",
            "it holds a placeholder or another document: store the right one (docs/deploy.md, step 5)",
        )];
    };
    let secrets = match StorefrontSecrets::read(storefronts, None) {
        Ok(secrets) => secrets,
        Err(error) => {
            return vec![Check::bad(
                format!("the storefronts' secret: {error}"),
                "correct the document",
            )];
        }
    };
    let mistakes = secrets.mistakes().iter().map(|mistake| {
        Check::bad(
            format!("the storefronts' secret: {}", mistake.error),
            "correct that entry",
        )
    });
    let there = StorefrontKind::ALL
        .into_iter()
        .filter(|kind| secrets.has(*kind))
        .map(|kind| Check::well(format!("{kind} has signing secrets")));
    there.chain(mistakes).collect()
}
