//! A subscription from its first invoice to its end: what renews, changes, or comes back buys nothing twice.

mod changes;
mod ends;
mod payments;

use super::bodies::{changed, event, first, first_of, invoice, item, line, of_version, proration, subscription};
use super::{DAY, HOUR, MONTH, PLACED, SKUS, Shop, case};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::{Value, json};

fn active(created: i64, items: Vec<Value>) -> Value {
    subscription("updated", created, "active", items)
}

fn basic(units: u32) -> Vec<Value> {
    vec![item("si_1", "price_basic", units)]
}

fn cycle(number: i64, lines: Vec<Value>) -> Value {
    invoice(
        &format!("in_cycle_{number}"),
        "subscription_cycle",
        PLACED + number * MONTH,
        lines,
    )
}

fn basic_line(units: u32) -> Vec<Value> {
    vec![line("si_1", "price_basic", units, 1000 * i64::from(units))]
}

/// A catalog in which an end cancels at Wix.
fn cancelling() -> Shop {
    Shop::selling(&catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\""))
}
