//! `catalog check`.

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
