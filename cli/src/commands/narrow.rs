//! What needs a person, narrowed to what is asked for; and which codes there are where nothing is left.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::arguments::Of;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::words::{list, text};

/// No problem is of what was asked for: which there are.
pub(super) async fn nothing_of(backend: &Backend, code: Option<&str>) -> Result<Failure, Failure> {
    let answer = backend.ask(&json!({ "attention": {} })).await?;
    let problems = list(&answer, "orders").iter().flat_map(|order| list(order, "items"));
    let codes: BTreeSet<&str> = problems.map(|problem| text(problem, "code")).collect();
    let there = match codes.len() {
        0 => "nothing needs a person".to_owned(),
        _ => format!("the codes now: {}", codes.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let code = code.map(|code| format!(" with the code {code}")).unwrap_or_default();
    Ok(Failure::with(Exit::NotFound, format_args!("no problem{code} is there")).hint(there))
}

/// Keeps the orders that are asked for, and of their problems those with the code.
pub(super) fn only(mut answer: Value, code: Option<&str>, of: &Of) -> Value {
    let Some(orders) = answer.get_mut("orders").and_then(Value::as_array_mut) else {
        return answer;
    };
    orders.retain(|order| is_of(text(order, "key"), of));
    if let Some(code) = code {
        for order in orders.iter_mut() {
            if let Some(items) = order.get_mut("items").and_then(Value::as_array_mut) {
                items.retain(|item| text(item, "code").eq_ignore_ascii_case(code));
            }
        }
        orders.retain(|order| !list(order, "items").is_empty());
    }
    answer
}

fn is_of(key: &str, of: &Of) -> bool {
    let mut parts = key.split('/');
    let storefront = parts.next().unwrap_or_default();
    let shop = parts.next().filter(|_| key.matches('/').count() > 1);
    of.storefront.is_none_or(|wanted| wanted.as_str() == storefront)
        && of.shop.as_deref().is_none_or(|wanted| shop == Some(wanted))
}
