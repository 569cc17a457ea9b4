//! `paid-for`: what the reseller pays Wix for and no live order covers.

use reseller_hooks::time::{Clock as _, SystemClock};
use serde_json::json;

use super::as_json;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{list, number, since, text};

pub(super) async fn run(backend: &Backend, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let answer = backend.ask(&json!({ "paid_for": {} })).await?;
    if as_json(out, &answer)? {
        return Ok(Exit::Done);
    }
    let holdings = list(&answer, "holdings");
    if holdings.is_empty() {
        out.note("every product that is paid for serves an order, as far as the ledger knows; `reseller audit run` knows of others");
        return Ok(Exit::Done);
    }
    let now = SystemClock.now();
    let rows: Vec<Vec<String>> = holdings
        .iter()
        .map(|holding| {
            vec![
                text(holding, "order").to_owned(),
                text(holding, "package").to_owned(),
                number(holding, "products").to_string(),
                why(text(holding, "why")).to_owned(),
                holding.get("since").and_then(|at| since(at, now)).unwrap_or_default(),
            ]
        })
        .collect();
    out.table(&["ORDER", "PACKAGE", "PRODUCTS", "WHY", "FOR"], &rows)?;
    if answer.get("more") == Some(&true.into()) {
        out.note("there may be more");
    }
    Ok(Exit::Done)
}

fn why(word: &str) -> &str {
    match word {
        "kept_after_the_end" => "not wanted any more, and kept as the catalog says",
        "surplus" => "created beside the one that the order has",
        "erased" => "alive when its order's data was erased: look at Wix whether it still is",
        "floating" => "wanted, and on no site yet",
        other => other,
    }
}
