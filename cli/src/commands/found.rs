//! Which order is meant by what somebody says of it, and what may be the matter where nobody knows one.

use std::collections::BTreeMap;

use reseller_hooks::order::OrderKey;
use serde_json::{Value, json};

use super::queues::parked_orders;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::words::{count, list, text};

/// IDs of this length are no numbers that people say.
const LONG: usize = 9;

/// The key of the order that is meant: a key, or what a customer or the shop's pages would say.
pub(crate) async fn meant(backend: &Backend, said: &str) -> Result<String, Failure> {
    let said = said.trim();
    if let Ok(key) = said.parse::<OrderKey>() {
        // A storefront's own ID is long; a short one may be the number that people know.
        if key.order().len() >= LONG {
            return Ok(said.to_owned());
        }
        match backend.ask(&json!({ "story": said })).await {
            Ok(_) => return Ok(said.to_owned()),
            Err(failure) if failure.exit == Exit::NotFound => {}
            Err(failure) => return Err(failure),
        }
    }
    for form in forms(said) {
        let found = backend.ask(&json!({ "find": form })).await?;
        match list(&found, "orders") {
            [one] => return Ok(text(one, "key").to_owned()),
            // A ledger that is too large to be read in one invocation is not known to lack it.
            [] if found.get("more") == Some(&Value::Bool(true)) => {
                return Err(
                    Failure::new(format_args!("the search for {said:?} did not come to its end"))
                        .hint("give the order's key: it is in every log line about it"),
                );
            }
            [] => {}
            several => return Err(one_of(said, several)),
        }
    }
    Err(not_known(backend, said).await)
}

/// How it may stand in the ledger: `order # 3001`, `shopify/#3001`, `gid://shopify/Order/5550000003001` and the address of
/// its page in the shop all end in what it is known by.
fn forms(said: &str) -> Vec<String> {
    let without = said.split(['?', '&']).next().unwrap_or(said).trim_end_matches('/');
    let last = without.rsplit(['/', ' ']).next().unwrap_or(without);
    let mut forms: Vec<String> = Vec::new();
    for form in [said, last] {
        let form = form.trim().to_owned();
        let is_text = !form.trim_start_matches('#').is_empty();
        if is_text && !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

fn one_of(said: &str, several: &[Value]) -> Failure {
    let lines = several.iter().map(|order| {
        let placed = text(order, "placed_at").split('T').next().unwrap_or_default();
        format!("  {}  placed {placed}", text(order, "key"))
    });
    Failure::with(
        Exit::NotFound,
        format_args!(
            "{said:?} is said of {}:\n{}",
            count(several.len(), "order"),
            lines.collect::<Vec<_>>().join("\n")
        ),
    )
    .hint("repeat it with one of these keys")
}

/// It may be parked; else the shop did not send it, or sent something of which nothing is kept.
pub(super) async fn not_known(backend: &Backend, said: &str) -> Failure {
    let failure = Failure::with(Exit::NotFound, format_args!("no order is known by {said:?}"));
    let last = forms(said).pop().unwrap_or_default();
    // Who may not look into the queue is told all the same.
    let parked: BTreeMap<String, String> = parked_orders(backend).await.unwrap_or_default();
    let bare = |name: &str| name.trim_start_matches('#').to_owned();
    let of_it = parked
        .iter()
        .find(|(_, named)| named.split(' ').any(|name| bare(name) == bare(&last)));
    if let Some((id, named)) = of_it {
        return failure.hint(format_args!(
            "a delivery of {named} is parked, because it could not be understood: `reseller parked list` has the reason, \
             `reseller parked show {id} --to FILE` the delivery"
        ));
    }
    failure.hint(
        "nothing of it is stored. Look in the shop: is it paid, and no test order? What did its log of webhooks get as an \
         answer (401: another secret; 404: another address; none: no webhook)? On AWS, `reseller logs --not-stored` lists \
         what was refused or left out, with the reason. Correct that, then have the shop send the order again (add a tag, \
         say), or export it and run `reseller import FILE --storefront NAME`",
    )
}
