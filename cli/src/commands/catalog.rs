//! `catalog check` and `catalog diff`.

use std::collections::BTreeSet;
use std::path::Path;

use reseller_hooks::catalog::{Catalog, CatalogError};
use serde_json::json;

use super::as_json;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::count;

pub(super) fn check(file: &Path, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let (skus, problems) = match Catalog::load(file) {
        Ok(catalog) => (catalog.skus().count(), Vec::new()),
        Err(CatalogError::Invalid { errors, .. }) => (0, errors.0.iter().map(ToString::to_string).collect()),
        Err(error) => return Err(Failure::with(Exit::NotFound, error)),
    };
    let answer = json!({ "schema": 1, "file": file, "skus": skus, "problems": problems });
    if !as_json(out, &answer)? {
        match problems.as_slice() {
            [] => out.line(format_args!(
                "{}: {}, nothing wrong",
                file.display(),
                count(skus, "SKU")
            ))?,
            problems => {
                for problem in problems {
                    out.line(problem)?;
                }
            }
        }
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

/// By SKU: what the other catalog has more, has no more, and buys differently. Units that were planned stay as they were
/// planned, whatever it says.
pub(super) fn diff(file: &Path, other: &Path, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let load = |path: &Path| {
        Catalog::load(path).map_err(|error| match error {
            CatalogError::Unreadable { .. } => Failure::with(Exit::NotFound, error),
            CatalogError::Invalid { .. } => Failure::new(error),
        })
    };
    let (old, new) = (load(file)?, load(other)?);
    let skus: BTreeSet<String> = old.skus().chain(new.skus()).map(ToString::to_string).collect();
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for sku in &skus {
        let parsed = sku.parse().map_err(Failure::new)?;
        match (old.components(&parsed), new.components(&parsed)) {
            (None, Some(_)) => added.push(sku),
            (Some(_), None) => removed.push(sku),
            (Some(before), Some(after)) if before != after => changed.push(sku),
            (Some(_) | None, Some(_) | None) => {}
        }
    }
    let defaults = old.defaults != new.defaults;
    let answer =
        json!({ "schema": 1, "added": added, "removed": removed, "changed": changed, "defaults_changed": defaults });
    if as_json(out, &answer)? {
        return Ok(Exit::Done);
    }
    for (sign, skus) in [("+", &added), ("-", &removed), ("~", &changed)] {
        for sku in skus {
            out.line(format_args!("{sign} {sku}"))?;
        }
    }
    if defaults {
        out.line("~ [defaults]")?;
    }
    if added.is_empty() && removed.is_empty() && changed.is_empty() && !defaults {
        out.note("both sell the same");
    }
    Ok(Exit::Done)
}
